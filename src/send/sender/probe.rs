//! A look at the service before anything is sent: is a token to be had, and may this client read?
//!
//! One request for a token and one for a page of one customer, by the same code, certificates, proxy and limit as a run's
//! requests. Beside the answers it takes the service's clock from them.
//!
//! It deliberately creates nothing, tries nothing twice, waits at no gate, and gives away nothing of a body.

use std::time::{Duration, UNIX_EPOCH};

use http::HeaderMap;
use http::header::DATE;
use serde_json::Value;
use tokio::time::Instant;

use super::Sender;
use super::renewal::refuses;
use crate::clock;
use crate::model::ids::RequestId;
use crate::send::token::Granted;
use crate::send::wire::{Failure, Payload, Reply};

/// What a look at the service found.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Probed {
    /// What came of asking for a token.
    pub token: Looked,
    /// What came of reading; `None` where there was no token to read with.
    pub read: Option<Looked>,
}

/// What came of one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Looked {
    /// What was said.
    pub said: Said,
    /// How far the service's clock is ahead of this machine's, in milliseconds, to about a second; `None` where it names
    /// no time.
    pub ahead_ms: Option<i64>,
    /// Time from the request to its end.
    pub took: Duration,
}

/// What a service said to one request.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Said {
    /// It works.
    Yes,
    /// This client may not, with this status.
    Refused(u16),
    /// Not now, with this status.
    Busy(u16),
    /// An answer that is not the service's: a server error, a redirect, a page for people.
    Foreign(u16),
    /// No answer.
    Failed(Failure),
}

impl Sender {
    /// Asks for a token and reads a page of one customer. At most two requests, each within `send.request-timeout`.
    pub async fn probe(&self) -> Probed {
        let shared = &self.0;
        shared.limit.turn().await;
        shared.tally.token_request();
        let begun = Begun::now();
        let reply = shared.transport.token().await;
        let granted = reply
            .as_ref()
            .ok()
            .filter(|reply| reply.status == 200)
            .and_then(granted);
        let token = begun.end(&reply, |status| match &granted {
            Some(_) => Said::Yes,
            None if refuses(status) => Said::Refused(status),
            None => otherwise(status),
        });
        let Some(granted) = granted else {
            return Probed { token, read: None };
        };
        shared.limit.turn().await;
        shared.tally.read_back();
        let id = RequestId::new(clock::now_ms());
        let begun = Begun::now();
        let reply = shared.transport.first_page(granted.header(), id).await;
        let lists = reply.as_ref().is_ok_and(|reply| reply.status == 200 && lists(reply));
        let read = begun.end(&reply, |status| match status {
            200 if lists => Said::Yes,
            401 | 403..=405 => Said::Refused(status),
            status => otherwise(status),
        });
        Probed {
            token,
            read: Some(read),
        }
    }
}

fn otherwise(status: u16) -> Said {
    match status {
        429 | 503 => Said::Busy(status),
        status => Said::Foreign(status),
    }
}

/// The token in the answer of a token endpoint.
fn granted(reply: &Reply) -> Option<Granted> {
    match &reply.payload {
        Payload::Whole(body) => Granted::read(body),
        Payload::Broken | Payload::TooLarge => None,
    }
}

/// Whether an answer is the API's list of customers.
fn lists(reply: &Reply) -> bool {
    let Payload::Whole(body) = &reply.payload else {
        return false;
    };
    let body: Option<Value> = serde_json::from_slice(body).ok();
    body.is_some_and(|body| body.pointer("/data/customers").is_some_and(Value::is_array))
}

/// A request that has begun.
struct Begun {
    at: Instant,
    at_ms: i64,
}

impl Begun {
    fn now() -> Self {
        Self {
            at: Instant::now(),
            at_ms: clock::now_ms(),
        }
    }

    fn end(self, reply: &Result<Reply, Failure>, judge: impl FnOnce(u16) -> Said) -> Looked {
        let ended_ms = clock::now_ms();
        Looked {
            said: match reply {
                Ok(reply) => judge(reply.status),
                Err(failure) => Said::Failed(*failure),
            },
            ahead_ms: reply
                .as_ref()
                .ok()
                .and_then(|reply| ahead(&reply.headers, self.at_ms, ended_ms)),
            took: self.at.elapsed(),
        }
    }
}

