//! What happens to every request, on the network and in process: the rate limit, faults, the effect, latency.
//!
//! The order is the point. The rate limit comes before faults, so a refused request draws none. The effect comes before
//! the latency, so a client that gives up leaves an effect behind. How an ending other than an answer looks on the wire
//! is `server`'s.

use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::request::Parts;
use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use axum::response::Response;
use bytes::Bytes;
use tokio::time::Instant;

use super::answers::{DuplicateOf, not_found, refuse, retry_after, text_answer};
use super::customers::{self, IDEMPOTENCY_ID, REQUEST_ID};
use super::desk::Desk;
use super::faults::{Asked, Verdict};
use super::options::ServerKind;
use super::plan::{AnswerBody, Fault, FaultAnswer, Over};
use super::script::Script;
use super::state_file::Fingerprint;
use super::tally::RequestKind;
use super::token::{self, Life, bearer, only};
use super::wrong;

/// The largest body taken. A customer with every field at a generous length is under 10 KiB.
pub(super) const BODY_LIMIT_BYTES: usize = 64 * 1024;

/// How a request ends.
#[derive(Debug)]
pub(super) enum Ending {
    /// With an answer, whose body may be slow, endless or broken off.
    Answer(Response),
    /// As if nobody listened.
    Refused,
    /// With a reset, and no part of an answer.
    Reset,
    /// With headers up to so many bytes, and then a reset.
    EndlessHeaders(u64),
}

/// One request, with its body if that was not too large.
#[derive(Debug)]
pub(super) struct Call {
    pub(super) kind: RequestKind,
    pub(super) parts: Parts,
    pub(super) body: Option<Bytes>,
}

/// Counts a request as its head arrives, and says of what kind it is.
pub(super) fn arrive(desk: &Desk, parts: &Parts) -> RequestKind {
    let kind = RequestKind::of(&parts.method, parts.uri.path());
    let mut counter = desk.counter();
    counter.arrive(kind, Instant::now());
    if let Some(request_id) = parts.headers.get(REQUEST_ID).filter(|_| kind != RequestKind::Token) {
        counter.note_request_id(Fingerprint::of(request_id.as_bytes()).0);
    }
    kind
}

/// Answers one request, or says how it ends without an answer.
pub(super) async fn answer(desk: &Arc<Desk>, call: Call) -> Ending {
    let ending = respond(desk, Arc::new(call)).await;
    desk.wait().await;
    let status = match &ending {
        Ending::Answer(response) => Some(response.status().as_u16()),
        Ending::Refused | Ending::Reset | Ending::EndlessHeaders(_) => None,
    };
    desk.counter().leave(status);
    ending
}

async fn respond(desk: &Arc<Desk>, call: Arc<Call>) -> Ending {
    if call.kind != RequestKind::Token && !desk.admit() {
        desk.counter().tally.rate_limited += 1;
        let description = "too many requests in this second";
        let response = refuse(StatusCode::TOO_MANY_REQUESTS, "rate_limited", description);
        // By then a window of one second has slid on.
        return Ending::Answer(retry_after(response, "1"));
    }
    if call.body.is_none() {
        let description = "the body is larger than 64 KiB";
        return Ending::Answer(refuse(StatusCode::PAYLOAD_TOO_LARGE, "body_too_large", description));
    }
    let asked = Asked {
        kind: call.kind,
        key: call.key(),
    };
    let verdict = desk.faults().decide(&asked, Instant::now());
    let mut places = Vec::new();
    for (title, gate) in &verdict.gates {
        match gate.enter().await {
            Ok(place) => places.push(place),
            Err(step) => {
                desk.counter().note_fault(title);
                return Ending::Answer(adorn(turn_away(step.over, step.retry_after), &verdict));
            }
        }
    }
    let known = desk.store().knows(call.idempotency_id());
    let ending = strike(desk, &call, &verdict, known).await;
    if desk.options().kind == ServerKind::Burns && !known && call.kind == RequestKind::Create && has_failed(&ending) {
        desk.store().burn(call.idempotency_id(), call.fingerprint());
    }
    match ending {
        Ending::Answer(response) => Ending::Answer(adorn(response, &verdict)),
        Ending::Refused | Ending::Reset | Ending::EndlessHeaders(_) => ending,
    }
}

