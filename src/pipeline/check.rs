//! The way that both passes share: one thread reads, the workers normalize, the caller takes the chunks in order.
//!
//! The number of chunks that exist is the only bound: the reader waits for one to come back.

use std::io::Cursor;
use std::sync::Arc;
use std::sync::mpsc::{self};

use jiff::civil::Date;
use rayon::{ThreadPool, ThreadPoolBuilder};

use super::capacity::{CHUNK_RECORDS, CHUNKS_BEYOND, CHUNKS_PER_WORKER};
use super::error::PipelineError;
use super::inputs::Input;
use crate::config::settings::{InputSettings, Settings};
use crate::model::chunk::Chunk;
use crate::model::mapping::Mapping;
use crate::model::row::{Checked, Payloads};
use crate::normalize::{Normalizer, refuse};
use crate::read::{ReadError, Records, Tally};

/// The workers and the rules by which they check.
pub(super) struct Checker {
    pool: ThreadPool,
    normalizer: Arc<Normalizer>,
    input: InputSettings,
}

/// Makes of the settings what a run makes of them before its first record: dates, regions, synonyms, the encoding.
pub fn can_check(settings: &Settings, today: Date) -> Result<(), PipelineError> {
    Normalizer::new(settings, today)?;
    let nobody = Box::new(Cursor::new("id\n".as_bytes()));
    match Records::from_bytes("", nobody, &settings.input) {
        Err(error) if error.is_configuration() => Err(error.into()),
        Ok(_) | Err(_) => Ok(()),
    }
}

/// A chunk that a worker has in hand, or the error that ended the reading.
type InHand = Result<mpsc::Receiver<(Chunk, Vec<Checked>)>, ReadError>;

impl Checker {
    /// Starts the workers.
    pub(super) fn new(normalizer: Normalizer, input: &InputSettings) -> Result<Self, PipelineError> {
        let pool = ThreadPoolBuilder::new()
            .num_threads(input.workers)
            .thread_name(|index| format!("check-{index}"))
            .build()
            .map_err(|error| PipelineError::Thread(std::io::Error::other(error)))?;
        Ok(Self {
            pool,
            normalizer: Arc::new(normalizer),
            input: input.clone(),
        })
    }

    /// The threads that check, for other work that can be divided.
    pub(super) fn threads(&self) -> &ThreadPool {
        &self.pool
    }

    /// Checks every record of a source. `consume` gets the chunks in the order of the source; what it returns as an error
    /// ends the reading.
    pub(super) fn check(
        &self,
        input: &Input,
        payloads: Payloads,
        consume: impl FnMut(&Chunk, Vec<Checked>) -> Result<(), PipelineError>,
    ) -> Result<Tally, PipelineError> {
        self.check_from(input, (1, payloads), consume)
    }

    /// The same from record `first` on. Chunks before it are read and come without anything parsed or checked.
    pub(super) fn check_from(
        &self,
        input: &Input,
        (first, payloads): (u64, Payloads),
        mut consume: impl FnMut(&Chunk, Vec<Checked>) -> Result<(), PipelineError>,
    ) -> Result<Tally, PipelineError> {
        let mut records = Records::open(&input.source, &self.input)?;
        let (give_back, recycled) = mpsc::channel();
        for _ in 0..self.input.workers * CHUNKS_PER_WORKER + CHUNKS_BEYOND {
            // The receiver is right here.
            drop(give_back.send(Chunk::new(CHUNK_RECORDS)));
        }
        let (in_order, ordered) = mpsc::channel::<InHand>();
        let tally = std::thread::scope(|scope| {
            let thread = std::thread::Builder::new().name("read".to_owned());
            let reader = thread.spawn_scoped(scope, move || {
                self.read(&mut records, (&input.mapping, first, payloads), &recycled, &in_order);
                records.tally()
            });
            let reader = reader.map_err(PipelineError::Thread)?;
            let consumed = consume_in_order(ordered, &give_back, &mut consume);
            drop(give_back);
            let tally = reader.join().map_err(|_| PipelineError::Worker);
            consumed.and(tally)
        });
        // A file that was written to meanwhile looks cut off or damaged: the change explains what else is wrong.
        if matches!(tally, Ok(_) | Err(PipelineError::Read(_))) {
            input.source.check_unchanged()?;
        }
        tally
    }

    /// Fills chunks and hands them to the workers until the source ends or nobody takes them any more.
    fn read(
        &self,
        records: &mut Records,
        what: (&Arc<Mapping>, u64, Payloads),
        recycled: &mpsc::Receiver<Chunk>,
        in_order: &mpsc::Sender<InHand>,
    ) {
        while let Ok(mut chunk) = recycled.recv() {
            let more = match records.fill_unparsed(&mut chunk) {
                Ok(more) => more,
                Err(error) => {
                    // The records before the broken one are whole and are dealt with first.
                    if self.hand_over(chunk, what, in_order) {
                        drop(in_order.send(Err(error)));
                    }
                    return;
                }
            };
            if !self.hand_over(chunk, what, in_order) || !more {
                return;
            }
        }
    }

    /// Gives a chunk to a worker; `false` if nobody waits for it.
    fn hand_over(
        &self,
        mut chunk: Chunk,
        (mapping, first, payloads): (&Arc<Mapping>, u64, Payloads),
        in_order: &mpsc::Sender<InHand>,
    ) -> bool {
        let (done, in_hand) = mpsc::sync_channel(1);
        if in_order.send(Ok(in_hand)).is_err() {
            return false;
        }
        if chunk.positions().last().is_some_and(|last| last.record < first) {
            drop(done.send((chunk, Vec::new())));
            return true;
        }
        let normalizer = Arc::clone(&self.normalizer);
        let mapping = Arc::clone(mapping);
        self.pool.spawn(move || {
            chunk.parse();
            let checked = chunk
                .iter()
                .map(|(at, record)| match chunk.broken(at) {
                    Some(broken) => refuse(at, broken),
                    None => normalizer.check(&mapping, at, record, payloads),
                })
                .collect();
            // If nobody waits any more, the run has ended early.
            drop(done.send((chunk, checked)));
        });
        true
    }
}

fn consume_in_order(
    ordered: mpsc::Receiver<InHand>,
    give_back: &mpsc::Sender<Chunk>,
    consume: &mut impl FnMut(&Chunk, Vec<Checked>) -> Result<(), PipelineError>,
) -> Result<(), PipelineError> {
    for in_hand in ordered {
        let (chunk, checked) = in_hand?.recv().map_err(|_| PipelineError::Worker)?;
        consume(&chunk, checked)?;
        // The reader may have come to its end and need no more.
        drop(give_back.send(chunk));
    }
    Ok(())
}
