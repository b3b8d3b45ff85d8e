//! The figures of a reconciliation, and whether it is in balance.
//!
//! Each record is counted once, in one class. It shows nothing and decides nothing but the balance.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::class::Class;
use super::totals::Sides;
use crate::ledger::ComparisonEntry;
use crate::model::digest::Digest;
use crate::model::row_state::RowState;
use crate::model::totals::Totals;

/// The run with which a file is compared.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Compared {
    /// Its number.
    pub run_id: i64,
    /// Number of the source in the ledger.
    pub input_id: i64,
    /// Digest of what the run read.
    pub digest: Digest,
    /// Whether the file still is what the run read, by its digest; else it only has the name.
    pub same_file: bool,
    /// Whether the settings that decide payloads are other ones now.
    pub other_settings: bool,
    /// Whether the run has read the source to its end.
    pub complete: bool,
}

/// What the file's trailers say of its records.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Trailer {
    /// None is declared.
    Undeclared,
    /// They count what was read.
    Fits {
        /// Records that they count in all.
        declared: u64,
    },
    /// They do not: why, as the end of a sentence that begins with the file's name.
    Wrong(String),
}

/// What the API had for the rows that were compared.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct ApiCounts {
    /// Customers that it has with the same data.
    pub same: u64,
    /// Customers that it does not have.
    pub absent: u64,
    /// Customers that it has with other data.
    pub other_data: u64,
}

/// The figures of one file.
#[derive(Clone, Debug)]
pub struct FileFigures {
    /// Its name.
    pub name: Arc<str>,
    /// Its digest now.
    pub digest: Digest,
    /// The run with which it is compared; `None` where no run has read the file or one of its name.
    pub compared: Option<Compared>,
    /// Records that pass the checks.
    pub accepted: u64,
    /// Records that do not.
    pub rejected: u64,
    classes: [u64; Class::ALL.len()],
    /// Why records failed: state and code, and how many.
    pub failed: BTreeMap<(RowState, String), u64>,
    /// The ledger's rows by state.
    pub rows: Totals,
    /// What the API had; all 0 if it was not asked.
    pub api: ApiCounts,
    /// Rows whose record is not in the file any more.
    pub gone: u64,
    /// What its trailers say.
    pub trailer: Trailer,
    /// The control totals.
    pub sides: Sides,
}

impl FileFigures {
    /// Begins to count.
    pub fn new(name: Arc<str>, digest: Digest, compared: Option<Compared>) -> Self {
        Self {
            name,
            digest,
            compared,
            accepted: 0,
            rejected: 0,
            classes: [0; Class::ALL.len()],
            failed: BTreeMap::new(),
            rows: Totals::default(),
            api: ApiCounts::default(),
            gone: 0,
            trailer: Trailer::Undeclared,
            sides: Sides::default(),
        }
    }

    /// Counts a record in its class.
    pub fn count(&mut self, class: Class) {
        if let Some(count) = self.classes.get_mut(class as usize) {
            *count += 1;
        }
    }

    /// How many records are of a class.
    pub fn of(&self, class: Class) -> u64 {
        self.classes.get(class as usize).copied().unwrap_or_default()
    }

    /// Records that were read.
    pub fn records(&self) -> u64 {
        self.accepted + self.rejected
    }

    /// Whether every record is in exactly one class.
    pub fn adds_up(&self) -> bool {
        self.classes.iter().sum::<u64>() == self.records()
    }

    /// Whether every record is answered for and the three sides agree.
    pub fn is_in_balance(&self) -> bool {
        let answered = |class: &Class| class.is_answered() || self.of(*class) == 0;
        self.adds_up()
            && Class::ALL.iter().all(answered)
            && self.gone == 0
            && !matches!(self.trailer, Trailer::Wrong(_))
            && self.sides.agree()
    }
}

/// A whole reconciliation.
#[derive(Clone, Debug, Default)]
pub struct Reconciliation {
    /// The files, in their order.
    pub files: Vec<FileFigures>,
    /// The comparison with the API; `None` where it was not asked.
    pub comparison: Option<ComparisonEntry>,
    /// Customers at the API about whom the ledger knows nothing.
    pub strangers: u64,
    /// The control totals of all files, strangers on the API's side.
    pub sides: Sides,
    /// Open exceptions in all runs, those of the compared runs included.
    pub open: u64,
    /// Open exceptions of these files in other runs than those that they are compared with.
    pub open_of_these_files: u64,
    /// Exceptions about which a person decided.
    pub disposed: u64,
    /// Records without a row, of these files in other runs than those that they are compared with.
    pub lost: u64,
}

impl Reconciliation {
    /// How many records of all files are of a class.
    pub fn of(&self, class: Class) -> u64 {
        self.files.iter().map(|file| file.of(class)).sum()
    }

    /// Rows of all files whose record is not there any more.
    pub fn gone(&self) -> u64 {
        self.files.iter().map(|file| file.gone).sum()
    }

    /// Whether everything is answered for. Open exceptions of other files do not break it.
    pub fn is_in_balance(&self) -> bool {
        self.files.iter().all(FileFigures::is_in_balance)
            && self.strangers == 0
            && self.open_of_these_files == 0
            && self.lost == 0
            && self.sides.agree()
    }
}
