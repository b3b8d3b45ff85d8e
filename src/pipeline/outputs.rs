//! The files that a validation writes when asked: accepted payloads as JSON Lines, rejected records as CSV.
//!
//! Both hold personal data by their nature, so they are written as [`PrivateFile`]s and get their names only when they are
//! whole. A device or a pipe has its name already and is written as it comes. A link is not followed, save the system's
//! own in `/dev` and `/proc`: `/dev/stdout`, and what a shell puts for `>(gzip > rejects.gz)`.

use std::fs::File;
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use super::error::PipelineError;
use super::messages::{Messages, Wrong};
use super::table::{Form, RejectTable, Said};
use super::validate::{Judged, Judgment};
use crate::model::row::Payloads;
use crate::model::rule::Severity;
use crate::private::PrivateFile;

/// The files of one validation.
#[derive(Default)]
pub struct Outputs {
    accepted: Option<Output>,
    rejects: Option<RejectTable>,
}

/// One file as it is written.
pub(super) struct Output {
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

impl Outputs {
    /// Begins the files that were asked for. None may be one of the sources, nor the other.
    pub fn create(accepted: Option<&Path>, rejects: Option<&Path>, sources: &[PathBuf]) -> Result<Self, PipelineError> {
        refuse_taken(&[accepted, rejects], sources)?;
        Ok(Self {
            accepted: accepted.map(Output::create).transpose()?,
            rejects: match rejects {
                Some(path) => Some(RejectTable::of(Output::create(path)?, Form::default())),
                None => None,
            },
        })
    }

    /// Whether payloads are written.
    pub fn payloads(&self) -> Payloads {
        if self.accepted.is_some() {
            Payloads::Kept
        } else {
            Payloads::Dropped
        }
    }

    /// Writes what belongs into a file.
    pub fn write(&mut self, judged: &Judged<'_>) -> Result<(), PipelineError> {
        match &judged.judgment {
            Judgment::Accepted(row) => match &mut self.accepted {
                Some(output) => output.write(&[&row.payload, b"\n"]),
                None => Ok(()),
            },
            Judgment::Rejected(reject) => {
                let mut messages = Messages::default();
                // A note needs nobody to do anything.
                for finding in reject
                    .findings
                    .iter()
                    .filter(|finding| finding.severity > Severity::Note)
                {
                    messages.finding(&Wrong {
                        code: finding.rule.code(),
                        severity: finding.severity,
                        place: finding
                            .column_name(&judged.input.mapping)
                            .unwrap_or(finding.field_path()),
                    });
                }
                self.reject(judged, &messages)
            }
            Judgment::Conflict(_, place) => {
                let mut messages = Messages::default();
                messages.say(
                    "row.other_data_than_earlier",
                    format!(
                        "the same customer id with other data stands in record {} of {}",
                        place.record, place.name
                    ),
                );
                self.reject(judged, &messages)
            }
            Judgment::Duplicate(..) => Ok(()),
        }
    }

    fn reject(&mut self, judged: &Judged<'_>, messages: &Messages) -> Result<(), PipelineError> {
        let Some(rejects) = &mut self.rejects else {
            return Ok(());
        };
        rejects.write(
            judged.input,
            judged.record,
            &Said {
                file: judged.input.source.name(),
                position: judged.position,
                state: judged.judgment.state(),
                messages,
            },
        )
    }

    /// Gives the files their names.
    pub fn finish(self) -> Result<(), PipelineError> {
        if let Some(output) = self.accepted {
            output.finish()?;
        }
        if let Some(rejects) = self.rejects {
            rejects.finish()?;
        }
        Ok(())
    }
}

impl Output {
    /// Begins a file.
    pub(super) fn create(path: &Path) -> Result<Self, PipelineError> {
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

    /// Writes bytes as they are.
    pub(super) fn write(&mut self, parts: &[&[u8]]) -> Result<(), PipelineError> {
        for part in parts {
            self.file.write_all(part).map_err(|source| failed(&self.name, source))?;
        }
        Ok(())
    }

    /// Writes a record in the way of a CSV writer.
    pub(super) fn record<'a>(
        &mut self,
        form: &csv::WriterBuilder,
        fields: impl Iterator<Item = &'a [u8]>,
    ) -> Result<(), PipelineError> {
        let mut writer = form.from_writer(&mut self.file);
        let written = writer
            .write_record(fields)
            .and_then(|()| writer.flush().map_err(csv::Error::from));
        drop(writer);
        written.map_err(|error| failed(&self.name, error.into()))
    }

    /// Gives the file its name.
    pub(super) fn finish(self) -> Result<(), PipelineError> {
        let fail = |source| failed(&self.name, source);
        match self.file.into_inner().map_err(|error| fail(error.into_error()))? {
            Place::New(file) => file.replace().map_err(fail)?,
            Place::Stream(mut file) => file.flush().map_err(fail)?,
        }
        Ok(())
    }
}

/// Refuses to write over a file that is read, or twice into one.
pub(super) fn refuse_taken(outputs: &[Option<&Path>], read: &[PathBuf]) -> Result<(), PipelineError> {
    let mut taken: Vec<PathBuf> = read.iter().filter_map(|source| source.canonicalize().ok()).collect();
    for output in outputs.iter().copied().flatten() {
        if output.canonicalize().is_ok_and(|path| !path.is_file()) {
            continue;
        }
        let file = whereabouts(output);
        if taken.contains(&file) {
            return Err(PipelineError::OutputTaken {
                path: output.display().to_string(),
            });
        }
        taken.push(file);
    }
    Ok(())
}

/// Whether a path names a pipe or a device, by itself or by a link of the system's own.
pub(super) fn is_stream(path: &Path) -> bool {
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
