//! Runs over a simulated wire on paused time: outages, what they cost and how soon they are over.
//!
//! The service has a latency, an outage of some style between two moments, and counts what arrives when. Slots hold
//! rows as the pipeline's do, so rows that wait take the place of others.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{HeaderMap, Method, Request};
use tokio::sync::Semaphore;
use tokio::time::{Instant, sleep};

use super::testing::{row, settings};
use super::wire::{Exchange, Failure, Payload, Reply, Wire};
use super::{Counters, Sender, Sent, Stop};
use crate::config::settings::SendSettings;
use crate::model::outcome::Outcome;
use crate::model::row::{Row, RowKey};
use crate::model::row_state::RowEvent;

pub(super) type Answer = Result<(u16, &'static str, String), Failure>;
type Script = dyn Fn(&Request<Bytes>, Duration) -> (Duration, Answer) + Send + Sync;

/// A service that says for each request, by the time since it started, how long it takes and what comes then.
pub(super) struct Simulated {
    script: Box<Script>,
    start: Instant,
    /// When each request to the API was sent, and when it was answered well.
    pub(super) sent: Mutex<Vec<Duration>>,
    pub(super) well: Mutex<Vec<Duration>>,
    pub(super) tokens: AtomicU64,
}

impl Simulated {
    pub(super) fn new(
        script: impl Fn(&Request<Bytes>, Duration) -> (Duration, Answer) + Send + Sync + 'static,
    ) -> Arc<Self> {
        Arc::new(Self {
            script: Box::new(script),
            start: Instant::now(),
            sent: Mutex::default(),
            well: Mutex::default(),
            tokens: AtomicU64::new(0),
        })
    }
}

pub(super) fn is_token(request: &Request<Bytes>) -> bool {
    request.uri().path().ends_with("/token")
}

/// The header lines of a reply.
fn headers(lines: &str) -> HeaderMap {
    let pairs = lines.lines().filter_map(|line| line.split_once(": "));
    let parsed = pairs.map(|(name, value)| (name.parse::<http::HeaderName>().unwrap(), value.parse().unwrap()));
    parsed.collect()
}

impl Wire for Simulated {
    fn exchange(&self, request: Request<Bytes>) -> Exchange<'_> {
        Box::pin(async move {
            let token = is_token(&request);
            if token {
                self.tokens.fetch_add(1, Ordering::Relaxed);
            } else {
                self.sent.lock().unwrap().push(self.start.elapsed());
            }
            let (latency, answer) = (self.script)(&request, self.start.elapsed());
            sleep(latency).await;
            let (status, lines, body) = answer?;
            if status == 200 && !token {
                self.well.lock().unwrap().push(self.start.elapsed());
            }
            Ok(Reply {
                status,
                headers: headers(lines),
                payload: Payload::Whole(Bytes::from(body)),
            })
        })
    }
}

