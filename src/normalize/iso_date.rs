//! Days as ISO 8601 writes them, and the midnight that databases and spreadsheets put behind days of any form.
//!
//! Declared formats are `date`'s. A time other than midnight is none of a date, and nothing here cuts it off.

use jiff::civil::Date;

use crate::model::rule::Rule;

/// Reads `YYYY-MM-DD`, alone or followed by midnight; `None` for any other shape.
pub(super) fn iso(value: &str) -> Option<Result<Date, Rule>> {
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

/// Whether a format writes days in the shape of ISO 8601 and means other days by it.
pub(super) fn is_another_iso(format: &str) -> bool {
    // Day and month have two digits each and could be the other.
    let sample = Date::constant(2001, 12, 10);
    let written = jiff::fmt::strtime::format(format, sample).unwrap_or_default();
    iso(&written).is_some_and(|date| date != Ok(sample))
}

/// A value without the midnight behind it: in any order of its parts, it is no time of day and says nothing.
pub(super) fn without_midnight(value: &str) -> &str {
    let mut clocks = value.match_indices(['T', 't', ' ']);
    let day = clocks.find_map(|(place, _)| value.split_at_checked(place).filter(|(_, clock)| is_midnight(clock)));
    day.map_or(value, |(day, _)| day)
}

/// Whether a text is empty or midnight with an optional offset of zero: what databases and spreadsheets append to a date.
fn is_midnight(time: &str) -> bool {
    let Some(clock) = time.strip_prefix(['T', 't', ' ']) else {
        return time.is_empty();
    };
    let clock = ["Z", "z", "+00:00", " UTC"]
        .iter()
        .find_map(|zone| clock.strip_suffix(zone))
        .unwrap_or(clock);
    let Some(rest) = clock.strip_prefix("00:00").or_else(|| clock.strip_prefix("0:00")) else {
        return false;
    };
    let Some(seconds) = rest.strip_prefix(":00") else {
        return rest.is_empty();
    };
    seconds.strip_prefix('.').map_or(seconds.is_empty(), |zeros| {
        !zeros.is_empty() && zeros.bytes().all(|byte| byte == b'0')
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn midnight_is_taken_from_a_date_in_any_form_and_nothing_else_is() {
        for clock in [
            " 00:00",
            "T00:00:00.000Z",
            " 0:00",
            " 0:00:00",
            " 00:00:00 UTC",
            "t00:00+00:00",
        ] {
            assert_eq!(without_midnight(&format!("Oct 15, 1980{clock}")), "Oct 15, 1980");
        }
        for value in [
            "15/03/1980",
            "15/03/1980 10:00",
            "15/03/1980 0:000",
            "15/03/1980 00:00:00.",
            "15/03/19800:00",
            "",
        ] {
            assert_eq!(without_midnight(value), value);
        }
    }
}
