//! Calendar dates: RFC 3339 full-date out; ISO 8601 and declared formats in.
//!
//! It guesses nothing: `03/04/1986` is a date only if its format is declared. Serial dates of spreadsheets are not read
//! here.

use std::fmt::Write;

use jiff::ToSpan;
use jiff::civil::Date;
use jiff::fmt::strtime::BrokenDownTime;

use super::notes::Notes;
use crate::model::rule::Rule;

/// Nobody has lived as long; an earlier date of birth is a wrong century.
const OLDEST_YEARS: i32 = 130;

/// No firm is older; a year before it was written with two digits, or in another calendar.
const EARLIEST_YEAR: i16 = 500;

/// What the dates of one run are read and judged by.
#[derive(Clone, Debug)]
pub(super) struct Dates {
    formats: Vec<String>,
    today: Date,
}

impl Dates {
    /// Takes the declared formats, in the order in which they are tried; the error names a format that cannot be used.
    pub(super) fn new(formats: &[String], today: Date) -> Result<Self, String> {
        for format in formats {
            check_format(format).map_err(|reason| format!("`{format}` {reason}"))?;
        }
        Ok(Self {
            formats: formats.to_vec(),
            today,
        })
    }

    /// Appends a date of today or before as `YYYY-MM-DD`.
    pub(super) fn past(&self, value: &str, to: &mut String, notes: &mut Notes) -> Result<(), Rule> {
        self.write(self.read(value)?, to, notes)
    }

    /// Appends a date of birth.
    pub(super) fn birth(&self, value: &str, to: &mut String, notes: &mut Notes) -> Result<(), Rule> {
        let date = self.read(value)?;
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
        if date.year() < EARLIEST_YEAR && notes.is_empty() {
            notes.push(Rule::DateTooOld);
        }
        if date > self.today {
            notes.push(Rule::DateInFuture);
        }
        write!(to, "{:04}-{:02}-{:02}", date.year(), date.month(), date.day()).map_err(|_| Rule::DateFormat)
    }

    fn read(&self, value: &str) -> Result<Date, Rule> {
        if let Some(date) = iso(value) {
            return date;
        }
        let mut found: Option<Result<Date, Rule>> = None;
        for format in &self.formats {
            let Ok(parts) = BrokenDownTime::parse(format, value) else {
                continue;
            };
            let date = parts.to_date().map_err(|_| Rule::DateImpossible);
            match (found, date) {
                // What one format reads and another cannot has one meaning.
                (None | Some(Err(_)), _) => found = Some(date),
                (Some(Ok(one)), Ok(other)) if one != other => return Err(Rule::DateAmbiguous),
                (Some(Ok(_)), _) => {}
            }
        }
        match found {
            // The library takes `86` for a year of `%Y`: what was written had two digits.
            Some(Ok(date)) if date.year() < EARLIEST_YEAR => Err(Rule::DateTwoDigitYear),
            Some(date) => date,
            None if looks_like_two_digit_year(value) => Err(Rule::DateTwoDigitYear),
            None => Err(Rule::DateFormat),
        }
    }
}

fn check_format(format: &str) -> Result<(), &'static str> {
    let has = |directive: &str| format.contains(directive);
    if has("%y") {
        return Err("has a year of two digits: the century would be a guess");
    }
    if !has("%Y") || !(has("%m") || has("%b") || has("%B")) || !(has("%d") || has("%e")) {
        return Err("needs a year %Y, a month %m, %b or %B, and a day %d or %e");
    }
    let sample = Date::constant(2001, 12, 31);
    let written = jiff::fmt::strtime::format(format, sample).map_err(|_| "is not a strftime format")?;
    match BrokenDownTime::parse(format, &written).and_then(|parts| parts.to_date()) {
        Ok(date) if date == sample => Ok(()),
        Ok(_) | Err(_) => Err("does not read back the date that it writes"),
    }
}

/// Reads `YYYY-MM-DD`, alone or followed by midnight; `None` for any other shape.
fn iso(value: &str) -> Option<Result<Date, Rule>> {
    let (date, time) = value.split_at_checked(10)?;
    let digits = |text: &str| -> Option<i16> {
        if text.bytes().all(|byte| byte.is_ascii_digit()) {
            text.parse().ok()
        } else {
            None
        }
    };
    let (year, month, day) = (
        digits(date.get(..4)?)?,
        digits(date.get(5..7)?)?,
        digits(date.get(8..10)?)?,
    );
    if date.get(4..5)? != "-" || date.get(7..8)? != "-" || !is_midnight(time) {
        return None;
    }
    let (month, day) = (i8::try_from(month).ok()?, i8::try_from(day).ok()?);
    Some(Date::new(year, month, day).map_err(|_| Rule::DateImpossible))
}

/// Whether a text is empty or midnight with an optional offset of zero: what databases append to a date.
fn is_midnight(time: &str) -> bool {
    let Some(clock) = time.strip_prefix(['T', 't', ' ']) else {
        return time.is_empty();
    };
    let clock = ["Z", "z", "+00:00", " UTC"]
        .iter()
        .find_map(|zone| clock.strip_suffix(zone))
        .unwrap_or(clock);
    let Some(rest) = clock.strip_prefix("00:00") else {
        return false;
    };
    let Some(seconds) = rest.strip_prefix(":00") else {
        return rest.is_empty();
    };
    seconds.strip_prefix('.').map_or(seconds.is_empty(), |zeros| {
        !zeros.is_empty() && zeros.bytes().all(|byte| byte == b'0')
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
    fn formats_that_guess_or_lack_a_part_are_refused() {
        for format in ["%d/%m/%y", "%m/%Y", "%Q", "day"] {
            assert!(
                Dates::new(&[format.to_owned()], Date::constant(2026, 11, 23)).is_err(),
                "{format}"
            );
        }
    }
}
