//! One figure: what it is called, what it is, and in what it is counted.
//!
//! It is the same in every form of a report; forms differ in how they write it, and in nothing else.

use crate::clock::rfc3339;
use crate::model::figures::grouped;
use crate::report::words::{moment, plain};

/// A figure, or a fact about the run, under a name of its own.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::report) struct Figure {
    /// Unique within a report: words with points between them.
    pub(in crate::report) name: String,
    pub(in crate::report) value: Value,
    /// What is counted; empty where nothing is.
    pub(in crate::report) unit: &'static str,
}

/// What a figure is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::report) enum Value {
    /// So many.
    Count(u64),
    /// So many tenths.
    Tenths(u64),
    /// So many thousandths.
    Thousandths(u64),
    /// Milliseconds since 1970, UTC.
    Moment(i64),
    /// A word, a digest or a name.
    Text(String),
}

impl Figure {
    pub(in crate::report) fn new(name: impl Into<String>, value: Value, unit: &'static str) -> Self {
        let name = name.into();
        Self { name, value, unit }
    }
}

impl Value {
    /// For people: thousands apart, a moment with a space in it.
    pub(in crate::report) fn shown(&self) -> String {
        match self {
            Self::Count(count) => grouped(*count),
            Self::Tenths(number) => format!("{}.{}", grouped(number / 10), number % 10),
            Self::Thousandths(number) => format!("{}.{:03}", grouped(number / 1000), number % 1000),
            Self::Moment(at_ms) => moment(*at_ms),
            Self::Text(text) => plain(text),
        }
    }

    /// For programs: digits with a point at most, a moment as RFC 3339.
    pub(in crate::report) fn exact(&self) -> String {
        match self {
            Self::Count(count) => count.to_string(),
            Self::Tenths(number) => format!("{}.{}", number / 10, number % 10),
            Self::Thousandths(number) => format!("{}.{:03}", number / 1000, number % 1000),
            Self::Moment(at_ms) => rfc3339(*at_ms),
            Self::Text(text) => text.clone(),
        }
    }

    /// Whether it is a number.
    pub(in crate::report) fn is_number(&self) -> bool {
        matches!(self, Self::Count(_) | Self::Tenths(_) | Self::Thousandths(_))
    }
}

/// A share of a whole in tenths of a percent, rounded; none of nothing.
pub(in crate::report) fn share(part: u64, whole: u64) -> Value {
    Value::Tenths((part * 1000 + whole / 2).checked_div(whole).unwrap_or_default())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_value_is_written_for_people_and_for_programs() {
        for (value, shown, exact) in [
            (Value::Count(1_234_567), "1,234,567", "1234567"),
            (Value::Tenths(12_345), "1,234.5", "1234.5"),
            (Value::Thousandths(1_000_007), "1,000.007", "1000.007"),
            (Value::Moment(0), "1970-01-01 00:00:00 UTC", "1970-01-01T00:00:00Z"),
            (Value::Text("a\u{1b}b".to_owned()), "a\u{fffd}b", "a\u{1b}b"),
        ] {
            assert_eq!((value.shown().as_str(), value.exact().as_str()), (shown, exact));
        }
        assert_eq!(share(1, 3), Value::Tenths(333));
        assert_eq!(share(2, 3), Value::Tenths(667));
        assert_eq!(share(0, 0), Value::Tenths(0));
    }
}
