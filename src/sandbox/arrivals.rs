//! When requests arrived: the sandbox's own time stamps, from which a test measures a client's rate.
//!
//! The times are Tokio's, so that they hold on paused time too; they say nothing about when an answer left.

use std::time::Duration;

use tokio::time::Instant;

use super::tally::RequestKind;

/// How many arrivals are kept, the first ones: 4 million take about 100 MB, hours at the rates that are measured.
const ARRIVALS_KEPT: usize = 1 << 22;

/// One request, as its head arrived; requests for a token included.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Arrival {
    /// What was asked.
    pub kind: RequestKind,
    /// The time since the sandbox started.
    pub at: Duration,
}

/// The arrivals so far, in order.
#[derive(Debug)]
pub(super) struct Arrivals {
    began: Instant,
    kept: Vec<Arrival>,
}

impl Arrivals {
    pub(super) fn new() -> Arrivals {
        Arrivals {
            began: Instant::now(),
            kept: Vec::new(),
        }
    }

    pub(super) fn add(&mut self, kind: RequestKind, now: Instant) {
        if self.kept.len() < ARRIVALS_KEPT {
            let at = now.saturating_duration_since(self.began);
            self.kept.push(Arrival { kind, at });
        }
    }

    pub(super) fn kept(&self) -> Vec<Arrival> {
        self.kept.clone()
    }
}

/// The highest number of times in any window of this length; a window ends before the moment that is its length after
/// its beginning. The times may come in any order. A window without length holds nothing.
pub fn highest_in_window(times: &[Duration], window: Duration) -> usize {
    if window.is_zero() {
        return 0;
    }
    let mut times = times.to_vec();
    times.sort_unstable();
    let mut first = times.iter().peekable();
    let (mut inside, mut highest) = (0, 0);
    for &time in &times {
        inside += 1;
        while first
            .next_if(|&&earliest| time.saturating_sub(earliest) >= window)
            .is_some()
        {
            inside -= 1;
        }
        highest = highest.max(inside);
    }
    highest
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    /// Counts from each time on.
    fn naive(times: &[Duration], window: Duration) -> usize {
        let from = |start: Duration| {
            let inside = times
                .iter()
                .filter(|&&time| time >= start && time.saturating_sub(start) < window);
            inside.count()
        };
        times.iter().map(|&start| from(start)).max().unwrap_or_default()
    }

    #[test]
    fn a_window_ends_before_its_last_moment() {
        let at = |times: &[u64]| times.iter().copied().map(Duration::from_millis).collect::<Vec<_>>();
        let check = |times: &[u64], expected| {
            assert_eq!(
                highest_in_window(&at(times), Duration::from_secs(1)),
                expected,
                "{times:?}"
            );
        };
        check(&[], 0);
        check(&[5], 1);
        check(&[0, 999], 2);
        check(&[0, 1000], 1);
        check(&[0, 500, 1000, 1499], 3);
        check(&[7, 7, 7, 2000], 3);
        check(&[1499, 0, 1000, 500], 3);
    }

    proptest! {
        #[test]
        fn it_is_what_counting_every_window_gives(
            times in prop::collection::vec(0_u64..200, 0..60), window in 0_u64..80,
        ) {
            let times: Vec<Duration> = times.into_iter().map(Duration::from_millis).collect();
            let window = Duration::from_millis(window);
            prop_assert_eq!(highest_in_window(&times, window), naive(&times, window));
        }
    }
}
