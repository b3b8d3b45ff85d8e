//! The longer parts of a plan: answers, styles and capacity, with their defaults.
//!
//! Plain data; `service`, `capacity` and `quota` act on it.

use serde::{Deserialize, Serialize};

/// More headers than any client should read: most stop at 64 KiB to 1 MiB.
pub(super) fn headers_cap_bytes() -> u64 {
    64 << 20
}

/// A body that fills the memory of a client that keeps it all, and still ends, so that a test does too.
pub(super) fn body_cap_bytes() -> u64 {
    1 << 30
}

pub(super) fn one_second() -> f64 {
    1.0
}

pub(super) fn temporary_redirect() -> u16 {
    307
}

/// A name that never exists: RFC 2606 keeps `.invalid` free.
pub(super) fn elsewhere() -> String {
    "http://elsewhere.invalid/v1/customers".to_owned()
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_false(value: &bool) -> bool {
    !value
}

/// An answer besides the right one.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct FaultAnswer {
    /// A status from 200 to 599.
    pub status: u16,
    /// Whether the effect came first.
    #[serde(skip_serializing_if = "is_false")]
    pub after_effect: bool,
    /// A `Retry-After` in seconds.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
    /// A `Retry-After` as the HTTP date that many seconds from now.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after_date: Option<u64>,
    /// The form of the body.
    pub body: AnswerBody,
    /// Whether it is saved for ever under the idempotency id of a create. Without it a server that saves every answer
    /// saves an errors body with a 5xx, and the others save none.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub save: Option<bool>,
}

impl Default for FaultAnswer {
    fn default() -> Self {
        FaultAnswer {
            status: 500,
            after_effect: false,
            retry_after: None,
            retry_after_date: None,
            body: AnswerBody::Errors,
            save: None,
        }
    }
}

/// The form of an answer's body.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum AnswerBody {
    /// The API's errors body.
    #[default]
    Errors,
    /// A gateway's page.
    Html,
    /// A line of text.
    Text,
    /// An errors body that quotes every value of the request: headers, path, query and body.
    Echo,
    /// Nothing.
    Empty,
}

/// How a create of a customer who exists is refused.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct DuplicateStyle {
    /// A status from 400 to 499.
    pub status: u16,
    /// The error's code, if it has one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub code: Option<String>,
    /// The error's description, `{id}` standing for the customer's id.
    pub wording: String,
    /// Whether the wording comes as a page.
    #[serde(skip_serializing_if = "is_false")]
    pub html: bool,
}

impl Default for DuplicateStyle {
    fn default() -> Self {
        DuplicateStyle {
            status: 409,
            code: None,
            wording: "customer {id} already exists".to_owned(),
            html: false,
        }
    }
}

/// How much the service can do.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct CapacityStep {
    /// How many requests are worked on at a time.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub concurrent: Option<u32>,
    /// How many requests are let in in any second.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub per_second: Option<u32>,
    /// Seconds that each request takes besides the latency.
    pub work: f64,
    /// What happens to the requests beyond.
    pub over: Over,
    /// The seconds that a refusal names in `Retry-After`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub retry_after: Option<u64>,
}

/// What happens to requests beyond the capacity.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
pub enum Over {
    /// They wait for their turn, so latency rises.
    #[default]
    #[serde(rename = "wait")]
    Wait,
    /// They are answered 429.
    #[serde(rename = "429")]
    TooMany,
    /// They are answered 503.
    #[serde(rename = "503")]
    Unavailable,
}

/// What answers say about a limit.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, rename_all = "kebab-case", deny_unknown_fields)]
pub struct RateLimitHeaders {
    /// The form of the headers.
    pub style: HeaderStyle,
    /// Requests in a window.
    pub limit: u64,
    /// The length of a window, in seconds.
    pub window: u64,
    /// What is said to be left, instead of what is counted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub remaining: Option<u64>,
    /// The seconds to the window's end that are said, instead of the true ones.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reset: Option<u64>,
}

impl Default for RateLimitHeaders {
    fn default() -> Self {
        RateLimitHeaders {
            style: HeaderStyle::Draft03,
            limit: 100,
            window: 60,
            remaining: None,
            reset: None,
        }
    }
}

/// The forms in which servers speak of a limit.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum HeaderStyle {
    /// `RateLimit-Limit`, `RateLimit-Remaining` and `RateLimit-Reset`, of draft-ietf-httpapi-ratelimit-headers-03.
    #[default]
    #[serde(rename = "draft-03")]
    Draft03,
    /// `RateLimit: "default";r=50;t=30` and `RateLimit-Policy`, of that draft's later versions.
    #[serde(rename = "draft-10")]
    Draft10,
    /// `X-RateLimit-Limit`, `-Remaining`, and `-Reset` as seconds from now.
    XSeconds,
    /// The same with `-Reset` as seconds since 1970.
    XUnix,
}
