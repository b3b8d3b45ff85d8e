//! One process with one fault at one write, and what may not be wrong afterwards.
//!
//! The process stands still before the fault strikes. While it does, what is on the wire arrives at the sandbox and a
//! reader looks at the ledger from outside. Whatever that reader sees has been shown.

use std::sync::mpsc;
use std::time::Duration;

use rollcall::sandbox::{FaultRates, Options, Sandbox};
use tokio::time::sleep;

use crate::bench::{Bench, Customers, Done, sandbox};
use crate::shim::{self, Fault, Trace};
use crate::verdict::Evidence;
use crate::view::{View, invented, look, lost, unclaimed};

pub(crate) const RUN: [&str; 4] = ["run", "customers.csv", "--max-rejects", "100%"];

/// How long the process stands still at least: what it has put on the wire before its claim is on disk would arrive
/// meanwhile.
const STANDSTILL: Duration = Duration::from_millis(15);
/// Longest that the outside reader may need; a writer that holds the whole file, as for a moment when it makes it,
/// shows nothing.
const LOOK: Duration = Duration::from_millis(250);

/// What came of a fault.
#[derive(Debug)]
pub(crate) struct Case {
    pub(crate) fault: Fault,
    pub(crate) trace: Trace,
    pub(crate) done: Done,
    /// Everything that is wrong.
    pub(crate) troubles: Vec<String>,
    /// Whether the process came to a good end in spite of the fault.
    pub(crate) survived: bool,
}

/// A sandbox that breaks one request in five, half of those after the effect.
fn troubled(seed: u64) -> Options {
    Options {
        faults: FaultRates {
            error_500: 0.03,
            error_500_after_commit: 0.06,
            reset_before: 0.03,
            reset_after: 0.06,
            html_502: 0.02,
            ..FaultRates::default()
        },
        seed,
        ..Options::default()
    }
}

/// A bench with a file, and a sandbox that breaks.
pub(crate) async fn bench(file: &Customers, seed: u64) -> (Bench, Sandbox) {
    let sandbox = sandbox(troubled(seed)).await;
    let mut bench = Bench::against(&sandbox);
    // Few rows in a commit, so that there are many commits.
    bench.set("ROLLCALL_SEND_MAX_IN_FLIGHT", "2");
    bench.set("ROLLCALL_INPUT_WORKERS", "1");
    bench.write("customers.csv", &file.csv);
    (bench, sandbox)
}

/// The ledger as a reader sees it now, if it may look.
async fn glance(bench: &Bench) -> View {
    let (ledger, (give, take)) = (bench.ledger(), mpsc::channel());
    // A reader that has to wait goes on waiting behind the process's end, and nobody listens to it any more.
    std::thread::spawn(move || drop(give.send(look(&ledger))));
    let seen = tokio::task::spawn_blocking(move || take.recv_timeout(LOOK)).await;
    seen.unwrap().ok().and_then(Result::ok).unwrap_or_default()
}

/// Runs one process with the fault, and gives what a reader saw before it struck.
pub(crate) async fn strike(bench: &mut Bench, fault: Fault) -> (Done, View, Trace) {
    shim::arm(bench, fault);
    let mut working = bench.start(&RUN);
    let mut before = View::new();
    let at_gate = bench.path("gate.at");
    if working.end_or(move |_| at_gate.exists()).await {
        sleep(STANDSTILL).await;
        before = glance(bench).await;
        shim::let_strike(bench);
    }
    let done = working.end().await;
    shim::disarm(bench);
    (done, before, shim::trace(bench))
}

/// One fault at one write of a run over a file, and the same command until its end.
pub(crate) async fn case(fault: Fault, file: &Customers, seed: u64) -> Case {
    let (mut bench, sandbox) = bench(file, seed).await;
    let (done, before, trace) = strike(&mut bench, fault).await;
    let mut troubles = judge_exit(fault, &trace, &done);
    troubles.extend(judge_at_once(&bench, &sandbox, &before));
    let survived = matches!(done.code, Some(0 | 1));
    if survived {
        let evidence = Evidence::gather(&bench, &sandbox, &file.accepted).await;
        troubles.extend(evidence.troubles());
    }
    troubles.extend(go_on(&bench, &sandbox, file).await);
    sandbox.stop().await;
    Case {
        fault,
        trace,
        done,
        troubles,
        survived,
    }
}

/// What is wrong with the way in which a process ended.
pub(crate) fn judge_exit(fault: Fault, trace: &Trace, done: &Done) -> Vec<String> {
    let mut troubles = Vec::new();
    let mut check = |holds: bool, what: &str| {
        if !holds {
            troubles.push(format!("{what}: exit code {:?}, {}", done.code, done.stderr));
        }
    };
    check(!done.stderr.contains("panicked"), "a panic");
    if trace.struck.is_none() {
        check(matches!(done.code, Some(0 | 1)), "no good end without a fault");
    } else if fault.kills() {
        check(done.code.is_none(), "the process outlived the fault");
    } else {
        check(matches!(done.code, Some(0 | 1 | 3)), "neither a good end nor an error");
        // A fault in the checkpoint at the end costs nothing: all is in the log. Any other ends the process.
        check(done.code == Some(3) || !trace.written_after, "an error was passed over");
        if done.code == Some(3) {
            let causes = [
                "disk I/O error",
                "disk is full",
                "readonly",
                "os error",
                "cannot keep its log",
            ];
            let said = causes.iter().any(|cause| done.stderr.contains(cause));
            check(said, "the error does not say what happened");
            check(done.stderr.contains("\nhint: "), "the error does not say what to do");
        }
    }
    troubles
}

/// What may not be wrong at any moment, also between two processes.
pub(crate) fn judge_at_once(bench: &Bench, sandbox: &Sandbox, before: &View) -> Vec<String> {
    let after = match look(&bench.ledger()) {
        Ok(after) => after,
        Err(error) => return vec![format!("the ledger cannot be read: {error:?}")],
    };
    let held = sandbox.customers();
    let mut troubles = lost(before, &after);
    troubles.extend(unclaimed(&held, &after));
    troubles.extend(invented(&held, &after));
    troubles
}

/// The same command until its end, which every accepted customer has to reach exactly once.
pub(crate) async fn go_on(bench: &Bench, sandbox: &Sandbox, file: &Customers) -> Vec<String> {
    let done = bench.run(&RUN).await;
    if !matches!(done.code, Some(0 | 1)) {
        return vec![format!("it does not go on: {done:#?}")];
    }
    Evidence::gather(bench, sandbox, &file.accepted).await.troubles()
}
