//! When requests arrived over there, as far as it can be known from here.
//!
//! A limit is held by the service's clock, and requests that left evenly arrive together when something on the way stood
//! still. Where an answer came later than usual, its request may have arrived as much later, and no earlier than that
//! moment plus a second may the request go that is a whole limit behind it: then no window of a second over there holds
//! more than the limit, in whatever order they arrive.
//!
//! Most late answers are slow work and not a slow way: one counts for [`LATEST`] at most, unless nobody was answered for
//! longer, as when everything stands still.

use std::collections::VecDeque;
use std::num::NonZeroU32;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::time::Instant;

use super::WINDOW;

/// How late a request is taken to have arrived while others are answered: where answers vary by more, it costs so much of
/// each second.
const LATEST: Duration = Duration::from_millis(25);
/// The same where nobody was answered for so long: a longer silence is slow work again.
const LONGEST_STILL: Duration = Duration::from_millis(100);
/// So many requests do not leave between two answers where each is answered by itself.
const UNANSWERED: u32 = 16;
/// Of so many requests one may arrive later than anything here shows, by a thread of the service that stood still while its
/// others answered. The pace leaves twenty times as much free, so it costs nothing.
const UNKNOWN: u32 = 1000;
/// For how long at least the quickest answer says what is usual.
const USUAL_FOR: Duration = Duration::from_secs(10);

/// A request's place among all of them.
#[derive(Clone, Copy, Debug)]
pub(in crate::send) struct Turn(u64);

/// The last requests, as many as the limit allows in a second.
pub(super) struct Arrivals(Mutex<Kept>);

struct Kept {
    /// In the order in which they left.
    requests: VecDeque<Left>,
    /// The number of the first that is kept.
    first: u64,
    limit: NonZeroU32,
    usual: Usual,
    answered_at: Option<Instant>,
    /// How many have left since then.
    left_since: u32,
    /// When everything stood still the last time, and how long.
    still: Option<(Instant, Duration)>,
}

/// A request on its way, or answered.
struct Left {
    at: Instant,
    /// How long its answer took; until it came, nothing is known.
    took: Duration,
    /// How late it arrived at most.
    latest: Duration,
}

impl Arrivals {
    pub(super) fn new(limit: NonZeroU32) -> Self {
        Self(Mutex::new(Kept {
            requests: VecDeque::new(),
            first: 0,
            limit,
            usual: Usual::default(),
            answered_at: None,
            left_since: 0,
            still: None,
        }))
    }

    fn kept(&self) -> MutexGuard<'_, Kept> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The moment before which the next request may not go.
    pub(super) fn not_before(&self, now: Instant) -> Option<Instant> {
        let kept = self.kept();
        let oldest = kept.requests.front().filter(|_| kept.is_full())?;
        let late = oldest.took.saturating_sub(kept.usual.quickest()).min(oldest.latest);
        Some(oldest.at + late + WINDOW).filter(|at| *at > now)
    }

    /// Somebody who wanted to be woken at `due` was woken now. Where that is much later, this process stood still, and what
    /// had its turn before may have stood with it.
    pub(super) fn woke(&self, due: Instant, now: Instant) {
        let length = now.saturating_duration_since(due);
        if length > LATEST {
            self.kept().still = Some((now, length.min(LONGEST_STILL)));
        }
    }

    /// A request goes now. Until its answer says otherwise it arrives at once.
    pub(super) fn left(&self, at: Instant) -> Turn {
        let mut kept = self.kept();
        if kept.is_full() {
            kept.requests.pop_front();
            kept.first += 1;
        }
        kept.left_since = kept.left_since.saturating_add(1);
        kept.requests.push_back(Left {
            at,
            took: Duration::ZERO,
            latest: LATEST,
        });
        Turn(kept.first + kept.requests.len() as u64 - 1)
    }

    /// It was answered now.
    pub(super) fn answered(&self, Turn(number): Turn, now: Instant) {
        let mut kept = self.kept();
        let place = number
            .checked_sub(kept.first)
            .and_then(|place| usize::try_from(place).ok());
        let Some(at) = place.and_then(|place| kept.requests.get(place)).map(|left| left.at) else {
            return;
        };
        let took = now.saturating_duration_since(at);
        kept.usual.see(took, now);
        kept.stood_still(at, now);
        let still = kept.still.filter(|(until, _)| at < *until).map(|(_, length)| length);
        if let Some(left) = place.and_then(|place| kept.requests.get_mut(place)) {
            left.took = took;
            left.latest = still.map_or(LATEST, |length| length.max(LATEST));
        }
    }
}

impl Kept {
    fn is_full(&self) -> bool {
        let limit = self.limit.get();
        self.requests.len() as u64 >= u64::from(limit - limit / UNKNOWN)
    }

