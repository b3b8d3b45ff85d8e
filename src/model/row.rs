//! What checking makes of a record: a row that can be sent, or a reject with every finding.

use std::fmt;

use bytes::Bytes;

use super::finding::Finding;
use super::ids::IdempotencyId;
use super::position::Position;

/// Where the ledger keeps a row: the input's number in the ledger, and the record's number in the input.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct RowKey {
    /// Number of the input in the ledger.
    pub input: i64,
    /// Number of the record in the input, from 1.
    pub record: u64,
}

/// What becomes of the payload, which is made of every row for the sake of its id.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Payloads {
    /// It is sent or written.
    Kept,
    /// Nobody asks for it: the row has none.
    Dropped,
}

/// A record that passed every check, in the form in which it is sent.
#[derive(Clone, PartialEq, Eq)]
pub struct Row {
    /// Where the record stands.
    pub position: Position,
    /// The client's own identifier of the customer.
    pub customer_id: String,
    /// The id of the create operation.
    pub idempotency_id: IdempotencyId,
    /// The customer as canonical JSON, RFC 8785: byte for byte what is sent. Empty where [nobody asks](Payloads) for it.
    pub payload: Bytes,
    /// Warnings and repairs, in the order of the fields; none is an error.
    pub notes: Vec<Finding>,
}

/// Leaves the payload out: it holds personal data.
impl fmt::Debug for Row {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Row")
            .field("position", &self.position)
            .field("idempotency_id", &self.idempotency_id)
            .field("payload_bytes", &self.payload.len())
            .finish_non_exhaustive()
    }
}

/// A record that broke a rule whose breach is an error. It holds every finding, not the first.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reject {
    /// Where the record stands.
    pub position: Position,
    /// The customer's identifier, where the record has a valid one.
    pub customer_id: Option<String>,
    /// What is wrong, in the order of the fields; never empty.
    pub findings: Vec<Finding>,
}

/// What checking made of one record.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Checked {
    /// It can be sent.
    Row(Row),
    /// It cannot.
    Reject(Reject),
}

impl Checked {
    /// What is wrong with the record, warnings and repairs included.
    pub fn findings(&self) -> &[Finding] {
        match self {
            Self::Row(row) => &row.notes,
            Self::Reject(reject) => &reject.findings,
        }
    }
}
