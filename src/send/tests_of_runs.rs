//! Tests of what is common to all rows of a run: waiting, tokens, permits, the rate limit, stopping.
//!
//! A scripted service on real sockets. Nothing here sleeps; where the wire decides, times are short or lower bounds.

use std::sync::{Arc, Condvar, Mutex};
use std::time::Duration;

use tokio::time::Instant;

use super::testing::{Answer, Service, created, ok, refused, row, settings, token};
use super::tests::{CREATED, KEY, send, sender};
use super::{Sender, Sent, Stop, StopReason};
use crate::model::outcome::Outcome;

/// Sends this many rows at once and waits for their outcomes.
async fn send_many(sender: &Sender, rows: usize) -> Vec<Outcome> {
    let spawn = |_| {
        let sender = sender.clone();
        tokio::spawn(async move { send(&sender).await })
    };
    let mut outcomes = Vec::new();
    for row in (0..rows).map(spawn).collect::<Vec<_>>() {
        outcomes.push(row.await.unwrap());
    }
    outcomes
}

/// With one permit, the requests after the 429 are those of rows that had passed the gate before it.
#[tokio::test]
async fn retry_after_delays_everyone() {
    let asked = || Answer::Full(429, "retry-after: 1\r\n", String::new());
    let service = Service::answering(vec![asked(), created()]);
    let sender = sender(&service, |send| send.max_in_flight = 1);
    let outcomes = send_many(&sender, 8).await;
    assert!(outcomes.iter().all(|outcome| outcome.event == CREATED));
    assert_eq!(outcomes.iter().map(|outcome| outcome.attempts).sum::<u32>(), 9);
    let requests = service.requests();
    assert_eq!(requests.len(), 9);
    assert!(requests[1].at - requests[0].at >= Duration::from_secs(1));
    assert_eq!(sender.counters().waits, 1);
}

/// A service that takes only these tokens, and grants t1, t2, …
fn picky(takes: &'static [&'static str]) -> Service {
    Service::start(move |request, before| {
        if request.is_token() {
            return token(&format!("t{}", before + 1), 900);
        }
        let bearer = request.header("authorization").unwrap_or_default();
        if takes.iter().any(|token| bearer == format!("Bearer {token}")) {
            created()
        } else {
            refused(401, "token of Anna expired")
        }
    })
}

#[tokio::test]
async fn a_refused_token_is_renewed_once_for_all() {
    let service = picky(&["t2"]);
    let sender = sender(&service, |send| send.max_in_flight = 30);
    let outcomes = send_many(&sender, 30).await;
    assert!(outcomes.iter().all(|outcome| outcome.event == CREATED));
    assert_eq!(service.token_requests().len(), 2);
}

#[tokio::test]
async fn a_freshly_made_token_that_is_refused_stops_the_run() {
    let service = picky(&[]);
    let sender = sender(&service, |_| ());
    let stop = sender.send(KEY, &row(), &Stop::new()).await.unwrap_err();
    assert_eq!((stop.reason, stop.in_doubt), (StopReason::Unauthorized, false));
    assert_eq!(
        stop.to_string(),
        "the API refuses a freshly made token (HTTP 401): token of <first_name> expired"
    );
    assert_eq!((service.requests().len(), service.token_requests().len()), (2, 2));
}

#[tokio::test]
async fn a_fresh_token_refused_where_others_worked_makes_the_run_wait_and_try_the_next() {
    let service = Service::start(|request, before| {
        if request.is_token() {
            return token(&format!("t{}", before + 1), 900);
        }
        match (request.header("authorization").unwrap_or_default(), before) {
            ("Bearer t1", 0) | ("Bearer t3", _) => created(),
            _ => refused(401, "not now"),
        }
    });
    let sender = sender(&service, |_| ());
    assert_eq!(send(&sender).await.event, CREATED);
    let outcome = send(&sender).await;
    assert_eq!((outcome.event, outcome.attempts), (CREATED, 3));
    assert_eq!((service.token_requests().len(), sender.counters().waits), (3, 1));
}

#[tokio::test]
async fn a_token_endpoint_that_refuses_the_client_stops_the_run() {
    for status in [400, 401, 403, 404, 405] {
        let service = Service::start(move |_, _| refused(status, "invalid_client"));
        let stop = sender(&service, |_| ())
            .send(KEY, &row(), &Stop::new())
            .await
            .unwrap_err();
        assert_eq!((stop.reason, stop.code()), (StopReason::TokenRefused, "token.refused"));
        assert_eq!((service.token_requests().len(), service.requests().len()), (1, 0));
    }
}

