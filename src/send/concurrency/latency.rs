//! Whether the service has become slow: the latency of now against its baseline.
//!
//! Latencies are averaged over windows of at least a second and a hundred answers: the mean of a hundred varies by a
//! tenth even where single latencies vary by all of themselves. The baseline follows window means down at once by
//! half, and up by a thirtieth: a service that became slower for good is held back for a minute or two, not for ever.
//! A window is slow above twice the baseline and 50 ms: below that, nobody can tell a queue from a moment's noise.
//!
//! It deliberately decides nothing.

use std::time::Duration;

use tokio::time::Instant;

const LEAST_ANSWERS: u32 = 100;
const LEAST_TIME: Duration = Duration::from_secs(1);
/// How much slower than its baseline a service is that has a queue.
const SLOW_FACTOR: f64 = 2.0;
const SLOW_BEYOND: f64 = 0.05;
const DOWN: f64 = 0.5;
const UP: f64 = 1.0 / 30.0;

/// The latency of late and its baseline, in seconds.
#[derive(Debug, Default)]
pub(super) struct Latency {
    baseline: Option<f64>,
    sum: f64,
    answers: u32,
    since: Option<Instant>,
}

impl Latency {
    /// Takes one latency; whether a window has ended with it that was slow.
    pub(super) fn take(&mut self, latency: Duration, now: Instant) -> bool {
        self.sum += latency.as_secs_f64();
        self.answers += 1;
        let since = *self.since.get_or_insert(now);
        if self.answers < LEAST_ANSWERS || now - since < LEAST_TIME {
            return false;
        }
        let mean = self.sum / f64::from(self.answers);
        (self.sum, self.answers, self.since) = (0.0, 0, Some(now));
        let baseline = *self.baseline.get_or_insert(mean);
        let weight = if mean < baseline { DOWN } else { UP };
        self.baseline = Some(baseline + (mean - baseline) * weight);
        mean > baseline * SLOW_FACTOR + SLOW_BEYOND
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A service whose latencies vary by all of themselves.
    struct Service {
        latency: Latency,
        now: Instant,
        random: fastrand::Rng,
    }

    impl Service {
        /// How many of so many windows are slow, with latencies of this mean.
        fn slow(&mut self, windows: u32, mean: f64) -> u32 {
            let mut slow = 0;
            for _ in 0..windows * 100 {
                self.now += Duration::from_millis(11);
                let drawn = -mean * (1.0 - self.random.f64()).ln();
                slow += u32::from(self.latency.take(Duration::from_secs_f64(drawn), self.now));
            }
            slow
        }
    }

    #[tokio::test(start_paused = true)]
    async fn jitter_is_not_slowness_and_a_queue_is() {
        for (seed, typical) in (0..20).flat_map(|seed| [(seed, 0.001), (seed, 0.02), (seed, 0.3), (seed, 2.0)]) {
            let mut service = Service {
                latency: Latency::default(),
                now: Instant::now(),
                random: fastrand::Rng::with_seed(seed),
            };
            assert_eq!(service.slow(500, typical), 0, "seed {seed}, {typical} s");
            let queue = typical * 3.0 + 0.1;
            let found = service.slow(20, queue);
            assert!(found >= 4, "{found} of 20, seed {seed}, {typical} s");
            // What lasts becomes the new baseline.
            service.slow(200, queue);
            assert_eq!(service.slow(100, queue), 0, "seed {seed}, {typical} s");
        }
    }
}
