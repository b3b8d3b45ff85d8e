//! What the API has, written down beside what the ledger says: a comparison.
//!
//! First the list of customers is read, for those about whom the ledger knows nothing; then each row whose customer is at
//! the API, or may be, is read by its id. A comparison that was interrupted is taken up where it was, if nothing has
//! changed in the rows since and it is not a day old; what was seen is not asked again.
//!
//! It deliberately judges nothing and creates nobody: what was seen is in the ledger, and `reconcile` says what it means.

mod listing;
mod observing;
mod subjects;

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, OnceLock};

use sha2::{Digest as _, Sha256};
use tokio::runtime::Runtime;
use tokio::sync::mpsc;

use self::listing::List;
use self::observing::Observing;
use self::subjects::Subjects;
use super::capacity::WAITING_BATCHES;
use super::error::PipelineError;
use super::inputs::Input;
use crate::clock;
use crate::config::settings::Settings;
use crate::ledger::{Addition, ComparisonEntry, InputEntry, Ledger, NewComparison, Reader, RunEntry};
use crate::model::digest::Digest;
use crate::send::{RunStop, Sender, Stop};

/// A comparison older than this is not taken up again: what it saw then says too little about now.
const TAKEN_UP_FOR_MS: i64 = 24 * 60 * 60 * 1000;

/// What a comparison needs beside what is compared.
#[derive(Debug)]
pub struct CompareRequest<'a> {
    /// The settings: the API, its limits, the namespace, the ledger.
    pub settings: &'a Settings,
    /// What the ledger calls the API: its base URL, or the sandbox.
    pub target: String,
    /// Where the asynchronous part runs.
    pub runtime: &'a Runtime,
    /// Set by whoever wants it to stop.
    pub stop: Stop,
    /// Where it says how far it is.
    pub progress: Arc<CompareProgress>,
}

/// A source that was sent, to be compared.
#[derive(Clone, Copy, Debug)]
pub struct CompareInput<'a> {
    /// Its run.
    pub run: &'a RunEntry,
    /// What the ledger has of it.
    pub input: &'a InputEntry,
    /// The source, where it is at hand: without it fields that differ cannot be named.
    pub source: Option<&'a Input>,
}

/// How far a comparison is, for whoever shows it.
#[derive(Debug, Default)]
pub struct CompareProgress {
    pages: AtomicU64,
    rows: AtomicU64,
    observed: AtomicU64,
    sender: OnceLock<Sender>,
}

impl CompareProgress {
    /// Pages of the list that this process has read.
    pub fn pages(&self) -> u64 {
        self.pages.load(Ordering::Relaxed)
    }

    /// Rows to be looked at in all; 0 until they are counted.
    pub fn rows(&self) -> u64 {
        self.rows.load(Ordering::Relaxed)
    }

    /// Whether it waits for a service that takes no requests.
    pub fn is_paused(&self) -> bool {
        self.sender.get().is_some_and(|sender| sender.live().is_paused())
    }

    /// Rows of which the ledger has what was seen, those of an earlier process included.
    pub fn observed(&self) -> u64 {
        self.observed.load(Ordering::Relaxed)
    }
}

/// How a comparison ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum CompareEnd {
    /// Everything was seen.
    Ended,
    /// So many rows got no clear answer; the same again asks for these alone.
    Unclear(u64),
    /// The list of customers got no clear answer: why, as a code.
    ListUnclear(&'static str),
    /// The service stopped it.
    Stopped(RunStop),
    /// Somebody asked it to stop.
    Interrupted,
}

/// A comparison that came to an end of some kind.
#[derive(Clone, Debug)]
pub struct Compared {
    /// Its number in the ledger.
    pub comparison_id: i64,
    /// Whether an earlier invocation had begun it.
    pub resumed: bool,
    /// How it ended. Only what has [`Ended`](CompareEnd::Ended) is whole.
    pub end: CompareEnd,
    /// HTTP requests of this process.
    pub requests: u64,
}

