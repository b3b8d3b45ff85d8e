//! An API that breaks, throttles, forbids or is not there.

use std::time::Duration;

use rollcall::sandbox::{FaultRates, Options, ServerKind};

use crate::bench::{Bench, customers, sandbox, sandbox_at};
use crate::verdict::Evidence;

const RUN: [&str; 4] = ["run", "customers.csv", "--max-rejects", "100%"];

#[tokio::test(flavor = "multi_thread")]
async fn everyone_is_created_once_through_every_fault() {
    type Break = fn(&mut FaultRates);
    let faults: [(&str, Break); 7] = [
        ("500 before the effect", |rates| rates.error_500 = 0.3),
        ("500 after the effect", |rates| rates.error_500_after_commit = 0.3),
        ("reset before the effect", |rates| rates.reset_before = 0.3),
        ("reset after the effect", |rates| rates.reset_after = 0.3),
        ("a gateway's page", |rates| rates.html_502 = 0.3),
        ("503 with Retry-After", |rates| rates.unavailable_503 = 0.02),
        ("tokens that end early", |rates| rates.token_expired_early = 0.03),
    ];
    for (about, break_it) in faults {
        let mut options = Options::default();
        break_it(&mut options.faults);
        check(about, options).await;
    }
    let token_faults = FaultRates {
        error_500: 0.3,
        html_502: 0.2,
        reset_after: 0.2,
        ..FaultRates::default()
    };
    let options = Options {
        token_faults,
        token_life: Duration::from_secs(1),
        ..Options::default()
    };
    check("a token endpoint that breaks", options).await;
    let options = Options {
        kind: ServerKind::SavesSuccesses,
        faults: FaultRates {
            error_500_after_commit: 0.3,
            ..FaultRates::default()
        },
        ..Options::default()
    };
    check("refusals are not saved", options).await;
}

