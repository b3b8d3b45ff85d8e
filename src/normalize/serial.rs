//! Days as spreadsheets count them: whole numbers from one of two epochs.
//!
//! ECMA-376 part 1, section 18.17.4.1 names both date systems. The number alone does not tell which one a file has, so
//! nothing here chooses.

use jiff::ToSpan;
use jiff::civil::Date;

use super::number::whole_number;
use crate::model::rule::Rule;

/// The last serial number of the 1900 date system, 9999-12-31, and of the 1904 date system, which is 1,462 days behind.
const LAST_1900: i32 = 2_958_465;
const LAST_1904: i32 = LAST_1900 - 1_462;

/// The day that the 1900 date system counts and that was none: 1900 was no leap year, and it has a February 29.
const NO_DAY_1900: i32 = 60;

/// What a number may be that is taken for a day without a declaration, so that the finding can say so: from 1902 to the
/// end of 2099 by the 1900 date system. Years alone, from 1800 to 2100, are more likely years.
const LIKELY: std::ops::RangeInclusive<i32> = 1_000..=73_050;
const YEARS: std::ops::RangeInclusive<i32> = 1_800..=2_100;

/// Where a spreadsheet begins to count.
#[derive(Clone, Copy, Debug)]
pub(super) enum Epoch {
    /// 1 is 1900-01-01, and 60 is the day that was none.
    Of1900,
    /// 0 is 1904-01-01.
    Of1904,
}

impl Epoch {
    /// The epoch that a declared format names.
    pub(super) fn from_format(format: &str) -> Option<Self> {
        match format {
            "serial-1900" => Some(Self::Of1900),
            "serial-1904" => Some(Self::Of1904),
            _ => None,
        }
    }

    /// The day of a serial number.
    pub(super) fn day(self, number: i32) -> Result<Date, Rule> {
        let (start, is_day) = match self {
            // Before the day that was none, the count is that of the calendar; behind it, one more.
            Self::Of1900 if number < NO_DAY_1900 => (Date::constant(1899, 12, 31), number >= 1),
            Self::Of1900 => (
                Date::constant(1899, 12, 30),
                number != NO_DAY_1900 && number <= LAST_1900,
            ),
            Self::Of1904 => (Date::constant(1904, 1, 1), number <= LAST_1904),
        };
        let day = start.checked_add(number.days()).map_err(|_| Rule::DateImpossible)?;
        is_day.then_some(day).ok_or(Rule::DateImpossible)
    }
}

/// The whole number of a value, with or without a `.0` behind it. A fraction other than zero is a time of day.
pub(super) fn number(value: &str) -> Option<i32> {
    let digits = whole_number(value).unwrap_or(value);
    let is_number = digits.bytes().all(|byte| byte.is_ascii_digit()) && (digits == "0" || !digits.starts_with('0'));
    // Eight digits are a date without separators and no serial number of any year.
    if is_number && digits.len() <= 7 {
        digits.parse().ok()
    } else {
        None
    }
}

/// Whether a number may as well be a year.
pub(super) fn may_be_year(number: i32) -> bool {
    YEARS.contains(&number)
}

/// Whether a value that no declared format reads is most likely a serial number.
pub(super) fn is_likely(value: &str) -> bool {
    number(value).is_some_and(|number| LIKELY.contains(&number) && !may_be_year(number))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(epoch: Epoch, number: i32, expected: Result<(i16, i8, i8), Rule>) {
        let expected = expected.map(|(year, month, day)| Date::new(year, month, day).unwrap());
        assert_eq!(epoch.day(number), expected, "{epoch:?} {number}");
    }

    #[test]
    fn both_date_systems_count_as_the_standard_says() {
        check(Epoch::Of1900, 0, Err(Rule::DateImpossible));
        check(Epoch::Of1900, 1, Ok((1900, 1, 1)));
        check(Epoch::Of1900, 59, Ok((1900, 2, 28)));
        check(Epoch::Of1900, 60, Err(Rule::DateImpossible));
        check(Epoch::Of1900, 61, Ok((1900, 3, 1)));
        check(Epoch::Of1900, 25_569, Ok((1970, 1, 1)));
        check(Epoch::Of1900, LAST_1900, Ok((9999, 12, 31)));
        check(Epoch::Of1900, LAST_1900 + 1, Err(Rule::DateImpossible));
        check(Epoch::Of1904, 0, Ok((1904, 1, 1)));
        check(Epoch::Of1904, 60, Ok((1904, 3, 1)));
        check(Epoch::Of1904, 25_569 - 1_462, Ok((1970, 1, 1)));
        check(Epoch::Of1904, LAST_1904, Ok((9999, 12, 31)));
        check(Epoch::Of1904, LAST_1904 + 1, Err(Rule::DateImpossible));
    }

    #[test]
    fn likely_numbers_are_days_of_two_centuries_and_no_years() {
        for value in ["1000", "1799", "2101", "31505", "73050", "31505.0"] {
            assert!(is_likely(value), "{value}");
        }
        for value in [
            "999", "1800", "1986", "2100", "73051", "031505", "31505.5", "", "+31505",
        ] {
            assert!(!is_likely(value), "{value}");
        }
    }
}
