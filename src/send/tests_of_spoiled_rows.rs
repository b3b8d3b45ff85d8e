//! Rows that go wrong alone, over a simulated wire on paused time: spoiled ids, suspicious refusals, deadlines; and what
//! the service says about its rate, and tokens.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use http::Method;
use tokio::time::Instant;

use super::testing::row;
use super::tests_of_outages::{Answer, Simulated, is_token, run, sender, token, yes};
use super::{Sent, Stop};
use crate::model::outcome::Outcome;
use crate::model::row::{Row, RowKey};
use crate::model::row_state::RowEvent;
use crate::send::Failure;

const LATENCY: Duration = Duration::from_millis(50);
const KEY: RowKey = RowKey { input: 1, record: 1 };
const SAME: &str = r#"{"data":{"customer_type":"INDIVIDUAL","first_name":"Anna","id":"C-1","last_name":"Petrosyan"}}"#;
const NOBODY: &str = r#"{"errors":[{"description":"no such customer"}]}"#;

#[expect(clippy::unnecessary_wraps, reason = "an answer like any other")]
fn no(status: u16, body: &str) -> Answer {
    Ok((status, "", body.to_owned()))
}

/// A service with an answer for creates, by how many came before, and one for read-backs.
fn service(
    create: impl Fn(usize) -> Answer + Send + Sync + 'static,
    read_back: impl Fn() -> Answer + Send + Sync + 'static,
) -> Arc<Simulated> {
    let creates = std::sync::atomic::AtomicUsize::new(0);
    Simulated::new(move |request, _| {
        let answer = if is_token(request) {
            token("900")
        } else if request.method() == Method::GET {
            read_back()
        } else {
            create(creates.fetch_add(1, Ordering::Relaxed))
        };
        (LATENCY, answer)
    })
}

async fn outcome(wire: &Arc<Simulated>) -> Outcome {
    let (sender, row, stop) = (sender(wire, |_| ()), row(), Stop::new());
    let sent = tokio::time::timeout(Duration::from_secs(86_400), sender.send(KEY, &row, &stop));
    match sent.await.expect("a row that never ends").unwrap() {
        Sent::Outcome(outcome) => outcome,
        sent @ (Sent::NotAttempted | Sent::InDoubt { .. } | Sent::Absent { .. }) => panic!("{sent:?}"),
    }
}

/// One row in thirty has an id under which a failure was saved for ever.
#[tokio::test(start_paused = true)]
async fn poisoned_ids_are_set_aside_while_the_others_pass_and_close_no_gate() {
    let wire = Simulated::new(|request, _| {
        let poisoned = request.uri().path().ends_with("C-2") || request.body().windows(3).any(|part| part == b"C-2");
        let answer = match (is_token(request), poisoned, request.method() == Method::GET) {
            (true, _, _) => token("900"),
            (_, true, true) => no(404, NOBODY),
            (_, true, false) => no(500, ""),
            (_, false, _) => yes(),
        };
        (LATENCY, answer)
    });
    let sender = sender(&wire, |_| ());
    let outcomes = run(&sender, 128, Duration::from_secs(300), |record| {
        let mut row = row();
        if record % 30 == 0 {
            row.customer_id = String::from("C-2");
            row.payload = String::from_utf8_lossy(&row.payload).replace("C-1", "C-2").into();
        }
        row
    })
    .await;
    let counters = sender.counters();
    let count = |event, code: Option<&str>| {
        let found = outcomes
            .iter()
            .filter(|outcome| outcome.event == event && outcome.code.as_deref() == code);
        found.count()
    };
    let set_aside = count(RowEvent::Unresolved, Some("api.poisoned_id"));
    println!("{} rows, {set_aside} set aside, {counters:?}", outcomes.len());
    assert_eq!(set_aside + count(RowEvent::Created, None), outcomes.len());
    assert!(set_aside > 700, "{set_aside}");
    assert_eq!(counters.waits, 0);
    let attempts = outcomes.iter().map(|outcome| outcome.attempts).max();
    assert_eq!(attempts, Some(5), "four attempts and a look: one in thirty fails");
}

