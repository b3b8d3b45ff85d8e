//! Every statement by which a ledger is verified, and the moment that all of them see.
//!
//! Nothing is judged here but what SQLite judges by itself.

use std::collections::HashSet;

use rusqlite::types::ValueRef;
use rusqlite::{CachedStatement, Row, Rows, params};

use super::{Check, Place, Verification};
use crate::ledger::query::{EVENT_COLUMNS, ROW_COLUMNS};
use crate::ledger::store::unsigned;
use crate::ledger::{LedgerError, Reader, sum};

/// Troubles of which SQLite tells in one go.
const TOLD: i64 = 100;

/// A reader in a transaction: all that is read is of one moment.
pub(super) struct Snapshot<'r> {
    pub(super) reader: &'r Reader,
}

/// A line of `row`.
pub(super) struct RowLine {
    pub(super) record: i64,
    pub(super) line: i64,
    pub(super) byte: i64,
    pub(super) event: i64,
    pub(super) customer_id: Option<String>,
    pub(super) has_id: bool,
    pub(super) code: Option<String>,
    /// Whether it fits its checksum; also where it has none.
    pub(super) fits: bool,
}

/// A line of `event`.
pub(super) struct EventLine {
    pub(super) record: i64,
    pub(super) seq: i64,
    pub(super) event: i64,
    pub(super) code: Option<String>,
    pub(super) fits: bool,
}

/// A line of `finding`.
pub(super) struct FindingLine {
    pub(super) record: i64,
    pub(super) seq: i64,
    pub(super) code: String,
    pub(super) severity: String,
    pub(super) field: Option<String>,
}

/// A line of a table that belongs to a record.
pub(super) trait OfRecord {
    fn record(&self) -> i64;
}

impl OfRecord for EventLine {
    fn record(&self) -> i64 {
        self.record
    }
}

impl OfRecord for FindingLine {
    fn record(&self) -> i64 {
        self.record
    }
}

/// Lines of one input, one after the other, in the order of their records.
pub(super) struct Lines<'s, T> {
    rows: Rows<'s>,
    read: fn(&Row<'_>, bool) -> Result<T, rusqlite::Error>,
    summed: bool,
    ahead: Option<T>,
}

impl<T> Lines<'_, T> {
    pub(super) fn next(&mut self) -> Result<Option<T>, LedgerError> {
        if let Some(line) = self.ahead.take() {
            return Ok(Some(line));
        }
        let (read, summed) = (self.read, self.summed);
        Ok(self.rows.next()?.map(|row| read(row, summed)).transpose()?)
    }
}

impl<T: OfRecord> Lines<'_, T> {
    /// The next line, if its record fits.
    pub(super) fn next_if(&mut self, fits: impl FnOnce(i64) -> bool) -> Result<Option<T>, LedgerError> {
        let next = self.next()?;
        match next {
            Some(line) if !fits(line.record()) => {
                self.ahead = Some(line);
                Ok(None)
            }
            next => Ok(next),
        }
    }
}

impl<'r> Snapshot<'r> {
    /// Begins the transaction, which lasts as long as the reader.
    pub(super) fn begin(reader: &'r Reader) -> Result<Self, LedgerError> {
        // 16 MiB hold the upper pages of the customer table for a million customers.
        reader.connection.pragma_update(None, "cache_size", -16_384)?;
        reader.connection.execute_batch("BEGIN")?;
        Ok(Self { reader })
    }

    /// SQLite's own check.
    pub(super) fn pages(&self, found: &mut Verification) -> Result<(), LedgerError> {
        let connection = &self.reader.connection;
        let pages = connection.query_row("PRAGMA main.page_count", [], |row| row.get(0))?;
        found.saw(Check::Pages, unsigned(pages));
        let mut statement = connection.prepare(&format!("PRAGMA main.integrity_check({TOLD})"))?;
        let mut told = statement.query([])?;
        while let Some(row) = told.next()? {
            let says: String = row.get(0)?;
            if says != "ok" {
                // What is wrong with pages is said in one row, whose first line names the database as SQLite knows it.
                let lines = says.lines().filter(|line| !line.starts_with("***"));
                for line in lines.map(str::trim).filter(|line| !line.is_empty()) {
                    found.trouble(Check::Pages, Place::default(), format!("SQLite says: {line}"));
                }
            }
        }
        Ok(())
    }

    /// Lines that belong to a run or an input that is not there.
    pub(super) fn references(&self, found: &mut Verification) -> Result<(), LedgerError> {
        // run_event, input and a run that corrects belong to a run; input_total, row, event, finding, customer,
        // correction, disposition and observation to an input; observation, stranger and comparison_event to a comparison.
        found.saw(Check::References, 13);
        let mut statement = self.reader.connection.prepare("PRAGMA main.foreign_key_check")?;
        let mut told = statement.query([])?;
        let mut said = HashSet::new();
        while let Some(row) = told.next()? {
            let (table, parent): (String, String) = (row.get(0)?, row.get(2)?);
            let what = format!("a line of the table {table} belongs to no line of {parent}");
            // Said once for each pair of tables, so that a table with many lines leaves room for the others.
            if said.insert(what.clone()) {
                found.trouble(Check::References, Place::default(), what);
            } else {
                found.count_trouble(Check::References);
            }
        }
        Ok(())
    }

    /// The numbers of all runs.
    pub(super) fn runs(&self) -> Result<Vec<i64>, LedgerError> {
        let mut statement = self
            .reader
            .connection
            .prepare("SELECT run_id FROM run ORDER BY run_id")?;
        let runs = statement.query_map([], |row| row.get(0))?;
        Ok(runs.collect::<Result<_, _>>()?)
    }

