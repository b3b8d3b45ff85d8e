//! The sender with a token near its end, and with settings that send nothing.

use std::time::Duration;

use super::*;
use crate::send::testing::{self, Answer, Service, row, settings, token};
use crate::send::token::Granted;

const KEY: RowKey = RowKey { input: 1, record: 1 };

/// Gives the sender the token `old`, which has half a minute left: longer than any machine takes for a test.
fn with_ending_token(service: &Service) -> Sender {
    let (api, send) = settings(&service.url());
    let sender = Sender::new(&api, &send).unwrap();
    let Answer::Full(_, _, body) = token("old", 400) else {
        panic!("no token");
    };
    let asked_at = Instant::now() - Duration::from_secs(370);
    sender.0.tokens.keep(Granted::read(body.as_bytes()).unwrap(), asked_at);
    sender
}

#[tokio::test]
async fn a_token_near_its_end_is_renewed_ahead_of_it() {
    let service = Service::answering(vec![testing::created()]);
    let sender = with_ending_token(&service);
    while !matches!(sender.0.tokens.look(), Held::Good(_)) {
        sender.send(KEY, &row(), &Stop::new()).await.unwrap();
    }
    sender.send(KEY, &row(), &Stop::new()).await.unwrap();
    assert_eq!(service.token_requests().len(), 1);
    let requests = service.requests();
    let bearer = |request: Option<&testing::Request>| request.unwrap().header("authorization").map(String::from);
    assert_eq!(bearer(requests.first()).as_deref(), Some("Bearer old"));
    assert_eq!(bearer(requests.last()).as_deref(), Some("Bearer t1"));
}

#[tokio::test]
async fn the_old_token_serves_while_renewal_fails() {
    let service = Service::start(|request, _| {
        if request.is_token() {
            Answer::Full(500, "", String::new())
        } else {
            testing::created()
        }
    });
    let sender = with_ending_token(&service);
    // A renewal that failed is put off, and the old token is good again for a while.
    while !matches!(sender.0.tokens.look(), Held::Good(_)) {
        sender.send(KEY, &row(), &Stop::new()).await.unwrap();
    }
    sender.send(KEY, &row(), &Stop::new()).await.unwrap();
    assert_eq!(service.token_requests().len(), 1);
    let requests = service.requests();
    assert_eq!(requests.last().unwrap().header("authorization"), Some("Bearer old"));
    assert_eq!(sender.counters().waits, 0);
}

#[tokio::test]
async fn a_limit_of_nothing_is_refused() {
    let check = |change: fn(&mut SendSettings), expected: &str| {
        let (api, mut send) = settings("http://127.0.0.1:9");
        change(&mut send);
        assert_eq!(Sender::new(&api, &send).unwrap_err().to_string(), expected);
    };
    check(|send| send.rate_per_second = Some(0), "send.rate-per-second is 0");
    check(|send| send.burst = Some(0), "send.burst is 0");
    check(|send| send.max_in_flight = 0, "send.max-in-flight is 0");
    check(|send| send.max_attempts = 0, "send.max-attempts is 0");
}
