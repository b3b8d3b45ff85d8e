//! What the service's own quota allows: a moment before which nothing goes, or a pace up to its reset.
//!
//! It deliberately never makes anything faster, and waits no longer than it was made to: a quota of a day must not look
//! like a run that hangs.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::{Instant, timeout_at};

use crate::send::quota::Quota;

/// Part of the service's quota that is its last: spread, so that nobody stands still until the reset.
const LAST_PART: u64 = 10;
/// What is little where the service does not say how much a whole quota is.
const LITTLE: u64 = 10;
/// A reset nearer than this is not spread over: headers count whole seconds, so it may be due at once.
const RESOLUTION: Duration = Duration::from_secs(1);

/// What the service said last.
pub(super) struct Theirs {
    /// Whether a service ever said that little is left: until then, no lock is taken.
    heard: AtomicBool,
    hold: Mutex<Option<Hold>>,
    changed: Notify,
    longest: Duration,
}

struct Hold {
    /// The next turn is not before.
    next: Instant,
    /// Time between turns until the reset; nothing where none is left.
    interval: Duration,
    until: Instant,
    said_at: Instant,
}

impl Theirs {
    pub(super) fn new(longest: Duration) -> Self {
        Self {
            heard: AtomicBool::new(false),
            hold: Mutex::new(None),
            changed: Notify::new(),
            longest,
        }
    }

    pub(super) fn was_heard(&self) -> bool {
        self.heard.load(Ordering::Acquire)
    }

    fn hold(&self) -> MutexGuard<'_, Option<Hold>> {
        self.hold.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits as long as the service's quota demands. A newer word of the service is obeyed at once.
    pub(super) async fn wait(&self) {
        while self.was_heard() {
            let changed = self.changed.notified();
            let now = Instant::now();
            let next = {
                let mut hold = self.hold();
                // At the reset everything is as before.
                hold.take_if(|hold| hold.until <= now);
                hold.as_ref().map(|hold| hold.next).filter(|next| *next > now)
            };
            let Some(next) = next else { return };
            timeout_at(next, changed).await.unwrap_or_default();
        }
    }

    /// A turn was taken.
    pub(super) fn taken(&self) {
        if self.was_heard()
            && let Some(hold) = self.hold().as_mut()
        {
            hold.next = hold.next.max(Instant::now()) + hold.interval;
        }
    }

    /// Takes what the service said; whether nothing is left, and there was something before.
    pub(super) fn told(&self, quota: Quota, sent_at: Instant, others: usize) -> bool {
        let now = Instant::now();
        let reset = quota.reset.min(self.longest);
        let few = match quota.limit {
            Some(limit) => quota.remaining <= limit / LAST_PART,
            None => quota.remaining <= LITTLE,
        };
        let none = quota.remaining == 0 && !reset.is_zero();
        let spread = few && !none && reset > RESOLUTION;
        if !none && !spread && !self.was_heard() {
            return false;
        }
        let mut hold = self.hold();
        let before = hold.as_ref().filter(|hold| hold.until > now);
        let stands_still = before.is_some_and(|hold| hold.interval.is_zero());
        // An answer to a request from before the last word is older than that word, and milder because of that.
        if before.is_some_and(|hold| sent_at <= hold.said_at) && (!none || stands_still) {
            return false;
        }
        let interval = if none {
            Duration::ZERO
        } else {
            // Those on the wire are not counted by the service yet, or no longer: the careful guess is the former.
            let left = quota.remaining.saturating_sub(others as u64).max(1);
            reset / u32::try_from(left).unwrap_or(u32::MAX)
        };
        let next = match before {
            _ if none => now + reset,
            Some(hold) if !stands_still => hold.next.min(now + interval),
            Some(_) | None => now,
        };
        *hold = (none || spread).then_some(Hold {
            next,
            interval,
            until: now + reset,
            said_at: now,
        });
        drop(hold);
        self.heard.store(true, Ordering::Release);
        self.changed.notify_waiters();
        none && !stands_still
    }
}

#[cfg(test)]
mod tests {
    use super::super::RateLimit;
    use super::*;

    const LONGEST: Duration = Duration::from_secs(900);

    fn quota(remaining: u64, reset: u64, limit: Option<u64>) -> Quota {
        Quota {
            remaining,
            reset: Duration::from_secs(reset),
            limit,
        }
    }

    /// When the next turns come after the service said this, in milliseconds, without a limit of our own.
    async fn check(quota: Quota, others: usize, expected: &[u128]) {
        let limit = RateLimit::new(None, None, LONGEST);
        limit.told(quota, Instant::now(), others);
        let start = Instant::now();
        for (turn, at) in (1..).zip(expected) {
            limit.turn().await;
            let found = start.elapsed().as_millis();
            assert!(
                found.abs_diff(*at) <= 2,
                "turn {turn} of {quota:?} at {found} ms, not {at}"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn none_left_is_a_wait_and_few_left_are_spread() {
        check(quota(0, 30, None), 0, &[30_000, 30_000, 30_000]).await;
        check(quota(0, 0, None), 0, &[0, 0]).await;
        check(quota(0, 86_400, None), 0, &[900_000]).await;
        check(quota(4, 20, None), 0, &[0, 5_000, 10_000, 15_000, 20_000, 20_000]).await;
        check(quota(4, 20, Some(100)), 2, &[0, 10_000, 20_000, 20_000]).await;
        check(quota(4, 20, Some(30)), 0, &[0, 0, 0]).await;
        check(quota(50, 20, None), 0, &[0, 0, 0]).await;
        check(quota(2, 1, None), 0, &[0, 0, 0]).await;
        check(quota(1, 20, None), 90, &[0, 20_000, 20_000]).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_newer_word_is_obeyed_at_once_and_an_older_one_is_not() {
        let limit = RateLimit::new(None, None, LONGEST);
        let early = Instant::now();
        tokio::time::advance(Duration::from_millis(100)).await;
        assert!(limit.told(quota(0, 30, None), early, 0));
        assert!(!limit.told(quota(0, 30, None), early, 0), "said before");
        limit.told(quota(3, 30, None), early, 0);
        let waiting = async {
            let start = Instant::now();
            limit.turn().await;
            start.elapsed()
        };
        let newer = async {
            tokio::time::sleep(Duration::from_secs(10)).await;
            limit.told(quota(1_000, 20, None), Instant::now(), 0);
        };
        let (waited, ()) = tokio::join!(waiting, newer);
        assert_eq!(waited.as_secs(), 10);
    }

    #[tokio::test(start_paused = true)]
    async fn a_service_s_quota_makes_nothing_faster() {
        let limit = RateLimit::new(std::num::NonZeroU32::new(1), None, LONGEST);
        limit.told(quota(10, 5, None), Instant::now(), 0);
        let start = Instant::now();
        for _ in 0..4 {
            limit.turn().await;
        }
        assert!(start.elapsed() >= Duration::from_secs(3));
    }
}
