//! What every value goes through first: trimmed, one space between words, Unicode NFC, nothing invisible inside.
//!
//! It does not change letters beyond NFC, and does not judge a value: that is for its kind.

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use super::double_encoded::is_double_encoded;
use super::notes::Notes;
use crate::model::rule::Rule;

/// Appends the clean form of a value to `to`. Nothing is appended for a value of white space only.
///
/// Trims Unicode white space, byte order marks, zero-width and direction marks; collapses inner white space, line ends
/// included, to one space; composes to NFC (Unicode Standard Annex 15).
pub(super) fn clean(value: &str, to: &mut String, notes: &mut Notes) -> Result<(), Rule> {
    // Before anything is taken away: a non-breaking space or a control character may be the second half of a letter.
    if is_double_encoded(value) {
        notes.push(Rule::TextDoubleEncoded);
    }
    let value = value.trim_matches(is_margin);
    if is_plain(value) {
        to.push_str(value);
        return Ok(());
    }
    if value.contains(char::REPLACEMENT_CHARACTER) {
        notes.push(Rule::TextReplacementCharacter);
    }
    let start = to.len();
    match is_nfc_quick(value.chars()) {
        IsNormalized::Yes => collapse(value.chars(), to),
        IsNormalized::No | IsNormalized::Maybe => collapse(value.nfc(), to),
    }
    .inspect_err(|_| to.truncate(start))
}

/// Whether a value is printable ASCII with single spaces, which most are: nothing to do for it.
fn is_plain(value: &str) -> bool {
    let mut before = 0;
    value.bytes().all(|byte| {
        let plain = matches!(byte, b' '..=b'~') && !(byte == b' ' && before == b' ');
        before = byte;
        plain
    })
}

fn collapse(characters: impl Iterator<Item = char>, to: &mut String) -> Result<(), Rule> {
    let mut space = false;
    for character in characters {
        if character.is_whitespace() {
            space = true;
            continue;
        }
        if character.is_control() {
            return Err(Rule::TextControlCharacter);
        }
        if std::mem::take(&mut space) {
            to.push(' ');
        }
        to.push(character);
    }
    Ok(())
}

/// Characters that mean nothing at the ends of a value: white space, and what copying from web pages, address books
/// and spreadsheets leaves there (U+FEFF, U+200B–U+200F, U+202A–U+202E, U+2060–U+2069).
fn is_margin(character: char) -> bool {
    character.is_whitespace()
        || matches!(character, '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::super::notes::verdict;
    use super::*;
    use proptest::prelude::*;

    fn cleaned(value: &str) -> Result<String, Rule> {
        let (mut to, mut notes) = (String::from("before"), Notes::new());
        let result = clean(value, &mut to, &mut notes);
        verdict(result, &notes, &to["before".len()..]).map(str::to_owned)
    }

    fn check(value: &str, expected: Result<&str, Rule>) {
        assert_eq!(cleaned(value), expected.map(str::to_owned), "{value:?}");
    }

    #[test]
    fn values_are_trimmed_collapsed_and_composed() {
        check("  Ana  Trujillo ", Ok("Ana Trujillo"));
        check("\u{feff}\u{202a}+49 30\u{202c}\u{200b}", Ok("+49 30"));
        check("12\u{a0}Main\r\n  Street", Ok("12 Main Street"));
        check("Zoe\u{308}", Ok("Zoë"));
        check(" \u{3000}\t", Ok(""));
        check("佐藤 花子", Ok("佐藤 花子"));
        check("می\u{200c}خواهم", Ok("می\u{200c}خواهم"));
    }

    #[test]
    fn lost_and_invisible_characters_are_findings() {
        check("Mar\u{fffd}a", Err(Rule::TextReplacementCharacter));
        check("a\u{0}b", Err(Rule::TextControlCharacter));
        check("a\u{1b}[31m", Err(Rule::TextControlCharacter));
        check("a\u{85}b", Ok("a b"));
        check("JosÃ©", Err(Rule::TextDoubleEncoded));
        check("VoilÃ\u{a0}", Err(Rule::TextDoubleEncoded));
        check("Ã\u{81}lvaro", Err(Rule::TextDoubleEncoded));
        check("SÃO", Ok("SÃO"));
    }

    proptest! {
        #[test]
        fn cleaning_twice_is_cleaning_once(value in "\\PC*|[ \\t\\n\\u{a0}\\u{feff}\\u{301}a-c]*") {
            if let Ok(once) = cleaned(&value) {
                prop_assert_eq!(cleaned(&once), Ok(once.clone()));
            }
        }
    }
}
