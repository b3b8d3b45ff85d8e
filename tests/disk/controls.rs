//! The positive controls: where the safety is missing, the judge must see it.

use crate::case::{RUN, bench, go_on, judge_at_once, judge_exit, strike};
use crate::shim::Fault;
use crate::sweep::{file, seed, writes};

/// A disk that says yes to every sync and keeps nothing loses what it had confirmed when the power goes.
#[tokio::test(flavor = "multi_thread")]
async fn a_disk_that_lies_about_its_syncs_is_found_out() {
    let seed = seed();
    eprintln!("ROLLCALL_SEED={seed}");
    let file = file(seed);
    let late = writes(&file, seed).await * 2 / 3;
    let (mut bench, sandbox) = bench(&file, seed).await;
    let fault = Fault {
        mode: "cut",
        at: late,
        lies: true,
        ..Fault::default()
    };
    let (done, before, trace) = strike(&mut bench, fault).await;
    assert_eq!((done.code, trace.struck.is_some()), (None, true), "{done:#?}");
    let troubles = judge_at_once(&bench, &sandbox, &before).join("\n");
    assert!(troubles.contains("lost outcome:"), "{troubles}");
    assert!(troubles.contains("sent without a claim on disk"), "{troubles}");
    // Even then nobody is created twice: a lost ledger costs time and nothing else.
    let troubles = go_on(&bench, &sandbox, &file).await;
    assert!(troubles.is_empty(), "{troubles:#?}");
    eprintln!("reliability: positive control a disk that lies about its syncs = caught");
}

/// The same cut on an honest disk loses nothing: what the control above sees is the lie.
#[tokio::test(flavor = "multi_thread")]
async fn an_honest_disk_loses_nothing_at_the_same_cut() {
    let seed = seed();
    eprintln!("ROLLCALL_SEED={seed}");
    let file = file(seed);
    let late = writes(&file, seed).await * 2 / 3;
    let (mut bench, sandbox) = bench(&file, seed).await;
    let fault = Fault {
        mode: "cut",
        at: late,
        ..Fault::default()
    };
    let (_, before, trace) = strike(&mut bench, fault).await;
    assert!(trace.struck.is_some() && before.len() > 50, "{trace:?}");
    assert_eq!(judge_at_once(&bench, &sandbox, &before), Vec::<String>::new());
}

/// A ledger that is lost and a namespace that is another: others' ids for customers who exist.
#[tokio::test(flavor = "multi_thread")]
async fn a_lost_ledger_and_another_namespace_are_found_out() {
    let seed = seed();
    eprintln!("ROLLCALL_SEED={seed}");
    let file = file(seed);
    let late = writes(&file, seed).await * 2 / 3;
    let (mut bench, sandbox) = bench(&file, seed).await;
    let fault = Fault {
        mode: "kill",
        at: late,
        ..Fault::default()
    };
    let (_, before, _) = strike(&mut bench, fault).await;
    bench.lose_ledger();
    let troubles = judge_at_once(&bench, &sandbox, &before).join("\n");
    assert!(troubles.contains("lost outcome:"), "{troubles}");
    bench.set("ROLLCALL_API_NAMESPACE", "11111111-1111-4111-8111-111111111111");
    let troubles = go_on(&bench, &sandbox, &file).await.join("\n");
    assert!(troubles.contains("duplicates refused"), "{troubles}");
    eprintln!("reliability: positive control a lost ledger with other ids = caught");
}

/// A fault that never strikes proves nothing, and is noticed.
#[tokio::test(flavor = "multi_thread")]
async fn a_fault_that_never_strikes_is_noticed() {
    let file = file(1);
    let (mut bench, _sandbox) = bench(&file, 1).await;
    let fault = Fault {
        mode: "kill",
        at: 1_000_000,
        ..Fault::default()
    };
    let (done, _, trace) = strike(&mut bench, fault).await;
    assert_eq!(trace.struck, None);
    assert!(trace.calls > 150, "the library counts: {trace:?}");
    assert_eq!(judge_exit(fault, &trace, &done), Vec::<String>::new());
    // And a process that should have been killed and was not is one too.
    let struck = crate::shim::Trace {
        struck: Some(String::new()),
        ..trace
    };
    let troubles = judge_exit(fault, &struck, &done).join("\n");
    assert!(troubles.contains("outlived the fault"), "{troubles}");
    assert_eq!(bench.run(&RUN).await.code, done.code, "there is nothing left to do");
    eprintln!("reliability: positive control a fault that never strikes = caught");
}
