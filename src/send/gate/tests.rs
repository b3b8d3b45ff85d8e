//! The gate closing, probing and opening, on paused time.

use std::sync::Arc;

use super::*;

const GIVE_UP_AFTER: Duration = Duration::from_secs(60);

fn gate() -> Arc<Gate> {
    let schedule = Schedule {
        base: Duration::from_millis(200),
        cap: Duration::from_secs(10),
    };
    Arc::new(Gate::new(schedule, GIVE_UP_AFTER, None))
}

/// Whether a pass is to be had within this time, and after how long.
async fn waited(gate: &Gate, at_most: Duration) -> Option<Duration> {
    let start = Instant::now();
    let pass = tokio::time::timeout(at_most, gate.pass(Asking::Again)).await.ok()?;
    drop(pass.unwrap());
    Some(start.elapsed())
}

#[tokio::test(start_paused = true)]
async fn an_open_gate_lets_everyone_through_at_once() {
    let gate = gate();
    let passes = [
        gate.pass(Asking::Again).await.unwrap(),
        gate.pass(Asking::Again).await.unwrap(),
    ];
    assert!(passes.iter().all(Pass::holds));
}

#[tokio::test(start_paused = true)]
async fn retry_after_delays_everyone_and_ends_passes_given_before() {
    let gate = gate();
    let (told, other) = (
        gate.pass(Asking::Again).await.unwrap(),
        gate.pass(Asking::Again).await.unwrap(),
    );
    told.told_to_wait(Some(Duration::from_secs(7)));
    assert!(!other.holds());
    assert_eq!(waited(&gate, GIVE_UP_AFTER).await, Some(Duration::from_secs(7)));
}

#[tokio::test(start_paused = true)]
async fn an_answer_to_an_older_attempt_does_not_open_the_gate() {
    let gate = gate();
    let (told, older) = (
        gate.pass(Asking::Again).await.unwrap(),
        gate.pass(Asking::Again).await.unwrap(),
    );
    told.told_to_wait(Some(Duration::from_secs(7)));
    older.answered();
    assert_eq!(waited(&gate, Duration::from_secs(6)).await, None);
}

#[tokio::test(start_paused = true)]
async fn the_longest_retry_after_wins() {
    let gate = gate();
    let (one, other) = (
        gate.pass(Asking::Again).await.unwrap(),
        gate.pass(Asking::Again).await.unwrap(),
    );
    one.told_to_wait(Some(Duration::from_secs(2)));
    other.told_to_wait(Some(Duration::from_secs(9)));
    assert_eq!(waited(&gate, GIVE_UP_AFTER).await, Some(Duration::from_secs(9)));
}

