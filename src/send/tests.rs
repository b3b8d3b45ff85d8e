//! Tests of the whole stage against a scripted service on real sockets.
//!
//! Nothing here sleeps; where the wire decides, times are short or are lower bounds.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::testing::{Answer, Request, SECRET, Service, TOKEN_PATH, created, ok, refused, row, settings, token};
use super::{Sender, Sent, Stop, StopReason};
use crate::config::settings::SendSettings;
use crate::model::outcome::Outcome;
use crate::model::row::{Row, RowKey};
use crate::model::row_state::RowEvent;

const KEY: RowKey = RowKey { input: 3, record: 14 };

fn sender(service: &Service, change: impl FnOnce(&mut SendSettings)) -> Sender {
    let (api, mut send) = settings(&service.url());
    change(&mut send);
    Sender::new(&api, &send).unwrap()
}

async fn send(sender: &Sender) -> Outcome {
    match sender.send(KEY, &row(), &Stop::new()).await.unwrap() {
        Sent::Outcome(outcome) => outcome,
        other => panic!("no outcome: {other:?}"),
    }
}

/// Sends one row to a service with these answers and checks event, attempts, status and code.
async fn check(answers: Vec<Answer>, expected: (RowEvent, u32, Option<u16>, Option<&str>)) -> (Outcome, Vec<Request>) {
    let service = Service::answering(answers);
    let sender = sender(&service, |send| send.request_timeout = Duration::from_millis(300));
    let outcome = send(&sender).await;
    let found = (
        outcome.event,
        outcome.attempts,
        outcome.http_status,
        outcome.code.as_deref(),
    );
    assert_eq!(found, expected);
    assert_eq!(sender.counters().retries, u64::from(outcome.attempts) - 1);
    assert_eq!(sender.counters().requests, u64::from(outcome.attempts) + 1);
    (outcome, service.requests())
}

const CREATED: RowEvent = RowEvent::Created;

#[tokio::test]
async fn a_customer_is_created_at_once_as_the_contract_says() {
    let (outcome, requests) = check(vec![created()], (CREATED, 1, Some(200), None)).await;
    let [request] = &requests[..] else {
        panic!("{} requests", requests.len());
    };
    assert_eq!(request.line, "POST /api/v1/customers");
    assert_eq!(request.body, row().payload);
    let header = |name| request.header(name).unwrap_or_default();
    assert_eq!(header("authorization"), "Bearer t1");
    assert_eq!(header("content-type"), "application/json");
    assert_eq!(header("accept"), "application/json");
    assert_eq!(header("user-agent"), concat!("rollcall/", env!("CARGO_PKG_VERSION")));
    assert_eq!(header("x-l2f-idempotency-id"), row().idempotency_id.to_string());
    assert_eq!(header("x-l2f-request-id"), outcome.request_id.unwrap().to_string());
    assert_eq!((outcome.key, outcome.detail), (KEY, None));
}

#[tokio::test]
async fn a_token_is_asked_for_as_the_contract_says_and_once() {
    let service = Service::answering(vec![created()]);
    let sender = sender(&service, |_| ());
    for _ in 0..3 {
        send(&sender).await;
    }
    let [request] = &service.token_requests()[..] else {
        panic!("not one token request");
    };
    let query = "grant_type=client_credentials&scope=customers:read+customers:write";
    assert_eq!(request.line, format!("POST {TOKEN_PATH}?{query}"));
    assert_eq!(request.body, b"");
    let header = |name| request.header(name).unwrap_or_default();
    // base64("client:s3cret-of-the-client")
    assert_eq!(header("authorization"), "Basic Y2xpZW50OnMzY3JldC1vZi10aGUtY2xpZW50");
    assert_eq!(header("accept"), "application/json");
    assert_eq!(header("content-type"), "application/x-www-form-urlencoded");
}

