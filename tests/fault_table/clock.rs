//! The time of day jumps, as when a clock is set: tokens, rate and days don't follow it.

use std::time::Duration;

use rollcall::sandbox::Options;

use crate::bench::{Bench, customers, sandbox};
use crate::shim;
use crate::verdict::Evidence;

const HOUR: i64 = 3600;
const TEN_YEARS: i64 = 3652 * 24 * HOUR;
const STEPS: [i64; 4] = [HOUR, -HOUR, TEN_YEARS, -TEN_YEARS];

#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_jumps_while_sending_changes_neither_rate_nor_token_nor_outcome() {
    for step in STEPS {
        let sandbox = sandbox(Options {
            rate_per_second: Some(100),
            ..Options::default()
        })
        .await;
        let mut bench = Bench::against(&sandbox);
        bench.set("ROLLCALL_SEND_RATE_PER_SECOND", "95");
        let file = customers(150, 31, 0.0);
        bench.write("customers.csv", &file.csv);
        shim::arm_clock(&mut bench, step);
        let mut working = bench.start(&["run", "customers.csv"]);
        assert!(working.end_or(|_| sandbox.tally().requests.create >= 50).await);
        bench.write("step", "");
        let done = working.end().await;
        let trace = shim::trace(&bench);
        assert!(trace.stepped, "{step}: nobody saw the step");
        assert_eq!(done.code, Some(0), "{step}: {done:#?}");
        shim::disarm(&mut bench);
        Evidence::gather(&bench, &sandbox, &file.accepted)
            .await
            .hold(&format!("a step of {step} s"));
        let tally = sandbox.tally();
        assert_eq!((tally.rate_limited, tally.requests.token), (0, 1), "{step}: {tally}");
    }
}

/// A token of two seconds is renewed by a clock that does not jump.
#[tokio::test(flavor = "multi_thread")]
async fn a_clock_that_jumps_ends_no_token_early_and_keeps_none_too_long() {
    for step in STEPS {
        let sandbox = sandbox(Options {
            token_life: Duration::from_secs(2),
            ..Options::default()
        })
        .await;
        let mut bench = Bench::against(&sandbox);
        bench.set("ROLLCALL_SEND_RATE_PER_SECOND", "60");
        let file = customers(180, 32, 0.0);
        bench.write("customers.csv", &file.csv);
        shim::arm_clock(&mut bench, step);
        let mut working = bench.start(&["run", "customers.csv"]);
        assert!(working.end_or(|_| sandbox.tally().requests.create >= 40).await);
        bench.write("step", "");
        let done = working.end().await;
        assert!(shim::trace(&bench).stepped, "{step}: nobody saw the step");
        assert_eq!(done.code, Some(0), "{step}: {done:#?}");
        shim::disarm(&mut bench);
        Evidence::gather(&bench, &sandbox, &file.accepted)
            .await
            .hold(&format!("a step of {step} s"));
        let tokens = sandbox.tally().requests.token;
        assert!((2..=8).contains(&tokens), "{step}: {tokens} tokens");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_that_goes_on_on_another_day_keeps_its_own_day() {
    for step in STEPS {
        let sandbox = sandbox(Options {
            latency: Duration::from_millis(4),
            ..Options::default()
        })
        .await;
        let mut bench = Bench::against(&sandbox);
        bench.set("ROLLCALL_SEND_MAX_IN_FLIGHT", "4");
        let file = customers(150, 33, 0.0);
        bench.write("customers.csv", &file.csv);
        let mut working = bench.start(&["run", "customers.csv"]);
        assert!(working.end_or(|_| sandbox.tally().requests.create >= 50).await);
        working.kill();
        bench.write("step", "");
        shim::arm_clock(&mut bench, step);
        bench.expect(0, &["run", "customers.csv"]).await;
        assert!(shim::trace(&bench).stepped, "{step}: nobody saw the step");
        Evidence::gather(&bench, &sandbox, &file.accepted)
            .await
            .hold(&format!("another day, {step} s away"));
    }
}
