//! The limit on requests on the wire, on paused time.

use std::sync::Arc;
use std::time::Duration;

use tokio::time::sleep;

use super::*;
use crate::send::rate_limit::RateLimit;

/// Sends as the sender does, a permit and then a turn, for a while; returns the use of the limit in that time and the
/// lowest concurrency. `answer` says how long a request takes and how it ends.
async fn used(
    rate: u32,
    most: usize,
    seconds: u64,
    answer: impl Fn(&mut fastrand::Rng, usize) -> (Duration, Ended),
) -> (f64, usize) {
    let limit = Arc::new(Concurrency::new(most));
    let rates = RateLimit::new(std::num::NonZeroU32::new(rate), None, Duration::MAX);
    let mut random = fastrand::Rng::with_seed(7);
    let start = Instant::now();
    let end = start + Duration::from_secs(seconds);
    let mut sent = 0_u32;
    let mut on_wire = tokio::task::JoinSet::new();
    loop {
        // The permit borrows the limit, so the task waits for it; the turn is taken in order either way.
        let (limit, gate) = (Arc::clone(&limit), Arc::new(tokio::sync::Notify::new()));
        let (asked, granted) = (Arc::clone(&gate), tokio::sync::oneshot::channel());
        let (took, end_of) = (granted.0, tokio::sync::oneshot::channel());
        on_wire.spawn(async move {
            let mut permit = limit.permit().await;
            took.send(limit.on_wire()).unwrap();
            asked.notified().await;
            permit.start();
            let (latency, how) = end_of.1.await.unwrap();
            sleep(latency).await;
            permit.end(how);
        });
        let Ok(others) = tokio::time::timeout_at(end, granted.1).await else {
            break;
        };
        rates.turn().await;
        gate.notify_one();
        end_of.0.send(answer(&mut random, others.unwrap())).unwrap();
        if Instant::now() >= end {
            break;
        }
        sent += 1;
        while on_wire.try_join_next().is_some() {}
    }
    on_wire.abort_all();
    let window = Duration::from_secs(seconds).as_secs_f64();
    (f64::from(sent) / f64::from(rate) / window, limit.lowest())
}

#[tokio::test(start_paused = true)]
async fn in_quiet_the_whole_rate_limit_is_used_at_any_latency() {
    for (rate, latency_ms) in [
        (10, 1),
        (10, 300),
        (10, 2_000),
        (100, 50),
        (100, 2_000),
        (1_000, 1),
        (1_000, 200),
        (5_000, 1),
        (5_000, 20),
        (5_000, 400),
    ] {
        let mean = Duration::from_millis(latency_ms);
        // Half as much room again as is needed, and never less than the default.
        let needed = u64::from(rate) * latency_ms / 1_000;
        let most = usize::try_from(needed * 3 / 2).unwrap().max(32);
        for jitter in [0.0, 0.9] {
            let seconds = if rate < 1_000 { 120 } else { 5 };
            let answer =
                |random: &mut fastrand::Rng, _| (mean.mul_f64(1.0 - jitter + 2.0 * jitter * random.f64()), Ended::Well);
            let (share, lowest) = used(rate, most, seconds, answer).await;
            println!("{rate}/s, {latency_ms} ms, jitter {jitter}, at most {most}: use {share:.4}, lowest {lowest}");
            assert!(share >= 0.97, "{share} of {rate}/s at {latency_ms} ms");
            assert_eq!(lowest, most, "{rate}/s, {latency_ms} ms");
        }
    }
}

/// How the limit moves when requests end like this, one round trip of 100 ms after the other, each as full as the limit
/// allows; `None` for a restart after an outage.
async fn course(limit: &Concurrency, rounds: &[Option<Ended>]) -> Vec<usize> {
    let mut limits = Vec::new();
    for round in rounds {
        let Some(how) = round else {
            limit.restart();
            continue;
        };
        let mut permits = Vec::new();
        while let Ok(mut permit) = tokio::time::timeout(Duration::from_millis(1), limit.permit()).await {
            permit.start();
            permits.push(permit);
        }
        sleep(Duration::from_millis(100)).await;
        for permit in permits {
            permit.end(*how);
        }
        limits.push(limit.state().whole_limit());
    }
    limits
}

#[tokio::test(start_paused = true)]
async fn trouble_lowers_the_limit_once_in_a_round_trip_and_never_below_one() {
    let limit = Concurrency::new(100);
    assert_eq!(course(&limit, &[Some(Ended::TooMuch); 3]).await, [70, 49, 34]);
    assert_eq!(course(&limit, &[Some(Ended::Badly); 20]).await.last(), Some(&1));
    assert_eq!(limit.lowest(), 1);
    let permit = tokio::time::timeout(Duration::from_secs(1), limit.permit()).await;
    assert!(permit.is_ok(), "one may always go");
}

