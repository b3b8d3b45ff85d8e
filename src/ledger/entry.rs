//! What the ledger is told, and what it tells: runs, sources, rows and counts as plain data.
//!
//! Nothing here reads or writes.

use uuid::Uuid;

use super::addition::Correction;
use super::balance::InputTotals;
use crate::model::digest::Digest;
use crate::model::ids::{IdempotencyId, RequestId};
use crate::model::position::Position;
use crate::model::row::RowKey;
use crate::model::row_state::{RowEvent, RowState};
use crate::model::rule::Severity;

/// A run to be begun.
#[derive(Clone, Debug)]
pub struct NewRun {
    /// Operation that rows stand for.
    pub operation: &'static str,
    /// Base URL of the API.
    pub target: String,
    /// Namespace of the idempotency ids.
    pub namespace: Uuid,
    /// Digest of the settings that decide payloads.
    pub config_digest: Digest,
    /// The latest day that a date may name, for all passes of the run.
    pub today: String,
    /// The run whose records this one corrects.
    pub corrects: Option<i64>,
    /// The sources, in their order.
    pub inputs: Vec<NewInput>,
}

/// A source of a run to be begun.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct NewInput {
    /// Name for people.
    pub name: String,
    /// SHA-256 of its bytes.
    pub digest: Digest,
    /// How many bytes it has.
    pub bytes: u64,
}

/// A record as checking left it.
#[derive(Clone, Debug)]
pub struct Planned {
    /// Input in the ledger.
    pub input: i64,
    /// Where the record stands.
    pub position: Position,
    /// Accepted, Rejected, Duplicate or Conflict.
    pub event: RowEvent,
    /// The customer, where the record names one.
    pub customer_id: Option<String>,
    /// The id of its create, for accepted rows, duplicates and conflicts.
    pub idempotency_id: Option<IdempotencyId>,
    /// Why a duplicate or a conflict is one.
    pub code: Option<String>,
    /// What is wrong with a reject; warnings and repairs of any other.
    pub findings: Vec<PlannedFinding>,
    /// The record of an earlier run for which it stands.
    pub corrects: Option<Correction>,
}

/// A finding without its preview, which is not stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct PlannedFinding {
    /// Code of the rule.
    pub code: &'static str,
    /// What it does to the record.
    pub severity: Severity,
    /// Path of the field.
    pub field: Option<&'static str>,
    /// Column of the source, from 0.
    pub column: Option<usize>,
}

/// A row to be claimed for sending.
#[derive(Clone, Debug)]
pub struct Claim {
    /// Which row.
    pub key: RowKey,
    /// Its customer.
    pub customer_id: String,
    /// Its id.
    pub idempotency_id: IdempotencyId,
}

/// What became of a claim.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Claimed {
    /// The row may be sent. `in_doubt` says that it may have been sent before.
    Granted {
        /// Whether it was in flight or unresolved before.
        in_doubt: bool,
    },
    /// Another run has dealt with the customer meanwhile; the row has its final state and must not be sent.
    Settled(RowState),
}

/// A run as the ledger has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunEntry {
    /// Number of the run.
    pub run_id: i64,
    /// Operation that rows stand for.
    pub operation: String,
    /// Base URL of the API.
    pub target: String,
    /// Namespace of the idempotency ids.
    pub namespace: Uuid,
    /// Digest of the settings that decide payloads.
    pub config_digest: Digest,
    /// Version of rollcall that began it.
    pub tool_version: String,
    /// The latest day that a date may name.
    pub today: String,
    /// When it began.
    pub created_ms: i64,
    /// The run whose records this one corrects.
    pub corrects: Option<i64>,
    /// What happened to it, in order.
    pub events: Vec<RunEventEntry>,
    /// Its sources, in order.
    pub inputs: Vec<InputEntry>,
}

impl RunEntry {
    /// Whether every source was checked to its end.
    pub fn is_planned(&self) -> bool {
        self.events.iter().any(|event| event.kind == "planned")
    }

    /// Whether it is about the same customers as another run: the same sources, for the same API.
    pub fn repeats(&self, other: &Self) -> bool {
        let digests = |run: &Self| run.inputs.iter().map(|input| input.digest).collect::<Vec<_>>();
        self.operation == other.operation
            && self.target == other.target
            && self.namespace == other.namespace
            && digests(self) == digests(other)
    }

    /// Whether it came to its end, and has not been taken up again since.
    pub fn is_finished(&self) -> bool {
        self.events.last().is_some_and(|event| event.kind == "finished")
    }
}

/// Something that happened to a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunEventEntry {
    /// When.
    pub at_ms: i64,
    /// started, planned, stopped or finished.
    pub kind: String,
    /// Why it stopped.
    pub reason: Option<String>,
    /// Account under which it happened; `None` in ledgers before version 4.
    pub who: Option<String>,
}

/// A source of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputEntry {
    /// Number in the ledger.
    pub input_id: i64,
    /// Name for people.
    pub name: String,
    /// SHA-256 of its bytes.
    pub digest: Digest,
    /// How many bytes it has.
    pub bytes: u64,
    /// What the reader counted; `None` until it was read to its end.
    pub totals: Option<InputTotals>,
}

/// A row with its current state and what led to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowEntry {
    /// Where the ledger keeps it.
    pub key: RowKey,
    /// Where the record stands.
    pub position: Position,
    /// The customer, where the record names one.
    pub customer_id: Option<String>,
    /// The id of its create.
    pub idempotency_id: Option<IdempotencyId>,
    /// Where it stands.
    pub state: RowState,
    /// HTTP requests made for it, in all processes.
    pub attempts: u64,
    /// Status of the answer that decided.
    pub http_status: Option<u16>,
    /// Why it is in its state.
    pub code: Option<String>,
    /// What the API said, redacted.
    pub detail: Option<String>,
    /// Request that decided.
    pub request_id: Option<RequestId>,
}

/// One finding of a record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FindingEntry {
    /// Code of the rule.
    pub code: String,
    /// What it did to the record.
    pub severity: Severity,
    /// Path of the field.
    pub field: Option<String>,
    /// Column of the source, from 0; `None` where the value did not come from a column.
    pub column: Option<usize>,
}

/// How often a rule was broken in a run, by field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FindingCount {
    /// Code of the rule.
    pub code: String,
    /// What it did to the record.
    pub severity: Severity,
    /// Path of the field.
    pub field: Option<String>,
    /// How often.
    pub count: u64,
}