/// How far the clock of an answer is ahead. It was written between two moments, in whole seconds that were cut off: the
/// smallest difference that fits is taken, so that a slow answer is not taken for a wrong clock.
fn ahead(headers: &HeaderMap, begun_ms: i64, ended_ms: i64) -> Option<i64> {
    let date = httpdate::parse_http_date(headers.get(DATE)?.to_str().ok()?).ok()?;
    let theirs = i64::try_from(date.duration_since(UNIX_EPOCH).ok()?.as_millis()).ok()?;
    let (earliest, latest) = (theirs.saturating_sub(ended_ms), theirs + 999 - begun_ms);
    Some(match (earliest > 0, latest < 0) {
        (true, _) => earliest,
        (_, true) => latest,
        (false, false) => 0,
    })
}

#[cfg(test)]
mod tests {
    use http::HeaderValue;

    use super::*;
    use crate::send::testing::{Answer, Service, settings, token};

    fn full(status: u16, body: &str) -> Answer {
        Answer::Full(status, "", body.to_owned())
    }

    async fn probed(reply_to_token: fn() -> Answer, reply_to_read: fn() -> Answer) -> (Probed, Service) {
        let service = Service::start(move |request, _| {
            if request.is_token() {
                reply_to_token()
            } else {
                reply_to_read()
            }
        });
        let (api, send) = settings(&service.url());
        (Sender::new(&api, &send).unwrap().probe().await, service)
    }

    #[tokio::test]
    async fn a_probe_reads_one_customer_and_creates_nobody() {
        let list = || full(200, r#"{"data":{"customers":[]},"links":{}}"#);
        let (found, service) = probed(|| token("t1", 900), list).await;
        assert_eq!(found.token.said, Said::Yes);
        assert_eq!(found.read.unwrap().said, Said::Yes);
        let requests = service.requests();
        assert_eq!(requests.len(), 1);
        let request = requests.first().unwrap();
        assert!(
            request.line.starts_with("GET /api/v1/customers?page=0&page_size=1"),
            "{}",
            request.line
        );
        assert_eq!(request.header("authorization"), Some("Bearer t1"));
    }

    #[tokio::test]
    async fn what_a_service_says_to_a_probe_is_told_apart() {
        let check = |reply_to_read: fn() -> Answer, expected: Said| async move {
            let (found, _) = probed(|| token("t1", 900), reply_to_read).await;
            assert_eq!(found.read.map(|read| read.said), Some(expected));
        };
        check(|| full(403, "{}"), Said::Refused(403)).await;
        check(|| full(429, "{}"), Said::Busy(429)).await;
        check(|| full(500, "{}"), Said::Foreign(500)).await;
        check(|| full(200, "<html>sign in</html>"), Said::Foreign(200)).await;
        let (found, service) = probed(|| full(401, "{}"), || full(200, "{}")).await;
        assert_eq!((found.token.said, found.read), (Said::Refused(401), None));
        assert_eq!(service.requests().len(), 0);
        let (found, _) = probed(|| full(200, "{}"), || full(200, "{}")).await;
        assert_eq!(found.token.said, Said::Foreign(200));
        let (api, send) = settings("http://127.0.0.1:9");
        let found = Sender::new(&api, &send).unwrap().probe().await;
        assert_eq!(found.token.said, Said::Failed(Failure::NotReached));
    }

    #[test]
    fn a_slow_answer_is_no_wrong_clock() {
        let mut headers = HeaderMap::new();
        headers.insert(DATE, HeaderValue::from_static("Sun, 06 Nov 1994 08:49:37 GMT"));
        let theirs = 784_111_777_000_i64;
        let check = |begun: i64, ended: i64, expected: i64| {
            assert_eq!(ahead(&headers, theirs + begun, theirs + ended), Some(expected));
        };
        check(0, 10, 0);
        check(-20_000, 10_000, 0);
        check(900, 1_100, 0);
        check(-60_000, -59_900, 59_900);
        check(61_000, 61_100, -60_001);
        assert_eq!(ahead(&HeaderMap::new(), 0, 0), None);
    }
}
