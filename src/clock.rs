//! The time of day, asked for in one place.
//!
//! Durations and deadlines do not come from here: they use Tokio's clock, which tests can pause.

use jiff::Timestamp;
use jiff::civil::Date;

/// Milliseconds since 1970, UTC.
pub fn now_ms() -> i64 {
    Timestamp::now().as_millisecond()
}

/// Today's date, UTC: the latest day that a date in the data may name.
pub fn today() -> Date {
    Timestamp::now().to_zoned(jiff::tz::TimeZone::UTC).date()
}

/// A moment as RFC 3339 text with seconds, UTC.
pub fn rfc3339(unix_ms: i64) -> String {
    Timestamp::from_millisecond(unix_ms).map_or_else(
        |_| String::from("-"),
        |at| at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string(),
    )
}
