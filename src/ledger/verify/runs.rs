//! What belongs to a run as a whole: its columns, what happened to it, its sources and its control totals.

use jiff::civil::Date;

use super::rows::{self, Told};
use super::sql::{Numbered, Snapshot};
use super::{Check, Place, Verification};
use crate::clock::rfc3339;
use crate::ledger::{Balance, InputEntry, LedgerError, RunEntry};
use crate::model::operation::CREATE_CUSTOMER;
use crate::model::reason::Reason;
use crate::model::row_state::RowState;
use crate::model::totals::Totals;

/// Why a run stopped where no code says so: somebody asked it to.
const INTERRUPTED: &str = "interrupted";

/// Verifies every run with all that belongs to it, and then what belongs to none.
pub(super) fn verify(snapshot: &Snapshot<'_>, found: &mut Verification) -> Result<(), LedgerError> {
    // Nothing is added up of which a part could not be read.
    let mut indexed = Some(0);
    for run_id in snapshot.runs()? {
        found.saw(Check::Runs, 1);
        found.runs += 1;
        let place = Place::run(run_id);
        let entry = snapshot.reader.run(run_id);
        let Some(run) = found.survive(Check::Runs, place, entry)? else {
            indexed = None;
            continue;
        };
        columns(&run, place, found);
        for what in [Numbered::Events, Numbered::Inputs] {
            numbers(snapshot, what, place, run_id, found)?;
        }
        events(&run, place, found);
        let (mut totals, mut asked_again) = (Some(Totals::default()), 0);
        for input in &run.inputs {
            let told = source(snapshot, &run, input, found)?;
            indexed = indexed.zip(told).map(|(indexed, told)| indexed + told.indexed);
            asked_again += told.map_or(0, |told| told.asked_again);
            if let Some((totals, told)) = totals.as_mut().zip(told) {
                for state in RowState::ALL {
                    totals.change(state, told.totals.of(state));
                }
            } else {
                totals = None;
            }
        }
        if let Some(totals) = totals {
            balance(snapshot, &run, totals, asked_again, found)?;
        }
    }
    if let Some(indexed) = indexed {
        customers(snapshot, indexed, found)?;
    }
    // The index of customers is not sorted by input: a line too much is seen above.
    for table in ["row", "event", "finding", "input_total", "correction", "disposition"] {
        let strangers = snapshot.strangers(table);
        for input in found.survive(Check::References, Place::default(), strangers)? {
            let place = Place {
                input: Some(input),
                ..Place::default()
            };
            let what = format!("the table {table} has lines of an input that is not there");
            found.trouble(Check::References, place, what);
        }
    }
    Ok(())
}

/// Verifies the rows of a source, and holds them against what the reader counted; nothing is told of a source whose rows
/// cannot all be read.
fn source(
    snapshot: &Snapshot<'_>,
    run: &RunEntry,
    input: &InputEntry,
    found: &mut Verification,
) -> Result<Option<Told>, LedgerError> {
    let place = Place {
        input: Some(input.input_id),
        ..Place::run(run.run_id)
    };
    let mut told = Told::default();
    let all = rows::verify(snapshot, run, input, &mut told, found).map(Some);
    if found.survive(Check::Pages, place, all)?.is_none() {
        let what = match told.last {
            0 => "none of its rows could be checked".to_owned(),
            last => format!("behind record {last} none of its rows could be checked"),
        };
        found.trouble(Check::Rows, place, what);
        return Ok(None);
    }
    lines(input, told.first_line, place, found);
    let counted = input.totals.map(|totals| totals.records);
    found.saw(Check::Totals, 1);
    if let Some(records) = counted.filter(|records| *records != told.totals.rows()) {
        let what = format!(
            "the reader counted {records} records, and there are {} rows",
            told.totals.rows()
        );
        found.trouble(Check::Totals, place, what);
    }
    if counted.is_none() && run.is_planned() {
        let what = "the run is planned, and what the reader counted is missing";
        found.trouble(Check::Totals, place, what);
    }
    Ok(Some(told))
}

/// What a run's own columns say, as far as one says something of another.
fn columns(run: &RunEntry, place: Place, found: &mut Verification) {
    if run.operation != CREATE_CUSTOMER.name {
        found.trouble(Check::Runs, place, "no rollcall has such an operation");
    }
    let begun = rfc3339(run.created_ms);
    let begun = begun.get(..10).and_then(|day| day.parse::<Date>().ok());
    let same_day = |(today, begun): (Date, Date)| {
        // Midnight may fall between the two.
        today == begun || today.tomorrow().is_ok_and(|next| next == begun)
    };
    if !run.today.parse().ok().zip(begun).is_some_and(same_day) {
        found.trouble(Check::Runs, place, "its day is not the day on which it began");
    }
    if run.corrects.is_some_and(|of| of >= run.run_id) {
        found.trouble(Check::Runs, place, "it corrects a run that was not begun before it");
    }
    if run.inputs.is_empty() {
        found.trouble(Check::Runs, place, "it has no source");
    }
}

