//! The control totals at the end of a run: every record that was read stands in exactly one state.

use super::{LedgerError, Reader, RunEntry};
use crate::model::row_state::RowState;
use crate::model::totals::Totals;

/// What the reader counted in an input.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct InputTotals {
    /// Data records.
    pub records: u64,
    /// Lines with nothing in them, which are no records.
    pub blank_lines: u64,
    /// Lines of separators, spaces and empty quotes.
    pub separator_lines: u64,
    /// Lines of repeated headers.
    pub header_lines: u64,
    /// Lines of trailers.
    pub trailer_lines: u64,
    /// Lines of the records; 0 in ledgers of version 1, which did not count them.
    pub record_lines: u64,
    /// All lines, the header's included; 0 in ledgers of version 1.
    pub lines: u64,
}

/// Control totals, added up from the ledger's rows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Balance {
    /// Records that the reader counted.
    pub records: u64,
    /// Rows by state.
    pub totals: Totals,
    /// Whether every source was read to its end.
    pub complete: bool,
}

impl Balance {
    /// Adds up a run as it stands.
    pub fn of(reader: &Reader, run: &RunEntry) -> Result<Self, LedgerError> {
        Ok(Self::with(reader.totals(run)?, run))
    }

    /// Holds totals that were added up already against what the reader counted.
    pub fn with(totals: Totals, run: &RunEntry) -> Self {
        let records = run
            .inputs
            .iter()
            .filter_map(|input| input.totals)
            .map(|totals| totals.records)
            .sum();
        let complete = run.inputs.iter().all(|input| input.totals.is_some());
        Self {
            records,
            totals,
            complete,
        }
    }

    /// Whether the rows are as many as the records: each record has one row, and each row one state.
    pub fn adds_up(&self) -> bool {
        !self.complete || self.records == self.totals.rows()
    }

    /// Whether nothing is left to send.
    pub fn is_settled(&self) -> bool {
        self.totals.count(|state| !RowState::may_end(state)) == 0
    }
}