/// Compares sources of earlier runs with what the API has.
///
/// Must not be called from within the asynchronous runtime: it blocks. It takes the ledger's lock. Memory does not grow
/// with the sources.
pub fn compare_api(inputs: &[CompareInput<'_>], request: &CompareRequest<'_>) -> Result<Compared, PipelineError> {
    let settings = request.settings;
    for CompareInput { run, .. } in inputs {
        if run.target != request.target {
            return Err(PipelineError::OtherTarget {
                known: run.target.clone(),
                target: request.target.clone(),
            });
        }
        if run.namespace != settings.api.namespace {
            return Err(PipelineError::OtherNamespace { run_id: run.run_id });
        }
    }
    let sender = Sender::new(&settings.api, &settings.send)?;
    request.progress.sender.get_or_init(|| sender.clone());
    let ledger = Arc::new(Ledger::open(&settings.ledger_path)?);
    let reader = Reader::open(ledger.path())?;
    let scope = scope(&reader, inputs, &request.progress)?;
    let known = known(&reader, request, scope)?;
    let (comparison_id, pages) = match &known {
        Some(known) => (known.comparison_id, known.pages),
        None => (
            ledger.begin_comparison(NewComparison {
                target: request.target.clone(),
                namespace: settings.api.namespace,
                scope,
            })?,
            0,
        ),
    };
    let comparison = Comparison {
        request,
        inputs,
        ledger,
        reader,
        sender,
        number: comparison_id,
    };
    let end = comparison.proceed(pages)?;
    Ok(Compared {
        comparison_id,
        resumed: known.is_some(),
        end,
        requests: comparison.sender.counters().requests,
    })
}

/// A comparison at work.
struct Comparison<'a> {
    request: &'a CompareRequest<'a>,
    inputs: &'a [CompareInput<'a>],
    ledger: Arc<Ledger>,
    reader: Reader,
    sender: Sender,
    /// Its number.
    number: i64,
}

impl Comparison<'_> {
    fn proceed(&self, pages: u64) -> Result<CompareEnd, PipelineError> {
        // Rows are read once the list has come to its end.
        if !self.has_observations()? {
            let list = List::new(self, pages);
            if let Some(end) = self.request.runtime.block_on(list.read())? {
                return Ok(end);
            }
        }
        let end = self.observe()?;
        if end == CompareEnd::Ended {
            self.ledger.add(vec![Addition::Ended(self.number)])?;
        }
        Ok(end)
    }

    /// Whether an earlier process has seen any row.
    fn has_observations(&self) -> Result<bool, PipelineError> {
        let mut seen = false;
        for CompareInput { input, .. } in self.inputs {
            let first = self.reader.observations(self.number, input.input_id, 1, u64::MAX, |_| {
                seen = true;
                Err(PipelineError::Interrupted)
            });
            match first {
                Err(PipelineError::Interrupted) | Ok(()) => {}
                Err(error) => return Err(error),
            }
        }
        Ok(seen)
    }

    /// Hands every row that is to be looked at to those who look.
    fn observe(&self) -> Result<CompareEnd, PipelineError> {
        let (batches, waiting) = mpsc::channel(WAITING_BATCHES);
        let observing = Observing::new(self);
        let looking = self.request.runtime.spawn(observing.all(waiting));
        let subjects = Subjects {
            comparison: self,
            batches: &batches,
        };
        let handed = subjects.hand_over();
        drop(batches);
        // What is on the wire is finished and written down, whatever ended the handing over.
        let looked = self
            .request
            .runtime
            .block_on(looking)
            .map_err(|_| PipelineError::Worker)?;
        let looked = match (&handed, looked) {
            (_, Err(error)) => return Err(error),
            (Ok(()) | Err(PipelineError::Interrupted), Ok(looked)) => looked,
            (Err(_), Ok(_)) => return handed.map(|()| CompareEnd::Interrupted),
        };
        Ok(match looked.stopped {
            Some(stop) => CompareEnd::Stopped(stop),
            None if handed.is_err() || looked.left > 0 => CompareEnd::Interrupted,
            None if looked.unclear > 0 => CompareEnd::Unclear(looked.unclear),
            None => CompareEnd::Ended,
        })
    }
}

/// Digest of what is compared: the sources, and each of their rows with its state. Counts the rows to be looked at.
fn scope(reader: &Reader, inputs: &[CompareInput<'_>], progress: &CompareProgress) -> Result<Digest, PipelineError> {
    let mut hash = Sha256::new();
    let mut rows = 0;
    for CompareInput { input, .. } in inputs {
        hash.update(input.input_id.to_be_bytes());
        reader.rows(input.input_id, 1, u64::MAX, |row| {
            hash.update(row.key.record.to_be_bytes());
            hash.update(row.state.word());
            rows += u64::from(subjects::is_wanted(&row));
            Ok::<_, PipelineError>(())
        })?;
    }
    progress.rows.store(rows, Ordering::Relaxed);
    Ok(Digest(hash.finalize().into()))
}

/// The comparison of the same things that was interrupted lately.
fn known(
    reader: &Reader,
    request: &CompareRequest<'_>,
    scope: Digest,
) -> Result<Option<ComparisonEntry>, PipelineError> {
    let since = clock::now_ms() - TAKEN_UP_FOR_MS;
    let latest = reader.comparisons()?.into_iter().rev().find(|known| {
        known.target == request.target
            && known.namespace == request.settings.api.namespace
            && known.scope.0 == scope.0
            && known.at_ms >= since
    });
    // One that ended after it makes an older one obsolete.
    Ok(latest.filter(|known| known.ended_ms.is_none()))
}
