//! Industry codes of the North American Industry Classification System.
//!
//! The 2 to 6 digits of a code of NAICS 2022, and the three sectors that are published as a range (`31-33`, `44-45`,
//! `48-49`), which is written with a hyphen whatever dash stood there. Each shorter code is the beginning of a longer
//! one, so the list of six-digit codes is all that is looked up.
//!
//! A code with its title behind it is unknown: whoever wrote two things may have meant either. A code that 2022 does not
//! have, in a sector that it has, may be of an earlier edition: it is sent, with a warning. What became of such a code is
//! often several, so it is not translated.

use super::naics_table::CODES;
use super::notes::Notes;
use crate::model::rule::Rule;

/// Sectors of more than one pair of digits, as NAICS 2022 publishes them.
const RANGES: [&str; 3] = ["31-33", "44-45", "48-49"];

/// Appends the code, or the text itself with a note.
pub(super) fn naics(value: &str, to: &mut String, notes: &mut Notes) {
    let range = value
        .split_once(['-', '–'])
        .map(|(first, last)| (first.trim(), last.trim()));
    let known = RANGES
        .into_iter()
        .find(|known| range.is_some() && known.split_once('-') == range);
    if known.is_none() && !is_code(value) {
        let is_older = is_number(value) && value.get(..2).is_some_and(is_code);
        notes.push(if is_older {
            Rule::NaicsNotCurrent
        } else {
            Rule::NaicsUnknown
        });
    }
    to.push_str(known.unwrap_or(value));
}

/// Whether these are the digits of a code of any edition.
fn is_number(value: &str) -> bool {
    (2..=6).contains(&value.len()) && value.bytes().all(|byte| byte.is_ascii_digit())
}

/// Whether these are 2 to 6 digits with which a code of the list begins.
fn is_code(value: &str) -> bool {
    let Some(number) = value.parse::<u32>().ok().filter(|_| is_number(value)) else {
        return false;
    };
    let width = (value.len()..6).fold(1, |width, _| width * 10);
    let first = number * width;
    let at = CODES.partition_point(|code| *code < first);
    CODES.get(at).is_some_and(|code| *code < first + width)
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn check(value: &str, expected: &str, note: Option<Rule>) {
        let (mut to, mut notes) = (String::new(), Notes::new());
        naics(value, &mut to, &mut notes);
        assert_eq!(
            (to.as_str(), notes.as_slice()),
            (expected, note.as_slice()),
            "{value:?}"
        );
    }

    #[test]
    fn every_code_and_every_beginning_of_one_is_known_and_no_other() {
        assert!(CODES.is_sorted());
        for (digits, published) in [(2, 24), (3, 96), (4, 308), (5, 689), (6, 1012)] {
            let known: BTreeSet<String> = CODES.iter().map(|code| code.to_string()[..digits].to_owned()).collect();
            assert_eq!(known.len(), published, "{digits} digits");
            for number in 0..10_u32.pow(u32::try_from(digits).unwrap()) {
                let text = format!("{number:0digits$}");
                assert_eq!(is_code(&text), known.contains(&text), "{text}");
            }
        }
    }

    #[test]
    fn sectors_that_are_ranges_are_known_as_they_are_published() {
        check("31-33", "31-33", None);
        check("44 – 45", "44-45", None);
        check("48-49", "48-49", None);
        for value in ["31-32", "33-31", "31-33-", "11-12", "31", "33"] {
            check(value, value, (value.len() > 2).then_some(Rule::NaicsUnknown));
        }
    }

    #[test]
    fn what_is_no_code_stands_with_a_note() {
        for value in [
            "99",
            "5",
            "5223201",
            "522320 Financial Transactions",
            "52 23",
            "+52",
            "5２",
            "52232A",
            "-",
        ] {
            check(value, value, Some(Rule::NaicsUnknown));
        }
        check("522320", "522320", None);
        check("454110", "454110", Some(Rule::NaicsNotCurrent));
        check("994110", "994110", Some(Rule::NaicsUnknown));
    }
}
