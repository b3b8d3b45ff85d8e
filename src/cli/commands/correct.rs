//! What `rollcall run` says about corrections: which flags make one, and how many records were corrected.

use anyhow::Result;
use serde_json::{Value, json};

use crate::cli::args::correct::CorrectArgs;
use crate::cli::diagnostics::say;
use crate::ledger::{LedgerError, Reader, RunEntry};
use crate::model::mapping::REJECT_COLUMNS;
use crate::pipeline::{Corrects, Inputs};
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
