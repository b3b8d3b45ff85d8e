//! Every statement that only reads the ledger; `rows` has those about the rows of an input, `additions` those about what is
//! added to them.
//!
//! Readers see committed rows only, at any time, also while a run is writing. Figures come from here and never from a
//! pipeline's memory, so that a report can be made again.

use std::cmp::Reverse;
use std::path::Path;

use rusqlite::{Connection, OptionalExtension, Row, Transaction, params};
use uuid::Uuid;

use super::balance::InputTotals;
use super::entry::{FindingCount, InputEntry, RunEntry, RunEventEntry};
use super::open;
use super::store::{signed, unsigned};
use super::{LedgerError, sum};
use crate::model::digest::Digest;
use crate::model::row::RowKey;
use crate::model::row_state::{RowEvent, RowState, next};
use crate::model::rule::Severity;
use crate::model::totals::Totals;

mod additions;
mod rows;

pub use rows::Standing;

/// A reading connection.
#[derive(Debug)]
pub struct Reader {
    pub(super) connection: Connection,
    /// Whether lines bear checksums: those of ledgers before version 3 do not.
    pub(super) summed: bool,
}

/// While it lives, all that its reader reads is of one moment, also while a run is writing; the writer's log grows meanwhile
/// instead of being folded in.
#[derive(Debug)]
pub struct Moment<'r> {
    /// Its end is that of the moment.
    _transaction: Transaction<'r>,
}

impl Reader {
    /// Opens a ledger that exists.
    pub fn open(path: &Path) -> Result<Self, LedgerError> {
        let (connection, summed) = open::to_read(path)?;
        Ok(Self { connection, summed })
    }

    /// Opens a ledger that exists and may be damaged, to look at all of it: see [`open::to_look`].
    pub(super) fn look(path: &Path, damage: &mut Vec<LedgerError>) -> Result<Self, LedgerError> {
        let (connection, summed) = open::to_look(path, damage)?;
        Ok(Self { connection, summed })
    }

