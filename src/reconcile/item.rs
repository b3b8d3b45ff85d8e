//! What a reconciliation names: records, rows, strangers and exceptions, as plain data.
//!
//! It holds customer ids, codes and places, never a value.

use std::sync::Arc;

use super::class::Class;
use crate::ledger::Disposition;
use crate::model::position::Position;
use crate::model::row_state::RowState;

/// A record of a source and what it is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RecordItem {
    /// The source.
    pub file: Arc<str>,
    /// Where it stands in the source; for a record that is gone, where it stood.
    pub position: Position,
    /// Its customer.
    pub customer_id: Option<String>,
    /// What it is.
    pub class: Class,
    /// The run that it is compared with.
    pub run_id: Option<i64>,
    /// The record of that run; another number than in the source where records were added or taken away.
    pub record: Option<u64>,
    /// Where the ledger's row stands.
    pub state: Option<RowState>,
    /// Why, with the codes of all findings for a rejected record, separated by spaces.
    pub code: Option<String>,
    /// The record that answers for it, where that is another one.
    pub by: Option<Answer>,
    /// Paths of the fields that differ at the API, separated by spaces.
    pub fields: Option<String>,
    /// Who decided about it, and why.
    pub disposition: Option<Disposition>,
}

/// A record of a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Answer {
    /// The run.
    pub run_id: i64,
    /// The record.
    pub record: u64,
}

/// A row of any run that somebody must look at, or about which somebody decided.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    /// The run.
    pub run_id: i64,
    /// The run's source.
    pub file: Arc<str>,
    /// Where it stands there.
    pub position: Position,
    /// Its customer.
    pub customer_id: Option<String>,
    /// Where the row stands.
    pub state: RowState,
    /// Why.
    pub code: Option<String>,
    /// Since when, in milliseconds since 1970, UTC.
    pub since_ms: i64,
    /// What a person decided; `None` while it is open.
    pub disposition: Option<Disposition>,
    /// Whether it is in a source with which one of the files is compared: its record has a class already.
    pub compared: bool,
    /// Whether it is of one of the files in another run, and so breaks the balance while it is open.
    pub of_these_files: bool,
}

/// A record that a run has read and of which the ledger has no row.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct LostRow {
    /// The run.
    pub run_id: i64,
    /// The run's source.
    pub file: Arc<str>,
    /// Its number there.
    pub record: u64,
}

/// Something that is named.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Item {
    /// A record of a source.
    Record(Box<RecordItem>),
    /// A row whose record is not in the source any more.
    Gone(Box<RecordItem>),
    /// A record without a row in a run that corrects one of these files, or has read it too: its file is not read here.
    Lost(LostRow),
    /// A customer at the API about whom the ledger knows nothing.
    Stranger(String),
    /// An exception of any run.
    Exception(Box<Exception>),
}
