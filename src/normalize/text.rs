//! What every value goes through first: taken out of a formula that is one text, trimmed, one space between words,
//! Unicode NFC, without marks inside that cannot be seen and change no meaning.
//!
//! Two marks without a shape stay inside: U+200C and U+200D divide and join letters, and Persian and the languages of
//! India are misspelled without them. It does not change letters beyond NFC, and does not judge a value: that is for its
//! kind.

use std::borrow::Cow;

use unicode_normalization::{IsNormalized, UnicodeNormalization, is_nfc_quick};

use super::double_encoded::is_double_encoded;
use super::notes::Notes;
use super::spreadsheet::{is_formula, text_of_formula};
use crate::model::rule::Rule;

/// What becomes of marks inside a value that cannot be seen.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(super) enum Marks {
    /// They are taken away, with a note.
    Removed,
    /// They stay: an identifier is opaque, and its kind judges them.
    Kept,
}

/// Appends the clean form of a value to `to`. Nothing is appended for a value of white space only.
///
/// Trims Unicode white space and what has no shape; collapses inner white space, line ends included, to one space;
/// composes to NFC (Unicode Standard Annex 15).
pub(super) fn clean(raw: &str, marks: Marks, to: &mut String, notes: &mut Notes) -> Result<(), Rule> {
    if is_clean(raw, false) {
        to.push_str(raw);
        return Ok(());
    }
    clean_odd(raw, marks, to, notes)
}

/// The same for a value that is looked at in every way.
fn clean_odd(raw: &str, marks: Marks, to: &mut String, notes: &mut Notes) -> Result<(), Rule> {
    // Before anything is taken away: a non-breaking space or a soft hyphen may be the second half of a letter.
    let encoded_twice = is_double_encoded(raw);
    if encoded_twice {
        notes.push(Rule::TextDoubleEncoded);
    }
    let mut value = Cow::Borrowed(raw.trim_matches(is_margin));
    if let Some(text) = text_of_formula(&value) {
        notes.push(Rule::TextFormulaRemoved);
        value = Cow::Owned(text.trim_matches(is_margin).to_owned());
    }
    if is_formula(&value) {
        notes.push(Rule::TextFormula);
    }
    if is_plain(&value) {
        to.push_str(&value);
        return Ok(());
    }
    if value.contains(char::REPLACEMENT_CHARACTER) {
        notes.push(Rule::TextReplacementCharacter);
    }
    if marks == Marks::Removed && !encoded_twice && value.contains(is_mark) {
        notes.push(Rule::TextInvisibleRemoved);
        value = Cow::Owned(value.replace(is_mark, ""));
    }
    let start = to.len();
    match is_nfc_quick(value.chars()) {
        IsNormalized::Yes => collapse(value.chars(), to),
        IsNormalized::No | IsNormalized::Maybe => collapse(value.nfc(), to),
    }
    .inspect_err(|_| to.truncate(start))?;
    // Signs may stand together now that a mark is gone, or be a letter now that the margins are.
    if !encoded_twice && to.get(start..).is_some_and(is_double_encoded) {
        notes.push(Rule::TextDoubleEncoded);
    }
    Ok(())
}

/// Whether nothing of what follows has anything to do for a value, which is so for most: it is plain or of ordinary
/// letters, has no margin, and does not begin as a formula does, or as an apostrophe before one. `known_plain` says that it is
/// a part of what is [plain](is_plain).
pub(super) fn is_clean(value: &str, known_plain: bool) -> bool {
    let bytes = value.as_bytes();
    if matches!(bytes.first(), Some(b' ' | b'=' | b'\'')) || bytes.last() == Some(&b' ') {
        return false;
    }
    known_plain || is_plain(value) || (!value.is_ascii() && !value.contains("  ") && value.chars().all(is_ordinary))
}

/// Printable ASCII, and letters that are composed, take no part in another letter, and are none of those as which the second
/// byte of a letter is read that was encoded twice.
fn is_ordinary(character: char) -> bool {
    matches!(character, ' '..='~' | 'À'..='ő' | 'Ŕ'..='ş' | 'Ţ'..='ŷ' | 'Ź'..='ż' | 'Α'..='Ρ' | 'Σ'..='ώ'
        | 'Ѐ'..='ҁ' | 'א'..='ת' | 'ء'..='غ' | 'ف'..='ي' | 'ぁ'..='ゖ' | 'ァ'..='ヺ' | '一'..='鿿' | '가'..='힣')
}

