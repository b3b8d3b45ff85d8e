//! What an answer says: from an HTTP reply to a signal, a waiting time and a text that is fit to keep.
//!
//! It deliberately does not decide what follows: that is the table in [`classify`](super::classify).

use std::borrow::Cow;
use std::time::Duration;

use serde::Deserialize;
use serde_json::Value;

use super::classify::{Body, Call, Signal};
use super::compare::{Comparison, compare};
use super::redact::Redactor;
use super::transport::retry_after;
use super::wire::{Failure, Payload, Reply};
use crate::clock;
use crate::model::row::Row;

/// Errors of one answer that are looked at; the contract names no limit, and people read no more.
const MOST_ERRORS: usize = 8;
/// Shortest customer id that proves a text to be about the row: `1` stands in many texts.
const TELLING_ID: usize = 3;

/// What was heard.
#[derive(Debug)]
pub(super) struct Heard {
    /// The facts.
    pub(super) signal: Signal,
    /// HTTP status; `None` where no answer came.
    pub(super) status: Option<u16>,
    /// How long the service asks to wait.
    pub(super) retry_after: Option<Duration>,
    /// What the API said, or the fields that differ; without values.
    pub(super) detail: Option<String>,
}

impl Heard {
    /// Whether it is a no that hints that the customer, or its idempotency id, is known over there.
    pub(super) fn smells_of_existing(&self) -> bool {
        matches!(
            self.signal,
            Signal::Answer { status: 409, .. } | Signal::Answer { body: Body::Exists, .. }
        )
    }
}

/// Understands what came back from a call for a row.
pub(super) fn hear(call: Call, reply: Result<Reply, Failure>, row: &Row, token: &str) -> Heard {
    let reply = match reply {
        Ok(reply) => reply,
        Err(failure) => {
            return Heard {
                signal: Signal::Failed(failure),
                status: None,
                retry_after: None,
                detail: failure.detail(),
            };
        }
    };
    let retry_after = retry_after(&reply.headers, clock::now_ms());
    let (body, detail) = match &reply.payload {
        Payload::Broken => (Body::Broken, None),
        Payload::TooLarge => (Body::TooLarge, None),
        Payload::Whole(bytes) if reply.status < 300 => match call {
            Call::Create => (created(bytes, row), None),
            Call::ReadBack | Call::Read => found(bytes, row),
        },
        Payload::Whole(bytes) => refused(bytes, row, token),
    };
    Heard {
        signal: Signal::Answer {
            status: reply.status,
            body,
            retry_after: retry_after.is_some(),
        },
        status: Some(reply.status),
        retry_after,
        detail,
    }
}

#[derive(Deserialize)]
struct Created<'body> {
    #[serde(borrow)]
    data: CreatedId<'body>,
}

#[derive(Deserialize)]
struct CreatedId<'body> {
    #[serde(borrow)]
    id: Cow<'body, str>,
}

/// The answer to a create: `{"data":{"id":"…"}}` with the client's own id.
fn created(bytes: &[u8], row: &Row) -> Body {
    match serde_json::from_slice::<Created<'_>>(bytes) {
        Ok(created) if created.data.id == row.customer_id => Body::Ours,
        Ok(_) => Body::OtherId,
        Err(_) => Body::Foreign,
    }
}

fn found(bytes: &[u8], row: &Row) -> (Body, Option<String>) {
    match compare(&row.payload, bytes) {
        Comparison::Same => (Body::Ours, None),
        Comparison::Differs(paths) => (Body::OtherData, Some(paths.join(", "))),
        Comparison::OtherId => (Body::OtherId, None),
        Comparison::Unclear => (Body::Foreign, None),
    }
}

/// The API's errors: `{"errors":[{"description":"…","code":"…"}]}`, every part optional.
fn refused(bytes: &[u8], row: &Row, token: &str) -> (Body, Option<String>) {
    let body = serde_json::from_slice::<Value>(bytes).unwrap_or_default();
    let Some(errors) = body.get("errors").and_then(Value::as_array) else {
        return (Body::Foreign, None);
    };
    let texts: Vec<String> = errors
        .iter()
        .take(MOST_ERRORS)
        .map(error_text)
        .filter(|text| !text.is_empty())
        .collect();
    let text = texts.join("; ");
    let clean = Redactor::new(&row.payload).with_token(token).clean(&text);
    let body = if texts.iter().any(|text| smells_of_existing(text)) {
        Body::Exists
    } else if row.customer_id.len() >= TELLING_ID && clean.contains("<id>") {
        Body::AboutRow
    } else {
        Body::Errors
    };
    (body, Some(clean).filter(|clean| !clean.is_empty()))
}

fn error_text(error: &Value) -> String {
    let part = |name: &str| error.get(name).and_then(Value::as_str).unwrap_or_default();
    match (part("code"), part("description")) {
        ("", text) | (text, "") => text.to_owned(),
        (code, description) => format!("{code}: {description}"),
    }
}

