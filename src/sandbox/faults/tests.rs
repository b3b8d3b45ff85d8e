//! Who is struck, when and how often.

use super::*;

const ALL: FaultRates = FaultRates {
    error_500: 0.1,
    error_500_after_commit: 0.1,
    reset_before: 0.1,
    reset_after: 0.1,
    unavailable_503: 0.1,
    html_502: 0.1,
    token_expired_early: 0.1,
};

fn with_rates(rates: FaultRates, token_rates: FaultRates, seed: u64) -> Faults {
    Faults::new(FaultPlan::default(), rates, token_rates, seed)
}

fn ask(faults: &mut Faults, kind: RequestKind, key: &str) -> Option<String> {
    let verdict = faults.decide(&Asked { kind, key }, Instant::now());
    verdict.fault.map(|(title, _)| title.to_string())
}

fn decisions(faults: &mut Faults, keys: &[String]) -> Vec<Option<String>> {
    keys.iter().map(|key| ask(faults, RequestKind::Create, key)).collect()
}

fn keys(count: u32) -> Vec<String> {
    (0..count).map(|number| format!("key {number}")).collect()
}

fn half() -> FaultEntry {
    FaultEntry::new(Fault::Half {})
}

fn planned(entries: Vec<FaultEntry>, seed: u64) -> Faults {
    Faults::new(entries.into(), FaultRates::default(), FaultRates::default(), seed)
}

#[test]
fn the_order_of_arrival_changes_no_decision() {
    for entries in [
        vec![],
        vec![half().share(0.5), FaultEntry::new(Fault::Refuse {}).share(0.3)],
    ] {
        let make = |seed| Faults::new(entries.clone().into(), ALL, ALL, seed);
        let backwards: Vec<String> = keys(500).into_iter().rev().collect();
        let mut decided = decisions(&mut make(7), &backwards);
        decided.reverse();
        assert_eq!(decisions(&mut make(7), &keys(500)), decided);
        assert_ne!(
            decisions(&mut make(8), &keys(500)),
            decided,
            "another seed, other faults"
        );
    }
}

#[test]
fn a_repeated_request_is_drawn_anew() {
    let decided = decisions(&mut with_rates(ALL, ALL, 7), &vec!["the same".to_owned(); 200]);
    assert!(
        decided.contains(&None) && decided.contains(&Some("reset_after".to_owned())),
        "{decided:?}"
    );
}

#[test]
fn each_fault_strikes_about_as_often_as_its_share_says() {
    let near = |name: &str, decided: &[Option<String>], expected: usize| {
        let count = decided.iter().filter(|fault| fault.as_deref() == Some(name)).count();
        assert!(
            count.abs_diff(expected) < 150,
            "{name} struck {count} times of 10,000, not about {expected}"
        );
    };
    let decided = decisions(&mut with_rates(ALL, ALL, 7), &keys(10_000));
    for name in [
        "error_500",
        "reset_before",
        "reset_after",
        "html_502",
        "token_expired_early",
    ] {
        near(name, &decided, 1_000);
    }
    let entries = vec![half().share(0.2), FaultEntry::new(Fault::Refuse {}).share(0.5)];
    let decided = decisions(&mut planned(entries, 7), &keys(10_000));
    near("half", &decided, 2_000);
    near("refuse", &decided, 4_000);
}

#[test]
fn a_token_request_has_rates_of_its_own_and_no_early_end() {
    let only = |name| FaultRates {
        error_500: if name == "error_500" { 1.0 } else { 0.0 },
        token_expired_early: if name == "token_expired_early" { 1.0 } else { 0.0 },
        ..FaultRates::default()
    };
    let mut faults = with_rates(only("error_500"), FaultRates::default(), 7);
    assert_eq!(ask(&mut faults, RequestKind::Token, ""), None);
    assert_eq!(ask(&mut faults, RequestKind::Read, "").as_deref(), Some("error_500"));
    let early = only("token_expired_early");
    let mut faults = with_rates(early, early, 7);
    assert_eq!(ask(&mut faults, RequestKind::Token, ""), None);
    assert_eq!(
        ask(&mut faults, RequestKind::Read, "").as_deref(),
        Some("token_expired_early")
    );
    let mut faults = planned(vec![FaultEntry::new(Fault::RevokeToken {})], 7);
    assert_eq!(ask(&mut faults, RequestKind::Token, ""), None);
    assert!(ask(&mut faults, RequestKind::Read, "").is_some());
}

#[tokio::test(start_paused = true)]
async fn an_entry_holds_from_its_beginning_until_before_its_end() {
    let mut faults = planned(vec![half().between(1.5, 2.0)], 7);
    let start = Instant::now();
    let mut at = |milliseconds| {
        let asked = Asked {
            kind: RequestKind::List,
            key: "",
        };
        faults
            .decide(&asked, start + Duration::from_millis(milliseconds))
            .fault
            .is_some()
    };
    assert_eq!([1_499, 1_500, 1_999, 2_000].map(&mut at), [false, true, true, false]);
    tokio::time::advance(Duration::from_secs(100)).await;
    faults.set_plan(half().between(0.0, 1.0).into());
    assert!(
        ask(&mut faults, RequestKind::List, "").is_some(),
        "a plan begins when it is set"
    );
}

#[test]
fn requests_are_counted_among_the_kinds_meant_and_tries_by_request() {
    use RequestKind::{Create, Read};
    let mut numbered = half().on(&[Create]);
    (numbered.from_request, numbered.until_request) = (Some(2), Some(3));
    let mut faults = planned(vec![numbered], 7);
    let kinds = [Create, Read, Read, Create, Read, Create, Create];
    let struck = kinds.map(|kind| ask(&mut faults, kind, "k").is_some());
    assert_eq!(struck, [false, false, false, true, false, true, false]);

    let mut faults = planned(vec![half().tries(2)], 7);
    let struck = ["a", "b", "a", "a", "b", "b", "a"].map(|key| ask(&mut faults, Create, key).is_some());
    assert_eq!(struck, [true, true, true, false, true, false, false]);
}

#[test]
fn the_first_entry_that_strikes_decides_and_titles_are_kept() {
    let mut named = FaultEntry::new(Fault::Refuse {}).on(&[RequestKind::Create]);
    named.name = Some("door".to_owned());
    let mut faults = planned(vec![named, half()], 7);
    assert_eq!(ask(&mut faults, RequestKind::Create, "").as_deref(), Some("door"));
    assert_eq!(ask(&mut faults, RequestKind::Read, "").as_deref(), Some("half"));
}
