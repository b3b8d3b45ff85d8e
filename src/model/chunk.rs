//! Records that travel together from the reader to the workers and back.

use csv::ByteRecord;

use super::position::Position;
use super::rule::Rule;

/// Bytes of a record, unquoted, whose buffer is kept: forty times an ordinary one.
const KEPT_BYTES: usize = 16 * 1024;

/// Fields of a record whose buffer is kept: more than a header may name.
const KEPT_FIELDS: usize = 4 * 1024;

/// Why a record's quotes cannot be trusted, so that where its fields end is a guess.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Broken {
    /// The rule that it breaks.
    pub rule: Rule,
    /// Line on which the offending quote opens.
    pub line: u64,
}

/// A reusable batch of records with their positions.
///
/// The reader fills it, a worker reads it, and it goes back to the reader with its buffers: a row costs no allocation.
/// A fresh record for each row would cost 11 % of the whole check.
#[derive(Debug)]
pub struct Chunk {
    /// Which source of the run the records come from, from 0.
    pub source: usize,
    records: Vec<ByteRecord>,
    positions: Vec<Position>,
    /// The records whose quotes cannot be trusted, by number: none, nearly always.
    broken: Vec<(u64, Broken)>,
}

impl Chunk {
    /// Makes an empty chunk that will hold up to `capacity` records.
    pub fn new(capacity: usize) -> Self {
        Self {
            source: 0,
            records: vec![ByteRecord::new(); capacity],
            positions: Vec::with_capacity(capacity),
            broken: Vec::new(),
        }
    }

    /// Forgets the records and keeps their buffers, save those of huge ones: a file of huge records would else leave
    /// one in every slot.
    pub fn clear(&mut self) {
        // The slot behind the last kept record may hold one that was read and not kept.
        for record in self.records.iter_mut().take(self.positions.len() + 1) {
            if record.as_slice().len() > KEPT_BYTES || record.len() > KEPT_FIELDS {
                *record = ByteRecord::new();
            }
        }
        self.positions.clear();
        self.broken.clear();
    }

    /// The next record to fill; `None` when the chunk is full. It counts only once it is [kept](Self::keep).
    pub fn slot(&mut self) -> Option<&mut ByteRecord> {
        self.records.get_mut(self.positions.len())
    }

    /// Keeps the record in the current slot.
    pub fn keep(&mut self, position: Position) {
        self.positions.push(position);
    }

    /// Remembers that the quotes of the record kept last cannot be trusted.
    pub fn mark_broken(&mut self, broken: Broken) {
        self.broken
            .extend(self.positions.last().map(|position| (position.record, broken)));
    }

    /// Why a record's quotes cannot be trusted; `None` where they can.
    pub fn broken(&self, position: Position) -> Option<Broken> {
        // The numbers grow, so that a chunk of nothing but broken records is not searched from its beginning each time.
        let found = self
            .broken
            .binary_search_by_key(&position.record, |(record, _)| *record);
        found.ok().and_then(|at| self.broken.get(at)).map(|(_, broken)| *broken)
    }

    /// The records with their positions, in the order of the source.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (Position, &ByteRecord)> {
        self.positions.iter().copied().zip(&self.records)
    }

    /// How many records it holds.
    pub fn len(&self) -> usize {
        self.positions.len()
    }

    /// Whether it holds no record.
    pub fn is_empty(&self) -> bool {
        self.positions.is_empty()
    }
}
