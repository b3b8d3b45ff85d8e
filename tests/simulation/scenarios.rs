//! Fixed courses: quiet at several rates and latencies, and an outage of ten minutes in five styles.
//!
//! They measure and hold: how much of the limit is used, how many requests an outage costs, how soon the rate is back. It
//! deliberately draws nothing: `seeds` does that.

use std::sync::Arc;
use std::time::Duration;

use rollcall::config::settings::SendSettings;
use rollcall::model::row_state::RowState;
use rollcall::sandbox::{AnswerBody, Fault, FaultAnswer, FaultEntry, FaultPlan, ServerKind};

use crate::bounds;
use crate::bugs::Bug;
use crate::case::{Case, Kind, Network, Server};
use crate::client::{Death, End, live};
use crate::limits::windows;
use crate::storm::on_paused_time;
use crate::world::{Weather, World};

/// The outage begins, and ends.
const OUTAGE: (u64, u64) = (300, 900);
const DEFAULT_RATE: u32 = 10;
/// The rate is back when so many seconds in a row hold 95 % of what they held before.
const BACK_SECONDS: u64 = 5;

/// What a user gets who sets nothing but the rate.
fn settings(rate: u32) -> SendSettings {
    SendSettings {
        rate_per_second: Some(rate),
        burst: None,
        max_in_flight: 32,
        max_attempts: 6,
        connect_timeout: Duration::from_secs(10),
        request_timeout: Duration::from_secs(30),
        backoff_base: Duration::from_millis(500),
        backoff_cap: Duration::from_secs(30),
        retry_budget: 0.1,
        // As long as the outage here, whose time is not the row's.
        row_deadline: Duration::from_secs(600),
        run_deadline: None,
        max_failures: None,
        canary: 0,
        give_up_after: Duration::from_secs(900),
    }
}

fn case(rate: u32, rows: usize, latency_ms: u64, plan: FaultPlan) -> Case {
    Case {
        seed: u64::from(rate) * 1_000 + latency_ms,
        send: settings(rate),
        server: Server {
            kind: ServerKind::SavesAll,
            duplicate_status: 409,
            burned_status: 409,
            strange_words: false,
            token_life: Duration::from_secs(900),
            rate_per_second: None,
        },
        network: Network {
            latency: Duration::from_millis(latency_ms),
            ..Network::default()
        },
        plan,
        storm: Duration::ZERO,
        kinds: vec![Kind::New; rows],
        pace: Duration::ZERO,
        commit: Duration::ZERO,
        longest_life: Duration::ZERO,
        longest_pause: Duration::ZERO,
        most_ends: 0,
    }
}

/// What a course came to.
struct Course {
    /// When requests left, since the beginning.
    left: Vec<Duration>,
    arrived: Vec<Duration>,
    states: Vec<RowState>,
    end: End,
}

impl Course {
    fn left_between(&self, from: f64, until: f64) -> usize {
        let inside = |at: &&Duration| at.as_secs_f64() >= from && at.as_secs_f64() < until;
        self.left.iter().filter(inside).count()
    }

    fn unresolved(&self) -> usize {
        let not_created = |state: &&RowState| **state != RowState::Created;
        self.states.iter().filter(not_created).count()
    }
}

fn run(case: &Case, bug: Option<Bug>) -> Course {
    on_paused_time(case.seed, async {
        let world = Arc::new(World::new(case, false));
        world.sandbox.set_plan(case.plan.clone()).unwrap();
        world.set_network(case.network);
        world.inner().weather = Weather::default();
        let end = live(&world, case, Death::default(), bug).await;
        let breaches = world.inner().breaches.clone();
        assert!(bug.is_some() || breaches.is_empty(), "{breaches:?}");
        let inner = world.inner();
        Course {
            left: inner.departures.iter().map(|departure| departure.at).collect(),
            arrived: world.sandbox.arrivals().iter().map(|arrival| arrival.at).collect(),
            states: inner.ledger.states().to_vec(),
            end,
        }
    })
}

/// The ratios of the highest windows, as requests left and as the service saw them arrive.
fn hold_the_limit(course: &Course, rate: u32, worst: &mut [f64; 3]) {
    for times in [&course.left, &course.arrived] {
        for (highest, found) in worst.iter_mut().zip(windows(times, rate)) {
            *highest = highest.max(found);
            assert!(found <= 1.0, "{found} of the limit of {rate}");
        }
    }
}

fn print_windows(of: &str, worst: [f64; 3]) {
    for (window, highest) in ["1 s", "10 s", "60 s"].into_iter().zip(worst) {
        eprintln!("reliability: {of}, highest window of {window} over limit = {highest:.3}");
    }
}

#[test]
#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn the_limit_is_used_in_quiet_and_never_passed() {
    let mut worst = [0.0; 3];
    let mut least = f64::INFINITY;
    for (rate, seconds) in [(2, 60), (10, 60), (50, 30), (200, 10), (1_000, 5)] {
        for latency_ms in [1, 20, 200] {
            // Who waits longer for an answer than permits allow for is not held up by the limit.
            if u64::from(rate) * 2 * latency_ms > 32_000 * 8 / 10 {
                continue;
            }
            let rows = usize::try_from(rate * seconds).unwrap();
            let course = run(&case(rate, rows, latency_ms, FaultPlan::default()), None);
            assert_eq!(course.end, End::Finished);
            assert_eq!(course.unresolved(), 0);
            assert_eq!(
                course.left.len(),
                rows + 1,
                "a request for each row, and one for a token"
            );
            hold_the_limit(&course, rate, &mut worst);
            // The first second holds the way to the token; the last may not be whole.
            let until = course.left.last().unwrap().as_secs_f64().floor();
            let used = course.left_between(1.0, until) as f64 / ((until - 1.0) * f64::from(rate));
            eprintln!("quiet: {rate}/s, {latency_ms} ms one way: use {used:.4}");
            least = least.min(used);
        }
    }
    eprintln!("reliability: use of the limit in quiet = {least:.3}");
    print_windows("quiet", worst);
    assert!(least >= bounds::USE_IN_QUIET, "{least}");
}

