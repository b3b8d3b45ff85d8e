//! The rows that are looked at, in the order of their sources, with their payloads where the source is at hand.
//!
//! A payload is derived again from the source as the run derived it, and counts only where its id is the planned one:
//! what is compared is what was sent, whatever the source is now.
//!
//! It deliberately reads no value into anything that outlives the row's look.

use std::collections::{HashMap, HashSet};
use std::sync::atomic::Ordering;

use bytes::Bytes;
use tokio::sync::mpsc;

use super::{CompareInput, Comparison};
use crate::ledger::RowEntry;
use crate::model::ids::IdempotencyId;
use crate::model::row::{Checked, Payloads, RowKey};
use crate::pipeline::capacity::CHUNK_RECORDS;
use crate::pipeline::error::PipelineError;
use crate::pipeline::run::checker;

/// A row to be looked at.
pub(super) struct Subject {
    pub(super) key: RowKey,
    pub(super) customer_id: String,
    pub(super) idempotency_id: IdempotencyId,
    pub(super) payload: Option<Bytes>,
}

/// Whether a row's customer is at the API as far as the ledger knows, or may be.
pub(super) fn is_wanted(row: &RowEntry) -> bool {
    row.state.is_at_api() || row.state.is_in_doubt()
}

/// Hands rows over.
pub(super) struct Subjects<'a> {
    pub(super) comparison: &'a Comparison<'a>,
    pub(super) batches: &'a mpsc::Sender<Vec<Subject>>,
}

type ByRecord = HashMap<u64, (IdempotencyId, Bytes)>;

impl Subjects<'_> {
    /// Hands over every row that nobody has looked at in this comparison.
    pub(super) fn hand_over(&self) -> Result<(), PipelineError> {
        for input in self.comparison.inputs {
            let next = self.with_payloads(input)?;
            self.without_payloads(input, next)?;
        }
        Ok(())
    }

    /// The rows of a source that is at hand; gives the first record behind them.
    fn with_payloads(&self, input: &CompareInput<'_>) -> Result<u64, PipelineError> {
        let mut next = 1;
        let Some(source) = input.source else { return Ok(next) };
        let checker = checker(self.comparison.request.settings, input.run)?;
        checker.check(source, Payloads::Kept, |chunk, checked| {
            let payloads = checked.into_iter().filter_map(|checked| match checked {
                Checked::Row(row) => Some((row.position.record, (row.idempotency_id, row.payload))),
                Checked::Reject(_) => None,
            });
            if let Some(last) = chunk.positions().last() {
                self.records(input, next, last.record, &mut payloads.collect())?;
                next = last.record + 1;
            }
            Ok(())
        })?;
        Ok(next)
    }

    /// The rows from this record on.
    fn without_payloads(&self, input: &CompareInput<'_>, mut next: u64) -> Result<(), PipelineError> {
        let last = self.comparison.reader.planned(input.input.input_id)?;
        while next <= last {
            let end = next + CHUNK_RECORDS as u64 - 1;
            self.records(input, next, end, &mut ByRecord::new())?;
            next = end + 1;
        }
        Ok(())
    }

    fn records(
        &self,
        input: &CompareInput<'_>,
        first: u64,
        last: u64,
        payloads: &mut ByRecord,
    ) -> Result<(), PipelineError> {
        let Comparison {
            reader,
            request,
            number,
            ..
        } = self.comparison;
        if request.stop.is_requested() {
            return Err(PipelineError::Interrupted);
        }
        let input_id = input.input.input_id;
        let mut seen = HashSet::new();
        reader.observations(*number, input_id, first, last, |observation| {
            seen.insert(observation.key.record);
            Ok::<_, PipelineError>(())
        })?;
        request
            .progress
            .observed
            .fetch_add(seen.len() as u64, Ordering::Relaxed);
        let mut batch = Vec::new();
        reader.rows(input_id, first, last, |row| {
            let wanted = is_wanted(&row) && !seen.contains(&row.key.record);
            let ids = row.customer_id.zip(row.idempotency_id);
            if let Some((customer_id, idempotency_id)) = ids.filter(|_| wanted) {
                let payload = payloads.remove(&row.key.record);
                let payload = payload.filter(|(id, _)| *id == idempotency_id);
                batch.push(Subject {
                    key: row.key,
                    customer_id,
                    idempotency_id,
                    payload: payload.map(|(_, payload)| payload),
                });
            }
            Ok::<_, PipelineError>(())
        })?;
        if !batch.is_empty() && self.batches.blocking_send(batch).is_err() {
            return Err(PipelineError::Interrupted);
        }
        Ok(())
    }
}
