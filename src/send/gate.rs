//! The gate of the whole run: closed while the service asks to wait or cannot be reached.
//!
//! Every attempt passes the gate before anything else. An answer "not now" or a service out of reach closes it, until
//! `Retry-After` or a growing backoff is over; then one attempt at a time goes through as a probe, and the first real
//! answer to a probe opens the gate for all. When that takes longer than `give_up_after`, the gate says so to everyone
//! and the run ends, resumable.
//!
//! It deliberately does not count against a row what the service could not take, and does not close for a single
//! unclear answer: that is between the row and the service. Many in a row with no clear one between them are an outage,
//! and close it too.

use std::sync::atomic::{AtomicU32, AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use super::retry::Schedule;

/// The gate. Passing it while it is open costs one atomic read.
#[derive(Debug)]
pub(super) struct Gate {
    /// Even while the gate is open, odd while it is closed; changes with every opening and closing.
    epoch: AtomicU64,
    closed: Mutex<Option<Closed>>,
    changed: Notify,
    /// Unclear answers since the last clear one.
    unclear: AtomicU32,
    most_unclear: u32,
    schedule: Schedule,
    give_up_after: Duration,
}

#[derive(Debug)]
struct Closed {
    since: Instant,
    not_before: Instant,
    /// Probes that failed.
    failures: u32,
    probing: bool,
    gave_up: bool,
}

/// The gate was closed for longer than the run waits.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct GaveUp;

/// The leave to make one attempt, to be handed back with what came of it. Dropped without that, a probe is free again.
#[derive(Debug)]
pub(super) struct Pass<'gate> {
    gate: &'gate Gate,
    epoch: u64,
    probe: bool,
}

impl Gate {
    /// Makes an open gate. It closes after `most_unclear` unclear answers in a row.
    pub(super) fn new(schedule: Schedule, give_up_after: Duration, most_unclear: u32) -> Self {
        Self {
            epoch: AtomicU64::new(0),
            closed: Mutex::new(None),
            changed: Notify::new(),
            unclear: AtomicU32::new(0),
            most_unclear,
            schedule,
            give_up_after,
        }
    }

    /// Waits until an attempt may be made.
    pub(super) async fn pass(&self) -> Result<Pass<'_>, GaveUp> {
        loop {
            let epoch = self.epoch.load(Ordering::Acquire);
            if epoch.is_multiple_of(2) {
                let probe = false;
                return Ok(Pass {
                    gate: self,
                    epoch,
                    probe,
                });
            }
            // Listening starts before looking, so no change falls between the two.
            let changed = self.changed.notified();
            match self.try_probe()? {
                Turn::Probe(pass) => return Ok(pass),
                Turn::Wait(Some(until)) => {
                    // Whether the time is over or something changed: look again.
                    timeout_at(until, changed).await.unwrap_or_default();
                }
                Turn::Wait(None) => changed.await,
            }
        }
    }

    fn try_probe(&self) -> Result<Turn<'_>, GaveUp> {
        let mut state = self.state();
        let Some(closed) = state.as_mut() else {
            // Opened since the epoch was read: waiting until now is not waiting.
            return Ok(Turn::Wait(Some(Instant::now())));
        };
        if closed.gave_up {
            return Err(GaveUp);
        }
        if closed.probing {
            return Ok(Turn::Wait(None));
        }
        if Instant::now() < closed.not_before {
            return Ok(Turn::Wait(Some(closed.not_before)));
        }
        closed.probing = true;
        Ok(Turn::Probe(Pass {
            gate: self,
            epoch: self.epoch.load(Ordering::Acquire),
            probe: true,
        }))
    }

    fn state(&self) -> MutexGuard<'_, Option<Closed>> {
        self.closed.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn open(&self) {
        let mut state = self.state();
        *state = None;
        self.epoch.fetch_add(1, Ordering::AcqRel);
        drop(state);
        self.changed.notify_waiters();
    }

    /// Closes the gate, or keeps it closed for longer after a failed probe.
    fn close(&self, pass: &Pass<'_>, asked: Option<Duration>) {
        let now = Instant::now();
        let asked = asked
            .filter(|asked| !asked.is_zero())
            .map(|asked| asked.min(self.give_up_after));
        let mut state = self.state();
        let closed = match state.as_mut() {
            Some(closed) if pass.probe => {
                closed.gave_up = now >= closed.since + self.give_up_after;
                closed
            }
            // Sent before the gate closed: it says again what is known, unless it asks for a longer wait.
            Some(closed) => {
                if let Some(asked) = asked {
                    closed.not_before = closed.not_before.max(now + asked);
                }
                return;
            }
            // Sent before the gate closed and opened again: old news.
            None if asked.is_none() && pass.epoch != self.epoch.load(Ordering::Acquire) => return,
            None => {
                self.epoch.fetch_add(1, Ordering::AcqRel);
                state.insert(Closed {
                    since: now,
                    not_before: now,
                    failures: 0,
                    probing: false,
                    gave_up: false,
                })
            }
        };
        let wait = asked.unwrap_or_else(|| self.schedule.steady(closed.failures));
        // The last probe comes when the run would give up, not after it.
        let last = (closed.since + self.give_up_after).max(now);
        closed.not_before = (now + wait).min(last);
        closed.failures = closed.failures.saturating_add(1);
        closed.probing = false;
        drop(state);
        self.changed.notify_waiters();
    }
}

