//! What brings a reconciliation nearer to balance: the first exception of each kind, and the commands about them.
//!
//! How a command is written is `commands::next`'s to say.

use std::path::{Path, PathBuf};

use anyhow::Result;

use crate::cli::args::reconcile::ReconcileArgs;
use crate::cli::commands::next::{Next, argument};
use crate::cli::commands::{ledger_flags, pace_flags};
use crate::config::settings::Settings;
use crate::ledger::{Reader, RunEntry};
use crate::model::chunk::Chunk;
use crate::model::digest::Digest;
use crate::model::mapping::REJECT_COLUMNS;
use crate::model::row_state::RowState;
use crate::pipeline::{Input, Inputs, located};
use crate::read::Records;
use crate::reconcile::{Class, FileFigures, Item, Reconciliation};

/// An exception that a person may decide about.
struct Open {
    run_id: i64,
    record: u64,
    file: String,
}

/// The first exception of each kind, for the commands to be typed.
#[derive(Default)]
pub(super) struct Rows {
    open: Option<Open>,
    /// Runs with something to correct.
    to_fix: Option<i64>,
    /// Runs with something that is safe to send again.
    unresolved: Option<i64>,
    /// Runs with a row that is not to be explained.
    unexplained: Option<i64>,
}

impl Rows {
    pub(super) fn see(&mut self, item: &Item) {
        match item {
            Item::Record(record) if record.class == Class::Failed => {
                let Some(run_id) = record.run_id else { return };
                if record.state == Some(RowState::Unresolved) {
                    self.unresolved.get_or_insert(run_id);
                } else {
                    self.to_fix.get_or_insert(run_id);
                    self.open.get_or_insert_with(|| Open {
                        run_id,
                        record: record.record.unwrap_or(record.position.record),
                        file: record.file.to_string(),
                    });
                }
            }
            Item::Record(record) if matches!(record.class, Class::Missing | Class::OtherData) => {
                self.unexplained = self.unexplained.or(record.run_id);
            }
            Item::Exception(exception) if exception.of_these_files && exception.disposition.is_none() => {
                self.open.get_or_insert_with(|| Open {
                    run_id: exception.run_id,
                    record: exception.position.record,
                    file: exception.file.to_string(),
                });
            }
            Item::Record(_) | Item::Gone(_) | Item::Lost(_) | Item::Stranger(_) | Item::Exception(_) => {}
        }
    }
}

/// What the commands are made of.
pub(super) struct Suggesting<'a> {
    pub(super) args: &'a ReconcileArgs,
    pub(super) reader: &'a Reader,
    pub(super) inputs: &'a Inputs,
    pub(super) settings: &'a Settings,
    pub(super) all: &'a Reconciliation,
}

