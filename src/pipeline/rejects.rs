//! The records of a run that were not created, from its ledger and its sources, for whoever corrects them.
//!
//! The ledger knows what became of each record and no value; the source has the values. Both are read side by side, a
//! chunk at a time, and each record must stand where the ledger says. Nothing is checked again: what the run found is what
//! is said, also when today's rules would find something else.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use super::capacity::CHUNK_RECORDS;
use super::error::PipelineError;
use super::inputs::{Input, Inputs};
use super::messages::{Messages, Wrong};
use super::outputs::{Output, is_stream, refuse_taken};
use super::table::{Form, RejectTable, Said};
use crate::config::settings::InputSettings;
use crate::ledger::{InputEntry, LedgerError, Reader, RowEntry, RunEntry};
use crate::model::chunk::Chunk;
use crate::model::mapping::{Mapping, Target};
use crate::model::row_state::RowState;
use crate::model::rule::Severity;
use crate::model::totals::Totals;
use crate::read::Records;
use crate::send::Stop;

/// Which records are asked for, and where they go.
#[derive(Debug)]
pub struct RejectsRequest<'a> {
    /// How the sources are read.
    pub input: &'a InputSettings,
    /// The states that are wanted.
    pub states: &'a [RowState],
    /// Whether those that were cleared since are wanted, too.
    pub cleared_too: bool,
    /// The file to write.
    pub to: &'a Path,
    /// How it is written.
    pub form: Form,
    /// Files that are read, and must not be written.
    pub taken: &'a [PathBuf],
    /// Set by whoever wants it to stop.
    pub stop: Stop,
}

/// What was written.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Rejects {
    /// Records in the file, by state.
    pub written: Totals,
    /// Records that a correction, a later run or a person has cleared, and that were left out.
    pub cleared: Totals,
}

/// Writes the records of a run that were not created. Where there are none, no file is written.
pub fn rejects(
    reader: &Reader,
    run: &RunEntry,
    inputs: &Inputs,
    request: &RejectsRequest<'_>,
) -> Result<Rejects, PipelineError> {
    refuse_taken(&[Some(request.to)], request.taken)?;
    // Somebody may have begun to correct it.
    if request.to.symlink_metadata().is_ok() && !is_stream(request.to) {
        return Err(PipelineError::OutputExists {
            path: request.to.display().to_string(),
        });
    }
    let mut writing = Writing {
        reader,
        run,
        request,
        table: RejectTable::of(Output::create(request.to)?, request.form),
        done: Rejects::default(),
    };
    for (input, entry) in inputs.iter().zip(&run.inputs) {
        writing.source(input, entry)?;
    }
    let Writing { table, done, .. } = writing;
    if done.written.rows() > 0 {
        table.finish()?;
    }
    Ok(done)
}

struct Writing<'a> {
    reader: &'a Reader,
    run: &'a RunEntry,
    request: &'a RejectsRequest<'a>,
    table: RejectTable,
    done: Rejects,
}

