//! The one judge of a finished run: every accepted customer exactly once, by the sandbox's record and by the ledger's.

use std::collections::{BTreeMap, BTreeSet};

use rollcall::sandbox::{CustomerRecord, Options, Sandbox, Tally, Violations};
use serde_json::Value;

use crate::bench::{Bench, customers, sandbox};

/// Everything that a finished run is judged by.
#[derive(Clone, Debug)]
pub(crate) struct Evidence {
    /// Ids of the customers that were to be created, from whoever made the file.
    accepted: Vec<String>,
    /// What the sandbox holds.
    held: Vec<CustomerRecord>,
    /// What the sandbox saw.
    tally: Tally,
    /// `report --format json`
    report: Value,
    /// `report --format csv`
    records: Vec<BTreeMap<String, String>>,
    /// What `ledger verify` finds.
    unsound: Vec<String>,
}

impl Evidence {
    pub(crate) async fn gather(bench: &Bench, sandbox: &Sandbox, accepted: &[String]) -> Self {
        Self {
            accepted: accepted.to_vec(),
            held: sandbox.customers(),
            tally: sandbox.tally(),
            report: bench.report(&[]).await,
            records: bench.records(&[]).await,
            unsound: rollcall::ledger::verify(&bench.ledger())
                .unwrap()
                .troubles
                .iter()
                .map(|trouble| format!("{trouble:?}"))
                .collect(),
        }
    }

    /// What is wrong; nothing, if all is well.
    pub(crate) fn troubles(&self) -> Vec<String> {
        let mut troubles = Vec::new();
        self.judge_sandbox(&mut troubles);
        self.judge_ledger(&mut troubles);
        troubles.extend_from_slice(&self.unsound);
        troubles
    }

    /// Fails the test unless all is well.
    pub(crate) fn hold(&self, about: &str) {
        let troubles = self.troubles();
        assert!(troubles.is_empty(), "{about}: {troubles:#?}");
    }

    fn judge_sandbox(&self, troubles: &mut Vec<String>) {
        let mut times: BTreeMap<&str, u64> = self.accepted.iter().map(|id| (id.as_str(), 0)).collect();
        for held in &self.held {
            match times.get_mut(held.customer_id.as_str()) {
                Some(times) => *times += held.creates,
                None => troubles.push(format!("{} was created and should not", held.customer_id)),
            }
        }
        let wrong = times.into_iter().filter(|(_, times)| *times != 1);
        troubles.extend(wrong.map(|(id, times)| format!("{id} was created {times} times")));
        if self.tally.violations != Violations::default() {
            troubles.push(format!("{:?}", self.tally.violations));
        }
        // The sandbox keeps ids unique: a client that forgets what it sent shows here.
        if self.tally.duplicates_refused != 0 {
            troubles.push(format!("{} duplicates refused", self.tally.duplicates_refused));
        }
    }

    fn judge_ledger(&self, troubles: &mut Vec<String>) {
        let held: BTreeMap<&str, &str> = self
            .held
            .iter()
            .map(|held| (held.customer_id.as_str(), held.idempotency_id.as_str()))
            .collect();
        let mut done = BTreeSet::new();
        for record in &self.records {
            let (id, state) = (record["customer_id"].as_str(), record["state"].as_str());
            match state {
                "created" | "existing" => {
                    if !done.insert(id) {
                        troubles.push(format!("the ledger has {id} as done twice"));
                    }
                    if held.get(id) != Some(&record["idempotency_id"].as_str()) {
                        troubles.push(format!("the ledger's idempotency id of {id} is not the sandbox's"));
                    }
                }
                "rejected" | "duplicate" | "conflict" => {}
                _ => troubles.push(format!("record {} is {state}", record["record"])),
            }
        }
        if done != self.accepted.iter().map(String::as_str).collect() {
            troubles.push(format!("{} done in the ledger", done.len()));
        }
        let totals = self.report["totals"].as_object().unwrap();
        let sum: u64 = totals.values().filter_map(Value::as_u64).sum();
        let balanced = self.report["balanced"] == true && self.report["records"].as_u64() == Some(sum);
        if !balanced || self.records.len() as u64 != sum || self.report["open"] != 0 {
            troubles.push(format!("out of balance: {}", self.report));
        }
        if self.report["status"] != "finished" {
            troubles.push(format!("the run is {}", self.report["status"]));
        }
    }
}

/// The judge's positive control: evidence of a good run, doctored in one place.
#[tokio::test(flavor = "multi_thread")]
async fn the_judge_sees_whatever_is_wrong() {
    let sandbox = sandbox(Options::default()).await;
    let bench = Bench::against(&sandbox);
    let file = customers(40, 3, 5.0);
    bench.write("customers.csv", &file.csv);
    bench
        .expect(1, &["run", "customers.csv", "--max-rejects", "100%"])
        .await;
    let good = Evidence::gather(&bench, &sandbox, &file.accepted).await;
    good.hold("a good run");

    let check = |what: &str, doctor: &dyn Fn(&mut Evidence), expected: &str| {
        let mut evidence = good.clone();
        doctor(&mut evidence);
        let troubles = evidence.troubles().join("\n");
        assert!(troubles.contains(expected), "{what}: {troubles}");
        eprintln!("reliability: positive control the judge of runs and {what} = caught");
    };
    let row = good.records.iter().position(|record| record["state"] == "created");
    let row = row.unwrap();
    check("lost", &|it| drop(it.held.pop()), "created 0 times");
    check(
        "created twice",
        &|it| it.held.push(it.held[0].clone()),
        "created 2 times",
    );
    check(
        "created twice in place",
        &|it| it.held[0].creates = 2,
        "created 2 times",
    );
    check(
        "a stranger",
        &|it| it.held[0].customer_id.push('x'),
        "was created and should not",
    );
    check(
        "another idempotency id",
        &|it| it.held[0].idempotency_id.push('x'),
        "is not the sandbox's",
    );
    check(
        "a changed body",
        &|it| it.tally.violations.changed_bodies = 1,
        "changed_bodies: 1",
    );
    check(
        "a forgotten id",
        &|it| it.tally.duplicates_refused = 1,
        "1 duplicates refused",
    );
    for state in ["pending", "in_flight", "unresolved", "refused"] {
        let doctor = |it: &mut Evidence| drop(it.records[row].insert("state".to_owned(), state.to_owned()));
        check(state, &doctor, &format!("is {state}"));
    }
    check("a lost row", &|it| drop(it.records.pop()), "out of balance");
    check(
        "a false total",
        &|it| it.report["totals"]["rejected"] = 99.into(),
        "out of balance",
    );
    check(
        "an unsound ledger",
        &|it| it.unsound.push("a checksum".to_owned()),
        "a checksum",
    );
    check(
        "not finished",
        &|it| it.report["status"] = "stopped".into(),
        "the run is",
    );
}
