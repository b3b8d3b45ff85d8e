//! Rows of one run that name the same customer.
//!
//! An entry has 16 bytes: a 64-bit hash of the customer's id, the row's number, and 32 bits of its idempotency id. Nearly
//! all stand in one sorted list; the newest stand in a table, from which they are merged into the list. So there is no room
//! to spare, and none is lost between blocks that grow: a table alone would take up to 51 bytes a row when it doubles. Two
//! different ids with one hash would make the later row a conflict, which is reported and not sent; with ten million rows
//! the chance of one such pair is 3 in a million.

use std::collections::HashMap;
use std::hash::{BuildHasher, RandomState};

use crate::model::row::{Checked, Reject, Row};
use crate::model::row_state::RowEvent;

/// The newest entries are merged when they are this part of all, and at least so many. Each entry is moved as often as this
/// says, next to its neighbors, which costs less than to find one of them.
const PART: usize = 64;
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

/// A checked record beside those before it.
#[derive(Debug)]
pub(super) enum Compared {
    /// It can be sent, as far as it is the first.
    Row(Row, Verdict),
    /// It cannot.
    Reject(Reject),
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
    /// Judges the rows of a chunk in their order, and remembers those that are the first. `records_before` counts the records
    /// of the sources before.
    ///
    /// All are looked up before any is judged: nearly every look waits for memory, and so they wait together.
    pub(super) fn judge(&mut self, checked: Vec<Checked>, records_before: u64) -> Vec<Compared> {
        // Before anything is kept of this chunk, so that what merging takes for a moment is given back whole.
        if self.newest.len() >= LEAST.max(self.sorted.len() / PART) {
            self.merge();
        }
        let hash = |checked: &Checked| match checked {
            Checked::Row(row) => self.state.hash_one(&row.customer_id),
            // It is looked up like the others, and not judged.
            Checked::Reject(_) => 0,
        };
        let hashes: Vec<u64> = checked.iter().map(hash).collect();
        let near: Vec<&[(u64, Seen)]> = hashes.iter().map(|hash| self.near(*hash)).collect();
        let find = |(hash, near): (&u64, &[(u64, Seen)])| near.iter().find(|(other, _)| other == hash).map(|it| it.1);
        let listed: Vec<Option<Seen>> = hashes.iter().zip(near).map(find).collect();
        let looked_up = checked.into_iter().zip(hashes).zip(listed);
        let judge = |((checked, hash), listed): ((Checked, u64), Option<Seen>)| match checked {
            Checked::Reject(reject) => Compared::Reject(reject),
            Checked::Row(row) => {
                let verdict = self.verdict(&row, hash, listed, records_before);
                Compared::Row(row, verdict)
            }
        };
        looked_up.map(judge).collect()
    }

    /// Judges a row by what the list has of its customer, and the table.
    fn verdict(&mut self, row: &Row, hash: u64, listed: Option<Seen>, records_before: u64) -> Verdict {
        // Beyond four billion records a duplicate is still one; only the pointer to the first is clamped.
        let ordinal = u32::try_from(records_before + row.position.record - 1).unwrap_or(u32::MAX);
        let [a, b, c, d, ..] = *row.idempotency_id.as_bytes();
        let data = u32::from_be_bytes([a, b, c, d]);
        match listed.or_else(|| self.newest.get(&hash).copied()) {
            Some(seen) if seen.data == data => Verdict::Duplicate(seen.ordinal),
            Some(seen) => Verdict::Conflict(seen.ordinal),
            None => {
                self.newest.insert(hash, Seen { ordinal, data });
                Verdict::First
            }
        }
    }

    /// The number that the first bits of a hash are.
    fn first_bits(&self, hash: u64) -> usize {
        let first = hash.checked_shr(u64::BITS - self.bits).unwrap_or(0);
        usize::try_from(first).unwrap_or(usize::MAX)
    }

    /// The entries of the sorted list among which a hash is, if it is there.
    fn near(&self, hash: u64) -> &[(u64, Seen)] {
        let first = self.first_bits(hash);
        let ends = self.begins.get(first).zip(self.begins.get(first + 1));
        ends.and_then(|(from, to)| self.sorted.get(*from..*to))
            .unwrap_or_default()
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

    fn row(customer_id: &str, id: u8, ordinal: u64) -> Row {
        Row {
            position: Position {
                record: ordinal + 1,
                ..Position::default()
            },
            customer_id: customer_id.to_owned(),
            idempotency_id: IdempotencyId::from_bytes([id; 16]),
            payload: bytes::Bytes::new(),
            notes: Vec::new(),
        }
    }

    /// What becomes of rows that come in chunks of some length, a reject between each two.
    fn judge(customers: &mut Customers, rows: Vec<Row>, length: usize) -> Vec<Verdict> {
        let reject = || {
            Checked::Reject(Reject {
                position: Position::default(),
                customer_id: None,
                findings: Vec::new(),
            })
        };
        let mut checked: Vec<Checked> = rows.into_iter().flat_map(|row| [Checked::Row(row), reject()]).collect();
        let mut verdicts = Vec::new();
        while !checked.is_empty() {
            let rest = checked.split_off(length.min(checked.len()));
            let chunk = std::mem::replace(&mut checked, rest);
            verdicts.extend(customers.judge(chunk, 0).into_iter().filter_map(|judged| match judged {
                Compared::Row(_, verdict) => Some(verdict),
                Compared::Reject(_) => None,
            }));
        }
        verdicts
    }

    /// More rows than are merged at once, several times over, each customer up to four times.
    #[test]
    fn customers_are_judged_as_a_map_of_all_of_them_would() {
        for length in [1, 256] {
            let (mut customers, mut first) = (Customers::default(), HashMap::new());
            let mut random = fastrand::Rng::with_seed(11);
            let (mut duplicates, mut conflicts) = (0, 0);
            let (mut rows, mut expected) = (Vec::new(), Vec::new());
            for ordinal in 0..30_000_u32 {
                let (id, data) = (random.u32(..20_000).to_string(), random.u8(..2));
                expected.push(match first.get(&id) {
                    None => First,
                    Some((earlier, same)) if *same == data => Duplicate(*earlier),
                    Some((earlier, _)) => Conflict(*earlier),
                });
                rows.push(row(&id, data, u64::from(ordinal)));
                first.entry(id).or_insert((ordinal, data));
                duplicates += usize::from(matches!(expected.last(), Some(Duplicate(_))));
                conflicts += usize::from(matches!(expected.last(), Some(Conflict(_))));
            }
            let verdicts = judge(&mut customers, rows, length);
            let differs = verdicts.iter().zip(&expected).position(|(one, other)| one != other);
            assert_eq!(
                (verdicts.len(), differs),
                (expected.len(), None),
                "in chunks of {length}"
            );
            assert!(first.len() > 3 * LEAST && duplicates > 1_000 && conflicts > 1_000);
            assert!(customers.sorted.is_sorted_by_key(|(hash, _)| *hash));
        }
    }

    #[test]
    fn later_rows_of_a_customer_are_duplicates_or_conflicts_of_the_first() {
        let rows = [("A", 1), ("B", 2), ("A", 1), ("A", 3), ("B", 2)];
        let rows = (0..).zip(rows).map(|(at, (id, data))| row(id, data, at)).collect();
        let verdicts = judge(&mut Customers::default(), rows, 3);
        assert_eq!(verdicts, [First, First, Duplicate(0), Conflict(0), Duplicate(1)]);
    }
}
