//! The second pass: what is open in the ledger is read again, claimed, sent, and answered for.
//!
//! The source is read on the caller's thread and the rows go through one small queue to the asynchronous side. A row is
//! claimed in the ledger before it can be on the wire, and its outcome counts only once the ledger has it.

use std::collections::HashMap;
use std::sync::{Arc, Mutex};

use tokio::sync::{OwnedSemaphorePermit, Semaphore, mpsc};
use tokio::task::JoinSet;
use uuid::Uuid;

use super::brake::Failures;
use super::capacity::{ROWS_PER_PERMIT, WAITING_BATCHES};
use super::error::PipelineError;
use super::inputs::Input;
use super::outset::Left;
use super::progress::Progress;
use super::run::{Aim, Job, RunEnd, RunRequest};
use crate::clock;
use crate::ledger::{Claim, Claimed, InputEntry, Ledger, RowEntry, RunEntry};
use crate::model::chunk::Chunk;
use crate::model::outcome::Outcome;
use crate::model::row::{Checked, Payloads, Row, RowKey};
use crate::model::row_state::{RowEvent, RowState};
use crate::send::{Sender, Sent, Stop};

/// A row to be sent, with the state that it has.
type Open = (RowKey, Row, RowState);

impl Job<'_> {
    /// Sends every row of the run that is open, by what is left of each source; gives why it ended early, unless somebody
    /// asked it to.
    pub(super) fn deliver(&self, failures: Failures, left: &[Left]) -> Result<Option<RunEnd>, PipelineError> {
        let RunRequest {
            settings,
            runtime,
            stop,
            progress,
            ..
        } = self.request;
        let (batches, waiting) = mpsc::channel(WAITING_BATCHES);
        let crew = Crew {
            ledger: Arc::clone(&self.ledger),
            sender: self.sender.clone(),
            namespace: self.run.namespace,
            max_in_flight: settings.send.max_in_flight,
            stop: stop.clone(),
            progress: Arc::clone(progress),
            failures,
            aim: self.request.aim,
            end: Mutex::default(),
        };
        let sending = runtime.spawn(crew.send_all(waiting));
        let mut sources = self.inputs.iter().zip(&self.run.inputs).zip(left);
        let read = sources.try_for_each(|((input, entry), left)| self.read_open(input, entry, *left, &batches));
        drop(batches);
        // What is on the wire is finished and written down, whatever ended the reading.
        let sent = runtime.block_on(sending).map_err(|_| PipelineError::Worker)?;
        match (read, sent) {
            (Ok(()) | Err(PipelineError::Interrupted), Ok(end)) => Ok(end),
            // What broke the sending has also ended the reading.
            (_, Err(PipelineError::Ledger(source))) => Err(PipelineError::InDoubt {
                source,
                in_doubt: self.ledger.in_doubt() as u64,
            }),
            (_, Err(error)) | (Err(error), Ok(_)) => Err(error),
        }
    }

    /// Reads one source from its first open row to its last, and hands them on. A source without open rows is not read.
    fn read_open(
        &self,
        input: &Input,
        entry: &InputEntry,
        Left { rows: mut left, first }: Left,
        batches: &mpsc::Sender<Vec<Open>>,
    ) -> Result<(), PipelineError> {
        if left == 0 {
            return Ok(());
        }
        let read = self
            .checker
            .check_from(input, (first, Payloads::Kept), |chunk, checked| {
                if self.request.stop.is_requested() {
                    return Err(PipelineError::Interrupted);
                }
                if checked.is_empty() {
                    return Ok(());
                }
                let mut open = self.open_rows(entry, chunk)?;
                let batch = match_rows(checked, &mut open, &self.run, input)?;
                left = left.saturating_sub(batch.len() as u64);
                if !batch.is_empty() && batches.blocking_send(batch).is_err() {
                    return Err(PipelineError::Interrupted);
                }
                // Behind the last open row there is nothing to read for.
                if left == 0 {
                    Err(PipelineError::Interrupted)
                } else {
                    Ok(())
                }
            });
        match read {
            Err(PipelineError::Interrupted) if left == 0 => Ok(()),
            read => read.map(|_| ()),
        }
    }

    /// The rows of a chunk that are still to be sent, by record.
    fn open_rows(&self, entry: &InputEntry, chunk: &Chunk) -> Result<HashMap<u64, RowEntry>, PipelineError> {
        let mut open = HashMap::new();
        let mut records = chunk.positions().map(|position| position.record);
        if let Some(first) = records.next() {
            let last = records.last().unwrap_or(first);
            self.reader.rows(entry.input_id, first, last, |row| {
                if row.state.is_open() {
                    open.insert(row.position.record, row);
                }
                Ok::<_, PipelineError>(())
            })?;
        }
        Ok(open)
    }
}

