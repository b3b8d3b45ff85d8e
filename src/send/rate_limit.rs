//! The one limit on requests in a second, for every request: tokens, creates, read-backs and retries.
//!
//! A request takes a turn just before it goes on the wire. Turns are given in the order of asking, and no window of
//! one second, wherever it starts, holds more of them than the limit, also where one process is killed and the next one
//! begins; 98.1 % of the limit is used. When they [arrive](arrivals) over there counts as well.
//!
//! What the service says about its own [`quota`](super::quota) comes on top: with none left nothing goes before the
//! reset, and the last tenth of it is spread over the time to the reset. That only ever slows.
//!
//! It deliberately knows no answer: a service that says "not now" closes the [`gate`](super::gate). The cells are counted
//! by `governor`; waiting is done here, since governor's own waiting ignores paused Tokio time.

use std::num::NonZeroU32;
use std::ops::Add;
use std::time::Duration;

use governor::RateLimiter;
use governor::clock::{Clock, Reference};
use governor::middleware::NoOpMiddleware;
use governor::nanos::Nanos;
use governor::state::{InMemoryState, NotKeyed};
use tokio::sync::Mutex;
use tokio::time::{Instant, sleep_until};

use super::quota::Quota;
use arrivals::Arrivals;
pub(super) use arrivals::Turn;
use theirs::Theirs;

mod arrivals;
mod theirs;

/// How late a turn may be taken without being lost: about seven steps of Tokio's timer. A burst is what piles up in it.
const TOLERANCE: Duration = Duration::from_millis(7);
/// How much closer requests may be when they arrive than when they left, with the limit still kept over there.
const DELIVERY_MARGIN: Duration = Duration::from_millis(12);
const WINDOW: Duration = Duration::from_secs(1);
/// Longest and shortest part into which a turn is cut: governor counts whole parts, of whole nanoseconds each.
const MOST_CELLS: u64 = 1_000;
const CELL_AT_LEAST_NS: u64 = 10_000;

/// Says when the next request may go.
pub(super) struct RateLimit {
    own: Option<Bucket>,
    theirs: Theirs,
    /// Held while waiting: Tokio's mutex is fair, so this is the queue, and only its head has a timer.
    queue: Mutex<()>,
}

struct Bucket {
    arrivals: Arrivals,
    limiter: RateLimiter<NotKeyed, InMemoryState, TokioClock, NoOpMiddleware<TokioInstant>>,
    cells_per_turn: NonZeroU32,
}

impl RateLimit {
    /// Makes a limit of so many requests in any second; `None` for no limit.
    ///
    /// `burst` requests may go at once after a quiet moment; `None` for what falls into 7 ms. The sustained rate is
    /// lower than the limit by the burst: whoever asks for a large burst pays for it. `longest` bounds what is waited for
    /// because the service says so.
    pub(super) fn new(limit: Option<NonZeroU32>, burst: Option<NonZeroU32>, longest: Duration) -> Self {
        Self {
            own: limit.map(|limit| Bucket::new(limit, &Pace::of(limit, burst))),
            theirs: Theirs::new(longest),
            queue: Mutex::new(()),
        }
    }

    /// Waits for a turn; nothing is given where nothing is limited. Turns come in the order of asking; a caller that goes
    /// away gives up its place.
    pub(super) async fn turn(&self) -> Option<Turn> {
        if self.own.is_none() && !self.theirs.was_heard() {
            return None;
        }
        let _head = self.queue.lock().await;
        loop {
            self.theirs.wait().await;
            let Some(own) = &self.own else { break };
            let Some(at) = own.not_before() else { break };
            sleep_until(at).await;
            own.arrivals.woke(at, Instant::now());
        }
        self.theirs.taken();
        self.own.as_ref().map(|own| own.arrivals.left(Instant::now()))
    }

    /// The request that took this turn was answered, or came to nothing, just now.
    pub(super) fn answered(&self, turn: Option<Turn>) {
        if let (Some(own), Some(turn)) = (&self.own, turn) {
            own.arrivals.answered(turn, Instant::now());
        }
    }

    /// Takes what the service said in the answer to a request that was sent at `sent_at`, with `others` still on the
    /// wire. Returns whether the run is held until the reset, and was not before.
    pub(super) fn told(&self, quota: Quota, sent_at: Instant, others: usize) -> bool {
        self.theirs.told(quota, sent_at, others)
    }
}

impl Bucket {
    fn new(limit: NonZeroU32, pace: &Pace) -> Self {
        let quota =
            governor::Quota::with_period(pace.cell).unwrap_or_else(|| governor::Quota::per_second(NonZeroU32::MIN));
        let limiter = RateLimiter::direct_with_clock(quota.allow_burst(pace.depth), TokioClock);
        // The bucket begins empty: a process that was killed a moment ago may have used up what was in it.
        let emptied = limiter.check_n(pace.depth);
        debug_assert!(matches!(emptied, Ok(Ok(()))), "a new bucket is full");
        Self {
            arrivals: Arrivals::new(limit),
            limiter,
            cells_per_turn: pace.cells_per_turn,
        }
    }

    /// Takes a turn and returns `None`, or says when to ask again.
    fn not_before(&self) -> Option<Instant> {
        if let Some(at) = self.arrivals.not_before(Instant::now()) {
            return Some(at);
        }
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
mod tests;