/// The styles of an outage.
fn styles() -> Vec<(&'static str, Fault)> {
    let answer = |status, body, save| {
        Fault::Answer(FaultAnswer {
            status,
            body,
            save: Some(save),
            ..FaultAnswer::default()
        })
    };
    vec![
        ("refused", Fault::Refuse {}),
        (
            "timeouts",
            Fault::Stall {
                seconds: 1_000.0,
                after_effect: false,
            },
        ),
        ("503", answer(503, AnswerBody::Html, false)),
        ("500", answer(500, AnswerBody::Errors, false)),
        ("resets", Fault::Reset { after_effect: false }),
    ]
}

/// The limits under which outages are tried; the long form has one more.
fn rates() -> Vec<u32> {
    let quick = [2, 10].into_iter();
    let long = std::env::var_os("ROLLCALL_SEEDS").map(|_| 50);
    quick.chain(long).collect()
}

/// What an outage cost.
struct Cost {
    style: &'static str,
    amplification: f64,
    of_the_limit: f64,
    recovery_s: f64,
    unresolved: usize,
}

#[expect(clippy::cast_precision_loss, reason = "counts are far below 2^52")]
fn outage(style: &'static str, fault: &Fault, rate: u32, bug: Option<Bug>, worst: &mut [f64; 3]) -> Cost {
    let (from, until) = (OUTAGE.0 as f64, OUTAGE.1 as f64);
    let rows = usize::try_from(u64::from(rate) * OUTAGE.0 * 2).unwrap();
    // In quiet a run makes one request for each row, and one for each token: the course in quiet holds that.
    let quiet = rows + 1;
    let plan = FaultPlan::from(FaultEntry::new(fault.clone()).between(from, until));
    let course = run(&case(rate, rows, 20, plan), bug);
    if bug.is_none() {
        hold_the_limit(&course, rate, worst);
    }
    let usual = course.left_between(from - 60.0, from) as f64 / 60.0;
    let enough = usual * BACK_SECONDS as f64 * 0.95;
    let is_back = |at: &&Duration| {
        let at = at.as_secs_f64();
        at >= until && course.left_between(at, at + BACK_SECONDS as f64) as f64 >= enough
    };
    let back = course.left.iter().find(is_back);
    Cost {
        style,
        amplification: course.left.len() as f64 / quiet as f64,
        of_the_limit: course.left_between(from, until) as f64 / (f64::from(rate) * (until - from)),
        recovery_s: back.map_or(f64::INFINITY, |at| at.as_secs_f64() - until),
        unresolved: course.unresolved(),
    }
}

#[test]
fn an_outage_of_ten_minutes_costs_few_requests_and_no_row() {
    let mut worst = [0.0; 3];
    let mut highest = [0.0_f64; 3];
    let mut slow = 0.0_f64;
    let mut unresolved = 0;
    for (style, fault) in styles() {
        for rate in rates() {
            let cost = outage(style, &fault, rate, None, &mut worst);
            eprintln!(
                "outage: {} at {rate}/s: {:.3} times the requests, {:.4} of the limit during it, back after {:.1} s, {} rows not created",
                cost.style, cost.amplification, cost.of_the_limit, cost.recovery_s, cost.unresolved,
            );
            if rate < DEFAULT_RATE {
                slow = slow.max(cost.amplification);
            }
            let amplification = if rate < DEFAULT_RATE { 0.0 } else { cost.amplification };
            let found = [amplification, cost.of_the_limit, cost.recovery_s];
            for (highest, found) in highest.iter_mut().zip(found) {
                *highest = highest.max(found);
            }
            unresolved += cost.unresolved;
        }
    }
    let [amplification, of_the_limit, recovery_s] = highest;
    eprintln!("reliability: amplification in a ten-minute outage = {amplification:.3}");
    eprintln!("reliability: amplification in a ten-minute outage at 2 requests a second = {slow:.3}");
    eprintln!("reliability: requests in a ten-minute outage over what the limit allows = {of_the_limit:.4}");
    eprintln!("reliability: seconds from the end of the outage to 95 % of the rate = {recovery_s:.1}");
    eprintln!("reliability: rows unresolved or left by ten-minute outages = {unresolved}");
    print_windows("outages", worst);
    assert!(
        amplification.max(slow) <= bounds::AMPLIFICATION,
        "{amplification}, {slow}"
    );
    assert!(recovery_s <= bounds::RECOVERY_SECONDS, "{recovery_s}");
    assert_eq!(unresolved, 0, "rows are not failed because the service was down");
}

#[test]
fn a_client_that_retries_at_once_is_seen_in_an_outage() {
    let (style, fault) = styles().into_iter().find(|(style, _)| *style == "resets").unwrap();
    let honest = outage(style, &fault, 2, None, &mut [0.0; 3]);
    let eager = outage(style, &fault, 2, Some(Bug::RetriesAtOnce), &mut [0.0; 3]);
    let (honest, eager) = (honest.amplification, eager.amplification);
    eprintln!("outage: {honest:.3} times the requests, and {eager:.3} with a client that retries at once");
    assert!(
        eager > bounds::AMPLIFICATION && eager > 2.0 * honest,
        "{eager}, {honest}"
    );
    eprintln!("reliability: positive control amplification in an outage = caught");
}
