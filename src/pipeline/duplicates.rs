//! Rows of one run that name the same customer.
//!
//! An entry has 16 bytes: a 64-bit hash of the customer's id, the row's number, and 32 bits of its idempotency id. Nearly
//! all stand in one sorted list; the newest stand in a table, from which they are merged into the list. So there is no room
//! to spare, and none is lost between blocks that grow: a table alone would take up to 51 bytes a row when it doubles. Two
//! different ids with one hash would make the later row a conflict, which is reported and not sent; with ten million rows
//! the chance of one such pair is 3 in a million.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use crate::model::row::Row;
use crate::model::row_state::RowEvent;

/// The newest entries are merged when they are this part of all, and at least so many. Each entry is moved as often as this
/// says, next to its neighbors, which costs less than to find one of them.
const PART: usize = 32;
const LEAST: usize = 4096;

/// Entries of the sorted list with the same first bits of their hashes, about: they lie in two or three cache lines.
const TOGETHER: usize = 16;

/// The customers seen so far.
#[derive(Debug, Default)]
pub(super) struct Customers {
    /// By hash.
    sorted: Vec<(u64, Seen)>,
    /// Where in it the hashes begin whose first bits, so many, are the number of the place here; and the end of the last.
    begins: Vec<usize>,
    bits: u32,
    newest: HashMap<u64, Seen>,
    state: RandomState,
}

/// The first row of a customer.
#[derive(Clone, Copy, Debug)]
struct Seen {
    ordinal: u32,
    data: u32,
}

/// What a row is beside the rows before it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Verdict {
    /// The first with this customer.
    First,
    /// The same customer with the same data as the record of this ordinal.
    Duplicate(u32),
    /// The same customer with other data.
    Conflict(u32),
}

impl Verdict {
    /// The event that the verdict plans a row with, and its code.
    pub(super) fn event(self) -> (RowEvent, Option<&'static str>) {
        match self {
            Self::First => (RowEvent::Accepted, None),
            Self::Duplicate(_) => (RowEvent::Duplicate, Some("row.same_as_earlier")),
            Self::Conflict(_) => (RowEvent::Conflict, Some("row.other_data_than_earlier")),
        }
    }
}

impl Customers {
    /// Judges an accepted row and remembers it if it is the first. `ordinal` counts records over all sources.
    pub(super) fn judge(&mut self, row: &Row, ordinal: u64) -> Verdict {
        // Beyond four billion records a duplicate is still one; only the pointer to the first is clamped.
        let ordinal = u32::try_from(ordinal).unwrap_or(u32::MAX);
        let [a, b, c, d, ..] = *row.idempotency_id.as_bytes();
        let data = u32::from_be_bytes([a, b, c, d]);
        let hash = self.state.hash_one(&row.customer_id);
        match self.in_list(hash).or_else(|| self.newest.get(&hash)) {
            Some(seen) if seen.data == data => Verdict::Duplicate(seen.ordinal),
            Some(seen) => Verdict::Conflict(seen.ordinal),
            None => {
                self.newest.insert(hash, Seen { ordinal, data });
                if self.newest.len() >= LEAST.max(self.sorted.len() / PART) {
                    self.merge();
                }
                Verdict::First
            }
        }
    }

    /// The number that the first bits of a hash are.
    fn first_bits(&self, hash: u64) -> usize {
        let first = hash.checked_shr(u64::BITS - self.bits).unwrap_or(0);
        usize::try_from(first).unwrap_or(usize::MAX)
    }

    fn in_list(&self, hash: u64) -> Option<&Seen> {
        let first = self.first_bits(hash);
        let (from, to) = self.begins.get(first).zip(self.begins.get(first + 1))?;
        let same = self.sorted.get(*from..*to)?;
        same.iter().find(|(other, _)| *other == hash).map(|(_, seen)| seen)
    }

    /// Moves the newest entries into the list, from its end on: the older ones between two of them move at once.
    fn merge(&mut self) {
        let mut newest: Vec<(u64, Seen)> = self.newest.drain().collect();
        newest.sort_unstable_by_key(|(hash, _)| *hash);
        let mut end = self.sorted.len();
        self.sorted.reserve_exact(newest.len());
        self.sorted.extend_from_slice(&newest);
        for (before, entry) in newest.iter().enumerate().rev() {
            let older = self.sorted.get(..end).unwrap_or_default();
            let at = older
                .iter()
                .rposition(|(hash, _)| *hash < entry.0)
                .map_or(0, |at| at + 1);
            self.sorted.copy_within(at..end, at + before + 1);
            if let Some(slot) = self.sorted.get_mut(at + before) {
                *slot = *entry;
            }
            end = at;
        }
        self.note_beginnings();
    }

    fn note_beginnings(&mut self) {
        self.bits = (self.sorted.len() / TOGETHER).max(1).ilog2();
        self.begins.clear();
        for (at, (hash, _)) in self.sorted.iter().enumerate() {
            let first = self.first_bits(*hash);
            while self.begins.len() <= first {
                self.begins.push(at);
            }
        }
        self.begins.resize((1 << self.bits) + 1, self.sorted.len());
    }
}

#[cfg(test)]
mod tests {
    use super::Verdict::{Conflict, Duplicate, First};
    use super::*;
    use crate::model::ids::IdempotencyId;
    use crate::model::position::Position;

    fn row(customer_id: &str, id: u8) -> Row {
        Row {
            position: Position::default(),
            customer_id: customer_id.to_owned(),
            idempotency_id: IdempotencyId::from_bytes([id; 16]),
            payload: bytes::Bytes::new(),
            notes: Vec::new(),
        }
    }

    /// More rows than are merged at once, several times over, each customer up to four times.
    #[test]
    fn customers_are_judged_as_a_map_of_all_of_them_would() {
        let (mut customers, mut first) = (Customers::default(), HashMap::new());
        let mut random = fastrand::Rng::with_seed(11);
        let (mut duplicates, mut conflicts) = (0, 0);
        for ordinal in 0..30_000_u32 {
            let (id, data) = (random.u32(..20_000).to_string(), random.u8(..2));
            let expected = match first.get(&id) {
                None => First,
                Some((earlier, same)) if *same == data => Duplicate(*earlier),
                Some((earlier, _)) => Conflict(*earlier),
            };
            assert_eq!(
                customers.judge(&row(&id, data), u64::from(ordinal)),
                expected,
                "{ordinal}"
            );
            first.entry(id).or_insert((ordinal, data));
            duplicates += usize::from(matches!(expected, Duplicate(_)));
            conflicts += usize::from(matches!(expected, Conflict(_)));
        }
        assert!(first.len() > 3 * LEAST && duplicates > 1_000 && conflicts > 1_000);
        assert!(customers.sorted.is_sorted_by_key(|(hash, _)| *hash));
    }

    #[test]
    fn later_rows_of_a_customer_are_duplicates_or_conflicts_of_the_first() {
        let mut customers = Customers::default();
        let rows = [("A", 1), ("B", 2), ("A", 1), ("A", 3), ("B", 2)];
        let verdicts: Vec<_> = (0..)
            .zip(rows)
            .map(|(at, (id, data))| customers.judge(&row(id, data), at))
            .collect();
        assert_eq!(verdicts, [First, First, Duplicate(0), Conflict(0), Duplicate(1)]);
    }
}
