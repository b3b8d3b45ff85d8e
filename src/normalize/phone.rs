//! Telephone numbers: ITU-T E.164 out, by the rules of libphonenumber.
//!
//! A number without `+` is read in a region or not at all. Digits are never added or repaired here.

use rlibphonenumber::{ParseError, PhoneNumberFormat, PhoneNumberUtil, Region};

use super::notes::Notes;
use crate::model::rule::Rule;

/// Reads numbers; one for each worker, since the library's shared instance makes workers wait for each other. It holds
/// about 45 MB once every region was seen.
pub(super) struct Phones(PhoneNumberUtil);

impl Phones {
    /// Loads the metadata that the library carries; a few milliseconds. `None` if the library cannot read its own.
    pub(super) fn new() -> Option<Self> {
        PhoneNumberUtil::new().ok().map(Self)
    }

    /// Appends the number in E.164. `region` is the alpha-2 code of the country for a number without `+`.
    pub(super) fn phone(
        &self,
        value: &str,
        region: Option<&str>,
        to: &mut String,
        notes: &mut Notes,
    ) -> Result<(), Rule> {
        let international = value.contains(['+', '＋']);
        let region = region.and_then(|code| Region::from_code(code).ok());
        if region.is_none() && !international {
            return Err(if value.chars().any(char::is_numeric) {
                Rule::PhoneNoRegion
            } else {
                Rule::PhoneNotANumber
            });
        }
        let number = self.0.parse(value, region).map_err(|error| match error {
            ParseError::NotANumber(_) => Rule::PhoneNotANumber,
            ParseError::InvalidCountryCode
            | ParseError::TooShortAfterIdd
            | ParseError::TooShortNsn
            | ParseError::TooLongNsn => Rule::PhoneNotValid,
        })?;
        if !number.extension().is_empty() {
            return Err(Rule::PhoneExtension);
        }
        if says_more(value) || self.is_two_numbers(value, region) {
            return Err(Rule::PhoneNotANumber);
        }
        if !self.0.is_valid_number(&number) {
            notes.push(Rule::PhoneNotValid);
        }
        to.push_str(&self.0.format(&number, PhoneNumberFormat::E164));
        Ok(())
    }

    /// Whether what stands before a slash is a whole number already: the library would append the rest
    /// to it. Between area code and number a slash stands behind no valid number.
    fn is_two_numbers(&self, value: &str, region: Option<Region>) -> bool {
        let separator = |character: char| matches!(character, '/' | '／' | '\\');
        value.match_indices(separator).any(|(at, _)| {
            let first = value.get(..at).and_then(|first| self.0.parse(first, region).ok());
            first.is_some_and(|first| self.0.is_valid_number(&first))
        })
    }
}

/// Whether a value holds more than a number: letters, which the library reads as the keys of a telephone (`home` as
/// 4663), the parameters of a `tel:` URI, or the `.0` of a spreadsheet's number.
fn says_more(value: &str) -> bool {
    let number = value.strip_prefix("tel:").unwrap_or(value);
    number.contains(';') || number.contains(char::is_alphabetic) || number.ends_with(".0")
}

#[cfg(test)]
mod tests {
    use super::super::notes::verdict;
    use super::*;

    fn check(value: &str, region: Option<&str>, expected: Result<&str, Rule>) {
        let (mut to, mut notes) = (String::new(), Notes::new());
        let phones = Phones::new().unwrap();
        let result = phones.phone(value, region, &mut to, &mut notes);
        assert_eq!(verdict(result, &notes, &to), expected, "{value:?}");
    }

    #[test]
    fn numbers_become_e164() {
        check("+49 30 901820", None, Ok("+4930901820"));
        check("030 901820", Some("DE"), Ok("+4930901820"));
        check("0049 30 901820", Some("FR"), Ok("+4930901820"));
        check("(02) 201 24 67", Some("BE"), Ok("+3222012467"));
        check("+39 06 6982", None, Ok("+39066982"));
    }

    #[test]
    fn numbers_are_read_in_a_region_or_not_at_all() {
        check("030 901820", None, Err(Rule::PhoneNoRegion));
        check("030 901820", Some("??"), Err(Rule::PhoneNoRegion));
    }

    #[test]
    fn what_cannot_be_dialed_is_a_finding() {
        check("(171) 555-7788", Some("GB"), Err(Rule::PhoneNotValid));
        check("+999 12345678", None, Err(Rule::PhoneNotValid));
        check("n/a", Some("DE"), Err(Rule::PhoneNotANumber));
        check("unknown", None, Err(Rule::PhoneNotANumber));
        check("+49 30 901820 ext. 12", None, Err(Rule::PhoneExtension));
        check("+49 30 901820;ext=12", None, Err(Rule::PhoneExtension));
    }

    #[test]
    fn nothing_beside_the_number_becomes_a_part_of_it() {
        for value in [
            "+49 30 901820 (home)",
            "+49 30 901820 doppel",
            "+49 30 901820p12",
            "+49 30 901820 / 21",
            "+49 30 901820 / +49 30 901821",
            "+49 30 901820, +49 30 901821",
            "+49-30-901820;isub=12",
            "+4930901820.0",
            "+1 800 FLOWERS",
            "a+49 30 901820",
        ] {
            check(value, None, Err(Rule::PhoneNotANumber));
        }
        for value in ["1-800-FLOWERS", "030 901820 ANNA", "030 901820 / 21"] {
            check(value, Some("DE"), Err(Rule::PhoneNotANumber));
        }
    }

    #[test]
    fn marks_around_the_number_are_no_part_of_it() {
        for value in [
            "tel:+49-30-901820",
            "＋４９ ３０ ９０１８２０",
            "'+4930901820",
            "+49 (0) 30 / 901820",
            "+49 30/901820",
            "(+49) 30.901820",
        ] {
            check(value, None, Ok("+4930901820"));
        }
        check("030/901820", Some("DE"), Ok("+4930901820"));
    }
}
