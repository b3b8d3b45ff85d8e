//! The gate of the whole run: closed while the service asks to wait or cannot be reached.
//!
//! Every attempt passes the gate before anything else. An answer "not now" or a service out of reach closes it, until
//! `Retry-After` or a growing backoff is over; then one attempt at a time goes through as a probe, and the first real
//! answer to a probe opens the gate for all. A probe that hangs does not hold up the next: the service may be back
//! long before the hanging one is given up. When that takes longer than `give_up_after`, the gate says so to everyone
//! and the run ends, resumable.
//!
//! It deliberately does not count against a row what the service could not take, and does not close for a single
//! unclear answer: that is between the row and the service. Many in a row with no clear one between them are an outage,
//! and close it too; a look at a customer says nothing about whether customers can be created, so it is not between, and
//! opens no gate that is closed for this. Whether it is an outage or ids that are spoiled is for the `evidence` to say.

use std::num::NonZeroU32;
use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use super::retry::Schedule;
use evidence::Evidence;

pub(super) use evidence::Asking;

mod evidence;

/// Longest time between two probes, unless the service says when to come. Rows wait for the probe that finds the service
/// back, so it is what an outage costs beyond its own length; a request in four seconds burdens nobody.
pub(super) const PROBE_EVERY: Duration = Duration::from_secs(4);
/// The same where the limit is low: what so many requests take at the limit, so that probes are a small share of it.
const REQUESTS_PER_PROBE: u32 = 20;
/// Unclear answers in a row, over all rows, that are an outage and no longer the matter of single rows. Where half of all
/// requests fail, one series in a million is so long; and closing for a blip costs the first wait of the backoff.
const MOST_UNCLEAR: u32 = 20;
/// The same where the limit is low: what is sent in so many seconds, but not less than the least. Where requests are few,
/// such series are rare enough.
const UNCLEAR_SECONDS: u32 = 5;
const LEAST_UNCLEAR: u32 = 10;

/// The gate. Passing it while it is open costs one atomic read.
#[derive(Debug)]
pub(super) struct Gate {
    /// Even while the gate is open, odd while it is closed; changes with every opening and closing.
    epoch: AtomicU64,
    closed: Mutex<Option<Closed>>,
    since: Instant,
    /// Milliseconds for which it was closed in all, up to the last opening.
    closed_ms: AtomicU64,
    changed: Notify,
    /// Unclear answers since the last clear one.
    unclear: AtomicU32,
    most_unclear: u32,
    probe_every: Duration,
    schedule: Schedule,
    give_up_after: Duration,
}

#[derive(Debug)]
struct Closed {
    since: Instant,
    not_before: Instant,
    /// Probes that failed.
    failures: u32,
    /// When the latest probe went, while it has not come back.
    probing: Option<Instant>,
    /// When the latest probe went.
    latest: Option<Instant>,
    gave_up: bool,
    evidence: Evidence,
}

impl Closed {
    /// When the run gives up. It is alive as long as looks are answered.
    fn give_up_at(&self, after: Duration) -> Instant {
        self.evidence.alive.unwrap_or(self.since) + after
    }
}

/// What came of telling the gate of an unclear answer.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Unclear {
    /// Whether it closed the gate, or keeps it closed.
    pub(super) closes: bool,
    /// Whether the row that probed may be what is wrong, and not the service.
    pub(super) suspect: bool,
}

/// The gate was closed for longer than the run waits.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct GaveUp;

/// The leave to make one attempt, to be handed back with what came of it. Dropped without that, a probe is free again.
#[derive(Debug)]
pub(super) struct Pass<'gate> {
    gate: &'gate Gate,
    epoch: u64,
    asking: Asking,
    /// When it went, if it is a probe.
    probe: Option<Instant>,
}

impl Gate {
    /// Makes an open gate for a run of `limit` requests in a second at most.
    pub(super) fn new(schedule: Schedule, give_up_after: Duration, limit: Option<NonZeroU32>) -> Self {
        let probe_every = limit.map_or(PROBE_EVERY, |limit| {
            PROBE_EVERY.max(Duration::from_secs(u64::from(REQUESTS_PER_PROBE)) / limit.get())
        });
        let most_unclear = limit.map_or(MOST_UNCLEAR, |limit| {
            let sent = limit.get().saturating_mul(UNCLEAR_SECONDS);
            sent.clamp(LEAST_UNCLEAR, MOST_UNCLEAR)
        });
        let schedule = Schedule {
            base: schedule.base.min(PROBE_EVERY),
            cap: schedule.cap.min(probe_every),
        };
        Self {
            epoch: AtomicU64::new(0),
            closed: Mutex::new(None),
            since: Instant::now(),
            closed_ms: AtomicU64::new(0),
            changed: Notify::new(),
            unclear: AtomicU32::new(0),
            most_unclear,
            probe_every,
            schedule,
            give_up_after,
        }
    }

