//! What a run has done so far, for whoever shows it. Rows are counted here only after their ledger commit.

use std::sync::Mutex;
use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};

use crate::model::row_state::RowState;
use crate::model::totals::Totals;

/// What a run is doing.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Phase {
    /// Reads the sources' bytes to know them again.
    Identifying,
    /// Checks every record and writes the plan.
    Checking,
    /// Sends what is open.
    Sending,
    /// Adds everything up.
    Balancing,
}

const PHASES: [Phase; 4] = [Phase::Identifying, Phase::Checking, Phase::Sending, Phase::Balancing];

/// Shared between the pipeline, which writes, and a display, which looks now and then.
#[derive(Debug, Default)]
pub struct Progress {
    phase: AtomicU8,
    /// Records checked.
    checked: AtomicU64,
    /// Rows with an outcome in this process.
    sent: AtomicU64,
    totals: Mutex<Totals>,
    notices: Mutex<Vec<String>>,
}

impl Progress {
    /// What the run is doing.
    pub fn phase(&self) -> Phase {
        let index = usize::from(self.phase.load(Ordering::Relaxed));
        PHASES.get(index).copied().unwrap_or(Phase::Balancing)
    }

    /// Records checked so far.
    pub fn checked(&self) -> u64 {
        self.checked.load(Ordering::Relaxed)
    }

    /// Rows that got an outcome in this process.
    pub fn sent(&self) -> u64 {
        self.sent.load(Ordering::Relaxed)
    }

    /// Rows by state, as committed.
    pub fn totals(&self) -> Totals {
        self.totals.lock().map(|totals| *totals).unwrap_or_default()
    }

    /// What is worth a word about a source as a whole, to be said once, when it has been read.
    pub fn notices(&self) -> Vec<String> {
        self.notices.lock().map(|notices| notices.clone()).unwrap_or_default()
    }

    /// Keeps sentences about a source.
    pub(super) fn note(&self, name: &str, sentences: &[String]) {
        if let Ok(mut notices) = self.notices.lock() {
            notices.extend(sentences.iter().map(|notice| format!("{name}: {notice}")));
        }
    }

    pub(super) fn enter(&self, phase: Phase) {
        self.phase.store(phase as u8, Ordering::Relaxed);
    }

    pub(super) fn check(&self, records: usize) {
        self.checked.fetch_add(records as u64, Ordering::Relaxed);
    }

    pub(super) fn set_totals(&self, now: Totals) {
        if let Ok(mut totals) = self.totals.lock() {
            *totals = now;
        }
    }

    pub(super) fn step(&self, from: Option<RowState>, to: RowState) {
        if let Ok(mut totals) = self.totals.lock() {
            totals.step(from, to);
        }
        if from.is_some() && to.may_end() {
            self.sent.fetch_add(1, Ordering::Relaxed);
        }
    }
}
