//! Puts files as they are now beside the ledger and the API: finds the run that each was, checks its records by that run's
//! rules, and walks both sides in their order.
//!
//! It only reads. What the API has is in the ledger already, from a comparison; `walk` is the way through one file, and
//! `exceptions` the way through all runs.

mod answering;
mod exceptions;
mod marks;
mod walk;

use std::cell::RefCell;
use std::collections::{BTreeSet, HashMap, HashSet};
use std::ffi::OsStr;
use std::path::Path;
use std::sync::Arc;

use uuid::Uuid;

use self::answering::{Answers, Rowed};
use self::marks::Marks;
use self::walk::Walk;
use super::check::Checker;
use super::error::PipelineError;
use super::identity::ABANDONED;
use super::inputs::{Input, Inputs};
use super::progress::{Phase, Progress};
use super::retry::same_settings;
use super::run::checker;
use crate::clock;
use crate::config::settings::Settings;
use crate::ledger::{InputEntry, LedgerError, Reader, RowEntry, RunEntry};
use crate::model::digest::Digest;
use crate::model::operation::CREATE_CUSTOMER;
use crate::model::row::Payloads;
use crate::model::row_state::RowState;
use crate::normalize::Normalizer;
use crate::read::ReadError;
use crate::reconcile::{Class, Compared, FileFigures, Hash, Item, Reconciliation, Trailer};
use crate::send::Stop;

/// What a reconciliation needs beside its files.
#[derive(Debug)]
pub struct ReconcileRequest<'a> {
    /// The settings.
    pub settings: &'a Settings,
    /// What the ledger calls the API; empty for any.
    pub target: &'a str,
    /// The comparison that says what the API has; `None` where what it confirmed counts.
    pub comparison: Option<i64>,
    /// Set by whoever wants it to stop.
    pub stop: &'a Stop,
    /// Where it says how far it is.
    pub progress: &'a Progress,
}

/// Reconciles files with the ledger. `sink` gets each record, and whatever else is to be named, as it is found: the
/// records of a file in their order, those that were added to a changed one at its end, then rows that are gone; strangers; the exceptions of all runs, oldest first.
pub fn reconcile(
    reader: &Reader,
    inputs: &Inputs,
    request: &ReconcileRequest<'_>,
    mut sink: impl FnMut(Item) -> Result<(), PipelineError>,
) -> Result<Reconciliation, PipelineError> {
    let _moment = reader.moment()?;
    let runs = runs(reader)?;
    // Customers whose rows the ledger lacks are named once, as records, and are no strangers.
    let unknown = RefCell::new(HashSet::new());
    let mut sink = |item: Item| {
        if let Item::Record(record) = &item
            && record.class == Class::NotInLedger
        {
            unknown.borrow_mut().extend(record.customer_id.clone());
        }
        sink(item)
    };
    let mut job = Job {
        reader,
        request,
        run_of: (runs.iter())
            .flat_map(|run| run.inputs.iter().map(|input| (input.input_id, run.run_id)))
            .collect(),
        runs,
        looked_at: HashMap::new(),
        sink: &mut sink,
    };
    request.progress.enter(Phase::Identifying);
    let mut digests: Vec<(Digest, String)> = Vec::new();
    for input in inputs.iter() {
        let digest = Digest(input.source.digest()?.sha256);
        let name = input.source.name().to_owned();
        if let Some((_, other)) = digests.iter().find(|(other, _)| *other == digest) {
            return Err(PipelineError::SameInput {
                name,
                other: other.clone(),
            });
        }
        digests.push((digest, name));
    }
    request.progress.enter(Phase::Checking);
    let mut all = Reconciliation::default();
    for (input, (digest, _)) in inputs.iter().zip(&digests) {
        let figures = job.file(input, *digest)?;
        all.sides.join(&figures.sides);
        all.files.push(figures);
    }
    request.progress.enter(Phase::Balancing);
    if let Some(comparison) = request.comparison {
        let known = reader.comparisons()?.into_iter();
        all.comparison = known.into_iter().find(|entry| entry.comparison_id == comparison);
        reader.strangers(comparison, |customer_id| {
            all.sides.api.add(Some(Hash::of(&customer_id)), None);
            if unknown.borrow().contains(&customer_id) {
                return Ok(());
            }
            all.strangers += 1;
            (job.sink)(Item::Stranger(customer_id))
        })?;
    }
    job.exceptions(&mut all)?;
    Ok(all)
}

/// A reconciliation at work.
struct Job<'a, F> {
    reader: &'a Reader,
    request: &'a ReconcileRequest<'a>,
    /// Every run that was not abandoned, oldest first.
    runs: Vec<RunEntry>,
    /// The run of each input.
    run_of: HashMap<i64, i64>,
    /// Rows that somebody must look at, of each input that one of the files is compared with.
    looked_at: HashMap<i64, Marks>,
    sink: &'a mut F,
}

