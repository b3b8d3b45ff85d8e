//! What happens to every request before and after its handler: counting, the rate limit, faults, latency.
//!
//! The order is the point. The rate limit comes before faults, so a refused request draws none. The effect comes before
//! the latency, so a client that gives up leaves an effect behind. A connection is reset by an error out of the service,
//! which keeps `hyper` from sending even the head of an answer.

use axum::Router;
use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, Request, StatusCode, Uri};
use axum::response::Response;
use hyper::body::Incoming;
use hyper::service::Service;
use hyper_util::service::TowerToHyperService;
use tokio::time::Instant;

use super::answers::{refuse, retry_after_one_second, text_answer};
use super::customers::{IDEMPOTENCY_ID, REQUEST_ID};
use super::desk::Desk;
use super::faults::{Asked, Fault};
use super::state_file::Fingerprint;
use super::tally::Kind;
use super::token::bearer;

/// The largest body taken. A customer with every field at a generous length is under 10 KiB.
const BODY_LIMIT_BYTES: usize = 64 * 1024;

/// The largest body read to its end: a client that is still writing would not see a refusal, only a broken connection.
const BODY_READ_LIMIT_BYTES: usize = 1024 * 1024;

/// The page a gateway shows when it can't reach the API.
const GATEWAY_PAGE: &str = "<html>\r\n<head><title>502 Bad Gateway</title></head>\r\n<body>\r\n\
    <center><h1>502 Bad Gateway</h1></center>\r\n</body>\r\n</html>\r\n";

/// Says that the connection is to be reset without an answer.
#[derive(Debug, thiserror::Error)]
#[error("the connection is reset on purpose")]
pub(super) struct Reset;

/// Answers one request, or says that its connection is to be reset.
pub(super) async fn answer(desk: &Desk, router: Router, request: Request<Incoming>) -> Result<Response, Reset> {
    let kind = Kind::of(request.method(), request.uri().path());
    {
        let mut counter = desk.counter();
        counter.arrive(kind, Instant::now());
        if let Some(request_id) = request.headers().get(REQUEST_ID).filter(|_| kind != Kind::Token) {
            counter.note_request_id(Fingerprint::of(request_id.as_bytes()).0);
        }
    }
    let response = respond(desk, router, kind, request).await;
    desk.wait().await;
    desk.counter()
        .leave(response.as_ref().map(|response| response.status().as_u16()));
    response.ok_or(Reset)
}

async fn respond(desk: &Desk, router: Router, kind: Kind, request: Request<Incoming>) -> Option<Response> {
    let (parts, body) = request.into_parts();
    let body = to_bytes(Body::new(body), BODY_READ_LIMIT_BYTES)
        .await
        .ok()
        .filter(|body| body.len() <= BODY_LIMIT_BYTES);
    if kind != Kind::Token && !desk.admit() {
        desk.counter().tally.rate_limited += 1;
        let response = refuse(
            StatusCode::TOO_MANY_REQUESTS,
            "rate_limited",
            "too many requests in this second",
        );
        return Some(retry_after_one_second(response));
    }
    let Some(body) = body else {
        return Some(refuse(
            StatusCode::PAYLOAD_TOO_LARGE,
            "body_too_large",
            "the body is larger than 64 KiB",
        ));
    };
    let fault = desk.faults().decide(&Asked {
        kind,
        key: key(kind, &parts.headers, &parts.uri),
    });
    desk.counter().tally.faults += u64::from(fault != Fault::None);
    let request = Request::from_parts(parts, Body::from(body));
    match fault {
        Fault::None => Some(route(router, request).await),
        Fault::Error500 => Some(internal_error()),
        Fault::Error500AfterCommit => {
            route(router, request).await;
            Some(internal_error())
        }
        Fault::ResetBefore => None,
        Fault::ResetAfter => {
            route(router, request).await;
            None
        }
        Fault::Unavailable503 => {
            let response = refuse(
                StatusCode::SERVICE_UNAVAILABLE,
                "unavailable",
                "the service is unavailable",
            );
            Some(retry_after_one_second(response))
        }
        Fault::Html502 => Some(text_answer(
            StatusCode::BAD_GATEWAY,
            "text/html",
            GATEWAY_PAGE.to_owned(),
        )),
        Fault::TokenExpiredEarly => {
            if let Some(token) = bearer(request.headers()) {
                desk.tokens().revoke(token);
            }
            Some(refuse(
                StatusCode::UNAUTHORIZED,
                "token_expired",
                "the access token has expired",
            ))
        }
    }
}

fn internal_error() -> Response {
    refuse(
        StatusCode::INTERNAL_SERVER_ERROR,
        "internal_error",
        "something went wrong",
    )
}

/// What stays the same when a request is repeated.
fn key<'a>(kind: Kind, headers: &'a HeaderMap, uri: &'a Uri) -> &'a str {
    match kind {
        Kind::Create => headers
            .get(IDEMPOTENCY_ID)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default(),
        Kind::Token => "",
        Kind::Read | Kind::List | Kind::Other => uri.path_and_query().map_or("", |path| path.as_str()),
    }
}

async fn route(router: Router, request: Request<Body>) -> Response {
    match TowerToHyperService::new(router).call(request).await {
        Ok(response) => response,
        Err(never) => match never {},
    }
}
