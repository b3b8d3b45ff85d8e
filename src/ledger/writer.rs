//! The one thread that writes, and the handle through which the pipeline speaks to it.
//!
//! The words are the pipeline's own: begin, plan, claim, outcome. A caller that has its answer knows that what it asked for
//! is on disk. How the thread groups what it is asked for is in `commits`.

use std::panic::{AssertUnwindSafe, catch_unwind};
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, OnceLock};
use std::thread::JoinHandle;

use tokio::sync::oneshot;
use uuid::Uuid;

use super::LedgerError;
use super::addition::{Addition, NewComparison};
use super::balance::InputTotals;
use super::entry::{Claim, Claimed, NewRun, Planned};
use super::lock::Lock;
use super::open;
use super::place::Place;
use super::stay::Stay;
use super::store::Store;
use crate::model::outcome::Outcome;
use crate::model::row::RowKey;
use crate::model::row_state::RowState;
use commits::write_all;
use queue::Queue;

mod commits;
mod queue;

type Answer<T> = oneshot::Sender<Result<T, LedgerError>>;

enum Command {
    Begin(Box<NewRun>, Answer<(i64, Vec<i64>)>),
    RunEvent {
        run_id: i64,
        kind: &'static str,
        reason: Option<String>,
        answer: Answer<()>,
    },
    Plan(Vec<Planned>, Uuid, Answer<Vec<RowState>>),
    EndInput(i64, InputTotals, Answer<()>),
    Index {
        namespace: Uuid,
        input: i64,
        after: u64,
        answer: Answer<Option<u64>>,
    },
    Claim(Vec<Claim>, Uuid, Answer<Vec<Claimed>>),
    Outcome(Box<Outcome>, Answer<RowState>),
    Retry(Vec<RowKey>, Answer<()>),
    BeginComparison(Box<NewComparison>, Answer<i64>),
    Add(Vec<Addition>, Answer<()>),
}

/// What the thread lets its handle know.
#[derive(Debug, Default)]
struct Known {
    /// The error that stopped the thread. It is set before any caller that waits is let go.
    cause: OnceLock<LedgerError>,
    /// Rows whose claim of this process is on disk, and whose outcome is not.
    in_doubt: AtomicUsize,
}

impl Known {
    fn stopped(&self) -> LedgerError {
        // Only a panic lets go of callers without a cause.
        let cause = self.cause.get().cloned().unwrap_or(LedgerError::Panicked);
        LedgerError::Stopped { cause: Box::new(cause) }
    }

    /// Keeps the first error.
    fn stop(&self, error: &LedgerError) {
        tracing::error!(%error, "the ledger's writer stops");
        drop(self.cause.set(error.clone()));
    }
}

/// The ledger, open for writing. One process holds it at a time.
#[derive(Debug)]
pub struct Ledger {
    path: PathBuf,
    notices: Vec<String>,
    queue: Arc<Queue>,
    thread: Option<JoinHandle<()>>,
    known: Arc<Known>,
    _lock: Lock,
}

impl Ledger {
    /// Opens or makes a ledger and takes its lock. Its folder is made, private to its owner, if there is none.
    pub fn open(path: &Path) -> Result<Self, LedgerError> {
        let mut place = Place::to_write(path)?;
        let lock = Lock::take(&place)?;
        place.settle()?;
        let mut store = Store::new(open::to_write(&place)?);
        let stay = Stay::of(&place);
        Self::start(place, lock, move |queue, known| {
            write_all(&mut store, &stay, queue, known);
        })
    }

    /// Starts the thread that writes. What the work holds ends with it: what was not committed is rolled back.
    fn start(
        place: Place,
        lock: Lock,
        work: impl FnOnce(&Queue, &Known) + Send + 'static,
    ) -> Result<Self, LedgerError> {
        let known = Arc::<Known>::default();
        let queue = Arc::<Queue>::default();
        let thread = std::thread::Builder::new()
            .name("ledger".to_owned())
            .spawn({
                let (known, queue) = (Arc::clone(&known), Arc::clone(&queue));
                move || {
                    if catch_unwind(AssertUnwindSafe(|| work(&queue, &known))).is_err() {
                        known.stop(&LedgerError::Panicked);
                    }
                    queue.stop();
                }
            })
            .map_err(|source| LedgerError::Open {
                path: place.named.clone(),
                source: Arc::new(source),
            })?;
        Ok(Self {
            path: place.named,
            notices: place.notices,
            queue,
            thread: Some(thread),
            known,
            _lock: lock,
        })
    }

    /// What the operator should know of where the ledger is: sentences, without its name.
    pub fn notices(&self) -> &[String] {
        &self.notices
    }

    /// The ledger's file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    /// How many rows this process has claimed for which the ledger has no outcome. While a run is sending these are in
    /// flight; once the writer has stopped they are in doubt, and the next process sends them again under the same ids.
    pub fn in_doubt(&self) -> usize {
        self.known.in_doubt.load(Ordering::Acquire)
    }

