//! The files that a validation writes when asked: accepted payloads as JSON Lines, rejected records as CSV.
//!
//! Both hold personal data by their nature. They are made private to their owner under a temporary name, and get their
//! own name only when they are whole.

use std::io::{BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::error::PipelineError;
use super::validate::{Judged, Judgment};
use crate::model::mapping::REJECT_COLUMNS;
use crate::model::rule::Rule;

/// The files of one validation.
#[derive(Default)]
pub struct Outputs {
    accepted: Option<Output>,
    rejects: Option<Rejects>,
}

struct Output {
    path: PathBuf,
    file: BufWriter<NamedTempFile>,
}

struct Rejects {
    output: Output,
    columns: Option<Vec<String>>,
}

impl Outputs {
    /// Begins the files that were asked for.
    pub fn create(accepted: Option<&Path>, rejects: Option<&Path>) -> Result<Self, PipelineError> {
        Ok(Self {
            accepted: accepted.map(Output::create).transpose()?,
            rejects: match rejects {
                Some(path) => Some(Rejects {
                    output: Output::create(path)?,
                    columns: None,
                }),
                None => None,
            },
        })
    }

    /// Writes what belongs into a file.
    pub fn write(&mut self, judged: &Judged<'_>) -> Result<(), PipelineError> {
        match &judged.judgment {
            Judgment::Accepted(row) => match &mut self.accepted {
                Some(output) => output.write(&[&row.payload, b"\n"]),
                None => Ok(()),
            },
            Judgment::Rejected(reject) => {
                let rules: Vec<Rule> = reject.findings.iter().map(|finding| finding.rule).collect();
                let message: Vec<String> = reject
                    .findings
                    .iter()
                    .map(|finding| {
                        let names = &judged.input.mapping.names;
                        let column = finding.column.and_then(|column| names.get(column)).map(String::as_str);
                        let what = column
                            .or(finding.field.map(super::super::model::field::FieldId::path))
                            .unwrap_or("the record");
                        format!("{what} {}: {}", finding.rule.text().says, finding.rule.text().advice)
                    })
                    .collect();
                let codes: Vec<&str> = rules.iter().map(|rule| rule.code()).collect();
                self.reject(judged, &codes.join(" "), &message.join("; "))
            }
            Judgment::Conflict(_, place) => {
                let message = format!(
                    "the same customer id with other data stands in record {} of {}",
                    place.record, place.name
                );
                self.reject(judged, "row.other_data_than_earlier", &message)
            }
            Judgment::Duplicate(..) => Ok(()),
        }
    }

    fn reject(&mut self, judged: &Judged<'_>, codes: &str, message: &str) -> Result<(), PipelineError> {
        match &mut self.rejects {
            Some(rejects) => rejects.write(judged, codes, message),
            None => Ok(()),
        }
    }

    /// Gives the files their names.
    pub fn finish(self) -> Result<(), PipelineError> {
        if let Some(output) = self.accepted {
            output.finish()?;
        }
        if let Some(rejects) = self.rejects {
            rejects.output.finish()?;
        }
        Ok(())
    }
}

impl Rejects {
    fn write(&mut self, judged: &Judged<'_>, codes: &str, message: &str) -> Result<(), PipelineError> {
        let names = &judged.input.mapping.names;
        match &self.columns {
            None => {
                let header = names
                    .iter()
                    .map(String::as_str)
                    .chain(REJECT_COLUMNS)
                    .map(str::as_bytes);
                self.output.record(header)?;
                self.columns = Some(names.clone());
            }
            Some(columns) if columns == names => {}
            Some(_) => {
                return Err(PipelineError::RejectColumns {
                    name: judged.input.source.name().to_owned(),
                });
            }
        }
        let (number, line) = (judged.position.record.to_string(), judged.position.line.to_string());
        let state = judged.judgment.state().word();
        // A record with too few or too many fields is written as it is: brought to the header's width it would be
        // accepted the next time, with values that are cut off or in the wrong columns.
        let fields = judged.record.iter();
        let extra = [judged.input.source.name(), &number, &line, state, codes, message];
        self.output.record(fields.chain(extra.map(str::as_bytes)))
    }
}

impl Output {
    fn create(path: &Path) -> Result<Self, PipelineError> {
        let folder = path
            .parent()
            .filter(|folder| !folder.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        let file = NamedTempFile::new_in(folder).map_err(|source| failed(path, source))?;
        Ok(Self {
            path: path.to_owned(),
            file: BufWriter::new(file),
        })
    }

    fn write(&mut self, parts: &[&[u8]]) -> Result<(), PipelineError> {
        for part in parts {
            self.file.write_all(part).map_err(|source| failed(&self.path, source))?;
        }
        Ok(())
    }

    fn record<'a>(&mut self, fields: impl Iterator<Item = &'a [u8]>) -> Result<(), PipelineError> {
        let mut writer = csv::WriterBuilder::new().from_writer(&mut self.file);
        let written = writer
            .write_record(fields)
            .and_then(|()| writer.flush().map_err(csv::Error::from));
        drop(writer);
        written.map_err(|error| failed(&self.path, error.into()))
    }

    fn finish(self) -> Result<(), PipelineError> {
        let file = self
            .file
            .into_inner()
            .map_err(|error| failed(&self.path, error.into_error()))?;
        file.as_file().sync_all().map_err(|source| failed(&self.path, source))?;
        file.persist(&self.path)
            .map_err(|error| failed(&self.path, error.error))?;
        Ok(())
    }
}

fn failed(path: &Path, source: std::io::Error) -> PipelineError {
    PipelineError::Output {
        path: path.display().to_string(),
        source,
    }
}
