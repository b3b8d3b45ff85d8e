//! A service in trouble: what gets no clear answer is asked again, what is out is waited for, what is refused stops it.

use std::time::Duration;

use rollcall::ledger::Seen;
use rollcall::pipeline::CompareEnd;
use rollcall::sandbox::{FaultPlan, FaultRates, Options};
use rollcall::send::{Stop, StopReason};

use crate::bench::{Bench, sent};

fn plan(text: &str) -> FaultPlan {
    FaultPlan::from_toml(text).unwrap()
}

#[test]
fn faults_change_nothing_of_what_is_seen() {
    let (sandbox, mut bench) = sent(150, Options::default());
    assert!(sandbox.remove("C-9"));
    bench.settings.send.max_attempts = 50;
    let faults = FaultRates {
        error_500: 0.15,
        reset_before: 0.1,
        reset_after: 0.1,
        html_502: 0.1,
        token_expired_early: 0.02,
        ..FaultRates::default()
    };
    sandbox.set_faults(faults).unwrap();
    let compared = bench.compare(None);
    assert_eq!(compared.end, CompareEnd::Ended);
    let mut seen = bench.seen(compared.comparison_id);
    assert_eq!(seen.remove(&9), Some((Seen::Absent, None)));
    assert!(seen.len() == 149 && seen.values().all(|seen| seen.0 == Seen::Same));
    assert!(sandbox.tally().faults > 30);
    assert_eq!(sandbox.tally().requests.create, 150);
}

#[test]
fn an_outage_is_waited_for_and_a_longer_one_ends_it_resumable() {
    let (sandbox, mut bench) = sent(40, Options::default());
    sandbox
        .set_plan(plan("[[fault]]\nfault = \"refuse\"\nuntil = 0.4\n"))
        .unwrap();
    let compared = bench.compare(None);
    assert_eq!(compared.end, CompareEnd::Ended);
    bench.all_same(1, 40);

    bench.settings.send.give_up_after = Duration::from_millis(300);
    sandbox
        .set_plan(plan("[[fault]]\nfault = \"refuse\"\nuntil = 2.0\n"))
        .unwrap();
    let CompareEnd::Stopped(stop) = bench.compare(None).end else {
        panic!("it came to an end");
    };
    assert_eq!(stop.reason, StopReason::GaveUp);
    sandbox.set_plan(FaultPlan::default()).unwrap();
    bench.settings.send.give_up_after = Duration::from_secs(60);
    let bench = Bench {
        stop: Stop::new(),
        ..bench
    };
    let again = bench.compare(None);
    assert_eq!(
        (again.comparison_id, again.resumed, again.end),
        (2, true, CompareEnd::Ended)
    );
    bench.all_same(2, 40);
}

#[test]
fn a_client_that_may_not_read_is_told_so() {
    let (sandbox, bench) = sent(3, Options::default());
    sandbox
        .set_plan(plan(
            "[[fault]]\nfault = \"answer\"\nstatus = 403\non = [\"list\", \"read\"]\n",
        ))
        .unwrap();
    let CompareEnd::Stopped(stop) = bench.compare(None).end else {
        panic!("it came to an end");
    };
    assert_eq!(
        (stop.reason, stop.code()),
        (StopReason::ReadNotPermitted, "api.read_not_permitted")
    );
    assert!(stop.hint().contains("customers:read"));
}

/// A read that fails for ever is left open, and said; the same command asks for it alone.
#[test]
fn a_row_without_a_clear_answer_is_left_open_and_asked_for_again() {
    let (sandbox, mut bench) = sent(5, Options::default());
    bench.settings.send.max_attempts = 2;
    bench.settings.send.max_in_flight = 1;
    // The first read and its retry fail; which row that is, is the scheduler's.
    sandbox
        .set_plan(plan(
            "[[fault]]\nfault = \"answer\"\nstatus = 500\non = [\"read\"]\nshare = 0.4\n",
        ))
        .unwrap();
    let first = bench.compare(None);
    let CompareEnd::Unclear(unclear) = first.end else {
        panic!("{:?}", first.end);
    };
    assert_eq!(bench.seen(1).len() as u64, 5 - unclear);
    sandbox.set_plan(FaultPlan::default()).unwrap();
    let reads = sandbox.tally().requests.read;
    assert_eq!(bench.compare(None).end, CompareEnd::Ended);
    bench.all_same(1, 5);
    assert_eq!(sandbox.tally().requests.read - reads, unclear);
}