#[tokio::test]
async fn a_token_endpoint_that_is_not_well_is_asked_again() {
    let service = Service::start(|request, before| match (request.is_token(), before) {
        (true, 0) => Answer::Full(500, "", String::new()),
        (true, 1) => Answer::Close,
        (true, 2) => ok("{}"),
        (true, _) => token("t1", 900),
        (false, _) => created(),
    });
    let sender = sender(&service, |_| ());
    let outcome = send(&sender).await;
    assert_eq!((outcome.event, outcome.attempts), (CREATED, 1));
    assert_eq!((service.token_requests().len(), sender.counters().waits), (4, 3));
}

#[tokio::test]
async fn many_rows_ask_for_one_token() {
    let service = Service::answering(vec![created()]);
    let sender = sender(&service, |_| ());
    let outcomes = send_many(&sender, 50).await;
    assert!(outcomes.iter().all(|outcome| outcome.attempts == 1));
    assert_eq!((service.token_requests().len(), service.requests().len()), (1, 50));
    assert_eq!(sender.counters().requests, 51);
}

#[tokio::test]
async fn no_more_requests_are_on_the_wire_than_permitted() {
    // How many requests are being served, and the most there ever were.
    let served = Arc::new((Mutex::new((0, 0)), Condvar::new()));
    let (inside, limit) = (Arc::clone(&served), 3);
    let service = Service::start(move |request, _| {
        let (counts, changed) = &*inside;
        let mut now = counts.lock().unwrap();
        *now = (now.0 + 1, now.1.max(now.0 + 1));
        changed.notify_all();
        // Everyone waits a moment for one more than there may be.
        let wait = Duration::from_millis(20);
        now = changed.wait_timeout_while(now, wait, |now| now.0 <= limit).unwrap().0;
        now.0 -= 1;
        if request.is_token() {
            token("t1", 900)
        } else {
            created()
        }
    });
    let sender = sender(&service, |send| send.max_in_flight = limit);
    send_many(&sender, 24).await;
    let most = served.0.lock().unwrap().1;
    assert_eq!(most, limit);
}

#[tokio::test]
async fn a_row_that_backs_off_holds_no_permit() {
    let service = Service::answering(vec![Answer::Full(500, "", String::new()), created()]);
    let sender = sender(&service, |send| {
        send.max_in_flight = 1;
        send.backoff_base = Duration::from_secs(600);
        send.backoff_cap = Duration::from_secs(600);
    });
    let stop = Stop::new();
    let waiting = tokio::spawn({
        let (sender, stop) = (sender.clone(), stop.clone());
        async move { sender.send(KEY, &row(), &stop).await.unwrap() }
    });
    while service.requests().is_empty() {
        tokio::task::yield_now().await;
    }
    let other = tokio::time::timeout(Duration::from_secs(5), send(&sender)).await;
    assert_eq!(other.unwrap().event, CREATED);
    stop.request();
    assert_eq!(waiting.await.unwrap(), Sent::InDoubt { attempts: 1 });
}

#[tokio::test]
async fn every_request_takes_a_turn_at_the_rate_limit() {
    let service = Service::answering(vec![
        Answer::Full(500, "", String::new()),
        Answer::Close,
        refused(409, "exists"),
        Answer::Full(500, "", String::new()),
        refused(404, "no such customer"),
    ]);
    let sender = sender(&service, |send| send.rate_per_second = Some(20));
    let start = Instant::now();
    send(&sender).await;
    let requests = service.requests();
    assert_eq!(requests.len(), 5);
    // The token had the first turn. A request may arrive late and never early.
    for (number, request) in (1..).zip(requests) {
        let after = request.at - start + Duration::from_millis(10);
        assert!(
            after >= Duration::from_millis(51) * number,
            "request {number} at {after:?}"
        );
    }
}

