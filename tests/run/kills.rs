//! The process is killed at any moment, again and again, and the same command goes on: every accepted customer exists
//! exactly once.
//!
//! `scripts/kills` is the long form. A failure prints its seed; `ROLLCALL_SEED` sets it.

use std::time::Duration;

use fastrand::Rng;
use rollcall::sandbox::{FaultRates, Options, Sandbox, ServerKind};
use tokio::time::Instant;

use crate::bench::{Bench, Customers, customers, number, sandbox};
use crate::verdict::Evidence;
use crate::view::{View, look, lost};

/// Kills of the quick form.
const QUICK_KILLS: u64 = 200;
/// Records of a file: enough for two dozen kills, few enough for many files.
const ROWS: u64 = 480;
/// Requests after which a process is killed, at most.
const MOST_PATIENCE: u64 = 40;
/// Files at work at the same time: one waits while the other's process starts.
const SIDE_BY_SIDE: u64 = 2;
const RUN: [&str; 4] = ["run", "customers.csv", "--max-rejects", "100%"];

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
        // A server that burns ids would leave rows that somebody must look at; the simulation has it.
        kind: if seed.is_multiple_of(2) {
            ServerKind::SavesAll
        } else {
            ServerKind::SavesSuccesses
        },
        ..Options::default()
    })
    .await
}

/// What kills did.
#[derive(Clone, Debug, Default)]
struct Figures {
    kills: u64,
    runs: u64,
    created: u64,
    replays: u64,
    /// Rows whose outcome a reader had seen before a kill, over all kills.
    shown: u64,
    /// Those of them that were not there any more, or another, at the end.
    lost: u64,
    /// What the judge found wrong, by file.
    troubles: Vec<String>,
    /// From a kill to the first request of the next process.
    first_requests: Vec<Duration>,
}

impl Figures {
    fn add(&mut self, other: Self) {
        self.kills += other.kills;
        self.runs += other.runs;
        self.created += other.created;
        self.replays += other.replays;
        self.shown += other.shown;
        self.lost += other.lost;
        self.troubles.extend(other.troubles);
        self.first_requests.extend(other.first_requests);
    }

    fn print(&mut self, seed: u64) {
        self.first_requests.sort_unstable();
        let count = |what: &str| self.troubles.iter().filter(|trouble| trouble.contains(what)).count();
        let at = |share: usize| {
            let index = self.first_requests.len() * share / 100;
            self.first_requests[index.min(self.first_requests.len() - 1)].as_millis()
        };
        eprintln!("reliability: kills, seed = {seed}");
        eprintln!("reliability: kills survived = {}", self.kills);
        eprintln!("reliability: customers created under kills = {}", self.created);
        eprintln!("reliability: saved answers given again under kills = {}", self.replays);
        eprintln!("reliability: outcomes shown before a kill = {}", self.shown);
        eprintln!("reliability: outcomes lost by a kill = {}", self.lost);
        eprintln!(
            "reliability: customers not created exactly once under kills = {}",
            count("was created")
        );
        eprintln!(
            "reliability: rows unaccounted for after kills = {}",
            count("out of balance") + count("record ")
        );
        eprintln!("reliability: ms from kill to first request, median = {}", at(50));
        eprintln!("reliability: ms from kill to first request, 99 of 100 = {}", at(99));
    }
}

/// A file at work: what was shown of it, and where it is.
struct Victim<'a> {
    bench: &'a Bench,
    sandbox: &'a Sandbox,
    shown: View,
    figures: Figures,
}

