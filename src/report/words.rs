//! How what is no count is shown: moments, lengths of time, and the words of others.
//!
//! It escapes nothing, which each form does in its own way. It takes away what a page or a terminal could be bent with:
//! characters that control, or that turn the direction of writing.

use crate::clock::rfc3339;

/// A text of others: a name of a file, a person or a service.
pub(super) fn plain(text: &str) -> String {
    let acts = |character: char| {
        character.is_control()
            || matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars()
        .map(|character| if acts(character) { '\u{fffd}' } else { character })
        .collect()
}

/// A moment as people write it, UTC.
pub(super) fn moment(at_ms: i64) -> String {
    rfc3339(at_ms).replacen('T', " ", 1).replacen('Z', " UTC", 1)
}

/// A length of time in one of the units that spans have.
pub(super) fn length(ms: i64) -> String {
    let (count, unit) = match ms {
        ..1000 => (ms, "millisecond"),
        1000..60_000 => (ms / 1000, "second"),
        60_000..3_600_000 => (ms / 60_000, "minute"),
        3_600_000..86_400_000 => (ms / 3_600_000, "hour"),
        86_400_000.. => (ms / 86_400_000, "day"),
    };
    match count {
        1 => unit.to_owned(),
        _ => format!("{count} {unit}s"),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_moments_are_said_as_people_say_them() {
        for (ms, expected) in [
            (1, "millisecond"),
            (20, "20 milliseconds"),
            (1000, "second"),
            (900_000, "15 minutes"),
        ] {
            assert_eq!(length(ms), expected);
        }
        assert_eq!(moment(0), "1970-01-01 00:00:00 UTC");
        assert_eq!(plain("a\u{202e}b\u{1b}c"), "a\u{fffd}b\u{fffd}c");
    }
}
