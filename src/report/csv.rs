//! One table for auditors and spreadsheets: a line for each figure, then a line for each record.
//!
//! Every line has every column, so that a spreadsheet filters and sorts it. It repeats no advice of a rule for a record
//! that nobody must look at.

use std::io::Write;

use csv::{Error, ErrorKind, Writer};

use super::figures::exceptions::{ClearedBy, Exception, Standing, exception};
use super::summary::Report;
use super::tables::Tables;
use crate::clock::rfc3339;
use crate::ledger::{InputEntry, LedgerError, Reader, RowEntry, RunEntry};
use crate::model::cell::inert;
use crate::model::row_state::RowState;

const COLUMNS: [&str; 20] = [
    "section",
    "figure",
    "value",
    "unit",
    "run_id",
    "file",
    "record",
    "line",
    "customer_id",
    "idempotency_id",
    "state",
    "attempts",
    "http_status",
    "code",
    "notes",
    "detail",
    "standing",
    "cleared_by",
    "disposition",
    "advice",
];

/// Writes every figure of a run, then every record in the order of its sources, which have `record` in `section`.
///
/// Rejected records have the codes of all their errors in `code`; `notes` has those of warnings and repairs, of any record.
/// Several are separated by spaces. `detail` is what the API said, without the record's values, or the fields that differ.
/// A record that somebody has to look at has a `standing`: `open`, or what cleared it; `cleared_by` then names the record of
/// a later run, or who decided that it stays as it is, and `disposition` is that person's reason. `advice` says what to do.
///
/// Names of files, ids of customers and the API's words come from others: one that a spreadsheet could take for a formula has an apostrophe
/// before it. rollcall never reads this table; whoever compares ids with it takes `'` away before `=`, `+`, `-` and `@`.
pub fn write_csv<E: From<LedgerError> + From<std::io::Error>>(
    reader: &Reader,
    report: &Report,
    to: impl Write,
) -> Result<(), E> {
    let mut writer = Writer::from_writer(to);
    writer.write_record(COLUMNS).map_err(io_error)?;
    let run = &report.summary.run;
    let run_id = run.run_id.to_string();
    for (section, figure) in Tables::of(report).figures() {
        let value = figure.value.exact();
        let file = inert(file_of(run, &figure.name));
        let beginning = [section, &figure.name, &inert(&value), figure.unit, &run_id, &file];
        let rest = std::iter::repeat_n("", COLUMNS.len() - beginning.len());
        writer
            .write_record(beginning.into_iter().chain(rest))
            .map_err(io_error)?;
    }
    for (number, input) in (1..).zip(&run.inputs) {
        reader.rows(input.input_id, 1, u64::MAX, |row| {
            let fields = record(reader, run, (number, input), row)?;
            let beginning = ["record", "", "", "", &run_id];
            let line = beginning.into_iter().chain(fields.iter().map(String::as_str));
            writer.write_record(line).map_err(io_error)?;
            Ok::<_, E>(())
        })?;
    }
    writer.flush()?;
    Ok(())
}

/// The name of the file that a figure is of, which has its number within the run in its own name.
fn file_of<'run>(run: &'run RunEntry, figure: &str) -> &'run str {
    let number = figure.strip_prefix("input.").and_then(|rest| rest.split('.').next());
    let index = number.and_then(|number| number.parse::<usize>().ok()?.checked_sub(1));
    let input = index.and_then(|index| run.inputs.get(index));
    input.map_or("", |input| input.name.as_str())
}

/// The columns of a record behind the number of its run.
fn record(
    reader: &Reader,
    run: &RunEntry,
    input: (u64, &InputEntry),
    row: RowEntry,
) -> Result<[String; COLUMNS.len() - 5], LedgerError> {
    let [errors, notes] = reader.finding_codes(row.key)?;
    let customer_id = inert(row.customer_id.as_deref().unwrap_or_default()).into_owned();
    let idempotency_id = row.idempotency_id.map(|id| id.to_string()).unwrap_or_default();
    let code = if row.state == RowState::Rejected {
        errors.join(" ")
    } else {
        row.code.clone().unwrap_or_default()
    };
    let needs_attention = row.state.needs_attention();
    let row = exception(reader, run, input, row)?;
    let [cleared_by, disposition] = match &row.cleared_by {
        None => Default::default(),
        Some(ClearedBy::Correction(by)) => [
            format!("correction: run {} record {}", by.run_id, by.record),
            String::new(),
        ],
        Some(ClearedBy::LaterRun(by)) => [
            format!("later run: run {} record {}", by.run_id, by.record),
            String::new(),
        ],
        Some(ClearedBy::Person { who, at_ms, reason }) => [format!("{who} at {}", rfc3339(*at_ms)), reason.clone()],
    };
    let standing = match &row.cleared_by {
        _ if !needs_attention => "",
        None => Standing::Open.word(),
        Some(by) => Standing::of(by).word(),
    };
    let advice = if needs_attention { advice(&row) } else { String::new() };
    Ok([
        inert(&row.file).into_owned(),
        row.record.to_string(),
        row.line.to_string(),
        customer_id,
        idempotency_id,
        row.state.word().to_owned(),
        row.attempts.to_string(),
        row.http_status.map(|status| status.to_string()).unwrap_or_default(),
        inert(&code).into_owned(),
        notes.join(" "),
        inert(row.detail.as_deref().unwrap_or_default()).into_owned(),
        standing.to_owned(),
        inert(&cleared_by).into_owned(),
        inert(&disposition).into_owned(),
        inert(&advice).into_owned(),
    ])
}

/// What to do about each cause of an exception, behind the field and the code that it is about.
fn advice(exception: &Exception) -> String {
    let causes = exception.causes.iter().filter(|cause| !cause.advice.is_empty());
    let causes = causes.map(|cause| match &cause.field {
        Some(field) => format!("{} in {field}: {}", cause.code, cause.advice),
        None => format!("{}: {}", cause.code, cause.advice),
    });
    causes.collect::<Vec<_>>().join(" | ")
}

/// The operating system's own error, which the crate's conversion would hide behind another kind.
fn io_error(error: Error) -> std::io::Error {
    if !error.is_io_error() {
        return std::io::Error::other(error);
    }
    let ErrorKind::Io(source) = error.into_kind() else {
        return std::io::ErrorKind::Other.into();
    };
    source
}
