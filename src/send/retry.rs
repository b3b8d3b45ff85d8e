//! The schedule of waits between attempts.
//!
//! Exponential backoff with full jitter: each wait is drawn evenly between nothing and a ceiling that doubles up to a
//! cap, so that rows that failed together do not come back together.
//!
//! It deliberately does not sleep, count attempts or know why an attempt failed: it is an iterator of durations.

use std::time::Duration;

/// How long the waits of a schedule may be.
#[derive(Clone, Copy, Debug)]
pub(super) struct Schedule {
    /// Ceiling of the first wait.
    pub(super) base: Duration,
    /// Highest ceiling.
    pub(super) cap: Duration,
}

impl Schedule {
    /// The longest that the wait after `earlier` earlier waits can be.
    pub(super) fn ceiling(&self, earlier: u32) -> Duration {
        let factor = 2_u32.saturating_pow(earlier);
        self.base.saturating_mul(factor).min(self.cap)
    }

    /// A wait between half of the ceiling and all of it: for a run that waits as a whole, where only other runs are
    /// to be avoided and a wait of nothing would help nobody.
    pub(super) fn steady(&self, earlier: u32) -> Duration {
        let half = self.ceiling(earlier) / 2;
        half + up_to(half)
    }

    /// The waits of one row.
    pub(super) fn waits(self) -> Backoff {
        Backoff {
            schedule: self,
            earlier: 0,
        }
    }
}

/// The waits of one row, without end.
#[derive(Debug)]
pub(super) struct Backoff {
    schedule: Schedule,
    earlier: u32,
}

impl Iterator for Backoff {
    type Item = Duration;

    fn next(&mut self) -> Option<Duration> {
        let ceiling = self.schedule.ceiling(self.earlier);
        self.earlier = self.earlier.saturating_add(1);
        Some(up_to(ceiling))
    }
}

/// A duration drawn evenly between nothing and `longest`.
pub(super) fn up_to(longest: Duration) -> Duration {
    let ns = u64::try_from(longest.as_nanos()).unwrap_or(u64::MAX);
    Duration::from_nanos(fastrand::u64(0..=ns))
}

#[cfg(test)]
mod tests {
    use super::*;

    const SCHEDULE: Schedule = Schedule {
        base: Duration::from_millis(200),
        cap: Duration::from_secs(10),
    };

    #[test]
    fn ceilings_double_up_to_the_cap() {
        let ceilings: Vec<_> = (0..8).map(|earlier| SCHEDULE.ceiling(earlier).as_millis()).collect();
        assert_eq!(ceilings, [200, 400, 800, 1_600, 3_200, 6_400, 10_000, 10_000]);
        assert_eq!(SCHEDULE.ceiling(u32::MAX), SCHEDULE.cap);
    }

    #[test]
    fn every_wait_lies_below_its_ceiling() {
        for _ in 0..100 {
            for (earlier, wait) in (0..).zip(SCHEDULE.waits().take(12)) {
                assert!(wait <= SCHEDULE.ceiling(earlier), "{wait:?} after {earlier}");
            }
        }
    }

    #[test]
    fn waits_are_spread_over_the_whole_range() {
        let waits: Vec<_> = (0..2_000).filter_map(|_| SCHEDULE.waits().nth(6)).collect();
        let share = |from: u64, to: u64| {
            let range = Duration::from_secs(from)..Duration::from_secs(to);
            waits.iter().filter(|wait| range.contains(wait)).count()
        };
        for from in [0, 2, 4, 6, 8] {
            let count = share(from, from + 2);
            assert!(
                (280..520).contains(&count),
                "{count} of 2000 between {from} and {} s",
                from + 2
            );
        }
    }

    #[test]
    fn a_steady_wait_is_at_least_half_of_the_ceiling() {
        for earlier in (0..10).chain([u32::MAX]) {
            let wait = SCHEDULE.steady(earlier);
            assert!(wait >= SCHEDULE.ceiling(earlier) / 2 && wait <= SCHEDULE.ceiling(earlier));
        }
    }
}
