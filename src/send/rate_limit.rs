//! The one limit on requests in a second, for every request: tokens, creates, read-backs and retries.
//!
//! A request takes a turn just before it goes on the wire. Turns are given in the order of asking, and no window of
//! one second, wherever it starts, holds more of them than the limit; 97.5 % of the limit is used.
//!
//! It deliberately does not watch what the service thinks of the rate: a service that says "slower" closes the
//! [`gate`](super::gate). The cells are counted by `governor`; waiting is done here, since governor's own waiting
//! ignores paused Tokio time.

use std::num::NonZeroU32;
use std::ops::Add;
use std::time::Duration;

use governor::clock::{Clock, Reference};
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use governor::{Quota, RateLimiter};
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until};

/// How late a turn may be taken without being lost: about ten steps of Tokio's timer. A burst is what piles up in it.
const TOLERANCE: Duration = Duration::from_millis(10);
/// How much closer requests may be when they arrive than when they left, with the limit still kept over there.
const DELIVERY_MARGIN: Duration = Duration::from_millis(15);
const WINDOW: Duration = Duration::from_secs(1);
/// Longest and shortest part into which a turn is cut: governor counts whole parts, of whole nanoseconds each.
const MOST_CELLS: u64 = 1_000;
const CELL_AT_LEAST_NS: u64 = 10_000;

/// Says when the next request may go.
pub(super) struct RateLimit(Option<Bucket>);

struct Bucket {
    limiter: RateLimiter<NotKeyed, InMemoryState, TokioClock, NoOpMiddleware<TokioInstant>>,
    cells_per_turn: NonZeroU32,
    /// Held while waiting: Tokio's mutex is fair, so this is the queue, and only its head has a timer.
    queue: Mutex<()>,
}

impl RateLimit {
    /// Makes a limit of so many requests in any second; `None` for no limit.
    ///
    /// `burst` requests may go at once after a quiet moment; `None` for what falls into 10 ms. The sustained rate is
    /// lower than the limit by the burst: whoever asks for a large burst pays for it.
    pub(super) fn new(limit: Option<NonZeroU32>, burst: Option<NonZeroU32>) -> Self {
        Self(limit.map(|limit| Bucket::new(&Pace::of(limit, burst))))
    }

    /// Waits for a turn. Turns come in the order of asking; a caller that goes away gives up its place.
    pub(super) async fn turn(&self) {
        let Some(bucket) = &self.0 else { return };
        let _head = bucket.queue.lock().await;
        while let Some(at) = bucket.not_before() {
            sleep_until(at).await;
        }
    }
}

impl Bucket {
    fn new(pace: &Pace) -> Self {
        let quota = Quota::with_period(pace.cell).unwrap_or_else(|| Quota::per_second(NonZeroU32::MIN));
        Self {
            limiter: RateLimiter::direct_with_clock(quota.allow_burst(pace.depth), TokioClock),
            cells_per_turn: pace.cells_per_turn,
            queue: Mutex::new(()),
        }
    }

    /// Takes a turn and returns `None`, or says when to ask again.
    fn not_before(&self) -> Option<Instant> {
        match self.limiter.check_n(self.cells_per_turn) {
            Ok(Err(wait)) => Some(wait.earliest_possible().0),
            // The depth is never less than a turn's cells, so the capacity always suffices.
            Ok(Ok(())) | Err(_) => None,
        }
    }
}

/// A token bucket's numbers, in cells: a turn takes several, so that the bucket can hold a fraction of a turn.
#[derive(Debug, PartialEq, Eq)]
struct Pace {
    /// Time for one cell to grow back.
    cell: Duration,
    /// Cells that a turn takes.
    cells_per_turn: NonZeroU32,
    /// Cells that a full bucket holds.
    depth: NonZeroU32,
}

