//! Clients with a bug, for the positive controls: each must be caught, by the rule that is there for it.
//!
//! A bug bends what goes over the wire or what the client does with its ledger. It deliberately touches no rule.

use bytes::Bytes;
use http::{HeaderMap, HeaderValue, Request};
use rollcall::send::{Failure, Payload, Reply};

use crate::judge::Rule;

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Bug {
    NewIdOnRetry,
    OtherBytesOnRetry,
    UnclearIsCreated,
    ResetIsRefused,
    ThrottledIsRefused,
    ForgetsTheClaim,
    LosesAnOutcome,
    IgnoresTheLimit,
    RetriesAtOnce,
    GivesUpAtOnce,
    ReleasesWhatItSent,
    StopsForAnyAnswer,
}

/// Requests that follow an unclear one at once.
const AT_ONCE: u32 = 1_000;

impl Bug {
    pub(crate) const ALL: [(Bug, &str, Rule); 12] = [
        (Bug::NewIdOnRetry, "a new idempotency id for a retry", Rule::OneId),
        (Bug::OtherBytesOnRetry, "other bytes on a retry", Rule::OneBody),
        (Bug::UnclearIsCreated, "an unclear answer is created", Rule::TrueOutcome),
        (Bug::ResetIsRefused, "a reset is refused", Rule::TrueOutcome),
        (Bug::ThrottledIsRefused, "429 is refused", Rule::TrueOutcome),
        (Bug::ForgetsTheClaim, "a forgotten claim", Rule::Claimed),
        (Bug::LosesAnOutcome, "a lost outcome", Rule::NothingLost),
        (Bug::IgnoresTheLimit, "an ignored rate limit", Rule::Rate),
        (Bug::RetriesAtOnce, "retries at once without end", Rule::Amplification),
        (Bug::GivesUpAtOnce, "unresolved in quiet", Rule::Unresolved),
        (Bug::ReleasesWhatItSent, "released after it was sent", Rule::Released),
        (Bug::StopsForAnyAnswer, "a run stopped for one row", Rule::Stops),
    ];

    /// The request as the bug sends it.
    pub(crate) fn bend_request(self, mut request: Request<Bytes>, is_retry: bool) -> Request<Bytes> {
        if !is_retry {
            return request;
        }
        match self {
            Bug::NewIdOnRetry => {
                let id = HeaderValue::try_from(format!("other-{}", fastrand::u64(..))).unwrap();
                request.headers_mut().insert("x-l2f-idempotency-id", id);
            }
            Bug::OtherBytesOnRetry => {
                let longer = [request.body(), &b" "[..]].concat();
                *request.body_mut() = Bytes::from(longer);
            }
            _ => {}
        }
        request
    }

    /// What the bug makes of what came back.
    pub(crate) fn bend_reply(
        self,
        heard: Result<Reply, Failure>,
        customer: Option<&str>,
        is_create: bool,
    ) -> Result<Reply, Failure> {
        let no = r#"{"errors":[{"description":"no"}]}"#;
        let (unclear, throttled) = match &heard {
            Ok(reply) => (reply.status >= 500, reply.status == 429),
            Err(failure) => (*failure != Failure::NotReached, false),
        };
        match (self, customer) {
            (Bug::UnclearIsCreated, Some(id)) if unclear && is_create => {
                Ok(answer(200, format!(r#"{{"data":{{"id":"{id}"}}}}"#)))
            }
            (Bug::ResetIsRefused, Some(_)) if matches!(heard, Err(Failure::Reset)) => {
                Ok(answer(if is_create { 400 } else { 404 }, no.to_owned()))
            }
            (Bug::ThrottledIsRefused, Some(_)) if throttled => {
                Ok(answer(if is_create { 400 } else { 404 }, no.to_owned()))
            }
            (Bug::GivesUpAtOnce, Some(_)) if is_create => Err(Failure::Timeout),
            (Bug::StopsForAnyAnswer, Some(_)) if unclear => Ok(answer(403, no.to_owned())),
            _ => heard,
        }
    }

    pub(crate) fn tries_at_once(self) -> u32 {
        if self == Bug::RetriesAtOnce { AT_ONCE } else { 0 }
    }
}

fn answer(status: u16, body: String) -> Reply {
    Reply {
        status,
        headers: HeaderMap::new(),
        payload: Payload::Whole(Bytes::from(body)),
    }
}
