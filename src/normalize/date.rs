//! Calendar dates: RFC 3339 full-date out; ISO 8601 and declared formats in.
//!
//! It guesses nothing: `03/04/1986` is a date only if its format is declared, and a spreadsheet's serial number only if
//! its epoch is. A time other than midnight is refused and not cut off.

use std::fmt::Write;

use jiff::ToSpan;
use jiff::civil::Date;
use jiff::fmt::strtime::BrokenDownTime;

use super::date_format::{Digits, check_format};
use super::iso_date::{iso, without_midnight};
use super::notes::Notes;
use super::number::whole_number;
use super::serial::{self, Epoch};
use crate::model::rule::Rule;

/// Nobody has lived as long; an earlier date of birth is a wrong century.
const OLDEST_YEARS: i32 = 130;

/// No firm is older; a year before it was written with two digits, or in another calendar.
const EARLIEST_YEAR: i16 = 500;

/// What the dates of one run are read and judged by.
#[derive(Clone, Debug)]
pub(super) struct Dates {
    formats: Vec<Format>,
    today: Date,
}

/// One declared way of writing a date.
#[derive(Clone, Debug)]
enum Format {
    /// `strftime` notation, and how many digits stand in what is written so.
    Strftime(String, Digits),
    /// `serial-1900` or `serial-1904`.
    Serial(Epoch),
}

impl Dates {
    /// Takes the declared formats, in the order in which they are tried; the error names a format that cannot be used.
    pub(super) fn new(formats: &[String], today: Date) -> Result<Self, String> {
        let read = |format: &String| match Epoch::from_format(format) {
            Some(epoch) => Ok(Format::Serial(epoch)),
            None if format.starts_with("serial") => Err(format!("`{format}` is neither serial-1900 nor serial-1904")),
            None => check_format(format)
                .map(|digits| Format::Strftime(format.clone(), digits))
                .map_err(|reason| format!("`{format}` {reason}")),
        };
        let declares = |name: &str| formats.iter().any(|format| format == name);
        if declares("serial-1900") && declares("serial-1904") {
            return Err("`serial-1900` and `serial-1904` read every number as two days: declare one".to_owned());
        }
        Ok(Self {
            formats: formats.iter().map(read).collect::<Result<_, _>>()?,
            today,
        })
    }

    /// Appends a date of today or before as `YYYY-MM-DD`.
    pub(super) fn past(&self, value: &str, to: &mut String, notes: &mut Notes) -> Result<(), Rule> {
        self.write(self.read(value, notes)?, to, notes)
    }

    /// Appends a date of birth.
    pub(super) fn birth(&self, value: &str, to: &mut String, notes: &mut Notes) -> Result<(), Rule> {
        let date = self.read(value, notes)?;
        let oldest = self
            .today
            .checked_sub(OLDEST_YEARS.years())
            .map_err(|_| Rule::DateFormat)?;
        if date < oldest {
            notes.push(Rule::DateTooOld);
        }
        self.write(date, to, notes)
    }

    fn write(&self, date: Date, to: &mut String, notes: &mut Notes) -> Result<(), Rule> {
        if date.year() < EARLIEST_YEAR && !notes.contains(&Rule::DateTooOld) {
            notes.push(Rule::DateTooOld);
        }
        if date > self.today {
            notes.push(Rule::DateInFuture);
        }
        write!(to, "{:04}-{:02}-{:02}", date.year(), date.month(), date.day()).map_err(|_| Rule::DateFormat)
    }