    /// The numbers under which a run's events, or its sources, are kept.
    pub(super) fn numbers(&self, what: Numbered, run: i64) -> Result<Vec<i64>, LedgerError> {
        let mut statement = self.reader.connection.prepare_cached(match what {
            Numbered::Events => "SELECT seq FROM run_event WHERE run_id = ?1 ORDER BY seq",
            Numbered::Inputs => "SELECT ordinal FROM input WHERE run_id = ?1 ORDER BY ordinal",
        })?;
        let numbers = statement.query_map([run], |row| row.get(0))?;
        Ok(numbers.collect::<Result<_, _>>()?)
    }

    /// Inputs that a table speaks of and the table `input` does not know. Each is found by one look into the table's
    /// key, so that this costs nothing where there are few inputs.
    pub(super) fn strangers(&self, table: &str) -> Result<Vec<i64>, LedgerError> {
        let connection = &self.reader.connection;
        let mut after = connection.prepare(&format!("SELECT min(input_id) FROM {table} WHERE input_id > ?1"))?;
        let mut first = connection.prepare(&format!("SELECT min(input_id) FROM {table}"))?;
        let mut known = connection.prepare("SELECT EXISTS (SELECT 1 FROM input WHERE input_id = ?1)")?;
        let mut strangers = Vec::new();
        let mut next: Option<i64> = first.query_row([], |row| row.get(0))?;
        while let Some(input) = next {
            if !known.query_row([input], |row| row.get(0))? {
                strangers.push(input);
            }
            next = after.query_row([input], |row| row.get(0))?;
            // In a damaged table the next key may be an earlier one, again and again.
            if next.is_some_and(|next| next <= input) {
                return Err(LedgerError::Damaged(format!(
                    "the keys of the table {table} are out of order"
                )));
            }
        }
        Ok(strangers)
    }

    /// How many lines the index of customers has.
    pub(super) fn customers(&self) -> Result<u64, LedgerError> {
        let count = self
            .reader
            .connection
            .query_row("SELECT count(*) FROM customer", [], |row| row.get(0))?;
        Ok(unsigned(count))
    }

    /// The run that an input belongs to, if it is there.
    pub(super) fn run_of(&self, input: Option<i64>) -> Result<Option<i64>, LedgerError> {
        let mut statement = self
            .reader
            .connection
            .prepare_cached("SELECT max(run_id) FROM input WHERE input_id = ?1")?;
        Ok(statement.query_row([input], |row| row.get(0))?)
    }

    /// Whether the index of customers has a row.
    pub(super) fn is_indexed(&self, key: i64, input: i64, record: i64) -> Result<bool, LedgerError> {
        let mut statement = self.reader.connection.prepare_cached(
            "SELECT EXISTS (SELECT 1 FROM customer WHERE customer_key = ?1 AND input_id = ?2 AND record = ?3)",
        )?;
        Ok(statement.query_row(params![key, input, record], |row| row.get(0))?)
    }

    pub(super) fn statement(&self, sql: &str) -> Result<CachedStatement<'r>, LedgerError> {
        Ok(self.reader.connection.prepare_cached(sql)?)
    }

    pub(super) fn lines<'s, T>(
        &self,
        statement: &'s mut CachedStatement<'_>,
        input: i64,
        read: fn(&Row<'_>, bool) -> Result<T, rusqlite::Error>,
    ) -> Result<Lines<'s, T>, LedgerError> {
        Ok(Lines {
            rows: statement.query([input])?,
            read,
            summed: self.reader.summed,
            ahead: None,
        })
    }
}

/// What is numbered within a run.
#[derive(Clone, Copy, Debug)]
pub(super) enum Numbered {
    Events,
    Inputs,
}

pub(super) const ROWS: &str = "
SELECT input_id, record, line, byte, event, customer_id, idempotency_id, code, sum
FROM row WHERE input_id = ?1 ORDER BY record";

pub(super) const EVENTS: &str = "
SELECT input_id, record, seq, event, at_ms, attempts, http_status, code, detail, request_id, sum
FROM event WHERE input_id = ?1 ORDER BY record, seq";

pub(super) const FINDINGS: &str = "
SELECT record, seq, code, severity, field FROM finding WHERE input_id = ?1 ORDER BY record, seq";

pub(super) fn row_line(row: &Row<'_>, summed: bool) -> Result<RowLine, rusqlite::Error> {
    Ok(RowLine {
        record: row.get(1)?,
        line: row.get(2)?,
        byte: row.get(3)?,
        event: row.get(4)?,
        customer_id: row.get(5)?,
        has_id: row.get_ref(6)? != ValueRef::Null,
        code: row.get(7)?,
        fits: !summed || sum::holds("row", row, 0, ROW_COLUMNS)?,
    })
}

pub(super) fn event_line(row: &Row<'_>, summed: bool) -> Result<EventLine, rusqlite::Error> {
    Ok(EventLine {
        record: row.get(1)?,
        seq: row.get(2)?,
        event: row.get(3)?,
        code: row.get(7)?,
        fits: !summed || sum::holds("event", row, 0, EVENT_COLUMNS)?,
    })
}

pub(super) fn finding_line(row: &Row<'_>, _: bool) -> Result<FindingLine, rusqlite::Error> {
    Ok(FindingLine {
        record: row.get(0)?,
        seq: row.get(1)?,
        code: row.get(2)?,
        severity: row.get(3)?,
        field: row.get(4)?,
    })
}