/// Whether a text or code hints that the customer exists. A wrong guess costs one look at the API and decides nothing.
fn smells_of_existing(text: &str) -> bool {
    let words = text
        .to_lowercase()
        .replace(|character: char| !character.is_alphanumeric(), " ");
    let words = format!(" {words} ");
    let denied = [" not exist", " t exist", " no such ", " not found "];
    let hints = [
        "already",
        "duplicate",
        " exists",
        " exist ",
        "unique",
        " conflict",
        " in use ",
        " taken ",
        " used ",
        " reuse",
    ];
    hints.iter().any(|hint| words.contains(hint)) && !denied.iter().any(|denial| words.contains(denial))
}

#[cfg(test)]
mod tests {
    use bytes::Bytes;

    use super::*;
    use crate::model::ids::IdempotencyId;
    use crate::model::position::Position;

    fn row() -> Row {
        Row {
            position: Position::default(),
            customer_id: String::from("C-1"),
            idempotency_id: IdempotencyId::from_bytes([7; 16]),
            payload: Bytes::from_static(br#"{"customer_type":"INDIVIDUAL","first_name":"Anna","id":"C-1"}"#),
            notes: Vec::new(),
        }
    }

    fn check(call: Call, status: u16, body: &'static str, expected: (Body, Option<&str>)) {
        let reply = Reply {
            status,
            headers: http::HeaderMap::new(),
            payload: Payload::Whole(Bytes::from_static(body.as_bytes())),
        };
        let heard = hear(call, Ok(reply), &row(), "t1");
        let Signal::Answer { body: found, .. } = heard.signal else {
            panic!("no answer");
        };
        assert_eq!((found, heard.detail.as_deref()), expected, "{body}");
    }

    #[test]
    fn a_created_customer_is_named_by_its_own_id() {
        let check = |body, expected| check(Call::Create, 200, body, (expected, None));
        check(r#"{"data":{"id":"C-1"}}"#, Body::Ours);
        check(r#"{"data":{"id":"C\u002d1","more":1}}"#, Body::Ours);
        check(r#"{"data":{"id":"C-2"}}"#, Body::OtherId);
        check(r#"{"data":{"id":1}}"#, Body::Foreign);
        check(r#"{"data":{"id":"C-1"}"#, Body::Foreign);
        check("", Body::Foreign);
    }

    #[test]
    fn a_read_back_customer_is_compared() {
        let check = |body, expected| check(Call::ReadBack, 200, body, expected);
        check(
            r#"{"data":{"id":"C-1","first_name":"Anna","customer_type":"INDIVIDUAL","status":"ACTIVE"}}"#,
            (Body::Ours, None),
        );
        check(
            r#"{"data":{"id":"C-1","first_name":"Anne","customer_type":"INDIVIDUAL"}}"#,
            (Body::OtherData, Some("first_name")),
        );
    }

    #[test]
    fn errors_are_kept_without_values() {
        let check = |body, expected| check(Call::Create, 400, body, expected);
        check(
            r#"{"errors":[{"code":"BAD_NAME","description":"'ANNA' is no name"},{"description":"too short"},{}]}"#,
            (Body::Errors, Some("BAD_NAME: '<first_name>' is no name; too short")),
        );
        check(
            r#"{"errors":[{"description":"customer C-1 is not valid"}]}"#,
            (Body::AboutRow, Some("customer <id> is not valid")),
        );
        check(r#"{"errors":[]}"#, (Body::Errors, None));
        check(
            r#"{"errors":[{"code":7,"description":["Anna"]}, "Anna"]}"#,
            (Body::Errors, None),
        );
        check("<html>Anna</html>", (Body::Foreign, None));
        check(r#"{"error":"Anna"}"#, (Body::Foreign, None));
    }

    #[test]
    fn texts_about_existing_customers_are_noticed() {
        for text in [
            "Customer already exists",
            "DUPLICATE_CUSTOMER",
            "CUSTOMER_EXISTS",
            "id must be unique",
            "ID_ALREADY_TAKEN: this id is in use",
            "conflict",
            "idempotency key was used before",
            "IDEMPOTENCY_KEY_REUSED",
        ] {
            assert!(smells_of_existing(text), "{text}");
        }
        for text in [
            "country does not exist",
            "customer doesn't exist",
            "no such state",
            "first_name is required",
            "",
        ] {
            assert!(!smells_of_existing(text), "{text}");
        }
    }

    #[test]
    fn one_error_does_not_speak_for_another() {
        let body = r#"{"errors":[{"description":"customer already exists"},{"description":"product not found"}]}"#;
        check(
            Call::Create,
            400,
            body,
            (Body::Exists, Some("customer already exists; product not found")),
        );
    }
}