#[tokio::test]
async fn a_retry_has_the_same_idempotency_id_and_bytes_and_another_request_id() {
    let answers = vec![Answer::Full(500, "", String::new()), created()];
    let (_, requests) = check(answers, (CREATED, 2, Some(200), None)).await;
    let header = |name: &str| {
        requests
            .iter()
            .map(|request| request.header(name).unwrap())
            .collect::<Vec<_>>()
    };
    let ids = header("x-l2f-idempotency-id");
    assert_eq!(ids[0], ids[1]);
    assert_eq!(requests[0].body, requests[1].body);
    let ids = header("x-l2f-request-id");
    assert_ne!(ids[0], ids[1]);
}

#[tokio::test]
async fn an_unclear_answer_is_never_taken_for_a_yes() {
    let broken = |length| {
        Answer::Raw(format!(
            "HTTP/1.1 200 x\r\ncontent-length: {length}\r\n\r\n{{\"data\":{{\"id\":"
        ))
    };
    let huge = Answer::Full(
        200,
        "",
        format!("{{\"data\":{{\"id\":\"C-1\"}},\"x\":\"{}\"}}", "x".repeat(70_000)),
    );
    for unclear in [
        Answer::Close,
        broken(999),
        broken(13),
        huge,
        ok(r#"{"data":{"id":"C-2"}}"#),
        ok("<html>"),
        Answer::Full(502, "", String::from("<html>")),
        Answer::Full(503, "", String::new()),
        Answer::Raw(String::from("nonsense\r\n\r\n")),
    ] {
        check(vec![unclear, created()], (CREATED, 2, Some(200), None)).await;
    }
}

#[tokio::test]
async fn attempts_run_out_with_the_code_of_the_last() {
    let unresolved = |status, code| (RowEvent::Unresolved, 4, status, Some(code));
    let body = format!("{{\"data\":{{\"id\":\"C-1\"}},\"x\":\"{}\"}}", "x".repeat(70_000));
    check(vec![Answer::Silence], unresolved(None, "http.timeout")).await;
    check(vec![Answer::Close], unresolved(None, "http.reset")).await;
    check(vec![ok(&body)], unresolved(Some(200), "http.body_too_large")).await;
    check(
        vec![refused(500, "oh, Anna")],
        unresolved(Some(500), "http.server_error"),
    )
    .await;
}

#[tokio::test]
async fn a_redirect_is_never_followed() {
    let elsewhere = Service::answering(vec![created()]);
    let location: &'static str = format!("location: {}/api/v1/customers\r\n", elsewhere.url()).leak();
    for status in [301, 302, 303, 307, 308] {
        let redirect = Answer::Full(status, location, String::new());
        let expected = (RowEvent::Unresolved, 4, Some(status), Some("http.redirect"));
        check(vec![redirect], expected).await;
    }
    assert!(elsewhere.requests().is_empty());
}

#[tokio::test]
async fn a_customer_who_exists_is_read_back_and_compared() {
    let same = r#"{"data":{"customer_type":"INDIVIDUAL","first_name":"Anna","id":"C-1","last_name":"Petrosyan","status":"ACTIVE"}}"#;
    let exists = || refused(400, "customer C-1 already exists");
    let code = Some("api.duplicate_customer");
    let (_, requests) = check(vec![exists(), ok(same)], (RowEvent::Existing, 2, Some(200), code)).await;
    assert_eq!(requests[1].line, "GET /api/v1/customers/C-1");
    assert_eq!(requests[1].header("authorization"), Some("Bearer t1"));
    assert_ne!(
        requests[0].header("x-l2f-request-id"),
        requests[1].header("x-l2f-request-id")
    );

    let other = same.replace("Petrosyan", "Ivanova");
    let code = Some("api.other_data");
    let (outcome, _) = check(vec![exists(), ok(&other)], (RowEvent::Conflict, 2, Some(200), code)).await;
    assert_eq!(outcome.detail.as_deref(), Some("last_name"));

    let answers = vec![exists(), Answer::Close, refused(404, "no such customer")];
    let (outcome, requests) = check(answers, (RowEvent::Refused, 3, Some(400), Some("api.refused"))).await;
    assert_eq!(outcome.detail.as_deref(), Some("customer <id> already exists"));
    assert_eq!(
        outcome.request_id.unwrap().to_string(),
        requests[0].header("x-l2f-request-id").unwrap()
    );
}

#[tokio::test]
async fn a_refusal_is_kept_without_values() {
    let text = "PETROSYAN\u{1b}[31m, Anna: 'C-1' is not welcome";
    let (outcome, _) = check(
        vec![refused(422, text)],
        (RowEvent::Refused, 1, Some(422), Some("api.refused")),
    )
    .await;
    assert_eq!(
        outcome.detail.as_deref(),
        Some("<last_name>[31m, <first_name>: '<id>' is not welcome")
    );
}

/// With one permit, the requests after the 429 are those of rows that had passed the gate before it.
#[tokio::test]
async fn retry_after_delays_everyone() {
    let asked = || Answer::Full(429, "retry-after: 1\r\n", String::new());
    let service = Service::answering(vec![asked(), created()]);
    let sender = sender(&service, |send| send.max_in_flight = 1);
    let sends = (0..8).map(|_| {
        let sender = sender.clone();
        tokio::spawn(async move { send(&sender).await })
    });
    let mut attempts = 0;
    for row in sends.collect::<Vec<_>>() {
        let outcome = row.await.unwrap();
        assert_eq!(outcome.event, CREATED);
        attempts += outcome.attempts;
    }
    let requests = service.requests();
    assert_eq!((requests.len(), attempts), (9, 9));
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
    let sends: Vec<_> = (0..30)
        .map(|_| {
            let sender = sender.clone();
            tokio::spawn(async move { send(&sender).await })
        })
        .collect();
    for row in sends {
        assert_eq!(row.await.unwrap().event, CREATED);
    }
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
async fn what_this_client_may_not_do_stops_the_run_and_marks_no_row() {
    let page = |status| Answer::Full(status, "", String::from("<html>no</html>"));
    for answer in [
        page(403),
        page(404),
        page(405),
        refused(403, "no"),
        refused(404, "no such path"),
    ] {
        let service = Service::answering(vec![answer]);
        let stop = sender(&service, |_| ())
            .send(KEY, &row(), &Stop::new())
            .await
            .unwrap_err();
        assert_eq!(
            (stop.reason, stop.code()),
            (StopReason::NotPermitted, "api.not_permitted")
        );
        assert_eq!((stop.in_doubt, service.requests().len()), (false, 1));
    }
}

#[tokio::test]
async fn a_404_about_the_row_is_the_row_s() {
    let answer = refused(404, "country of customer C-1 not found");
    check(vec![answer], (RowEvent::Refused, 1, Some(404), Some("api.refused"))).await;
}

#[tokio::test]
async fn a_token_endpoint_that_refuses_the_client_stops_the_run() {
    for status in [400, 401] {
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
    let sends: Vec<_> = (0..50)
        .map(|_| {
            let sender = sender.clone();
            tokio::spawn(async move { send(&sender).await })
        })
        .collect();
    for row in sends {
        assert_eq!(row.await.unwrap().attempts, 1);
    }
    assert_eq!((service.token_requests().len(), service.requests().len()), (1, 50));
    assert_eq!(sender.counters().requests, 51);
}

#[tokio::test]
async fn no_more_requests_are_on_the_wire_than_permitted() {
    let (now, most) = (AtomicUsize::new(0), Arc::new(AtomicUsize::new(0)));
    let highest = Arc::clone(&most);
    let service = Service::start(move |request, _| {
        highest.fetch_max(now.fetch_add(1, Ordering::SeqCst) + 1, Ordering::SeqCst);
        for _ in 0..2_000 {
            std::thread::yield_now();
        }
        now.fetch_sub(1, Ordering::SeqCst);
        if request.is_token() {
            token("t1", 900)
        } else {
            created()
        }
    });
    let sender = sender(&service, |send| send.max_in_flight = 3);
    let sends: Vec<_> = (0..60)
        .map(|_| {
            let sender = sender.clone();
            tokio::spawn(async move { send(&sender).await })
        })
        .collect();
    for row in sends {
        row.await.unwrap();
    }
    let most = most.load(Ordering::SeqCst);
    assert!((2..=3).contains(&most), "{most} at once");
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
    send(&sender).await;
    let token = service.token_requests()[0].at;
    let requests = service.requests();
    assert_eq!(requests.len(), 5);
    for (number, request) in (1..).zip(requests) {
        let least = Duration::from_millis(51) * number - Duration::from_millis(20);
        assert!(
            request.at - token >= least,
            "request {number} after {:?}",
            request.at - token
        );
    }
}

#[tokio::test]
async fn a_service_out_of_reach_costs_the_row_nothing() {
    let service = Service::answering(vec![]);
    let dead = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let address = dead.local_addr().unwrap();
    drop(dead);
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
    let back = Service::start_at(address, |_, _| created());
    let outcome = waiting.await.unwrap();
    assert_eq!((outcome.event, outcome.http_status), (CREATED, Some(200)));
    assert!(outcome.attempts > 6, "more attempts than a row has against itself");
    assert_eq!(back.requests().len(), 1);
}

#[tokio::test]
async fn a_long_outage_ends_the_run_resumable() {
    let dead = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", dead.local_addr().unwrap());
    drop(dead);
    let (api, mut send_settings) = settings(&url);
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

/// Collects what is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl std::io::Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn logs_name_the_attempt_and_hold_no_value_and_no_secret() {
    let log = Log::default();
    let writer = log.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);
    let service = Service::answering(vec![
        refused(500, "Anna"),
        refused(409, "Anna exists"),
        ok("{}"),
        Answer::Close,
    ]);
    let sender = sender(&service, |_| ());
    let outcome = send(&sender).await;
    drop(guard);
    let text = String::from_utf8(log.0.lock().unwrap().clone()).unwrap();
    assert!(text.contains(&outcome.request_id.unwrap().to_string()), "{text}");
    assert!(
        text.contains("record=14") && text.contains("http.server_error"),
        "{text}"
    );
    for value in ["Anna", "Petrosyan", "C-1", "t1", SECRET, "Basic", "Bearer"] {
        assert!(!text.contains(value), "{value} in {text}");
    }
    let debug = format!("{sender:?}{outcome:?}");
    assert!(!debug.contains("Anna") && !debug.contains(SECRET));
}

#[test]
fn plain_http_to_another_machine_is_refused_with_a_hint() {
    let (mut api, send) = settings("http://127.0.0.1:9");
    api.token_url = String::from("http://auth.example/token");
    let error = Sender::new(&api, &send).unwrap_err();
    assert_eq!(error.to_string(), "api.token-url is not https");
    assert!(error.hint().contains("localhost"));
}

/// Rows differ only in what a test needs; the id must be readable in every one.
#[tokio::test]
async fn a_customer_whose_id_cannot_stand_in_a_path_stays_unresolved() {
    let service = Service::answering(vec![refused(409, "exists")]);
    let odd = Row {
        customer_id: String::from(".."),
        ..row()
    };
    let sent = sender(&service, |_| ()).send(KEY, &odd, &Stop::new()).await.unwrap();
    let Sent::Outcome(outcome) = sent else {
        panic!("{sent:?}");
    };
    assert_eq!(
        (outcome.event, outcome.code.as_deref()),
        (RowEvent::Unresolved, Some("http.not_addressable"))
    );
    assert_eq!(service.requests().len(), 1);
}