impl Victim<'_> {
    fn requests(&self) -> u64 {
        let requests = self.sandbox.tally().requests;
        requests.token + requests.create + requests.read
    }

    /// Runs the same command until it ends by itself, and kills it whenever the sandbox has seen `patience` more requests.
    async fn run_until_done(&mut self, mut patience: impl FnMut() -> u64) {
        let mut stops = 0;
        let mut killed_at: Option<Instant> = None;
        loop {
            let before = self.requests();
            let deadly = before.saturating_add(patience());
            let mut first_request = None;
            let mut working = self.bench.start(&RUN);
            let reached = working.end_or(|_| {
                let now = self.requests();
                if now > before {
                    first_request.get_or_insert_with(Instant::now);
                }
                now >= deadly
            });
            let reached = reached.await;
            let waited = killed_at
                .take()
                .zip(first_request)
                .map(|(killed, first)| first - killed);
            self.figures.first_requests.extend(waited);
            if reached {
                // What a reader sees is on disk, and was shown.
                let shown = look(&self.bench.ledger()).unwrap();
                // It may have come to its end in the moment before.
                self.figures.kills += u64::from(working.kill().code.is_none());
                killed_at = Some(Instant::now());
                self.figures.shown += shown.values().filter(|row| !row.state.is_open()).count() as u64;
                self.figures.lost += lost(&self.shown, &shown).len() as u64;
                self.shown = shown;
                assert!(self.figures.kills < 10 * ROWS, "it does not get on");
                continue;
            }
            let done = working.end().await;
            if matches!(done.code, Some(0 | 1)) {
                self.figures.lost += lost(&self.shown, &look(&self.bench.ledger()).unwrap()).len() as u64;
                return;
            }
            // A token that ends before its first use stops a run, resumable, as a client without rights does.
            stops += 1;
            assert!(done.code == Some(4) && stops < 20, "{done:#?}");
        }
    }
}

/// Kills the processes that work on one file until it is done; gives the figures.
async fn one_file(seed: u64, file_seed: u64) -> Figures {
    let mut rng = Rng::with_seed(file_seed);
    let about = format!("ROLLCALL_SEED={seed}, file {file_seed}");
    let file = customers(ROWS, file_seed, 5.0);
    let sandbox = troubled_sandbox(file_seed).await;
    let mut bench = Bench::against(&sandbox);
    // Few at a time, so that most kills come after some progress.
    bench.set("ROLLCALL_SEND_MAX_IN_FLIGHT", "8");
    // More threads would only take each process longer to start.
    bench.set("ROLLCALL_INPUT_WORKERS", "1");
    bench.write("customers.csv", &file.csv);
    let mut victim = Victim {
        bench: &bench,
        sandbox: &sandbox,
        shown: View::new(),
        figures: Figures::default(),
    };
    victim.run_until_done(|| rng.u64(1..=MOST_PATIENCE)).await;
    let mut figures = victim.figures;
    let evidence = Evidence::gather(&bench, &sandbox, &file.accepted).await;
    figures.troubles = evidence
        .troubles()
        .into_iter()
        .map(|trouble| format!("{about}: {trouble}"))
        .collect();
    let tally = sandbox.stop().await;
    eprintln!(
        "{about}: {} kills, {} customers",
        figures.kills, tally.customers_created
    );
    figures.runs = 1;
    figures.created = tally.customers_created;
    figures.replays = tally.replays;
    figures
}

#[tokio::test(flavor = "multi_thread")]
async fn whoever_is_accepted_exists_exactly_once_whatever_is_killed() {
    let (wanted, seed) = (number("ROLLCALL_KILLS").unwrap_or(QUICK_KILLS), seed());
    let mut rng = Rng::with_seed(seed);
    let mut figures = Figures::default();
    while figures.kills < wanted {
        let files: Vec<_> = (0..SIDE_BY_SIDE)
            .map(|_| tokio::spawn(one_file(seed, rng.u64(..1_000_000))))
            .collect();
        for file in files {
            figures.add(file.await.unwrap());
        }
    }
    figures.print(seed);
    assert!(figures.troubles.is_empty() && figures.lost == 0, "{figures:#?}");
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
    eprintln!("reliability: positive control a client that forgets its ids = caught");
}

/// Many records of which few are sent, in two files, so that planning takes several commits and has a seam.
fn long_plan(seed: u64) -> [Customers; 2] {
    [customers(4000, seed, 95.0), customers(2000, seed + 1, 95.0)]
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
        // Each process plans at least one chunk of 256 records before it is killed, and there are 24 of them.
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