/// The open rows of a chunk, each held equal to what was planned: other bytes are never sent under a planned row.
fn match_rows(
    checked: Vec<Checked>,
    open: &mut HashMap<u64, RowEntry>,
    run: &RunEntry,
    input: &Input,
) -> Result<Vec<Open>, PipelineError> {
    let mut batch = Vec::with_capacity(open.len());
    for checked in checked {
        let position = match &checked {
            Checked::Row(row) => row.position,
            Checked::Reject(reject) => reject.position,
        };
        let Some(planned) = open.remove(&position.record) else {
            continue;
        };
        match checked {
            Checked::Row(row) if planned.idempotency_id == Some(row.idempotency_id) => {
                batch.push((planned.key, row, planned.state));
            }
            Checked::Row(_) | Checked::Reject(_) => {
                return Err(PipelineError::RecordChanged {
                    name: input.source.name().to_owned(),
                    record: position.record,
                    line: position.line,
                    run_id: run.run_id,
                });
            }
        }
    }
    Ok(batch)
}

/// Everything that the sending side works with.
struct Crew {
    ledger: Arc<Ledger>,
    sender: Sender,
    namespace: Uuid,
    max_in_flight: usize,
    stop: Stop,
    progress: Arc<Progress>,
    failures: Failures,
    aim: Aim,
    /// The first reason for which the run ends early.
    end: Mutex<Option<RunEnd>>,
}

impl Crew {
    /// Claims and sends batch after batch; ends when there are no more, or when a stop is asked for.
    async fn send_all(self, mut batches: mpsc::Receiver<Vec<Open>>) -> Result<Option<RunEnd>, PipelineError> {
        let crew = Arc::new(self);
        let mut canary = crew.failures.canary();
        let slots = Arc::new(Semaphore::new(crew.max_in_flight * ROWS_PER_PERMIT));
        let mut under_way = JoinSet::new();
        let ended = loop {
            let batch = tokio::select! {
                biased;
                () = crew.stop.requested() => break Ok(()),
                batch = batches.recv() => batch,
            };
            let Some(mut batch) = batch else { break Ok(()) };
            if canary > 0 {
                let rest = batch.split_off(batch.len().min(usize::try_from(canary).unwrap_or(usize::MAX)));
                canary -= batch.len() as u64;
                if let Err(error) = crew.send_canary(batch, canary, &slots, &mut under_way).await {
                    break Err(error);
                }
                batch = rest;
            }
            if let Err(error) = crew.send_batch(batch, &slots, &mut under_way).await {
                break Err(error);
            }
        };
        if ended.is_err() {
            crew.stop.request();
        }
        drop(batches);
        let mut ended = ended;
        while let Some(done) = under_way.join_next().await {
            ended = ended.and(done.map_err(|_| PipelineError::Worker).flatten());
        }
        ended?;
        Ok(crew.end.lock().map_or(None, |mut end| end.take()))
    }

    /// Sends rows of the canary. When none is `left`, waits for their outcomes; if too many failed, nothing follows.
    async fn send_canary(
        self: &Arc<Self>,
        batch: Vec<Open>,
        left: u64,
        slots: &Arc<Semaphore>,
        under_way: &mut JoinSet<Result<(), PipelineError>>,
    ) -> Result<(), PipelineError> {
        self.send_batch(batch, slots, under_way).await?;
        if left > 0 {
            return Ok(());
        }
        while let Some(done) = under_way.join_next().await {
            done.map_err(|_| PipelineError::Worker)??;
        }
        // Of a canary that somebody has stopped, only a part is known.
        if self.stop.is_requested() {
            return Ok(());
        }
        if let Some(braked) = self.failures.judge_canary() {
            self.end_early(RunEnd::Braked(braked));
        }
        Ok(())
    }

