//! Where every row of a run stands, in one look by as many threads as check records.
//!
//! A run that was killed has millions of rows behind it, and its first request waits for this. It keeps no row.

use std::path::Path;

use rayon::ThreadPool;
use rayon::iter::{IntoParallelIterator, ParallelIterator};

use super::error::PipelineError;
use crate::ledger::{LedgerError, Reader, RunEntry, Standing};
use crate::model::row_state::RowState;
use crate::model::totals::Totals;

/// Records that one thread looks at before it takes others: a tenth of a second's work.
const PART: u64 = 100_000;

/// What there is to send, and what the brakes must know of before.
#[derive(Clone, Debug, Default)]
pub(super) struct Outset {
    /// Rows by state.
    pub(super) totals: Totals,
    /// Rows of whom the API said that they are there with other data: a conflict of the plan has no answer.
    pub(super) conflicts: u64,
    /// What is open of each source, in the order of the run's.
    pub(super) sources: Vec<Left>,
}

/// Open rows of a source.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(super) struct Left {
    pub(super) rows: u64,
    /// Record of the first; 0 if there is none.
    pub(super) first: u64,
}

impl Outset {
    /// Looks at a run as it stands in the ledger at `path`.
    pub(super) fn of(
        path: &Path,
        reader: &Reader,
        run: &RunEntry,
        threads: &ThreadPool,
    ) -> Result<Self, PipelineError> {
        let mut whole = Self::default();
        for input in &run.inputs {
            let parts = reader.planned(input.input_id)?.div_ceil(PART);
            let look = |part: u64| Self::part(&Reader::open(path)?, input.input_id, part * PART);
            // In their order, so that the first open row is that of the first part which has one.
            let parts: Vec<_> = threads.install(|| (0..parts).into_par_iter().map(look).collect::<Result<_, _>>())?;
            let mut left = Left::default();
            for part in parts {
                whole.add(&part, &mut left);
            }
            whole.sources.push(left);
        }
        Ok(whole)
    }

    /// Looks at the records behind `behind`, as many as a part has.
    fn part(reader: &Reader, input: i64, behind: u64) -> Result<(Totals, u64, Left), LedgerError> {
        let (mut totals, mut conflicts, mut left) = (Totals::default(), 0, Left::default());
        reader.standings(input, behind + 1, behind + PART, |row: Standing| {
            totals.add(row.state);
            conflicts += u64::from(row.state == RowState::Conflict && row.was_answered);
            if row.state.is_open() {
                left.rows += 1;
                if left.first == 0 {
                    left.first = row.record;
                }
            }
            Ok::<_, LedgerError>(())
        })?;
        Ok((totals, conflicts, left))
    }

    fn add(&mut self, (totals, conflicts, part): &(Totals, u64, Left), left: &mut Left) {
        for state in RowState::ALL {
            self.totals.change(state, totals.of(state));
        }
        self.conflicts += conflicts;
        left.rows += part.rows;
        if left.first == 0 {
            left.first = part.first;
        }
    }
}