enum Turn<'gate> {
    Probe(Pass<'gate>),
    /// Until this moment or until something changes.
    Wait(Option<Instant>),
}

impl Pass<'_> {
    /// Whether the attempt may still be made: nothing closed the gate since.
    pub(super) fn holds(&self) -> bool {
        self.probe || self.gate.epoch.load(Ordering::Acquire) == self.epoch
    }

    /// Whether the attempt is the run's probe.
    pub(super) fn is_probe(&self) -> bool {
        self.probe
    }

    /// The service answered: a probe opens the gate.
    pub(super) fn answered(mut self) {
        // A store on every answer would move the cache line between all cores.
        if self.gate.unclear.load(Ordering::Relaxed) > 0 {
            self.gate.unclear.store(0, Ordering::Relaxed);
        }
        if self.probe {
            self.probe = false;
            self.gate.open();
        }
    }

    /// The service asks to wait, for `asked` if it says how long: the gate closes.
    ///
    /// More than `give_up_after` is not waited for; the run ends sooner than that.
    pub(super) fn told_to_wait(mut self, asked: Option<Duration>) {
        self.gate.close(&self, asked);
        self.probe = false;
    }

    /// The service cannot be reached: the gate closes.
    pub(super) fn not_reached(self) {
        self.told_to_wait(None);
    }

    /// What the service made of it is unclear: a probe has failed; any other closes the gate if it is one of too many.
    pub(super) fn unclear(self) {
        let unclear = self.gate.unclear.fetch_add(1, Ordering::Relaxed).saturating_add(1);
        if self.probe || unclear >= self.gate.most_unclear {
            self.told_to_wait(None);
        }
    }
}

