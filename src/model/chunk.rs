//! Records that travel together from the reader to the workers and back.

use csv::ByteRecord;

use super::position::Position;
use super::rule::Rule;

/// Bytes of a record, unquoted, whose buffer is kept: forty times an ordinary one.
const KEPT_BYTES: usize = 16 * 1024;

/// Bytes of text whose buffer is kept: three times that of 256 ordinary records.
const KEPT_TEXT_BYTES: usize = 256 * 1024;

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
/// The reader fills it, a worker parses what it holds as text and reads it, and it goes back to the reader with its
/// buffers: a row costs no allocation. A fresh record for each row would cost 11 % of the whole check.
#[derive(Debug)]
pub struct Chunk {
    /// Which source of the run the records come from, from 0.
    pub source: usize,
    /// What separates the fields of the text.
    pub delimiter: u8,
    records: Vec<ByteRecord>,
    positions: Vec<Position>,
    /// Records as they stand in the source, each with a line end.
    text: Vec<u8>,
    /// The slots of these records, and where each ends in the text.
    unparsed: Vec<(usize, usize)>,
    /// A slot may hold a huge record.
    may_be_huge: bool,
    /// The records whose quotes cannot be trusted, by number: none, nearly always.
    broken: Vec<(u64, Broken)>,
}

impl Chunk {
    /// Makes an empty chunk that will hold up to `capacity` records.
    pub fn new(capacity: usize) -> Self {
        Self {
            source: 0,
            delimiter: b',',
            records: vec![ByteRecord::new(); capacity],
            positions: Vec::with_capacity(capacity),
            text: Vec::new(),
            unparsed: Vec::new(),
            may_be_huge: false,
            broken: Vec::new(),
        }
    }

    /// Forgets the records and keeps their buffers, save those of huge ones: a file of huge records would else leave
    /// one in every slot.
    pub fn clear(&mut self) {
        // The slot behind the last kept record may hold one that was read and not kept.
        let filled = if self.may_be_huge { self.positions.len() + 1 } else { 0 };
        self.may_be_huge = false;
        for record in self.records.iter_mut().take(filled) {
            if is_huge(record) {
                *record = ByteRecord::new();
            }
        }
        if self.text.capacity() > KEPT_TEXT_BYTES {
            self.text = Vec::new();
        }
        self.text.clear();
        self.unparsed.clear();
        self.positions.clear();
        self.broken.clear();
    }

    /// The next record to fill; `None` when the chunk is full. It counts only once it is [kept](Self::keep).
    pub fn slot(&mut self) -> Option<&mut ByteRecord> {
        self.may_be_huge = true;
        self.records.get_mut(self.positions.len())
    }

    /// Keeps the record in the current slot.
    pub fn keep(&mut self, position: Position) {
        self.positions.push(position);
    }

    /// Keeps a record as text that is still to be parsed: one record, with the first byte of its line end.
    pub fn keep_text(&mut self, position: Position, text: &[u8]) {
        self.text.extend_from_slice(text);
        self.unparsed.push((self.positions.len(), self.text.len()));
        self.positions.push(position);
    }

    /// Parses what is kept as text.
    pub fn parse(&mut self) {
        if self.unparsed.is_empty() {
            return;
        }
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(self.delimiter)
            .from_reader(self.text.as_slice());
        for (slot, end) in self.unparsed.drain(..) {
            let Some(record) = self.records.get_mut(slot) else {
                continue;
            };
            let is_read = matches!(reader.read_byte_record(record), Ok(true));
            let is_whole = is_read && reader.position().byte() == end as u64;
            debug_assert!(is_whole, "a text that is not one record");
            self.may_be_huge |= is_huge(record);
            if !is_whole {
                // It has no field then and is refused, so that nothing of another record is sent for it.
                record.clear();
            }
        }
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

    /// The records with their positions, in the order of the source; none while some are still to be parsed.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = (Position, &ByteRecord)> {
        let parsed = if self.unparsed.is_empty() { self.len() } else { 0 };
        self.positions().zip(self.records.iter().take(parsed))
    }

    /// The positions of the records, parsed or not.
    pub fn positions(&self) -> impl ExactSizeIterator<Item = Position> {
        self.positions.iter().copied()
    }

    /// How many records it holds.
    pub fn len(&self) -> usize {
        self.positions.len()
    }

    /// Whether it has no room for another record.
    pub fn is_full(&self) -> bool {
        self.positions.len() >= self.records.len()
    }

    /// Whether it holds no record.
    pub fn is_empty(&self) -> bool {
        self.positions.is_empty()
    }
}

fn is_huge(record: &ByteRecord) -> bool {
    record.as_slice().len() > KEPT_BYTES || record.len() > KEPT_FIELDS
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A record of the chunk with this number.
    fn at(record: u64) -> Position {
        Position {
            record,
            ..Position::default()
        }
    }

    fn fields(chunk: &Chunk) -> Vec<(u64, Vec<&[u8]>)> {
        chunk
            .iter()
            .map(|(at, record)| (at.record, record.iter().collect()))
            .collect()
    }

    #[test]
    fn texts_are_parsed_into_their_own_slots_and_nothing_is_shown_before() {
        let mut chunk = Chunk::new(4);
        chunk.delimiter = b';';
        for round in 0..2 {
            chunk.keep_text(at(1), b"1;\"a\nb\"\r");
            *chunk.slot().unwrap() = ByteRecord::from(vec!["2"]);
            chunk.keep(at(2));
            chunk.keep_text(at(3), b"\"3\"\"\";c,d;\n");
            assert_eq!((chunk.len(), chunk.iter().len(), chunk.positions().len()), (3, 0, 3));
            chunk.parse();
            let expected: [(u64, Vec<&[u8]>); 3] = [
                (1, vec![b"1", b"a\nb"]),
                (2, vec![b"2"]),
                (3, vec![b"3\"", b"c,d", b""]),
            ];
            assert_eq!(fields(&chunk), expected, "{round}");
            assert!(!chunk.is_full());
            chunk.clear();
        }
        assert!(chunk.is_empty() && chunk.iter().len() == 0);
    }

    #[test]
    fn the_buffer_of_a_huge_record_is_not_kept() {
        let mut chunk = Chunk::new(1);
        let after = |chunk: &mut Chunk| {
            chunk.clear();
            chunk.slot().unwrap().len()
        };
        chunk.keep_text(at(1), b"1,a\n");
        chunk.parse();
        assert_eq!(after(&mut chunk), 2);
        chunk.clear();
        let many = [b",".repeat(KEPT_FIELDS), b"\n".to_vec()].concat();
        chunk.keep_text(at(1), &many);
        chunk.parse();
        assert_eq!(after(&mut chunk), 0);
        chunk.slot().unwrap().push_field(&vec![0; KEPT_BYTES + 1]);
        assert_eq!(after(&mut chunk), 0, "though it was not kept");
        chunk.keep_text(at(1), &[b"x".repeat(KEPT_TEXT_BYTES), b"\n".to_vec()].concat());
        chunk.clear();
        assert_eq!(chunk.text.capacity(), 0);
    }
}