    /// Waits until an attempt may be made that asks for this.
    pub(super) async fn pass(&self, asking: Asking) -> Result<Pass<'_>, GaveUp> {
        loop {
            let epoch = self.epoch.load(Ordering::Acquire);
            if epoch.is_multiple_of(2) {
                let probe = None;
                return Ok(Pass {
                    gate: self,
                    epoch,
                    asking,
                    probe,
                });
            }
            // Listening starts before looking, so no change falls between the two.
            let changed = self.changed.notified();
            match self.try_probe(asking)? {
                Turn::Probe(pass) => return Ok(pass),
                // Whether the time is over or something changed: look again.
                Turn::Wait(until) => timeout_at(until, changed).await.unwrap_or_default(),
            }
        }
    }

    fn try_probe(&self, asking: Asking) -> Result<Turn<'_>, GaveUp> {
        let mut state = self.state();
        let Some(closed) = state.as_mut() else {
            // Opened since the epoch was read: waiting until now is not waiting.
            return Ok(Turn::Wait(Instant::now()));
        };
        if closed.gave_up {
            return Err(GaveUp);
        }
        let now = Instant::now();
        let hangs = closed.probing.map(|probe| probe + self.probe_every);
        let next = hangs.map_or(closed.not_before, |hangs| hangs.max(closed.not_before));
        let next = if closed.evidence.unclear {
            next + asking.stands_back()
        } else {
            next
        };
        if now < next {
            return Ok(Turn::Wait(next));
        }
        closed.probing = Some(now);
        closed.latest = Some(now);
        Ok(Turn::Probe(Pass {
            gate: self,
            epoch: self.epoch.load(Ordering::Acquire),
            asking,
            probe: Some(now),
        }))
    }

    /// Waits until the gate is no longer as it was in this epoch of a pass: closed since, or opened.
    pub(super) async fn left(&self, epoch: u64) {
        loop {
            let changed = self.changed.notified();
            if self.epoch.load(Ordering::Acquire) != epoch {
                return;
            }
            changed.await;
        }
    }

    /// The time for which the gate was open so far: a clock that stands still while the run waits.
    pub(super) fn open_time(&self) -> Duration {
        let before = || Duration::from_millis(self.closed_ms.load(Ordering::Acquire));
        let closed = if self.epoch.load(Ordering::Acquire).is_multiple_of(2) {
            before()
        } else {
            let state = self.state();
            before() + state.as_ref().map_or(Duration::ZERO, |closed| closed.since.elapsed())
        };
        self.since.elapsed().saturating_sub(closed)
    }

    /// Closings and openings so far: odd while it is closed.
    pub(super) fn turns(&self) -> u64 {
        self.epoch.load(Ordering::Acquire)
    }

    fn state(&self) -> MutexGuard<'_, Option<Closed>> {
        self.closed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Opens the gate, if it is still the closing that this probe went in; whether it did.
    fn open(&self, epoch: u64) -> bool {
        let mut state = self.state();
        let closed = state.take_if(|_| self.epoch.load(Ordering::Acquire) == epoch);
        let Some(closed) = closed else { return false };
        let ms = u64::try_from(closed.since.elapsed().as_millis()).unwrap_or(u64::MAX);
        self.closed_ms.fetch_add(ms, Ordering::AcqRel);
        self.epoch.fetch_add(1, Ordering::AcqRel);
        drop(state);
        self.changed.notify_waiters();
        true
    }

    /// A look was answered, as a probe of a service whose answers to creates settle nothing: it is alive, and the next
    /// probe comes soon. Returns whether that is so.
    fn looked(&self, pass: &Pass<'_>) -> bool {
        let mut state = self.state();
        let current = self.epoch.load(Ordering::Acquire);
        let here = pass.is_probe() && pass.epoch == current;
        let Some(closed) = state.as_mut().filter(|closed| here && closed.evidence.unclear) else {
            return false;
        };
        closed.evidence.looked();
        closed.failures = 0;
        closed.not_before = Instant::now() + self.schedule.steady(0);
        closed.probing.take_if(|probe| pass.probe == Some(*probe));
        drop(state);
        self.changed.notify_waiters();
        true
    }

    /// Closes the gate, or keeps it closed for longer after a failed probe.
    fn close(&self, pass: &Pass<'_>, asked: Option<Duration>, why: Why) -> Unclear {
        let now = Instant::now();
        let asked = asked
            .filter(|asked| !asked.is_zero())
            .map(|asked| asked.min(self.give_up_after));
        let mut state = self.state();
        let current = self.epoch.load(Ordering::Acquire);
        let mut suspect = false;
        let closed = match state.as_mut() {
            Some(closed) if pass.probe.is_some() && pass.epoch == current => {
                match why {
                    Why::Unclear => suspect = closed.evidence.in_vain(pass.asking),
                    Why::NotReached => closed.evidence.out_of_reach(),
                    // It is there, and has said nothing about anybody.
                    Why::ToldToWait => {}
                }
                closed.gave_up = now >= closed.give_up_at(self.give_up_after);
                closed
            }
            // Sent before the gate closed: it says again what is known, unless it asks for a longer wait.
            Some(closed) => {
                if let Some(asked) = asked {
                    closed.not_before = closed.not_before.max(now + asked);
                }
                return Unclear::default();
            }
            // Sent before the gate closed and opened again: old news.
            None if asked.is_none() && pass.epoch != current => return Unclear::default(),
            None => {
                self.epoch.fetch_add(1, Ordering::AcqRel);
                state.insert(Closed {
                    since: now,
                    not_before: now,
                    failures: 0,
                    probing: None,
                    latest: None,
                    gave_up: false,
                    evidence: Evidence::new(why == Why::Unclear),
                })
            }
        };
        let wait = asked.unwrap_or_else(|| self.schedule.steady(closed.failures));
        // The last probe comes when the run would give up, not after it.
        let last = closed.give_up_at(self.give_up_after).max(now);
        // The end of a probe that hung says nothing about when to come after those that went since.
        if asked.is_some() || pass.probe == closed.latest || pass.probe.is_none() {
            closed.not_before = (now + wait).min(last);
        }
        closed.failures = closed.failures.saturating_add(1);
        closed.probing.take_if(|probe| pass.probe == Some(*probe));
        drop(state);
        self.changed.notify_waiters();
        Unclear { closes: true, suspect }
    }
}

