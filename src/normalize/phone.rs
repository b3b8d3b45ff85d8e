//! Telephone numbers: ITU-T E.164 out, by the rules of libphonenumber.
//!
//! A number without `+` is read in a region or not at all. Signs that a spreadsheet drops are put back only where one
//! reading alone is a valid number, and every one put back is a note. No digit is ever added to a number that was
//! written with separators, `+` or a leading zero. A national number that lacks what its country dials before it is two
//! numbers if it is valid behind a `+` too.
//!
//! A number that is not valid is sent only if the configuration lowers the rule: with `+` and all digits that were
//! written, if it has a `+`, and in its country's international form if not.

use rlibphonenumber::{
    CountryCodeSource, ParseError, PhoneNumber, PhoneNumberFormat, PhoneNumberUtil, Region, ValidationError,
};

use super::notes::Notes;
use super::phone_plain::PlainNumbers;
use super::phone_rules::PhoneRules;
use crate::model::rule::Rule;

/// Reads numbers; one for each worker.
pub(super) struct Phones {
    library: PhoneNumberUtil,
    plain: PlainNumbers,
}

/// A number that a value can be read as.
struct Reading {
    number: PhoneNumber,
    valid: bool,
}

/// What the form of a value says about signs that it may have lost.
enum Form {
    /// It has a `+`, a leading zero or separators: it is what somebody wrote.
    Written,
    /// It begins with `00`, which is dialed in place of `+` in most countries, but not in all.
    DoubleZero,
    /// Digits alone, and no zero in front: a spreadsheet may have had it.
    Bare,
}

impl Phones {
    /// Makes a reader of numbers; a few milliseconds. `None` if the library cannot use the metadata.
    pub(super) fn new(rules: &PhoneRules) -> Option<Self> {
        Some(Self {
            library: rules.library()?,
            plain: rules.plain(),
        })
    }

    /// Appends the number in E.164. `region` is the alpha-2 code of the country for a number without `+`.
    pub(super) fn phone(
        &self,
        value: &str,
        region: Option<&str>,
        to: &mut String,
        notes: &mut Notes,
    ) -> Result<(), Rule> {
        let value = without_scheme(value);
        let region = region.and_then(|code| Region::from_code(code).ok());
        let reading = match (form(value), region) {
            (Form::Written, Some(region)) => self.written(value, region, notes)?,
            (Form::Written | Form::Bare, None) => self.read(value, region)?,
            (Form::DoubleZero, _) => self.double_zero(value, region, notes)?,
            (Form::Bare, Some(region)) => self.bare(value, region, notes)?,
        };
        if reading.valid {
            to.push_str(&self.e164(&reading.number));
            return Ok(());
        }
        notes.push(Rule::PhoneNotValid);
        match own_digits(value) {
            Some(digits) => to.extend(std::iter::once('+').chain(digits)),
            None => to.push_str(&self.e164(&reading.number)),
        }
        Ok(())
    }

    /// Reads a value with separators, or with a zero in front. Where its country's numbers begin with a prefix that this
    /// one lacks, it may as well be an international number without its `+`.
    fn written(&self, value: &str, region: Region, notes: &mut Notes) -> Result<Reading, Rule> {
        let is_international = value.contains(['+', '＋']);
        if is_international || value.trim_start_matches(['(', '[', ' ']).starts_with(['0', '０']) {
            return self.read(value, Some(region));
        }
        let plus = || self.read(&format!("+{value}"), Some(region));
        if has_trunk_zero_behind_code(value) {
            return plus().inspect(|reading| {
                if reading.valid {
                    notes.push(Rule::PhonePlusRestored);
                }
            });
        }
        let written = self.read(value, Some(region))?;
        let is_other = |plus: Reading| plus.valid && plus.number != written.number;
        let may_be_two = written.valid && plus().is_ok_and(is_other);
        if may_be_two && self.lacks_prefix(&written.number, value) {
            return Err(Rule::PhoneAmbiguous);
        }
        Ok(written)
    }

