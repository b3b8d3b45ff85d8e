//! One line a record, for auditors and spreadsheets.

use std::io::Write;

use csv::{Error, ErrorKind, Writer};

use super::figures::exceptions::{ClearedBy, cleared_by};
use crate::clock::rfc3339;
use crate::ledger::{LedgerError, Reader, RunEntry};
use crate::model::cell::inert;
use crate::model::row_state::RowState;

const COLUMNS: [&str; 14] = [
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
    "cleared_by",
    "disposition",
];

/// Writes every record of a run in the order of its sources. Rejected records have the codes of all their errors in
/// `code`; `notes` has those of warnings and repairs, of any record. Several are separated by spaces. `detail` is what
/// the API said, without the record's values, or the fields that differ. `cleared_by` names the record of a later run that
/// cleared a row which somebody had to look at, or who decided that it stays as it is; `disposition` is that person's reason.
///
/// Names of files, ids of customers and the API's words come from others: one that a spreadsheet could take for a formula has an apostrophe
/// before it. rollcall never reads this table; whoever compares ids with it takes `'` away before `=`, `+`, `-` and `@`.
pub fn write_csv<E: From<LedgerError> + From<std::io::Error>>(
    reader: &Reader,
    run: &RunEntry,
    to: impl Write,
) -> Result<(), E> {
    let mut writer = Writer::from_writer(to);
    writer.write_record(COLUMNS).map_err(io_error)?;
    let run_id = run.run_id.to_string();
    for input in &run.inputs {
        reader.rows(input.input_id, 1, u64::MAX, |row| {
            let [errors, notes] = reader.finding_codes(row.key)?;
            let clearing = reader.clearing(run.namespace, &row)?;
            let [clearer, disposition] = match clearing.map(|clearing| cleared_by(reader, clearing)).transpose()? {
                None => Default::default(),
                Some(ClearedBy::Correction(by)) => [
                    format!("correction: run {} record {}", by.run_id, by.record),
                    String::new(),
                ],
                Some(ClearedBy::LaterRun(by)) => [
                    format!("later run: run {} record {}", by.run_id, by.record),
                    String::new(),
                ],
                Some(ClearedBy::Person { who, at_ms, reason }) => [format!("{who} at {}", rfc3339(at_ms)), reason],
            };
            let code = if row.state == RowState::Rejected {
                errors.join(" ")
            } else {
                row.code.unwrap_or_default()
            };
            let fields = [
                run_id.as_str(),
                &inert(&input.name),
                &row.position.record.to_string(),
                &row.position.line.to_string(),
                &inert(row.customer_id.as_deref().unwrap_or_default()),
                &row.idempotency_id.map(|id| id.to_string()).unwrap_or_default(),
                row.state.word(),
                &row.attempts.to_string(),
                &row.http_status.map(|status| status.to_string()).unwrap_or_default(),
                &inert(&code),
                &notes.join(" "),
                &inert(row.detail.as_deref().unwrap_or_default()),
                &inert(&clearer),
                &inert(&disposition),
            ];
            writer.write_record(fields).map_err(io_error)?;
            Ok::<_, E>(())
        })?;
    }
    writer.flush()?;
    Ok(())
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
