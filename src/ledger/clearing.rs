//! How an exception, a row that somebody must look at, was cleared: by a correction, by a later run, or by a person.
//!
//! Nothing is written down when that happens: it is derived from the rows each time, so it can never contradict them.

use uuid::Uuid;

use super::addition::Disposition;
use super::entry::RowEntry;
use super::{LedgerError, Reader};
use crate::model::row::RowKey;
use crate::model::row_state::RowState;

/// What cleared an exception.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Clearing {
    /// A correction of it, or the last of a chain of corrections, is at the API.
    Corrected(RowKey),
    /// A later run brought the same customer to the API without naming this record.
    Later(RowKey),
    /// A person decided that it stays as it is.
    Disposed(Disposition),
}

/// Longest chain of corrections that is followed: nobody corrects a row so often, and a damaged ledger may have a circle.
const LONGEST_CHAIN: usize = 100;

impl Reader {
    /// What cleared a row of a run under this namespace; `None` for a row that is open, or that needs nobody. A correction
    /// that came to nothing is cleared with the record that it corrects.
    pub fn clearing(&self, namespace: Uuid, row: &RowEntry) -> Result<Option<Clearing>, LedgerError> {
        self.cleared(namespace, row, LONGEST_CHAIN)
    }

    fn cleared(&self, namespace: Uuid, row: &RowEntry, left: usize) -> Result<Option<Clearing>, LedgerError> {
        if !row.state.needs_attention() {
            return Ok(None);
        }
        if let Some(key) = self.corrected_at_api(row.key, LONGEST_CHAIN)? {
            return Ok(Some(Clearing::Corrected(key)));
        }
        if let Some(later) = self.later(namespace, row)? {
            return Ok(Some(Clearing::Later(later)));
        }
        // A decision about a correction stands for the record too: it is where people are sent to look.
        for key in std::iter::once(row.key).chain(self.corrected_by(row.key)?) {
            if let Some(disposition) = self.dispositions(key)?.pop() {
                return Ok(Some(Clearing::Disposed(disposition)));
            }
        }
        let tied = self.correction(row.key)?;
        // What contradicts the record that it corrects is not answered for by that record.
        let Some(correction) = tied.filter(|_| left > 0 && row.state != RowState::Conflict) else {
            return Ok(None);
        };
        match self.row(correction.of)? {
            Some(of) if of.state.is_at_api() => Ok(Some(Clearing::Later(of.key))),
            Some(of) => self.cleared(namespace, &of, left - 1),
            None => Ok(None),
        }
    }

    /// The correction by which a record came to the API. A correction that is a duplicate says that its customer is there
    /// with its very data.
    fn corrected_at_api(&self, key: RowKey, left: usize) -> Result<Option<RowKey>, LedgerError> {
        if left == 0 {
            return Ok(None);
        }
        for by in self.corrected_by(key)? {
            let Some(row) = self.row(by)? else { continue };
            if row.state.is_at_api() || row.state == RowState::Duplicate {
                return Ok(Some(by));
            }
            if let Some(found) = self.corrected_at_api(by, left - 1)? {
                return Ok(Some(found));
            }
        }
        Ok(None)
    }

    /// A row of a later source that brought the customer to the API. It says nothing about a conflict, which says that
    /// the customer is there with other data.
    fn later(&self, namespace: Uuid, row: &RowEntry) -> Result<Option<RowKey>, LedgerError> {
        let Some(customer) = row.customer_id.as_deref().filter(|_| row.state != RowState::Conflict) else {
            return Ok(None);
        };
        let rows = self.claimed_for(namespace, customer)?;
        let later = |other: &RowEntry| other.key.input > row.key.input && other.state.is_at_api();
        Ok(rows.into_iter().find(later).map(|other| other.key))
    }
}
