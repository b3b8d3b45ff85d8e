//! The rows of one input, each with its events and findings, read side by side in the order of the records.

use super::sql::{
    EVENTS, EventLine, FINDINGS, FindingLine, Lines, ROWS, RowLine, Snapshot, event_line, finding_line, row_line,
};
use super::{Check, Place, Verification};
use crate::ledger::query::row_event;
use crate::ledger::store::{customer_key, unsigned};
use crate::ledger::{InputEntry, LedgerError, RunEntry};
use crate::model::field::FieldId;
use crate::model::reason::Reason;
use crate::model::row_state::{RowEvent, RowState, next};
use crate::model::rule::{Rule, Severity};
use crate::model::totals::Totals;

/// What an input's rows add up to.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Told {
    pub(super) totals: Totals,
    /// Rows that are in the index of customers.
    pub(super) indexed: u64,
    /// Rows that somebody asked to be sent again, and that were not claimed since.
    pub(super) asked_again: u64,
    /// The line on which the first record stands.
    pub(super) first_line: Option<u64>,
    /// The last record that was read.
    pub(super) last: i64,
}

/// A row on its way through its events.
struct Life {
    state: Option<RowState>,
    claimed: bool,
    /// Whether the last thing that happened is that somebody asked for it again.
    asked_again: bool,
}

/// Verifies every row of an input with its events and findings. What was told stays where reading breaks off.
pub(super) fn verify(
    snapshot: &Snapshot<'_>,
    run: &RunEntry,
    input: &InputEntry,
    told: &mut Told,
    found: &mut Verification,
) -> Result<(), LedgerError> {
    let whole = Place {
        run: Some(run.run_id),
        input: Some(input.input_id),
        record: None,
    };
    let statements = [ROWS, EVENTS, FINDINGS].map(|sql| snapshot.statement(sql));
    let [rows, events, findings] = statements;
    let (mut rows, mut events, mut findings) = (rows?, events?, findings?);
    let mut rows = snapshot.lines(&mut rows, input.input_id, row_line)?;
    let mut events = snapshot.lines(&mut events, input.input_id, event_line)?;
    let mut findings = snapshot.lines(&mut findings, input.input_id, finding_line)?;
    let mut before: Option<(i64, i64, i64)> = None;
    while let Some(row) = rows.next()? {
        let place = whole.record(row.record);
        found.rows += 1;
        told.last = row.record;
        strays(&mut events, &mut findings, whole, Some(row.record), found)?;
        follows(&row, before, place, found);
        before = Some((row.record, row.line, row.byte));
        told.first_line = told.first_line.or(Some(unsigned(row.line)));
        if !found.summed || found.fits("row", row.fits, place) {
            plain(&row, place, found);
        }
        let life = live(&row, &mut events, place, found)?;
        wrong_with(&row, &mut findings, place, found)?;
        told.indexed += u64::from(indexed(snapshot, run, &row, life.claimed, place, found)?);
        told.asked_again += u64::from(life.asked_again);
        if let Some(state) = life.state {
            told.totals.add(state);
        }
    }
    strays(&mut events, &mut findings, whole, None, found)
}

impl Verification {
    pub(super) fn fits(&mut self, table: &str, fits: bool, place: Place) -> bool {
        self.hold(Check::Sums, place, fits, || {
            format!("what the table {table} says of it does not fit its checksum")
        });
        fits
    }
}

/// Events and findings before a record, or at the end, belong to a row that is not there.
fn strays(
    events: &mut Lines<'_, EventLine>,
    findings: &mut Lines<'_, FindingLine>,
    whole: Place,
    until: Option<i64>,
    found: &mut Verification,
) -> Result<(), LedgerError> {
    let stray = |record: i64| until.is_none_or(|until| record < until);
    while let Some(event) = events.next_if(stray)? {
        found.saw(Check::Events, 1);
        let place = whole.record(event.record);
        found.trouble(Check::Events, place, "an event belongs to a row that is not there");
    }
    while let Some(finding) = findings.next_if(stray)? {
        found.saw(Check::Findings, 1);
        let place = whole.record(finding.record);
        found.trouble(Check::Findings, place, "a finding belongs to a row that is not there");
    }
    Ok(())
}

/// Records count from 1, and each stands behind the one before it.
fn follows(row: &RowLine, before: Option<(i64, i64, i64)>, place: Place, found: &mut Verification) {
    let (record, line, byte) = before.unwrap_or((0, 0, -1));
    found.saw(Check::Records, 1);
    if row.record != record + 1 {
        let missing = if row.record == record + 2 {
            format!("record {} is", record + 1)
        } else {
            format!("records {} to {} are", record + 1, row.record - 1)
        };
        found.trouble(Check::Records, place, format!("{missing} missing before it"));
    }
    if row.line < line || row.byte <= byte {
        let what = "it stands before the record before it";
        found.trouble(Check::Rows, place, what);
    }
}