/// Whether a text is printable ASCII with single spaces.
pub(super) fn is_plain(value: &str) -> bool {
    // Without a branch on each byte: nearly every value is looked at to its end.
    let bytes = value.as_bytes();
    let odd = bytes
        .iter()
        .fold(0, |odd, byte| odd | u8::from(!matches!(byte, b' '..=b'~')));
    let pairs = bytes.iter().zip(bytes.iter().skip(1));
    let double = |double: u8, (one, next): (&u8, &u8)| double | (u8::from(*one == b' ') & u8::from(*next == b' '));
    odd == 0 && pairs.fold(0, double) == 0
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
/// and spreadsheets leaves there (U+FEFF, U+200B–U+200F, U+202A–U+202E, U+2060–U+2069), soft hyphens, and blanks that
/// are no white space to Unicode (Hangul fillers, the blank pattern of Braille).
pub(super) fn is_margin(character: char) -> bool {
    character.is_whitespace()
        || is_mark(character)
        || matches!(
            character,
            '\u{200c}' | '\u{200d}' | '\u{2065}' | '\u{2800}' | '\u{3164}' | '\u{ffa0}'
        )
}

/// Marks that say where a line may break and which way it runs, and nothing else.
fn is_mark(character: char) -> bool {
    matches!(character,
        '\u{ad}' | '\u{61c}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2064}'
        | '\u{2066}'..='\u{2069}' | '\u{feff}')
}

#[cfg(test)]
mod tests {
    use super::super::double_encoded::windows_1252;
    use super::super::notes::verdict;
    use super::*;
    use proptest::prelude::*;

    fn cleaned(value: &str) -> Result<String, Rule> {
        let (mut to, mut notes) = (String::from("before"), Notes::new());
        let result = clean(value, Marks::Removed, &mut to, &mut notes);
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

    #[test]
    fn marks_that_change_no_meaning_are_taken_away_with_a_note() {
        let read = |value: &str, marks| {
            let (mut to, mut notes) = (String::new(), Notes::new());
            clean(value, marks, &mut to, &mut notes).unwrap();
            (to, notes)
        };
        let removed = vec![Rule::TextInvisibleRemoved];
        for mark in [
            "\u{200b}",
            "\u{feff}",
            "\u{ad}",
            "\u{202e}",
            "\u{2066}\u{2069}",
            "\u{200e}",
            "\u{61c}",
        ] {
            let value = format!("A{mark}B");
            assert_eq!(
                read(&value, Marks::Removed),
                ("AB".to_owned(), removed.clone()),
                "{value:?}"
            );
            assert_eq!(read(&value, Marks::Kept), (value, vec![]));
            assert_eq!(read(mark, Marks::Removed), (String::new(), vec![]), "{mark:?}");
        }
        assert_eq!(read("Zoe\u{200b}\u{308}", Marks::Removed), ("Zoë".to_owned(), removed));
        for blank in ["\u{3164}", "\u{2800}", " \u{ffa0}\u{200d}"] {
            assert_eq!(read(blank, Marks::Removed), (String::new(), vec![]), "{blank:?}");
        }
        check("Ã\u{200b}©", Err(Rule::TextDoubleEncoded));
        check("MarÃ\u{ad}a", Err(Rule::TextDoubleEncoded));
        check("Ã©\u{200b}", Err(Rule::TextDoubleEncoded));
    }

    #[test]
    fn a_text_is_taken_out_of_its_formula() {
        let read = |value: &str| {
            let (mut to, mut notes) = (String::new(), Notes::new());
            clean(value, Marks::Removed, &mut to, &mut notes).unwrap();
            (to, notes)
        };
        assert_eq!(read(" =\"1001\" "), ("1001".to_owned(), vec![Rule::TextFormulaRemoved]));
        assert_eq!(
            read("=\"\u{feff} é\""),
            ("é".to_owned(), vec![Rule::TextFormulaRemoved])
        );
        assert_eq!(read("=A1+B1"), ("=A1+B1".to_owned(), vec![Rule::TextFormula]));
        assert_eq!(read("=Oslo"), ("=Oslo".to_owned(), vec![]));
    }

    /// Every letter by itself: composed, nothing at a margin, and no second byte of a letter that was encoded twice.
    #[test]
    fn ordinary_letters_are_left_alone_wherever_they_stand() {
        let letters = ('\u{80}'..=char::MAX).filter(|letter| is_ordinary(*letter));
        let mut checked = 0;
        for letter in letters {
            assert!(windows_1252(letter).is_none_or(|byte| byte >= 0xc0), "{letter:?}");
            assert_eq!(is_nfc_quick(std::iter::once(letter)), IsNormalized::Yes, "{letter:?}");
            assert!(
                !is_margin(letter) && !letter.is_control() && letter.is_alphabetic()
                    || matches!(letter, '×' | '÷' | '\u{482}'),
                "{letter:?}"
            );
            checked += 1;
        }
        assert!(checked > 30_000, "{checked}");
    }

    proptest! {
        #[test]
        fn what_is_clean_would_be_left_as_it_is(
            value in "[ -~]{0,12}|[ ='a-c\"(1]{0,6}|[ a-zÀ-ɏ€‚„…Œœ]{1,5}|[ ÂÃÄâã\u{80}-\u{bf}]{1,4}|[ Ͱ-ԯא-يぁ-ヺ一-鿿가-힣\u{300}-\u{304}]{0,6}",
        ) {
            if is_clean(&value, false) {
                let (mut to, mut notes) = (String::new(), Notes::new());
                prop_assert_eq!(clean_odd(&value, Marks::Removed, &mut to, &mut notes), Ok(()));
                prop_assert_eq!((to, notes), (value, vec![]));
            }
        }

        #[test]
        fn cleaning_twice_is_cleaning_once(value in "\\PC*|[ \\t\\n\\u{a0}\\u{feff}\\u{301}a-c]*") {
            if let Ok(once) = cleaned(&value) {
                prop_assert_eq!(cleaned(&once), Ok(once.clone()));
            }
        }
    }
}