/// Whether a try that ended so burns its idempotency id. Who is refused at the door, for want of a good token or of a
/// place, has not come as far as his id.
fn has_failed(ending: &Ending) -> bool {
    match ending {
        Ending::Answer(response) => !matches!(response.status().as_u16(), 200 | 401 | 403 | 429),
        Ending::Reset | Ending::EndlessHeaders(_) => true,
        Ending::Refused => false,
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "the rest is the next function's")]
/// Lets the fault strike, or gives the right answer.
async fn strike(desk: &Arc<Desk>, call: &Arc<Call>, verdict: &Verdict, known: bool) -> Ending {
    let Some((title, fault)) = &verdict.fault else {
        return Ending::Answer(right(desk, call, verdict));
    };
    if let Fault::Answer(answer) = &**fault
        && is_saved(desk, call, answer)
        && known
    {
        // What is saved is given again and stands above anything that breaks later.
        return Ending::Answer(right(desk, call, verdict));
    }
    desk.counter().note_fault(title);
    match &**fault {
        Fault::Refuse {} => Ending::Refused,
        Fault::Reset { after_effect } => {
            effect(desk, call, *after_effect);
            Ending::Reset
        }
        Fault::EndlessHeaders { bytes } => Ending::EndlessHeaders(*bytes),
        Fault::Stall { seconds, after_effect } => {
            Ending::Answer(stall(desk, call, verdict, *seconds, *after_effect).await)
        }
        Fault::Half {} => Ending::Answer(replay(right(desk, call, verdict), Script::half).await),
        Fault::Slow { interval } => {
            let interval = Duration::from_secs_f64(*interval);
            let slow = |body: &Bytes| Script::slow(body, interval);
            Ending::Answer(replay(right(desk, call, verdict), slow).await)
        }
        Fault::Answer(answer) => {
            effect(desk, call, answer.after_effect);
            if is_saved(desk, call, answer) {
                let store = &mut desk.store();
                store.save_failure(call.idempotency_id(), call.fingerprint(), answer.status);
            }
            Ending::Answer(wrong::answer(answer, call))
        }
        Fault::ExpiresIn { value } => {
            let body = call.body.clone().unwrap_or_default();
            let life = Life::Said(value.as_ref());
            Ending::Answer(token::issue(desk, &call.parts.uri, &call.parts.headers, &body, life))
        }
        fault => Ending::Answer(elsewhere(desk, call, fault)),
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "only the end of a token is left")]
/// The faults that are an answer of one form only.
fn elsewhere(desk: &Desk, call: &Call, fault: &Fault) -> Response {
    match fault {
        Fault::HugeBody { bytes } => {
            let mut response = text_answer(StatusCode::OK, "application/json", String::new());
            *response.body_mut() = Script::huge("{\"data\":{\"id\":\"", *bytes);
            response
        }
        Fault::Redirect { status, location } => {
            let status = StatusCode::from_u16(*status).unwrap_or(StatusCode::TEMPORARY_REDIRECT);
            let mut response = text_answer(status, "text/plain", String::new());
            if let Ok(location) = HeaderValue::from_str(location) {
                response.headers_mut().insert(header::LOCATION, location);
            }
            response
        }
        _ => {
            if let Some(token) = bearer(&call.parts.headers) {
                desk.tokens().revoke(token);
            }
            refuse(
                StatusCode::UNAUTHORIZED,
                "token_expired",
                "the access token has expired",
            )
        }
    }
}

/// Whether an answer out of the plan is saved under the idempotency id of its create.
fn is_saved(desk: &Desk, call: &Call, answer: &FaultAnswer) -> bool {
    let by_kind = desk.options().kind == ServerKind::SavesAll
        && answer.status >= 500
        && matches!(answer.body, AnswerBody::Errors | AnswerBody::Echo);
    call.kind == RequestKind::Create && !call.idempotency_id().is_empty() && answer.save.unwrap_or(by_kind)
}

fn effect(desk: &Desk, call: &Call, wanted: bool) {
    if wanted {
        drop(route(desk, call));
    }
}

