//! What is added to rows: corrections, decisions of people, comparisons with the API and what they saw.
//!
//! Each table is read once, line by line; beside the columns of a line stands what the rest of the ledger says of it,
//! asked by keys.

use rusqlite::Row;

use super::sql::Snapshot;
use super::{Check, Place, Verification};
use crate::ledger::{LedgerError, sum};

/// A table of additions, and what each of its lines is held to.
struct Table {
    name: &'static str,
    /// Columns under the checksum that stands behind them; 0 for a table whose lines bear none.
    columns: usize,
    /// Its lines: columns and checksum, then input and record, then whether each of `wrong` does not hold.
    sql: &'static str,
    /// What is wrong with a line, in the order of the columns that say so.
    wrong: &'static [&'static str],
}

const NO_ROW: &str = "it is about a row that is not there";

const TABLES: [Table; 6] = [
    Table {
        name: "correction",
        columns: 5,
        sql: "
SELECT input_id, record, of_input, of_record, changed, sum, input_id, record,
       EXISTS (SELECT 1 FROM row WHERE row.input_id = line.input_id AND row.record = line.record),
       EXISTS (SELECT 1 FROM row WHERE row.input_id = of_input AND row.record = of_record),
       of_input < input_id,
       (SELECT corrects FROM input JOIN run USING (run_id) WHERE input.input_id = line.input_id)
         = (SELECT run_id FROM input WHERE input.input_id = of_input),
       changed IN (0, 1)
FROM correction AS line ORDER BY input_id, record",
        wrong: &[
            NO_ROW,
            "it corrects a record that is not there",
            "it corrects a record that was not read before it",
            "it corrects a record of a run that its own run does not correct",
            "whether it was changed is neither yes nor no",
        ],
    },
    Table {
        name: "disposition",
        columns: 6,
        sql: "
SELECT input_id, record, seq, at_ms, who, reason, sum, input_id, record,
       EXISTS (SELECT 1 FROM row WHERE row.input_id = line.input_id AND row.record = line.record),
       seq = 1 OR EXISTS (SELECT 1 FROM disposition AS before WHERE before.input_id = line.input_id
                          AND before.record = line.record AND before.seq = line.seq - 1),
       who <> '' AND reason <> ''
FROM disposition AS line ORDER BY input_id, record, seq",
        wrong: &[
            NO_ROW,
            "what was decided before it is missing",
            "who decided, or why, is missing",
        ],
    },
    Table {
        name: "comparison",
        columns: 0,
        sql: "
SELECT NULL, NULL, NULL, length(namespace) = 16 AND length(scope) = 32,
       EXISTS (SELECT 1 FROM run WHERE run.namespace = line.namespace AND run.target = line.target)
FROM comparison AS line",
        wrong: &[
            "what was compared is not known",
            "it asked another API than any run of its namespace",
        ],
    },
    Table {
        name: "comparison_event",
        columns: 0,
        sql: "
SELECT NULL, NULL, NULL,
       seq = 1 OR EXISTS (SELECT 1 FROM comparison_event AS before
                          WHERE before.comparison_id = line.comparison_id AND before.seq = line.seq - 1),
       CASE kind WHEN 'listed' THEN number >= 0 WHEN 'ended' THEN number IS NULL END,
       NOT EXISTS (SELECT 1 FROM comparison_event AS before WHERE before.comparison_id = line.comparison_id
                   AND before.seq < line.seq AND before.kind = 'ended')
FROM comparison_event AS line",
        wrong: &[
            "what happened to the comparison before it is missing",
            "nothing of that kind happens to a comparison",
            "the comparison had ended before it",
        ],
    },
    Table {
        name: "observation",
        columns: 7,
        sql: "
SELECT comparison_id, input_id, record, at_ms, seen, payload_id, fields, sum, input_id, record,
       EXISTS (SELECT 1 FROM row WHERE row.input_id = line.input_id AND row.record = line.record),
       (SELECT namespace FROM input JOIN run USING (run_id) WHERE input.input_id = line.input_id)
         = (SELECT namespace FROM comparison WHERE comparison.comparison_id = line.comparison_id),
       CASE seen WHEN 0 THEN fields IS NULL AND payload_id = (SELECT idempotency_id FROM row
                                 WHERE row.input_id = line.input_id AND row.record = line.record)
                 WHEN 1 THEN fields IS NULL AND payload_id IS NULL
                 WHEN 2 THEN 1 END
FROM observation AS line ORDER BY comparison_id, input_id, record",
        wrong: &[
            NO_ROW,
            "its comparison is about customers of another namespace",
            "what was seen contradicts itself or the row",
        ],
    },
    Table {
        name: "stranger",
        columns: 3,
        sql: "
SELECT comparison_id, customer_id, at_ms, sum, NULL, NULL, customer_id <> '' FROM stranger",
        wrong: &["nobody is named"],
    },
];

/// Verifies every line that is added to rows.
pub(super) fn verify(snapshot: &Snapshot<'_>, found: &mut Verification) -> Result<(), LedgerError> {
    for table in &TABLES {
        let read = read(snapshot, table, found);
        found.survive(Check::Additions, Place::default(), read)?;
    }
    // A comparison bears no checksum, and whoever reads it reads more of it than is looked at above.
    let comparisons = snapshot.reader.comparisons().map(drop);
    found.survive(Check::Additions, Place::default(), comparisons)?;
    Ok(())
}

fn read(snapshot: &Snapshot<'_>, table: &Table, found: &mut Verification) -> Result<(), LedgerError> {
    let mut statement = snapshot.statement(table.sql)?;
    let mut rows = statement.query([])?;
    while let Some(row) = rows.next()? {
        found.saw(Check::Additions, 1);
        let input = row.get(table.columns + 1)?;
        let place = Place {
            run: snapshot.run_of(input)?,
            input,
            record: row.get(table.columns + 2)?,
        };
        if table.columns > 0 && !found.fits(table.name, sum::holds(table.name, row, 0, table.columns)?, place) {
            continue;
        }
        if let Some(what) = wrong(table, row)? {
            found.trouble(Check::Additions, place, format!("the table {}: {what}", table.name));
        }
    }
    Ok(())
}

/// The first thing that is wrong with a line.
fn wrong(table: &Table, row: &Row<'_>) -> Result<Option<&'static str>, LedgerError> {
    for (column, what) in (table.columns + 3..).zip(table.wrong) {
        // Of what is not there nothing can be said, and that does not hold either.
        if row.get::<_, Option<bool>>(column)? != Some(true) {
            return Ok(Some(what));
        }
    }
    Ok(None)
}
