//! Every statement that writes to the ledger; `additions` has those about what is added to rows, `customers`
//! those about whose they are.
//!
//! Nothing here commits: the writer groups what it is told into transactions. A statement that would move a row in a way
//! that [`next`] does not know is refused before it is written.

use std::collections::HashMap;

use rusqlite::types::{ToSqlOutput, ValueRef};
use rusqlite::{Connection, params, params_from_iter};
use uuid::Uuid;

use super::balance::InputTotals;
use super::entry::{Claim, Claimed, NewRun, Planned};
use super::query::{EVENT_COLUMNS, ROW_COLUMNS, fold_row, row_event, verify_line};
use super::{LedgerError, sum};
use crate::account;
use crate::model::ids::{IdempotencyId, RequestId};
use crate::model::outcome::Outcome;
use crate::model::row::RowKey;
use crate::model::row_state::{RowEvent, RowState, next};

mod additions;
mod customers;

pub(super) use customers::customer_key;

/// The writing connection with what it remembers of rows in flight.
pub(super) struct Store {
    pub(super) connection: Connection,
    /// State and last event number of each row that is claimed in this process: bounded by what is in flight.
    claimed: HashMap<RowKey, (RowState, i64)>,
    /// The account that signs.
    who: String,
}

impl Store {
    pub(super) fn new(connection: Connection) -> Self {
        Self {
            connection,
            claimed: HashMap::new(),
            who: account::name(),
        }
    }

    /// How many rows this process has claimed without an outcome so far.
    pub(super) fn in_flight(&self) -> usize {
        self.claimed.len()
    }