/// What a row holds must fit how it was planned.
fn plain(row: &RowLine, place: Place, found: &mut Verification) {
    let (id, customer) = (row.has_id, row.customer_id.is_some());
    let fits = match row_event(row.event) {
        Ok(RowEvent::Accepted) => id && customer && row.code.is_none(),
        Ok(RowEvent::Duplicate | RowEvent::Conflict) => id && customer && row.code.is_some(),
        Ok(RowEvent::Rejected) => !id && row.code.is_none(),
        Ok(_) | Err(_) => false,
    };
    if !fits {
        let what = "what it holds does not fit how it was planned";
        found.trouble(Check::Rows, place, what);
    }
    reason(row.code.as_deref(), place, found);
}

/// Codes of rows and events say why; what rules say of records are findings.
fn reason(code: Option<&str>, place: Place, found: &mut Verification) {
    if let Some(code) = code {
        // Not repeated: a damaged text may be anything.
        found.hold(Check::Codes, place, Reason::from_code(code).is_some(), || {
            "it has a code that this rollcall does not know".to_owned()
        });
    }
}

/// Folds a row's events, each of which must be possible in the state before it and numbered from 1 on.
fn live(
    row: &RowLine,
    events: &mut Lines<'_, EventLine>,
    place: Place,
    found: &mut Verification,
) -> Result<Life, LedgerError> {
    found.saw(Check::Rows, 1);
    let mut life = Life {
        state: row_event(row.event).ok().and_then(|event| next(None, event)),
        claimed: false,
        asked_again: false,
    };
    let mut possible = life.state.is_some();
    let mut expected = 1;
    while let Some(event) = events.next_if(|record| record == row.record)? {
        found.hold(Check::Events, place, event.seq == expected, || {
            format!("event {expected} is missing, and there is an event {}", event.seq)
        });
        expected = event.seq.saturating_add(1);
        if found.summed {
            found.fits("event", event.fits, place);
        }
        reason(event.code.as_deref(), place, found);
        let Ok(happened) = row_event(event.event) else {
            found.trouble(Check::Events, place, "no event has the code of one of its events");
            possible = false;
            continue;
        };
        life.claimed |= happened == RowEvent::Claimed;
        life.asked_again = happened == RowEvent::Retried;
        match next(life.state, happened) {
            Some(state) if life.state.is_some() => life.state = Some(state),
            Some(_) | None => possible = false,
        }
    }
    if !possible {
        let what = "its events cannot follow each other";
        found.trouble(Check::Rows, place, what);
    }
    Ok(life)
}

/// A reject has an error at least, and nothing else has one.
fn wrong_with(
    row: &RowLine,
    findings: &mut Lines<'_, FindingLine>,
    place: Place,
    found: &mut Verification,
) -> Result<(), LedgerError> {
    let (mut expected, mut errors) = (0, 0);
    while let Some(finding) = findings.next_if(|record| record == row.record)? {
        found.hold(Check::Findings, place, finding.seq == expected, || {
            format!("finding {expected} is missing, and there is a finding {}", finding.seq)
        });
        expected = finding.seq.saturating_add(1);
        let severity = Severity::from_word(&finding.severity);
        errors += usize::from(severity == Some(Severity::Error));
        let field = finding.field.as_deref();
        let known = Rule::from_code(&finding.code).is_some()
            && severity.is_some()
            && field.is_none_or(|path| FieldId::from_path(path).is_some());
        found.hold(Check::Codes, place, known, || {
            "a finding has a code, a severity or a field that this rollcall does not know".to_owned()
        });
    }
    let rejected = row_event(row.event).is_ok_and(|event| event == RowEvent::Rejected);
    if rejected != (errors > 0) {
        let what = if rejected {
            "it is rejected, and no finding says why"
        } else {
            "it is not rejected, and a finding says that it should be"
        };
        found.trouble(Check::Findings, place, what);
    }
    Ok(())
}

/// Whether a row is in the index of customers, which one that was ever claimed must be; and its run was planned before.
fn indexed(
    snapshot: &Snapshot<'_>,
    run: &RunEntry,
    row: &RowLine,
    claimed: bool,
    place: Place,
    found: &mut Verification,
) -> Result<bool, LedgerError> {
    if claimed && !run.is_planned() {
        let what = "it was claimed, and its run was never planned to its end";
        found.trouble(Check::Rows, place, what);
    }
    let (Some(customer), Some(input)) = (&row.customer_id, place.input) else {
        return Ok(false);
    };
    if !(claimed || row_event(row.event).is_ok_and(|event| event == RowEvent::Accepted)) {
        return Ok(false);
    }
    let key = customer_key(run.namespace, customer);
    let indexed = snapshot.is_indexed(key, input, row.record)?;
    if claimed {
        found.hold(Check::Customers, place, indexed, || {
            "it was claimed, and is missing in the index of customers".to_owned()
        });
    }
    Ok(indexed)
}
