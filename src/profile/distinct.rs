//! How many different texts there are: exactly up to some thousands, then about, from the smallest hashes.
//!
//! It keeps hashes and no texts. The estimate is that of k minimum values: if the k-th smallest of evenly spread hashes
//! stands at a share x of all possible ones, there are about k / x of them.

use std::collections::BTreeSet;
use std::fmt;
use std::hash::{BuildHasher, BuildHasherDefault, DefaultHasher};

/// Hashes that are kept. Up to so many the count is exact; beyond, the estimate is off by 1.6 % (1 / √k) as a rule.
const KEPT: usize = 4096;

/// Counts different texts.
#[derive(Clone, Debug, Default)]
pub struct Distinct {
    smallest: BTreeSet<u64>,
    is_estimate: bool,
}

impl Distinct {
    /// Takes a text.
    pub fn add(&mut self, text: &str) {
        let hash = BuildHasherDefault::<DefaultHasher>::default().hash_one(text);
        if self.smallest.len() == KEPT && self.smallest.last().is_some_and(|last| hash > *last) {
            self.is_estimate = true;
            return;
        }
        if self.smallest.insert(hash) && self.smallest.len() > KEPT {
            self.smallest.pop_last();
            self.is_estimate = true;
        }
    }

    /// How many there are, or about how many.
    pub fn count(&self) -> u64 {
        let kept = self.smallest.len() as u64;
        match self.smallest.last() {
            Some(last) if self.is_estimate => {
                let estimate = (u128::from(kept - 1) << 64) / u128::from((*last).max(1));
                u64::try_from(estimate).unwrap_or(u64::MAX)
            }
            Some(_) | None => kept,
        }
    }

    /// Whether the count is an estimate.
    pub fn is_estimate(&self) -> bool {
        self.is_estimate
    }
}

/// `12` or `about 12345`.
impl fmt::Display for Distinct {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let about = if self.is_estimate { "about " } else { "" };
        write!(f, "{about}{}", self.count())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn counted(different: u64, repeated: u64) -> Distinct {
        let mut distinct = Distinct::default();
        for text in (0..repeated).flat_map(|_| 0..different) {
            distinct.add(&format!("text {text}"));
        }
        distinct
    }

    #[test]
    fn some_thousands_are_counted_exactly_and_more_about() {
        for different in [0, 1, 7, 4096] {
            let distinct = counted(different, 2);
            assert_eq!((distinct.count(), distinct.is_estimate()), (different, false));
        }
        let distinct = counted(100_000, 1);
        assert!(distinct.is_estimate());
        assert!(distinct.count().abs_diff(100_000) < 8_000, "{distinct}");
        assert!(distinct.to_string().starts_with("about "));
    }
}