#[tokio::test]
async fn a_service_out_of_reach_costs_the_row_nothing() {
    let service = Service::answering(vec![]);
    // A port that is bound and not listened on refuses, and nobody else gets it meanwhile.
    let port = tokio::net::TcpSocket::new_v4().unwrap();
    port.bind("127.0.0.1:0".parse().unwrap()).unwrap();
    let address = port.local_addr().unwrap();
    let (mut api, send_settings) = settings(&service.url());
    api.base_url = format!("http://{address}/api");
    let sender = Sender::new(&api, &send_settings).unwrap();
    let waiting = tokio::spawn({
        let sender = sender.clone();
        async move { send(&sender).await }
    });
    while sender.counters().waits < 6 {
        tokio::task::yield_now().await;
    }
    let listener = port.listen(64).unwrap().into_std().unwrap();
    listener.set_nonblocking(false).unwrap();
    let back = Service::start_on(listener, |_, _| created());
    let outcome = waiting.await.unwrap();
    assert_eq!((outcome.event, outcome.http_status), (CREATED, Some(200)));
    assert!(outcome.attempts > 6, "more attempts than a row has against itself");
    assert_eq!(back.requests().len(), 1);
}

#[tokio::test]
async fn a_long_outage_ends_the_run_resumable() {
    // Port 1 is reserved, and nobody listens on it.
    let (api, mut send_settings) = settings("http://127.0.0.1:1");
    send_settings.give_up_after = Duration::from_millis(200);
    let sender = Sender::new(&api, &send_settings).unwrap();
    let sends: Vec<_> = (0..5)
        .map(|_| {
            let sender = sender.clone();
            tokio::spawn(async move { sender.send(KEY, &row(), &Stop::new()).await.unwrap_err() })
        })
        .collect();
    for row in sends {
        let stop = row.await.unwrap();
        assert_eq!((stop.reason, stop.code()), (StopReason::GaveUp, "run.gave_up"));
        assert!(!stop.in_doubt);
    }
}

#[tokio::test]
async fn a_stop_is_obeyed_between_attempts_and_never_within_one() {
    let stop = Stop::new();
    stop.request();
    let service = Service::answering(vec![created()]);
    let sent = sender(&service, |_| ()).send(KEY, &row(), &stop).await.unwrap();
    assert_eq!((sent, service.requests().len()), (Sent::NotAttempted, 0));

    let check = async |answer: Answer, long_backoff: bool| {
        let stop = Stop::new();
        let asking = stop.clone();
        let service = Service::start(move |request, _| {
            if request.is_token() {
                return token("t1", 900);
            }
            asking.request();
            answer.clone()
        });
        let sender = sender(&service, |send| {
            if long_backoff {
                send.backoff_base = Duration::from_secs(600);
                send.backoff_cap = Duration::from_secs(600);
            }
        });
        let sent = sender.send(KEY, &row(), &stop).await.unwrap();
        assert_eq!(service.requests().len(), 1);
        sent
    };
    assert!(matches!(check(created(), false).await, Sent::Outcome(outcome) if outcome.event == CREATED));
    let in_doubt = Sent::InDoubt { attempts: 1 };
    assert_eq!(check(Answer::Close, true).await, in_doubt);
    assert_eq!(check(refused(409, "exists"), false).await, in_doubt);
    let asked = Answer::Full(429, "retry-after: 4\r\n", String::new());
    assert_eq!(check(asked, false).await, Sent::NotAttempted);
}

#[tokio::test]
async fn a_stop_wakes_rows_that_wait_at_the_gate() {
    let asked = Answer::Full(429, "retry-after: 600\r\n", String::new());
    let service = Service::answering(vec![asked]);
    let sender = sender(&service, |send| send.give_up_after = Duration::from_secs(3_600));
    let stop = Stop::new();
    let waiting = tokio::spawn({
        let (sender, stop) = (sender.clone(), stop.clone());
        async move { sender.send(KEY, &row(), &stop).await.unwrap() }
    });
    while sender.counters().waits == 0 {
        tokio::task::yield_now().await;
    }
    stop.request();
    let sent = tokio::time::timeout(Duration::from_secs(5), waiting).await;
    assert_eq!(sent.unwrap().unwrap(), Sent::NotAttempted);
}

#[tokio::test]
async fn an_outage_of_server_errors_pauses_the_run_and_marks_no_row() {
    // Longer than all the attempts of all the rows, had each of them gone on by itself.
    let service = Service::start(|request, before| match (request.is_token(), before) {
        (true, _) => token("t1", 900),
        (false, 0..40) => Answer::Full(502, "", String::from("<html>bad gateway</html>")),
        (false, _) => created(),
    });
    let sender = sender(&service, |send| {
        send.max_in_flight = 2;
        send.max_attempts = 5;
        send.backoff_base = Duration::from_millis(1);
        send.backoff_cap = Duration::from_millis(2);
    });
    let outcomes = send_many(&sender, 8).await;
    assert!(outcomes.iter().all(|outcome| outcome.event == CREATED), "{outcomes:?}");
}