async fn check(about: &str, options: Options) {
    let (faults, needs_faults) = (options.faults, options != Options::default());
    let sandbox = sandbox(options).await;
    let bench = Bench::against(&sandbox);
    let file = customers(120, 11, 5.0);
    bench.write("customers.csv", &file.csv);
    let mut done = bench.run(&RUN).await;
    for _ in 0..20 {
        // A token that ends before its first use stops the run as a client without rights does.
        if done.code != Some(4) || faults.token_expired_early == 0.0 {
            break;
        }
        done = bench.run(&RUN).await;
    }
    assert_eq!(done.code, Some(1), "{about}: {done:#?}");
    Evidence::gather(&bench, &sandbox, &file.accepted).await.hold(about);
    assert!(!needs_faults || sandbox.tally().faults > 0, "{about}: no fault struck");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_throttles_slows_the_run_and_loses_nobody() {
    let sandbox = sandbox(Options {
        rate_per_second: Some(60),
        ..Options::default()
    })
    .await;
    let bench = Bench::against(&sandbox);
    let file = customers(120, 12, 5.0);
    bench.write("customers.csv", &file.csv);
    bench.expect(1, &RUN).await;
    Evidence::gather(&bench, &sandbox, &file.accepted).await.hold("429");
    assert!(sandbox.tally().rate_limited > 0, "nothing was throttled");
}

/// The bound itself is held under paused time, in `send`. Here the service counts what arrives, and on a busy machine one
/// request may overtake another by more than the limit's margin: so the run is told one request less than is allowed.
#[tokio::test(flavor = "multi_thread")]
async fn the_rate_is_never_exceeded() {
    let sandbox = sandbox(Options::default()).await;
    let bench = Bench::against(&sandbox);
    let file = customers(36, 13, 0.0);
    bench.write("customers.csv", &file.csv);
    bench.expect(0, &["run", "customers.csv", "--rate", "9"]).await;
    let peak = sandbox.tally().peak_requests_per_second;
    assert!((1..=10).contains(&peak), "{peak} requests in a second");
    Evidence::gather(&bench, &sandbox, &file.accepted).await.hold("rate");

    // The positive control: without a limit, the same measure sees more.
    let other = customers(36, 14, 0.0);
    bench.write("customers.csv", &other.csv);
    bench.expect(0, &["run", "customers.csv", "--rate", "0"]).await;
    let peak = sandbox.tally().peak_requests_per_second;
    assert!(peak > 10, "{peak} requests in a second without a limit");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_may_not_create_stops_the_run_and_marks_no_row() {
    let sandbox = sandbox(Options::default()).await;
    let mut bench = Bench::against(&sandbox);
    let file = customers(100, 15, 5.0);
    bench.write("customers.csv", &file.csv);
    bench.set("ROLLCALL_API_SCOPE", "customers:read");
    let done = bench.expect(4, &RUN).await;
    assert!(
        done.stderr.contains("hint: ") && done.stderr.contains("403"),
        "{done:#?}"
    );
    check_unsent(&bench, &file.accepted, "api.not_permitted").await;
    assert!(sandbox.customers().is_empty());

    bench.set("ROLLCALL_API_SCOPE", "customers:read customers:write");
    bench.expect(1, &RUN).await;
    Evidence::gather(&bench, &sandbox, &file.accepted).await.hold("403");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_wrong_secret_stops_the_run_with_a_hint() {
    let sandbox = sandbox(Options::default()).await;
    let mut bench = Bench::against(&sandbox);
    let file = customers(30, 16, 0.0);
    bench.write("customers.csv", &file.csv);
    bench.set("ROLLCALL_API_CLIENT_SECRET", "not-the-secret");
    let done = bench.expect(4, &RUN).await;
    assert!(done.stderr.contains("refuses this client"), "{done:#?}");
    assert!(done.stderr.contains("the client secret"), "{done:#?}");
    assert!(!done.stderr.contains("not-the-secret"), "{done:#?}");
    check_unsent(&bench, &file.accepted, "token.refused").await;

    bench.set("ROLLCALL_API_CLIENT_SECRET", "sandbox");
    bench.expect(0, &RUN).await;
    Evidence::gather(&bench, &sandbox, &file.accepted).await.hold("secret");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_is_down_ends_the_run_resumable() {
    let first = sandbox(Options::default()).await;
    let port = first.address().port();
    let mut bench = Bench::against(&first);
    first.stop().await;
    let file = customers(30, 17, 0.0);
    bench.write("customers.csv", &file.csv);
    bench.set("ROLLCALL_SEND_GIVE_UP_AFTER", "100ms");
    let done = bench.expect(4, &RUN).await;
    assert!(done.stderr.contains("run the same command again"), "{done:#?}");
    check_unsent(&bench, &file.accepted, "run.gave_up").await;

    let second = sandbox_at(Options::default(), port).await;
    bench.expect(0, &RUN).await;
    Evidence::gather(&bench, &second, &file.accepted).await.hold("down");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_outage_in_the_middle_ends_the_run_resumable() {
    let sandbox = sandbox(Options {
        latency: Duration::from_millis(2),
        ..Options::default()
    })
    .await;
    let mut bench = Bench::against(&sandbox);
    let file = customers(150, 18, 0.0);
    bench.write("customers.csv", &file.csv);
    bench.set("ROLLCALL_SEND_GIVE_UP_AFTER", "100ms");
    let mut working = bench.start(&RUN);
    assert!(working.end_or(|_| sandbox.tally().requests.create >= 50).await);
    let outage = FaultRates {
        unavailable_503: 1.0,
        ..FaultRates::default()
    };
    sandbox.set_faults(outage).unwrap();
    let done = working.end().await;
    assert_eq!(done.code, Some(4), "{done:#?}");
    let totals = bench.report(&[]).await["totals"].clone();
    assert_eq!(totals["in_flight"], 0, "a 503 says that nothing happened");
    assert!(totals["pending"].as_u64().unwrap() > 0);

    sandbox.set_faults(FaultRates::default()).unwrap();
    bench.expect(0, &RUN).await;
    Evidence::gather(&bench, &sandbox, &file.accepted).await.hold("outage");
    assert_eq!(sandbox.tally().replays, 0, "nobody was in doubt");
}

/// Everyone is created, and nobody is told so.
#[tokio::test(flavor = "multi_thread")]
async fn rows_without_a_clear_answer_are_unresolved_and_the_same_command_resolves_them() {
    let sandbox = sandbox(Options {
        faults: FaultRates {
            error_500_after_commit: 0.5,
            reset_after: 0.5,
            ..FaultRates::default()
        },
        ..Options::default()
    })
    .await;
    let mut bench = Bench::against(&sandbox);
    // So few that they are six rows without luck, and not an outage yet, which 20 unclear answers in a row are.
    let file = customers(6, 19, 0.0);
    bench.write("customers.csv", &file.csv);
    bench.set("ROLLCALL_SEND_MAX_ATTEMPTS", "2");
    bench.set("ROLLCALL_SEND_MAX_IN_FLIGHT", "4");
    // Two attempts and the look that ends them, in each of two runs.
    for requests in [3, 6] {
        let done = bench.expect(1, &RUN).await;
        assert!(done.stderr.contains("6 rows got no clear answer"), "{done:#?}");
        let report = bench.report(&[]).await;
        assert_eq!(
            (&report["totals"]["unresolved"], &report["open"]),
            (&6.into(), &6.into())
        );
        assert_eq!(
            (&report["balanced"], &report["requests"]),
            (&true.into(), &(6 * requests).into())
        );
    }
    sandbox.set_faults(FaultRates::default()).unwrap();
    bench.expect(0, &RUN).await;
    Evidence::gather(&bench, &sandbox, &file.accepted)
        .await
        .hold("unresolved");
}

/// The run stopped for this reason, and every accepted row waits as if nothing had happened.
async fn check_unsent(bench: &Bench, accepted: &[String], reason: &str) {
    let report = bench.report(&[]).await;
    assert_eq!(report["reason"], reason);
    assert_eq!(report["totals"]["pending"], accepted.len(), "{report}");
    assert_eq!(report["open"], accepted.len(), "{report}");
    assert_eq!(report["balanced"], true, "{report}");
}
