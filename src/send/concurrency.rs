//! How many requests may be on the wire at once: `send.max-in-flight`, and less while the service is in trouble.
//!
//! Additive increase, multiplicative decrease, as TCP does it (Chiu and Jain 1989; RFC 5681), on what a client of an
//! HTTP service can see (Netflix's concurrency-limits): a "not now", a failure that is not alone, and a latency that
//! rises well above its baseline, which says that requests stand in a queue over there (TCP Vegas). What follows an
//! outage begins with an eighth of the last good limit and doubles in every round trip up to it (slow start).
//!
//! It starts at the highest limit: below it is the rate limit, which decides in quiet, and a start from below would
//! only cost use of it. Requests for tokens take no permit, since there is never more than one.
//!
//! It deliberately knows no row and no reason: the sender says how a request ended.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::Instant;

use latency::Latency;

mod latency;

/// What is left of the limit when trouble is seen: CUBIC's factor (RFC 9438). A half, as in RFC 5681, is for networks
/// that drop what is too much; a service that says "not now" has lost nothing.
const AFTER_TROUBLE: f64 = 0.7;
/// What is left of it when only the latency rose: Netflix's factor. The sign is weaker, so is the step.
const AFTER_SLOWNESS: f64 = 0.9;
/// Share of recent answers that failed above which failures are the service's trouble and not single rows'. With the
/// weight below, one failure among sixteen answers is a row's matter, two close together are the service's.
const MUCH_TROUBLE: f64 = 0.1;
/// Weight of one answer in that share: about the last sixteen count.
const WEIGHT: f64 = 1.0 / 16.0;
/// Which part of the last good limit an outage is left with: three round trips of slow start.
const AFTER_OUTAGE: f64 = 1.0 / 8.0;

/// How a request ended, as far as the number of requests matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Ended {
    /// An answer.
    Well,
    /// Too much: 429, or 503 with `Retry-After`.
    TooMuch,
    /// A failure that may come from too much: 5xx, a timeout, a reset.
    Badly,
    /// It says nothing about the number of requests.
    Otherwise,
}

/// Gives permits for requests.
pub(super) struct Concurrency {
    /// Fair, and free of locks of ours while a row waits.
    permits: Semaphore,
    most: usize,
    state: Mutex<State>,
}

struct State {
    limit: f64,
    /// Up to here the limit grows fast.
    good: f64,
    /// Permits that exist, given or free. More than the limit until enough of them come back.
    issued: usize,
    on_wire: usize,
    /// Counts the restarts after outages.
    era: u32,
    /// Requests on the wire from before the last restart: they may hang for long, and hold up nobody.
    stale: usize,
    /// Requests sent before this moment say nothing new: at most one decrease in a round trip.
    decreased_at: Option<Instant>,
    /// Whether anything went well since.
    well_since: bool,
    trouble: f64,
    latency: Latency,
    lowest: usize,
}

/// The leave to have one request on the wire.
pub(super) struct Permit<'a> {
    of: &'a Concurrency,
    /// `None` for one that was made for a probe.
    from: Option<SemaphorePermit<'a>>,
    started: Option<Started>,
}

/// How a request went on the wire.
#[derive(Clone, Copy)]
struct Started {
    at: Instant,
    era: u32,
    /// Whether the limit was really used then.
    used: bool,
}

impl Concurrency {
    /// Makes a limit that is never above `most`, nor below 1.
    pub(super) fn new(most: usize) -> Self {
        let most = most.clamp(1, Semaphore::MAX_PERMITS);
        let limit = to_float(most);
        Self {
            permits: Semaphore::new(most),
            most,
            state: Mutex::new(State {
                limit,
                good: limit,
                issued: most,
                on_wire: 0,
                era: 0,
                stale: 0,
                decreased_at: None,
                well_since: true,
                trouble: 0.0,
                latency: Latency::default(),
                lowest: most,
            }),
        }
    }

