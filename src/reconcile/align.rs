//! Puts the records of a source beside the rows of the ledger, both in their order, with little in memory.
//!
//! Where the file is the one that was run, its records have the numbers of their rows. Where it was changed since, records
//! may have been added or taken away, and every later number is another: then a customer's id ties a record to its row,
//! looked for in a bounded window. What was moved further than that is for the caller to find by its customer.

use std::collections::{HashMap, VecDeque};

/// Records and rows that are looked through for the next pair: many more than somebody adds or takes away in one place, and
/// little memory.
const WINDOW: usize = 4096;

/// What has a place and perhaps a customer.
pub trait Placed {
    /// Number of the record.
    fn record(&self) -> u64;
    /// The customer's id, if it has a valid one.
    fn customer(&self) -> Option<&str>;
}

/// A record, a row, or both.
#[derive(Debug, PartialEq, Eq)]
pub enum Pair<S, L> {
    /// A record and its row.
    Both(S, L),
    /// A record without a row.
    Source(S),
    /// A row without a record.
    Ledger(L),
}

/// Takes both sides as they come and gives pairs in their order.
#[derive(Debug)]
pub struct Align<S, L> {
    source: VecDeque<S>,
    ledger: VecDeque<L>,
    source_ended: bool,
    ledger_ended: bool,
    /// Whether numbers tell; else customers do.
    by_number: bool,
}

impl<S: Placed, L: Placed> Align<S, L> {
    /// Begins. `by_number` where the file is the very one that was run.
    pub fn new(by_number: bool) -> Self {
        Self {
            source: VecDeque::new(),
            ledger: VecDeque::new(),
            source_ended: false,
            ledger_ended: false,
            by_number,
        }
    }

    /// Gives it the next record.
    pub fn push_source(&mut self, record: S) {
        self.source.push_back(record);
    }

    /// Gives it the next row.
    pub fn push_ledger(&mut self, row: L) {
        self.ledger.push_back(row);
    }

    /// Says that there are no more records.
    pub fn end_source(&mut self) {
        self.source_ended = true;
    }

    /// Says that there are no more rows.
    pub fn end_ledger(&mut self) {
        self.ledger_ended = true;
    }

    /// Whether it wants more rows before it can go on.
    pub fn wants_ledger(&self) -> bool {
        !self.ledger_ended && self.ledger.len() < self.wanted()
    }

    fn wanted(&self) -> usize {
        if self.by_number { 1 } else { WINDOW }
    }

    fn is_filled(&self) -> bool {
        (self.source_ended || self.source.len() >= self.wanted()) && !self.wants_ledger()
    }

    /// Calls `visit` for every pair that is certain by now.
    pub fn take<E>(&mut self, mut visit: impl FnMut(Pair<S, L>) -> Result<(), E>) -> Result<(), E> {
        while self.is_filled() {
            let (Some(source), Some(ledger)) = (self.source.front(), self.ledger.front()) else {
                return self.take_rest(visit);
            };
            if self.by_number {
                let order = source.record().cmp(&ledger.record());
                self.give(usize::from(order.is_le()), usize::from(order.is_ge()), &mut visit)?;
            } else if is_same(source, ledger) {
                self.give(1, 1, &mut visit)?;
            } else {
                let (sources, ledgers) = self.next_pair();
                self.give(sources, ledgers, &mut visit)?;
            }
        }
        Ok(())
    }

    /// One side is at its end: what is left of the other has no partner.
    fn take_rest<E>(&mut self, mut visit: impl FnMut(Pair<S, L>) -> Result<(), E>) -> Result<(), E> {
        if self.ledger.is_empty() && self.ledger_ended {
            self.source
                .drain(..)
                .try_for_each(|source| visit(Pair::Source(source)))?;
        }
        if self.source.is_empty() && self.source_ended {
            self.ledger
                .drain(..)
                .try_for_each(|ledger| visit(Pair::Ledger(ledger)))?;
        }
        Ok(())
    }

    /// How many records and rows stand before the next pair with the same customer: the nearest.
    fn next_pair(&self) -> (usize, usize) {
        let mut places = HashMap::new();
        for (at, row) in self.ledger.iter().enumerate().take(WINDOW) {
            if let Some(customer) = row.customer() {
                places.entry(customer).or_insert(at);
            }
        }
        let records = self.source.iter().enumerate().take(WINDOW);
        let pairs = records.filter_map(|(at, record)| Some((at, *places.get(record.customer()?)?)));
        let nearest = pairs.min_by_key(|(source, ledger)| source + ledger);
        nearest.unwrap_or_else(|| {
            // Nobody is on both sides: what is in the windows has no partner, up to its end.
            (self.source.len().min(WINDOW), self.ledger.len().min(WINDOW))
        })
    }

    /// Gives so many records and rows away, which stand between two pairs. As many of each are the same records with other
    /// customers; else those without a customer are paired in their order, and the rest has no partner.
    fn give<E>(
        &mut self,
        sources: usize,
        ledgers: usize,
        visit: &mut impl FnMut(Pair<S, L>) -> Result<(), E>,
    ) -> Result<(), E> {
        if sources == ledgers {
            let mut pairs = self.source.drain(..sources).zip(self.ledger.drain(..ledgers));
            return pairs.try_for_each(|(source, ledger)| visit(Pair::Both(source, ledger)));
        }
        let mut rows: VecDeque<L> = self.ledger.drain(..ledgers).collect();
        for record in self.source.drain(..sources) {
            let nameless = || rows.iter().position(|row| row.customer().is_none());
            let partner = record.customer().is_none().then(nameless).flatten();
            let Some(partner) = partner else {
                visit(Pair::Source(record))?;
                continue;
            };
            let passed: Vec<L> = rows.drain(..partner).collect();
            passed.into_iter().map(Pair::Ledger).try_for_each(&mut *visit)?;
            if let Some(row) = rows.pop_front() {
                visit(Pair::Both(record, row))?;
            }
        }
        rows.into_iter().map(Pair::Ledger).try_for_each(visit)
    }
}

