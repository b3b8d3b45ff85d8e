//! Each row that somebody must look at: where it stands, why, what to do, and what cleared it.
//!
//! It names no customer and shows no value.

use std::collections::BTreeMap;

use crate::ledger::{Clearing, FindingEntry, InputEntry, LedgerError, Reader, RowEntry, RunEntry};
use crate::model::reason::Reason;
use crate::model::row::RowKey;
use crate::model::row_state::RowState;
use crate::model::rule::{Rule, Severity};

/// What became of an exception.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Standing {
    /// Nobody has dealt with it.
    Open,
    /// A correction of it is at the API.
    Corrected,
    /// A later run brought its customer to the API.
    LaterRun,
    /// A person decided that it stays as it is.
    Disposed,
}

impl Standing {
    /// Every standing, in the order of reports.
    pub const ALL: [Self; 4] = [Self::Open, Self::Corrected, Self::LaterRun, Self::Disposed];

    /// The word of reports.
    pub fn word(self) -> &'static str {
        match self {
            Self::Open => "open",
            Self::Corrected => "corrected",
            Self::LaterRun => "later_run",
            Self::Disposed => "disposed",
        }
    }
}

impl Standing {
    /// The standing of an exception that was cleared by this.
    pub(in crate::report) fn of(by: &ClearedBy) -> Self {
        match by {
            ClearedBy::Correction(_) => Self::Corrected,
            ClearedBy::LaterRun(_) => Self::LaterRun,
            ClearedBy::Person { .. } => Self::Disposed,
        }
    }
}

impl From<Option<&Clearing>> for Standing {
    fn from(clearing: Option<&Clearing>) -> Self {
        match clearing {
            None => Self::Open,
            Some(Clearing::Corrected(_)) => Self::Corrected,
            Some(Clearing::Later(_)) => Self::LaterRun,
            Some(Clearing::Disposed(_)) => Self::Disposed,
        }
    }
}

/// How many exceptions there are of each state and standing.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct ExceptionCounts(BTreeMap<(RowState, Standing), u64>);

impl ExceptionCounts {
    pub(in crate::report) fn add(&mut self, state: RowState, standing: Standing) {
        *self.0.entry((state, standing)).or_default() += 1;
    }

    /// How many of a state have a standing.
    pub fn of(&self, state: RowState, standing: Standing) -> u64 {
        self.0.get(&(state, standing)).copied().unwrap_or_default()
    }

    /// Every count that is not 0, by state.
    pub fn all(&self) -> impl Iterator<Item = (RowState, Standing, u64)> {
        self.0
            .iter()
            .map(|((state, standing), count)| (*state, *standing, *count))
    }

    /// How many have a standing for which this holds.
    pub fn count(&self, holds: impl Fn(RowState, Standing) -> bool) -> u64 {
        let held = self.0.iter().filter(|((state, standing), _)| holds(*state, *standing));
        held.map(|(_, count)| count).sum()
    }
}

/// Where a record stands, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Place {
    /// Number of the run.
    pub run_id: i64,
    /// Name of the source.
    pub file: String,
    /// The record, from 1.
    pub record: u64,
}

/// What cleared an exception, for people.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum ClearedBy {
    /// A correction.
    Correction(Place),
    /// A record of a later run.
    LaterRun(Place),
    /// A person.
    Person {
        /// Who decided.
        who: String,
        /// When, in milliseconds since 1970, UTC.
        at_ms: i64,
        /// Why.
        reason: String,
    },
}

/// One reason why a row is an exception.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Cause {
    /// Stable code.
    pub code: String,
    /// Path of the field, where it is one's.
    pub field: Option<String>,
    /// What is wrong; empty for a code that this version does not know.
    pub says: &'static str,
    /// What to do about it.
    pub advice: &'static str,
}

/// A row that somebody must look at.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Exception {
    /// Number of its source in the run, from 1.
    pub input: u64,
    /// Name of its source.
    pub file: String,
    /// The record, from 1.
    pub record: u64,
    /// The line on which it begins.
    pub line: u64,
    /// Where it stands.
    pub state: RowState,
    /// Why.
    pub causes: Vec<Cause>,
    /// HTTP requests made for it.
    pub attempts: u64,
    /// Status of the answer that decided.
    pub http_status: Option<u16>,
    /// What the API said, without the record's values, or the fields that differ.
    pub detail: Option<String>,
    /// What cleared it; `None` while it is open.
    pub cleared_by: Option<ClearedBy>,
}

/// Calls `visit` for each exception of a run, in the order of its records.
pub(in crate::report) fn exceptions<E: From<LedgerError>>(
    reader: &Reader,
    run: &RunEntry,
    mut visit: impl FnMut(Exception) -> Result<(), E>,
) -> Result<(), E> {
    for (number, input) in (1_u64..).zip(&run.inputs) {
        reader.rows(input.input_id, 1, u64::MAX, |row| {
            if !row.state.needs_attention() {
                return Ok(());
            }
            visit(exception(reader, run, (number, input), row)?)
        })?;
    }
    Ok(())
}

/// What is said of a row; for one that nobody must look at, too.
pub(in crate::report) fn exception(
    reader: &Reader,
    run: &RunEntry,
    (number, input): (u64, &InputEntry),
    row: RowEntry,
) -> Result<Exception, LedgerError> {
    let clearing = reader.clearing(run.namespace, &row)?;
    let causes = if row.state == RowState::Rejected {
        let findings = reader.findings(row.key)?.into_iter();
        findings
            .filter(|finding| finding.severity == Severity::Error)
            .map(broken_rule)
            .collect()
    } else {
        row.code.map(reason).into_iter().collect()
    };
    Ok(Exception {
        input: number,
        file: input.name.clone(),
        record: row.position.record,
        line: row.position.line,
        state: row.state,
        causes,
        attempts: row.attempts,
        http_status: row.http_status,
        detail: row.detail,
        cleared_by: clearing.map(|clearing| cleared_by(reader, clearing)).transpose()?,
    })
}

fn broken_rule(finding: FindingEntry) -> Cause {
    let text = Rule::from_code(&finding.code).map(Rule::text);
    Cause {
        says: text.map_or("", |text| text.says),
        advice: text.map_or("", |text| text.advice),
        code: finding.code,
        field: finding.field,
    }
}

fn reason(code: String) -> Cause {
    let text = Reason::from_code(&code);
    Cause {
        says: text.map_or("", |text| text.says),
        advice: text.map_or("", |text| text.advice),
        code,
        field: None,
    }
}

/// What cleared an exception, with its place in words.
pub(in crate::report) fn cleared_by(reader: &Reader, clearing: Clearing) -> Result<ClearedBy, LedgerError> {
    Ok(match clearing {
        Clearing::Corrected(by) => ClearedBy::Correction(place(reader, by)?),
        Clearing::Later(by) => ClearedBy::LaterRun(place(reader, by)?),
        Clearing::Disposed(disposition) => ClearedBy::Person {
            who: disposition.who,
            at_ms: disposition.at_ms,
            reason: disposition.reason,
        },
    })
}

fn place(reader: &Reader, key: RowKey) -> Result<Place, LedgerError> {
    let (run_id, input) = (reader.input(key.input)?)
        .ok_or_else(|| LedgerError::Damaged(format!("no run has the input {}", key.input)))?;
    Ok(Place {
        run_id,
        file: input.name,
        record: key.record,
    })
}