    /// Waits for a permit, in the order of asking.
    pub(super) async fn permit(&self) -> Permit<'_> {
        self.given(self.permits.acquire().await.ok())
    }

    /// A permit for a probe of the run: it does not stand behind requests that hang, unless there are as many as there
    /// may ever be.
    pub(super) async fn permit_for_probe(&self) -> Permit<'_> {
        if let Ok(permit) = self.permits.try_acquire() {
            return self.given(Some(permit));
        }
        {
            let mut state = self.state();
            if state.issued < self.most {
                state.issued += 1;
                return self.given(None);
            }
        }
        self.permit().await
    }

    fn given<'a>(&'a self, from: Option<SemaphorePermit<'a>>) -> Permit<'a> {
        Permit {
            of: self,
            from,
            started: None,
        }
    }

    /// The service is back after an outage: begins low, below what was good.
    pub(super) fn restart(&self) {
        let mut state = self.state();
        let low = (state.good * AFTER_OUTAGE).max(1.0);
        state.limit = state.limit.min(low);
        state.trouble = 0.0;
        state.decreased_at = Some(Instant::now());
        state.well_since = false;
        state.era = state.era.wrapping_add(1);
        state.stale = state.on_wire;
        self.resize(&mut state);
    }

    /// Requests on the wire.
    pub(super) fn on_wire(&self) -> usize {
        self.state().on_wire
    }

    /// The lowest limit there ever was.
    pub(super) fn lowest(&self) -> usize {
        self.state().lowest
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Brings the permits that exist to the limit, as far as they are free.
    fn resize(&self, state: &mut State) {
        let wanted = self.wanted(state);
        if wanted > state.issued {
            self.permits.add_permits(wanted - state.issued);
            state.issued = wanted;
        } else if wanted < state.issued {
            state.issued -= self.permits.forget_permits(state.issued - wanted);
        }
        state.lowest = state.lowest.min(state.whole_limit());
    }

    /// How many permits there should be.
    fn wanted(&self, state: &State) -> usize {
        (state.whole_limit() + state.stale).min(self.most)
    }
}

impl State {
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "between 1 and the number of permits"
    )]
    fn whole_limit(&self) -> usize {
        self.limit.max(1.0) as usize
    }

    fn ended(&mut self, how: Ended, started: Started, most: f64) {
        let now = Instant::now();
        let news = self.decreased_at.is_none_or(|at| started.at >= at);
        match how {
            Ended::Otherwise => {}
            Ended::Well => {
                self.trouble -= self.trouble * WEIGHT;
                self.well_since |= news;
                let slow = self.latency.take(now - started.at, now);
                if slow && news {
                    self.decrease(AFTER_SLOWNESS, now);
                } else if started.used || self.is_used() {
                    self.increase(most);
                }
            }
            Ended::TooMuch | Ended::Badly => {
                self.trouble += (1.0 - self.trouble) * WEIGHT;
                if news && (how == Ended::TooMuch || self.trouble > MUCH_TROUBLE) {
                    self.decrease(AFTER_TROUBLE, now);
                }
            }
        }
    }

    fn off_the_wire(&mut self, era: u32) {
        self.on_wire = self.on_wire.saturating_sub(1);
        if era != self.era {
            self.stale = self.stale.saturating_sub(1);
        }
    }

    /// A limit that is not nearly reached says nothing about what the service can take.
    fn is_used(&self) -> bool {
        to_float(self.on_wire.saturating_sub(self.stale)) * 2.0 >= self.limit
    }

    /// One more for each answer is twice as many in a round trip: up to the last good limit. Above it the limit grows by
    /// its square root in a round trip (the headroom of Netflix's gradient), so that 5,000 are not out of reach.
    fn increase(&mut self, most: f64) {
        let step = if self.limit < self.good {
            1.0
        } else {
            1.0 / self.limit.sqrt()
        };
        self.limit = (self.limit + step).min(most);
    }

    fn decrease(&mut self, factor: f64, now: Instant) {
        let less = (self.limit * factor).max(1.0);
        // Where nothing went well since the last decrease it is an outage, which says nothing about how many the
        // service can take when it is there.
        if self.well_since {
            self.good = less;
        }
        self.limit = less;
        self.decreased_at = Some(now);
        self.well_since = false;
    }
}

impl Permit<'_> {
    /// The request goes on the wire now.
    pub(super) fn start(&mut self) {
        let mut state = self.of.state();
        state.on_wire += 1;
        self.started = Some(Started {
            at: Instant::now(),
            era: state.era,
            used: state.is_used(),
        });
    }

    /// The request has ended.
    pub(super) fn end(mut self, how: Ended) {
        if let Some(started) = self.started.take() {
            let mut state = self.of.state();
            let before = state.whole_limit();
            // The request that ended is one of those that the limit let onto the wire.
            state.ended(how, started, to_float(self.of.most));
            state.off_the_wire(started.era);
            if state.whole_limit() != before {
                self.of.resize(&mut state);
            }
        }
    }
}

/// Gives the permit back, or takes it out of the world where there are too many.
impl Drop for Permit<'_> {
    fn drop(&mut self) {
        let mut state = self.of.state();
        if let Some(started) = self.started {
            state.off_the_wire(started.era);
        }
        let too_many = state.issued > self.of.wanted(&state);
        if too_many {
            state.issued -= 1;
        }
        match self.from.take() {
            Some(permit) if too_many => permit.forget(),
            Some(permit) => drop(permit),
            None if too_many => {}
            None => self.of.permits.add_permits(1),
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "numbers of requests stay far below 2^52")]
fn to_float(count: usize) -> f64 {
    count as f64
}

#[cfg(test)]
mod tests;
