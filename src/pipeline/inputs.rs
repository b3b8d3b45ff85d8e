//! The sources of one invocation: opened, their headers mapped, before anything else happens.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::error::PipelineError;
use crate::config::settings::Settings;
use crate::ledger::{InputEntry, RunEntry};
use crate::model::mapping::Mapping;
use crate::model::naming::escaped;
use crate::read::{self, Dialect, ReadError, Records, STANDARD_INPUT, Source};

/// One source with how it is written and which column feeds which field.
#[derive(Debug)]
pub struct Input {
    /// The bytes.
    pub source: Source,
    /// Separator and line ends.
    pub dialect: Dialect,
    /// Name of its encoding.
    pub encoding: &'static str,
    /// Its columns.
    pub mapping: Arc<Mapping>,
}

/// The sources in the order in which they were named, which is the order of their rows.
#[derive(Debug)]
pub struct Inputs(Vec<Input>);

impl Inputs {
    /// Opens every source up to its header. Standard input is spooled first, since it is read twice.
    pub fn open(arguments: &[PathBuf], settings: &Settings) -> Result<Self, ReadError> {
        let mut inputs = Vec::with_capacity(arguments.len());
        for argument in arguments {
            let source = Source::from_argument(argument, &settings.data_dir)?;
            let records = Records::open(&source, &settings.input)?;
            let mapping = read::map(source.name(), records.header(), &settings.columns)?;
            inputs.push(Input {
                dialect: records.dialect(),
                encoding: records.encoding(),
                mapping: Arc::new(mapping),
                source,
            });
        }
        Ok(Self(inputs))
    }

    /// Opens the sources of an earlier run again: those that are `named`, in the order of the run's, else by the names that
    /// the ledger has. Each must still have the bytes that it had.
    pub fn again(run: &RunEntry, named: &[PathBuf], settings: &Settings) -> Result<Self, PipelineError> {
        if !named.is_empty() && named.len() != run.inputs.len() {
            return Err(PipelineError::SourcesNamed {
                run_id: run.run_id,
                sources: run.inputs.len() as u64,
                named: named.len() as u64,
            });
        }
        let piped = run.inputs.iter().any(|input| input.name == STANDARD_INPUT);
        if named.is_empty() && piped {
            return Err(PipelineError::SourceGone {
                name: STANDARD_INPUT.to_owned(),
                run_id: run.run_id,
            });
        }
        let paths = if named.is_empty() {
            let there = |input: &InputEntry| located(&input.name).unwrap_or_else(|| (&input.name).into());
            run.inputs.iter().map(there).collect()
        } else {
            named.to_vec()
        };
        if let Some(gone) = paths.iter().find(|path| !path.exists()) {
            return Err(PipelineError::SourceGone {
                name: gone.display().to_string(),
                run_id: run.run_id,
            });
        }
        let inputs = Self::open(&paths, settings)?;
        for (input, entry) in inputs.iter().zip(&run.inputs) {
            if input.source.digest()?.sha256 != entry.digest.0 {
                return Err(PipelineError::SourceChanged {
                    name: input.source.name().to_owned(),
                    run_id: run.run_id,
                });
            }
        }
        Ok(inputs)
    }

    /// The sources.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Input> {
        self.0.iter()
    }

    /// Bytes of all sources, as stored.
    pub fn bytes(&self) -> u64 {
        self.iter().map(|input| input.source.fingerprint().bytes).sum()
    }
}

/// The file that the ledger calls by a name. There names are escaped, so one with a line end in it, or one that is not
/// UTF-8, is looked for in its folder; `None` where no file, or more than one, has it.
pub fn located(name: &str) -> Option<PathBuf> {
    let path = PathBuf::from(name);
    if path.exists() {
        return Some(path);
    }
    // Only such a name has something in it that escaping writes otherwise.
    if !name.contains(['\\', '\u{fffd}']) {
        return None;
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let entries = folder.unwrap_or(Path::new(".")).read_dir().ok()?;
    let file_name = path.file_name()?.to_string_lossy();
    let is_it = |entry: &std::fs::DirEntry| escaped(&entry.file_name().to_string_lossy()) == file_name;
    let mut found = entries.filter_map(Result::ok).filter(is_it);
    let first = found.next()?.file_name();
    found.next().is_none().then(|| path.with_file_name(first))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_found_by_the_name_that_the_ledger_has() {
        let folder = tempfile::tempdir().unwrap();
        let path = |name: &str| folder.path().join(name);
        let check = |name: &str, expected: Option<&str>| {
            let found = located(path(name).to_str().unwrap());
            assert_eq!(found, expected.map(path), "{name:?}");
        };
        for name in ["plain.csv", "two\nlines.csv", "a\u{1b}b.csv"] {
            std::fs::write(path(name), b"id").unwrap();
        }
        check("plain.csv", Some("plain.csv"));
        check("other.csv", None);
        check("two\\nlines.csv", Some("two\nlines.csv"));
        check("a\\u{1b}b.csv", Some("a\u{1b}b.csv"));
        // A file that has the very name is the one that is meant.
        std::fs::write(path("two\\nlines.csv"), b"id").unwrap();
        check("two\\nlines.csv", Some("two\\nlines.csv"));
    }
}