/// Whether a record and a row at the heads belong together: both name the same customer, or both name none.
fn is_same(source: &impl Placed, ledger: &impl Placed) -> bool {
    source.customer() == ledger.customer()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[derive(Clone, Debug, PartialEq, Eq)]
    struct One(u64, Option<String>);

    impl Placed for One {
        fn record(&self) -> u64 {
            self.0
        }
        fn customer(&self) -> Option<&str> {
            self.1.as_deref()
        }
    }

    /// Customers as letters, `-` for none, numbered from 1.
    fn side(text: &str) -> Vec<One> {
        let customer = |letter: char| (letter != '-').then(|| letter.to_string());
        (1..)
            .zip(text.chars())
            .map(|(number, letter)| One(number, customer(letter)))
            .collect()
    }

    fn align(source: &[One], ledger: &[One], by_number: bool) -> Vec<Pair<One, One>> {
        let mut align = Align::new(by_number);
        let mut pairs = Vec::new();
        let mut rows = ledger.iter().cloned();
        let mut feed = |align: &mut Align<One, One>, pairs: &mut Vec<_>| {
            loop {
                while align.wants_ledger() {
                    match rows.next() {
                        Some(row) => align.push_ledger(row),
                        None => align.end_ledger(),
                    }
                }
                let before = pairs.len();
                align
                    .take(|pair| {
                        pairs.push(pair);
                        Ok::<_, ()>(())
                    })
                    .unwrap();
                if pairs.len() == before && !align.wants_ledger() {
                    return;
                }
            }
        };
        for record in source {
            align.push_source(record.clone());
            feed(&mut align, &mut pairs);
        }
        align.end_source();
        feed(&mut align, &mut pairs);
        pairs
    }

    fn check(source: &str, ledger: &str, expected: &str) {
        let letter = |one: &One| one.1.clone().unwrap_or_else(|| "-".to_owned());
        let pairs = align(&side(source), &side(ledger), false);
        let shown: Vec<String> = pairs
            .iter()
            .map(|pair| match pair {
                Pair::Both(source, ledger) if source.1 == ledger.1 => letter(source),
                Pair::Both(source, ledger) => format!("{}={}", letter(source), letter(ledger)),
                Pair::Source(source) => format!("+{}", letter(source)),
                Pair::Ledger(ledger) => format!("!{}", letter(ledger)),
            })
            .collect();
        assert_eq!(shown.join(" "), expected, "{source} beside {ledger}");
    }

    #[test]
    fn records_that_were_added_or_taken_away_move_no_other() {
        check("ABC", "ABC", "A B C");
        check("XABC", "ABC", "+X A B C");
        check("AXBC", "ABC", "A +X B C");
        check("ABCX", "ABC", "A B C +X");
        check("BC", "ABC", "!A B C");
        check("AC", "ABC", "A !B C");
        check("AB", "ABC", "A B !C");
        check("AXC", "ABC", "A X=B C");
        check("A-C", "ABC", "A -=B C");
        check("X-B", "-B", "+X - B");
        check("-B", "A-B", "!A - B");
        check("", "AB", "!A !B");
        check("AB", "", "+A +B");
        check("XYZ", "AB", "+X +Y +Z !A !B");
    }

    proptest! {
        /// Every record and every row is given once and in its order, whatever is on the sides.
        #[test]
        fn each_record_and_each_row_is_given_once(source in "[A-F-]{0,40}", ledger in "[A-F-]{0,40}", by_number: bool) {
            let (source, ledger) = (side(&source), side(&ledger));
            let (mut records, mut rows) = (Vec::new(), Vec::new());
            for pair in align(&source, &ledger, by_number) {
                match pair {
                    Pair::Both(record, row) => { records.push(record); rows.push(row); }
                    Pair::Source(record) => records.push(record),
                    Pair::Ledger(row) => rows.push(row),
                }
            }
            prop_assert_eq!(records, source);
            prop_assert_eq!(rows, ledger);
        }
    }

    #[test]
    fn by_number_a_row_that_is_not_there_is_named_alone() {
        let (source, mut ledger) = (side("ABCD"), side("ABCD"));
        ledger.remove(1);
        let pairs = align(&source, &ledger, true);
        assert_eq!(pairs.len(), 4);
        assert_eq!(pairs[1], Pair::Source(source[1].clone()));
    }

    /// Files of many windows with one record less.
    #[test]
    fn a_gap_between_windows_is_found() {
        let all: Vec<One> = (1..20_000)
            .map(|number| One(number, Some(format!("C-{number}"))))
            .collect();
        for gone in [1, 4095, 4096, 4097, 12_000, 19_998] {
            let mut source = all.clone();
            let taken = source.remove(gone);
            let pairs = align(&source, &all, false);
            let alone: Vec<_> = pairs.iter().filter(|pair| !matches!(pair, Pair::Both(..))).collect();
            assert_eq!(alone, [&Pair::Ledger(taken)]);
        }
    }
}
