//! Telephone numbers: ITU-T E.164 out, by the rules of libphonenumber.
//!
//! A number without `+` is read in a region or not at all. Digits are never added or repaired here.

use rlibphonenumber::{ParseError, PhoneNumberFormat, PhoneNumberUtil, Region};

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
    pub(super) fn phone(&self, value: &str, region: Option<&str>, to: &mut String) -> Result<(), Rule> {
        let international =
            value.trim_start_matches(['(', ' ', '[']).starts_with(['+', '＋']) || value.starts_with("tel:+");
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
        if !self.0.is_valid_number(&number) {
            return Err(Rule::PhoneNotValid);
        }
        to.push_str(&self.0.format(&number, PhoneNumberFormat::E164));
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: &str, region: Option<&str>, expected: Result<&str, Rule>) {
        let mut to = String::new();
        let phones = Phones::new().unwrap();
        assert_eq!(
            phones.phone(value, region, &mut to).map(|()| to.as_str()),
            expected,
            "{value:?}"
        );
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
    }
}