/// Events count from 1, sources from 0.
fn numbers(
    snapshot: &Snapshot<'_>,
    what: Numbered,
    place: Place,
    run: i64,
    found: &mut Verification,
) -> Result<(), LedgerError> {
    let (check, first, words) = match what {
        Numbered::Events => (Check::RunEvents, 1, "what happened to it"),
        Numbered::Inputs => (Check::Runs, 0, "its sources"),
    };
    let numbers = snapshot.numbers(what, run);
    let numbers = found.survive(check, place, numbers)?;
    if !numbers.iter().copied().eq((first..).take(numbers.len())) {
        found.trouble(check, place, format!("{words} is not numbered without a gap"));
    }
    Ok(())
}

/// Whether what happened to a run can have happened in this order.
fn events(run: &RunEntry, place: Place, found: &mut Verification) {
    let (mut before, mut planned) = (None, false);
    for event in &run.events {
        let kind = event.kind.as_str();
        let follows = match kind {
            // A process that died left nothing behind, so that the next one begins behind anything.
            "started" => before != Some("abandoned"),
            "planned" | "abandoned" => before == Some("started") && !planned,
            "finished" => matches!(before, Some("started" | "planned")) && planned,
            "stopped" => matches!(before, Some("started" | "planned")),
            _ => false,
        };
        found.hold(Check::RunEvents, place, follows, || {
            // A kind that no rollcall wrote may be anything: it is not repeated.
            format!("one event cannot follow {}", before.map_or("nothing", known_kind))
        });
        let why = match (&event.reason, kind) {
            (None, "stopped" | "abandoned") | (Some(_), "started" | "planned" | "finished") => false,
            (None, _) => true,
            (Some(reason), _) => reason == INTERRUPTED || Reason::from_code(reason).is_some(),
        };
        found.hold(Check::Codes, place, why, || {
            format!("why it was {} is missing or no known reason", known_kind(kind))
        });
        planned |= kind == "planned";
        before = Some(kind);
    }
}

fn known_kind(kind: &str) -> &'static str {
    let known = ["started", "planned", "finished", "stopped", "abandoned"];
    known
        .into_iter()
        .find(|known| *known == kind)
        .unwrap_or("an unknown event")
}

/// Whether an input's lines add up. What is left beside all that are counted by what they are is the header: at least a
/// line, and all of it before the first record.
fn lines(input: &InputEntry, first_line: Option<u64>, place: Place, found: &mut Verification) {
    // Ledgers of version 1 counted no lines, of whatever kind.
    let Some(totals) = input.totals.filter(|totals| totals.lines.max(totals.record_lines) > 0) else {
        return;
    };
    let others = [
        totals.record_lines,
        totals.blank_lines,
        totals.separator_lines,
        totals.header_lines,
        totals.trailer_lines,
    ];
    let sum = others.into_iter().fold(0, u64::saturating_add);
    let header = totals.lines.saturating_sub(sum);
    let holds = header > 0 && first_line.is_none_or(|line| header < line) && totals.record_lines >= totals.records;
    found.hold(Check::Lines, place, holds, || {
        format!(
            "{} lines were read, {sum} of them are accounted for beside the header, and the first record is on line {}",
            totals.lines,
            first_line.unwrap_or_default()
        )
    });
}

/// Holds a run's totals against those of reports, which are added up in another way, and against how it ended.
fn balance(
    snapshot: &Snapshot<'_>,
    run: &RunEntry,
    totals: Totals,
    asked_again: u64,
    found: &mut Verification,
) -> Result<(), LedgerError> {
    let place = Place::run(run.run_id);
    found.saw(Check::Totals, 1);
    if !found.is_damaged() {
        let shown = Balance::of(snapshot.reader, run);
        let shown = found.survive(Check::Pages, place, shown.map(Some))?;
        if shown.is_some_and(|shown| shown.totals != totals) {
            let what = "reports show other totals than its rows have; please report it";
            found.trouble(Check::Totals, place, what);
        }
    }
    // Whoever asks that refused rows be sent again opens them before the run is taken up.
    let open = totals
        .count(|state| !RowState::may_end(state))
        .saturating_sub(asked_again);
    if run.is_finished() && open > 0 {
        let what = format!("it is finished, and {open} rows are still to be sent");
        found.trouble(Check::Totals, place, what);
    }
    Ok(())
}

/// As many lines in the index as rows were found there: none is too much.
fn customers(snapshot: &Snapshot<'_>, indexed: u64, found: &mut Verification) -> Result<(), LedgerError> {
    let lines = snapshot.customers();
    let lines = found.survive(Check::Customers, Place::default(), lines)?;
    if lines != indexed {
        let what = format!("the index has {lines} lines, and {indexed} of them are of rows");
        found.trouble(Check::Customers, Place::default(), what);
    }
    Ok(())
}