    fn read(&self, value: &str, notes: &mut Notes) -> Result<Date, Rule> {
        if let Some(date) = iso(value) {
            return date;
        }
        let day = without_midnight(value);
        let mut found: Option<Result<Date, Rule>> = None;
        let (mut is_serial, mut lacks_century) = (false, false);
        for format in &self.formats {
            // A format may name midnight itself.
            let mut text = value;
            let date = match format {
                Format::Strftime(format, digits) => match parts_of(format, &mut text, day) {
                    Ok(parts) if digits.fit(format, text) => parts.to_date().map_err(|_| Rule::DateImpossible),
                    Ok(parts) => {
                        // The library takes `86` for a year of `%Y`: what was written had two digits.
                        lacks_century |= parts.year().is_some_and(|year| (0..100).contains(&year));
                        continue;
                    }
                    Err(_) => continue,
                },
                Format::Serial(epoch) => match serial::number(value) {
                    // Of a cell that holds a year alone it is not known that it is a number of days.
                    Some(number) if serial::may_be_year(number) => return Err(Rule::DateAmbiguous),
                    Some(number) => {
                        is_serial = true;
                        epoch.day(number)
                    }
                    None => continue,
                },
            };
            match (found, date) {
                // What one format reads and another cannot has one meaning.
                (None | Some(Err(_)), _) => found = Some(date),
                (Some(Ok(one)), Ok(other)) if one != other => return Err(Rule::DateAmbiguous),
                (Some(Ok(_)), _) => {}
            }
        }
        if is_serial && whole_number(value).is_some() {
            notes.push(Rule::NumberDecimalRemoved);
        }
        match found {
            Some(date) => date,
            None if lacks_century || looks_like_two_digit_year(day) => Err(Rule::DateTwoDigitYear),
            None if serial::is_likely(value) => Err(Rule::DateSerial),
            None => Err(Rule::DateFormat),
        }
    }
}

/// Reads a text by a format or, if it does not fit, the day in it, which `text` is then.
fn parts_of<'text>(format: &str, text: &mut &'text str, day: &'text str) -> Result<BrokenDownTime, jiff::Error> {
    BrokenDownTime::parse(format, *text).or_else(|error| {
        if day == *text {
            return Err(error);
        }
        *text = day;
        BrokenDownTime::parse(format, day)
    })
}

/// Whether a value is three runs of one or two digits, such as `31.12.86`.
fn looks_like_two_digit_year(value: &str) -> bool {
    let runs: Vec<&str> = value.split(['.', '/', '-', ' ']).collect();
    runs.len() == 3
        && runs
            .iter()
            .all(|run| matches!(run.len(), 1 | 2) && run.bytes().all(|byte| byte.is_ascii_digit()))
}

#[cfg(test)]
mod tests {
    use super::super::notes::verdict;
    use super::*;

    fn check(formats: &[&str], value: &str, expected: Result<&str, Rule>) {
        let formats: Vec<String> = formats.iter().map(|format| (*format).to_owned()).collect();
        let dates = Dates::new(&formats, Date::constant(2026, 11, 23)).unwrap();
        let (mut to, mut notes) = (String::new(), Notes::new());
        let result = dates.birth(value, &mut to, &mut notes);
        assert_eq!(verdict(result, &notes, &to), expected, "{value:?}");
    }

    #[test]
    fn iso_dates_are_always_read() {
        check(&[], "1986-12-02", Ok("1986-12-02"));
        for midnight in [
            "T00:00:00",
            " 00:00",
            "T00:00:00.000Z",
            "T00:00:00+00:00",
            " 00:00:00.0",
        ] {
            check(&[], &format!("1986-12-02{midnight}"), Ok("1986-12-02"));
        }
        check(&[], "2026-11-23", Ok("2026-11-23"));
    }

    #[test]
    fn nothing_is_guessed() {
        check(&[], "02/12/1986", Err(Rule::DateFormat));
        check(&[], "1986-2-3", Err(Rule::DateFormat));
        check(&[], "86-12-02", Err(Rule::DateTwoDigitYear));
        check(&[], "1986-12-02T10:30:00", Err(Rule::DateFormat));
        check(&[], "19861202", Err(Rule::DateFormat));
        check(&[], "yesterday", Err(Rule::DateFormat));
        check(&[], "1986\u{2010}12\u{2010}02", Err(Rule::DateFormat));
    }

    #[test]
    fn declared_formats_are_read() {
        check(&["%d/%m/%Y"], "2/12/1986", Ok("1986-12-02"));
        check(&["%d/%m/%Y"], "02/12/86", Err(Rule::DateTwoDigitYear));
        check(&["%d.%m.%Y", "%d %B %Y"], "2 December 1986", Ok("1986-12-02"));
        check(&["%Y%m%d"], "19861202", Ok("1986-12-02"));
        check(&["%d/%m/%Y"], "31/02/1986", Err(Rule::DateImpossible));
        check(&["%d%m%Y"], "021286", Err(Rule::DateTwoDigitYear));
        check(&["%-d.%-m.%Y"], "2.12.1986", Ok("1986-12-02"));
        check(&["%-d.%-m.%Y"], "02.12.1986", Ok("1986-12-02"));
        check(&["%e. %B %Y"], "2. December 1986", Ok("1986-12-02"));
        check(&["%d.%m.%Y 00:00"], "02.12.1986 00:00", Ok("1986-12-02"));
        check(&["%d.%m.%Y 00:00"], "02.12.1986 01:00", Err(Rule::DateFormat));
        check(&["%d.%m.%Y 00:00"], "02.12.1986", Err(Rule::DateFormat));
    }

