//! The looks themselves, many at a time under the one limit, and what was seen into the ledger.
//!
//! Each look is one task; what it saw goes to one writer, which puts all that has come in meanwhile into one commit.
//! After a stop what is on the wire is finished and written down.
//!
//! It deliberately writes nothing about a row that got no clear answer: the same command asks again.

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinSet;
use uuid::Uuid;

use super::subjects::Subject;
use super::{CompareProgress, Comparison};
use crate::clock;
use crate::ledger::{Addition, Ledger, Observation, Seen};
use crate::pipeline::capacity::{OBSERVATIONS_PER_COMMIT, ROWS_PER_PERMIT};
use crate::pipeline::error::PipelineError;
use crate::send::{Observed, RunStop, Sender, Stop};

/// What came of all looks.
#[derive(Debug)]
pub(super) struct Looked {
    /// Why the service stopped them.
    pub(super) stopped: Option<RunStop>,
    /// Rows with no clear answer.
    pub(super) unclear: u64,
    /// Rows that were handed over and not looked at.
    pub(super) left: u64,
}

/// Everything that a look works with.
pub(super) struct Observing {
    sender: Sender,
    ledger: Arc<Ledger>,
    progress: Arc<CompareProgress>,
    stop: Stop,
    comparison_id: i64,
    namespace: Uuid,
    max_in_flight: usize,
    unclear: AtomicU64,
    left: AtomicU64,
    stopped: Mutex<Option<RunStop>>,
}

impl Observing {
    pub(super) fn new(comparison: &Comparison<'_>) -> Self {
        let request = comparison.request;
        Self {
            sender: comparison.sender.clone(),
            ledger: Arc::clone(&comparison.ledger),
            progress: Arc::clone(&request.progress),
            stop: request.stop.clone(),
            comparison_id: comparison.number,
            namespace: request.settings.api.namespace,
            max_in_flight: request.settings.send.max_in_flight,
            unclear: AtomicU64::new(0),
            left: AtomicU64::new(0),
            stopped: Mutex::default(),
        }
    }

    /// Looks at every row that is handed over.
    pub(super) async fn all(self, mut batches: mpsc::Receiver<Vec<Subject>>) -> Result<Looked, PipelineError> {
        let all = Arc::new(self);
        let slots = Arc::new(Semaphore::new(all.max_in_flight * ROWS_PER_PERMIT));
        let (seen, incoming) = mpsc::channel(OBSERVATIONS_PER_COMMIT);
        let writer = tokio::spawn(Arc::clone(&all).write(incoming));
        let mut under_way = JoinSet::new();
        'all: while let Some(batch) = batches.recv().await {
            let mut batch = batch.into_iter();
            while let Some(subject) = batch.next() {
                let slot = tokio::select! {
                    biased;
                    () = all.stop.requested() => None,
                    slot = Arc::clone(&slots).acquire_owned() => slot.ok(),
                };
                let Some(slot) = slot else {
                    all.left.fetch_add(1 + batch.len() as u64, Ordering::Relaxed);
                    break 'all;
                };
                under_way.spawn(Arc::clone(&all).look(subject, seen.clone(), slot));
                while under_way.try_join_next().is_some() {}
            }
        }
        drop((batches, seen));
        while under_way.join_next().await.is_some() {}
        writer.await.map_err(|_| PipelineError::Worker)??;
        Ok(Looked {
            stopped: all.stopped.lock().unwrap_or_else(PoisonError::into_inner).take(),
            unclear: all.unclear.load(Ordering::Relaxed),
            left: all.left.load(Ordering::Relaxed),
        })
    }

    /// Looks at one row's customer.
    async fn look(self: Arc<Self>, subject: Subject, seen: mpsc::Sender<Addition>, slot: OwnedSemaphorePermit) {
        let payload = subject.payload.as_deref();
        let looked = self
            .sender
            .observe(&subject.customer_id, self.namespace, payload, &self.stop)
            .await;
        let observation = match looked {
            Ok(Observed::Absent) => observation(&subject, Seen::Absent),
            Ok(Observed::There { payload_id, .. }) if payload_id == subject.idempotency_id => Observation {
                payload_id: Some(payload_id),
                ..observation(&subject, Seen::Same)
            },
            Ok(Observed::There { payload_id, differs }) => Observation {
                payload_id: Some(payload_id),
                fields: differs.filter(|paths| !paths.is_empty()).map(|paths| paths.join(" ")),
                ..observation(&subject, Seen::OtherData)
            },
            Ok(Observed::Unclear(_)) => {
                self.unclear.fetch_add(1, Ordering::Relaxed);
                return;
            }
            Ok(Observed::Stopped) => {
                self.left.fetch_add(1, Ordering::Relaxed);
                return;
            }
            Err(stop) => {
                let mut first = self.stopped.lock().unwrap_or_else(PoisonError::into_inner);
                first.get_or_insert(stop);
                drop(first);
                self.stop.request();
                return;
            }
        };
        // The writer goes away only with an error of its own, which ends everything.
        drop(seen.send(Addition::Observation(self.comparison_id, observation)).await);
        drop(slot);
    }

    /// Writes down what was seen.
    async fn write(self: Arc<Self>, mut incoming: mpsc::Receiver<Addition>) -> Result<(), PipelineError> {
        let mut additions = Vec::new();
        while incoming.recv_many(&mut additions, OBSERVATIONS_PER_COMMIT).await > 0 {
            let count = additions.len() as u64;
            let written = self.ledger.add_later(std::mem::take(&mut additions)).await;
            // What cannot be written down must not go on.
            written.inspect_err(|_| self.stop.request())?;
            self.progress.observed.fetch_add(count, Ordering::Relaxed);
        }
        Ok(())
    }
}

fn observation(subject: &Subject, seen: Seen) -> Observation {
    Observation {
        key: subject.key,
        at_ms: clock::now_ms(),
        seen,
        payload_id: None,
        fields: None,
    }
}
