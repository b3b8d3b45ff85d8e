//! The budget of retries: what keeps a service in trouble from being sent everything twice.
//!
//! Token buckets. Every row's first attempt puts the budget's share of a retry into one, a retry takes a whole one, and a
//! row without one waits its turn: it has not failed. While the gate is closed nobody asks here: probes and what
//! follows an outage are the [`gate`](super::gate)'s to rule.
//!
//! Deposits alone would deadlock once every slot of the run holds a row that waits, since nobody makes a first attempt
//! any more. So there is a second bucket that fills as time does, at the share of the rate limit. The fuller of the two
//! gives leave and a retry is taken from both: so the retries are the share of the limit or of the traffic, whichever is
//! more and never their sum, beside the reserve.
//!
//! So what is bounded is the load that a service in trouble gets, and not the share of retries in it. A row is never
//! given up for want of a retry; it waits, and holds its slot. Where a share `f` of the answers are failures and all slots
//! wait, there are `f` retries in every request whatever the budget is, and the whole traffic is the floor divided by `f`:
//! with half of the answers failing a fifth of the limit, half of that retries. A lower floor does not lower the share
//! but the rows done, and rows reach their deadline. Measured for 20 minutes at 20/s, 128 rows at once, six attempts:
//!
//! | floor, of the limit | 10 % fail | 20 % fail | 50 % fail |
//! |---|---|---|---|
//! | 10 % | 17.5 rows/s, 0.10 retries a request, 0 over their deadline | 8.3, 0.19, 0 | 2.1, 0.48, 0 |
//! | 5 % | 13.8, 0.09, 0 | 4.3, 0.19, 1 | 1.1, 0.46, 21 |
//! | 1 % | 10.8, 0.09, 2 | 1.6, 0.16, 45 | 0.5, 0.35, 98 |
//!
//! At 200/s 10 % give 176, 81 and 21 rows/s, and 1 % 27, 9 and 2. So the floor is the whole share of the limit.
//!
//! It deliberately knows no row, and no reason for a retry. See "Handling Overload" in Google's Site Reliability
//! Engineering, and the retry budget of Finagle.

use std::sync::atomic::{AtomicU64, Ordering};
use std::time::Duration;

use tokio::sync::Mutex;
use tokio::time::{Instant, sleep};

/// Rate of traffic that is assumed without a limit: with the usual share of a tenth that is one retry in a second.
const RATE_WITHOUT_LIMIT: f64 = 10.0;
/// Fewest retries in a second, whatever the share: even with a budget of nothing a row moves before its deadline.
const FLOOR_PER_SECOND: f64 = 0.1;
/// Seconds of the floor that are in reserve, and the most that is ever saved up.
const RESERVE_SECONDS: f64 = 10.0;
/// Fewest retries in reserve: one blip of a slow run needs no waiting.
const LEAST_RESERVE: f64 = 3.0;
/// How often the head of the queue looks for deposits.
const LOOK_EVERY: Duration = Duration::from_millis(50);

/// Says when a retry may be made.
pub(super) struct Budget(Option<Bucket>);

struct Bucket {
    share: f64,
    per_second: f64,
    capacity: f64,
    /// First attempts since the head of the queue last looked: an atomic, since every row passes here.
    firsts: AtomicU64,
    /// Tokio's mutex is fair, so it is the queue: first come, first served.
    level: Mutex<Level>,
}

struct Level {
    by_traffic: f64,
    by_time: f64,
    at: Instant,
}

impl Level {
    fn retries(&self) -> f64 {
        self.by_traffic.max(self.by_time)
    }
}

impl Budget {
    /// Makes a budget of `share` of all traffic, from 0 to 1; 1 is no limit. `rate` is the limit on requests in a second.
    pub(super) fn new(share: f64, rate: Option<u32>) -> Self {
        if share >= 1.0 {
            return Self(None);
        }
        let share = if share.is_finite() { share.max(0.0) } else { 0.0 };
        let per_second = (share * rate.map_or(RATE_WITHOUT_LIMIT, f64::from)).max(FLOOR_PER_SECOND);
        let capacity = (per_second * RESERVE_SECONDS).max(LEAST_RESERVE);
        Self(Some(Bucket {
            share,
            per_second,
            capacity,
            firsts: AtomicU64::new(0),
            level: Mutex::new(Level {
                by_traffic: capacity,
                by_time: capacity,
                at: Instant::now(),
            }),
        }))
    }

    /// Notes a row's first attempt.
    pub(super) fn first(&self) {
        if let Some(bucket) = &self.0 {
            bucket.firsts.fetch_add(1, Ordering::Relaxed);
        }
    }

    /// Waits until a retry may be made, in the order of asking; a caller that goes away gives up its place.
    pub(super) async fn retry(&self) {
        let Some(bucket) = &self.0 else { return };
        let mut level = bucket.level.lock().await;
        loop {
            bucket.fill(&mut level);
            if level.retries() >= 1.0 {
                level.by_traffic = (level.by_traffic - 1.0).max(-bucket.capacity);
                level.by_time = (level.by_time - 1.0).max(-bucket.capacity);
                return;
            }
            let wait = Duration::from_secs_f64((1.0 - level.by_time) / bucket.per_second);
            sleep(wait.clamp(Duration::from_millis(1), LOOK_EVERY)).await;
        }
    }
}

