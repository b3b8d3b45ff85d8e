//! Statements that read what is added to rows, and rows by other ways than their place in a run.

use rusqlite::{OptionalExtension, Row, params};
use uuid::Uuid;

use super::{Reader, row_event, verify_line};
use crate::ledger::LedgerError;
use crate::ledger::addition::{ComparisonEntry, Correction, Disposition, Observation, Seen};
use crate::ledger::entry::{FindingEntry, InputEntry, RowEntry};
use crate::ledger::store::{customer_key, signed, unsigned};
use crate::model::digest::Digest;
use crate::model::ids::IdempotencyId;
use crate::model::row::RowKey;
use crate::model::row_state::RowEvent;
use crate::model::rule::Severity;

impl Reader {
    /// A row by its place.
    pub fn row(&self, key: RowKey) -> Result<Option<RowEntry>, LedgerError> {
        let mut found = None;
        self.rows(key.input, key.record, key.record, |row| {
            found = Some(row);
            Ok::<_, LedgerError>(())
        })?;
        Ok(found)
    }

    /// An input by its number, and the run that it belongs to.
    pub fn input(&self, input_id: i64) -> Result<Option<(i64, InputEntry)>, LedgerError> {
        let run_id: Option<i64> = self
            .connection
            .query_row("SELECT run_id FROM input WHERE input_id = ?1", [input_id], |row| {
                row.get(0)
            })
            .optional()?;
        let Some(run_id) = run_id else { return Ok(None) };
        let inputs = self.inputs(run_id)?;
        Ok(inputs
            .into_iter()
            .find(|input| input.input_id == input_id)
            .map(|input| (run_id, input)))
    }

