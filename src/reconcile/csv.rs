//! One line for each thing that is named, for auditors and spreadsheets: every record, every row that is gone or lost,
//! every stranger and every exception.
//!
//! Names of files, ids of customers and the words of people come from others: one that a spreadsheet could take for a
//! formula has an apostrophe before it. rollcall never reads this table.

use std::io::Write;

use csv::{ErrorKind, Writer};

use super::item::{Exception, Item, RecordItem};
use crate::clock::rfc3339;
use crate::ledger::Disposition;
use crate::model::cell::inert;

/// `what` is record, gone, lost, stranger or exception; `class` is a record's.
const COLUMNS: [&str; 16] = [
    "what",
    "file",
    "record",
    "line",
    "customer_id",
    "class",
    "state",
    "code",
    "run_id",
    "run_record",
    "by_run",
    "by_record",
    "fields",
    "since",
    "disposed_by",
    "disposition",
];

/// The table while it is written.
pub struct Table<W: Write>(Writer<W>);

impl<W: Write> Table<W> {
    /// Begins with the names of the columns.
    pub fn begin(to: W) -> std::io::Result<Self> {
        let mut writer = Writer::from_writer(to);
        writer.write_record(COLUMNS).map_err(io_error)?;
        Ok(Self(writer))
    }

    /// Writes a line.
    pub fn write(&mut self, item: &Item) -> std::io::Result<()> {
        let line = match item {
            Item::Record(record) => record_line("record", record.class.word(), record),
            Item::Gone(record) => record_line("gone", "", record),
            Item::Lost(lost) => {
                let mut line = [const { String::new() }; COLUMNS.len()];
                let [what, file, record, _, _, _, _, _, run_id, run_record, ..] = &mut line;
                "lost".clone_into(what);
                *file = inert(&lost.file).into_owned();
                *record = lost.record.to_string();
                *run_id = lost.run_id.to_string();
                *run_record = lost.record.to_string();
                line
            }
            Item::Stranger(customer_id) => {
                let mut line = [const { String::new() }; COLUMNS.len()];
                let [what, _, _, _, customer, ..] = &mut line;
                "stranger".clone_into(what);
                *customer = inert(customer_id).into_owned();
                line
            }
            Item::Exception(exception) => exception_line(exception),
        };
        self.0.write_record(line).map_err(io_error)
    }

    /// Writes what is left.
    pub fn finish(mut self) -> std::io::Result<()> {
        self.0.flush()
    }
}

fn record_line(what: &str, class: &str, item: &RecordItem) -> [String; COLUMNS.len()] {
    let number = |number: Option<i64>| number.map(|number| number.to_string()).unwrap_or_default();
    let [who, reason] = decided(item.disposition.as_ref());
    [
        what.to_owned(),
        inert(&item.file).into_owned(),
        item.position.record.to_string(),
        item.position.line.to_string(),
        cell(item.customer_id.as_deref()),
        class.to_owned(),
        item.state.map(|state| state.word().to_owned()).unwrap_or_default(),
        cell(item.code.as_deref()),
        number(item.run_id),
        item.record.map(|record| record.to_string()).unwrap_or_default(),
        number(item.by.map(|by| by.run_id)),
        item.by.map(|by| by.record.to_string()).unwrap_or_default(),
        cell(item.fields.as_deref()),
        String::new(),
        who,
        reason,
    ]
}

fn exception_line(item: &Exception) -> [String; COLUMNS.len()] {
    let [who, reason] = decided(item.disposition.as_ref());
    [
        "exception".to_owned(),
        inert(&item.file).into_owned(),
        item.position.record.to_string(),
        item.position.line.to_string(),
        cell(item.customer_id.as_deref()),
        String::new(),
        item.state.word().to_owned(),
        cell(item.code.as_deref()),
        item.run_id.to_string(),
        item.position.record.to_string(),
        String::new(),
        String::new(),
        String::new(),
        rfc3339(item.since_ms),
        who,
        reason,
    ]
}

fn cell(text: Option<&str>) -> String {
    inert(text.unwrap_or_default()).into_owned()
}

fn decided(disposition: Option<&Disposition>) -> [String; 2] {
    disposition.map_or_else(Default::default, |disposition| {
        [cell(Some(&disposition.who)), cell(Some(&disposition.reason))]
    })
}

/// The operating system's own error, which the crate's conversion would hide behind another kind.
fn io_error(error: csv::Error) -> std::io::Error {
    if !error.is_io_error() {
        return std::io::Error::other(error);
    }
    let ErrorKind::Io(source) = error.into_kind() else {
        return std::io::ErrorKind::Other.into();
    };
    source
}
