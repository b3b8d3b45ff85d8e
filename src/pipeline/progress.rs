//! What a run has done so far, for whoever shows it. Rows are counted here only after their ledger commit.

use std::sync::atomic::{AtomicU8, AtomicU64, Ordering};
use std::sync::{Mutex, OnceLock};

use crate::clock;
use crate::ledger::RunEntry;
use crate::model::row_state::RowState;
use crate::model::totals::Totals;
use crate::send::{Live, Sender};

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

impl Phase {
    /// Every phase, in the order of a run.
    pub const ALL: [Self; 4] = [Self::Identifying, Self::Checking, Self::Sending, Self::Balancing];

    /// The phase's word in events and metrics.
    pub fn word(self) -> &'static str {
        match self {
            Self::Identifying => "identifying",
            Self::Checking => "checking",
            Self::Sending => "sending",
            Self::Balancing => "balancing",
        }
    }
}

/// What happened to a run as a whole.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Happening {
    /// It does something else from now on; so far it had come before.
    Entered(Phase, Reached),
    /// It is known which run of the ledger it is.
    Begun(Begun),
}

/// How far a run has come in this process.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Reached {
    /// Records checked.
    pub checked: u64,
    /// Rows that got an outcome.
    pub sent: u64,
    /// Rows by state, as committed.
    pub totals: Totals,
}

/// A run of the ledger that a process takes up.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Begun {
    /// Number of the run.
    pub run_id: i64,
    /// Whether an earlier invocation had begun it.
    pub resumed: bool,
    /// The names of its sources.
    pub files: Vec<String>,
    /// What the ledger calls the API.
    pub target: String,
}

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
    /// A handful in each run, each with its milliseconds since 1970.
    happenings: Mutex<Vec<(i64, Happening)>>,
    sender: OnceLock<Sender>,
}

impl Progress {
    /// What the run is doing.
    pub fn phase(&self) -> Phase {
        let index = usize::from(self.phase.load(Ordering::Relaxed));
        Phase::ALL.get(index).copied().unwrap_or(Phase::Balancing)
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

    /// How far it has come.
    pub fn reached(&self) -> Reached {
        Reached {
            checked: self.checked(),
            sent: self.sent(),
            totals: self.totals(),
        }
    }

    /// What is worth a word about a source as a whole, to be said once, when it has been read.
    pub fn notices(&self) -> Vec<String> {
        self.notices.lock().map(|notices| notices.clone()).unwrap_or_default()
    }

    /// What happened to the run as a whole, but for the first so many, each with its milliseconds since 1970.
    pub fn happenings(&self, but: usize) -> Vec<(i64, Happening)> {
        let happenings = self.happenings.lock();
        happenings.map_or_else(|_| Vec::new(), |all| all.get(but..).unwrap_or_default().to_vec())
    }

    /// What is on its way to the API; nothing before it is known how to send.
    pub fn live(&self) -> Option<Live> {
        self.sender.get().map(Sender::live)
    }

    /// Keeps the sender, to be looked at. The first one stays: a run has no other.
    pub(super) fn watch(&self, sender: &Sender) {
        self.sender.get_or_init(|| sender.clone());
    }

    pub(super) fn begin(&self, run: &RunEntry, resumed: bool) {
        self.happens(Happening::Begun(Begun {
            run_id: run.run_id,
            resumed,
            files: run.inputs.iter().map(|input| input.name.clone()).collect(),
            target: run.target.clone(),
        }));
    }

    fn happens(&self, what: Happening) {
        if let Ok(mut happenings) = self.happenings.lock() {
            happenings.push((clock::now_ms(), what));
        }
    }

    /// Keeps sentences about a source.
    pub(super) fn note(&self, name: &str, sentences: &[String]) {
        if let Ok(mut notices) = self.notices.lock() {
            notices.extend(sentences.iter().map(|notice| format!("{name}: {notice}")));
        }
    }

    pub(super) fn enter(&self, phase: Phase) {
        self.phase.store(phase as u8, Ordering::Relaxed);
        self.happens(Happening::Entered(phase, self.reached()));
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
