//! How many requests there may be: in any window, and in all.
//!
//! It counts what left, by the clock of the world; it deliberately does not ask why a request was made.

use std::time::Duration;

use rollcall::sandbox::highest_in_window;

use crate::case::Case;
use crate::judge::Rule;
use crate::world::World;

/// The highest count in any window of 1, 10 and 60 s, divided by the limit: each process for itself, and all of them.
pub(crate) fn rates(world: &World, limit: u32) -> ([f64; 3], [f64; 3]) {
    let departures = world.inner().departures.clone();
    let last = departures.last().map_or(0, |departure| departure.life);
    let mut alone = [0.0_f64; 3];
    for life in 1..=last {
        let times: Vec<Duration> = departures
            .iter()
            .filter(|departure| departure.life == life)
            .map(|departure| departure.at)
            .collect();
        for (highest, found) in alone.iter_mut().zip(windows(&times, limit)) {
            *highest = highest.max(found);
        }
    }
    if alone.iter().any(|ratio| *ratio > 1.0) {
        world.breach(
            Rule::Rate,
            None,
            format!("{alone:?} of the limit of {limit} in 1, 10, 60 s"),
        );
    }
    let times: Vec<Duration> = departures.iter().map(|departure| departure.at).collect();
    (alone, windows(&times, limit))
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
pub(crate) fn windows(times: &[Duration], limit: u32) -> [f64; 3] {
    [1_u32, 10, 60].map(|seconds| {
        let highest = highest_in_window(times, Duration::from_secs(u64::from(seconds)));
        highest as f64 / f64::from(limit * seconds)
    })
}

/// Each claim is worth its attempts and as many looks; what the service held off or nobody took comes again; and while the
/// faults last there is one probe each half of the shortest wait. More than that is a storm of its own.
pub(crate) fn amplification(world: &World, case: &Case) {
    let inner = world.inner();
    let (requests, claims, held_off) = (inner.row_requests, inner.claims, inner.held_off);
    drop(inner);
    let each = 2 * u64::from(case.send.max_attempts) + 2;
    let probing = world.now().min(case.storm);
    let probes = probing.as_millis() / (case.send.backoff_base.as_millis() / 2).max(1);
    let bound = u128::from(claims * each + held_off) + probes;
    if u128::from(requests) > bound {
        world.breach(
            Rule::Amplification,
            None,
            format!("{requests} requests, at most {bound}"),
        );
    }
}
