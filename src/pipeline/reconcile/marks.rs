//! Which records of an input somebody must look at, as the walk met them: the ledger need not be read for them again.
//!
//! It says nothing of why. It takes a bit a record and a little more: some three megabytes for ten million.

use std::collections::BTreeMap;

/// Numbers of records: which of 64, by the number of the 64.
#[derive(Debug, Default)]
pub(super) struct Marks(BTreeMap<u64, u64>);

impl Marks {
    pub(super) fn add(&mut self, record: u64) {
        *self.0.entry(record / 64).or_default() |= 1 << (record % 64);
    }

    /// The records in their order.
    pub(super) fn records(&self) -> impl Iterator<Item = u64> {
        self.0.iter().flat_map(|(at, bits)| {
            (0..64)
                .filter(move |bit| bits >> bit & 1 == 1)
                .map(move |bit| at * 64 + bit)
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn records_come_back_once_and_in_their_order() {
        let mut marks = Marks::default();
        assert_eq!(marks.records().next(), None);
        for record in [64, 1, u64::MAX, 63, 1, 65, 10_000_000] {
            marks.add(record);
        }
        let records: Vec<u64> = marks.records().collect();
        assert_eq!(records, [1, 63, 64, 65, 10_000_000, u64::MAX]);
    }
}