impl Pace {
    /// From the first of `n` turns to the last pass at least `(n - 1) × interval - tolerance`, so a closed window holds
    /// at most `1 + (window + tolerance) / interval` of them, rounded down: at most the limit, when the interval is
    /// longer than `(window + tolerance) / limit`. The margin makes it longer. A burst is a tolerance of `burst - 1`
    /// intervals.
    fn of(limit: NonZeroU32, burst: Option<NonZeroU32>) -> Self {
        let ns = |duration: Duration| u64::try_from(duration.as_nanos()).unwrap_or(u64::MAX);
        let limit = u64::from(limit.get());
        // More than a second's requests at once cannot be meant; half of the limit keeps a rate worth the name.
        let burst = burst.map(|burst| u64::from(burst.get()).min(limit.div_ceil(2)));
        let interval = match burst {
            None => ns(WINDOW + TOLERANCE + DELIVERY_MARGIN).div_ceil(limit),
            Some(burst) => ns(WINDOW + DELIVERY_MARGIN).div_ceil(limit - (burst - 1)),
        };
        let cells = (interval / CELL_AT_LEAST_NS).clamp(1, MOST_CELLS);
        let cell = interval.div_ceil(cells);
        let spare = match burst {
            None => ns(TOLERANCE) / cell,
            Some(burst) => (burst - 1) * cells,
        };
        let whole = |count: u64| NonZeroU32::new(u32::try_from(count).unwrap_or(u32::MAX)).unwrap_or(NonZeroU32::MIN);
        Self {
            cell: Duration::from_nanos(cell),
            cells_per_turn: whole(cells),
            depth: whole(cells + spare),
        }
    }
}

/// Tokio's clock in governor's words, so that the limit follows paused time.
struct TokioClock;

#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
struct TokioInstant(Instant);

impl Clock for TokioClock {
    type Instant = TokioInstant;

    fn now(&self) -> TokioInstant {
        TokioInstant(Instant::now())
    }
}

impl Add<Nanos> for TokioInstant {
    type Output = Self;

    fn add(self, time: Nanos) -> Self {
        Self(self.0 + Duration::from(time))
    }
}

impl Reference for TokioInstant {
    fn duration_since(&self, earlier: Self) -> Nanos {
        self.0.saturating_duration_since(earlier.0).into()
    }

