//! Which rows are for the same customer: an index, and what one row means for another.
//!
//! Its key is a hash, so rows that come one after the other lie all over it, and each that is written by itself costs a page of
//! the log. So the rows of a run are written once they are all planned, in the order of the index; a claim adds its row
//! where that was not done, as rollcall did it before. So it holds every row that was ever claimed, and others that were
//! not yet: whoever asks it looks at what happened to the row.

use rusqlite::params;
use rusqlite::types::ValueRef;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

use super::{Store, missing, signed, unsigned};
use crate::ledger::LedgerError;
use crate::ledger::query::{ROW_COLUMNS, verify_line};
use crate::model::ids::IdempotencyId;
use crate::model::row::RowKey;
use crate::model::row_state::{RowEvent, RowState};

/// Rows that are written into the index in one commit: 16 MB in memory while they are sorted. Of a larger input each part
/// may touch the whole index once.
const INDEXED_AT_ONCE: u32 = 1 << 20;

/// What the index leads to.
#[derive(Default)]
pub(super) struct Known {
    /// The state of the row itself and the number of its last event, if it is in the index.
    pub(super) itself: Option<(RowState, i64)>,
    /// What another row that was claimed for the customer makes of this one: a duplicate or a conflict, and why.
    pub(super) settles: Option<(RowEvent, &'static str)>,
}

impl Store {
    /// Writes the rows of an input that are to be sent into the index, from behind a record on; gives the last of them,
    /// `None` if none was left.
    pub(in crate::ledger) fn index_planned(
        &mut self,
        namespace: Uuid,
        input: i64,
        after: u64,
    ) -> Result<Option<u64>, LedgerError> {
        let mut lines = self.planned_customers(namespace, input, after)?;
        let last = lines.last().map(|(_, record)| *record);
        lines.sort_unstable();
        for (customer, record) in lines {
            self.index(customer, RowKey { input, record })?;
        }
        Ok(last)
    }

    /// Keys and records of the next rows that are to be sent.
    fn planned_customers(&self, namespace: Uuid, input: i64, after: u64) -> Result<Vec<(i64, u64)>, LedgerError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT input_id, record, line, byte, event, customer_id, idempotency_id, code, sum
             FROM row WHERE input_id = ?1 AND record > ?2 AND event = ?3 ORDER BY record LIMIT ?4",
        )?;
        let of = params![input, signed(after), RowEvent::Accepted as i64, INDEXED_AT_ONCE];
        let mut rows = statement.query(of)?;
        let mut customers = Vec::new();
        while let Some(row) = rows.next()? {
            let record = unsigned(row.get(1)?);
            verify_line("row", RowKey { input, record }, row, 0, ROW_COLUMNS)?;
            let customer_id = row.get_ref(5)?.as_str().map_err(rusqlite::Error::from)?;
            customers.push((customer_key(namespace, customer_id), record));
        }
        Ok(customers)
    }

    /// Writes a row into the index, if it is not there.
    pub(super) fn index(&self, customer: i64, key: RowKey) -> Result<(), LedgerError> {
        self.connection
            .prepare_cached("INSERT OR IGNORE INTO customer (customer_key, input_id, record) VALUES (?1, ?2, ?3)")?
            .execute(params![customer, key.input, signed(key.record)])?;
        Ok(())
    }

    /// What is known of a row's customer.
    pub(super) fn known(
        &self,
        namespace: Uuid,
        key: RowKey,
        customer_id: &str,
        id: IdempotencyId,
    ) -> Result<Known, LedgerError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT customer.input_id, customer.record, row.input_id, row.record, line, byte, event, row.customer_id,
                    idempotency_id, code, sum
             FROM customer LEFT JOIN row USING (input_id, record) WHERE customer_key = ?1",
        )?;
        let mut rows = statement.query([customer_key(namespace, customer_id)])?;
        let (mut known, mut is_at_api) = (Known::default(), false);
        while let Some(row) = rows.next()? {
            let other = RowKey {
                input: row.get(0)?,
                record: unsigned(row.get(1)?),
            };
            // A damaged line must not be passed over for another customer's.
            if row.get_ref(2)? == ValueRef::Null {
                return Err(missing(other));
            }
            verify_line("row", other, row, 2, ROW_COLUMNS)?;
            if other == key {
                known.itself = Some(self.lived(key, row.get(6)?)?);
                continue;
            }
            // The key is a hash: only the customer's own id tells that it is the same customer.
            if is_at_api || row.get_ref(7)?.as_str().ok() != Some(customer_id) {
                continue;
            }
            let same = row.get_ref(8)?.as_blob().ok() == Some(id.as_bytes().as_slice());
            let (state, _) = self.lived(other, row.get(6)?)?;
            is_at_api = state.is_at_api();
            if is_at_api && same {
                known.settles = Some((RowEvent::Duplicate, "customer.created_before"));
            } else if is_at_api {
                known.settles = Some((RowEvent::Conflict, "customer.other_data"));
            } else if state.is_in_doubt() && !same {
                known.settles = Some((RowEvent::Conflict, "customer.in_doubt"));
            }
        }
        Ok(known)
    }
}

/// A hash of whose customer it is: the ledger may serve several clients and environments.
pub(in crate::ledger) fn customer_key(namespace: Uuid, customer_id: &str) -> i64 {
    let mut hash = Sha256::new();
    hash.update(namespace.as_bytes());
    hash.update(customer_id.as_bytes());
    let mut first = [0; 8];
    for (to, from) in first.iter_mut().zip(hash.finalize()) {
        *to = from;
    }
    i64::from_be_bytes(first)
}
