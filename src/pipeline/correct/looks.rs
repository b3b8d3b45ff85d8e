//! What a change of a cell looks like: a person's, or one of those that spreadsheet programs make by themselves.
//!
//! A spreadsheet takes cells for numbers and dates when it opens a file, and writes what it took them for. Each of these
//! changes has a form of its own, and only the form is looked at: no kind of field, no country and no configuration.

use std::borrow::Cow;

/// What a changed cell looks like.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Looks {
    /// Leading zeros or a plus are gone.
    ZerosDropped,
    /// The same date, turned around or in another form.
    DateTurned,
    /// A long number rounded, or in scientific notation.
    DigitsLost,
    /// TRUE or FALSE in other letters.
    LogicalWord,
    /// Nothing but white space and apostrophes differ.
    OnlySpace,
    /// Another value, as somebody types it.
    Typed,
}

/// Digits that spreadsheets keep: those of a double.
const KEPT_DIGITS: usize = 15;

/// Digits of a number that stands for a day: the years 1927 to 2173.
const SERIAL_DIGITS: usize = 5;

/// Most digits of a group of a date: those of a year.
const YEAR_DIGITS: usize = 4;

impl Looks {
    /// What is said of it.
    pub(super) fn says(self) -> &'static str {
        match self {
            Self::ZerosDropped => "leading zeros or a plus were dropped",
            Self::DateTurned => "a date was turned around or written in another form",
            Self::DigitsLost => "a long number was rounded or written in scientific notation",
            Self::LogicalWord => "TRUE or FALSE was written in other letters",
            Self::OnlySpace => "only white space or apostrophes differ",
            Self::Typed => "another value",
        }
    }

    /// Whether a spreadsheet does it by itself.
    pub(super) fn is_a_spreadsheets(self) -> bool {
        self != Self::Typed
    }

    /// What a change looks like. The two differ.
    pub(super) fn of(before: &str, after: &str) -> Self {
        if bare(before) == bare(after) {
            return Self::OnlySpace;
        }
        let (before, after) = (before.trim(), after.trim());
        if is_logical(before) && before.eq_ignore_ascii_case(after) {
            Self::LogicalWord
        } else if is_without_zeros(before, after) {
            Self::ZerosDropped
        } else if is_rounded(before, after) {
            Self::DigitsLost
        } else if is_same_date(before, after) {
            Self::DateTurned
        } else {
            Self::Typed
        }
    }
}

/// A text without white space and apostrophes.
fn bare(text: &str) -> String {
    let is_apostrophe = |character| matches!(character, '\'' | '\u{2018}' | '\u{2019}' | '\u{2bc}');
    let kept = |character: &char| !character.is_whitespace() && !is_apostrophe(*character);
    text.chars().filter(kept).collect()
}

fn is_logical(text: &str) -> bool {
    text.eq_ignore_ascii_case("true") || text.eq_ignore_ascii_case("false")
}

fn is_digits(text: &str) -> bool {
    !text.is_empty() && text.bytes().all(|byte| byte.is_ascii_digit())
}

/// `+4420…` or `007` as a number: without what is before its first digit that counts. A sum with decimals loses the zeros
/// at its end as well.
fn is_without_zeros(before: &str, after: &str) -> bool {
    let number = |text: &str| -> Option<(String, String)> {
        let text = text.strip_prefix('+').unwrap_or(text);
        let (whole, decimals) = text.split_once(['.', ',']).unwrap_or((text, ""));
        let is_number = is_digits(whole) && (decimals.is_empty() || is_digits(decimals));
        is_number.then(|| {
            (
                whole.trim_start_matches('0').to_owned(),
                decimals.trim_end_matches('0').to_owned(),
            )
        })
    };
    after.len() < before.len() && number(before).is_some_and(|before| number(after) == Some(before))
}

/// A whole number with only its first digits left: `1.23457E+11`, or zeros behind the fifteenth digit.
fn is_rounded(before: &str, after: &str) -> bool {
    let digits = |text: &str| {
        let text = text.strip_prefix(['+', '-']).unwrap_or(text);
        is_digits(text).then(|| text.trim_start_matches('0').to_owned())
    };
    let Some(whole) = digits(before) else {
        // A code such as 12E5 is taken for a number that is already in scientific notation.
        return scientific(before).is_some_and(|(mantissa, exponent)| {
            let other = scientific(after).or_else(|| digits(after).map(|digits| split_digits(&digits)));
            other.is_some_and(|(other, power)| {
                power == exponent && (mantissa.starts_with(&other) || other.starts_with(&mantissa))
            })
        });
    };
    if let Some((mantissa, exponent)) = scientific(after) {
        return usize::try_from(exponent + 1) == Ok(whole.len()) && is_rounding(&whole, &mantissa);
    }
    digits(after).is_some_and(|after| {
        let zeros = after.get(KEPT_DIGITS..).unwrap_or_default();
        let kept = after.get(..KEPT_DIGITS).unwrap_or_default();
        after.len() == whole.len()
            && !zeros.is_empty()
            && zeros.bytes().all(|digit| digit == b'0')
            && is_rounding(&whole, kept)
    })
}

