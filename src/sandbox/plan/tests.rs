//! What a plan may say, what is wrong with one that can't be used, and that it reads back as it was written.

use std::path::PathBuf;

use super::*;

fn problem(text: &str) -> String {
    FaultPlan::from_toml(text)
        .map(|plan| plan.to_string())
        .unwrap_err()
        .to_string()
}

fn check(entry: &str, expected: &str) {
    let text = format!("[[fault]]\nfault = \"reset\"\n[[fault]]\n{entry}");
    let actual = problem(&text);
    assert_eq!(actual, format!("fault plan, entry 2: {expected}"), "{entry}");
}

#[test]
fn the_plans_of_the_repository_are_plans() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/plans");
    for (name, entries) in [
        ("outage", 2),
        ("storm", 6),
        ("tokens", 4),
        ("capacity", 4),
        ("hostile", 7),
    ] {
        let plan = FaultPlan::load(&folder.join(format!("{name}.toml"))).unwrap();
        assert_eq!(plan.entries.len(), entries, "{name}");
        assert_eq!(FaultPlan::from_toml(&plan.to_toml()).unwrap(), plan, "{name}");
    }
    assert_eq!(std::fs::read_dir(folder).unwrap().count(), 5, "each has a line above");
}

#[test]
fn an_unusable_entry_is_named_with_what_is_wrong() {
    check("on = \"create\"", "`fault` is missing, which says what happens");
    check("fault = \"reset\"\nshare = 1.5", "share: 1.5 is not between 0 and 1");
    check("fault = \"reset\"\nshare = nan", "share: NaN is not between 0 and 1");
    check(
        "fault = \"reset\"\nfrom = -1",
        "from: -1 is not a time in seconds, a year at most",
    );
    check(
        "fault = \"reset\"\nfrom = 5\nuntil = 5",
        "until: 5 is not after from, which is 5",
    );
    check(
        "fault = \"reset\"\nfrom-request = 0",
        "from-request: requests are counted from 1",
    );
    check(
        "fault = \"reset\"\nfrom-request = 3\nuntil-request = 2",
        "until-request: is before the first request meant, which is 3",
    );
    check("fault = \"reset\"\ntries = 0", "tries: 0 tries are nobody's");
    check("fault = \"reset\"\non = []", "on: the list is empty");
    check(
        "fault = \"reset\"\non = [\"creat\"]",
        "on: \"creat\" is not one of token, create, read, list, other, any",
    );
    check("fault = \"answer\"\nstatus = 99", "status: 99 is not from 200 to 599");
    check(
        "fault = \"redirect\"\nstatus = 200",
        "status: 200 is not from 300 to 399",
    );
    check("fault = \"redirect\"\nlocation = \"a b\"", "location: is not a URL");
    check("fault = \"expires-in\"\nvalue = 1", "on: expires-in needs \"token\"");
    check("fault = \"duplicate\"", "on: duplicate needs \"create\"");
    check(
        "fault = \"answer\"\nsave = true",
        "on: an answer that is saved needs \"create\"",
    );
    check(
        "fault = \"revoke-token\"\non = \"token\"",
        "on: revoke-token needs requests that carry a token",
    );
    check("fault = \"capacity\"", "concurrent or per-second is required");
    check(
        "fault = \"capacity\"\nconcurrent = 0",
        "a capacity of 0 answers nobody; use refuse or stall",
    );
    check("fault = \"rate-limit\"\nwindow = 0", "window: is 0 seconds long");
    check(
        "fault = \"answer\"\nretry-after = 1\nretry-after-date = 1",
        "retry-after-date: retry-after is given too",
    );
}

#[test]
fn unknown_faults_and_keys_are_refused() {
    let unknown = |entry: &str, word: &str| {
        let actual = problem(&format!("[[fault]]\nname = \"mine\"\n{entry}"));
        let begins = actual.starts_with("fault plan, entry 1 (\"mine\"): ");
        assert!(begins && actual.contains(word), "{actual}");
    };
    unknown("fault = \"explode\"", "explode");
    unknown("fault = \"reset\"\nafter-effects = true", "after-effects");
    unknown("fault = \"refuse\"\nafter-effect = true", "after-effect");
    unknown("fault = \"answer\"\nstatuss = 500", "statuss");
    unknown("fault = \"stall\"", "seconds");
    unknown("fault = \"capacity\"\nconcurrent = 1\nover = \"418\"", "418");
    assert!(
        problem("seed = 1").starts_with("fault plan: "),
        "nothing besides entries"
    );
    assert!(problem("[[fault]\n").starts_with("fault plan: "));
}

#[test]
fn a_plan_of_a_seed_reads_back_and_is_the_same_again() {
    let mut names = std::collections::BTreeSet::new();
    for seed in 0..2_000 {
        let plan = FaultPlan::from_seed(seed);
        assert_eq!(plan.check(), Ok(()), "seed {seed}");
        assert_eq!(FaultPlan::from_toml(&plan.to_toml()).unwrap(), plan, "seed {seed}");
        assert_eq!(FaultPlan::from_seed(seed), plan);
        names.extend(plan.entries.iter().map(|entry| entry.fault.name()));
    }
    assert_ne!(FaultPlan::from_seed(1), FaultPlan::from_seed(2));
    assert_eq!(
        names.len(),
        13,
        "all but headers without end, which are a matter of the wire: {names:?}"
    );
}
