//! The highest count in any window and the use of the limit, on paused time.

use std::sync::Arc;

use super::*;

fn limit(limit: u32, burst: Option<u32>) -> Arc<RateLimit> {
    let longest = Duration::from_secs(900);
    Arc::new(RateLimit::new(
        NonZeroU32::new(limit),
        burst.and_then(NonZeroU32::new),
        longest,
    ))
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
    // Long enough that a turn more or less is no share of the use.
    let seconds = 600_u32.div_ceil(requests).max(30);
    let taken = turns(&limit(requests, burst), 64, seconds.into(), Duration::ZERO).await;
    let highest = highest(&taken, WINDOW);
    assert!(
        highest <= requests as usize,
        "{highest} in a second, the limit is {requests}"
    );
    #[expect(clippy::cast_precision_loss, reason = "small counts")]
    let used = taken.len() as f64 / f64::from(requests) / f64::from(seconds);
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

/// Processes that are killed and begun again without a pause, each after a life that is drawn.
#[tokio::test(start_paused = true)]
async fn no_window_over_kills_and_restarts_exceeds_the_limit() {
    let mut random = fastrand::Rng::with_seed(7);
    for (requests, burst) in [(1, None), (5, None), (50, None), (500, None), (500, Some(100))] {
        let start = Instant::now();
        let mut taken = Vec::new();
        while start.elapsed() < Duration::from_secs(90) {
            let life = Duration::from_secs_f64(random.f64() * 2.0);
            let limit = limit(requests, burst);
            let process = async {
                loop {
                    limit.turn().await;
                    taken.push(Instant::now());
                }
            };
            drop(tokio::time::timeout(life, process).await);
        }
        for seconds in [1, 10, 60] {
            let highest = highest(&taken, Duration::from_secs(seconds)) as u64;
            assert!(
                highest <= u64::from(requests) * seconds,
                "{highest} in {seconds} s at {requests}/s"
            );
        }
    }
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
    let free = limit.own.as_ref().and_then(Bucket::not_before).unwrap();
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
    let limit = RateLimit::new(None, None, Duration::MAX);
    let start = Instant::now();
    for _ in 0..100_000 {
        limit.turn().await;
    }
    assert_eq!(start.elapsed(), Duration::ZERO);
}

/// Callers come and go at random, in bursts and after pauses of any length, and give up their turns now and then.
#[tokio::test(start_paused = true)]
async fn no_window_of_one_ten_or_sixty_seconds_exceeds_the_limit_whoever_asks_and_when() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    for round in 0..24 {
        let requests = random.choice([1, 2, 3, 7, 10, 33, 100, 250]).unwrap();
        let burst = random.bool().then(|| random.u32(1..=requests * 2));
        let limit = limit(requests, burst);
        let start = Instant::now();
        let seconds = Duration::from_secs(200);
        let callers = random.u64(1..40);
        let longest_pause = random.choice([0.0, 0.01, 0.9, 5.0, 70.0]).unwrap();
        let tasks: Vec<_> = (0..callers)
            .map(|_| (Arc::clone(&limit), random.fork()))
            .map(|(limit, mut random)| {
                tokio::spawn(async move {
                    let mut taken = Vec::new();
                    while start.elapsed() < seconds {
                        let patience = Duration::from_secs_f64(random.f64() * 10.0);
                        for _ in 0..random.u32(1..30) {
                            if tokio::time::timeout(patience, limit.turn()).await.is_ok() {
                                taken.push(Instant::now());
                            }
                        }
                        tokio::time::sleep(Duration::from_secs_f64(random.f64() * longest_pause)).await;
                    }
                    taken
                })
            })
            .collect();
        let mut taken = Vec::new();
        for task in tasks {
            taken.extend(task.await.unwrap());
        }
        taken.sort_unstable();
        for window in [1, 10, 60] {
            let highest = highest(&taken, Duration::from_secs(window)) as u64;
            let most = u64::from(requests) * window;
            assert!(
                highest <= most,
                "{highest} of {most} in {window} s; seed {seed}, round {round}"
            );
        }
    }
}
