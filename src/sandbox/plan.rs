//! A fault plan: what goes wrong, with which requests, when and how often, as data.
//!
//! A plan is a list of entries, in TOML one `[[fault]]` each. The first entry that strikes a request decides what
//! happens to it. Entries with `capacity`, `rate-limit` and `duplicate` hold besides any other.
//!
//! # Keys that every entry may have
//! - `fault`: what happens; required. `name`: what the tally calls it; the fault's own name by default.
//! - `on`: `"token"`, `"create"`, `"read"`, `"list"`, `"other"`, a list of these, or `"any"`, which is the default.
//! - `from`, `until`: seconds, with decimals, since the plan began: when the sandbox started or the plan was set. `until`
//!   is the first moment at which the entry no longer holds.
//! - `from-request`, `until-request`: the first and the last request that is meant, counted from 1 among those that `on`
//!   names.
//! - `tries`: only the first so many tries of each request: of each idempotency id, path or token request.
//! - `share`: from 0 to 1, by default 1. Who is struck depends on the seed, the request and its repetition, never on the
//!   order of arrival.
//!
//! # Faults and their keys
//! - `refuse`: the connection is refused. Without `on`, `share` and the keys about requests the sandbox stops listening.
//! - `reset`: the connection is reset; `after-effect = true` for after the effect, as below.
//! - `half`: the effect, the right length, half the body, then a reset.
//! - `slow`: the effect, then the body byte by byte, one each `interval` seconds (1).
//! - `stall`: nothing for `seconds`, then the effect and the answer; with `after-effect` the effect comes first. The
//!   effect comes even if the client leaves.
//! - `endless-headers`: headers without end, up to `bytes` (64 MiB). `huge-body`: a body without end, up to `bytes` (1 GiB).
//! - `answer`: the status `status`, before the effect or with `after-effect` after it; `retry-after` in seconds, or
//!   `retry-after-date`, the same as an HTTP date; `body` = `"errors"`, `"html"`, `"text"`, `"echo"` (an error that quotes
//!   every value of the request) or `"empty"`; `save`: whether this answer is saved for ever under the idempotency id of
//!   a create, by default as the kind of server has it.
//! - `redirect`: `status` (307) to `location` (a host that does not exist).
//! - `revoke-token`: a 401, and the token is good no more.
//! - `expires-in`: a token whose life is said to be `value`, any number or text; none is said without it.
//! - `duplicate`: how a create of a customer who exists is refused: `status` (409), `code` (none), `wording` with `{id}`
//!   for the customer's id, `html = true` for a page.
//! - `capacity`: `concurrent` requests at a time or `per-second` of them, each of which takes `work` seconds (0); `over` =
//!   `"wait"`, `"429"` or `"503"` for the others, with `retry-after` seconds if given.
//! - `rate-limit`: headers on each answer, in the `style` `"draft-03"`, `"draft-10"`, `"x-seconds"` or `"x-unix"`, about
//!   `limit` requests in `window` seconds; `remaining` and `reset` fix what is otherwise counted. Nothing is enforced.
//!
//! This file holds the data and its text. `check` says what is wrong with a plan, `faults` decides by it, `service` acts.

mod check;
mod parts;
mod seed;

use std::fmt;
use std::path::Path;

use serde::{Deserialize, Serialize};

use super::server::SandboxError;
use super::tally::RequestKind;

pub use parts::{AnswerBody, CapacityStep, DuplicateStyle, FaultAnswer, HeaderStyle, Over, RateLimitHeaders};

/// What goes wrong, as data; by default nothing.
#[derive(Clone, Debug, Default, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "RawPlan")]
pub struct FaultPlan {
    /// The entries; the first that strikes a request decides.
    #[serde(rename = "fault")]
    pub entries: Vec<FaultEntry>,
}

