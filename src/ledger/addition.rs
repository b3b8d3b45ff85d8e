//! What people, later runs and comparisons with the API add to rows, as plain data.
//!
//! None of it changes a row's state: a correction is a row of a later run, a disposition is a decision about an exception,
//! an observation is what the API had when it was asked.

use uuid::Uuid;

use crate::model::digest::Digest;
use crate::model::ids::IdempotencyId;
use crate::model::row::RowKey;

/// Which record of an earlier run a record stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Correction {
    /// The record that it corrects.
    pub of: RowKey,
    /// Whether its data are others than there: any cell is another, and what is sent is not the same all the same.
    pub changed: bool,
}

/// A person's decision about a record that will not be created.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Disposition {
    /// When, in milliseconds since 1970, UTC.
    pub at_ms: i64,
    /// Who decided.
    pub who: String,
    /// Why, in that person's words.
    pub reason: String,
}

/// What the API had for a row's customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Seen {
    /// The same data.
    Same,
    /// No such customer.
    Absent,
    /// The customer with other data.
    OtherData,
}

impl Seen {
    /// Every case; the index is its code in the ledger, so the order never changes.
    pub const ALL: [Self; 3] = [Self::Same, Self::Absent, Self::OtherData];
}

/// What the API had for a row's customer at one moment.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Observation {
    /// Which row.
    pub key: RowKey,
    /// When, in milliseconds since 1970, UTC.
    pub at_ms: i64,
    /// What was seen.
    pub seen: Seen,
    /// The idempotency id that the data at the API would have; `None` where there are none, or none that can be read.
    pub payload_id: Option<IdempotencyId>,
    /// Paths of the fields that differ, separated by spaces; `None` where none does or they cannot be told.
    pub fields: Option<String>,
}

/// A comparison to be begun.
#[derive(Clone, Debug)]
pub struct NewComparison {
    /// Base URL of the API.
    pub target: String,
    /// Namespace of the idempotency ids.
    pub namespace: Uuid,
    /// Digest of what is compared, by which an interrupted comparison is found again.
    pub scope: Digest,
}

/// A comparison as the ledger has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ComparisonEntry {
    /// Its number.
    pub comparison_id: i64,
    /// Base URL of the API.
    pub target: String,
    /// Namespace of the idempotency ids.
    pub namespace: Uuid,
    /// Digest of what is compared.
    pub scope: Digest,
    /// When it began.
    pub at_ms: i64,
    /// Who began it.
    pub who: Option<String>,
    /// Pages of the list of customers that were read.
    pub pages: u64,
    /// When it came to its end, if it did.
    pub ended_ms: Option<i64>,
}

/// One thing to be added.
#[derive(Clone, Debug)]
pub enum Addition {
    /// A person decided about a record.
    Disposition(RowKey, Disposition),
    /// A comparison saw what the API had for a row.
    Observation(i64, Observation),
    /// A comparison saw a customer about whom the ledger knows nothing.
    Stranger {
        /// Number of the comparison.
        comparison: i64,
        /// The customer's identifier.
        customer_id: String,
        /// When, in milliseconds since 1970, UTC.
        at_ms: i64,
    },
    /// A comparison has read so many pages of the list of customers.
    Listed(i64, u64),
    /// A comparison came to its end.
    Ended(i64),
}
