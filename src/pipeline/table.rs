//! The table of records that were not created: the source's own columns, and behind them what is wrong.
//!
//! People repair it in a spreadsheet and send it back, so every cell stays the source's: what a spreadsheet would carry out
//! is protected so that reading undoes it. It deliberately does not know why a record was not created.

use csv::{ByteRecord, Terminator, WriterBuilder};

use super::error::PipelineError;
use super::inputs::Input;
use super::messages::Messages;
use super::outputs::Output;
use crate::model::cell::protect;
use crate::model::mapping::{REJECT_COLUMNS, is_repair};
use crate::model::position::Position;
use crate::model::row_state::RowState;

/// UTF-8's byte order mark, by which Excel knows the encoding.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// How the table is written.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Form {
    /// What separates cells.
    pub delimiter: u8,
    /// Whether a byte order mark stands before the text.
    pub mark: bool,
    /// Whether lines end with CR and LF.
    pub crlf: bool,
}

impl Default for Form {
    fn default() -> Self {
        Self {
            delimiter: b',',
            mark: false,
            crlf: false,
        }
    }
}

/// What rollcall says of a record.
pub(super) struct Said<'a> {
    /// Name of its source.
    pub(super) file: &'a str,
    pub(super) position: Position,
    pub(super) state: RowState,
    pub(super) messages: &'a Messages,
}

/// A table that is being written. A file gets its name when it is whole.
pub(super) struct RejectTable {
    output: Output,
    form: Form,
    writer: WriterBuilder,
    /// The source's columns, once they are written.
    columns: Option<Vec<String>>,
}

impl RejectTable {
    pub(super) fn of(output: Output, form: Form) -> Self {
        let mut writer = WriterBuilder::new();
        writer.delimiter(form.delimiter).terminator(if form.crlf {
            Terminator::CRLF
        } else {
            Terminator::Any(b'\n')
        });
        Self {
            output,
            form,
            writer,
            columns: None,
        }
    }

    /// Writes a record as it came, and behind it what is said of it.
    ///
    /// A record with too few or too many fields is written as it is: brought to the header's width it would be accepted
    /// the next time, with values that are cut off or in the wrong columns. What rollcall said of a repaired record the
    /// time before is left out.
    pub(super) fn write(&mut self, input: &Input, record: &ByteRecord, said: &Said<'_>) -> Result<(), PipelineError> {
        self.write_header(input)?;
        let (number, line) = (said.position.record.to_string(), said.position.line.to_string());
        let (codes, message) = (said.messages.codes(), said.messages.text());
        let extra = [said.file, &number, &line, said.state.word(), &codes, &message];
        let own = own_cells(&input.mapping.names, record);
        let cells = record.iter().enumerate().filter(|(index, _)| !own.contains(index));
        // What is no UTF-8 ended the reading.
        let cells = cells.map(|(_, cell)| std::str::from_utf8(cell).unwrap_or_default());
        let cells: Vec<_> = cells.chain(extra).map(protect).collect();
        self.output
            .record(&self.writer, cells.iter().map(|cell| cell.as_bytes()))
    }

    fn write_header(&mut self, input: &Input) -> Result<(), PipelineError> {
        let names = &input.mapping.names;
        let mut columns = names.clone();
        if is_repair(names) {
            columns.retain(|name| !REJECT_COLUMNS.contains(&name.as_str()));
        }
        match &self.columns {
            Some(known) if *known == columns => Ok(()),
            Some(_) => Err(PipelineError::RejectColumns {
                name: input.source.name().to_owned(),
            }),
            None => {
                if self.form.mark {
                    self.output.write(&[MARK])?;
                }
                let names = columns.iter().map(String::as_str).chain(REJECT_COLUMNS);
                let names: Vec<_> = names.map(protect).collect();
                self.output
                    .record(&self.writer, names.iter().map(|name| name.as_bytes()))?;
                self.columns = Some(columns);
                Ok(())
            }
        }
    }

    /// Gives the file its name.
    pub(super) fn finish(self) -> Result<(), PipelineError> {
        self.output.finish()
    }
}

/// The cells of a repaired record that rollcall wrote the time before, by their numbers.
fn own_cells(names: &[String], record: &ByteRecord) -> Vec<usize> {
    if !is_repair(names) {
        return Vec::new();
    }
    if record.len() == names.len() {
        let own = |name: &String| REJECT_COLUMNS.contains(&name.as_str());
        return (0..names.len())
            .filter(|index| names.get(*index).is_some_and(own))
            .collect();
    }
    // A record of another width ends with them as the header does; one that is a single field of raw text has none.
    let last = record.len().checked_sub(REJECT_COLUMNS.len());
    let ends = names.ends_with(&REJECT_COLUMNS.map(str::to_owned));
    last.filter(|_| ends)
        .map_or_else(Vec::new, |last| (last..record.len()).collect())
}
