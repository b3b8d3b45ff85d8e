//! Telephone numbers that are written with `+`, digits and what stands between them: most of those in an export.
//!
//! Of such a number the library is asked only whether it is valid. To read it, it would try a dozen patterns, of which
//! none can matter here: there is no extension, no other script, and no prefix of the country. What might have one is the
//! library's, and what is read here it would read alike, which tests hold for every number that they know.

use regex_syntax::hir::literal::Extractor;
use rlibphonenumber::{PhoneMetadata, PhoneMetadataCollection, PhoneNumber};

/// Digits of a number at most, its country's code included: ITU-T E.164.
const MOST_DIGITS: usize = 15;
/// Digits behind the country's code at least: of fewer the library may make something else.
const LEAST_NATIONAL: usize = 4;
/// Digits of a country's code at most, and how many numbers have so many.
const CODE_DIGITS: usize = 3;
const CODES: usize = 1000;

/// Reads such numbers.
#[derive(Debug)]
pub(super) struct PlainNumbers(Vec<Option<Prefixed>>);

/// For each digit whether a prefix may begin with it that is dialed inside a country, and is no part of the number.
type Prefixed = [bool; 10];

impl PlainNumbers {
    /// By the country's codes of these rules.
    pub(super) fn of(rules: &PhoneMetadataCollection) -> Self {
        let mut codes = vec![None; CODES];
        for metadata in &rules.metadata {
            let slot = usize::try_from(metadata.country_code()).map(|code| codes.get_mut(code));
            let same_code = |other: &&PhoneMetadata| other.country_code() == metadata.country_code();
            let is_main = metadata.main_country_for_code() || rules.metadata.iter().filter(same_code).count() == 1;
            if let (Ok(Some(slot)), true) = (slot, is_main) {
                *slot = Some(prefixed(metadata.national_prefix_for_parsing()));
            }
        }
        Self(codes)
    }

    /// The number that a value is; `None` leaves it to the library.
    pub(super) fn read(&self, value: &str) -> Option<PhoneNumber> {
        let (mut digits, mut count) = ([0; MOST_DIGITS], 0);
        for byte in value.strip_prefix('+')?.bytes() {
            match byte {
                b'0'..=b'9' => {
                    *digits.get_mut(count)? = byte - b'0';
                    count += 1;
                }
                b' ' | b'-' | b'(' | b')' => {}
                _ => return None,
            }
        }
        let digits = digits.get(..count)?;
        let (length, code, prefixed) = (1..=CODE_DIGITS).find_map(|length| {
            let code = number(digits.get(..length)?);
            let prefixed = self.0.get(usize::try_from(code).ok()?)?.as_ref()?;
            Some((length, code, prefixed))
        })?;
        let national = digits.get(length..)?;
        let first = usize::from(*national.first()?);
        // A zero in front is kept apart by the library, and one before the code is none.
        if digits.first() == Some(&0) || first == 0 || national.len() < LEAST_NATIONAL || *prefixed.get(first)? {
            return None;
        }
        Some(PhoneNumber {
            country_code: i32::try_from(code).ok()?,
            national_number: number(national),
            ..PhoneNumber::default()
        })
    }
}

fn number(digits: &[u8]) -> u64 {
    digits.iter().fold(0, |number, digit| number * 10 + u64::from(*digit))
}

/// The digits with which a text may begin that a pattern matches; all of them where that is not known.
fn prefixed(pattern: &str) -> Prefixed {
    if pattern.is_empty() {
        return [false; 10];
    }
    let texts = regex_syntax::parse(pattern).map(|pattern| Extractor::new().extract(&pattern));
    let firsts: Option<Vec<u8>> = texts.ok().and_then(|texts| {
        let texts = texts.literals()?.iter();
        texts.map(|text| text.as_bytes().first().copied()).collect()
    });
    let may_begin = |digit| firsts.as_ref().is_none_or(|firsts| firsts.contains(&digit));
    [b'0', b'1', b'2', b'3', b'4', b'5', b'6', b'7', b'8', b'9'].map(may_begin)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::normalize::phone_rules::PhoneRules;

    #[test]
    fn digits_that_begin_a_prefix_are_those_of_its_pattern() {
        let firsts = |pattern| {
            let digits = (b'0'..).zip(prefixed(pattern));
            let digits = digits.filter_map(|(digit, may_begin)| may_begin.then_some(char::from(digit)));
            digits.collect::<String>()
        };
        assert_eq!(firsts(""), "");
        assert_eq!(firsts("0"), "0");
        assert_eq!(firsts("([2-4][0-9]{6})$|1"), "1234");
        assert_eq!(firsts("(?:0|90)(?:(1[245]|2[1-35]))?"), "09");
        // Where it may be nothing at all, or the pattern is none.
        assert_eq!(firsts("5?"), "0123456789");
        assert_eq!(firsts("("), "0123456789");
    }

    #[test]
    fn what_is_not_plain_is_left_to_the_library() {
        let plain = PhoneRules::load().unwrap().plain();
        let read = |value| {
            plain
                .read(value)
                .map(|number| (number.country_code, number.national_number))
        };
        assert_eq!(read("+49 (30) 901-820"), Some((49, 30_901_820)));
        assert_eq!(read("+12025550123"), Some((1, 2_025_550_123)));
        for value in [
            "4930901820",
            "+49 030 901820",
            "+1 1 202 555 0123",
            "+7 8 912 345 67 89",
            "++4930901820",
            "+4930901820.0",
            "+49 30 901820/21",
            "+49 30 901820 ext. 1",
            "+04930901820",
            "+39 06 6982",
            "+999 12345678",
            "+49 30",
            "+49 3090 1820 1234 5678",
            "+",
            "",
        ] {
            assert_eq!(read(value), None, "{value}");
        }
    }
}