impl Drop for Pass<'_> {
    fn drop(&mut self) {
        if self.probe {
            if let Some(closed) = self.gate.state().as_mut() {
                closed.probing = false;
            }
            self.gate.changed.notify_waiters();
        }
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    const MOST_UNCLEAR: u32 = 5;
    const GIVE_UP_AFTER: Duration = Duration::from_secs(60);

    fn gate() -> Arc<Gate> {
        let schedule = Schedule {
            base: Duration::from_millis(200),
            cap: Duration::from_secs(10),
        };
        Arc::new(Gate::new(schedule, GIVE_UP_AFTER, MOST_UNCLEAR))
    }

    /// Whether a pass is to be had within this time, and after how long.
    async fn waited(gate: &Gate, at_most: Duration) -> Option<Duration> {
        let start = Instant::now();
        let pass = tokio::time::timeout(at_most, gate.pass()).await.ok()?;
        drop(pass.unwrap());
        Some(start.elapsed())
    }

    #[tokio::test(start_paused = true)]
    async fn an_open_gate_lets_everyone_through_at_once() {
        let gate = gate();
        let passes = [gate.pass().await.unwrap(), gate.pass().await.unwrap()];
        assert!(passes.iter().all(Pass::holds));
    }

    #[tokio::test(start_paused = true)]
    async fn retry_after_delays_everyone_and_ends_passes_given_before() {
        let gate = gate();
        let (told, other) = (gate.pass().await.unwrap(), gate.pass().await.unwrap());
        told.told_to_wait(Some(Duration::from_secs(7)));
        assert!(!other.holds());
        assert_eq!(waited(&gate, GIVE_UP_AFTER).await, Some(Duration::from_secs(7)));
    }

    #[tokio::test(start_paused = true)]
    async fn an_answer_to_an_older_attempt_does_not_open_the_gate() {
        let gate = gate();
        let (told, older) = (gate.pass().await.unwrap(), gate.pass().await.unwrap());
        told.told_to_wait(Some(Duration::from_secs(7)));
        older.answered();
        assert_eq!(waited(&gate, Duration::from_secs(6)).await, None);
    }

    #[tokio::test(start_paused = true)]
    async fn the_longest_retry_after_wins() {
        let gate = gate();
        let (one, other) = (gate.pass().await.unwrap(), gate.pass().await.unwrap());
        one.told_to_wait(Some(Duration::from_secs(2)));
        other.told_to_wait(Some(Duration::from_secs(9)));
        assert_eq!(waited(&gate, GIVE_UP_AFTER).await, Some(Duration::from_secs(9)));
    }

    #[tokio::test(start_paused = true)]
    async fn one_probe_goes_at_a_time_and_its_answer_opens_the_gate() {
        let gate = gate();
        gate.pass().await.unwrap().not_reached();
        let probe = gate.pass().await.unwrap();
        assert!(probe.probe && probe.holds());
        assert_eq!(waited(&gate, Duration::from_secs(5)).await, None);
        let waiting = tokio::spawn({
            let gate = Arc::clone(&gate);
            async move { waited(&gate, GIVE_UP_AFTER).await }
        });
        tokio::task::yield_now().await;
        probe.answered();
        assert_eq!(waiting.await.unwrap(), Some(Duration::ZERO));
        assert!(!gate.pass().await.unwrap().probe);
    }

    #[tokio::test(start_paused = true)]
    async fn a_probe_that_is_dropped_leaves_its_place_to_the_next() {
        let gate = gate();
        gate.pass().await.unwrap().not_reached();
        drop(gate.pass().await.unwrap());
        assert_eq!(waited(&gate, GIVE_UP_AFTER).await, Some(Duration::ZERO));
    }

    #[tokio::test(start_paused = true)]
    async fn an_unclear_answer_closes_nothing_but_fails_a_probe() {
        let gate = gate();
        gate.pass().await.unwrap().unclear();
        assert_eq!(waited(&gate, GIVE_UP_AFTER).await, Some(Duration::ZERO));
        gate.pass().await.unwrap().not_reached();
        gate.pass().await.unwrap().unclear();
        assert!(waited(&gate, GIVE_UP_AFTER).await.unwrap() >= Duration::from_millis(200));
    }

    #[tokio::test(start_paused = true)]
    async fn many_unclear_answers_in_a_row_close_the_gate_and_one_clear_answer_between_them_does_not() {
        let gate = gate();
        let unclear = |count: u32| {
            let gate = Arc::clone(&gate);
            async move {
                for _ in 0..count {
                    gate.pass().await.unwrap().unclear();
                }
            }
        };
        unclear(MOST_UNCLEAR - 1).await;
        gate.pass().await.unwrap().answered();
        unclear(MOST_UNCLEAR - 1).await;
        assert_eq!(waited(&gate, GIVE_UP_AFTER).await, Some(Duration::ZERO));
        unclear(1).await;
        assert!(waited(&gate, GIVE_UP_AFTER).await.unwrap() >= Duration::from_millis(50));
        let probe = gate.pass().await.unwrap();
        assert!(probe.is_probe());
    }

    #[tokio::test(start_paused = true)]
    async fn probes_of_a_service_out_of_reach_come_at_growing_distances_until_the_run_gives_up() {
        let gate = gate();
        let start = Instant::now();
        gate.pass().await.unwrap().not_reached();
        let mut probes = Vec::new();
        while let Ok(probe) = gate.pass().await {
            probes.push(start.elapsed());
            probe.not_reached();
        }
        // Timers have steps of 1 ms.
        assert!(start.elapsed() < GIVE_UP_AFTER + Duration::from_millis(2));
        assert_eq!(probes.last().map(Duration::as_secs), Some(60));
        assert!((8..=20).contains(&probes.len()), "{} probes", probes.len());
        assert!(gate.pass().await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn an_absurd_retry_after_is_probed_once_when_the_run_would_give_up() {
        let gate = gate();
        gate.pass().await.unwrap().told_to_wait(Some(Duration::MAX));
        assert_eq!(waited(&gate, GIVE_UP_AFTER * 2).await, Some(GIVE_UP_AFTER));
        gate.pass().await.unwrap().told_to_wait(Some(Duration::MAX));
        assert!(gate.pass().await.is_err());
    }

    #[tokio::test(start_paused = true)]
    async fn a_recovery_starts_the_clock_anew() {
        let gate = gate();
        for _ in 0..5 {
            gate.pass().await.unwrap().told_to_wait(Some(Duration::from_secs(50)));
            gate.pass().await.unwrap().answered();
        }
        assert!(gate.pass().await.is_ok());
    }
}