    /// Takes no new rows from now on; the first reason counts.
    fn end_early(&self, end: RunEnd) {
        if let Ok(mut first) = self.end.lock() {
            first.get_or_insert(end);
        }
        self.stop.request();
    }

    /// Claims as many rows at a time as there is room to send, so that few are claimed when the process dies.
    async fn send_batch(
        self: &Arc<Self>,
        batch: Vec<Open>,
        slots: &Arc<Semaphore>,
        under_way: &mut JoinSet<Result<(), PipelineError>>,
    ) -> Result<(), PipelineError> {
        let mut rows = batch.into_iter().peekable();
        while rows.peek().is_some() {
            let mut claims = Vec::new();
            let mut granted = Vec::new();
            // The first slot is waited for, the others are taken if they are free.
            let first = tokio::select! {
                biased;
                () = self.stop.requested() => return Ok(()),
                slot = Arc::clone(slots).acquire_owned() => slot.map_err(|_| PipelineError::Worker)?,
            };
            let mut slot = Some(first);
            while let Some(taken) = slot.take() {
                let Some((key, row, state)) = rows.next() else { break };
                claims.push(Claim {
                    key,
                    customer_id: row.customer_id.clone(),
                    idempotency_id: row.idempotency_id,
                });
                granted.push((key, row, state, taken));
                slot = Arc::clone(slots).try_acquire_owned().ok();
            }
            let answers = self.ledger.claim(self.namespace, claims).await?;
            for ((key, row, state, slot), claimed) in granted.into_iter().zip(answers) {
                match claimed {
                    Claimed::Settled(settled) => self.progress.step(Some(state), settled),
                    Claimed::Granted { in_doubt } => {
                        self.progress.step(Some(state), RowState::InFlight);
                        under_way.spawn(Arc::clone(self).send_row(key, row, in_doubt, slot));
                    }
                }
            }
            reap(under_way)?;
        }
        Ok(())
    }

    /// Sends one row and writes down what became of it.
    async fn send_row(
        self: Arc<Self>,
        key: RowKey,
        row: Row,
        in_doubt: bool,
        slot: OwnedSemaphorePermit,
    ) -> Result<(), PipelineError> {
        let sent = match (self.aim, in_doubt) {
            (Aim::LookUp, _) => self.sender.look_up(key, &row, &self.stop).await,
            (Aim::Create, true) => self.sender.send_again(key, &row, &self.stop).await,
            (Aim::Create, false) => self.sender.send(key, &row, &self.stop).await,
        };
        let outcome = match sent {
            Ok(Sent::Outcome(outcome)) => Some(outcome),
            // A row that an earlier process may have sent stays in doubt; any other goes back.
            Ok(Sent::NotAttempted) if !in_doubt => Some(Outcome::plain(key, RowEvent::Released, clock::now_ms())),
            Ok(Sent::NotAttempted) => None,
            // That it is not there now does not say that an earlier attempt will not arrive.
            Ok(Sent::Absent { attempts }) => Some(Outcome {
                attempts,
                ..Outcome::plain(
                    key,
                    if in_doubt {
                        RowEvent::Attempted
                    } else {
                        RowEvent::Released
                    },
                    clock::now_ms(),
                )
            }),
            // The requests count, whoever comes after.
            Ok(Sent::InDoubt { attempts }) => Some(Outcome {
                attempts,
                ..Outcome::plain(key, RowEvent::Attempted, clock::now_ms())
            }),
            Err(run_stop) => {
                let release = !run_stop.in_doubt && !in_doubt;
                self.end_early(RunEnd::Stopped(run_stop));
                release.then(|| Outcome::plain(key, RowEvent::Released, clock::now_ms()))
            }
        };
        if let Some(outcome) = outcome {
            // What cannot be written down must not go on.
            let written = self.ledger.outcome(outcome).await;
            let state = written.inspect_err(|_| self.stop.request())?;
            self.progress.step(Some(RowState::InFlight), state);
            if let Some(braked) = self.failures.count(state) {
                self.end_early(RunEnd::Braked(braked));
            }
        }
        drop(slot);
        Ok(())
    }
}

/// Takes in the rows that are done; an error of any of them ends the sending.
fn reap(under_way: &mut JoinSet<Result<(), PipelineError>>) -> Result<(), PipelineError> {
    while let Some(done) = under_way.try_join_next() {
        done.map_err(|_| PipelineError::Worker)??;
    }
    Ok(())
}