#[tokio::test(start_paused = true)]
async fn one_probe_goes_at_a_time_and_its_answer_opens_the_gate() {
    let gate = gate();
    gate.pass(Asking::Again).await.unwrap().not_reached();
    let probe = gate.pass(Asking::Again).await.unwrap();
    assert!(probe.is_probe() && probe.holds());
    assert_eq!(waited(&gate, Duration::from_secs(3)).await, None);
    let waiting = tokio::spawn({
        let gate = Arc::clone(&gate);
        async move { waited(&gate, GIVE_UP_AFTER).await }
    });
    tokio::task::yield_now().await;
    probe.answered();
    assert_eq!(waiting.await.unwrap(), Some(Duration::ZERO));
    assert!(!gate.pass(Asking::Again).await.unwrap().is_probe());
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_is_dropped_leaves_its_place_to_the_next() {
    let gate = gate();
    gate.pass(Asking::Again).await.unwrap().not_reached();
    drop(gate.pass(Asking::Again).await.unwrap());
    assert_eq!(waited(&gate, GIVE_UP_AFTER).await, Some(Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn an_unclear_answer_closes_nothing_but_fails_a_probe() {
    let gate = gate();
    gate.pass(Asking::Again).await.unwrap().unclear();
    assert_eq!(waited(&gate, GIVE_UP_AFTER).await, Some(Duration::ZERO));
    gate.pass(Asking::Again).await.unwrap().not_reached();
    gate.pass(Asking::Again).await.unwrap().unclear();
    assert!(waited(&gate, GIVE_UP_AFTER).await.unwrap() >= Duration::from_millis(200));
}

#[tokio::test(start_paused = true)]
async fn many_unclear_answers_in_a_row_close_the_gate_and_one_clear_answer_between_them_does_not() {
    let gate = gate();
    let unclear = |count: u32| {
        let gate = Arc::clone(&gate);
        async move {
            for _ in 0..count {
                gate.pass(Asking::Again).await.unwrap().unclear();
            }
        }
    };
    unclear(MOST_UNCLEAR - 1).await;
    gate.pass(Asking::Again).await.unwrap().answered();
    unclear(MOST_UNCLEAR - 1).await;
    assert_eq!(waited(&gate, GIVE_UP_AFTER).await, Some(Duration::ZERO));
    unclear(1).await;
    assert!(waited(&gate, GIVE_UP_AFTER).await.unwrap() >= Duration::from_millis(50));
    let probe = gate.pass(Asking::Again).await.unwrap();
    assert!(probe.is_probe());
}

#[tokio::test(start_paused = true)]
async fn probes_of_a_service_out_of_reach_come_at_growing_distances_until_the_run_gives_up() {
    let gate = gate();
    let start = Instant::now();
    gate.pass(Asking::Again).await.unwrap().not_reached();
    let mut probes = Vec::new();
    while let Ok(probe) = gate.pass(Asking::Again).await {
        probes.push(start.elapsed());
        probe.not_reached();
    }
    // Timers have steps of 1 ms.
    assert!(start.elapsed() < GIVE_UP_AFTER + Duration::from_millis(2));
    assert_eq!(probes.last().map(Duration::as_secs), Some(60));
    assert!((14..=28).contains(&probes.len()), "{} probes", probes.len());
    assert!(gate.pass(Asking::Again).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn an_absurd_retry_after_is_probed_once_when_the_run_would_give_up() {
    let gate = gate();
    gate.pass(Asking::Again)
        .await
        .unwrap()
        .told_to_wait(Some(Duration::MAX));
    assert_eq!(waited(&gate, GIVE_UP_AFTER * 2).await, Some(GIVE_UP_AFTER));
    gate.pass(Asking::Again)
        .await
        .unwrap()
        .told_to_wait(Some(Duration::MAX));
    assert!(gate.pass(Asking::Again).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn a_recovery_starts_the_clock_anew() {
    let gate = gate();
    for _ in 0..5 {
        gate.pass(Asking::Again)
            .await
            .unwrap()
            .told_to_wait(Some(Duration::from_secs(50)));
        gate.pass(Asking::Again).await.unwrap().answered();
    }
    assert!(gate.pass(Asking::Again).await.is_ok());
}

#[tokio::test(start_paused = true)]
async fn a_probe_that_hangs_does_not_hold_up_the_next_and_cannot_undo_what_the_next_finds() {
    let gate = gate();
    gate.pass(Asking::Again).await.unwrap().not_reached();
    let hanging = gate.pass(Asking::Again).await.unwrap();
    let start = Instant::now();
    let next = gate.pass(Asking::Again).await.unwrap();
    assert_eq!(start.elapsed(), PROBE_EVERY);
    assert!(next.is_probe() && next.answered());
    assert!(!hanging.unclear().closes, "old news closes nothing");
    assert_eq!(waited(&gate, GIVE_UP_AFTER).await, Some(Duration::ZERO));
}

#[tokio::test(start_paused = true)]
async fn a_late_answer_to_a_probe_does_not_open_a_later_closing() {
    let gate = gate();
    gate.pass(Asking::Again).await.unwrap().not_reached();
    let hanging = gate.pass(Asking::Again).await.unwrap();
    assert!(gate.pass(Asking::Again).await.unwrap().answered());
    gate.pass(Asking::Again)
        .await
        .unwrap()
        .told_to_wait(Some(Duration::from_secs(20)));
    assert!(!hanging.answered());
    assert_eq!(waited(&gate, Duration::from_secs(19)).await, None);
}

#[tokio::test(start_paused = true)]
async fn looking_at_customers_ends_no_series_of_unclear_answers_and_opens_no_gate_that_these_closed() {
    let gate = gate();
    for _ in 0..MOST_UNCLEAR - 1 {
        gate.pass(Asking::Again).await.unwrap().unclear();
        gate.pass(Asking::Look).await.unwrap().answered();
    }
    assert!(gate.pass(Asking::Again).await.unwrap().unclear().closes);
    assert!(!gate.pass(Asking::Look).await.unwrap().answered(), "creates still fail");
    let probe = gate.pass(Asking::AfterLook).await.unwrap();
    assert!(probe.is_probe() && probe.answered());
    // A service out of reach is in reach when a look is answered.
    gate.pass(Asking::Again).await.unwrap().not_reached();
    assert!(gate.pass(Asking::Look).await.unwrap().answered());
}

#[tokio::test(start_paused = true)]
async fn looks_that_are_answered_are_the_work_of_a_run_that_only_looks() {
    let gate = gate();
    for _ in 0..3 {
        for _ in 0..MOST_UNCLEAR - 1 {
            assert!(!gate.pass(Asking::OnlyLook).await.unwrap().unclear().closes);
        }
        gate.pass(Asking::OnlyLook).await.unwrap().answered();
    }
    for _ in 0..MOST_UNCLEAR {
        gate.pass(Asking::OnlyLook).await.unwrap().unclear();
    }
    let probe = gate.pass(Asking::OnlyLook).await.unwrap();
    assert!(probe.is_probe() && probe.answered());
}

#[tokio::test(start_paused = true)]
async fn the_end_of_a_probe_that_hung_does_not_put_off_the_next() {
    let gate = gate();
    let start = Instant::now();
    gate.pass(Asking::Again).await.unwrap().not_reached();
    let first = gate.pass(Asking::Again).await.unwrap();
    let _second = gate.pass(Asking::Again).await.unwrap();
    tokio::time::advance(Duration::from_millis(4_900)).await;
    first.unclear();
    assert!(gate.pass(Asking::Again).await.unwrap().is_probe());
    assert!(
        start.elapsed() <= Duration::from_millis(10_400),
        "{:?}",
        start.elapsed()
    );
}

/// Closes the gate by unclear answers and plays these probes; which of them cast suspicion on their rows.
async fn suspects(probes: &[(Asking, bool)]) -> Vec<bool> {
    let gate = gate();
    for _ in 0..MOST_UNCLEAR {
        gate.pass(Asking::Again).await.unwrap().unclear();
    }
    let mut suspects = Vec::new();
    for (asking, answered) in probes {
        let probe = gate.pass(*asking).await.unwrap();
        assert!(probe.is_probe());
        suspects.push(if *answered {
            probe.answered()
        } else {
            probe.unclear().suspect
        });
    }
    suspects
}

#[tokio::test(start_paused = true)]
async fn only_what_speaks_against_an_outage_casts_suspicion_on_a_row() {
    let check = async |probes: &[(Asking, bool)], last: bool| {
        let found = suspects(probes).await;
        assert_eq!(found.last(), Some(&last), "{probes:?}: {found:?}");
    };
    let (first, again) = ((Asking::First, false), (Asking::Again, false));
    let (look, looked, after) = ((Asking::Look, false), (Asking::Look, true), (Asking::AfterLook, false));
    check(&[again, again], false).await;
    check(&[again, again, again], true).await;
    check(&[again, again, again, looked, after], true).await;
    // A row that was never sent fails as well, or a look: it begins anew.
    check(&[again, again, first, again, again], false).await;
    check(&[again, again, again, looked, first, after], false).await;
    check(&[again, again, again, look, again, again], false).await;
    // One row at a time: what spoke against the first does not against the next.
    check(&[again, again, again, again, looked, looked, after, after], false).await;
    let aside = [again, again, again, looked, after];
    check(&[&aside[..], &[again, again, again]].concat(), true).await;
    // After a row was set aside, one that was never sent fails too: it takes twice as much.
    let wrong = [&aside[..], &[first, again, again, again, again, again]].concat();
    check(&wrong, false).await;
    check(&[&wrong[..], &[again]].concat(), true).await;
}

#[tokio::test(start_paused = true)]
async fn the_run_does_not_give_up_while_looks_are_answered_unless_rows_never_sent_fail() {
    let lives = async |asking| {
        let gate = gate();
        for _ in 0..MOST_UNCLEAR {
            gate.pass(Asking::Again).await.unwrap().unclear();
        }
        let start = Instant::now();
        while start.elapsed() < 3 * GIVE_UP_AFTER {
            let Ok(look) = gate.pass(Asking::Look).await else { break };
            look.answered();
            tokio::time::sleep(Duration::from_secs(10)).await;
            let Ok(create) = gate.pass(asking).await else { break };
            create.unclear();
        }
        start.elapsed()
    };
    assert!(lives(Asking::Again).await >= 3 * GIVE_UP_AFTER);
    let gave_up = lives(Asking::First).await;
    assert!((60..80).contains(&gave_up.as_secs()), "{gave_up:?}");
}

#[tokio::test(start_paused = true)]
async fn where_answers_settle_nothing_a_row_that_was_never_sent_probes_first() {
    let gate = gate();
    for _ in 0..MOST_UNCLEAR {
        gate.pass(Asking::Again).await.unwrap().unclear();
    }
    let order = std::sync::Mutex::new(Vec::new());
    let probe = async |asking| {
        let pass = gate.pass(asking).await.unwrap();
        order.lock().unwrap().push(asking);
        drop(pass);
    };
    tokio::join!(probe(Asking::Again), probe(Asking::AfterLook), probe(Asking::First));
    assert_eq!(
        *order.lock().unwrap(),
        [Asking::First, Asking::AfterLook, Asking::Again]
    );
}

#[tokio::test(start_paused = true)]
async fn at_a_low_limit_probes_are_fewer_and_fewer_unclear_answers_close_the_gate() {
    let check = async |limit, most_unclear, most: u64| {
        let schedule = Schedule {
            base: Duration::from_millis(500),
            cap: Duration::from_secs(30),
        };
        let gate = Gate::new(schedule, Duration::from_secs(3_600), NonZeroU32::new(limit));
        let mut closed = 0;
        while !gate.pass(Asking::Again).await.unwrap().unclear().closes {
            closed += 1;
        }
        assert_eq!(closed + 1, most_unclear, "{limit}/s");
        let (mut longest, mut before) = (Duration::ZERO, Instant::now());
        for _ in 0..100 {
            gate.pass(Asking::Again).await.unwrap().unclear();
            longest = longest.max(before.elapsed());
            before = Instant::now();
        }
        let range = Duration::from_millis(most * 800)..=Duration::from_millis(most * 1_000 + 110);
        assert!(range.contains(&longest), "{limit}/s: {longest:?}");
    };
    check(1, 10, 20).await;
    check(2, 10, 10).await;
    check(4, 20, 5).await;
    check(1_000, 20, 5).await;
}

#[tokio::test(start_paused = true)]
async fn the_time_of_an_open_gate_stands_still_while_it_is_closed() {
    let gate = gate();
    tokio::time::advance(Duration::from_secs(3)).await;
    let pass = gate.pass(Asking::Again).await.unwrap();
    let epoch = pass.epoch();
    pass.told_to_wait(Some(Duration::from_secs(20)));
    gate.left(epoch).await;
    tokio::time::advance(Duration::from_secs(10)).await;
    assert_eq!(gate.open_time(), Duration::from_secs(3));
    let probe = gate.pass(Asking::Again).await.unwrap();
    let closed = probe.epoch();
    assert!(
        tokio::time::timeout(Duration::from_secs(1), gate.left(closed))
            .await
            .is_err()
    );
    probe.answered();
    gate.left(closed).await;
    tokio::time::advance(Duration::from_secs(2)).await;
    assert_eq!(gate.open_time(), Duration::from_secs(5));
}
