//! Which writes are struck, and how.
//!
//! The quick form takes the first and the last writes and a sample of the others; with `ROLLCALL_DISK=1`, which
//! `scripts/disk` sets, every write is struck in every way, with `ROLLCALL_DISK=5` every fifth. `ROLLCALL_SEED` sets the seed, which is printed.

use std::collections::{BTreeMap, VecDeque};

use fastrand::Rng;
use tokio::task::JoinSet;
use tokio::time::Instant;

use crate::bench::{Customers, customers};
use crate::case::{Case, bench, case, strike};
use crate::shim::{EIO, ENOSPC, EROFS, Fault};

/// Records of the file: enough for some hundred writes.
const ROWS: u64 = 90;
/// Every way to strike: a word of `shim.c` and an error number.
const WAYS: [(&str, i32); 11] = [
    ("kill", 0),
    ("kill-after", 0),
    ("torn", 0),
    ("fail", EIO),
    ("fail-ever", EIO),
    ("fail", ENOSPC),
    ("fail-ever", ENOSPC),
    ("fail-ever", EROFS),
    ("lost-sync", EIO),
    ("cut", 0),
    ("cut-some", 0),
];
/// Writes at which the making of a ledger has gone wrong before: SQLite passes errors over there, and a reader may not
/// roll a journal back.
const MAKING: [(u64, (&str, i32)); 8] = [
    (2, ("fail", EIO)),
    (2, ("lost-sync", EIO)),
    (4, ("fail", EIO)),
    (5, ("fail", ENOSPC)),
    (6, ("fail-ever", EROFS)),
    (6, ("lost-sync", EIO)),
    (7, ("kill", 0)),
    (7, ("cut", 0)),
];
/// First and last writes that the quick form strikes, each in so many ways.
const EDGE: u64 = 10;
const WAYS_AT_AN_EDGE: usize = 3;
/// Writes between them that it strikes.
const SAMPLE: usize = 30;
/// Processes at the same time: they wait as much as they work.
const AT_ONCE: usize = 4;

pub(crate) fn seed() -> u64 {
    let set = std::env::var("ROLLCALL_SEED").ok().and_then(|text| text.parse().ok());
    set.unwrap_or_else(|| fastrand::u64(..1_000_000))
}

/// A file with defects, duplicates and conflicts.
pub(crate) fn file(seed: u64) -> Customers {
    customers(ROWS, seed, 8.0)
}

/// The ledger writes of a whole run.
pub(crate) async fn writes(file: &Customers, seed: u64) -> u64 {
    let (mut bench, _sandbox) = bench(file, seed).await;
    let (done, _, trace) = strike(&mut bench, Fault::COUNT).await;
    assert!(matches!(done.code, Some(0 | 1)), "{done:#?}");
    trace.calls
}

fn plan(writes: u64, rng: &mut Rng) -> VecDeque<Fault> {
    let fault = |at, (mode, errno): (&'static str, i32)| Fault {
        mode,
        errno,
        at,
        ..Fault::default()
    };
    let step = std::env::var("ROLLCALL_DISK").ok().and_then(|text| text.parse().ok());
    if let Some(step) = step {
        let every = (1..=writes).step_by(step);
        let every = every.flat_map(|at| WAYS.into_iter().map(move |way| (at, way)));
        return every.map(|(at, way)| fault(at, way)).collect();
    }
    let mut ways = WAYS.into_iter().cycle().skip(rng.usize(..WAYS.len()));
    let edges = (1..=EDGE).chain(writes.saturating_sub(EDGE) + 1..=writes);
    let edges = edges.flat_map(|at| [at; WAYS_AT_AN_EDGE]);
    let sample: Vec<u64> = (0..SAMPLE).map(|_| rng.u64(1..=writes)).collect();
    let making = MAKING.into_iter().map(|(at, way)| fault(at, way));
    let others = edges.chain(sample).map(|at| fault(at, ways.next().unwrap()));
    making.chain(others).collect()
}

/// Strikes, and if the run was over before, once more and earlier: how many commits a run has depends on the moment at
/// which answers arrive.
async fn surely(mut fault: Fault, file: &Customers, seed: u64) -> Case {
    for _ in 0..8 {
        let case = case(fault, file, seed).await;
        if case.trace.struck.is_some() || !case.troubles.is_empty() {
            return case;
        }
        fault.at = fault.at.min(case.trace.calls).saturating_sub(1).max(1);
    }
    Case {
        troubles: vec!["the fault never struck".to_owned()],
        ..case(fault, file, seed).await
    }
}

/// What a sweep came to.
#[derive(Debug, Default)]
struct Figures {
    struck: BTreeMap<String, u64>,
    survived: u64,
    bad: Vec<String>,
}

impl Figures {
    fn add(&mut self, case: &Case) {
        let Fault { mode, errno, at, .. } = case.fault;
        *self.struck.entry(format!("{mode} {errno}")).or_default() += u64::from(case.trace.struck.is_some());
        self.survived += u64::from(case.survived && case.trace.struck.is_some());
        if !case.troubles.is_empty() {
            self.bad.push(format!(
                "{mode} {errno} at {at}, {:?}: {:#?}\n{:#?}",
                case.trace.struck, case.troubles, case.done
            ));
        }
    }

    fn troubles(&self, word: &str) -> u64 {
        self.bad.iter().map(|bad| bad.matches(word).count() as u64).sum()
    }

    /// A line a figure, as `scripts/disk` promises them.
    fn lines(&self) -> Vec<String> {
        let struck: u64 = self.struck.values().sum();
        let mut figures = vec![("ledger writes failed or killed".to_owned(), struck)];
        let ways = self.struck.iter();
        figures.extend(ways.map(|(way, count)| (format!("ledger writes struck by {way}"), *count)));
        for (name, word) in [
            ("lost outcomes", "lost outcome:"),
            ("customers sent without a claim on disk", "sent without a claim"),
            ("customers shown and not created", "invented:"),
            ("customers not created exactly once at the end", " times\""),
        ] {
            figures.push((name.to_owned(), self.troubles(word)));
        }
        figures.push(("ledger faults that ended wrong".to_owned(), self.bad.len() as u64));
        figures.push(("ledger faults at the end that cost nothing".to_owned(), self.survived));
        let line = |(name, value)| format!("reliability: {name} = {value}");
        figures.into_iter().map(line).collect()
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn every_outcome_outlives_a_kill_an_error_or_a_power_cut_at_any_write_of_the_ledger() {
    let (seed, begun) = (seed(), Instant::now());
    let file = file(seed);
    let writes = writes(&file, seed).await;
    eprintln!("ROLLCALL_SEED={seed}: a run of {ROWS} records has {writes} ledger writes");
    assert!(writes > 150, "too few to be worth it: {writes}");
    let mut left = plan(writes, &mut Rng::with_seed(seed));
    let (mut at_work, mut figures) = (JoinSet::new(), Figures::default());
    loop {
        while at_work.len() < AT_ONCE {
            let Some(fault) = left.pop_front() else { break };
            let file = file.clone();
            at_work.spawn(async move { surely(fault, &file, seed).await });
        }
        let Some(case) = at_work.join_next().await else { break };
        figures.add(&case.unwrap());
    }
    for line in figures.lines() {
        eprintln!("{line}");
    }
    eprintln!("{:.0} s with seed {seed}", begun.elapsed().as_secs_f64());
    assert!(
        figures.bad.is_empty(),
        "ROLLCALL_SEED={seed}:\n{}",
        figures.bad.join("\n")
    );
    assert_eq!(figures.struck.len(), WAYS.len(), "{figures:?}");
}