#[tokio::test(start_paused = true)]
async fn every_style_of_a_suspicious_refusal_is_looked_into() {
    let errors = |parts: &str| format!(r#"{{"errors":[{parts}]}}"#);
    let styles = [
        errors(r#"{"description":"Customer with this id already exists"}"#),
        errors(r#"{"code":"CUSTOMER_EXISTS"}"#),
        errors(r#"{"code":"DUPLICATE"}"#),
        errors(r#"{"description":"id must be unique"}"#),
        errors(r#"{"description":"Idempotency key was used before"}"#),
        errors(r#"{"description":"name is odd"},{"code":"ALREADY_TAKEN"}"#),
    ];
    for (status, body) in [400, 404, 409, 422]
        .into_iter()
        .flat_map(|status| styles.iter().map(move |body| (status, body)))
    {
        let check = async |after_failure: bool, read_back: (u16, &'static str), expected: (RowEvent, Option<&str>)| {
            let body = body.clone();
            let create = move |before| {
                if after_failure && before == 0 {
                    Err(Failure::Reset)
                } else {
                    no(status, &body)
                }
            };
            let outcome = outcome(&service(create, move || no(read_back.0, read_back.1))).await;
            let found = (outcome.event, outcome.code.as_deref());
            assert_eq!(
                found, expected,
                "{status}, after a failure {after_failure}, {read_back:?}"
            );
            assert!(outcome.attempts <= 13, "{}", outcome.attempts);
        };
        for after_failure in [false, true] {
            check(
                after_failure,
                (200, SAME),
                (RowEvent::Existing, Some("api.duplicate_customer")),
            )
            .await;
            let missing = (RowEvent::Unresolved, Some("api.read_not_permitted"));
            check(after_failure, (403, NOBODY), missing).await;
            check(after_failure, (401, ""), missing).await;
        }
        check(true, (404, NOBODY), (RowEvent::Unresolved, Some("api.poisoned_id"))).await;
        let fresh = if status == 409 {
            (RowEvent::Unresolved, Some("api.conflict_unexplained"))
        } else {
            (RowEvent::Refused, Some("api.refused"))
        };
        check(false, (404, NOBODY), fresh).await;
    }
    // A page with 409 says enough to look.
    let page = service(|_| no(409, "<html>Conflict</html>"), || no(200, SAME));
    assert_eq!(outcome(&page).await.event, RowEvent::Existing);
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_was_saved_after_the_effect_is_found_in_the_end() {
    let found = outcome(&service(|_| no(500, ""), || no(200, SAME))).await;
    assert_eq!(
        (found.event, found.code.as_deref()),
        (RowEvent::Existing, Some("api.found_after_doubt"))
    );
    assert_eq!(found.attempts, 7);
}

#[tokio::test(start_paused = true)]
async fn a_row_ends_at_its_deadline_and_the_time_of_a_closed_gate_does_not_count() {
    let wire = service(
        |before| match before {
            // Eleven minutes of waiting, which are not the row's, and an answer that ends them and settles nothing.
            1 => Ok((503, "retry-after: 660", String::new())),
            2 => no(409, ""),
            _ => Err(Failure::Timeout),
        },
        || no(404, NOBODY),
    );
    let sender = sender(&wire, |send| {
        send.max_attempts = 1_000;
        send.backoff_base = Duration::from_secs(20);
        send.row_deadline = Duration::from_secs(120);
    });
    let start = Instant::now();
    let Sent::Outcome(outcome) = sender.send(KEY, &row(), &Stop::new()).await.unwrap() else {
        panic!("no outcome");
    };
    assert_eq!(
        (outcome.event, outcome.code.as_deref()),
        (RowEvent::Unresolved, Some("row.deadline"))
    );
    let open = start.elapsed().saturating_sub(Duration::from_secs(660));
    // An attempt on the wire is finished, and then a look is made.
    assert!((119..=152).contains(&open.as_secs()), "{open:?}");
}

#[tokio::test(start_paused = true)]
async fn a_row_s_deadline_ends_it_with_a_look() {
    let wire = Simulated::new(|request, _| {
        let other = request.body().windows(3).any(|part| part == b"C-2");
        let answer = match (is_token(request), other) {
            (true, _) => token("900"),
            (_, true) => no(200, r#"{"data":{"id":"C-2"}}"#),
            (_, false) if request.method() == Method::GET => no(404, NOBODY),
            (_, false) => Err(Failure::Reset),
        };
        (LATENCY, answer)
    });
    let sender = sender(&wire, |send| {
        send.max_attempts = 1_000;
        send.row_deadline = Duration::from_secs(120);
    });
    let start = Instant::now();
    let Sent::Outcome(outcome) = sender.send(KEY, &row(), &Stop::new()).await.unwrap() else {
        panic!("no outcome");
    };
    assert_eq!(
        (outcome.event, outcome.code.as_deref()),
        (RowEvent::Unresolved, Some("row.deadline"))
    );
    let late = start.elapsed();
    assert!((119..=122).contains(&late.as_secs()), "{late:?}");
}

#[tokio::test(start_paused = true)]
async fn a_service_s_rate_headers_slow_the_whole_run() {
    let wire = Simulated::new(|request, at| {
        if is_token(request) {
            return (LATENCY, token("900"));
        }
        let (status, said) = match at.as_secs() {
            0..10 => (200, "ratelimit: \"default\";r=900;t=30"),
            10..20 => (200, "ratelimit: \"default\";r=0;t=20"),
            _ => (200, ""),
        };
        (LATENCY, Ok((status, said, String::from(r#"{"data":{"id":"C-1"}}"#))))
    });
    let sender = sender(&wire, |_| ());
    run(&sender, 128, Duration::from_secs(60), |_| row()).await;
    let sent = wire.sent.lock().unwrap().clone();
    let within = |from: u64, to: u64| {
        let range = Duration::from_millis(from)..Duration::from_millis(to);
        sent.iter().filter(|at| range.contains(at)).count()
    };
    assert!(within(0, 10_000) >= 960, "{}", within(0, 10_000));
    assert_eq!(within(10_200, 29_900), 0);
    assert!(within(32_000, 42_000) >= 970, "{}", within(32_000, 42_000));
    assert_eq!(sender.counters().waits, 1);
}

#[tokio::test(start_paused = true)]
async fn a_slow_token_endpoint_holds_up_nobody_who_has_a_token() {
    let wire = Simulated::new(|request, at| match (is_token(request), at.as_secs()) {
        (true, 0) => (LATENCY, token("100")),
        (true, _) => (Duration::from_secs(8), token("100")),
        (false, _) => (LATENCY, yes()),
    });
    let sender = sender(&wire, |send| send.max_in_flight = 8);
    run(&sender, 16, Duration::from_secs(95), |_| row()).await;
    let sent = wire.sent.lock().unwrap().clone();
    let renewing = Duration::from_secs(80)..Duration::from_secs(95);
    let count = sent.iter().filter(|at| renewing.contains(at)).count();
    assert!(count >= 1_440, "{count} of 1500");
    assert_eq!(wire.tokens.load(Ordering::Relaxed), 2);
}

#[tokio::test(start_paused = true)]
async fn without_a_token_endpoint_the_run_waits_and_probes() {
    let wire = Simulated::new(|request, at| match (is_token(request), at.as_secs()) {
        (true, 0..300) => (LATENCY, Err(Failure::NotReached)),
        (true, _) => (LATENCY, token("900")),
        (false, _) => (LATENCY, yes()),
    });
    let sender = sender(&wire, |_| ());
    let outcomes = run(&sender, 128, Duration::from_secs(330), |_: u64| -> Row { row() }).await;
    let tokens = wire.tokens.load(Ordering::Relaxed);
    assert!((60..=130).contains(&tokens), "{tokens}");
    assert!(outcomes.len() > 2_000, "{}", outcomes.len());
}