#[expect(clippy::unnecessary_wraps, reason = "an answer like any other")]
pub(super) fn yes() -> Answer {
    Ok((200, "", String::from(r#"{"data":{"id":"C-1"}}"#)))
}

#[expect(clippy::unnecessary_wraps, reason = "an answer like any other")]
pub(super) fn token(expires_in: &str) -> Answer {
    let body = format!(r#"{{"access_token":"t","token_type":"Bearer","expires_in":{expires_in}}}"#);
    Ok((200, "", body))
}

/// A sender over the simulated service, with the settings that a run has by default save for these.
pub(super) fn sender(wire: &Arc<Simulated>, change: impl FnOnce(&mut SendSettings)) -> Sender {
    let (api, mut send) = settings("http://127.0.0.1:9");
    send.rate_per_second = Some(100);
    send.max_in_flight = 32;
    send.max_attempts = 6;
    send.backoff_base = Duration::from_millis(500);
    send.backoff_cap = Duration::from_secs(30);
    send.retry_budget = 0.1;
    send.give_up_after = Duration::from_secs(3_600);
    change(&mut send);
    Sender::over(Arc::clone(wire) as Arc<dyn Wire>, &api, &send).unwrap()
}

/// Sends rows from so many slots until the time is over; returns their outcomes.
pub(super) async fn run(sender: &Sender, slots: usize, time: Duration, row_of: impl Fn(u64) -> Row) -> Vec<Outcome> {
    let stop = Stop::new();
    let room = Arc::new(Semaphore::new(slots));
    let outcomes = Arc::new(Mutex::new(Vec::new()));
    let mut rows = tokio::task::JoinSet::new();
    let end = Instant::now() + time;
    for record in 0_u64.. {
        let Ok(slot) = tokio::time::timeout_at(end, Arc::clone(&room).acquire_owned()).await else {
            break;
        };
        let slot = slot.unwrap();
        let (sender, stop, outcomes, row) = (sender.clone(), stop.clone(), Arc::clone(&outcomes), row_of(record));
        rows.spawn(async move {
            let sent = sender.send(RowKey { input: 1, record }, &row, &stop).await.unwrap();
            if let Sent::Outcome(outcome) = sent {
                outcomes.lock().unwrap().push(outcome);
            }
            drop(slot);
        });
        while rows.try_join_next().is_some_and(|row| row.is_ok()) {}
    }
    stop.request();
    while let Some(row) = rows.join_next().await {
        row.unwrap();
    }
    outcomes.lock().unwrap().clone()
}

#[expect(clippy::cast_precision_loss, reason = "small counts")]
fn share(part: usize, of: f64) -> f64 {
    part as f64 / of
}

/// The first moment from which a second holds so many good answers; `times` is in order.
fn full_rate_from(times: &[Duration], since: Duration, needed: usize) -> Option<Duration> {
    let after: Vec<_> = times.iter().filter(|at| **at >= since).collect();
    let windows = after.windows(needed);
    let full = windows.map(|window| (window[0], window[needed - 1]));
    full.filter(|(first, last)| last.saturating_sub(**first) <= Duration::from_secs(1))
        .map(|(_, last)| last.saturating_sub(since))
        .next()
}

#[derive(Clone, Copy, Debug)]
enum Style {
    Refused,
    Timeouts,
    Unavailable,
    Failing,
    Resets,
}

const STYLES: [Style; 5] = [
    Style::Refused,
    Style::Timeouts,
    Style::Unavailable,
    Style::Failing,
    Style::Resets,
];

impl Style {
    fn answer(self, latency: Duration) -> (Duration, Answer) {
        match self {
            Self::Refused => (Duration::from_millis(1), Err(Failure::NotReached)),
            Self::Timeouts => (Duration::from_secs(30), Err(Failure::Timeout)),
            Self::Unavailable => (latency, Ok((503, "", String::new()))),
            Self::Failing => (latency, Ok((500, "", String::from(r#"{"errors":[]}"#)))),
            Self::Resets => (latency, Err(Failure::Reset)),
        }
    }
}

/// An outage, with a minute before it and four after it. Returns the share of the requests that the limit allows in it, the requests per row over the
/// whole run, and how long after it the rate was full again.
async fn outage(style: Style, rate: u32, latency: Duration, minutes: u64) -> (f64, f64, Duration, Counters) {
    let from = Duration::from_secs(60);
    let to = from + Duration::from_secs(minutes * 60);
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let random = Mutex::new(fastrand::Rng::with_seed(seed));
    let wire = Simulated::new(move |request, at| {
        if is_token(request) {
            return (latency, token("900"));
        }
        if (from..to).contains(&at) {
            return style.answer(latency);
        }
        let jitter = random.lock().unwrap().f64();
        // Rows whose attempts fail are looked for; nobody is created by those.
        let answer = if request.method() == Method::GET {
            Ok((404, "", String::from(r#"{"errors":[]}"#)))
        } else {
            yes()
        };
        (latency.mul_f64(0.5 + jitter), answer)
    });
    let in_flight = 32.max(rate as usize);
    let sender = sender(&wire, |send| {
        send.rate_per_second = Some(rate);
        send.max_in_flight = in_flight;
    });
    let time = to + Duration::from_secs(240);
    let outcomes = run(&sender, in_flight * 4, time, |_| row()).await;
    assert!(
        outcomes.iter().all(|outcome| outcome.event == RowEvent::Created),
        "{style:?}"
    );
    let sent = wire.sent.lock().unwrap().clone();
    let during = sent.iter().filter(|at| (from..to).contains(at)).count();
    let allowed = f64::from(rate) * to.saturating_sub(from).as_secs_f64();
    let well = wire.well.lock().unwrap().clone();
    // The token comes first.
    let quiet = Duration::from_secs(3)..from;
    let before = sent.iter().filter(|at| quiet.contains(at)).count();
    let used = share(
        before,
        f64::from(rate) * quiet.end.saturating_sub(quiet.start).as_secs_f64(),
    );
    assert!(used >= 0.97, "{style:?}: {used} of the rate used before the outage");
    #[expect(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small count")]
    let needed = (f64::from(rate) * 0.95) as usize;
    let recovered = full_rate_from(&well, to, needed).expect("never full again");
    let per_row = share(sent.len(), share(outcomes.len(), 1.0));
    let counters = sender.counters();
    println!(
        "{style:?}, {rate}/s, {latency:?}, {minutes} min: {during} requests in the outage ({:.4} of the limit), \
         {per_row:.4} a row, full rate {recovered:?} after it, use before {used:.3}, {counters:?}",
        share(during, allowed)
    );
    (share(during, allowed), per_row, recovered, counters)
}

#[tokio::test(start_paused = true)]
async fn an_outage_of_ten_minutes_is_neither_hammered_nor_followed_by_a_pause() {
    for style in STYLES {
        let fast = matches!(style, Style::Failing).then_some((500, 40));
        for (rate, latency) in [(10, 50), (60, 100), (20, 1_000)].into_iter().chain(fast) {
            let (during, per_row, recovered, _) = outage(style, rate, Duration::from_millis(latency), 10).await;
            assert!(during <= 0.1, "{style:?}: {during} of the limit in the outage");
            assert!(per_row <= 1.1, "{style:?}: {per_row} requests a row");
            // A probe in four seconds, its latency, a second that is full, and a slow start.
            let most = Duration::from_millis(4_000 + 1_000 + 2_000 + 6 * latency);
            assert!(
                recovered <= most,
                "{style:?}, {rate}/s: full rate {recovered:?} after the outage"
            );
        }
    }
}

/// Where half of all answers are failures the gate stays open, and the budget alone holds the retries back.
#[tokio::test(start_paused = true)]
async fn retries_stay_within_their_budget_while_every_second_answer_is_a_failure() {
    let seed = fastrand::u64(..);
    println!("seed {seed}");
    let random = Mutex::new(fastrand::Rng::with_seed(seed));
    let wire = Simulated::new(move |request, _| {
        let latency = Duration::from_millis(50);
        if is_token(request) {
            return (latency, token("900"));
        }
        let nobody = Ok((404, "", String::from(r#"{"errors":[]}"#)));
        let fails = random.lock().unwrap().bool();
        match (request.method() == Method::GET, fails) {
            (true, _) => (latency, nobody),
            (false, true) => (latency, Ok((502, "", String::new()))),
            (false, false) => (latency, yes()),
        }
    });
    let sender = sender(&wire, |_| ());
    let outcomes = run(&sender, 128, Duration::from_secs(600), |_| row()).await;
    let counters = sender.counters();
    println!("{} rows, {counters:?}", outcomes.len());
    let count = |count: u64| usize::try_from(count).unwrap();
    println!(
        "reliability: retries as a share of all requests, half of all answers failing = {:.3}",
        share(count(counters.retries), share(count(counters.requests), 1.0))
    );
    println!(
        "reliability: retries as a share of the limit, half of all answers failing = {:.3}",
        share(count(counters.retries), 60_000.0)
    );
    // All traffic falls to a fifth of the limit with them, since no row is given up and none begins while all wait.
    assert!(counters.requests <= 60_000 / 4, "{counters:?}");
    assert!(
        outcomes
            .iter()
            .all(|outcome| outcome.event == RowEvent::Created || outcome.attempts >= 6)
    );
    // The share of the limit, and the ten seconds' worth in reserve.
    assert!(counters.retries <= 6_000 + 100, "{counters:?}");
    assert!(counters.retries >= 5_000, "all of the budget is given: {counters:?}");
    assert!(outcomes.len() > 4_000, "{}", outcomes.len());
}

/// A look that is answered says nothing about whether customers can be created.
#[tokio::test(start_paused = true)]
async fn looks_that_are_answered_do_not_hide_an_outage_of_creating() {
    let latency = Duration::from_millis(50);
    let wire = Simulated::new(move |request, _| {
        let answer = match (is_token(request), request.method() == Method::GET) {
            (true, _) => token("900"),
            (false, true) => Ok((404, "", String::from(r#"{"errors":[]}"#))),
            (false, false) => Err(Failure::Reset),
        };
        (latency, answer)
    });
    let sender = sender(&wire, |send| send.max_attempts = 2);
    let outcomes = run(&sender, 8, Duration::from_secs(120), |_| row()).await;
    assert!(sender.counters().waits > 0);
    assert!(outcomes.len() <= 20, "{} rows were given up", outcomes.len());
}

/// Refused connections say nothing about the number of requests, so only the restart can lower it.
#[tokio::test(start_paused = true)]
async fn what_follows_an_outage_begins_with_few_requests_at_once() {
    let wire = Simulated::new(|request, at| {
        let latency = Duration::from_millis(50);
        match (is_token(request), at.as_secs()) {
            (true, _) => (latency, token("900")),
            (false, 5..60) => (latency, Err(Failure::NotReached)),
            (false, _) => (latency, yes()),
        }
    });
    let sender = sender(&wire, |_| ());
    run(&sender, 64, Duration::from_secs(80), |_| row()).await;
    assert_eq!(sender.counters().lowest_concurrency, 4);
}

#[tokio::test(start_paused = true)]
async fn probes_take_turns_at_the_rate_limit() {
    let wire = Simulated::new(|request, _| {
        let answer = if is_token(request) {
            token("900")
        } else {
            Err(Failure::NotReached)
        };
        (Duration::from_millis(1), answer)
    });
    let sender = sender(&wire, |send| {
        send.rate_per_second = Some(2);
        send.backoff_base = Duration::from_millis(10);
        send.backoff_cap = Duration::from_millis(10);
    });
    run(&sender, 8, Duration::from_secs(60), |_| row()).await;
    let sent = wire.sent.lock().unwrap().clone();
    let windows = sent.windows(3).map(|three| three[2].saturating_sub(three[0]));
    let shortest = windows.min().unwrap();
    assert!(shortest > Duration::from_secs(1), "three requests in {shortest:?}");
    assert!(sent.len() > 100, "{}", sent.len());
}

/// Rows that were refused a connection wait at the gate, and so do rows that had no clear answer: none waits longer than
/// the outage, whatever its backoff.
#[tokio::test(start_paused = true)]
async fn nobody_sleeps_on_when_an_outage_is_over() {
    let wire = Simulated::new(|request, at| {
        let latency = Duration::from_millis(200);
        match (is_token(request), at.as_secs()) {
            (true, _) => (latency, token("900")),
            (false, 1..300) => (latency, Err(Failure::Reset)),
            (false, _) => (latency, yes()),
        }
    });
    let sender = sender(&wire, |send| {
        send.backoff_base = Duration::from_secs(1_200);
        send.backoff_cap = Duration::from_secs(1_200);
    });
    // Nearly all of these fail before the gate closes: had they slept on, the others could not fill the rate.
    run(&sender, 28, Duration::from_secs(320), |_| row()).await;
    let well = wire.well.lock().unwrap().clone();
    let back = full_rate_from(&well, Duration::from_secs(300), 95);
    assert!(back.is_some_and(|back| back < Duration::from_secs(10)), "{back:?}");
}
