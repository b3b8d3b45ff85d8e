//! The exceptions of all runs: rows that somebody must look at, until a later run or a person has answered for them.
//!
//! A run that a later one repeats, the same files with other settings, is passed over: what it left open is answered for
//! there. It decides nothing: [`crate::ledger::Clearing`] does.

use std::sync::Arc;

use super::{Job, code};
use crate::ledger::{Clearing, Disposition, InputEntry, LedgerError, Reader, RowEntry, RunEntry};
use crate::model::row::RowKey;
use crate::pipeline::PipelineError;
use crate::reconcile::{Exception, Item, LostRow, Reconciliation};
use crate::send::Stop;

/// Corrections of corrections that are followed; a damaged ledger may have a circle.
const LONGEST_CHAIN: usize = 100;

/// Whether an exception still is one.
enum Standing {
    Open,
    Decided(Disposition),
    Cleared,
}

/// How many exceptions there are.
#[derive(Default)]
struct Counts {
    open: u64,
    open_of_these_files: u64,
    disposed: u64,
}

impl<F: FnMut(Item) -> Result<(), PipelineError>> Job<'_, F> {
    /// Names every exception that is open, and every one that a person decided about; counts them. Names the records, too,
    /// that another run of these files, or a correction of them, has read and of which the ledger has no row.
    pub(super) fn exceptions(&mut self, all: &mut Reconciliation) -> Result<(), PipelineError> {
        let mut counts = Counts::default();
        for (index, run) in self.runs.iter().enumerate() {
            if self.runs.iter().skip(index + 1).any(|later| later.repeats(run)) {
                continue;
            }
            for input in &run.inputs {
                let marks = self.looked_at.get(&input.input_id);
                let mut source = Source {
                    reader: self.reader,
                    stop: self.request.stop,
                    run,
                    input,
                    file: Arc::from(input.name.as_str()),
                    is_compared: marks.is_some(),
                    is_theirs: marks.is_none() && is_of(all, &self.runs, run, input),
                    counts: &mut counts,
                    sink: &mut *self.sink,
                };
                match marks {
                    // Every row of it was read already.
                    Some(marks) => marks.records().try_for_each(|record| source.exception(record))?,
                    None => all.lost += source.all_rows()?,
                }
            }
        }
        all.open = counts.open;
        all.open_of_these_files = counts.open_of_these_files;
        all.disposed = counts.disposed;
        Ok(())
    }
}

/// A source of a run whose exceptions are named.
struct Source<'a, F> {
    reader: &'a Reader,
    stop: &'a Stop,
    run: &'a RunEntry,
    input: &'a InputEntry,
    file: Arc<str>,
    /// Whether one of the files is compared with it.
    is_compared: bool,
    /// Whether it is about one of the files all the same.
    is_theirs: bool,
    counts: &'a mut Counts,
    sink: &'a mut F,
}

impl<F: FnMut(Item) -> Result<(), PipelineError>> Source<'_, F> {
    /// Looks for exceptions among all rows, and for records of these files that have none; gives how many have none.
    fn all_rows(&mut self) -> Result<u64, PipelineError> {
        let (mut next, mut lost) = (1, Vec::new());
        self.reader.standings(self.input.input_id, 1, u64::MAX, |row| {
            if self.is_theirs {
                if next < row.record {
                    lost.push(next..row.record);
                }
                next = row.record + 1;
            }
            if row.state.needs_attention() {
                self.exception(row.record)?;
            }
            self.go_on()
        })?;
        if self.is_theirs {
            let read = self.input.totals.as_ref().map_or(0, |totals| totals.records);
            lost.push(next..read.saturating_add(1));
        }
        let mut count = 0;
        for record in lost.into_iter().flatten() {
            count += 1;
            let (run_id, file) = (self.run.run_id, Arc::clone(&self.file));
            (self.sink)(Item::Lost(LostRow { run_id, file, record }))?;
        }
        Ok(count)
    }

    /// Names a row that somebody must look at, unless it was cleared.
    fn exception(&mut self, record: u64) -> Result<(), PipelineError> {
        self.go_on()?;
        let input = self.input.input_id;
        let Some(row) = self.reader.row(RowKey { input, record })? else {
            return Ok(());
        };
        let disposition = match standing(self.reader, self.run, &row)? {
            Standing::Cleared => return Ok(()),
            Standing::Open => None,
            Standing::Decided(disposition) => Some(disposition),
        };
        let is_open = disposition.is_none();
        self.counts.open += u64::from(is_open);
        self.counts.open_of_these_files += u64::from(is_open && self.is_theirs);
        self.counts.disposed += u64::from(!is_open);
        (self.sink)(Item::Exception(Box::new(Exception {
            run_id: self.run.run_id,
            file: Arc::clone(&self.file),
            position: row.position,
            state: row.state,
            code: code(self.reader, &row)?,
            since_ms: self.reader.last_event_ms(row.key)?.unwrap_or(self.run.created_ms),
            customer_id: row.customer_id,
            disposition,
            compared: self.is_compared,
            of_these_files: self.is_theirs,
        })))
    }

    fn go_on(&self) -> Result<(), PipelineError> {
        if self.stop.is_requested() {
            return Err(PipelineError::Interrupted);
        }
        Ok(())
    }
}

/// Whether an input is about one of the files: it has its name or its bytes, or its run corrects one that they are compared
/// with.
fn is_of(all: &Reconciliation, runs: &[RunEntry], run: &RunEntry, input: &InputEntry) -> bool {
    let same = all
        .files
        .iter()
        .any(|file| *file.name == *input.name || file.digest == input.digest);
    let compared: Vec<i64> = (all.files.iter())
        .filter_map(|file| Some(file.compared.as_ref()?.run_id))
        .collect();
    let mut corrects = run.corrects;
    for _ in 0..LONGEST_CHAIN {
        let Some(of) = corrects else { break };
        if compared.contains(&of) {
            return true;
        }
        corrects = runs.iter().find(|run| run.run_id == of).and_then(|run| run.corrects);
    }
    same
}

/// What stands against a row that somebody must look at. One that corrects a record is answered for with it.
fn standing(reader: &Reader, run: &RunEntry, row: &RowEntry) -> Result<Standing, LedgerError> {
    Ok(match reader.clearing(run.namespace, row)? {
        // The decision is counted where it was made.
        Some(Clearing::Disposed(_)) if reader.dispositions(row.key)?.is_empty() => Standing::Cleared,
        Some(Clearing::Disposed(disposition)) => Standing::Decided(disposition),
        Some(Clearing::Corrected(_) | Clearing::Later(_)) => Standing::Cleared,
        None => Standing::Open,
    })
}
