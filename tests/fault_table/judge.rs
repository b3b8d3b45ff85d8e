//! What the sandbox's record says of a set of customers, whatever runs and ledgers they came through.

use std::collections::BTreeMap;
use std::process::Command;

use rollcall::sandbox::{Sandbox, Violations};

/// What is wrong with the claim that these customers and no others exist, each created once, and that no client asked
/// for one under a second id.
pub(crate) fn once(sandbox: &Sandbox, accepted: &[String]) -> Vec<String> {
    let mut troubles = Vec::new();
    let mut times: BTreeMap<&str, u64> = accepted.iter().map(|id| (id.as_str(), 0)).collect();
    let held = sandbox.customers();
    for held in &held {
        match times.get_mut(held.customer_id.as_str()) {
            Some(times) => *times += held.creates,
            None => troubles.push(format!("{} was created and should not", held.customer_id)),
        }
    }
    let wrong = times.into_iter().filter(|(_, times)| *times != 1);
    troubles.extend(wrong.map(|(id, times)| format!("{id} was created {times} times")));
    let tally = sandbox.tally();
    if tally.violations != Violations::default() || tally.duplicates_refused != 0 {
        troubles.push(format!("{tally}"));
    }
    troubles
}

/// Fails the test unless [`once`] finds nothing.
pub(crate) fn hold_once(sandbox: &Sandbox, accepted: &[String], about: &str) {
    let troubles = once(sandbox, accepted);
    assert!(troubles.is_empty(), "{about}: {troubles:#?}");
}

/// Sends a signal with the shell's own `kill`, which every system has.
pub(crate) fn signal(process: u32, name: &str) {
    let kill = format!("kill -s {name} {process}");
    assert!(Command::new("sh").args(["-c", &kill]).status().unwrap().success());
}

/// The judge can say no.
#[tokio::test(flavor = "multi_thread")]
async fn a_customer_who_is_missing_and_one_who_should_not_be_there_are_seen() {
    let (sandbox, file) = (
        crate::bench::sandbox(rollcall::sandbox::Options::default()).await,
        crate::bench::customers(20, 5, 0.0),
    );
    let bench = crate::bench::Bench::against(&sandbox);
    bench.write("customers.csv", &file.csv);
    bench.expect(0, &["run", "customers.csv"]).await;
    hold_once(&sandbox, &file.accepted, "a good run");
    let mut other = file.accepted.clone();
    other[0] = "nobody".to_owned();
    let troubles = once(&sandbox, &other).join("\n");
    assert!(
        troubles.contains("created and should not") && troubles.contains("created 0 times"),
        "{troubles}"
    );
}
