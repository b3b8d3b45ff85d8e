//! Rows with spoiled ids that are all that is left, over a simulated wire on paused time: they look like an outage, and a
//! run ends all the same; and an outage of creates alone looks like spoiled ids, and costs few rows.

use std::collections::HashSet;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request};

use super::testing::row;
use super::tests_of_outages::{Answer, Simulated, is_token, run, sender, token};
use super::{Sent, Stop, StopReason};
use crate::config::settings::SendSettings;
use crate::model::outcome::Outcome;
use crate::model::row::{Row, RowKey};
use crate::model::row_state::RowEvent;

const LATENCY: Duration = Duration::from_millis(50);

#[expect(clippy::unnecessary_wraps, reason = "an answer like any other")]
fn answer(status: u16, body: &str) -> Answer {
    Ok((status, "", body.to_owned()))
}

fn numbered(record: u64) -> Row {
    let mut row = row();
    row.customer_id = format!("C-{record}");
    row.payload = String::from_utf8_lossy(&row.payload)
        .replace("C-1", &row.customer_id)
        .into();
    row
}

/// A service that is asked by customer: `create` says whether it takes the create of a customer who is not there.
fn service(
    create: impl Fn(&str, Duration) -> bool + Send + Sync + 'static,
    looks: impl Fn(Duration) -> bool + Send + Sync + 'static,
    failure: impl Fn() -> Answer + Send + Sync + 'static,
) -> Arc<Simulated> {
    let there = Mutex::new(HashSet::new());
    Simulated::new(move |request: &Request<Bytes>, at| {
        if is_token(request) {
            return (LATENCY, token("900"));
        }
        let mut there = there.lock().unwrap();
        if request.method() == Method::GET {
            let id = request.uri().path().rsplit('/').next().unwrap().to_owned();
            let known = || answer(200, &format!(r#"{{"data":{{"id":"{id}"}}}}"#));
            let nobody = || answer(404, r#"{"errors":[]}"#);
            return match (looks(at), there.contains(&id)) {
                (false, _) => (LATENCY, failure()),
                (true, true) => (LATENCY, known()),
                (true, false) => (LATENCY, nobody()),
            };
        }
        let body: serde_json::Value = serde_json::from_slice(request.body()).unwrap();
        let id = body["id"].as_str().unwrap().to_owned();
        if !create(&id, at) {
            return (LATENCY, failure());
        }
        let known = answer(200, &format!(r#"{{"data":{{"id":"{id}"}}}}"#));
        there.insert(id);
        (LATENCY, known)
    })
}

fn failed() -> Answer {
    answer(500, r#"{"errors":[]}"#)
}

/// So many rows that an earlier process left in doubt, all at once; how each ended.
async fn send_again(wire: &Arc<Simulated>, rows: u64, change: impl FnOnce(&mut SendSettings)) -> Vec<Outcome> {
    let sender = sender(wire, change);
    let mut under_way = tokio::task::JoinSet::new();
    for record in 0..rows {
        let sender = sender.clone();
        under_way.spawn(async move {
            let key = RowKey { input: 1, record };
            sender.send_again(key, &numbered(record), &Stop::new()).await
        });
    }
    let mut outcomes = Vec::new();
    let end = tokio::time::Instant::now() + Duration::from_secs(86_400);
    let next = async |under_way: &mut tokio::task::JoinSet<_>| {
        let next = tokio::time::timeout_at(end, under_way.join_next()).await;
        next.expect("a run that never ends")
    };
    while let Some(sent) = next(&mut under_way).await {
        match sent.unwrap().unwrap() {
            Sent::Outcome(outcome) => outcomes.push(outcome),
            sent @ (Sent::NotAttempted | Sent::InDoubt { .. } | Sent::Absent { .. }) => panic!("{sent:?}"),
        }
    }
    outcomes
}

fn codes(outcomes: &[Outcome]) -> HashSet<(RowEvent, Option<&str>)> {
    let codes = outcomes.iter().map(|outcome| (outcome.event, outcome.code.as_deref()));
    codes.collect()
}

#[tokio::test(start_paused = true)]
async fn a_run_of_nothing_but_spoiled_ids_ends_and_sets_each_aside() {
    let wire = service(|_, _| false, |_| true, failed);
    let outcomes = send_again(&wire, 60, |send| send.give_up_after = Duration::from_secs(30)).await;
    assert_eq!(outcomes.len(), 60);
    assert_eq!(
        codes(&outcomes),
        HashSet::from([(RowEvent::Unresolved, Some("api.poisoned_id"))])
    );
    // A service that ends the connection says nothing about ids.
    let wire = service(|_, _| false, |_| true, || Err(crate::send::Failure::Reset));
    let outcomes = send_again(&wire, 30, |_| ()).await;
    assert_eq!(
        codes(&outcomes),
        HashSet::from([(RowEvent::Unresolved, Some("http.reset"))])
    );
}

#[tokio::test(start_paused = true)]
async fn whoever_is_there_behind_a_spoiled_id_is_found() {
    // Created at first, and the answer saved as a failure.
    let wire = Simulated::new(|request, _| {
        let id = request.uri().path().rsplit('/').next().unwrap().to_owned();
        let answer = match (is_token(request), request.method() == Method::GET) {
            (true, _) => token("900"),
            (_, true) => {
                let row = String::from_utf8_lossy(&numbered(0).payload).replace("C-0", &id);
                answer(200, &format!(r#"{{"data":{row}}}"#))
            }
            (_, false) => failed(),
        };
        (LATENCY, answer)
    });
    let outcomes = send_again(&wire, 40, |_| ()).await;
    assert_eq!(
        codes(&outcomes),
        HashSet::from([(RowEvent::Existing, Some("api.found_after_doubt"))])
    );
}

#[tokio::test(start_paused = true)]
async fn an_outage_of_creates_alone_costs_few_rows() {
    let up = |at: Duration| !(60..660).contains(&at.as_secs());
    let wire = service(move |_, at| up(at), |_| true, failed);
    let sender = sender(&wire, |send| {
        send.rate_per_second = Some(10);
        send.give_up_after = Duration::from_secs(900);
    });
    let outcomes = run(&sender, 64, Duration::from_secs(900), numbered).await;
    let created = outcomes.iter().filter(|outcome| outcome.event == RowEvent::Created);
    let lost = outcomes.len() - created.count();
    println!("{lost} of {} rows: {:?}", outcomes.len(), sender.counters());
    assert!(lost <= 5, "{lost}");
    assert!(outcomes.len() > 2_600, "{}", outcomes.len());
}

/// The service saves the failures of its outage: every slot of the run is taken by a spoiled row when it is back.
#[tokio::test(start_paused = true)]
async fn a_run_whose_slots_are_all_spoiled_by_an_outage_goes_on_after_it() {
    let spoiled = Mutex::new(HashSet::new());
    let create = move |id: &str, at: Duration| {
        let up = !(60..360).contains(&at.as_secs());
        let mut spoiled = spoiled.lock().unwrap();
        if !up {
            spoiled.insert(id.to_owned());
        }
        up && !spoiled.contains(id)
    };
    let wire = service(create, |at| !(60..360).contains(&at.as_secs()), failed);
    let sender = sender(&wire, |send| send.rate_per_second = Some(10));
    let outcomes = run(&sender, 24, Duration::from_secs(700), numbered).await;
    let created = outcomes.iter().filter(|outcome| outcome.event == RowEvent::Created);
    let aside = outcomes.len() - created.count();
    println!("{aside} of {} rows set aside: {:?}", outcomes.len(), sender.counters());
    assert!(aside <= 30, "{aside}");
    assert!(outcomes.len() > 3_500, "{}", outcomes.len());
}

#[tokio::test(start_paused = true)]
async fn an_outage_of_everything_ends_the_run_and_no_row() {
    let wire = service(|_, _| false, |_| false, failed);
    let sender = sender(&wire, |send| {
        send.give_up_after = Duration::from_secs(900);
        send.row_deadline = Duration::from_secs(600);
    });
    let mut under_way = tokio::task::JoinSet::new();
    for record in 0..40 {
        let sender = sender.clone();
        under_way.spawn(async move {
            let key = RowKey { input: 1, record };
            sender.send_again(key, &numbered(record), &Stop::new()).await
        });
    }
    while let Some(sent) = under_way.join_next().await {
        assert_eq!(sent.unwrap().unwrap_err().reason, StopReason::GaveUp);
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_that_ends_while_its_row_waits_for_a_turn_is_not_sent() {
    let ends = Mutex::new((Duration::ZERO, Duration::ZERO));
    let wire = Simulated::new(move |request, at| {
        let mut ends = ends.lock().unwrap();
        if is_token(request) {
            *ends = (ends.1, at + Duration::from_secs(4));
            return (LATENCY, token("4"));
        }
        // The service takes the latest token, and says 401 when its life is over.
        if at > ends.1 + LATENCY {
            return (LATENCY, answer(401, ""));
        }
        let body: serde_json::Value = serde_json::from_slice(request.body()).unwrap();
        (LATENCY, answer(200, &format!(r#"{{"data":{{"id":{}}}}}"#, body["id"])))
    });
    let sender = sender(&wire, |send| {
        send.rate_per_second = Some(2);
        send.max_in_flight = 16;
    });
    let outcomes = run(&sender, 32, Duration::from_secs(300), numbered).await;
    println!("{} rows, {:?}", outcomes.len(), sender.counters());
    assert!(outcomes.len() > 300, "{}", outcomes.len());
    assert!(outcomes.iter().all(|outcome| outcome.attempts == 1));
}

#[tokio::test(start_paused = true)]
async fn a_token_request_that_hangs_holds_up_nobody() {
    let wire = Simulated::new(|request, at| match (is_token(request), at.as_millis()) {
        (true, 0..1_000) => (Duration::from_secs(30), Err(crate::send::Failure::Timeout)),
        (true, _) => (LATENCY, token("900")),
        (false, _) => (LATENCY, answer(200, r#"{"data":{"id":"C-1"}}"#)),
    });
    let sender = sender(&wire, |_| ());
    run(&sender, 64, Duration::from_secs(20), |_| row()).await;
    let first = wire.well.lock().unwrap().first().copied();
    assert!(first.is_some_and(|first| first < Duration::from_secs(6)), "{first:?}");
    let asked = wire.tokens.load(std::sync::atomic::Ordering::Relaxed);
    assert_eq!(asked, 2);
}
