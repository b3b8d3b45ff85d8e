//! The rows of an input with what happened to them: whole entries, or only where each stands.
//!
//! Rows and events are read side by side, each table once in its own order, and each value is asked of SQLite once. Every
//! line is held against its checksum before anything is made of it.

use std::array;

use rusqlite::fallible_streaming_iterator::FallibleStreamingIterator;
use rusqlite::types::{FromSql, ValueRef};
use rusqlite::{Row, Rows, params};

use super::{EVENT_COLUMNS, ROW_COLUMNS, Reader, broken, fold_row, row_event, unfit};
use crate::ledger::entry::RowEntry;
use crate::ledger::store::{signed, unsigned};
use crate::ledger::{LedgerError, sum};
use crate::model::ids::{IdempotencyId, RequestId};
use crate::model::position::Position;
use crate::model::row::RowKey;
use crate::model::row_state::{RowState, next};

/// Where a row stands, and nothing else of it: what a look at all rows of a run costs least.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Standing {
    /// Number of its record.
    pub record: u64,
    /// Its state.
    pub state: RowState,
    /// Whether its last event bears the status of an answer.
    pub was_answered: bool,
}

/// The columns of a line of `row` and, behind them, its checksum: as [`ROWS`] names them.
type RowLine<'r> = [ValueRef<'r>; ROW_COLUMNS + 1];
/// The same of a line of `event`: as [`EVENTS`] names them.
type EventLine<'r> = [ValueRef<'r>; EVENT_COLUMNS + 1];

const ROWS: &str = "
SELECT input_id, record, line, byte, event, customer_id, idempotency_id, code, sum
FROM row WHERE input_id = ?1 AND record BETWEEN ?2 AND ?3 ORDER BY record";
const EVENTS: &str = "
SELECT input_id, record, seq, event, at_ms, attempts, http_status, code, detail, request_id, sum
FROM event WHERE input_id = ?1 AND record BETWEEN ?2 AND ?3 ORDER BY record, seq";

