//! What the end of a request says beside what it means for its row: to the limit of requests on the wire, and to whoever
//! measures.
//!
//! It deliberately decides nothing about a row or the run, and keeps no moment: only counts.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use crate::send::classify::{Reason, Verdict};

/// The classes of answers, in words that never change their meaning: alerts are written with them.
pub const ANSWERS: [&str; 9] = [
    "created",
    "found",
    "conflict",
    "refused",
    "throttled",
    "unclear",
    "not_reached",
    "not_permitted",
    "token_refused",
];

/// Upper ends of the classes of latency, in seconds: from a service next door to `send.request-timeout` and its double.
pub const LATENCY_BOUNDS: [f64; 12] = [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0, 10.0, 30.0];

/// Times from a request to its end, for customers alone: tokens come from elsewhere.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct Latencies {
    /// How many were up to each of [`LATENCY_BOUNDS`] and above the one before; the last is for all above.
    pub counts: [u64; LATENCY_BOUNDS.len() + 1],
    /// Their sum, in seconds.
    pub sum_seconds: f64,
}

/// Counts of requests that have ended.
#[derive(Debug, Default)]
pub(super) struct Meter {
    answers: [AtomicU64; ANSWERS.len()],
    latencies: [AtomicU64; LATENCY_BOUNDS.len() + 1],
    microseconds: AtomicU64,
}

impl Meter {
    /// Counts a request that ended so after this time. One that was never made is not counted.
    pub(super) fn take(&self, verdict: Verdict, took: Duration) {
        let Some(class) = class(verdict) else { return };
        let place = ANSWERS.iter().position(|word| *word == class);
        let bound = LATENCY_BOUNDS.iter().position(|bound| took.as_secs_f64() <= *bound);
        let counts = [
            place.and_then(|place| self.answers.get(place)),
            self.latencies.get(bound.unwrap_or(LATENCY_BOUNDS.len())),
        ];
        for count in counts.into_iter().flatten() {
            count.fetch_add(1, Ordering::Relaxed);
        }
        let microseconds = u64::try_from(took.as_micros()).unwrap_or(u64::MAX);
        self.microseconds.fetch_add(microseconds, Ordering::Relaxed);
    }

    /// The counts of [`ANSWERS`].
    pub(super) fn answers(&self) -> [u64; ANSWERS.len()] {
        self.answers.each_ref().map(|count| count.load(Ordering::Relaxed))
    }

    pub(super) fn latencies(&self) -> Latencies {
        let sum = Duration::from_micros(self.microseconds.load(Ordering::Relaxed));
        Latencies {
            counts: self.latencies.each_ref().map(|count| count.load(Ordering::Relaxed)),
            sum_seconds: sum.as_secs_f64(),
        }
    }
}

/// The class of an answer; `None` where no request was made.
fn class(verdict: Verdict) -> Option<&'static str> {
    Some(match verdict {
        Verdict::Created => "created",
        Verdict::ReadBack | Verdict::Existing => "found",
        Verdict::Conflict => "conflict",
        Verdict::Refused => "refused",
        Verdict::Wait(_) => "throttled",
        Verdict::Unknown(Reason::NotAddressable) => return None,
        Verdict::Unknown(_) => "unclear",
        Verdict::NotReached | Verdict::NotTrusted => "not_reached",
        Verdict::NotPermitted | Verdict::Unreadable => "not_permitted",
        Verdict::RefreshToken => "token_refused",
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_request_is_counted_once_by_its_answer_and_its_time() {
        let meter = Meter::default();
        let take = |verdict, milliseconds| meter.take(verdict, Duration::from_millis(milliseconds));
        take(Verdict::Created, 5);
        take(Verdict::Created, 6);
        take(Verdict::Unknown(Reason::Timeout), 30_001);
        take(Verdict::Unknown(Reason::NotAddressable), 1);
        assert_eq!(meter.answers(), [2, 0, 0, 0, 0, 1, 0, 0, 0]);
        let found = meter.latencies();
        assert_eq!(found.counts, [1, 1, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 1]);
        assert!((found.sum_seconds - 30.012).abs() < 1e-9, "{}", found.sum_seconds);
    }

    #[test]
    fn every_class_of_an_answer_has_a_place() {
        for verdict in [
            Verdict::Created,
            Verdict::ReadBack,
            Verdict::Existing,
            Verdict::Conflict,
            Verdict::Refused,
            Verdict::Wait(Reason::Timeout),
            Verdict::Unknown(Reason::Reset),
            Verdict::NotReached,
            Verdict::NotTrusted,
            Verdict::NotPermitted,
            Verdict::Unreadable,
            Verdict::RefreshToken,
        ] {
            assert!(ANSWERS.contains(&class(verdict).unwrap()), "{verdict:?}");
        }
    }
}
