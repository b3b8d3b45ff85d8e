//! The figures of a run.

use std::collections::BTreeMap;

use crate::ledger::{Balance, FindingCount, LedgerError, Reader, RunEntry};
use crate::model::row_state::RowState;
use crate::model::totals::Totals;

/// Everything that a report says of a run.
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
}

impl Summary {
    /// Adds up a run as it stands in the ledger.
    pub fn of(reader: &Reader, run: RunEntry) -> Result<Self, LedgerError> {
        let mut totals = Totals::default();
        let mut reasons = BTreeMap::new();
        let mut attempts = 0;
        for input in &run.inputs {
            reader.rows(input.input_id, 1, u64::MAX, |row| {
                totals.add(row.state);
                attempts += row.attempts;
                if let Some(code) = row.code {
                    *reasons.entry((row.state, code)).or_default() += 1;
                }
                Ok::<_, LedgerError>(())
            })?;
        }
        let balance = Balance::with(totals, &run);
        let findings = reader.finding_counts(&run)?;
        Ok(Self {
            run,
            balance,
            reasons,
            findings,
            attempts,
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

    /// Rows that somebody must look at.
    pub fn attention(&self) -> u64 {
        self.balance.totals.count(RowState::needs_attention)
    }

    /// Rows that the same command still sends.
    pub fn open(&self) -> u64 {
        self.balance.totals.count(RowState::is_open)
    }
}
