//! The rate limit by the server's own time stamps: the highest count in any window, and how much of the limit is used.
//!
//! The bound itself is held exactly under paused time, in `send` and in the simulation. Here is a real network and a
//! real clock: on a busy machine requests arrive closer together than they left. So the quick form tells the run a
//! tenth less than it holds it to; the long form, `scripts/reliability`, tells it the limit itself.

use std::time::Duration;

use rollcall::sandbox::{Options, Sandbox, highest_in_window};

use crate::bench::{Bench, customers, number, sandbox};

/// The highest count in each window as a share of what the limit allows in it, and the share of the limit that was used.
#[derive(Debug)]
struct Measured {
    highest: Vec<(u32, f64)>,
    used: f64,
}

/// Runs `limit` × `seconds` rows at the rate `told` and measures what arrived.
async fn measure(sandbox: &Sandbox, limit: u32, told: u32, seconds: u32, seed: u64) -> Measured {
    let bench = Bench::against(sandbox);
    bench.write("customers.csv", &customers((limit * seconds).into(), seed, 0.0).csv);
    let rate = told.to_string();
    // The canary waits for its last answer, and is no part of a steady flow.
    bench
        .expect(0, &["run", "customers.csv", "--rate", &rate, "--canary", "0"])
        .await;
    let arrivals: Vec<Duration> = sandbox.arrivals().iter().map(|arrival| arrival.at).collect();
    let highest = [1, 10, 60]
        .into_iter()
        .filter(|window| *window < seconds)
        .map(|window| {
            let count = highest_in_window(&arrivals, Duration::from_secs(window.into()));
            (window, share(count, limit * window))
        });
    // The first second has the token's request and the start of the flow.
    let (first, last) = (arrivals[0] + Duration::from_secs(1), arrivals[arrivals.len() - 1]);
    let steady = arrivals.iter().filter(|at| **at >= first).count();
    Measured {
        highest: highest.collect(),
        used: share(steady, limit) / last.saturating_sub(first).as_secs_f64(),
    }
}

#[expect(clippy::cast_precision_loss, reason = "counts of requests, far below 2^52")]
fn share(count: usize, of: u32) -> f64 {
    count as f64 / f64::from(of)
}

#[tokio::test(flavor = "multi_thread")]
async fn no_window_holds_more_requests_than_the_limit_allows() {
    let long = number("ROLLCALL_RATE_SECONDS").and_then(|seconds| u32::try_from(seconds).ok());
    let limits: &[u32] = if long.is_some() { &[20, 200, 1_000] } else { &[100] };
    for limit in limits {
        let told = if long.is_some() { *limit } else { limit * 9 / 10 };
        let sandbox = sandbox(Options::default()).await;
        let measured = measure(&sandbox, *limit, told, long.unwrap_or(3), 51).await;
        for (window, share) in &measured.highest {
            eprintln!("reliability: highest window of {window} s over a limit of {limit}/s, real clock = {share:.4}");
            assert!(*share <= 1.0, "{window} s: {measured:?}");
        }
        if long.is_some() {
            eprintln!(
                "reliability: use of a limit of {limit}/s, real clock = {:.4}",
                measured.used
            );
            assert!(measured.used >= 0.97, "{measured:?}");
        }
    }
}

/// The positive control: the same measure sees a run without a limit.
#[tokio::test(flavor = "multi_thread")]
async fn a_run_without_a_limit_is_seen_to_exceed_it() {
    let sandbox = sandbox(Options::default()).await;
    let measured = measure(&sandbox, 30, 0, 2, 52).await;
    assert!(measured.highest.iter().all(|(_, share)| *share > 1.0), "{measured:?}");
    eprintln!("reliability: positive control a run without a limit = caught");
}
