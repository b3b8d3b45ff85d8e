//! The exceptions of all runs: rows that somebody must look at, until a later run or a person has answered for them.
//!
//! A run that a later one repeats, the same files with other settings, is passed over: what it left open is answered for
//! there. It decides nothing: [`crate::ledger::Clearing`] does.

use std::sync::Arc;

use super::{Job, code};
use crate::ledger::{Clearing, Disposition, InputEntry, LedgerError, RowEntry, RunEntry};
use crate::pipeline::PipelineError;
use crate::reconcile::{Compared, Exception, Item, LostRow, Reconciliation};

/// Corrections of corrections that are followed; a damaged ledger may have a circle.
const LONGEST_CHAIN: usize = 100;

/// Whether an exception still is one.
enum Standing {
    Open,
    Decided(Disposition),
    Cleared,
}

impl<F: FnMut(Item) -> Result<(), PipelineError>> Job<'_, F> {
    /// Names every exception that is open, and every one that a person decided about; counts them. Names the records, too,
    /// that another run of these files, or a correction of them, has read and of which the ledger has no row.
    pub(super) fn exceptions(&mut self, all: &mut Reconciliation) -> Result<(), PipelineError> {
        let Self {
            reader,
            request,
            runs,
            sink,
            ..
        } = self;
        let compared: Vec<&Compared> = all.files.iter().filter_map(|file| file.compared.as_ref()).collect();
        let mut counts = [0_u64; 3];
        for (index, run) in runs.iter().enumerate() {
            if runs.iter().skip(index + 1).any(|later| later.repeats(run)) {
                continue;
            }
            for input in &run.inputs {
                let is_compared = compared.iter().any(|compared| compared.input_id == input.input_id);
                let is_theirs = !is_compared && is_of(all, runs, run, input);
                let file: Arc<str> = Arc::from(input.name.as_str());
                let (mut next, mut lost) = (1, Vec::new());
                reader.rows(input.input_id, 1, u64::MAX, |row| {
                    if is_theirs {
                        if next < row.key.record {
                            lost.push(next..row.key.record);
                        }
                        next = row.key.record + 1;
                    }
                    if request.stop.is_requested() {
                        return Err(PipelineError::Interrupted);
                    }
                    let disposition = match standing(reader, run, &row)? {
                        Standing::Cleared => return Ok(()),
                        Standing::Open => None,
                        Standing::Decided(disposition) => Some(disposition),
                    };
                    let [open, theirs, disposed] = &mut counts;
                    *open += u64::from(disposition.is_none());
                    *theirs += u64::from(disposition.is_none() && is_theirs);
                    *disposed += u64::from(disposition.is_some());
                    sink(Item::Exception(Box::new(Exception {
                        run_id: run.run_id,
                        file: Arc::clone(&file),
                        position: row.position,
                        state: row.state,
                        code: code(reader, &row)?,
                        since_ms: reader.last_event_ms(row.key)?.unwrap_or(run.created_ms),
                        customer_id: row.customer_id,
                        disposition,
                        compared: is_compared,
                        of_these_files: is_theirs,
                    })))
                })?;
                if is_theirs {
                    let read = input.totals.as_ref().map_or(0, |totals| totals.records);
                    lost.push(next..read.saturating_add(1));
                }
                for record in lost.into_iter().flatten() {
                    all.lost += 1;
                    let (run_id, file) = (run.run_id, Arc::clone(&file));
                    sink(Item::Lost(LostRow { run_id, file, record }))?;
                }
            }
        }
        [all.open, all.open_of_these_files, all.disposed] = counts;
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

/// What stands against a row. One that corrects a record is answered for with it.
fn standing(reader: &crate::ledger::Reader, run: &RunEntry, row: &RowEntry) -> Result<Standing, LedgerError> {
    if !row.state.needs_attention() {
        return Ok(Standing::Cleared);
    }
    Ok(match reader.clearing(run.namespace, row)? {
        // The decision is counted where it was made.
        Some(Clearing::Disposed(_)) if reader.dispositions(row.key)?.is_empty() => Standing::Cleared,
        Some(Clearing::Disposed(disposition)) => Standing::Decided(disposition),
        Some(Clearing::Corrected(_) | Clearing::Later(_)) => Standing::Cleared,
        None => Standing::Open,
    })
}
