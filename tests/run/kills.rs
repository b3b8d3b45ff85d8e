//! The process is killed at any moment, again and again, and the same command goes on: every accepted customer exists
//! exactly once.
//!
//! `scripts/kills` is the long form. A failure prints its seed; `ROLLCALL_SEED` sets it.

use std::time::Duration;

use fastrand::Rng;
use rollcall::sandbox::{FaultRates, Options, Sandbox};

use crate::bench::{Bench, Customers, customers, sandbox};
use crate::verdict::Evidence;

/// Kills of the quick form.
const QUICK_KILLS: u64 = 40;
/// Records of a file: enough for a dozen kills, few enough for a dozen files.
const ROWS: u64 = 240;
/// Requests after which a process is killed, at most.
const MOST_PATIENCE: u64 = 50;
const RUN: [&str; 4] = ["run", "customers.csv", "--max-rejects", "100%"];

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn seed() -> u64 {
    number("ROLLCALL_SEED").unwrap_or_else(|| fastrand::u64(..1_000_000))
}

/// A sandbox that answers late and breaks one request in four, half of those after the effect.
async fn troubled_sandbox(seed: u64) -> Sandbox {
    let faults = FaultRates {
        error_500: 0.04,
        error_500_after_commit: 0.06,
        reset_before: 0.04,
        reset_after: 0.06,
        html_502: 0.03,
        token_expired_early: 0.02,
        ..FaultRates::default()
    };
    sandbox(Options {
        latency: Duration::from_millis(1),
        latency_jitter: Duration::from_millis(6),
        faults,
        seed,
        ..Options::default()
    })
    .await
}

/// Runs the same command until it ends by itself, and kills it whenever the sandbox has seen `patience` more requests.
/// Gives the kills.
async fn run_until_done(bench: &Bench, sandbox: &Sandbox, mut patience: impl FnMut() -> u64) -> u64 {
    let seen = || {
        let requests = sandbox.tally().requests;
        requests.token + requests.create + requests.read
    };
    let (mut kills, mut stops) = (0, 0);
    loop {
        let deadly = seen().saturating_add(patience());
        let mut working = bench.start(&RUN);
        if working.end_or(|_| seen() >= deadly).await {
            // It may have come to its end in the moment before.
            kills += u64::from(working.kill().code.is_none());
            assert!(kills < 10 * ROWS, "it does not get on");
            continue;
        }
        let done = working.end().await;
        if matches!(done.code, Some(0 | 1)) {
            return kills;
        }
        // A token that ends before its first use stops a run, resumable, as a client without rights does.
        stops += 1;
        assert!(done.code == Some(4) && stops < 20, "{done:#?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_accepted_exists_exactly_once_whatever_is_killed() {
    let (wanted, seed) = (number("ROLLCALL_KILLS").unwrap_or(QUICK_KILLS), seed());
    let mut rng = Rng::with_seed(seed);
    let (mut kills, mut runs, mut created, mut replays) = (0, 0, 0, 0);
    while kills < wanted {
        let file_seed = rng.u64(..1_000_000);
        let about = format!("ROLLCALL_SEED={seed}, file {file_seed}, run {runs}, {kills} kills before");
        eprintln!("{about}");
        let file = customers(ROWS, file_seed, 5.0);
        let sandbox = troubled_sandbox(file_seed).await;
        let mut bench = Bench::against(&sandbox);
        // Few at a time, so that most kills come after some progress.
        bench.set("ROLLCALL_SEND_MAX_IN_FLIGHT", "8");
        bench.write("customers.csv", &file.csv);
        kills += run_until_done(&bench, &sandbox, || rng.u64(1..=MOST_PATIENCE)).await;
        runs += 1;
        let evidence = Evidence::gather(&bench, &sandbox, &file.accepted).await;
        evidence.hold(&about);
        let tally = sandbox.stop().await;
        created += tally.customers_created;
        replays += tally.replays;
    }
    eprintln!("{kills} kills in {runs} runs with seed {seed}: {created} customers, each once, and {replays} replays");
}

/// The harness's positive control: a client that loses its ledger and derives other ids after each kill.
#[tokio::test(flavor = "multi_thread")]
async fn a_client_that_forgets_its_ids_is_found_out() {
    let seed = seed();
    eprintln!("ROLLCALL_SEED={seed}");
    let file = customers(ROWS, seed, 5.0);
    let sandbox = sandbox(Options {
        latency: Duration::from_millis(5),
        ..Options::default()
    })
    .await;
    let mut bench = Bench::against(&sandbox);
    bench.write("customers.csv", &file.csv);
    let mut working = bench.start(&RUN);
    assert!(working.end_or(|_| sandbox.tally().customers_created >= 20).await);
    working.kill();
    bench.lose_ledger();
    bench.set("ROLLCALL_API_NAMESPACE", "11111111-1111-4111-8111-111111111111");
    bench.expect(1, &RUN).await;
    let troubles = Evidence::gather(&bench, &sandbox, &file.accepted).await.troubles();
    assert!(
        troubles.iter().any(|trouble| trouble.contains("duplicates refused")),
        "{troubles:?}"
    );
    assert!(
        troubles.iter().any(|trouble| trouble.contains("is not the sandbox's")),
        "{troubles:?}"
    );
}

/// Many records of which few are sent, in two files, so that planning takes several commits and has a seam.
fn long_plan(seed: u64) -> [Customers; 2] {
    [customers(8000, seed, 95.0), customers(4000, seed + 1, 95.0)]
}

#[tokio::test(flavor = "multi_thread")]
async fn planning_goes_on_where_it_was_killed() {
    let seed = seed();
    eprintln!("ROLLCALL_SEED={seed}");
    let files = long_plan(seed);
    let sandbox = sandbox(Options::default()).await;
    let bench = Bench::against(&sandbox);
    bench.write("a.csv", &files[0].csv);
    bench.write("b.csv", &files[1].csv);
    let mut kills = 0;
    loop {
        let (before, _) = bench.planned();
        let mut working = bench.start(&["run", "a.csv", "b.csv", "--max-rejects", "100%"]);
        if !working.end_or(|_| bench.planned().0 > before).await {
            assert_eq!(working.end().await.code, Some(1));
            break;
        }
        working.kill();
        let (after, complete) = bench.planned();
        assert!(after >= before, "{after} of {before} planned records are left");
        kills += u64::from(!complete);
        // Each process plans at least one chunk of 512 records before it is killed, and there are 24 of them.
        assert!(kills < 40, "it does not get on");
        if !complete {
            assert_eq!(
                sandbox.tally().requests.token,
                0,
                "nothing is sent before all is planned"
            );
        }
    }
    assert!(kills > 0, "no kill fell into the planning");
    let accepted: Vec<String> = files.iter().flat_map(|file| file.accepted.clone()).collect();
    let evidence = Evidence::gather(&bench, &sandbox, &accepted).await;
    evidence.hold(&format!("seed {seed}, {kills} kills"));
    eprintln!("{kills} kills while planning");
}
