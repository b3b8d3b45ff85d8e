//! The counters of one column.

use std::collections::BTreeMap;

use super::distinct::Distinct;
use super::shapes::Shapes;
use crate::model::fit::{ABSENT_WORDS, DATE_FORMATS, Fit, REGIONS, bits};

/// Distinct texts kept of a column: the words of the longest closed list, each in as many spellings as exports have.
const KEPT_TEXTS: usize = 256;

/// Longest text that is kept, in bytes: a longer one is a sentence and no word of a list.
pub const LONGEST_TEXT: usize = 40;

/// Countries kept of a column of countries.
const KEPT_COUNTRIES: usize = 300;

/// In how many cells something was seen.
#[derive(Clone, Debug, Default)]
pub struct Traits {
    /// E-mail addresses.
    pub emails: u64,
    /// Valid telephone numbers with `+`.
    pub phones: u64,
    /// Digits as telephone numbers without `+` have them.
    pub nationals: u64,
    /// ISO 8601 dates.
    pub iso_dates: u64,
    /// Dates of any candidate format or ISO 8601.
    pub dates: u64,
    /// Dates by format, those of ISO 8601 not counted.
    pub by_format: [u64; DATE_FORMATS.len()],
    /// Numbers without `+` that were tried in every region.
    pub tried: u64,
    /// Valid numbers by region.
    pub by_region: [u64; REGIONS.len()],
    /// Addresses of web sites.
    pub websites: u64,
    /// Names or codes of countries.
    pub countries: u64,
    /// Cells with a digit.
    pub with_digit: u64,
    /// Cells with a letter.
    pub with_letter: u64,
}

/// What is known of one column.
#[derive(Clone, Debug, Default)]
pub struct Column {
    /// Cells, the empty ones included.
    pub cells: u64,
    /// Cells that hold something.
    pub filled: u64,
    /// How many different values there are.
    pub distinct: Distinct,
    /// The shapes of the values.
    pub shapes: Shapes,
    /// Shortest and longest value, in characters.
    pub lengths: Option<(usize, usize)>,
    /// What the values look like.
    pub traits: Traits,
    /// How often each country was named, alpha-2.
    pub country_codes: BTreeMap<&'static str, u64>,
    /// How often words were seen that people write for nothing, as they were written first.
    pub absent: BTreeMap<&'static str, (String, u64)>,
    /// The distinct texts, while they are few and short: never to be printed, save as words of a closed list.
    texts: Option<BTreeMap<String, u64>>,
    has_many_texts: bool,
}

impl Column {
    /// Takes a cell, cleaned; an empty text is an empty cell. `fit` says what it looks like.
    pub fn add(&mut self, cell: &str, fit: impl FnOnce(&str) -> Fit) {
        self.cells += 1;
        if cell.is_empty() {
            return;
        }
        self.filled += 1;
        self.distinct.add(cell);
        self.shapes.add(cell);
        let length = cell.chars().count();
        let (shortest, longest) = self.lengths.unwrap_or((length, length));
        self.lengths = Some((shortest.min(length), longest.max(length)));
        self.keep_text(cell);
        self.see_absent(cell);
        self.count(cell, &fit(cell));
    }

    /// The distinct texts with their counts; `None` if there are many, or if they are long.
    pub fn texts(&self) -> Option<&BTreeMap<String, u64>> {
        self.texts.as_ref().filter(|_| !self.has_many_texts)
    }

    /// Whether values come again as words of a list do: three times each, in the mean. What does not may be a name.
    pub fn repeats(&self) -> bool {
        self.distinct.count() * 3 <= self.filled
    }

    /// Filled cells but those that hold a word for nothing.
    pub fn told(&self) -> u64 {
        self.filled - self.absent.values().map(|(_, count)| count).sum::<u64>()
    }

    fn see_absent(&mut self, cell: &str) {
        let longest = 16;
        if cell.len() > longest {
            return;
        }
        let folded = cell.to_lowercase();
        if let Some(word) = ABSENT_WORDS.into_iter().find(|word| *word == folded) {
            self.absent.entry(word).or_insert_with(|| (cell.to_owned(), 0)).1 += 1;
        }
    }

    fn keep_text(&mut self, cell: &str) {
        if self.has_many_texts {
            return;
        }
        let texts = self.texts.get_or_insert_default();
        if let Some(count) = texts.get_mut(cell) {
            *count += 1;
        } else if texts.len() < KEPT_TEXTS && cell.len() <= LONGEST_TEXT {
            texts.insert(cell.to_owned(), 1);
        } else {
            self.has_many_texts = true;
            self.texts = None;
        }
    }

    fn count(&mut self, cell: &str, fit: &Fit) {
        let traits = &mut self.traits;
        traits.emails += u64::from(fit.email);
        traits.phones += u64::from(fit.phone);
        traits.nationals += u64::from(fit.national);
        traits.iso_dates += u64::from(fit.iso_date);
        traits.dates += u64::from(fit.is_date());
        traits.websites += u64::from(fit.website);
        traits.with_digit += u64::from(cell.contains(char::is_numeric));
        traits.with_letter += u64::from(cell.contains(char::is_alphabetic));
        traits.tried += u64::from(fit.regions != 0 || (fit.national && !fit.is_date()));
        add_bits(&mut traits.by_format, fit.dates);
        add_bits(&mut traits.by_region, fit.regions);
        if let Some(code) = fit.country {
            traits.countries += 1;
            if self.country_codes.len() < KEPT_COUNTRIES || self.country_codes.contains_key(code) {
                *self.country_codes.entry(code).or_default() += 1;
            }
        }
    }
}

fn add_bits(counts: &mut [u64], set: u32) {
    for bit in bits(set) {
        if let Some(count) = counts.get_mut(bit) {
            *count += 1;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn cells_are_counted_and_few_short_texts_kept() {
        let mut column = Column::default();
        for cell in ["P", "F", "", "P"] {
            column.add(cell, |_| Fit::default());
        }
        assert_eq!((column.cells, column.filled, column.distinct.count()), (4, 3, 2));
        assert_eq!(column.lengths, Some((1, 1)));
        assert_eq!(column.texts().and_then(|texts| texts.get("P")), Some(&2));
        column.add(&"x".repeat(LONGEST_TEXT + 1), |_| Fit::default());
        assert!(column.texts().is_none());
    }

    #[test]
    fn a_column_of_many_texts_keeps_none() {
        let mut column = Column::default();
        for number in 0..1000 {
            column.add(&number.to_string(), |_| Fit {
                dates: 0b101,
                ..Fit::default()
            });
        }
        assert!(column.texts().is_none());
        assert_eq!(column.traits.by_format[..3], [1000, 0, 1000]);
        assert_eq!((column.traits.dates, column.traits.with_digit), (1000, 1000));
    }
}