impl Writing<'_> {
    /// Writes what is wanted of one source. A source of which nothing is wanted is not read.
    fn source(&mut self, input: &Input, entry: &InputEntry) -> Result<(), PipelineError> {
        let mut left = 0_u64;
        self.reader.rows(entry.input_id, 1, u64::MAX, |row| {
            left += u64::from(self.request.states.contains(&row.state));
            Ok::<_, LedgerError>(())
        })?;
        if left == 0 {
            return Ok(());
        }
        let mut records = Records::open(&input.source, self.request.input)?;
        let mut chunk = Chunk::new(CHUNK_RECORDS);
        let mut more = true;
        while more && left > 0 {
            if self.request.stop.is_requested() {
                return Err(PipelineError::Interrupted);
            }
            more = records.fill(&mut chunk)?;
            let mut wanted = self.wanted(entry, &chunk)?;
            left = left.saturating_sub(wanted.len() as u64);
            for (position, record) in chunk.iter() {
                let Some(row) = wanted.remove(&position.record) else {
                    continue;
                };
                if row.position != position {
                    return Err(self.changed(input, &row));
                }
                if !self.request.cleared_too && self.reader.clearing(self.run.namespace, &row)?.is_some() {
                    self.done.cleared.add(row.state);
                    continue;
                }
                let said = Said {
                    file: &entry.name,
                    position,
                    state: row.state,
                    messages: &self.messages(&row, &input.mapping)?,
                };
                self.table.write(input, record, &said)?;
                self.done.written.add(row.state);
            }
        }
        input.source.check_unchanged()?;
        if left > 0 {
            // The ledger has records behind the end of the source as it is read now.
            return Err(PipelineError::SourceChanged {
                name: input.source.name().to_owned(),
                run_id: self.run.run_id,
            });
        }
        Ok(())
    }

    /// The rows of a chunk in the states that are asked for, by record.
    fn wanted(&self, entry: &InputEntry, chunk: &Chunk) -> Result<HashMap<u64, RowEntry>, LedgerError> {
        let mut wanted = HashMap::new();
        let mut numbers = chunk.positions().map(|position| position.record);
        if let Some(first) = numbers.next() {
            let last = numbers.last().unwrap_or(first);
            self.reader.rows(entry.input_id, first, last, |row| {
                if self.request.states.contains(&row.state) {
                    wanted.insert(row.position.record, row);
                }
                Ok::<_, LedgerError>(())
            })?;
        }
        Ok(wanted)
    }

    fn changed(&self, input: &Input, row: &RowEntry) -> PipelineError {
        PipelineError::RecordChanged {
            name: input.source.name().to_owned(),
            record: row.position.record,
            line: row.position.line,
            run_id: self.run.run_id,
        }
    }

    /// What is said of a row: why it ended as it did, then every finding that is more than a note.
    fn messages(&self, row: &RowEntry, mapping: &Mapping) -> Result<Messages, LedgerError> {
        let mut messages = Messages::default();
        if let Some(code) = &row.code {
            let mut more = self.other_data(row)?;
            if let Some(detail) = &row.detail {
                more.push_str(&format!("; the API said: {detail}"));
                more.push_str(&columns_in(detail, mapping));
            }
            // Here it can be read.
            let nearer = row.detail.as_ref().filter(|_| row.state == RowState::Refused);
            messages.reason(code, &more, nearer.map(|_| "correct what it names"));
        }
        for finding in self.reader.findings(row.key)? {
            if finding.severity == Severity::Note {
                continue;
            }
            let column = finding.column.and_then(|column| mapping.names.get(column));
            let field = finding.field.as_deref().unwrap_or("the record");
            messages.finding(&Wrong {
                code: &finding.code,
                severity: finding.severity,
                place: column.map_or(field, String::as_str),
            });
        }
        Ok(messages)
    }

    /// Where the other data of a conflict stands, if this ledger has it.
    fn other_data(&self, row: &RowEntry) -> Result<String, LedgerError> {
        let Some(customer) = row.customer_id.as_deref().filter(|_| row.state == RowState::Conflict) else {
            return Ok(String::new());
        };
        let rows = self.reader.claimed_for(self.run.namespace, customer)?;
        let Some(other) = rows.into_iter().find(|other| other.key != row.key) else {
            return Ok(String::new());
        };
        let input = self.reader.input(other.key.input)?;
        Ok(input.map_or_else(String::new, |(run_id, input)| {
            format!(" (record {} of {} in run {run_id})", other.key.record, input.name)
        }))
    }
}

/// What the source calls the fields that the API names.
fn columns_in(detail: &str, mapping: &Mapping) -> String {
    // Paths have points in them: `mailing_address.city`.
    let in_word = |character: char| character.is_alphanumeric() || "_.".contains(character);
    let words: Vec<&str> = detail
        .split(|character| !in_word(character))
        .map(|word| word.trim_matches('.'))
        .collect();
    let columns = mapping.columns.iter().zip(&mapping.names);
    let named = columns.filter_map(|(target, name)| match target {
        Target::Field(field) if words.contains(&field.path()) && field.path() != name => {
            Some(format!("; {} is the column {name}", field.path()))
        }
        Target::Field(_) | Target::Ignored => None,
    });
    named.collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::field::FieldId;

    #[test]
    fn the_fields_that_the_api_names_are_said_in_the_words_of_the_file() {
        let field = |path: &str| Target::Field(FieldId::all().find(|field| field.path() == path).unwrap());
        let mapping = Mapping {
            names: ["Nachname", "first_name", "Fax", "Tel"].map(str::to_owned).to_vec(),
            columns: vec![
                field("last_name"),
                field("first_name"),
                Target::Ignored,
                field("telephone_number"),
            ],
            constants: Vec::new(),
        };
        let check = |detail: &str, expected: &str| assert_eq!(columns_in(detail, &mapping), expected, "{detail}");
        check("last_name is too long", "; last_name is the column Nachname");
        check("first_name is too long", "");
        check("my_last_name, last_names", "");
        check(
            "invalid: telephone_number; last_name.",
            "; last_name is the column Nachname; telephone_number is the column Tel",
        );
    }
}