/// One entry of a plan: what happens, to which requests, when and how often.
#[derive(Clone, Debug, PartialEq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct FaultEntry {
    /// What the tally calls it; the fault's own name without it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The kinds of request that are meant; all when empty.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub on: Vec<RequestKind>,
    /// Seconds since the plan began from which the entry holds.
    #[serde(skip_serializing_if = "is_nothing")]
    pub from: f64,
    /// Seconds since the plan began from which it holds no more.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until: Option<f64>,
    /// The first request meant, counted from 1 among those that `on` names.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub from_request: Option<u64>,
    /// The last request meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub until_request: Option<u64>,
    /// How many tries of each request are meant.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tries: Option<u64>,
    /// The share of the requests meant that are struck, from 0 to 1.
    #[serde(skip_serializing_if = "is_whole")]
    pub share: f64,
    /// What happens.
    #[serde(flatten)]
    pub fault: Fault,
}

/// What happens to a request that an entry strikes. The documentation of the file has all keys.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(
    tag = "fault",
    rename_all = "kebab-case",
    rename_all_fields = "kebab-case",
    deny_unknown_fields
)]
pub enum Fault {
    /// The connection is refused, as near as can be.
    Refuse {},
    /// The connection is reset.
    Reset {
        /// Whether the effect came first.
        #[serde(default)]
        after_effect: bool,
    },
    /// The effect, half the answer's body, a reset.
    Half {},
    /// The effect, then the answer's body byte by byte.
    Slow {
        /// Seconds between two bytes.
        #[serde(default = "parts::one_second")]
        interval: f64,
    },
    /// Nothing for a while.
    Stall {
        /// For how many seconds.
        seconds: f64,
        /// Whether the effect came first.
        #[serde(default)]
        after_effect: bool,
    },
    /// Headers that do not end.
    EndlessHeaders {
        /// After how many bytes the connection is reset.
        #[serde(default = "parts::headers_cap_bytes")]
        bytes: u64,
    },
    /// A body that does not end.
    HugeBody {
        /// After how many bytes it ends after all.
        #[serde(default = "parts::body_cap_bytes")]
        bytes: u64,
    },
    /// Another answer than the right one.
    Answer(FaultAnswer),
    /// An answer that points elsewhere.
    Redirect {
        /// A status from 300 to 399.
        #[serde(default = "parts::temporary_redirect")]
        status: u16,
        /// Where to.
        #[serde(default = "parts::elsewhere")]
        location: String,
    },
    /// A 401, and the token is good no more.
    RevokeToken {},
    /// A token with an absurd life.
    ExpiresIn {
        /// What is said; nothing is said without it.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        value: Option<toml::Value>,
    },
    /// How a duplicate is refused.
    Duplicate(DuplicateStyle),
    /// How much the service can do.
    Capacity(CapacityStep),
    /// What answers say about a limit.
    RateLimit(RateLimitHeaders),
}

/// What is wrong with a plan, by its entry.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum PlanError {
    /// The text is not TOML, or holds something besides entries.
    #[error("fault plan: {problem}")]
    Text {
        /// What is wrong with it.
        problem: String,
    },
    /// An entry can't be used.
    #[error("fault plan, entry {number}{}: {problem}", name.as_ref().map(|name| format!(" ({name:?})")).unwrap_or_default())]
    Entry {
        /// The number of the entry, from 1.
        number: usize,
        /// The name it gave itself.
        name: Option<String>,
        /// What is wrong with it.
        problem: String,
    },
}

impl FaultPlan {
    /// A plan in which this fault strikes every request.
    pub fn always(fault: Fault) -> FaultPlan {
        FaultPlan::from(FaultEntry::new(fault))
    }

    /// Reads a plan from TOML, and checks it.
    pub fn from_toml(text: &str) -> Result<FaultPlan, PlanError> {
        let raw: RawPlan = toml::from_str(text).map_err(|error| PlanError::Text {
            problem: error.to_string().trim_end().to_owned(),
        })?;
        FaultPlan::try_from(raw)
    }

    /// Reads a plan from a TOML file, and checks it.
    pub fn load(path: &Path) -> Result<FaultPlan, SandboxError> {
        let problem = |problem: String| SandboxError::Options {
            problem: format!("{}: {problem}", path.display()),
        };
        let text = std::fs::read_to_string(path).map_err(|error| problem(format!("can't be read: {error}")))?;
        FaultPlan::from_toml(&text).map_err(|error| problem(error.to_string()))
    }

