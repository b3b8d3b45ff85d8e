//! The seeds: as many as there is time for, one twice, and each bug until it is caught.

use std::collections::BTreeMap;

use crate::bugs::Bug;
use crate::judge::Rule;
use crate::storm::{Report, simulate};

/// Seeds of the quick form.
const QUICK_SEEDS: u64 = 1_000;
/// Seeds within which each bug must be caught.
const CONTROL_SEEDS: u64 = 60;
/// Failures that are told in full.
const MOST_TOLD: usize = 3;

fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

fn first_seed() -> u64 {
    number("ROLLCALL_SEED").unwrap_or(1)
}

/// What all simulations came to.
#[derive(Debug, Default)]
struct Figures {
    runs: u64,
    requests: u64,
    kills: u64,
    ledgers_lost: u64,
    rows: u64,
    not_once: u64,
    unaccounted: u64,
    set_aside: u64,
    stuck: u64,
    misled: u64,
    simulated_s: u64,
    alone: [f64; 3],
    together: [f64; 3],
    breaches: BTreeMap<Rule, u64>,
    failed: Vec<u64>,
}

impl Figures {
    fn add(&mut self, report: &Report) {
        self.runs += 1;
        self.requests += report.requests;
        self.kills += report.kills;
        self.ledgers_lost += report.ledgers_lost;
        self.rows += report.case.kinds.len() as u64;
        self.not_once += report.ending.not_once;
        self.unaccounted += report.ending.unaccounted;
        self.set_aside += report.ending.set_aside;
        self.stuck += report.ending.stuck;
        self.misled += report.misled;
        self.simulated_s += report.simulated.as_secs();
        for at in 0..3 {
            self.alone[at] = self.alone[at].max(report.alone[at]);
            self.together[at] = self.together[at].max(report.together[at]);
        }
        for breach in &report.breaches {
            *self.breaches.entry(breach.rule).or_default() += 1;
        }
        if !report.breaches.is_empty() {
            self.failed.push(report.case.seed);
            if self.failed.len() <= MOST_TOLD {
                eprintln!("{}", report.tell());
            }
        }
    }

    fn breaches_of(&self, rule: Rule) -> u64 {
        self.breaches.get(&rule).copied().unwrap_or_default()
    }

    fn print(&self, first: u64) {
        let rows = [
            ("simulation, first seed", first),
            ("simulated runs", self.runs),
            ("simulated hours", self.simulated_s / 3_600),
            ("simulated rows", self.rows),
            ("simulated requests", self.requests),
            ("simulated kills", self.kills),
            ("simulated losses of the ledger", self.ledgers_lost),
            ("simulated customers not created exactly once", self.not_once),
            ("simulated rows unaccounted for", self.unaccounted),
            ("simulated rows set aside with a spoiled id", self.set_aside),
            ("simulated rows in flight for ever with a spoiled id", self.stuck),
            ("simulated rows given back after a false 503", self.misled),
            (
                "simulated runs that stopped for no reason",
                self.breaches_of(Rule::Stops),
            ),
            ("simulated false outcomes", self.breaches_of(Rule::TrueOutcome)),
            ("simulated lost outcomes", self.breaches_of(Rule::NothingLost)),
            ("simulated rates over the limit", self.breaches_of(Rule::Rate)),
            ("simulated runs without end", self.breaches_of(Rule::Ends)),
            ("simulated breaches of any rule", self.breaches.values().sum()),
        ];
        for (name, value) in rows {
            eprintln!("reliability: {name} = {value}");
        }
        for (at, window) in ["1 s", "10 s", "60 s"].into_iter().enumerate() {
            eprintln!(
                "reliability: simulated highest window of {window} over limit = {:.3}",
                self.alone[at]
            );
            let together = self.together[at];
            eprintln!("reliability: the same over restarts without a pause, {window} = {together:.3}");
        }
    }
}

/// `ROLLCALL_SEED` is the first seed and `ROLLCALL_SEEDS` how many.
#[test]
fn whatever_goes_wrong_every_customer_exists_exactly_once() {
    let first = first_seed();
    let seeds = number("ROLLCALL_SEEDS").unwrap_or(QUICK_SEEDS);
    let mut figures = Figures::default();
    for seed in first..first + seeds {
        figures.add(&simulate(seed, None));
    }
    figures.print(first);
    assert!(
        figures.failed.is_empty(),
        "{:?} with the seeds {:?}",
        figures.breaches,
        figures.failed
    );
    assert!(figures.kills >= seeds / 2, "too few kills: {}", figures.kills);
}

#[test]
fn the_same_seed_is_the_same_history() {
    for seed in first_seed()..first_seed() + 10 {
        let (one, other) = (simulate(seed, None), simulate(seed, None));
        assert_eq!(one.hash, other.hash, "seed {seed}");
        assert_eq!(one.requests, other.requests);
    }
}

#[test]
fn a_client_with_a_bug_is_caught() {
    for (bug, name, rule) in Bug::ALL {
        let mut found = BTreeMap::<Rule, u64>::new();
        let caught = (1..=CONTROL_SEEDS).find(|seed| {
            let report = simulate(*seed, Some(bug));
            for breach in &report.breaches {
                *found.entry(breach.rule).or_default() += 1;
            }
            found.contains_key(&rule)
        });
        eprintln!("a client with {name}: seed {caught:?}, {found:?}");
        assert!(caught.is_some(), "{name} is not caught by {rule:?}");
        eprintln!("reliability: positive control {name} = caught");
    }
}