impl Bucket {
    fn fill(&self, level: &mut Level) {
        let now = Instant::now();
        #[expect(clippy::cast_precision_loss, reason = "counts of requests stay far below 2^52")]
        let deposits = self.firsts.swap(0, Ordering::Relaxed) as f64 * self.share;
        let time = (now - level.at).as_secs_f64() * self.per_second;
        level.by_traffic = (level.by_traffic + deposits).min(self.capacity);
        level.by_time = (level.by_time + time).min(self.capacity);
        level.at = now;
    }
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use super::*;

    /// Retries that are given within so many seconds to `callers` who always want one, while `firsts` first attempts
    /// are made in a second.
    async fn given(share: f64, rate: Option<u32>, firsts: u64, seconds: u64) -> u64 {
        let budget = Arc::new(Budget::new(share, rate));
        let end = Instant::now() + Duration::from_secs(seconds);
        let traffic = tokio::spawn({
            let budget = Arc::clone(&budget);
            async move {
                while firsts > 0 && Instant::now() < end {
                    (0..firsts).for_each(|_| budget.first());
                    sleep(Duration::from_secs(1)).await;
                }
            }
        });
        let mut given = 0;
        // A budget without end must not hold up the test: while nobody waits, time stands still.
        while given < 20_000 && tokio::time::timeout_at(end, budget.retry()).await.is_ok() {
            given += 1;
        }
        traffic.await.unwrap();
        given
    }

    #[tokio::test(start_paused = true)]
    async fn retries_are_the_share_of_the_traffic_or_of_the_limit_beside_the_reserve() {
        let check = async |share, rate, firsts, range: std::ops::RangeInclusive<u64>| {
            let given = given(share, rate, firsts, 100).await;
            println!("share {share}, rate {rate:?}, {firsts} first attempts in a second: {given} retries in 100 s");
            assert!(range.contains(&given), "{given} of {range:?}");
        };
        // A second of full traffic, and none at all: the floor, not the sum of both.
        check(0.1, Some(10), 9, 105..=111).await;
        check(0.1, Some(10), 0, 105..=111).await;
        check(0.1, Some(500), 450, 5_400..=5_501).await;
        check(0.1, None, 0, 105..=111).await;
        // Without a limit the traffic decides.
        check(0.1, None, 1_000, 900..=10_011).await;
        check(0.0, Some(10), 10, 12..=14).await;
        check(0.5, Some(2), 0, 105..=111).await;
    }

    #[tokio::test(start_paused = true)]
    async fn a_quiet_hour_saves_up_no_more_than_the_reserve() {
        let budget = Budget::new(0.1, Some(10));
        tokio::time::advance(Duration::from_secs(3_600)).await;
        (0..1_000_000).for_each(|_| budget.first());
        let start = Instant::now();
        for _ in 0..10 {
            budget.retry().await;
        }
        assert_eq!(start.elapsed(), Duration::ZERO);
        leave(&budget).await;
        assert!(start.elapsed() >= Duration::from_millis(990));
    }

    #[tokio::test(start_paused = true)]
    async fn whoever_came_first_is_served_first_and_one_who_goes_away_holds_nobody_up() {
        let budget = Arc::new(Budget::new(0.1, Some(10)));
        for _ in 0..10 {
            budget.retry().await;
        }
        let served = Arc::new(std::sync::Mutex::new(Vec::new()));
        let ask = |number: u32, patience: u64| {
            let (budget, served) = (Arc::clone(&budget), Arc::clone(&served));
            tokio::spawn(async move {
                let waited = tokio::time::timeout(Duration::from_millis(patience), budget.retry()).await;
                if waited.is_ok() {
                    served.lock().unwrap().push(number);
                }
            })
        };
        let tasks = [ask(1, 10_000), ask(2, 100), ask(3, 10_000), ask(4, 10_000)];
        for task in tasks {
            task.await.unwrap();
        }
        assert_eq!(*served.lock().unwrap(), [1, 3, 4]);
    }

    #[tokio::test(start_paused = true)]
    async fn a_budget_of_all_is_no_limit() {
        assert!(given_at_once(1.0).await >= 10_000);
        assert!(given_at_once(0.99).await < 200);
    }

    /// A retry, or a failure in place of a test that waits for ever.
    async fn leave(budget: &Budget) {
        let given = tokio::time::timeout(Duration::from_secs(60), budget.retry()).await;
        given.expect("no leave within a minute");
    }

    async fn given_at_once(share: f64) -> u64 {
        let budget = Budget::new(share, Some(10));
        let start = Instant::now();
        let mut given = 0;
        while given < 10_000 && start.elapsed().is_zero() {
            leave(&budget).await;
            given += 1;
        }
        given
    }
}
