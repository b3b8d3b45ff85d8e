//! Which row answers for a record's row: itself, the one that it repeats, or the one that cleared it; and what the API had.
//!
//! It names no class.

use std::borrow::Cow;

use uuid::Uuid;

use crate::ledger::{Clearing, Disposition, LedgerError, Observation, Reader, RowEntry, Seen};
use crate::model::row::RowKey;
use crate::model::row_state::RowState;
use crate::reconcile::{Api, Settled};

/// A row of the ledger with what the API had for it.
pub(super) struct Rowed {
    pub(super) row: RowEntry,
    pub(super) seen: Option<Observation>,
}

/// The row that answers for another one, itself in most cases, and why.
pub(super) struct Answering<'r> {
    pub(super) row: Cow<'r, RowEntry>,
    pub(super) seen: Option<Cow<'r, Observation>>,
    /// The state of the row, or of the one that it repeats.
    pub(super) state: RowState,
    pub(super) repeats: bool,
    pub(super) settled: Settled,
    pub(super) disposition: Option<Disposition>,
}

/// Asks the ledger who answers for a row.
pub(super) struct Answers<'a> {
    pub(super) reader: &'a Reader,
    pub(super) namespace: Uuid,
    /// The comparison that says what the API has; `None` where it was not asked.
    pub(super) comparison: Option<i64>,
}

impl Answers<'_> {
    /// The row that answers for one: itself, the one that it repeats, or the one that cleared it.
    pub(super) fn answering<'r>(&self, rowed: &'r Rowed) -> Result<Answering<'r>, LedgerError> {
        let row = &rowed.row;
        let twin = self.twin(row)?;
        let mut answering = Answering {
            repeats: twin.is_some(),
            row: twin.map_or(Cow::Borrowed(row), Cow::Owned),
            seen: None,
            state: row.state,
            settled: Settled::Open,
            disposition: None,
        };
        answering.state = answering.row.state;
        match self.reader.clearing(self.namespace, &answering.row)? {
            Some(Clearing::Corrected(key) | Clearing::Later(key)) => {
                answering.settled = Settled::Corrected;
                if let Some(by) = self.reader.row(key)? {
                    let twin = self.twin(&by)?;
                    answering.row = Cow::Owned(twin.unwrap_or(by));
                }
            }
            Some(Clearing::Disposed(disposition)) => {
                answering.settled = Settled::Disposed;
                answering.disposition = Some(disposition);
            }
            None => {}
        }
        answering.seen = if answering.row.key == row.key {
            rowed.seen.as_ref().map(Cow::Borrowed)
        } else {
            self.observation(answering.row.key)?.map(Cow::Owned)
        };
        Ok(answering)
    }

    /// The row that a duplicate repeats: the same customer with the same data, at the API if any of them is.
    fn twin(&self, row: &RowEntry) -> Result<Option<RowEntry>, LedgerError> {
        let Some(customer) = row.customer_id.as_deref().filter(|_| row.state == RowState::Duplicate) else {
            return Ok(None);
        };
        let rows = self.reader.claimed_for(self.namespace, customer)?;
        let same = || rows.iter().filter(|other| other.idempotency_id == row.idempotency_id);
        let at_api = same().find(|other| other.state.is_at_api());
        Ok(at_api.or_else(|| same().next()).cloned())
    }

    pub(super) fn api(&self, answering: &Answering<'_>) -> Api {
        match (self.comparison, &answering.seen) {
            (None, _) => Api::NotAsked,
            (Some(_), None) => Api::NotSeen,
            (Some(_), Some(observation)) => match observation.seen {
                Seen::Same => Api::Same,
                Seen::Absent => Api::Absent,
                Seen::OtherData => Api::OtherData,
            },
        }
    }

    pub(super) fn observation(&self, key: RowKey) -> Result<Option<Observation>, LedgerError> {
        let Some(comparison) = self.comparison else {
            return Ok(None);
        };
        let mut found = None;
        self.reader
            .observations(comparison, key.input, key.record, key.record, |observation| {
                found = Some(observation);
                Ok::<_, LedgerError>(())
            })?;
        Ok(found)
    }
}
