//! Declared ways of writing a date: whether one can be used, and which digits it has.
//!
//! What a value means is `date`'s: the library reads it, and here is seen that it read what was written.

use jiff::civil::Date;
use jiff::fmt::strtime::BrokenDownTime;

use super::iso_date::is_another_iso;

/// Checks a format; the error says what is wrong with it, as the end of a sentence.
pub(super) fn check_format(format: &str) -> Result<Digits, &'static str> {
    let has = |directives: &[&str]| directives.iter().any(|directive| format.contains(directive));
    if has(&["%y", "%-y"]) {
        return Err("has a year of two digits: the century would be a guess");
    }
    if has(&[
        "%H", "%-H", "%k", "%I", "%-I", "%l", "%M", "%-M", "%S", "%-S", "%f", "%T", "%R", "%p",
    ]) {
        return Err("has a time of day, which no date has: only midnight can be read, in digits: %d.%m.%Y 00:00");
    }
    if !has(&["%Y"]) || !has(&["%m", "%-m", "%b", "%B"]) || !has(&["%d", "%-d", "%e"]) {
        return Err(
            "needs a year %Y, a month %m, %-m, %b or %B, and a day %d, %-d or %e, or is serial-1900 or \
                    serial-1904",
        );
    }
    if is_another_iso(format) {
        return Err(
            "has the shape of YYYY-MM-DD and another order: ISO 8601 is always read, so it would never be asked; \
                    write the dates of the file as YYYY-MM-DD",
        );
    }
    let digits = Digits::of(format).ok_or(
        "has parts without a fixed number of digits and nothing between them: declare %Y, %m and %d, or a separator",
    )?;
    let sample = Date::constant(2001, 12, 31);
    let written = jiff::fmt::strtime::format(format, sample).map_err(|_| "is not a strftime format")?;
    match BrokenDownTime::parse(format, &written).and_then(|parts| parts.to_date()) {
        Ok(date) if date == sample && digits.fit(format, &written) => Ok(digits),
        Ok(_) | Err(_) => Err("does not read back the date that it writes"),
    }
}

/// How many digits stand together in what a format writes, at least and at most, from left to right.
///
/// The library reads a year of one digit or of three, and one with a sign. A spreadsheet that drops the zero of
/// `01011986` would so make it a day of the year 986.
#[derive(Clone, Debug, Default)]
pub(super) struct Digits(Vec<(usize, usize)>);

impl Digits {
    /// Counts the digits of a format. `None` where several parts stand together and one has no fixed width.
    fn of(format: &str) -> Option<Self> {
        let mut runs: Vec<(usize, usize)> = Vec::new();
        let (mut is_inside, mut characters) = (false, format.chars());
        while let Some(character) = characters.next() {
            let directive = (character == '%').then(|| characters.next());
            let unpadded = directive == Some(Some('-'));
            let directive = if unpadded { Some(characters.next()) } else { directive };
            let width = match directive.flatten() {
                Some('Y') => (4, 4),
                Some('m' | 'd') if !unpadded => (2, 2),
                Some('m' | 'd' | 'e') => (1, 2),
                None if character.is_ascii_digit() => (1, 1),
                _ => {
                    is_inside = false;
                    continue;
                }
            };
            match runs.last_mut().filter(|_| is_inside) {
                Some((least, most)) => {
                    (*least, *most) = (*least + width.0, *most + width.1);
                    if least != most {
                        return None;
                    }
                }
                None => runs.push(width),
            }
            is_inside = true;
        }
        // A day or a month by itself may lack its zero.
        for run in runs.iter_mut().filter(|run| **run == (2, 2)) {
            run.0 = 1;
        }
        Some(Self(runs))
    }

    /// Whether a value has these digits and no sign that the format has not.
    pub(super) fn fit(&self, format: &str, value: &str) -> bool {
        let signs = |text: &str| text.matches(['+', '-']).count();
        let unpadded = format.matches("%-").count();
        let runs = value.split(|character: char| !character.is_ascii_digit());
        let mut runs = runs.filter(|run| !run.is_empty());
        signs(value) + unpadded == signs(format)
            && self
                .0
                .iter()
                .all(|(least, most)| runs.next().is_some_and(|run| (*least..=*most).contains(&run.len())))
            && runs.next().is_none()
    }
}