/// The digits of a number and its power of ten, as scientific notation has them.
fn split_digits(digits: &str) -> (String, i64) {
    let exponent = i64::try_from(digits.len()).unwrap_or(i64::MAX) - 1;
    (digits.trim_end_matches('0').to_owned(), exponent)
}

/// The digits that count and the power of ten of `1.23457E+11`, the comma of other languages included; the power is that
/// of the first digit.
fn scientific(text: &str) -> Option<(String, i64)> {
    let (mantissa, exponent) = text.split_once(['E', 'e'])?;
    let exponent: i64 = exponent.strip_prefix('+').unwrap_or(exponent).parse().ok()?;
    let (whole, decimals) = mantissa.split_once(['.', ',']).unwrap_or((mantissa, ""));
    let is_number = is_digits(whole) && (decimals.is_empty() || is_digits(decimals));
    let digits = format!("{whole}{decimals}");
    let power = exponent.checked_add(i64::try_from(whole.len()).ok()? - 1)?;
    is_number.then(|| (digits.trim_end_matches('0').to_owned(), power))
}

/// Whether some first digits are those of a number, or those rounded up.
fn is_rounding(whole: &str, first: &str) -> bool {
    let kept = |length: usize| whole.get(..length)?.parse::<u64>().ok();
    let first_number = first.parse::<u64>().ok();
    first.len() <= KEPT_DIGITS
        && first_number.is_some_and(|first_number| {
            kept(first.len()).is_some_and(|kept| kept == first_number || kept + 1 == first_number)
        })
}

/// Whether two texts are dates of the same day, month and year in whatever order and form.
fn is_same_date(before: &str, after: &str) -> bool {
    let (before, after) = (without_time(before), without_time(after));
    let (from, to) = (Groups::of(before), Groups::of(after));
    match (from, to) {
        (Some(from), Some(to)) if from.is_date() && to.is_date() => from.same_as(&to),
        // The digits in a row, and with something between them.
        (Some(from), None) if from.is_date() => from.joins_to(after) || is_serial(after),
        (None, Some(to)) if to.is_date() => to.joins_to(before),
        // `3-4`, a house number, taken for a day and a month.
        (Some(from), Some(to)) if from.0.len() == 2 => (to.is_date() || to.1) && from.is_part_of(&to),
        _ => false,
    }
}

/// What a spreadsheet writes behind a day that it took for a moment.
fn without_time(text: &str) -> &str {
    let (day, time) = text.split_once([' ', 'T']).unwrap_or((text, ""));
    let is_time = time.contains(':') && time.bytes().all(|byte| byte.is_ascii_digit() || b":.Z".contains(&byte));
    if is_time { day } else { text }
}

fn is_serial(text: &str) -> bool {
    text.len() == SERIAL_DIGITS && is_digits(text)
}

/// The numbers of a date, and whether a month was written as a word.
struct Groups(Vec<u32>, bool);

impl Groups {
    /// The groups of digits of a text in which nothing else is but what stands between the parts of a date.
    fn of(text: &str) -> Option<Self> {
        let mut numbers = Vec::new();
        let mut named = false;
        let parts = text.split(|character: char| " -/.,".contains(character));
        for part in parts.filter(|part| !part.is_empty()) {
            if is_digits(part) && part.len() <= YEAR_DIGITS {
                numbers.push(part.parse().ok()?);
            } else {
                numbers.push(month(part)?);
                named = true;
            }
        }
        (numbers.len() > 1).then_some(Self(numbers, named))
    }

    fn is_date(&self) -> bool {
        self.0.len() == 3
    }

    /// The same numbers, a year of two digits included.
    fn same_as(&self, other: &Self) -> bool {
        sorted(&self.0) == sorted(&other.0) || short(&self.0) == short(&other.0)
    }

    fn is_part_of(&self, other: &Self) -> bool {
        self.0.iter().all(|number| other.0.contains(number))
    }

