//! The files that a validation writes when asked: accepted payloads as JSON Lines, rejected records as CSV.
//!
//! Both hold personal data by their nature, so they are written as [`PrivateFile`]s and get their names only when they are
//! whole. A device or a pipe has its name already and is written as it comes. A link is not followed, save the system's
//! own in `/dev` and `/proc`: `/dev/stdout`, and what a shell puts for `>(gzip > rejects.gz)`.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::error::PipelineError;
use super::validate::{Judged, Judgment};
use crate::model::cell::inert;
use crate::model::mapping::REJECT_COLUMNS;
use crate::model::rule::Severity;
use crate::private::PrivateFile;

/// The files of one validation.
#[derive(Default)]
pub struct Outputs {
    accepted: Option<Output>,
    rejects: Option<Rejects>,
}

struct Output {
    /// As it was named, for messages.
    name: PathBuf,
    file: BufWriter<Place>,
}

/// Where an output's bytes go.
enum Place {
    /// A file that gets its name when it is whole.
    New(PrivateFile),
    /// A device or a pipe.
    Stream(File),
}

impl Write for Place {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Self::New(file) => file.write(bytes),
            Self::Stream(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match self {
            Self::New(file) => file.flush(),
            Self::Stream(file) => file.flush(),
        }
    }
}

struct Rejects {
    output: Output,
    columns: Option<Vec<String>>,
}

impl Outputs {
    /// Begins the files that were asked for. None may be one of the sources, nor the other.
    pub fn create(accepted: Option<&Path>, rejects: Option<&Path>, sources: &[PathBuf]) -> Result<Self, PipelineError> {
        let mut taken: Vec<PathBuf> = sources.iter().filter_map(|source| source.canonicalize().ok()).collect();
        for output in [accepted, rejects].into_iter().flatten() {
            let file = whereabouts(output);
            if output.canonicalize().is_ok_and(|path| !path.is_file()) {
                continue;
            }
            if taken.contains(&file) {
                return Err(PipelineError::OutputTaken {
                    path: output.display().to_string(),
                });
            }
            taken.push(file);
        }
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
                // A note needs nobody to do anything.
                let to_fix = || {
                    reject
                        .findings
                        .iter()
                        .filter(|finding| finding.severity > Severity::Note)
                };
                let message: Vec<String> = to_fix()
                    .map(|finding| {
                        let column = finding.column_name(&judged.input.mapping);
                        let text = finding.rule.text();
                        format!(
                            "{} {}: {}",
                            column.unwrap_or(finding.field_path()),
                            text.says,
                            text.advice
                        )
                    })
                    .collect();
                let codes: Vec<&str> = to_fix().map(|finding| finding.rule.code()).collect();
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
    /// Writes a record as it came, and behind it what is wrong with it.
    ///
    /// The header and the record's own cells stay byte for byte, also where a spreadsheet could take one for a formula: the
    /// file is repaired and read again, and an apostrophe would be one more change to a customer's data. What rollcall
    /// says beside them is never read again, so a name in it that could begin a formula does not.
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
        let (name, message) = (inert(judged.input.source.name()), inert(message));
        let extra = [&*name, &number, &line, state, codes, &*message];
        self.output.record(fields.chain(extra.map(str::as_bytes)))
    }
}

impl Output {
    fn create(path: &Path) -> Result<Self, PipelineError> {
        let place = if is_stream(path) {
            File::options().write(true).open(path).map(Place::Stream)
        } else {
            PrivateFile::begin(path).map(Place::New)
        };
        Ok(Self {
            name: path.to_owned(),
            file: BufWriter::new(place.map_err(|source| failed(path, source))?),
        })
    }

    fn write(&mut self, parts: &[&[u8]]) -> Result<(), PipelineError> {
        for part in parts {
            self.file.write_all(part).map_err(|source| failed(&self.name, source))?;
        }
        Ok(())
    }

    fn record<'a>(&mut self, fields: impl Iterator<Item = &'a [u8]>) -> Result<(), PipelineError> {
        let mut writer = csv::WriterBuilder::new().from_writer(&mut self.file);
        let written = writer
            .write_record(fields)
            .and_then(|()| writer.flush().map_err(csv::Error::from));
        drop(writer);
        written.map_err(|error| failed(&self.name, error.into()))
    }

    fn finish(self) -> Result<(), PipelineError> {
        let fail = |source| failed(&self.name, source);
        match self.file.into_inner().map_err(|error| fail(error.into_error()))? {
            Place::New(file) => file.replace().map_err(fail)?,
            Place::Stream(mut file) => file.flush().map_err(fail)?,
        }
        Ok(())
    }
}

/// Whether a path names a pipe or a device, by itself or by a link of the system's own.
fn is_stream(path: &Path) -> bool {
    let by_link = ["/dev", "/proc"].iter().any(|folder| path.starts_with(folder));
    let metadata = if by_link {
        path.metadata()
    } else {
        path.symlink_metadata()
    };
    metadata.is_ok_and(|metadata| !metadata.is_file() && !metadata.is_dir() && !metadata.is_symlink())
}

/// The file that a path names, behind symbolic links where it exists, else in the folder that it names.
fn whereabouts(path: &Path) -> PathBuf {
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    path.canonicalize().unwrap_or_else(|_| {
        let folder = folder.canonicalize().unwrap_or_else(|_| folder.to_owned());
        path.file_name()
            .map_or_else(|| folder.clone(), |name| folder.join(name))
    })
}

fn failed(path: &Path, source: std::io::Error) -> PipelineError {
    PipelineError::Output {
        path: path.display().to_string(),
        source,
    }
}