/// The right answer, in the plan's style if it refuses a duplicate.
fn right(desk: &Desk, call: &Call, verdict: &Verdict) -> Response {
    let response = route(desk, call);
    match (&verdict.duplicate, response.extensions().get::<DuplicateOf>()) {
        (Some((title, style)), Some(DuplicateOf(customer_id))) => {
            desk.counter().note_fault(title);
            wrong::duplicate(style, customer_id)
        }
        _ => response,
    }
}

fn route(desk: &Desk, call: &Call) -> Response {
    let (uri, headers) = (&call.parts.uri, &call.parts.headers);
    let empty = Bytes::new();
    let body = call.body.as_ref().unwrap_or(&empty);
    match call.kind {
        RequestKind::Token => token::issue(desk, uri, headers, body, Life::True),
        RequestKind::Create => customers::create(desk, headers, body),
        RequestKind::Read => customers::read(desk, headers, uri),
        RequestKind::List => customers::list(desk, headers, uri),
        RequestKind::Other => not_found(),
    }
}

/// Waits before or after the effect. What waits for its effect gets it though the client may be gone, as at a server
/// that was busy.
async fn stall(desk: &Arc<Desk>, call: &Arc<Call>, verdict: &Verdict, seconds: f64, after_effect: bool) -> Response {
    let time = Duration::from_secs_f64(seconds);
    if after_effect {
        let response = right(desk, call, verdict);
        tokio::time::sleep(time).await;
        return response;
    }
    // It holds no sandbox open that has stopped meanwhile.
    let (desk_then, call_then) = (Arc::downgrade(desk), Arc::clone(call));
    let verdict_then = Verdict {
        duplicate: verdict.duplicate.clone(),
        ..Verdict::default()
    };
    let later = tokio::spawn(async move {
        tokio::time::sleep(time).await;
        desk_then.upgrade().map(|desk| right(&desk, &call_then, &verdict_then))
    });
    let stopped = || refuse(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "the service stops");
    later.await.ok().flatten().unwrap_or_else(stopped)
}

/// The same answer with its body played another way.
async fn replay(response: Response, script: impl Fn(&Bytes) -> Body) -> Response {
    let (mut parts, body) = response.into_parts();
    // The body is in memory, so this neither waits nor fails.
    let body = to_bytes(body, usize::MAX).await.unwrap_or_default();
    parts
        .headers
        .insert(header::CONTENT_LENGTH, HeaderValue::from(body.len()));
    Response::from_parts(parts, script(&body))
}

fn turn_away(over: Over, seconds: Option<u64>) -> Response {
    let response = match over {
        Over::Wait | Over::TooMany => refuse(StatusCode::TOO_MANY_REQUESTS, "rate_limited", "too many requests"),
        Over::Unavailable => refuse(
            StatusCode::SERVICE_UNAVAILABLE,
            "unavailable",
            "the service is at its limit",
        ),
    };
    match seconds {
        Some(seconds) => retry_after(response, &seconds.to_string()),
        None => response,
    }
}

fn adorn(mut response: Response, verdict: &Verdict) -> Response {
    for (name, value) in &verdict.headers {
        if let Ok(value) = HeaderValue::from_str(value) {
            response.headers_mut().insert(HeaderName::from_static(name), value);
        }
    }
    response
}

impl Call {
    /// The idempotency id, or nothing where there is none.
    fn idempotency_id(&self) -> &str {
        match self.kind {
            RequestKind::Create => only(&self.parts.headers, IDEMPOTENCY_ID).unwrap_or_default(),
            RequestKind::Token | RequestKind::Read | RequestKind::List | RequestKind::Other => "",
        }
    }

    fn fingerprint(&self) -> Fingerprint {
        Fingerprint::of(self.body.as_deref().unwrap_or_default())
    }

    /// What stays the same when the request is repeated.
    fn key(&self) -> &str {
        match self.kind {
            RequestKind::Create => self.idempotency_id(),
            RequestKind::Token => "",
            RequestKind::Read | RequestKind::List | RequestKind::Other => {
                self.parts.uri.path_and_query().map_or("", |path| path.as_str())
            }
        }
    }
}