    fn saturating_sub(&self, time: Nanos) -> Self {
        Self(self.0.checked_sub(time.into()).unwrap_or(self.0))
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    fn limit(limit: u32, burst: Option<u32>) -> Arc<RateLimit> {
        Arc::new(RateLimit::new(NonZeroU32::new(limit), burst.and_then(NonZeroU32::new)))
    }

    /// The most turns in any closed window of this length.
    fn highest(turns: &[Instant], window: Duration) -> usize {
        let mut first = 0;
        let mut highest = 0;
        for (last, at) in turns.iter().enumerate() {
            while *at - turns[first] > window {
                first += 1;
            }
            highest = highest.max(last + 1 - first);
        }
        highest
    }

    /// Takes turns from many tasks for a while, each task idle now and then for up to `idle`.
    async fn turns(limit: &Arc<RateLimit>, tasks: u64, seconds: u64, idle: Duration) -> Vec<Instant> {
        let start = Instant::now();
        let tasks: Vec<_> = (0..tasks)
            .map(|seed| {
                let limit = Arc::clone(limit);
                tokio::spawn(async move {
                    let mut random = fastrand::Rng::with_seed(seed);
                    let mut taken = Vec::new();
                    while start.elapsed() < Duration::from_secs(seconds) {
                        limit.turn().await;
                        taken.push(Instant::now());
                        if !idle.is_zero() && random.u8(..) < 8 {
                            tokio::time::sleep(idle.mul_f64(random.f64())).await;
                        }
                    }
                    taken
                })
            })
            .collect();
        let mut all = Vec::new();
        for task in tasks {
            all.extend(task.await.unwrap());
        }
        all.retain(|at| *at - start < Duration::from_secs(seconds));
        all.sort_unstable();
        all
    }

    async fn check(requests: u32, burst: Option<u32>, least_use: f64) {
        let taken = turns(&limit(requests, burst), 64, 30, Duration::ZERO).await;
        let highest = highest(&taken, WINDOW);
        assert!(
            highest <= requests as usize,
            "{highest} in a second, the limit is {requests}"
        );
        // The first turn of the 30 seconds is one that no interval precedes.
        #[expect(clippy::cast_precision_loss, reason = "small counts")]
        let used = (taken.len() - 1) as f64 / f64::from(requests) / 30.0;
        println!("{requests}/s, burst {burst:?}: highest {highest}, use {used:.4}");
        assert!(used >= least_use, "{used} of {requests}/s used");
    }

    #[tokio::test(start_paused = true)]
    async fn no_second_exceeds_the_limit_and_97_percent_of_it_is_used() {
        for requests in [5, 20, 49, 50, 100, 500, 5_000] {
            check(requests, None, 0.97).await;
        }
    }

    /// One turn in 30 s is 1/30 of what 1/s allows, so the use is only known to that.
    #[tokio::test(start_paused = true)]
    async fn a_rate_of_one_in_a_second_keeps_its_second() {
        check(1, None, 0.93).await;
    }

    /// A burst of `b` costs `b - 1` of the sustained rate.
    #[tokio::test(start_paused = true)]
    async fn a_larger_burst_lowers_the_sustained_rate() {
        check(500, Some(50), 0.88).await;
        check(500, Some(2), 0.94).await;
        check(20, Some(10), 0.52).await;
        check(500, Some(9_999), 0.49).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_quiet_moment_saves_up_no_more_than_the_burst() {
        for (requests, burst) in [(5, None), (50, None), (500, None), (5_000, None), (500, Some(100))] {
            let limit = limit(requests, burst);
            let taken = turns(&limit, 64, 30, Duration::from_secs(3)).await;
            for seconds in [1, 10] {
                let window = Duration::from_secs(seconds);
                let highest = highest(&taken, window) as u64;
                assert!(
                    highest <= u64::from(requests) * seconds,
                    "{highest} in {seconds} s at {requests}/s"
                );
            }
        }
    }

    /// Newcomers ask at the very moment at which a turn becomes free, and their timers fire first.
    #[tokio::test(start_paused = true)]
    async fn turns_come_in_the_order_of_asking() {
        let limit = limit(1, None);
        limit.turn().await;
        let order = Arc::new(std::sync::Mutex::new(Vec::new()));
        let ask = |number: u32, at: Instant| {
            let (limit, order) = (Arc::clone(&limit), Arc::clone(&order));
            tokio::spawn(async move {
                sleep_until(at).await;
                limit.turn().await;
                order.lock().unwrap().push(number);
            })
        };
        let now = Instant::now();
        let free = limit.0.as_ref().and_then(Bucket::not_before).unwrap();
        let tasks = [
            ask(4, free),
            ask(5, free),
            ask(1, now),
            ask(2, now + Duration::from_millis(5)),
            ask(3, now + Duration::from_millis(10)),
        ];
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(*order.lock().unwrap(), [1, 2, 3, 4, 5]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_caller_that_goes_away_holds_nobody_up() {
        let limit = limit(1, None);
        limit.turn().await;
        let start = Instant::now();
        assert!(
            tokio::time::timeout(Duration::from_millis(10), limit.turn())
                .await
                .is_err()
        );
        limit.turn().await;
        assert!(start.elapsed() < Duration::from_millis(1_030));
    }

    #[tokio::test(start_paused = true)]
    async fn no_limit_never_waits() {
        let limit = RateLimit::new(None, None);
        let start = Instant::now();
        for _ in 0..100_000 {
            limit.turn().await;
        }
        assert_eq!(start.elapsed(), Duration::ZERO);
    }
}
