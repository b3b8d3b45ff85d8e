//! The shapes of a column's values: masked as in findings, with runs of letters as one.
//!
//! The number of shapes that are kept is bounded; values of other shapes are counted together.

use std::cmp::Reverse;
use std::collections::BTreeMap;

use crate::model::finding::Preview;

/// Shapes kept for a column: what a kind of value has are few, and free text has too many for any of them to matter.
const KEPT: usize = 64;

/// How often each shape was seen.
#[derive(Clone, Debug, Default)]
pub struct Shapes {
    counts: BTreeMap<String, u64>,
    others: u64,
}

impl Shapes {
    /// Takes a value.
    pub fn add(&mut self, value: &str) {
        let shape = shape(value);
        if let Some(count) = self.counts.get_mut(&shape) {
            *count += 1;
        } else if self.counts.len() < KEPT {
            self.counts.insert(shape, 1);
        } else {
            self.others += 1;
        }
    }

    /// The most frequent shapes with their counts, most frequent first.
    pub fn top(&self, most: usize) -> Vec<(&str, u64)> {
        let mut shapes: Vec<_> = self
            .counts
            .iter()
            .map(|(shape, count)| (shape.as_str(), *count))
            .collect();
        shapes.sort_by_key(|(shape, count)| (Reverse(*count), *shape));
        shapes.truncate(most);
        shapes
    }

    /// How many shapes there are; `None` if there are more than were kept.
    pub fn count(&self) -> Option<usize> {
        (self.others == 0).then_some(self.counts.len())
    }
}

/// `Maria Anders` → `Aa Aa`, `030-0074321` → `999-9999999`.
fn shape(value: &str) -> String {
    let mut shape = String::new();
    for character in Preview::of(value).as_str().chars() {
        let repeats = matches!(character, 'a' | 'A') && shape.ends_with(character);
        if !repeats {
            shape.push(character);
        }
    }
    shape
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shapes_lose_the_value_and_the_length_of_words() {
        let check = |value: &str, expected: &str| assert_eq!(shape(value), expected);
        check("Maria Anders", "Aa Aa");
        check("McDonald", "AaAa");
        check("030-0074321", "999-9999999");
        check("ada@example.org", "a@a.a");
        check("Zoë", "Aa");
    }

    #[test]
    fn the_most_frequent_come_first_and_their_number_is_bounded() {
        let mut shapes = Shapes::default();
        for value in ["1", "22", "33", "a"] {
            shapes.add(value);
        }
        assert_eq!(shapes.top(2), [("99", 2), ("9", 1)]);
        assert_eq!(shapes.count(), Some(3));
        for length in 0..1000 {
            shapes.add(
                &".".repeat(length % 24)
                    .replace("..", &format!(".{}", "-,".repeat(length / 24 % 9))),
            );
        }
        assert!(shapes.counts.len() <= KEPT);
        assert_eq!(shapes.count(), None);
    }
}