    /// Whether the date's digits stand in a row in the text, in any order of its parts.
    fn joins_to(&self, text: &str) -> bool {
        let parts = |ends: [usize; 2]| -> Option<Vec<u32>> {
            let (first, rest) = text.split_at_checked(ends[0])?;
            let (second, third) = rest.split_at_checked(ends[1])?;
            [first, second, third].iter().map(|part| part.parse().ok()).collect()
        };
        let forms = [parts([4, 2]), parts([2, 2])];
        let mut found = forms.iter().flatten();
        is_digits(text) && text.len() == 8 && found.any(|parts| sorted(parts) == sorted(&self.0))
    }
}

fn sorted(numbers: &[u32]) -> Vec<u32> {
    let mut numbers = numbers.to_vec();
    numbers.sort_unstable();
    numbers
}

fn short(numbers: &[u32]) -> Vec<u32> {
    sorted(&numbers.iter().map(|number| number % 100).collect::<Vec<_>>())
}

/// The number of a month by its English name or the first letters of it, as spreadsheets write them.
fn month(word: &str) -> Option<u32> {
    const MONTHS: [&str; 12] = [
        "january",
        "february",
        "march",
        "april",
        "may",
        "june",
        "july",
        "august",
        "september",
        "october",
        "november",
        "december",
    ];
    let word: Cow<'_, str> = word.to_ascii_lowercase().into();
    let found = MONTHS
        .iter()
        .position(|name| word.len() >= 3 && name.starts_with(&*word))?;
    u32::try_from(found + 1).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_spreadsheets_do_by_themselves_is_known_by_its_form() {
        for (looks, changes) in [
            (
                Looks::ZerosDropped,
                &[
                    ("02134", "2134"),
                    ("+442079460000", "442079460000"),
                    ("0012.50", "12.5"),
                    ("000", "0"),
                    ("+0049123", "49123"),
                ][..],
            ),
            (
                Looks::DateTurned,
                &[
                    ("1980-01-31", "31/01/1980"),
                    ("31.01.1980", "1980-01-31"),
                    ("01/02/1980", "02/01/1980"),
                    ("1980-01-31", "1/31/80"),
                    ("1980-01-31", "31-Jan-80"),
                    ("1980-01-31", "January 31, 1980"),
                    ("1980-01-31", "1980-01-31 00:00:00"),
                    ("1980-01-31", "1980-01-31T00:00:00"),
                    ("19800131", "1980-01-31"),
                    ("1980-01-31", "31011980"),
                    ("1980-01-31", "29251"),
                    ("3-4", "4-Mar"),
                    ("3-4", "2026-03-04"),
                ],
            ),
            (
                Looks::DigitsLost,
                &[
                    ("123456789012", "1.23457E+11"),
                    ("123456789012", "1,23457E+11"),
                    ("0123456789012", "1.23457E+11"),
                    ("+442079460000", "4.42079E+11"),
                    ("12345678901234567", "12345678901234500"),
                    ("12345678901234567890", "1.23456789012346E+19"),
                    ("12E5", "1.20E+06"),
                    ("12E5", "1200000"),
                ],
            ),
            (Looks::LogicalWord, &[("true", "TRUE"), ("False", "FALSE")]),
            (
                Looks::OnlySpace,
                &[
                    ("Ann ", "Ann"),
                    ("Ann  Marie", "Ann Marie"),
                    ("'02134", "02134"),
                    ("one\r\ntwo", "one\ntwo"),
                    ("O'Neil", "O\u{2019}Neil"),
                ],
            ),
        ] {
            for (before, after) in changes {
                assert_eq!(Looks::of(before, after), looks, "{before} → {after}");
                assert!(looks.is_a_spreadsheets());
            }
        }
    }

    #[test]
    fn what_a_clerk_types_is_no_spreadsheets_doing() {
        for (before, after) in [
            ("2134", "02134"),
            ("442079460000", "+442079460000"),
            ("", "Ann"),
            ("Ann", ""),
            ("Ann", "ann"),
            ("12345", "12354"),
            ("1980-01-31", "1981-01-31"),
            ("1980-13-31", "1980-12-31"),
            ("1980-01-31", "1980-01-30"),
            ("12/34", "34 Baker Street"),
            ("123456789012", "123456789013"),
            ("123456789012", "1.23458E+12"),
            ("12345678901234567", "12345678901234568"),
            ("020 7946 0000", "+44 20 7946 0000"),
            ("true", "false"),
            ("29251", "1980-01-31"),
            ("0", ""),
            ("100", "10"),
            ("0100", "10"),
            ("+", "-"),
            ("é", "É"),
        ] {
            assert_eq!(Looks::of(before, after), Looks::Typed, "{before} → {after}");
        }
    }
}