/// What is made of the lines about a row.
trait Told: Sized {
    /// As it was planned.
    fn planned(key: RowKey, line: &RowLine<'_>) -> Result<Self, LedgerError>;
    /// Moves it on by its next event.
    fn follow(&mut self, key: RowKey, line: &EventLine<'_>) -> Result<(), LedgerError>;
}

impl Reader {
    /// Calls `visit` for every row of an input from record `first` to record `last`, in order.
    pub fn rows<E: From<LedgerError>>(
        &self,
        input_id: i64,
        first: u64,
        last: u64,
        visit: impl FnMut(RowEntry) -> Result<(), E>,
    ) -> Result<(), E> {
        self.told(input_id, first, last, visit)
    }

    /// The same for where each row stands.
    pub fn standings<E: From<LedgerError>>(
        &self,
        input_id: i64,
        first: u64,
        last: u64,
        visit: impl FnMut(Standing) -> Result<(), E>,
    ) -> Result<(), E> {
        self.told(input_id, first, last, visit)
    }

    fn told<T: Told, E: From<LedgerError>>(
        &self,
        input: i64,
        first: u64,
        last: u64,
        mut visit: impl FnMut(T) -> Result<(), E>,
    ) -> Result<(), E> {
        let within = params![input, signed(first), signed(last)];
        let mut statement = self.connection.prepare_cached(ROWS).map_err(LedgerError::from)?;
        let mut rows = statement.query(within).map_err(LedgerError::from)?;
        let mut statement = self.connection.prepare_cached(EVENTS).map_err(LedgerError::from)?;
        let mut events = statement.query(within).map_err(LedgerError::from)?;
        events.advance().map_err(LedgerError::from)?;
        while let Some(row) = rows.next().map_err(LedgerError::from)? {
            visit(self.row_with_events(input, row, &mut events)?)?;
        }
        // One whose key was turned to a later one has kept all that follow it from their rows.
        if let Some(event) = events.get() {
            self.event(input, event)?;
        }
        Ok(())
    }

    fn row_with_events<T: Told>(&self, input: i64, row: &Row<'_>, events: &mut Rows<'_>) -> Result<T, LedgerError> {
        let record = unsigned(row.get(1)?);
        let key = RowKey { input, record };
        let mut told = T::planned(key, &self.line("row", key, row)?)?;
        while let Some(event) = events.get() {
            let of = unsigned(event.get(1)?);
            if of > record {
                break;
            }
            // What is passed over is held against its checksum, too: its key may be what is damaged. An event without a
            // row is for `ledger verify`.
            let line = self.event(input, event)?;
            if of == record {
                told.follow(key, &line)?;
            }
            events.advance()?;
        }
        Ok(told)
    }

    fn event<'r>(&self, input: i64, event: &'r Row<'_>) -> Result<EventLine<'r>, LedgerError> {
        let record = unsigned(event.get(1)?);
        self.line("event", RowKey { input, record }, event)
    }

    /// A whole line that fits its checksum, where lines bear one.
    fn line<'r, const COLUMNS: usize>(
        &self,
        table: &'static str,
        key: RowKey,
        row: &'r Row<'_>,
    ) -> Result<[ValueRef<'r>; COLUMNS], LedgerError> {
        // The statements above name as many columns.
        let line = array::from_fn(|column| row.get_ref(column).unwrap_or(ValueRef::Null));
        if let Some((found, columns)) = line.split_last()
            && self.summed
            && *found != ValueRef::Integer(sum::of(table, columns.iter().copied()))
        {
            return Err(unfit(table, key));
        }
        Ok(line)
    }
}

impl Told for Standing {
    fn planned(key: RowKey, line: &RowLine<'_>) -> Result<Self, LedgerError> {
        let [_, _, _, _, event, ..] = *line;
        Ok(Self {
            record: key.record,
            state: fold_row(key, &[row_event(value(event)?)?])?,
            was_answered: false,
        })
    }

    fn follow(&mut self, key: RowKey, line: &EventLine<'_>) -> Result<(), LedgerError> {
        let [_, _, _, event, _, _, http_status, ..] = *line;
        self.state = next(Some(self.state), row_event(value(event)?)?).ok_or_else(|| broken(key))?;
        self.was_answered = http_status != ValueRef::Null;
        Ok(())
    }
}

impl Told for RowEntry {
    fn planned(key: RowKey, line: &RowLine<'_>) -> Result<Self, LedgerError> {
        let [_, _, line, byte, event, customer_id, idempotency_id, code, _] = *line;
        Ok(Self {
            key,
            position: Position {
                record: key.record,
                line: unsigned(value(line)?),
                byte: unsigned(value(byte)?),
            },
            customer_id: value(customer_id)?,
            idempotency_id: value::<Option<_>>(idempotency_id)?.map(IdempotencyId::from_bytes),
            state: fold_row(key, &[row_event(value(event)?)?])?,
            attempts: 0,
            http_status: None,
            code: value(code)?,
            detail: None,
            request_id: None,
        })
    }

    fn follow(&mut self, key: RowKey, line: &EventLine<'_>) -> Result<(), LedgerError> {
        let [_, _, _, event, _, attempts, http_status, code, detail, request_id, _] = *line;
        self.state = next(Some(self.state), row_event(value(event)?)?).ok_or_else(|| broken(key))?;
        self.attempts += unsigned(value(attempts)?);
        self.http_status = value(http_status)?;
        self.code = value(code)?;
        self.detail = value(detail)?;
        self.request_id = value::<Option<_>>(request_id)?.map(RequestId::from_bytes);
        Ok(())
    }
}

/// A value of the kind that its column has; damage may have made another of it.
fn value<T: FromSql>(value: ValueRef<'_>) -> Result<T, LedgerError> {
    Ok(T::column_result(value).map_err(rusqlite::Error::from)?)
}