    #[test]
    fn midnight_behind_a_date_says_nothing() {
        for midnight in [" 00:00:00", " 0:00", " 0:00:00", "T00:00:00.000Z", " 00:00:00 UTC"] {
            check(&["%d/%m/%Y"], &format!("2/12/1986{midnight}"), Ok("1986-12-02"));
            check(&["%b %d, %Y"], &format!("Dec 02, 1986{midnight}"), Ok("1986-12-02"));
            check(
                &["%d/%m/%Y"],
                &format!("02/12/86{midnight}"),
                Err(Rule::DateTwoDigitYear),
            );
            check(
                &["%d/%m/%Y"],
                &format!("31/02/1986{midnight}"),
                Err(Rule::DateImpossible),
            );
            check(
                &["%d/%m/%Y", "%m/%d/%Y"],
                &format!("02/12/1986{midnight}"),
                Err(Rule::DateAmbiguous),
            );
        }
        check(&[], "1986-12-02 0:00", Ok("1986-12-02"));
        for value in [
            "2/12/1986 10:30",
            "2/12/1986 0:01",
            "2/12/1986 00",
            "2/12/1986 00:00:00.1",
            " 00:00",
            "2/12/198600:00",
        ] {
            check(&["%d/%m/%Y"], value, Err(Rule::DateFormat));
        }
    }

    #[test]
    fn a_year_has_four_digits_and_a_date_without_separators_a_fixed_width() {
        check(&["%d%m%Y"], "01011986", Ok("1986-01-01"));
        for (format, value) in [
            ("%d%m%Y", "1011986"),
            ("%Y%m%d", "1986123"),
            ("%d.%m.%Y", "01.01.986"),
            ("%d.%m.%Y", "03.04.+1986"),
            ("%d.%m.%Y", "03.04.-1986"),
            ("%d-%m-%Y", "03-04--1986"),
            ("%d.%m.%Y", "001.01.1986"),
            ("%d %m %Y", "03041986"),
        ] {
            check(&[format], value, Err(Rule::DateFormat));
        }
        check(&["%d.%m.%Y"], "01.01.0499", Err(Rule::DateTooOld));
    }

    #[test]
    fn the_text_of_a_date_too_old_names_both_limits() {
        let says = Rule::DateTooOld.text().says;
        for limit in [OLDEST_YEARS, EARLIEST_YEAR.into()] {
            assert!(says.contains(&limit.to_string()), "{says}");
        }
    }

    #[test]
    fn a_year_alone_is_no_number_of_days() {
        for value in ["1800", "1986", "1986.0", "2100"] {
            check(&["serial-1900"], value, Err(Rule::DateAmbiguous));
            check(&["serial-1904"], value, Err(Rule::DateAmbiguous));
        }
        check(&["serial-1900"], "1799", Ok("1904-12-03"));
        check(&["serial-1904"], "2101", Ok("1909-10-02"));
    }

    #[test]
    fn a_date_that_two_formats_read_as_two_days_is_a_finding() {
        let both = ["%d/%m/%Y", "%m/%d/%Y"];
        check(&both, "03/04/1986", Err(Rule::DateAmbiguous));
        check(&both, "25/12/1986", Ok("1986-12-25"));
        check(&both, "12/25/1986", Ok("1986-12-25"));
        check(&both, "05/05/1986", Ok("1986-05-05"));
    }

    #[test]
    fn days_that_cannot_be_are_findings() {
        check(&[], "1986-02-30", Err(Rule::DateImpossible));
        check(&[], "1986-13-01", Err(Rule::DateImpossible));
        check(&[], "2026-11-24", Err(Rule::DateInFuture));
        check(&[], "1895-12-31", Err(Rule::DateTooOld));
        check(&[], "1896-11-22", Err(Rule::DateTooOld));
        check(&[], "1896-11-23", Ok("1896-11-23"));
    }

