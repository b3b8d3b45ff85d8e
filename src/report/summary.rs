//! The figures of a run: its control totals and what they hang on, in one pass over its rows.
//!
//! It keeps no row, and knows nothing of how a figure is shown.

use std::collections::BTreeMap;

use super::figures::exceptions::{ExceptionCounts, Standing};
use super::figures::pace::Pace;
use crate::ledger::{Balance, FindingCount, LedgerError, Reader, RunEntry};
use crate::model::row_state::RowState;
use crate::model::totals::Totals;

/// Numbers of attempts that are told apart; rows with so many and more are counted together.
pub(super) const MOST_ATTEMPTS: usize = 10;

/// What every report says of a run.
#[derive(Clone, Debug)]
pub struct Summary {
    /// The run with its sources and what happened to it.
    pub run: RunEntry,
    /// Its control totals.
    pub balance: Balance,
    /// Why rows are in their state, where a code says so.
    pub reasons: BTreeMap<(RowState, String), u64>,
    /// How often each rule was broken, by field, errors first.
    pub findings: Vec<FindingCount>,
    /// HTTP requests made for rows.
    pub attempts: u64,
    /// Control totals of each source, in the order of the run's.
    pub by_input: Vec<Totals>,
    /// Rows for which 0, 1, 2 … requests were made; the last counts those with more, too.
    pub by_attempts: [u64; MOST_ATTEMPTS + 1],
    /// Requests behind the first of each row.
    pub retries: u64,
    /// Rows that somebody must look at, by what became of them since.
    pub exceptions: ExceptionCounts,
}

/// Everything that a report says of a run, but for the exceptions themselves, which are read as they are shown.
#[derive(Clone, Debug)]
pub struct Report {
    /// Its control totals and what they hang on.
    pub summary: Summary,
    /// How fast it went.
    pub pace: Pace,
    /// Runs that correct it, oldest first.
    pub corrected_by: Vec<i64>,
}

impl Report {
    /// Adds up a run as it stands in the ledger.
    pub fn of(reader: &Reader, run: RunEntry) -> Result<Self, LedgerError> {
        let runs = reader.runs()?.into_iter();
        Ok(Self {
            pace: Pace::of(reader, &run)?,
            corrected_by: runs
                .filter(|other| other.corrects == Some(run.run_id))
                .map(|other| other.run_id)
                .collect(),
            summary: Summary::of(reader, run)?,
        })
    }
}

impl Summary {
    /// Adds up a run as it stands in the ledger.
    pub fn of(reader: &Reader, run: RunEntry) -> Result<Self, LedgerError> {
        let mut totals = Totals::default();
        let mut by_input = Vec::new();
        let mut reasons = BTreeMap::new();
        let (mut attempts, mut retries, mut by_attempts) = (0, 0, [0; MOST_ATTEMPTS + 1]);
        let mut exceptions = ExceptionCounts::default();
        for input in &run.inputs {
            let mut of_input = Totals::default();
            reader.rows(input.input_id, 1, u64::MAX, |row| {
                totals.add(row.state);
                of_input.add(row.state);
                attempts += row.attempts;
                retries += row.attempts.saturating_sub(1);
                let made = usize::try_from(row.attempts).unwrap_or(MOST_ATTEMPTS);
                if let Some(rows) = by_attempts.get_mut(made.min(MOST_ATTEMPTS)) {
                    *rows += 1;
                }
                if row.state.needs_attention() {
                    let clearing = reader.clearing(run.namespace, &row)?;
                    exceptions.add(row.state, Standing::from(clearing.as_ref()));
                }
                if let Some(code) = row.code {
                    *reasons.entry((row.state, code)).or_default() += 1;
                }
                Ok::<_, LedgerError>(())
            })?;
            by_input.push(of_input);
        }
        let balance = Balance::with(totals, &run);
        let findings = reader.finding_counts(&run)?;
        Ok(Self {
            run,
            balance,
            reasons,
            findings,
            attempts,
            by_input,
            by_attempts,
            retries,
            exceptions,
        })
    }

    /// Where the run stands, in a word.
    pub fn status(&self) -> &'static str {
        match self.run.events.last().map(|event| event.kind.as_str()) {
            _ if !self.balance.adds_up() => "out of balance",
            Some("finished") => "finished",
            Some("stopped") => "stopped",
            Some("abandoned") => "abandoned",
            Some(_) | None => "unfinished",
        }
    }

    /// Why the run stopped, if it did.
    pub fn stop_reason(&self) -> Option<&str> {
        self.run.events.last().and_then(|event| event.reason.as_deref())
    }

    /// Rows that somebody must look at, whatever became of them since.
    pub fn attention(&self) -> u64 {
        self.balance.totals.count(RowState::needs_attention)
    }

    /// Rows that are created, existing or duplicates: nothing is left to do about them. With [`Self::open`],
    /// [`Self::to_fix`] and [`Self::cleared`] they are all rows, each once.
    pub fn done(&self) -> u64 {
        self.balance
            .totals
            .count(|state| state.may_end() && !state.needs_attention())
    }

    /// Rows that the same command still sends, and that nothing has cleared.
    pub fn open(&self) -> u64 {
        let waiting = self.balance.totals.count(|state| !state.may_end());
        waiting + (self.exceptions).count(|state, standing| state.is_open() && standing == Standing::Open)
    }

    /// Rows that only a person can bring on: rejected, refused or in conflict, and nothing has cleared them.
    pub fn to_fix(&self) -> u64 {
        (self.exceptions).count(|state, standing| !state.is_open() && standing == Standing::Open)
    }

    /// Rows about which something is still to be done.
    pub fn left(&self) -> u64 {
        self.open() + self.to_fix()
    }

    /// Rows that somebody had to look at and that a correction, a later run or a person has cleared.
    pub fn cleared(&self) -> u64 {
        self.exceptions.count(|_, standing| standing != Standing::Open)
    }

    /// Account under which the run was begun; `None` in ledgers before version 4.
    pub fn who(&self) -> Option<&str> {
        self.run.events.first().and_then(|event| event.who.as_deref())
    }

    /// When it came to its end, was stopped or abandoned; `None` while it goes on.
    pub fn ended_ms(&self) -> Option<i64> {
        let last = self.run.events.last()?;
        ["finished", "stopped", "abandoned"]
            .contains(&last.kind.as_str())
            .then_some(last.at_ms)
    }
}
