//! The gate closing, probing and opening, on paused time.

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
    older.answered(true);
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
    assert!(probe.is_probe() && probe.holds());
    assert_eq!(waited(&gate, Duration::from_secs(4)).await, None);
    let waiting = tokio::spawn({
        let gate = Arc::clone(&gate);
        async move { waited(&gate, GIVE_UP_AFTER).await }
    });
    tokio::task::yield_now().await;
    probe.answered(true);
    assert_eq!(waiting.await.unwrap(), Some(Duration::ZERO));
    assert!(!gate.pass().await.unwrap().is_probe());
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
    gate.pass().await.unwrap().answered(true);
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
    assert!((14..=28).contains(&probes.len()), "{} probes", probes.len());
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
        gate.pass().await.unwrap().answered(true);
    }
    assert!(gate.pass().await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_hangs_does_not_hold_up_the_next_and_cannot_undo_what_the_next_finds() {
    let gate = gate();
    gate.pass().await.unwrap().not_reached();
    let hanging = gate.pass().await.unwrap();
    let start = Instant::now();
    let next = gate.pass().await.unwrap();
    assert_eq!(start.elapsed(), PROBE_EVERY);
    assert!(next.is_probe() && next.answered(true));
    assert!(!hanging.unclear(), "old news closes nothing");
    assert_eq!(waited(&gate, GIVE_UP_AFTER).await, Some(Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn a_late_answer_to_a_probe_does_not_open_a_later_closing() {
    let gate = gate();
    gate.pass().await.unwrap().not_reached();
    let hanging = gate.pass().await.unwrap();
    assert!(gate.pass().await.unwrap().answered(true));
    gate.pass().await.unwrap().told_to_wait(Some(Duration::from_secs(20)));
    assert!(!hanging.answered(true));
    assert_eq!(waited(&gate, Duration::from_secs(19)).await, None);
}

#[tokio::test(start_paused = true)]
async fn looking_at_customers_ends_no_series_of_unclear_answers() {
    let gate = gate();
    for _ in 0..MOST_UNCLEAR - 1 {
        gate.pass().await.unwrap().unclear();
        gate.pass().await.unwrap().answered(false);
    }
    assert!(gate.pass().await.unwrap().unclear(), "closed");
    assert!(
        gate.pass().await.unwrap().answered(false),
        "a probe that is answered opens"
    );
}

#[tokio::test(start_paused = true)]
async fn the_time_of_an_open_gate_stands_still_while_it_is_closed() {
    let gate = gate();
    tokio::time::advance(Duration::from_secs(3)).await;
    let pass = gate.pass().await.unwrap();
    let epoch = pass.epoch();
    pass.told_to_wait(Some(Duration::from_secs(20)));
    gate.left(epoch).await;
    tokio::time::advance(Duration::from_secs(10)).await;
    assert_eq!(gate.open_time(), Duration::from_secs(3));
    let probe = gate.pass().await.unwrap();
    let closed = probe.epoch();
    assert!(
        tokio::time::timeout(Duration::from_secs(1), gate.left(closed))
            .await
            .is_err()
    );
    probe.answered(true);
    gate.left(closed).await;
    tokio::time::advance(Duration::from_secs(2)).await;
    assert_eq!(gate.open_time(), Duration::from_secs(5));
}