    /// Begins a moment: what is looked up row by row costs less in it, too, since each statement by itself locks the file.
    /// It begins with what is read next; there can be one at a time.
    pub fn moment(&self) -> Result<Moment<'_>, LedgerError> {
        let transaction = self.connection.unchecked_transaction()?;
        Ok(Moment {
            _transaction: transaction,
        })
    }

    /// Every run, oldest first.
    pub fn runs(&self) -> Result<Vec<RunEntry>, LedgerError> {
        let mut statement = self.connection.prepare("SELECT run_id FROM run ORDER BY run_id")?;
        let ids = statement
            .query_map([], |row| row.get(0))?
            .collect::<Result<Vec<i64>, _>>()?;
        ids.into_iter().filter_map(|id| self.run(id).transpose()).collect()
    }

    /// A run by its number.
    pub fn run(&self, run_id: i64) -> Result<Option<RunEntry>, LedgerError> {
        let found = self
            .connection
            .query_row(
                "SELECT run_id, operation, target, namespace, config_digest, tool_version, today, created_ms, corrects
                 FROM run WHERE run_id = ?1",
                [run_id],
                |row| {
                    Ok(RunEntry {
                        run_id: row.get(0)?,
                        operation: row.get(1)?,
                        target: row.get(2)?,
                        namespace: Uuid::from_bytes(row.get(3)?),
                        config_digest: Digest(row.get(4)?),
                        tool_version: row.get(5)?,
                        today: row.get(6)?,
                        created_ms: row.get(7)?,
                        corrects: row.get(8)?,
                        events: Vec::new(),
                        inputs: Vec::new(),
                    })
                },
            )
            .optional()?;
        let Some(mut run) = found else { return Ok(None) };
        run.events = self.run_events(run_id)?;
        run.inputs = self.inputs(run_id)?;
        Ok(Some(run))
    }

    /// The number of the latest run.
    pub fn latest(&self) -> Result<Option<i64>, LedgerError> {
        Ok(self
            .connection
            .query_row("SELECT max(run_id) FROM run", [], |row| row.get(0))?)
    }

    fn run_events(&self, run_id: i64) -> Result<Vec<RunEventEntry>, LedgerError> {
        let mut statement = self
            .connection
            .prepare("SELECT at_ms, kind, reason, who FROM run_event WHERE run_id = ?1 ORDER BY seq")?;
        let events = statement.query_map([run_id], |row| {
            Ok(RunEventEntry {
                at_ms: row.get(0)?,
                kind: row.get(1)?,
                reason: row.get(2)?,
                who: row.get(3)?,
            })
        })?;
        Ok(events.collect::<Result<_, _>>()?)
    }

    fn inputs(&self, run_id: i64) -> Result<Vec<InputEntry>, LedgerError> {
        let mut statement = self.connection.prepare(
            "SELECT input_id, name, digest, bytes, records, blank_lines, separator_lines, header_lines, trailer_lines,
                    record_lines, lines
             FROM input LEFT JOIN input_total USING (input_id) WHERE run_id = ?1 ORDER BY ordinal",
        )?;
        let inputs = statement.query_map([run_id], |row| {
            let count = |column: usize| row.get::<_, Option<i64>>(column).map(|count| count.map(unsigned));
            let totals = match count(4)? {
                None => None,
                Some(records) => Some(InputTotals {
                    records,
                    blank_lines: count(5)?.unwrap_or_default(),
                    separator_lines: count(6)?.unwrap_or_default(),
                    header_lines: count(7)?.unwrap_or_default(),
                    trailer_lines: count(8)?.unwrap_or_default(),
                    record_lines: count(9)?.unwrap_or_default(),
                    lines: count(10)?.unwrap_or_default(),
                }),
            };
            Ok(InputEntry {
                input_id: row.get(0)?,
                name: row.get(1)?,
                digest: Digest(row.get(2)?),
                bytes: unsigned(row.get(3)?),
                totals,
            })
        })?;
        Ok(inputs.collect::<Result<_, _>>()?)
    }

    /// Copies what is committed at this moment into a file that is empty, line by line. A writer is not held up by it
    /// and does not hold it up; the memory that it takes is that of SQLite's cache.
    pub(super) fn copy_to(&self, file: &str) -> Result<(), LedgerError> {
        self.connection.execute("VACUUM main INTO ?1", [file])?;
        Ok(())
    }

    /// How many records of an input are planned: they are its first ones, without a gap.
    pub fn planned(&self, input_id: i64) -> Result<u64, LedgerError> {
        let last: Option<i64> =
            self.connection
                .query_row("SELECT max(record) FROM row WHERE input_id = ?1", [input_id], |row| {
                    row.get(0)
                })?;
        Ok(unsigned(last.unwrap_or_default()))
    }

    /// The control totals of a run, added up from its rows.
    pub fn totals(&self, run: &RunEntry) -> Result<Totals, LedgerError> {
        let mut totals = Totals::default();
        for input in &run.inputs {
            self.standings(input.input_id, 1, u64::MAX, |standing| {
                totals.add(standing.state);
                Ok::<_, LedgerError>(())
            })?;
        }
        Ok(totals)
    }

    /// The codes of a record's findings, in the order of the fields: the errors, then the warnings and repairs.
    pub fn finding_codes(&self, key: RowKey) -> Result<[Vec<String>; 2], LedgerError> {
        let mut statement = self
            .connection
            .prepare_cached("SELECT code, severity FROM finding WHERE input_id = ?1 AND record = ?2 ORDER BY seq")?;
        let mut findings = statement.query(params![key.input, signed(key.record)])?;
        let [mut errors, mut others] = [Vec::new(), Vec::new()];
        while let Some(finding) = findings.next()? {
            let is_error = finding.get_ref(1)?.as_str().ok() == Some(Severity::Error.word());
            if is_error { &mut errors } else { &mut others }.push(finding.get(0)?);
        }
        Ok([errors, others])
    }

    /// How often each rule was broken in a run, by field: errors first, and of each severity what is most frequent.
    pub fn finding_counts(&self, run: &RunEntry) -> Result<Vec<FindingCount>, LedgerError> {
        let mut statement = self.connection.prepare_cached(
            "SELECT code, field, count(*), severity FROM finding JOIN input USING (input_id) WHERE run_id = ?1
             GROUP BY severity, code, field ORDER BY count(*) DESC, code, field",
        )?;
        let counts = statement.query_map([run.run_id], |row| {
            let severity = Severity::from_word(&row.get::<_, String>(3)?);
            Ok(FindingCount {
                code: row.get(0)?,
                // A ledger that was changed by hand: what is unknown is taken for the worst.
                severity: severity.unwrap_or(Severity::Error),
                field: row.get(1)?,
                count: unsigned(row.get(2)?),
            })
        })?;
        let mut counts = counts.collect::<Result<Vec<_>, _>>()?;
        counts.sort_by_key(|count| Reverse(count.severity));
        Ok(counts)
    }
}

/// Columns of `row` under its checksum.
pub(super) const ROW_COLUMNS: usize = 8;
/// Columns of `event` under its checksum.
pub(super) const EVENT_COLUMNS: usize = 10;

/// Holds a line against its checksum before anything is made of it.
pub(super) fn verify_line(
    table: &'static str,
    key: RowKey,
    row: &Row<'_>,
    first: usize,
    columns: usize,
) -> Result<(), LedgerError> {
    if sum::holds(table, row, first, columns)? {
        return Ok(());
    }
    Err(unfit(table, key))
}

fn unfit(table: &'static str, key: RowKey) -> LedgerError {
    LedgerError::Damaged(format!(
        "what the table {table} says of record {} of input {} does not fit its checksum",
        key.record, key.input
    ))
}

/// The event of a code in the ledger.
pub(super) fn row_event(code: i64) -> Result<RowEvent, LedgerError> {
    let event = usize::try_from(code)
        .ok()
        .and_then(|code| RowEvent::ALL.get(code))
        .copied();
    event.ok_or_else(|| LedgerError::Damaged(format!("no event has the code {code}")))
}

/// A row's state after its events.
pub(super) fn fold_row(key: RowKey, events: &[RowEvent]) -> Result<RowState, LedgerError> {
    let mut state = None;
    for event in events {
        state = Some(next(state, *event).ok_or_else(|| broken(key))?);
    }
    state.ok_or_else(|| broken(key))
}

fn broken(key: RowKey) -> LedgerError {
    LedgerError::Damaged(format!(
        "the events of record {} of input {} cannot follow each other",
        key.record, key.input
    ))
}