#[tokio::test(start_paused = true)]
async fn a_failure_that_is_alone_lowers_nothing() {
    let limit = Concurrency::new(100);
    for number in 0..2_000 {
        let mut permit = limit.permit().await;
        permit.start();
        tokio::time::advance(Duration::from_millis(1)).await;
        permit.end(if number % 40 == 0 { Ended::Badly } else { Ended::Well });
    }
    assert_eq!(limit.lowest(), 100);
}

#[tokio::test(start_paused = true)]
async fn after_an_outage_the_limit_doubles_up_to_what_was_good_and_then_grows_slowly() {
    let limit = Concurrency::new(400);
    // The first decrease came while all went well, so 280 is what is good; the others are an outage.
    course(&limit, &[Some(Ended::Badly); 8]).await;
    let limits = course(&limit, &[&[None][..], &[Some(Ended::Well); 7]].concat()).await;
    println!("{limits:?}");
    assert!(limits[0] <= 70 && limits[3] >= 250, "{limits:?}");
    assert!(
        limits[4] <= 310 && limits[6] > limits[4] && limits[6] < 350,
        "{limits:?}"
    );
}

#[tokio::test(start_paused = true)]
async fn a_limit_that_is_not_used_does_not_grow() {
    let limit = Concurrency::new(100);
    course(&limit, &[Some(Ended::TooMuch); 4]).await;
    let before = limit.state().whole_limit();
    for _ in 0..1_000 {
        let mut permit = limit.permit().await;
        permit.start();
        tokio::time::advance(Duration::from_millis(100)).await;
        permit.end(Ended::Well);
    }
    assert_eq!(limit.state().whole_limit(), before);
}

#[tokio::test(start_paused = true)]
async fn a_service_with_a_queue_is_sent_less() {
    let limit = Concurrency::new(100);
    for wait in [20, 20, 20, 500, 500, 500] {
        for _ in 0..100 {
            tokio::time::advance(Duration::from_millis(11)).await;
            let started = Started {
                at: Instant::now() - Duration::from_millis(wait),
                era: 0,
                used: true,
            };
            limit.state().ended(Ended::Well, started, 100.0);
        }
    }
    let found = limit.state().whole_limit();
    assert!((70..=95).contains(&found), "{found}");
}

#[tokio::test(start_paused = true)]
async fn a_request_that_is_broken_off_or_never_made_gives_its_permit_back() {
    let limit = Concurrency::new(2);
    for number in 0..10 {
        let asked = tokio::time::timeout(Duration::from_secs(1), limit.permit()).await;
        let mut permit = asked.expect("a permit was lost");
        if number % 2 == 0 {
            permit.start();
        }
        drop(permit);
        assert_eq!(limit.on_wire(), 0);
    }
    // One who no longer waits takes nothing along either.
    let both = (limit.permit().await, limit.permit().await);
    let waiting = tokio::time::timeout(Duration::from_secs(1), limit.permit()).await;
    assert!(waiting.is_err(), "a third of two");
    drop(both);
    assert_eq!((limit.permits.available_permits(), limit.state().issued), (2, 2));
}

#[tokio::test(start_paused = true)]
async fn a_probe_does_not_stand_behind_requests_that_hang_and_there_are_never_too_many() {
    let limit = Concurrency::new(8);
    course(&limit, &[Some(Ended::TooMuch); 8]).await;
    assert_eq!(limit.state().whole_limit(), 1);
    let mut hanging = Vec::new();
    for _ in 0..8 {
        let permit = tokio::time::timeout(Duration::from_millis(1), limit.permit_for_probe()).await;
        let mut permit = permit.unwrap();
        permit.start();
        hanging.push(permit);
    }
    let more = tokio::time::timeout(Duration::from_secs(1), limit.permit_for_probe()).await;
    assert!(more.is_err(), "a ninth of eight");
    hanging.truncate(3);
    // The service is back: those that hang hold up nobody.
    limit.restart();
    assert!(
        tokio::time::timeout(Duration::from_millis(1), limit.permit())
            .await
            .is_ok()
    );
    drop(hanging);
    let state = limit.state();
    assert_eq!((state.on_wire, state.stale, state.issued), (0, 0, 1));
    assert_eq!(limit.permits.available_permits(), 1);
}
