//! Every statement that only reads the ledger.
//!
//! Readers see committed rows only, at any time, also while a run is writing. Figures come from here and never from a
//! pipeline's memory, so that a report can be made again.

use std::cmp::Reverse;
use std::path::Path;

use rusqlite::{Connection, OptionalExtension, Row, params};
use uuid::Uuid;

use super::LedgerError;
use super::balance::InputTotals;
use super::schema::open_read_only;
use super::store::{signed, unsigned};
use crate::model::digest::Digest;
use crate::model::ids::{IdempotencyId, RequestId};
use crate::model::position::Position;
use crate::model::row::RowKey;
use crate::model::row_state::{RowEvent, RowState, next};
use crate::model::rule::Severity;
use crate::model::totals::Totals;

/// A run as the ledger has it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunEntry {
    /// Number of the run.
    pub run_id: i64,
    /// Operation that rows stand for.
    pub operation: String,
    /// Base URL of the API.
    pub target: String,
    /// Namespace of the idempotency ids.
    pub namespace: Uuid,
    /// Digest of the settings that decide payloads.
    pub config_digest: Digest,
    /// Version of rollcall that began it.
    pub tool_version: String,
    /// The latest day that a date may name.
    pub today: String,
    /// When it began.
    pub created_ms: i64,
    /// What happened to it, in order.
    pub events: Vec<RunEventEntry>,
    /// Its sources, in order.
    pub inputs: Vec<InputEntry>,
}

impl RunEntry {
    /// Whether every source was checked to its end.
    pub fn is_planned(&self) -> bool {
        self.events.iter().any(|event| event.kind == "planned")
    }

    /// Whether it is about the same customers as another run: the same sources, for the same API.
    pub fn repeats(&self, other: &Self) -> bool {
        let digests = |run: &Self| run.inputs.iter().map(|input| input.digest).collect::<Vec<_>>();
        self.operation == other.operation
            && self.target == other.target
            && self.namespace == other.namespace
            && digests(self) == digests(other)
    }

    /// Whether it came to its end, and has not been taken up again since.
    pub fn is_finished(&self) -> bool {
        self.events.last().is_some_and(|event| event.kind == "finished")
    }
}

/// Something that happened to a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RunEventEntry {
    /// When.
    pub at_ms: i64,
    /// started, planned, stopped or finished.
    pub kind: String,
    /// Why it stopped.
    pub reason: Option<String>,
}

/// A source of a run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct InputEntry {
    /// Number in the ledger.
    pub input_id: i64,
    /// Name for people.
    pub name: String,
    /// SHA-256 of its bytes.
    pub digest: Digest,
    /// How many bytes it has.
    pub bytes: u64,
    /// What the reader counted; `None` until it was read to its end.
    pub totals: Option<InputTotals>,
}

/// A row with its current state and what led to it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct RowEntry {
    /// Where the ledger keeps it.
    pub key: RowKey,
    /// Where the record stands.
    pub position: Position,
    /// The customer, where the record names one.
    pub customer_id: Option<String>,
    /// The id of its create.
    pub idempotency_id: Option<IdempotencyId>,
    /// Where it stands.
    pub state: RowState,
    /// HTTP requests made for it, in all processes.
    pub attempts: u64,
    /// Status of the answer that decided.
    pub http_status: Option<u16>,
    /// Why it is in its state.
    pub code: Option<String>,
    /// What the API said, redacted.
    pub detail: Option<String>,
    /// Request that decided.
    pub request_id: Option<RequestId>,
}

/// How often a rule was broken in a run, by field.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct FindingCount {
    /// Code of the rule.
    pub code: String,
    /// What it did to the record.
    pub severity: Severity,
    /// Path of the field.
    pub field: Option<String>,
    /// How often.
    pub count: u64,
}

/// A reading connection.
#[derive(Debug)]
pub struct Reader(Connection);

impl Reader {
    /// Opens a ledger that exists.
    pub fn open(path: &Path) -> Result<Self, LedgerError> {
        open_read_only(path).map(Self)
    }

    /// Every run, oldest first.
    pub fn runs(&self) -> Result<Vec<RunEntry>, LedgerError> {
        let mut statement = self.0.prepare("SELECT run_id FROM run ORDER BY run_id")?;
        let ids = statement
            .query_map([], |row| row.get(0))?
            .collect::<Result<Vec<i64>, _>>()?;
        ids.into_iter().filter_map(|id| self.run(id).transpose()).collect()
    }

