//! One line a record, for auditors and spreadsheets.

use std::io::Write;

use csv::Writer;

use crate::ledger::{LedgerError, Reader, RunEntry};
use crate::model::row_state::RowState;

const COLUMNS: [&str; 10] = [
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
];

/// Writes every record of a run in the order of its sources. Rejected records have the codes of all their findings,
/// separated by spaces.
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
            let code = if row.state == RowState::Rejected {
                reader.finding_codes(row.key)?.join(" ")
            } else {
                row.code.unwrap_or_default()
            };
            let fields = [
                run_id.as_str(),
                &input.name,
                &row.position.record.to_string(),
                &row.position.line.to_string(),
                row.customer_id.as_deref().unwrap_or_default(),
                &row.idempotency_id.map(|id| id.to_string()).unwrap_or_default(),
                row.state.word(),
                &row.attempts.to_string(),
                &row.http_status.map(|status| status.to_string()).unwrap_or_default(),
                &code,
            ];
            writer.write_record(fields).map_err(io_error)?;
            Ok::<_, E>(())
        })?;
    }
    writer.flush()?;
    Ok(())
}

/// Unwraps what the operating system said: whoever asks for the kind of an error looks no deeper.
fn io_error(error: csv::Error) -> std::io::Error {
    if let csv::ErrorKind::Io(error) = error.into_kind() {
        error
    } else {
        std::io::Error::other("a record cannot be written as CSV")
    }
}