/// Why the gate closes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Why {
    ToldToWait,
    NotReached,
    Unclear,
}

enum Turn<'gate> {
    Probe(Pass<'gate>),
    /// Until this moment or until something changes.
    Wait(Instant),
}

impl Pass<'_> {
    /// Whether the attempt may still be made: nothing closed the gate since.
    pub(super) fn holds(&self) -> bool {
        self.is_probe() || self.gate.epoch.load(Ordering::Acquire) == self.epoch
    }

    /// Whether the attempt is the run's probe.
    pub(super) fn is_probe(&self) -> bool {
        self.probe.is_some()
    }

    /// The epoch of the gate in which it was given.
    pub(super) fn epoch(&self) -> u64 {
        self.epoch
    }

    /// The service answered: a probe opens the gate. Returns whether it did.
    ///
    /// A look that was answered shows that the service can be reached, and not that it creates: it ends no series of
    /// unclear answers, and opens no gate that is closed for these.
    pub(super) fn answered(mut self) -> bool {
        let work = self.asking.is_the_work();
        // A store on every answer would move the cache line between all cores.
        if work && self.gate.unclear.load(Ordering::Relaxed) > 0 {
            self.gate.unclear.store(0, Ordering::Relaxed);
        }
        let stays = !work && self.gate.looked(&self);
        self.probe.take().is_some() && !stays && self.gate.open(self.epoch)
    }

    /// The service asks to wait, for `asked` if it says how long: the gate closes. Returns whether that is news: it was
    /// open, or this was a probe.
    ///
    /// More than `give_up_after` is not waited for; the run ends sooner than that.
    pub(super) fn told_to_wait(self, asked: Option<Duration>) -> bool {
        self.close(asked, Why::ToldToWait).closes
    }

    /// The service cannot be reached: the gate closes.
    pub(super) fn not_reached(self) -> bool {
        self.close(None, Why::NotReached).closes
    }

    /// What the service made of it is unclear: a probe has failed; any other closes the gate if it is one of too many.
    pub(super) fn unclear(self) -> Unclear {
        let unclear = self.gate.unclear.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        if !self.is_probe() && unclear < self.gate.most_unclear {
            return Unclear::default();
        }
        self.close(None, Why::Unclear)
    }

    fn close(mut self, asked: Option<Duration>, why: Why) -> Unclear {
        let closed = self.gate.close(&self, asked, why);
        self.probe = None;
        closed
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        if let Some(mine) = self.probe {
            if let Some(closed) = self.gate.state().as_mut() {
                closed.probing.take_if(|probe| *probe == mine);
            }
            self.gate.changed.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests;
