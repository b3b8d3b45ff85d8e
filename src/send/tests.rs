//! Tests of one row's way through the whole stage, against a scripted service on real sockets.
//!
//! Nothing here sleeps; where the wire decides, times are short or are lower bounds.

use std::sync::{Arc, Mutex};
use std::time::Duration;

use super::testing::{Answer, Request, SECRET, Service, TOKEN_PATH, created, ok, refused, row, settings};
use super::{Sender, Sent, Stop, StopReason};
use crate::config::settings::SendSettings;
use crate::model::outcome::Outcome;
use crate::model::row::{Row, RowKey};
use crate::model::row_state::RowEvent;

pub(super) const KEY: RowKey = RowKey { input: 3, record: 14 };

pub(super) fn sender(service: &Service, change: impl FnOnce(&mut SendSettings)) -> Sender {
    let (api, mut send) = settings(&service.url());
    change(&mut send);
    Sender::new(&api, &send).unwrap()
}

pub(super) async fn send(sender: &Sender) -> Outcome {
    let (row, stop) = (row(), Stop::new());
    let sent = tokio::time::timeout(Duration::from_secs(60), sender.send(KEY, &row, &stop));
    match sent.await.expect("a row that never ends").unwrap() {
        Sent::Outcome(outcome) => outcome,
        Sent::NotAttempted | Sent::InDoubt { .. } | Sent::Absent { .. } => panic!("no outcome"),
    }
}

/// Sends one row to a service with these answers and checks event, attempts, status and code.
async fn check(answers: Vec<Answer>, expected: (RowEvent, u32, Option<u16>, Option<&str>)) -> (Outcome, Vec<Request>) {
    let service = Service::answering(answers);
    let sender = sender(&service, |_| ());
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

pub(super) const CREATED: RowEvent = RowEvent::Created;

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
    // Four attempts and a look.
    let unresolved = |status, code| (RowEvent::Unresolved, 5, status, Some(code));
    let body = format!("{{\"data\":{{\"id\":\"C-1\"}},\"x\":\"{}\"}}", "x".repeat(70_000));
    check(vec![Answer::Close], unresolved(None, "http.reset")).await;
    check(vec![ok(&body)], unresolved(Some(200), "http.body_too_large")).await;
    check(
        vec![refused(500, "oh, Anna")],
        unresolved(Some(500), "http.server_error"),
    )
    .await;
}

#[tokio::test]
async fn silence_is_waited_for_no_longer_than_the_time_for_a_request() {
    let service = Service::answering(vec![Answer::Silence]);
    let sender = sender(&service, |send| {
        send.request_timeout = Duration::from_millis(500);
        send.max_attempts = 2;
    });
    let sending = tokio::time::timeout(Duration::from_secs(30), send(&sender));
    let outcome = sending.await.unwrap();
    assert_eq!((outcome.event, outcome.attempts), (RowEvent::Unresolved, 3));
    assert_eq!(
        (outcome.http_status, outcome.code.as_deref()),
        (None, Some("http.timeout"))
    );
}

#[tokio::test]
async fn a_redirect_is_never_followed() {
    let elsewhere = Service::answering(vec![created()]);
    let location: &'static str = format!("location: {}/api/v1/customers\r\n", elsewhere.url()).leak();
    for status in [301, 302, 303, 307, 308] {
        let redirect = Answer::Full(status, location, String::new());
        let expected = (RowEvent::Unresolved, 5, Some(status), Some("http.redirect"));
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
async fn a_row_left_in_doubt_is_looked_for_before_a_refusal_is_believed() {
    let service = Service::answering(vec![refused(400, "no"), refused(404, "no such customer")]);
    let sender = sender(&service, |_| ());
    let sent = sender.send_again(KEY, &row(), &Stop::new()).await.unwrap();
    let Sent::Outcome(outcome) = sent else {
        panic!("{sent:?}");
    };
    assert_eq!((outcome.event, outcome.http_status), (RowEvent::Refused, Some(400)));
    assert_eq!(service.requests().len(), 2);
    let stop = Stop::new();
    stop.request();
    let sent = sender.send_again(KEY, &row(), &stop).await.unwrap();
    assert_eq!(sent, Sent::InDoubt { attempts: 0 });
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

/// Collects what is logged.
#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Log {
    fn text(&self) -> String {
        String::from_utf8(self.0.lock().unwrap().clone()).unwrap()
    }
}

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
    // Other tests share the process, and with it the memory of which lines anybody wants to hear: a line that one of
    // them is just passing for the first time is noted as wanted by nobody, for a moment.
    let quiet = Service::answering(vec![created()]);
    let other = sender(&quiet, |_| ());
    while !log.text().contains("attempt ended") && other.counters().requests < 1_000 {
        tracing::callsite::rebuild_interest_cache();
        send(&other).await;
    }
    let service = Service::answering(vec![
        refused(500, "Anna"),
        refused(409, "Anna exists"),
        ok("{}"),
        Answer::Close,
    ]);
    let sender = sender(&service, |_| ());
    let outcome = send(&sender).await;
    drop(guard);
    let text = log.text();
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