    #[test]
    fn serial_numbers_are_days_where_their_epoch_is_declared() {
        check(&["serial-1900"], "31505", Ok("1986-04-03"));
        check(&["serial-1904"], "30043", Ok("1986-04-03"));
        check(&["%d.%m.%Y", "serial-1900"], "31505.0", Ok("1986-04-03"));
        check(&["%d.%m.%Y", "serial-1900"], "3.4.1986", Ok("1986-04-03"));
        check(&["serial-1900"], "1986-04-03", Ok("1986-04-03"));
        check(&["serial-1900"], "31505,00", Ok("1986-04-03"));
        // Half past ten in the morning is no date of birth, nor are numbers before the first day.
        for value in ["31505.4375", "-1", "31505.000", "031505", "31 505"] {
            check(&["serial-1900"], value, Err(Rule::DateFormat));
        }
        check(&["serial-1900"], "60", Err(Rule::DateImpossible));
        check(&["serial-1900"], "2958466", Err(Rule::DateImpossible));
        check(&["serial-1900"], "46350", Err(Rule::DateInFuture));
        check(&["serial-1900"], "46349", Ok("2026-11-23"));
        check(&["%Y%m%d", "serial-1900"], "19861202", Ok("1986-12-02"));
    }

    #[test]
    fn serial_numbers_are_findings_where_nothing_is_declared() {
        check(&[], "31505", Err(Rule::DateSerial));
        check(&["%d/%m/%Y"], "31505.0", Err(Rule::DateSerial));
        check(&[], "1462", Err(Rule::DateSerial));
        // A year alone, a day of six digits, one of eight, and a number of no use.
        for value in ["1986", "021286", "861202", "19861202", "123", "99999"] {
            check(&[], value, Err(Rule::DateFormat));
        }
    }

    #[test]
    fn a_repair_is_noted_once_and_hides_no_finding() {
        let formats = ["serial-1900".to_owned()];
        let dates = Dates::new(&formats, Date::constant(2026, 11, 23)).unwrap();
        let (mut to, mut notes) = (String::new(), Notes::new());
        assert_eq!(dates.past("31505.0", &mut to, &mut notes), Ok(()));
        assert_eq!((to.as_str(), notes), ("1986-04-03", vec![Rule::NumberDecimalRemoved]));
        let mut notes = vec![Rule::TextApostropheRemoved];
        assert_eq!(dates.past("0499-01-01", &mut String::new(), &mut notes), Ok(()));
        assert_eq!(notes, [Rule::TextApostropheRemoved, Rule::DateTooOld]);
        let mut notes = Notes::new();
        assert_eq!(dates.birth("0499-01-01", &mut String::new(), &mut notes), Ok(()));
        assert_eq!(notes, [Rule::DateTooOld]);
    }

    #[test]
    fn formats_that_guess_or_lack_a_part_are_refused() {
        let problem = |format: &str| Dates::new(&[format.to_owned()], Date::constant(2026, 11, 23)).unwrap_err();
        assert!(problem("%d.%m.%Y %H:%M").contains("only midnight"));
        assert!(problem("%-d%-m%Y").contains("fixed number of digits"));
        for other_order in ["%Y-%d-%m", "%Y-%-d-%-m", "%Y-%e-%m", "%Y-%d-%m 00:00", "%Y-%d-%mT0:00"] {
            assert!(
                problem(other_order).contains("ISO 8601 is always read"),
                "{other_order}"
            );
        }
        for same in [
            "%Y-%m-%d",
            "%Y-%m-%d 00:00",
            "%Y-%-m-%-d",
            "%Y/%d/%m",
            "%d-%m-%Y",
            "%Y-%d-%b",
        ] {
            assert!(
                Dates::new(&[same.to_owned()], Date::constant(2026, 11, 23)).is_ok(),
                "{same}"
            );
        }
        for format in [
            "%d/%m/%y",
            "%m/%Y",
            "%e%m%Y",
            "%Q",
            "day",
            "serial",
            "serial-1905",
            "Serial-1900",
        ] {
            assert!(
                Dates::new(&[format.to_owned()], Date::constant(2026, 11, 23)).is_err(),
                "{format}"
            );
        }
        let both = ["serial-1900".to_owned(), "serial-1904".to_owned()];
        assert!(Dates::new(&both, Date::constant(2026, 11, 23)).is_err());
    }
}
