//! Answers that are not the right one: errors, pages, echoes, refusals in another server's words.
//!
//! How they look, and nothing else: when they are given is `faults`, whether they are saved is `service`.

use std::time::{Duration, SystemTime};

use axum::body::Body;
use axum::http::StatusCode;
use axum::response::Response;
use serde_json::{Value, json};

use super::answers::{json_answer, refuse, retry_after, text_answer};
use super::plan::{AnswerBody, DuplicateStyle, FaultAnswer};
use super::service::Call;

/// Builds the answer that an entry of a plan describes.
pub(super) fn answer(told: &FaultAnswer, call: &Call) -> Response {
    let status = StatusCode::from_u16(told.status).unwrap_or(StatusCode::INTERNAL_SERVER_ERROR);
    let reason = status.canonical_reason().unwrap_or("Error");
    let mut response = match told.body {
        AnswerBody::Errors => {
            let (code, description) = words(told.status);
            refuse(status, code, description)
        }
        AnswerBody::Html => text_answer(status, "text/html", page(told.status, reason)),
        AnswerBody::Text => text_answer(status, "text/plain", format!("{reason}\n")),
        AnswerBody::Echo => {
            let description = format!("can't process {}", quote(call));
            json_answer(
                status,
                &json!({"errors": [{"description": description, "code": "internal_error"}]}),
            )
        }
        AnswerBody::Empty => {
            let mut response = Response::new(Body::empty());
            *response.status_mut() = status;
            response
        }
    };
    if let Some(seconds) = told.retry_after {
        response = retry_after(response, &seconds.to_string());
    }
    if let Some(seconds) = told.retry_after_date {
        let date = SystemTime::from(jiff::Timestamp::now()) + Duration::from_secs(seconds);
        response = retry_after(response, &httpdate::fmt_http_date(date));
    }
    response
}

/// The words of the service's own errors.
fn words(status: u16) -> (&'static str, &'static str) {
    match status {
        401 => ("invalid_token", "the access token is not valid"),
        403 => ("forbidden", "this client may not do this"),
        429 => ("rate_limited", "too many requests"),
        500 => ("internal_error", "something went wrong"),
        503 => ("unavailable", "the service is unavailable"),
        _ => ("error", "the request could not be answered"),
    }
}

/// The page a gateway shows when it can't reach the API.
fn page(status: u16, reason: &str) -> String {
    format!(
        "<html>\r\n<head><title>{status} {reason}</title></head>\r\n<body>\r\n<center><h1>{status} {reason}</h1></center>\r\n\
         </body>\r\n</html>\r\n"
    )
}

/// Every value of a request, as servers quote them that mean well.
fn quote(call: &Call) -> String {
    let mut text = format!("{} {}", call.parts.method, call.parts.uri);
    for (name, value) in &call.parts.headers {
        text.push_str(&format!("; {name}: {}", String::from_utf8_lossy(value.as_bytes())));
    }
    let body = call.body.as_deref().unwrap_or_default();
    text.push_str(&format!("; {}", String::from_utf8_lossy(body)));
    text
}

/// Builds the refusal of a customer who exists, in a plan's style.
pub(super) fn duplicate(style: &DuplicateStyle, customer_id: &str) -> Response {
    let status = StatusCode::from_u16(style.status).unwrap_or(StatusCode::CONFLICT);
    let wording = style.wording.replace("{id}", customer_id);
    if style.html {
        return text_answer(
            status,
            "text/html",
            format!("<html><body><p>{wording}</p></body></html>\r\n"),
        );
    }
    let mut entry = json!({"description": wording});
    if let (Some(code), Value::Object(fields)) = (&style.code, &mut entry) {
        fields.insert("code".to_owned(), json!(code));
    }
    json_answer(status, &json!({"errors": [entry]}))
}