    /// Reads a value as it stands.
    fn read(&self, value: &str, region: Option<Region>) -> Result<Reading, Rule> {
        if let Some(number) = self.plain.read(value) {
            let valid = self.library.is_valid_number(&number);
            return Ok(Reading { number, valid });
        }
        if region.is_none() && !value.contains(['+', '＋']) {
            return Err(if value.chars().any(char::is_numeric) {
                Rule::PhoneNoRegion
            } else {
                Rule::PhoneNotANumber
            });
        }
        let number = self.library.parse(value, region).map_err(|error| match error {
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
        let valid = self.library.is_valid_number(&number);
        Ok(Reading { number, valid })
    }

    /// Reads a value that begins with `00`. As its region dials it, if it dials so; else with `+` in its place, which is
    /// what ITU-T E.123 has it stand for.
    fn double_zero(&self, value: &str, region: Option<Region>, notes: &mut Notes) -> Result<Reading, Rule> {
        let written = self.read(value, region);
        let is_valid = written.as_ref().is_ok_and(|written| written.valid);
        if is_valid || region.is_some_and(|region| self.is_dialed_abroad(value, region)) {
            return written;
        }
        match self.read(&value.replacen("00", "+", 1), region) {
            Ok(replaced) if replaced.valid => {
                notes.push(Rule::PhonePrefixReplaced);
                Ok(replaced)
            }
            // With an extension it is one number with a `+` in either case, and this is what is wrong with it.
            Err(Rule::PhoneExtension) => Err(Rule::PhoneExtension),
            Ok(_) | Err(_) => written,
        }
    }

    /// Whether a value begins with what its region dials before a country's code. That may go on behind the `00`
    /// (`0011` in Australia, `001` in Cambodia): with `+` in place of its zeros it would be another country's number.
    fn is_dialed_abroad(&self, value: &str, region: Region) -> bool {
        self.library
            .parse_and_keep_raw_input(value, Some(region))
            .map_or(true, |number| {
                number.country_code_source() == CountryCodeSource::FromNumberWithIdd
            })
    }

    /// Reads digits alone. Three readings are possible: as they are, behind a lost zero, and behind a lost `+`.
    fn bare(&self, digits: &str, region: Region, notes: &mut Notes) -> Result<Reading, Rule> {
        let written = self.read(digits, Some(region));
        let valid = written.as_ref().ok().filter(|written| written.valid);
        let as_written = valid.map(|written| self.e164(&written.number));
        let had_plus = as_written.as_deref().and_then(|e164| e164.strip_prefix('+')) == Some(digits);
        let is_ordinary = match valid {
            // In North America the country's code is the prefix of national numbers too, and no zero is one.
            Some(_) if self.library.is_nanpa_country(region) => true,
            Some(written) => !had_plus && !self.begins_with_zero(&written.number, digits),
            None => false,
        };
        if is_ordinary {
            return written;
        }
        let zero = self.valid(&format!("0{digits}"), region);
        let plus = self.valid(&format!("+{digits}"), region);
        let is_other = |reading: Option<&Reading>, plus: &Reading| reading.is_some_and(|one| one.number != plus.number);
        match (zero, plus) {
            (zero, Some(plus)) if is_other(zero.as_ref(), &plus) || is_other(valid, &plus) => Err(Rule::PhoneAmbiguous),
            (_, Some(plus)) if valid.is_some() || self.is_too_long(digits, region, &written) => {
                notes.push(Rule::PhonePlusRestored);
                Ok(plus)
            }
            (Some(zero), _) if valid.is_some() || !self.is_cut_short(digits, region) => {
                notes.push(Rule::PhoneZeroRestored);
                Ok(zero)
            }
            (_, _) => written,
        }
    }

    /// Whether digits are too many for any number of the region, and by more than one that was typed too much. Fewer may
    /// as well be mistyped as without their `+`, and would become another country's number.
    fn is_too_long(&self, digits: &str, region: Region, written: &Result<Reading, Rule>) -> bool {
        let too_long = Err(ValidationError::TooLong);
        let without = |at| digits.get(..at).zip(digits.get(at + 1..));
        let is_valid = |(head, tail)| self.valid(&format!("{head}{tail}"), region).is_some();
        written
            .as_ref()
            .is_ok_and(|written| self.library.is_possible_number_with_reason(&written.number) == too_long)
            && !(0..digits.len()).filter_map(without).any(is_valid)
    }

    /// Whether digits may have lost their last one as well as a zero in front. Where the zero is a part of the number, both
    /// can make it valid: 312345678 in Italy is a landline without its zero, or nine of ten digits of a mobile.
    fn is_cut_short(&self, digits: &str, region: Region) -> bool {
        (0..10).any(|last| self.valid(&format!("{digits}{last}"), region).is_some())
    }

    /// The reading of a value, if it is a valid number.
    fn valid(&self, value: &str, region: Region) -> Option<Reading> {
        self.read(value, Some(region)).ok().filter(|reading| reading.valid)
    }

    fn e164(&self, number: &PhoneNumber) -> String {
        self.library.format(number, PhoneNumberFormat::E164).into_owned()
    }

    /// Whether a number is written in its country with something before these digits.
    fn lacks_prefix(&self, number: &PhoneNumber, value: &str) -> bool {
        let written: String = value.chars().filter(char::is_ascii_digit).collect();
        let national = self.national(number);
        national.len() > written.len() && national.ends_with(&written)
    }

    /// Whether a number is written in its country as a zero and these digits.
    fn begins_with_zero(&self, number: &PhoneNumber, digits: &str) -> bool {
        self.national(number).strip_prefix('0') == Some(digits)
    }

    /// The digits of a number as they are dialed in its country.
    fn national(&self, number: &PhoneNumber) -> String {
        let national = self.library.format(number, PhoneNumberFormat::National);
        national.chars().filter(char::is_ascii_digit).collect()
    }

    /// Whether what stands before a slash is a whole number already: the library would append the rest
    /// to it. Between area code and number a slash stands behind no valid number.
    fn is_two_numbers(&self, value: &str, region: Option<Region>) -> bool {
        let separator = |character: char| matches!(character, '/' | '／' | '\\');
        value.match_indices(separator).any(|(at, _)| {
            let first = value.get(..at).and_then(|first| self.library.parse(first, region).ok());
            first.is_some_and(|first| self.library.is_valid_number(&first))
        })
    }
}

/// A value without `tel:` in front (RFC 3966; the scheme of a URI is read in any case, RFC 3986, section 3.1).
fn without_scheme(value: &str) -> &str {
    match value.split_at_checked(4) {
        Some((scheme, number)) if scheme.eq_ignore_ascii_case("tel:") => number.trim_start(),
        _ => value,
    }
}

/// Whether `(0)` stands behind the digits that a value begins with: the zero that is dialed inside a country, beside
/// its code. Nobody writes it behind an area code.
fn has_trunk_zero_behind_code(value: &str) -> bool {
    let code = value.trim_start_matches(|character: char| character.is_ascii_digit());
    (1..=3).contains(&(value.len() - code.len())) && code.trim_start().starts_with("(0)")
}

/// The digits of a value with a `+`, all of them: of a number that is not valid none may be left out, since nobody knows
/// which is wrong. `None` for a national number, and where digits are not those of ASCII.
fn own_digits(value: &str) -> Option<impl Iterator<Item = char>> {
    let is_other = |character: char| character.is_numeric() && !character.is_ascii_digit();
    let is_own = value.trim_start_matches(['(', '[', ' ']).starts_with('+') && !value.contains(is_other);
    is_own.then(|| value.chars().filter(char::is_ascii_digit))
}

fn form(value: &str) -> Form {
    let number = value.trim_start_matches(['(', '[', ' ']);
    if number.starts_with("00") {
        Form::DoubleZero
    } else if !value.starts_with(['+', '0']) && value.bytes().all(|byte| byte.is_ascii_digit()) {
        Form::Bare
    } else {
        Form::Written
    }
}

/// Whether a value holds more than a number: letters, which the library reads as the keys of a telephone (`home` as
/// 4663), the parameters of a `tel:` URI, or the `.0` of a spreadsheet's number.
fn says_more(value: &str) -> bool {
    value.contains(';') || value.contains(char::is_alphabetic) || value.ends_with(".0")
}

#[cfg(test)]
#[path = "phone_tests.rs"]
mod tests;

#[cfg(test)]
#[path = "phone_corpus.rs"]
mod corpus;