    /// Writes a new run with its inputs; gives the run's number and its inputs' numbers.
    pub(super) fn begin_run(&mut self, run: &NewRun, at_ms: i64) -> Result<(i64, Vec<i64>), LedgerError> {
        self.connection.execute(
            "INSERT INTO run (operation, target, namespace, config_digest, tool_version, today, created_ms, corrects)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            params![
                run.operation,
                run.target,
                run.namespace.as_bytes(),
                run.config_digest.0,
                env!("CARGO_PKG_VERSION"),
                run.today,
                at_ms,
                run.corrects
            ],
        )?;
        let run_id = self.connection.last_insert_rowid();
        let mut inputs = Vec::with_capacity(run.inputs.len());
        for (ordinal, input) in (0_i64..).zip(&run.inputs) {
            self.connection.execute(
                "INSERT INTO input (run_id, ordinal, name, digest, bytes) VALUES (?1, ?2, ?3, ?4, ?5)",
                params![run_id, ordinal, input.name, input.digest.0, signed(input.bytes)],
            )?;
            inputs.push(self.connection.last_insert_rowid());
        }
        Ok((run_id, inputs))
    }

    /// Appends to what happened to a run.
    pub(super) fn run_event(
        &mut self,
        run_id: i64,
        kind: &str,
        reason: Option<&str>,
        at_ms: i64,
    ) -> Result<(), LedgerError> {
        self.connection
            .prepare_cached(
                "INSERT INTO run_event (run_id, seq, at_ms, kind, reason, who)
                 SELECT ?1, coalesce(max(seq), 0) + 1, ?2, ?3, ?4, ?5 FROM run_event WHERE run_id = ?1",
            )?
            .execute(params![run_id, at_ms, kind, reason, self.who])?;
        Ok(())
    }

    /// Writes what the reader counted in an input.
    pub(super) fn end_input(&mut self, input: i64, totals: InputTotals) -> Result<(), LedgerError> {
        self.connection.execute(
            "INSERT OR IGNORE INTO input_total
             (input_id, records, blank_lines, separator_lines, header_lines, trailer_lines, record_lines, lines)
             VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8)",
            params![
                input,
                signed(totals.records),
                signed(totals.blank_lines),
                signed(totals.separator_lines),
                signed(totals.header_lines),
                signed(totals.trailer_lines),
                signed(totals.record_lines),
                signed(totals.lines)
            ],
        )?;
        Ok(())
    }

    /// Writes a record and its findings. An accepted row whose customer an earlier run has dealt with becomes a
    /// duplicate or a conflict here. Gives the state that the row has.
    pub(super) fn plan(&mut self, namespace: Uuid, planned: &Planned) -> Result<RowState, LedgerError> {
        let key = RowKey {
            input: planned.input,
            record: planned.position.record,
        };
        let mut event = planned.event;
        let mut code = planned.code.as_deref();
        if let (RowEvent::Accepted, Some(customer), Some(id)) = (event, &planned.customer_id, planned.idempotency_id)
            && let Some((earlier, reason)) = self.known(namespace, key, customer, id)?.settles
        {
            (event, code) = (earlier, Some(reason));
        }
        let state = next(None, event).ok_or_else(|| illegal(key, None, event))?;
        let line = [
            ValueRef::Integer(key.input),
            ValueRef::Integer(signed(key.record)),
            ValueRef::Integer(signed(planned.position.line)),
            ValueRef::Integer(signed(planned.position.byte)),
            ValueRef::Integer(event as i64),
            text(planned.customer_id.as_deref()),
            blob(planned.idempotency_id.as_ref().map(IdempotencyId::as_bytes)),
            text(code),
        ];
        self.insert("row", INSERT_ROW, &line)?;
        for (seq, finding) in (0_i64..).zip(&planned.findings) {
            self.connection
                .prepare_cached(
                    "INSERT INTO finding (input_id, record, seq, code, severity, field, col)
                     VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
                )?
                .execute(params![
                    key.input,
                    signed(key.record),
                    seq,
                    finding.code,
                    finding.severity.word(),
                    finding.field,
                    finding.column.map(|column| i64::try_from(column).unwrap_or(i64::MAX))
                ])?;
        }
        if let Some(correction) = planned.corrects {
            self.correct(key, correction)?;
        }
        Ok(state)
    }

    /// Claims a row for sending, or settles it if another run has dealt with its customer meanwhile.
    pub(super) fn claim(&mut self, namespace: Uuid, claim: &Claim, at_ms: i64) -> Result<Claimed, LedgerError> {
        let key = claim.key;
        let known = self.known(namespace, key, &claim.customer_id, claim.idempotency_id)?;
        let (before, seq) = match known.itself {
            Some(itself) => itself,
            None => self.current(key)?,
        };
        self.claimed.insert(key, (before, seq));
        // A row that may exist already is sent again whatever other data another run sent: its own id decides. Only the
        // same id settles it, for that is the same customer.
        let settles = |event| before == RowState::Pending || event == RowEvent::Duplicate;
        if let Some((event, reason)) = known.settles
            && settles(event)
        {
            let state = self.append(&Outcome::plain(key, event, at_ms).because(reason))?;
            return Ok(Claimed::Settled(state));
        }
        self.append(&Outcome::plain(key, RowEvent::Claimed, at_ms))?;
        if known.itself.is_none() {
            self.index(customer_key(namespace, &claim.customer_id), key)?;
        }
        Ok(Claimed::Granted {
            in_doubt: before.is_in_doubt(),
        })
    }

    /// Appends an event to a claimed row and gives the row's new state.
    pub(super) fn append(&mut self, outcome: &Outcome) -> Result<RowState, LedgerError> {
        let key = outcome.key;
        let (before, seq) = match self.claimed.get(&key) {
            Some(known) => *known,
            None => self.current(key)?,
        };
        let state = next(Some(before), outcome.event).ok_or_else(|| illegal(key, Some(before), outcome.event))?;
        let line = [
            ValueRef::Integer(key.input),
            ValueRef::Integer(signed(key.record)),
            ValueRef::Integer(seq + 1),
            ValueRef::Integer(outcome.event as i64),
            ValueRef::Integer(outcome.at_ms),
            ValueRef::Integer(outcome.attempts.into()),
            (outcome.http_status).map_or(ValueRef::Null, |status| ValueRef::Integer(status.into())),
            text(outcome.code.as_deref()),
            text(outcome.detail.as_deref()),
            blob(outcome.request_id.as_ref().map(RequestId::as_bytes)),
        ];
        self.insert("event", INSERT_EVENT, &line)?;
        if state == RowState::InFlight {
            self.claimed.insert(key, (state, seq + 1));
        } else {
            self.claimed.remove(&key);
        }
        Ok(state)
    }

    /// Writes a line and its checksum: what is summed is what is written.
    fn insert(&self, table: &str, statement: &str, line: &[ValueRef<'_>]) -> Result<(), LedgerError> {
        let sum = ValueRef::Integer(sum::of(table, line.iter().copied()));
        let values = line.iter().copied().chain([sum]).map(ToSqlOutput::Borrowed);
        self.connection
            .prepare_cached(statement)?
            .execute(params_from_iter(values))?;
        Ok(())
    }

    /// A row's state and the number of its last event, from disk.
    fn current(&self, key: RowKey) -> Result<(RowState, i64), LedgerError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT input_id, record, line, byte, event, customer_id, idempotency_id, code, sum
             FROM row WHERE input_id = ?1 AND record = ?2",
        )?;
        let mut rows = statement.query(params![key.input, signed(key.record)])?;
        let planned = rows.next()?.ok_or_else(|| missing(key))?;
        verify_line("row", key, planned, 0, ROW_COLUMNS)?;
        self.lived(key, planned.get(4)?)
    }

    /// The state of a row that was planned by this event, and the number of its last event, from disk.
    fn lived(&self, key: RowKey, planned: i64) -> Result<(RowState, i64), LedgerError> {
        let mut events = vec![row_event(planned)?];
        let mut statement = self.connection.prepare_cached(
            "SELECT input_id, record, seq, event, at_ms, attempts, http_status, code, detail, request_id, sum
             FROM event WHERE input_id = ?1 AND record = ?2 ORDER BY seq",
        )?;
        let mut rows = statement.query(params![key.input, signed(key.record)])?;
        let mut last = 0;
        while let Some(row) = rows.next()? {
            verify_line("event", key, row, 0, EVENT_COLUMNS)?;
            last = row.get(2)?;
            events.push(row_event(row.get(3)?)?);
        }
        Ok((fold_row(key, &events)?, last))
    }
}

const INSERT_ROW: &str = "
INSERT INTO row (input_id, record, line, byte, event, customer_id, idempotency_id, code, sum)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9)";

const INSERT_EVENT: &str = "
INSERT INTO event (input_id, record, seq, event, at_ms, attempts, http_status, code, detail, request_id, sum)
VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)";

fn text(value: Option<&str>) -> ValueRef<'_> {
    value.map_or(ValueRef::Null, |text| ValueRef::Text(text.as_bytes()))
}

fn blob(value: Option<&[u8; 16]>) -> ValueRef<'_> {
    value.map_or(ValueRef::Null, |blob| ValueRef::Blob(blob))
}

fn missing(key: RowKey) -> LedgerError {
    LedgerError::Damaged(format!("record {} of input {} is not there", key.record, key.input))
}

fn illegal(key: RowKey, state: Option<RowState>, event: RowEvent) -> LedgerError {
    LedgerError::Illegal {
        input: key.input,
        record: key.record,
        state: state.map_or("new", RowState::word),
        event: format!("{event:?}"),
    }
}

/// SQLite's integers are signed; positions and counts are far below the limit.
pub(super) fn signed(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}

pub(super) fn unsigned(number: i64) -> u64 {
    u64::try_from(number).unwrap_or_default()
}