    /// Sees whether nobody was answered for long before the answer to a request that left at `at`.
    fn stood_still(&mut self, at: Instant, now: Instant) {
        let before = self.answered_at.replace(now).map_or(at, |before| before.max(at));
        let length = now.saturating_duration_since(before);
        let left = std::mem::take(&mut self.left_since);
        if length > LATEST && left >= UNANSWERED {
            self.still = Some((now, length.min(LONGEST_STILL)));
        }
    }
}

/// The quickest answer of a while.
#[derive(Default)]
struct Usual {
    since: Option<Instant>,
    now: Option<Duration>,
    before: Option<Duration>,
}

impl Usual {
    fn see(&mut self, took: Duration, now: Instant) {
        if self
            .since
            .is_none_or(|since| now.saturating_duration_since(since) >= USUAL_FOR)
        {
            self.since = Some(now);
            self.before = self.now.take();
        }
        self.now = Some(self.now.map_or(took, |quickest| quickest.min(took)));
    }

    fn quickest(&self) -> Duration {
        let both = self.now.into_iter().chain(self.before);
        both.min().unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::super::RateLimit;
    use super::*;

    /// A service that is 2 ms away, and stands still for `still` once every two seconds: what arrives meanwhile is seen when
    /// it goes on. Gives the highest count in any second by its clock, and how many there were.
    async fn highest(limit: u32, still: Duration, heeds: bool) -> (usize, usize) {
        let rate = RateLimit::new(NonZeroU32::new(limit), None, Duration::MAX);
        let rate = std::sync::Arc::new(rate);
        let begun = Instant::now();
        let (mut seen, mut answers) = (Vec::new(), tokio::task::JoinSet::new());
        while begun.elapsed() < Duration::from_secs(20) {
            let turn = rate.turn().await;
            let away = Duration::from_millis(2);
            let arrives = begun.elapsed() + away;
            let in_phase = Duration::from_nanos(u64::try_from(arrives.as_nanos() % 2_000_000_000).unwrap());
            let at = arrives + still.saturating_sub(in_phase);
            seen.push(at);
            let rate = std::sync::Arc::clone(&rate);
            answers.spawn(async move {
                tokio::time::sleep_until(begun + at + away).await;
                if heeds {
                    rate.answered(turn);
                }
            });
        }
        seen.sort_unstable();
        let in_window = |(first, from): (usize, &Duration)| seen.partition_point(|at| *at < *from + WINDOW) - first;
        (seen.iter().enumerate().map(in_window).max().unwrap(), seen.len())
    }

    #[tokio::test(start_paused = true)]
    async fn no_second_at_the_service_exceeds_the_limit_though_it_stands_still() {
        for limit in [20, 200, 1_000] {
            // A short pause at a low rate cannot be told from the time between two answers.
            let told = LATEST.max((UNANSWERED + 1) * WINDOW / limit);
            let pauses = [0, 6, 12, 40, 60, 100].map(Duration::from_millis);
            for still in pauses.into_iter().filter(|still| *still <= LATEST || *still > told) {
                let (highest, _) = highest(limit, still, true).await;
                assert!(highest <= limit as usize, "{highest} at {limit}/s, {still:?}");
            }
        }
        // A client that does not look at its answers is found out.
        assert!(highest(1_000, Duration::from_millis(100), false).await.0 > 1_000);
    }

    /// A request that had its turn just before this process stood still is as late as that, though nobody else shows it.
    #[test]
    fn what_had_its_turn_before_this_process_stood_still_may_arrive_as_much_later() {
        let begun = Instant::now();
        let after = |ms| begun + Duration::from_millis(ms);
        for (woken, late) in [
            (11, LATEST),
            (51, Duration::from_millis(40)),
            (500, Duration::from_millis(40)),
        ] {
            let arrivals = Arrivals::new(NonZeroU32::new(2).unwrap());
            let usual = arrivals.left(begun);
            arrivals.answered(usual, after(4));
            let last = arrivals.left(after(10));
            arrivals.woke(after(11), after(woken));
            arrivals.answered(last, after(54));
            arrivals.left(after(60));
            assert_eq!(
                arrivals.not_before(after(61)),
                Some(after(10) + late + WINDOW),
                "{woken}"
            );
        }
    }

    #[tokio::test(start_paused = true)]
    async fn an_even_service_costs_nothing() {
        let (_, heeding) = highest(1_000, Duration::ZERO, true).await;
        let (_, not) = highest(1_000, Duration::ZERO, false).await;
        assert_eq!(heeding, not);
        assert!(heeding > 19_500, "{heeding}");
    }
}