    /// A run by its number.
    pub fn run(&self, run_id: i64) -> Result<Option<RunEntry>, LedgerError> {
        let found = self
            .0
            .query_row(
                "SELECT run_id, operation, target, namespace, config_digest, tool_version, today, created_ms
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
        Ok(self.0.query_row("SELECT max(run_id) FROM run", [], |row| row.get(0))?)
    }

    fn run_events(&self, run_id: i64) -> Result<Vec<RunEventEntry>, LedgerError> {
        let mut statement = self
            .0
            .prepare("SELECT at_ms, kind, reason FROM run_event WHERE run_id = ?1 ORDER BY seq")?;
        let events = statement.query_map([run_id], |row| {
            Ok(RunEventEntry {
                at_ms: row.get(0)?,
                kind: row.get(1)?,
                reason: row.get(2)?,
            })
        })?;
        Ok(events.collect::<Result<_, _>>()?)
    }

    fn inputs(&self, run_id: i64) -> Result<Vec<InputEntry>, LedgerError> {
        let mut statement = self.0.prepare(
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

    /// How many records of an input are planned: they are its first ones, without a gap.
    pub fn planned(&self, input_id: i64) -> Result<u64, LedgerError> {
        let last: Option<i64> =
            self.0
                .query_row("SELECT max(record) FROM row WHERE input_id = ?1", [input_id], |row| {
                    row.get(0)
                })?;
        Ok(unsigned(last.unwrap_or_default()))
    }

    /// Calls `visit` for every row of an input from record `first` to record `last`, in order.
    pub fn rows<E: From<LedgerError>>(
        &self,
        input_id: i64,
        first: u64,
        last: u64,
        mut visit: impl FnMut(RowEntry) -> Result<(), E>,
    ) -> Result<(), E> {
        let mut statement = self.0.prepare_cached(ROWS).map_err(LedgerError::from)?;
        let mut rows = statement
            .query(params![input_id, signed(first), signed(last)])
            .map_err(LedgerError::from)?;
        let mut current: Option<RowEntry> = None;
        while let Some(row) = rows.next().map_err(LedgerError::from)? {
            let record = unsigned(row.get(0).map_err(LedgerError::from)?);
            if current.as_ref().is_none_or(|entry| entry.key.record != record) {
                if let Some(done) = current.take() {
                    visit(done)?;
                }
                current = Some(planned_entry(input_id, record, row)?);
            }
            if let Some(entry) = &mut current {
                apply_event(entry, row)?;
            }
        }
        current.map_or(Ok(()), visit)
    }

    /// The control totals of a run, added up from its rows.
    pub fn totals(&self, run: &RunEntry) -> Result<Totals, LedgerError> {
        let mut totals = Totals::default();
        for input in &run.inputs {
            self.rows(input.input_id, 1, u64::MAX, |entry| {
                totals.add(entry.state);
                Ok::<_, LedgerError>(())
            })?;
        }
        Ok(totals)
    }

    /// The codes of a record's findings, in the order of the fields: the errors, then the warnings and repairs.
    pub fn finding_codes(&self, key: RowKey) -> Result<[Vec<String>; 2], LedgerError> {
        let mut statement = self
            .0
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
        let mut statement = self.0.prepare_cached(
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

const ROWS: &str = "
SELECT row.record, line, byte, row.event, customer_id, idempotency_id, row.code,
       event.event, attempts, http_status, event.code, detail, request_id
FROM row LEFT JOIN event ON event.input_id = row.input_id AND event.record = row.record
WHERE row.input_id = ?1 AND row.record BETWEEN ?2 AND ?3
ORDER BY row.record, event.seq";

fn planned_entry(input: i64, record: u64, row: &Row<'_>) -> Result<RowEntry, LedgerError> {
    let key = RowKey { input, record };
    let id: Option<[u8; 16]> = row.get(5)?;
    Ok(RowEntry {
        key,
        position: Position {
            record,
            line: unsigned(row.get(1)?),
            byte: unsigned(row.get(2)?),
        },
        customer_id: row.get(4)?,
        idempotency_id: id.map(IdempotencyId::from_bytes),
        state: fold_row(key, &[row_event(row.get(3)?)?])?,
        attempts: 0,
        http_status: None,
        code: row.get(6)?,
        detail: None,
        request_id: None,
    })
}

/// Moves an entry on by the event that is joined to its row, if there is one.
fn apply_event(entry: &mut RowEntry, row: &Row<'_>) -> Result<(), LedgerError> {
    let Some(event) = row.get::<_, Option<i64>>(7)? else {
        return Ok(());
    };
    let event = row_event(event)?;
    entry.state = next(Some(entry.state), event).ok_or_else(|| broken(entry.key))?;
    entry.attempts += unsigned(row.get(8)?);
    entry.http_status = row.get(9)?;
    entry.code = row.get(10)?;
    entry.detail = row.get(11)?;
    entry.request_id = row.get::<_, Option<[u8; 16]>>(12)?.map(RequestId::from_bytes);
    Ok(())
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