    /// Begins a run; gives its number and its inputs' numbers.
    pub fn begin_run(&self, run: NewRun) -> Result<(i64, Vec<i64>), LedgerError> {
        self.call(|answer| Command::Begin(Box::new(run), answer))
    }

    /// Appends to what happened to a run: started, planned, stopped or finished.
    pub fn run_event(&self, run_id: i64, kind: &'static str, reason: Option<String>) -> Result<(), LedgerError> {
        self.call(|answer| Command::RunEvent {
            run_id,
            kind,
            reason,
            answer,
        })
    }

    /// Writes checked records; gives the state of each, later. Whoever asks again before waiting lets the writer put
    /// more into one commit.
    pub fn plan(&self, namespace: Uuid, planned: Vec<Planned>) -> Result<Pending<Vec<RowState>>, LedgerError> {
        self.ask(|answer| Command::Plan(planned, namespace, answer))
    }

    /// Writes what the reader counted in an input that it read to its end.
    pub fn end_input(&self, input: i64, totals: InputTotals) -> Result<(), LedgerError> {
        self.call(|answer| Command::EndInput(input, totals, answer))
    }

    /// Writes the next planned rows of an input into the index of customers, those behind a record; gives the last of them,
    /// `None` if none was left. Sending does not depend on it, and is faster for it.
    pub fn index_planned(&self, namespace: Uuid, input: i64, after: u64) -> Result<Option<u64>, LedgerError> {
        self.call(|answer| Command::Index {
            namespace,
            input,
            after,
            answer,
        })
    }

    /// Claims rows for sending; gives what became of each claim.
    pub async fn claim(&self, namespace: Uuid, claims: Vec<Claim>) -> Result<Vec<Claimed>, LedgerError> {
        self.call_async(|answer| Command::Claim(claims, namespace, answer))
            .await
    }

    /// Appends an event to a claimed row; gives its new state once that is on disk.
    pub async fn outcome(&self, outcome: Outcome) -> Result<RowState, LedgerError> {
        self.call_async(|answer| Command::Outcome(Box::new(outcome), answer))
            .await
    }

    /// Makes refused rows pending again: somebody asked that they be sent as they are.
    pub fn retry(&self, rows: Vec<RowKey>) -> Result<(), LedgerError> {
        self.call(|answer| Command::Retry(rows, answer))
    }

    /// Begins a comparison with the API; gives its number.
    pub fn begin_comparison(&self, new: NewComparison) -> Result<i64, LedgerError> {
        self.call(|answer| Command::BeginComparison(Box::new(new), answer))
    }

    /// Adds to what is known of rows; blocks until it is on disk.
    pub fn add(&self, additions: Vec<Addition>) -> Result<(), LedgerError> {
        self.call(|answer| Command::Add(additions, answer))
    }

    /// The same from asynchronous code.
    pub async fn add_later(&self, additions: Vec<Addition>) -> Result<(), LedgerError> {
        self.call_async(|answer| Command::Add(additions, answer)).await
    }

    fn call<T>(&self, command: impl FnOnce(Answer<T>) -> Command) -> Result<T, LedgerError> {
        self.ask(command)?.wait()
    }

    fn ask<T>(&self, command: impl FnOnce(Answer<T>) -> Command) -> Result<Pending<T>, LedgerError> {
        let (answer, answered) = oneshot::channel();
        if !self.queue.ask(command(answer)) {
            return Err(self.known.stopped());
        }
        Ok(Pending(answered, Arc::clone(&self.known)))
    }

    async fn call_async<T>(&self, command: impl FnOnce(Answer<T>) -> Command) -> Result<T, LedgerError> {
        let (answer, answered) = oneshot::channel();
        if !self.queue.ask(command(answer)) {
            return Err(self.known.stopped());
        }
        answered.await.map_err(|_| self.known.stopped())?
    }
}

/// What was asked of the ledger and is not yet known to be on disk.
#[derive(Debug)]
pub struct Pending<T>(oneshot::Receiver<Result<T, LedgerError>>, Arc<Known>);

impl<T> Pending<T> {
    /// Waits for the commit. Must not be called from within an asynchronous runtime: it blocks.
    pub fn wait(self) -> Result<T, LedgerError> {
        self.0.blocking_recv().map_err(|_| self.1.stopped())?
    }
}

/// Waits until everything that was asked for is on disk.
impl Drop for Ledger {
    fn drop(&mut self) {
        self.queue.close();
        if let Some(thread) = self.thread.take() {
            // The thread answers every error to its caller; there is nothing left to tell if it panicked.
            drop(thread.join());
        }
    }
}

/// Makes a folder and those above it, private to their owner.
pub fn make_private_folder(folder: &Path) -> std::io::Result<()> {
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

#[cfg(test)]
mod tests;
