//! Percentiles of durations in bounded memory.
//!
//! It keeps no duration. Below 64 ms a percentile is exact; above it is at most 1/32 (3.2 %) too high, and never above the
//! longest duration, which is exact.

use std::collections::BTreeMap;

/// Steps between a duration and its double: each is at most 1/32 of the duration wide, finer than two runs ever agree.
const STEPS: u64 = 32;
/// Durations below this have a step of their own.
const EXACT: u64 = STEPS * 2;

/// How many durations fell into each step. A step that nothing fell into takes no room: at most 1,920 do.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Histogram {
    steps: BTreeMap<u64, u64>,
    count: u64,
    longest: u64,
}

/// What is said of many durations, in milliseconds.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Latency {
    /// Half of the rows took at most so long.
    pub p50_ms: u64,
    /// 95 of 100 rows took at most so long.
    pub p95_ms: u64,
    /// 99 of 100 rows took at most so long.
    pub p99_ms: u64,
    /// The longest.
    pub longest_ms: u64,
}

impl Histogram {
    pub(super) fn add(&mut self, duration: u64) {
        *self.steps.entry(upper_end(duration)).or_default() += 1;
        self.count += 1;
        self.longest = self.longest.max(duration);
    }

    /// The percentiles; `None` where there was no duration.
    pub(super) fn latency(&self) -> Option<Latency> {
        (self.count > 0).then(|| Latency {
            p50_ms: self.percentile(50),
            p95_ms: self.percentile(95),
            p99_ms: self.percentile(99),
            longest_ms: self.longest,
        })
    }

    /// The smallest duration that at least so many of a hundred do not exceed.
    fn percentile(&self, percent: u64) -> u64 {
        let rank = (self.count * percent).div_ceil(100);
        let mut seen = 0;
        for (end, count) in &self.steps {
            seen += count;
            if seen >= rank {
                return (*end).min(self.longest);
            }
        }
        self.longest
    }
}

/// The longest duration of the step that a duration falls into.
fn upper_end(duration: u64) -> u64 {
    if duration < EXACT {
        return duration;
    }
    let width = 1 << (duration.ilog2() - STEPS.ilog2());
    duration | (width - 1)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_step_is_at_most_a_thirty_second_wide() {
        for (duration, expected) in [
            (0, 0),
            (63, 63),
            (64, 65),
            (65, 65),
            (127, 127),
            (128, 131),
            (1000, 1007),
        ] {
            assert_eq!(upper_end(duration), expected, "{duration}");
        }
        assert_eq!(upper_end(u64::MAX), u64::MAX);
    }

    proptest! {
        #[test]
        fn a_percentile_is_at_most_a_thirty_second_too_high(mut durations in proptest::collection::vec(0_u64..10_000_000, 1..300)) {
            let mut histogram = Histogram::default();
            for duration in &durations {
                histogram.add(*duration);
            }
            durations.sort_unstable();
            let latency = histogram.latency().unwrap();
            let shown = [(50, latency.p50_ms), (95, latency.p95_ms), (99, latency.p99_ms), (100, latency.longest_ms)];
            for (percent, shown) in shown {
                let exact = durations[(durations.len() * percent).div_ceil(100) - 1];
                prop_assert!(exact <= shown && shown <= exact + exact / 32, "{percent} {exact} {shown}");
                prop_assert!(percent < 100 || shown == exact);
            }
        }
    }
}
