//! What `rollcall run` says about corrections: which flags make one, and how many records were corrected.

use std::path::PathBuf;

use anyhow::Result;
use serde_json::{Value, json};

use crate::cli::args::correct::CorrectArgs;
use crate::cli::diagnostics::say;
use crate::config::settings::Settings;
use crate::ledger::{LedgerError, Reader, RunEntry};
use crate::model::mapping::REJECT_COLUMNS;
use crate::model::naming::escaped;
use crate::pipeline::{Corrects, Inputs, PipelineError};
use crate::read::{ReadError, Records, Source};
use crate::report::{counted, grouped};

/// What the arguments ask to be corrected.
pub(super) fn asked(args: &CorrectArgs) -> Option<Corrects> {
    args.corrects.map(|run_id| Corrects {
        run_id,
        sources: args.source.clone(),
        accept_other_changes: args.accept_other_changes,
        send_unchanged: args.send_unchanged,
    })
}

/// Opens files of corrections. Where a header does not fit, the configuration is not what is wrong: it has read the
/// source, whose columns the file was given.
pub(super) fn open(files: &[PathBuf], corrects: &Corrects, settings: &Settings) -> Result<Inputs> {
    let unfit = match Inputs::open(files, settings) {
        Err(ReadError::Header { name, problems }) => (name, problems),
        done => return Ok(done?),
    };
    let names = || -> Result<Option<PipelineError>> {
        let (name, _) = &unfit;
        let named = |file: &&PathBuf| escaped(&file.to_string_lossy()) == *name;
        let Some(file) = files.iter().find(named) else {
            return Ok(None);
        };
        let reader = Reader::open(&settings.ledger_path)?;
        let Some(run) = reader.run(corrects.run_id)? else {
            return Ok(None);
        };
        let sources = Inputs::again(&run, &corrects.sources, settings)?;
        let records = Records::open(&Source::from_argument(file, &settings.data_dir)?, &settings.input)?;
        let header: Vec<&String> = records.header().iter().filter(|name| !is_own(name)).collect();
        let wanted = sources.iter().flat_map(|source| &source.mapping.names);
        let wanted: Vec<&String> = wanted.filter(|name| !is_own(name)).collect();
        let without = |names: &[&String], others: &[&String]| -> Vec<String> {
            let missing = names.iter().filter(|name| !others.contains(name));
            missing.map(|name| (*name).clone()).collect()
        };
        let (new, missing) = (without(&header, &wanted), without(&wanted, &header));
        Ok(
            (!new.is_empty() || !missing.is_empty()).then(|| PipelineError::RepairColumns {
                name: name.clone(),
                run_id: corrects.run_id,
                new,
                missing,
            }),
        )
    };
    // Where the sources cannot be looked at, what is wrong with the header is said as it is of any file.
    let told = names().ok().flatten();
    let (name, problems) = unfit;
    Err(told.map_or_else(|| ReadError::Header { name, problems }.into(), Into::into))
}

/// Whether rollcall has added a column.
fn is_own(name: &str) -> bool {
    REJECT_COLUMNS.contains(&name)
}

/// The flags that ask for the same correction again.
pub(super) fn flags(args: &CorrectArgs) -> String {
    let corrects = args.corrects.map(|run_id| format!(" --corrects {run_id}"));
    let mut flags = corrects.unwrap_or_default();
    for source in &args.source {
        flags.push_str(&format!(" --source {}", super::typed(source)));
    }
    let switches = [
        (args.accept_other_changes, " --accept-other-changes"),
        (args.send_unchanged, " --send-unchanged"),
    ];
    flags.extend(switches.into_iter().filter(|(is_set, _)| *is_set).map(|(_, flag)| flag));
    flags
}

/// Says of files that look like corrections and are run as if they were not how they would be.
pub(super) fn show_untied(inputs: &Inputs) {
    let ties = |name: &String| name == REJECT_COLUMNS[1];
    for input in inputs.iter().filter(|input| input.mapping.names.iter().any(ties)) {
        say(&format!(
            "note: {} has the columns of a repair file; its records are tied to those that they correct with --corrects RUN\n",
            input.source.name()
        ));
    }
}

/// How many records of a run correct others.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Corrected {
    of_run: i64,
    records: u64,
    changed: u64,
}

impl Corrected {
    /// Counts them; `None` for a run that corrects no other.
    pub(super) fn of(reader: &Reader, run: &RunEntry) -> Result<Option<Self>> {
        let Some(of_run) = run.corrects else { return Ok(None) };
        let mut counted = Self {
            of_run,
            records: 0,
            changed: 0,
        };
        for input in &run.inputs {
            reader.rows(input.input_id, 1, u64::MAX, |row| {
                if let Some(correction) = reader.correction(row.key)? {
                    counted.records += 1;
                    counted.changed += u64::from(correction.changed);
                }
                Ok::<_, LedgerError>(())
            })?;
        }
        Ok(Some(counted))
    }

    /// For people.
    pub(super) fn text(self) -> String {
        format!(
            "corrections of run {}: {}, {} changed and {} unchanged\n",
            self.of_run,
            counted(self.records, "record"),
            grouped(self.changed),
            grouped(self.records - self.changed)
        )
    }

    /// For programs.
    pub(super) fn json(self) -> Value {
        json!({
            "of_run": self.of_run,
            "records": self.records,
            "changed": self.changed,
            "unchanged": self.records - self.changed,
        })
    }
}