    /// The findings of a record, in the order of the fields.
    pub fn findings(&self, key: RowKey) -> Result<Vec<FindingEntry>, LedgerError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT code, severity, field, col FROM finding WHERE input_id = ?1 AND record = ?2 ORDER BY seq",
        )?;
        let findings = statement.query_map(params![key.input, signed(key.record)], |row| {
            let severity = Severity::from_word(&row.get::<_, String>(1)?);
            Ok(FindingEntry {
                code: row.get(0)?,
                severity: severity.unwrap_or(Severity::Error),
                field: row.get(2)?,
                column: row
                    .get::<_, Option<i64>>(3)?
                    .and_then(|column| usize::try_from(column).ok()),
            })
        })?;
        Ok(findings.collect::<Result<_, _>>()?)
    }

    /// Rows that were ever claimed for a customer, in any run under this namespace, oldest input first.
    pub fn claimed_for(&self, namespace: Uuid, customer_id: &str) -> Result<Vec<RowEntry>, LedgerError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT input_id, record FROM customer
             WHERE customer_key = ?1 AND EXISTS (
                 SELECT 1 FROM event
                 WHERE event.input_id = customer.input_id AND event.record = customer.record AND event.event = ?2
             )
             ORDER BY input_id, record",
        )?;
        let claimed = params![customer_key(namespace, customer_id), RowEvent::Claimed as i64];
        let keys = statement.query_map(claimed, |row| {
            Ok(RowKey {
                input: row.get(0)?,
                record: unsigned(row.get(1)?),
            })
        })?;
        let keys = keys.collect::<Result<Vec<_>, _>>()?;
        let rows = keys.into_iter().filter_map(|key| self.row(key).transpose());
        // The key is a hash: only the customer's own id tells that it is the same customer.
        rows.filter(|row| {
            row.as_ref()
                .map_or(true, |row| row.customer_id.as_deref() == Some(customer_id))
        })
        .collect()
    }

    /// Which record a record corrects.
    pub fn correction(&self, key: RowKey) -> Result<Option<Correction>, LedgerError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT input_id, record, of_input, of_record, changed, sum FROM correction
             WHERE input_id = ?1 AND record = ?2",
        )?;
        let mut rows = statement.query(params![key.input, signed(key.record)])?;
        let Some(row) = rows.next()? else { return Ok(None) };
        verify_line("correction", key, row, 0, 5)?;
        Ok(Some(Correction {
            of: RowKey {
                input: row.get(2)?,
                record: unsigned(row.get(3)?),
            },
            changed: row.get(4)?,
        }))
    }

    /// The records by which later runs corrected a record, oldest first.
    pub fn corrected_by(&self, key: RowKey) -> Result<Vec<RowKey>, LedgerError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT input_id, record FROM correction WHERE of_input = ?1 AND of_record = ?2 ORDER BY input_id, record",
        )?;
        let keys = statement.query_map(params![key.input, signed(key.record)], |row| {
            Ok(RowKey {
                input: row.get(0)?,
                record: unsigned(row.get(1)?),
            })
        })?;
        Ok(keys.collect::<Result<_, _>>()?)
    }

    /// What people decided about a record, oldest first.
    pub fn dispositions(&self, key: RowKey) -> Result<Vec<Disposition>, LedgerError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT input_id, record, seq, at_ms, who, reason, sum FROM disposition
             WHERE input_id = ?1 AND record = ?2 ORDER BY seq",
        )?;
        let mut rows = statement.query(params![key.input, signed(key.record)])?;
        let mut found = Vec::new();
        while let Some(row) = rows.next()? {
            verify_line("disposition", key, row, 0, 6)?;
            found.push(Disposition {
                at_ms: row.get(3)?,
                who: row.get(4)?,
                reason: row.get(5)?,
            });
        }
        Ok(found)
    }

    /// Every comparison with the API, oldest first.
    pub fn comparisons(&self) -> Result<Vec<ComparisonEntry>, LedgerError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT comparison_id, target, namespace, scope, at_ms, who,
                    (SELECT max(number) FROM comparison_event AS event
                     WHERE event.comparison_id = comparison.comparison_id AND kind = 'listed'),
                    (SELECT max(at_ms) FROM comparison_event AS event
                     WHERE event.comparison_id = comparison.comparison_id AND kind = 'ended')
             FROM comparison ORDER BY comparison_id",
        )?;
        let comparisons = statement.query_map([], |row| {
            Ok(ComparisonEntry {
                comparison_id: row.get(0)?,
                target: row.get(1)?,
                namespace: Uuid::from_bytes(row.get(2)?),
                scope: Digest(row.get(3)?),
                at_ms: row.get(4)?,
                who: row.get(5)?,
                pages: row.get::<_, Option<i64>>(6)?.map(unsigned).unwrap_or_default(),
                ended_ms: row.get(7)?,
            })
        })?;
        Ok(comparisons.collect::<Result<_, _>>()?)
    }

    /// Calls `visit` for what a comparison saw of the rows of an input from record `first` to record `last`, in order.
    pub fn observations<E: From<LedgerError>>(
        &self,
        comparison: i64,
        input_id: i64,
        first: u64,
        last: u64,
        mut visit: impl FnMut(Observation) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut statement = self
            .connection
            .prepare_cached(OBSERVATIONS)
            .map_err(LedgerError::from)?;
        let mut rows = statement
            .query(params![comparison, input_id, signed(first), signed(last)])
            .map_err(LedgerError::from)?;
        while let Some(row) = rows.next().map_err(LedgerError::from)? {
            visit(observation(row)?)?;
        }
        Ok(())
    }

    /// The customers at the API about whom the ledger knew nothing when they were compared, by their identifiers.
    pub fn strangers<E: From<LedgerError>>(
        &self,
        comparison: i64,
        mut visit: impl FnMut(String) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut statement = self
            .connection
            .prepare_cached(
                "SELECT comparison_id, customer_id, at_ms, sum FROM stranger WHERE comparison_id = ?1
                 ORDER BY customer_id",
            )
            .map_err(LedgerError::from)?;
        let mut rows = statement.query([comparison]).map_err(LedgerError::from)?;
        while let Some(row) = rows.next().map_err(LedgerError::from)? {
            let nobody = RowKey { input: 0, record: 0 };
            verify_line("stranger", nobody, row, 0, 3)?;
            visit(row.get(1).map_err(LedgerError::from)?)?;
        }
        Ok(())
    }

    /// When the last event happened to a row after it was planned, in milliseconds since 1970, UTC.
    pub fn last_event_ms(&self, key: RowKey) -> Result<Option<i64>, LedgerError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT at_ms FROM event WHERE input_id = ?1 AND record = ?2 ORDER BY seq DESC LIMIT 1")?;
        Ok(statement
            .query_row(params![key.input, signed(key.record)], |row| row.get(0))
            .optional()?)
    }

    /// Calls `visit` for every event of an input's rows after they were planned: record, event, time in milliseconds
    /// since 1970, requests and status. In the order of records.
    pub fn events<E: From<LedgerError>>(
        &self,
        input_id: i64,
        mut visit: impl FnMut(u64, RowEvent, i64, u64, Option<u16>) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut statement = self
            .connection
            .prepare_cached(
                "SELECT record, event, at_ms, attempts, http_status FROM event WHERE input_id = ?1 ORDER BY record, seq",
            )
            .map_err(LedgerError::from)?;
        let mut rows = statement.query([input_id]).map_err(LedgerError::from)?;
        while let Some(row) = rows.next().map_err(LedgerError::from)? {
            let line = || -> Result<_, LedgerError> {
                Ok((
                    unsigned(row.get(0)?),
                    row_event(row.get(1)?)?,
                    row.get(2)?,
                    unsigned(row.get(3)?),
                    row.get(4)?,
                ))
            };
            let (record, event, at_ms, attempts, status) = line()?;
            visit(record, event, at_ms, attempts, status)?;
        }
        Ok(())
    }
}

const OBSERVATIONS: &str = "
SELECT comparison_id, input_id, record, at_ms, seen, payload_id, fields, sum FROM observation
WHERE comparison_id = ?1 AND input_id = ?2 AND record BETWEEN ?3 AND ?4 ORDER BY record";

fn observation(row: &Row<'_>) -> Result<Observation, LedgerError> {
    let key = RowKey {
        input: row.get(1)?,
        record: unsigned(row.get(2)?),
    };
    verify_line("observation", key, row, 0, 7)?;
    let seen: i64 = row.get(4)?;
    let seen = usize::try_from(seen).ok().and_then(|code| Seen::ALL.get(code)).copied();
    Ok(Observation {
        key,
        at_ms: row.get(3)?,
        seen: seen.ok_or_else(|| LedgerError::Damaged("an observation saw what has no name".to_owned()))?,
        payload_id: row.get::<_, Option<[u8; 16]>>(5)?.map(IdempotencyId::from_bytes),
        fields: row.get(6)?,
    })
}
