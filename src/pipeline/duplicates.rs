//! Rows of one run that name the same customer.
//!
//! An entry has 16 bytes: a 64-bit hash of the customer's id, the row's number, and 32 bits of its idempotency id. They
//! stand in many short sorted lists, since a table that doubles would take up to 51 bytes a row at its worst moment. Two
//! different ids with one hash would make the later row a conflict, which is reported and not sent; with ten million rows
//! the chance of one such pair is 3 in a million.

use std::hash::{BuildHasher, RandomState};

use crate::model::row::Row;
use crate::model::row_state::RowEvent;

/// Lists of entries, by the first bits of the hash: with ten million rows one has 600, half of which move for a new one.
const LISTS: usize = 1 << 14;
/// By what part of itself a list grows, and by how many entries at least. Little, so that nearly all of it is in use.
const GROWTH: usize = 8;
const LEAST: usize = 8;

/// The customers seen so far.
#[derive(Debug)]
pub(super) struct Customers {
    lists: Vec<Vec<Seen>>,
    state: RandomState,
}

impl Default for Customers {
    fn default() -> Self {
        Self {
            lists: vec![Vec::new(); LISTS],
            state: RandomState::new(),
        }
    }
}

#[derive(Clone, Copy, Debug)]
struct Seen {
    hash: u64,
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
        let first_bits = usize::try_from(hash >> (u64::BITS - LISTS.ilog2())).unwrap_or_default();
        // There is a list for whatever the first bits are.
        let Some(list) = self.lists.get_mut(first_bits) else {
            return Verdict::First;
        };
        let at = place(list, hash);
        match list.get(at).filter(|seen| seen.hash == hash) {
            Some(seen) if seen.data == data => Verdict::Duplicate(seen.ordinal),
            Some(seen) => Verdict::Conflict(seen.ordinal),
            None => {
                if list.len() == list.capacity() {
                    list.reserve_exact((list.len() / GROWTH).max(LEAST));
                }
                list.insert(at, Seen { hash, ordinal, data });
                Verdict::First
            }
        }
    }
}

/// Where a hash stands or belongs in a sorted list. Hashes are spread evenly, so it is near where its own share of all
/// hashes ends: fewer steps than halving takes, and next to each other in memory.
fn place(list: &[Seen], hash: u64) -> usize {
    let share = u128::from(hash << LISTS.ilog2()) * list.len() as u128;
    let mut at = usize::try_from(share >> u64::BITS).unwrap_or_default();
    let is_before = |at: usize| list.get(at).is_some_and(|seen| seen.hash < hash);
    while is_before(at) {
        at += 1;
    }
    while at > 0 && !is_before(at - 1) {
        at -= 1;
    }
    at
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

    #[test]
    fn a_hash_is_found_where_halving_finds_it() {
        let mut random = fastrand::Rng::with_seed(7);
        for length in [0, 1, 2, 7, 60, 600] {
            // Of one list: the first bits are the same; some lists are spread as no hash would be.
            for bits in [50, 20, 4] {
                let mut hashes: Vec<u64> = (0..length).map(|_| (3 << 50) | random.u64(..1 << bits)).collect();
                hashes.sort_unstable();
                hashes.dedup();
                let list: Vec<Seen> = (hashes.iter().map(|hash| Seen {
                    hash: *hash,
                    ordinal: 0,
                    data: 0,
                }))
                .collect();
                let others = (0..50).map(|_| (3 << 50) | random.u64(..1 << bits));
                for hash in hashes.iter().copied().chain(others) {
                    assert_eq!(
                        place(&list, hash),
                        list.partition_point(|seen| seen.hash < hash),
                        "{hash}"
                    );
                }
            }
        }
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
