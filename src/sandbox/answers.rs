//! How answers look: JSON bodies, and the API's errors body.

use std::sync::Arc;

use axum::body::Body;
use axum::http::{HeaderValue, StatusCode, header};
use axum::response::{IntoResponse, Response};
use serde_json::{Value, json};

/// One entry of an errors body. The description may quote the offending value, as real servers do.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Problem {
    pub(super) code: &'static str,
    pub(super) description: String,
}

impl Problem {
    pub(super) fn new(code: &'static str, description: impl Into<String>) -> Self {
        Problem {
            code,
            description: description.into(),
        }
    }
}

/// Builds an answer with a JSON body.
pub(super) fn json_answer(status: StatusCode, body: &Value) -> Response {
    text_answer(status, "application/json", body.to_string())
}

/// Builds an answer with a body of any type.
pub(super) fn text_answer(status: StatusCode, content_type: &'static str, body: String) -> Response {
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    response
        .headers_mut()
        .insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
    response
}

/// Builds the errors body: `{"errors":[{"description","code"}]}`.
pub(super) fn refusal(status: StatusCode, problems: &[Problem]) -> Response {
    let entries: Vec<Value> = problems
        .iter()
        .map(|problem| json!({"description": problem.description, "code": problem.code}))
        .collect();
    let mut response = json_answer(status, &json!({"errors": entries}));
    if status == StatusCode::UNAUTHORIZED {
        response
            .headers_mut()
            .insert(header::WWW_AUTHENTICATE, HeaderValue::from_static("Bearer"));
    }
    response
}

/// A refusal with one entry, small enough to be handed through as an error.
#[derive(Debug)]
pub(super) struct Refusal {
    status: StatusCode,
    problem: Problem,
}

impl Refusal {
    pub(super) fn new(status: StatusCode, code: &'static str, description: impl Into<String>) -> Self {
        Refusal {
            status,
            problem: Problem::new(code, description),
        }
    }

    #[cfg(test)]
    pub(super) fn status(&self) -> StatusCode {
        self.status
    }
}

impl IntoResponse for Refusal {
    fn into_response(self) -> Response {
        refusal(self.status, &[self.problem])
    }
}

/// Builds an errors body with one entry.
pub(super) fn refuse(status: StatusCode, code: &'static str, description: impl Into<String>) -> Response {
    Refusal::new(status, code, description).into_response()
}

/// Builds the answer for everything that is not part of the API.
pub(super) fn not_found() -> Response {
    refuse(StatusCode::NOT_FOUND, "not_found", "no such resource")
}

/// Adds a `Retry-After`.
pub(super) fn retry_after(mut response: Response, value: &str) -> Response {
    if let Ok(value) = HeaderValue::from_str(value) {
        response.headers_mut().insert(header::RETRY_AFTER, value);
    }
    response
}

/// Carried by an answer that refuses a customer who exists: the customer's id.
#[derive(Clone, Debug)]
pub(super) struct DuplicateOf(pub(super) Arc<str>);