impl Suggesting<'_> {
    /// The commands that bring it nearer to balance, the most telling first.
    pub(super) fn next(&self, rows: &Rows) -> Result<Vec<String>> {
        let ledger = &self.args.ledger;
        let flags = ledger_flags(ledger);
        let known = self.known();
        let mut next = Vec::new();
        if self.all.of(Class::NotInLedger) + self.all.lost > 0 {
            next.push(format!("rollcall ledger verify{flags}"));
        }
        next.extend(self.runs()?);
        if let Some(run) = self.run(rows.unresolved)? {
            next.push(self.beside(&run, &known).retry());
        }
        if let Some(run) = self.run(rows.to_fix)? {
            let commands = self.beside(&run, &known);
            next.push(commands.rejects());
            next.push(commands.correct(&commands.to_fix()));
        }
        if let Some(open) = &rows.open
            && let Some(run) = self.run(Some(open.run_id))?
        {
            next.push(
                self.beside(&run, &known)
                    .dispose(open.record, self.name_in(&run, &open.file)),
            );
        }
        if let Some(run) = self.run(rows.unexplained)? {
            next.push(self.beside(&run, &known).report());
        }
        if self.all.of(Class::NotCompared) > 0 {
            next.push(format!("rollcall status{flags}"));
        }
        Ok(next)
    }

    /// What runs the files of which records are not sent, or not as they are now: corrections each by itself.
    fn runs(&self) -> Result<Vec<String>> {
        let ledger = &self.args.ledger;
        let pace = pace_flags(&self.args.pace);
        let (mut new, mut next) = (Vec::new(), Vec::new());
        let files = self.all.files.iter().zip(self.inputs.iter());
        for (file, input) in files.filter(|(file, _)| file.of(Class::NotSent) + file.of(Class::Changed) > 0) {
            let name = as_typed(file);
            match self.corrected_by(file, input)? {
                Corrects::Nothing => new.push(argument(&name)),
                Corrects::Run(run) => {
                    let known = self.known();
                    next.push(self.beside(&run, &known).correct(&name) + &pace);
                }
                Corrects::Unknown => {
                    let flags = ledger_flags(ledger);
                    next.push(format!("rollcall run {} --corrects RUN{flags}{pace}", argument(&name)));
                }
            }
        }
        if !new.is_empty() {
            next.insert(
                0,
                format!("rollcall run {}{}{pace}", new.join(" "), ledger_flags(ledger)),
            );
        }
        Ok(next)
    }

    /// What the records of a file correct, by the run that has read it, else by what it says itself.
    fn corrected_by(&self, file: &FileFigures, input: &Input) -> Result<Corrects> {
        let compared = file.compared.as_ref().map(|compared| compared.run_id);
        let of = self.run(compared)?.and_then(|run| run.corrects);
        if let Some(run) = self.run(of)? {
            return Ok(Corrects::Run(Box::new(run)));
        }
        let names = &input.mapping.names;
        let column = |name: &str| names.iter().rposition(|column| column == name);
        let Some(of_file) = column(REJECT_COLUMNS[0]).filter(|_| column(REJECT_COLUMNS[1]).is_some()) else {
            return Ok(Corrects::Nothing);
        };
        let mut chunk = Chunk::new(1);
        Records::open(&input.source, &self.settings.input)?.fill(&mut chunk)?;
        let first = chunk.iter().next().and_then(|(_, record)| record.get(of_file));
        let Some(source) = first.and_then(|cell| std::str::from_utf8(cell).ok()) else {
            return Ok(Corrects::Unknown);
        };
        let runs = self.reader.runs()?.into_iter().rev();
        let mut has_it = runs.filter(|run| run.inputs.iter().any(|input| input.name == source));
        Ok(has_it
            .next()
            .map_or(Corrects::Unknown, |run| Corrects::Run(Box::new(run))))
    }

    fn beside<'r>(&'r self, run: &'r RunEntry, known: &[(Digest, PathBuf)]) -> Next<'r> {
        Next::beside(run, &self.args.ledger, known)
    }

    fn run(&self, run_id: Option<i64>) -> Result<Option<RunEntry>> {
        Ok(match run_id {
            Some(run_id) => self.reader.run(run_id)?,
            None => None,
        })
    }

    /// The files, by what is in them: a run may know one by another name.
    fn known(&self) -> Vec<(Digest, PathBuf)> {
        let files = self.all.files.iter();
        files.map(|file| (file.digest, as_typed(file))).collect()
    }

    /// What a run calls a file that is reconciled.
    fn name_in<'n>(&self, run: &'n RunEntry, name: &'n str) -> &'n str {
        let digest = self
            .all
            .files
            .iter()
            .find(|file| *file.name == *name)
            .map(|file| file.digest);
        let is_it = |input: &&crate::ledger::InputEntry| input.name == name || Some(input.digest) == digest;
        let last = |name: &str| Path::new(name).file_name().map(std::ffi::OsStr::to_owned);
        let mut inputs = run.inputs.iter();
        let found = inputs.clone().find(is_it);
        let found = found.or_else(|| inputs.find(|input| last(&input.name) == last(name)));
        found.map_or(name, |input| &input.name)
    }
}

/// A file as it was typed: names are shown escaped.
fn as_typed(file: &FileFigures) -> PathBuf {
    located(&file.name).unwrap_or_else(|| PathBuf::from(&*file.name))
}

/// What a file's records correct.
enum Corrects {
    Nothing,
    /// Those of this run.
    Run(Box<RunEntry>),
    /// Those of a run that the ledger does not tell.
    Unknown,
}