    /// Writes the plan as TOML, which reads back as the same plan.
    pub fn to_toml(&self) -> String {
        // Only a map whose keys are not texts can't be written, and there is none.
        toml::to_string(self).unwrap_or_default()
    }
}

impl fmt::Display for FaultPlan {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(&self.to_toml())
    }
}

impl From<FaultEntry> for FaultPlan {
    fn from(entry: FaultEntry) -> FaultPlan {
        FaultPlan { entries: vec![entry] }
    }
}

impl From<Vec<FaultEntry>> for FaultPlan {
    fn from(entries: Vec<FaultEntry>) -> FaultPlan {
        FaultPlan { entries }
    }
}

impl FaultEntry {
    /// An entry that strikes every request.
    pub fn new(fault: Fault) -> FaultEntry {
        FaultEntry {
            name: None,
            on: Vec::new(),
            from: 0.0,
            until: None,
            from_request: None,
            until_request: None,
            tries: None,
            share: 1.0,
            fault,
        }
    }

    /// The same for these kinds of request only.
    #[must_use]
    pub fn on(mut self, kinds: &[RequestKind]) -> FaultEntry {
        self.on = kinds.to_vec();
        self
    }

    /// The same for a share of the requests.
    #[must_use]
    pub fn share(mut self, share: f64) -> FaultEntry {
        self.share = share;
        self
    }

    /// The same for a time, in seconds since the plan began.
    #[must_use]
    pub fn between(mut self, from: f64, until: f64) -> FaultEntry {
        (self.from, self.until) = (from, Some(until));
        self
    }

    /// The same for the first so many tries of each request.
    #[must_use]
    pub fn tries(mut self, tries: u64) -> FaultEntry {
        self.tries = Some(tries);
        self
    }

    /// What the tally calls it.
    pub(super) fn title(&self) -> &str {
        self.name.as_deref().unwrap_or_else(|| self.fault.name())
    }
}

impl Fault {
    /// An errors body with this status, before the effect, saved as the kind of server has it.
    pub fn answer(status: u16) -> Fault {
        Fault::Answer(FaultAnswer {
            status,
            ..FaultAnswer::default()
        })
    }

    /// The fault's name in a plan.
    pub fn name(&self) -> &'static str {
        match self {
            Fault::Refuse {} => "refuse",
            Fault::Reset { .. } => "reset",
            Fault::Half {} => "half",
            Fault::Slow { .. } => "slow",
            Fault::Stall { .. } => "stall",
            Fault::EndlessHeaders { .. } => "endless-headers",
            Fault::HugeBody { .. } => "huge-body",
            Fault::Answer(_) => "answer",
            Fault::Redirect { .. } => "redirect",
            Fault::RevokeToken {} => "revoke-token",
            Fault::ExpiresIn { .. } => "expires-in",
            Fault::Duplicate(_) => "duplicate",
            Fault::Capacity(_) => "capacity",
            Fault::RateLimit(_) => "rate-limit",
        }
    }
}

/// A plan before its entries are looked at one by one, so that an error can name the entry.
#[derive(Debug, Deserialize)]
#[serde(deny_unknown_fields)]
struct RawPlan {
    #[serde(default)]
    fault: Vec<toml::Table>,
}

impl TryFrom<RawPlan> for FaultPlan {
    type Error = PlanError;

    fn try_from(raw: RawPlan) -> Result<FaultPlan, PlanError> {
        let entries = raw.fault.into_iter().enumerate().map(|(index, table)| {
            let name = table.get("name").and_then(toml::Value::as_str).map(str::to_owned);
            check::entry(table).map_err(|problem| PlanError::Entry {
                number: index + 1,
                name,
                problem,
            })
        });
        let plan = FaultPlan {
            entries: entries.collect::<Result<_, _>>()?,
        };
        plan.check().map(|()| plan)
    }
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde hands over a reference")]
fn is_nothing(seconds: &f64) -> bool {
    *seconds <= 0.0
}

#[expect(
    clippy::trivially_copy_pass_by_ref,
    clippy::float_cmp,
    reason = "serde hands over a reference, and only the default itself is left out"
)]
fn is_whole(share: &f64) -> bool {
    *share == 1.0
}

#[cfg(test)]
mod tests;