impl<F: FnMut(Item) -> Result<(), PipelineError>> Job<'_, F> {
    /// Reconciles one file.
    fn file(&mut self, input: &Input, digest: Digest) -> Result<FileFigures, PipelineError> {
        let ReconcileRequest {
            settings,
            stop,
            progress,
            ..
        } = self.request;
        let name = input.source.name();
        let found = find(&self.runs, settings, self.request.target, digest, name);
        let (checker, namespace, compared) = if let Some((run, compared)) = found {
            (checker(settings, run)?, run.namespace, Some(compared))
        } else {
            let rules = Normalizer::new(settings, clock::today())?;
            (Checker::new(rules, &settings.input)?, settings.api.namespace, None)
        };
        let figures = FileFigures::new(Arc::from(name), digest, compared);
        let mut walk = Walk::begin(
            self.reader,
            self.request,
            &self.run_of,
            namespace,
            figures,
            &mut *self.sink,
        )?;
        let read = checker.check(input, Payloads::Dropped, |chunk, checked| {
            if stop.is_requested() {
                return Err(PipelineError::Interrupted);
            }
            progress.check(chunk.len());
            walk.take(checked)
        });
        let trailer = match read {
            Ok(tally) => {
                progress.note(name, &tally.notices());
                if tally.trailer_lines > 0 {
                    let declared = tally.records;
                    Trailer::Fits { declared }
                } else {
                    Trailer::Undeclared
                }
            }
            // Said after every record was read: it is a difference like any other.
            Err(PipelineError::Read(ReadError::Trailer { problem, .. })) => Trailer::Wrong(problem.to_string()),
            Err(error) => return Err(error),
        };
        let (figures, marks) = walk.end(trailer)?;
        if let Some(compared) = &figures.compared {
            self.looked_at.insert(compared.input_id, marks);
        }
        Ok(figures)
    }
}

/// Every run that was not abandoned, oldest first.
fn runs(reader: &Reader) -> Result<Vec<RunEntry>, LedgerError> {
    let mut runs = reader.runs()?;
    runs.retain(|run| run.operation == CREATE_CUSTOMER.name && run.events.iter().all(|event| event.kind != ABANDONED));
    Ok(runs)
}

/// The latest run that has read a file, by its digest; else the latest that has read one of its name, wherever it lay.
fn find<'a>(
    runs: &'a [RunEntry],
    settings: &Settings,
    target: &str,
    digest: Digest,
    name: &str,
) -> Option<(&'a RunEntry, Compared)> {
    let namespace = settings.api.namespace;
    let ours = |run: &&RunEntry| {
        (target.is_empty() || run.target == target) && (namespace == Uuid::nil() || run.namespace == namespace)
    };
    let latest = |is_it: &dyn Fn(&InputEntry) -> bool| {
        let mut latest = runs.iter().rev().filter(ours);
        latest.find_map(|run| Some((run, run.inputs.iter().find(|input| is_it(input))?)))
    };
    let file_name = |name: &str| Path::new(name).file_name().map(OsStr::to_owned);
    let (run, input) = latest(&|input| input.digest == digest)
        .or_else(|| latest(&|input| input.name == name))
        .or_else(|| latest(&|input| file_name(&input.name) == file_name(name)))?;
    let same_file = input.digest == digest;
    let compared = Compared {
        run_id: run.run_id,
        input_id: input.input_id,
        digest: input.digest,
        same_file,
        other_settings: same_settings(run, settings).is_err(),
        complete: input.totals.is_some(),
    };
    Some((run, compared))
}

/// A source of a run whose rows say whether the customers of files are at the API.
#[derive(Clone, Debug)]
pub struct Deciding {
    /// The run.
    pub run: RunEntry,
    /// The source in the ledger.
    pub input: InputEntry,
    /// Which of the files is compared with it, from 0; `None` where it corrects or repeats rows of one that is.
    pub file: Option<usize>,
}

/// What a comparison with the API has to look at, so that a reconciliation of files can rely on it: the sources that they
/// are compared with, then those whose rows answer for theirs. Reads the files' bytes and the ledger's rows.
pub fn deciding(
    reader: &Reader,
    inputs: &Inputs,
    settings: &Settings,
    target: &str,
) -> Result<Vec<Deciding>, PipelineError> {
    let runs = runs(reader)?;
    let mut all: Vec<Deciding> = Vec::new();
    let add = |all: &mut Vec<Deciding>, input_id: i64, file: Option<usize>| {
        let known = all.iter().any(|deciding| deciding.input.input_id == input_id);
        let mut sources = (runs.iter()).flat_map(|run| run.inputs.iter().map(move |input| (run, input)));
        if let Some((run, input)) = sources.find(|(_, input)| input.input_id == input_id && !known) {
            all.push(Deciding {
                run: run.clone(),
                input: input.clone(),
                file,
            });
        }
    };
    for (file, input) in inputs.iter().enumerate() {
        let digest = Digest(input.source.digest()?.sha256);
        if let Some((_, compared)) = find(&runs, settings, target, digest, input.source.name()) {
            add(&mut all, compared.input_id, Some(file));
        }
    }
    let mut others = BTreeSet::new();
    for Deciding { run, input, .. } in &all {
        let answers = Answers {
            reader,
            namespace: run.namespace,
            comparison: None,
        };
        reader.rows(input.input_id, 1, u64::MAX, |row| {
            others.insert(answers.answering(&Rowed { row, seen: None })?.row.key.input);
            Ok::<_, LedgerError>(())
        })?;
    }
    for input_id in others {
        add(&mut all, input_id, None);
    }
    Ok(all)
}

/// The code of a row, for people and programs: all findings of a reject, else the row's own.
fn code(reader: &Reader, row: &RowEntry) -> Result<Option<String>, LedgerError> {
    if row.state != RowState::Rejected {
        return Ok(row.code.clone());
    }
    let [errors, _] = reader.finding_codes(row.key)?;
    Ok(Some(errors.join(" ")))
}
