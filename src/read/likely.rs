//! Which encodings bytes that are not UTF-8 are likely to be in, and what they would read: proposals, for people.
//!
//! Candidates are ranked by how much their reading looks like words: letters of one script side by side, capitals at
//! the beginning. The ranking decides nothing but the order of a message; reading itself never guesses.
//!
//! Readings are masked. Letters and digits of ASCII are replaced as in [`Preview`], and outside ASCII only the first few
//! characters are shown, since a whole name may be written in them.

use std::fmt::Write;

use encoding_rs::{
    BIG5, EUC_JP, EUC_KR, Encoding, GB18030, IBM866, ISO_8859_2, KOI8_R, MACINTOSH, SHIFT_JIS, WINDOWS_1250,
    WINDOWS_1251, WINDOWS_1252, WINDOWS_1253, WINDOWS_1254, WINDOWS_1255, WINDOWS_1256,
};

use crate::model::finding::Preview;

/// What is looked at: the encodings that spreadsheets, mainframes and databases write beside UTF-8. Of equally good
/// ones, the first.
static CANDIDATES: [&Encoding; 16] = [
    WINDOWS_1252,
    WINDOWS_1250,
    WINDOWS_1251,
    WINDOWS_1254,
    WINDOWS_1253,
    SHIFT_JIS,
    GB18030,
    EUC_KR,
    BIG5,
    EUC_JP,
    WINDOWS_1255,
    WINDOWS_1256,
    MACINTOSH,
    ISO_8859_2,
    KOI8_R,
    IBM866,
];

/// Readings shown: more would hide the right one.
pub(super) const MOST_READINGS: usize = 4;

/// Characters shown before and behind the first offending one: a word, not a line.
const AROUND: usize = 10;

/// Characters outside ASCII shown as they are: two tell a script and whether a word is one. Where a character is a
/// syllable or a word, two may be a whole name, so only one is shown.
fn most_shown(character: char) -> usize {
    if script(character) == OTHER_SCRIPT { 1 } else { 2 }
}

/// What one encoding would read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Reading {
    /// The encoding's name, which is a label too.
    pub encoding: &'static str,
    /// The masked surroundings of the first offending bytes.
    pub text: String,
}

/// What likely encodings would read at the offset of a record's first offending byte; the likeliest first, and never
/// two that read the same.
pub(super) fn readings(record: &[u8], at: usize) -> Vec<Reading> {
    let mut readings: Vec<Reading> = Vec::new();
    for reading in ranked(record).filter_map(|encoding| reading(encoding, record, at)) {
        if readings.len() < MOST_READINGS && readings.iter().all(|other| other.text != reading.text) {
            readings.push(reading);
        }
    }
    readings
}

/// The encodings that read a text at all, the likeliest first. One that reads nonsense is among them only if all do.
pub(super) fn ranked(record: &[u8]) -> impl Iterator<Item = &'static Encoding> {
    let mut ranked: Vec<(i32, &'static Encoding)> = CANDIDATES
        .iter()
        .filter_map(|encoding| Some((score(&read(encoding, record)?)?, *encoding)))
        .collect();
    // The sort is stable, so equals keep the order of the candidates.
    ranked.sort_by_key(|(score, _)| -score);
    let best = ranked.first().map_or(0, |(score, _)| *score);
    let sensible = ranked.into_iter().take_while(move |(score, _)| *score >= 0 || best < 0);
    sensible.map(|(_, encoding)| encoding)
}

/// What an encoding would read at an offset, masked.
pub(super) fn reading(encoding: &'static Encoding, record: &[u8], at: usize) -> Option<Reading> {
    let text = surroundings(encoding, record, at)?;
    let encoding = encoding.name();
    Some(Reading { encoding, text })
}

pub(super) fn read(encoding: &'static Encoding, bytes: &[u8]) -> Option<String> {
    encoding
        .decode_without_bom_handling_and_without_replacement(bytes)
        .map(std::borrow::Cow::into_owned)
}

/// How much a text looks like words; `None` if it holds what no text does.
fn score(text: &str) -> Option<i32> {
    let (mut score, mut count, mut before) = (0, 0, ' ');
    for character in text.chars() {
        let is_private = matches!(character, '\u{e000}'..='\u{f8ff}' | '\u{fffd}');
        if is_private || (character.is_control() && !character.is_ascii()) {
            return None;
        }
        let foreign = !character.is_ascii() || !before.is_ascii();
        if foreign && character.is_alphabetic() && before.is_alphabetic() {
            let is_break = before.is_lowercase() && character.is_uppercase();
            // Two letters with accents side by side are rare in Latin script.
            let both = script(character) == 0 && !character.is_ascii() && !before.is_ascii();
            score += match script(before) != script(character) || is_break {
                true => -6,
                false if both => -2,
                false => 2,
            };
        }
        if !character.is_ascii() {
            count += 1;
            score += match character {
                '\u{a0}' | '–' | '—' | '‘' | '’' | '“' | '”' | '„' | '€' | '°' | '…' => 0,
                // Rare signs, common where bytes of other encodings are read: letters of Western ones, half-width katakana.
                '\u{aa}' | '\u{ba}' | '\u{b5}' | 'ƒ' | '\u{ff61}'..='\u{ff9f}' => -2,
                _ if character.is_alphabetic() => 1,
                _ => -4,
            };
        }
        before = character;
    }
    // A mean, since the same bytes are fewer characters in some encodings than in others; in hundredths.
    Some(score * 100 / count.max(1))
}

/// East Asian characters and all others.
const OTHER_SCRIPT: u8 = 5;

/// Scripts as far as encodings tell them apart: each of them never stands beside another within a word.
fn script(character: char) -> u8 {
    match character {
        '\u{0}'..='\u{24f}' | '\u{1e00}'..='\u{1eff}' => 0,
        '\u{370}'..='\u{3ff}' => 1,
        '\u{400}'..='\u{52f}' => 2,
        '\u{590}'..='\u{5ff}' => 3,
        '\u{600}'..='\u{6ff}' => 4,
        _ => OTHER_SCRIPT,
    }
}

/// The offending characters with what stands around them on their line, masked.
fn surroundings(encoding: &'static Encoding, record: &[u8], at: usize) -> Option<String> {
    let is_end = |byte: &u8| matches!(byte, b'\r' | b'\n');
    let (before, behind) = (record.get(..at)?, record.get(at..)?);
    let before = before.rsplit(is_end).next().unwrap_or_default();
    let behind = behind.split(is_end).next().unwrap_or_default();
    let (before, behind) = (
        encoding.decode_without_bom_handling(before).0,
        encoding.decode_without_bom_handling(behind).0,
    );
    let mut text = String::new();
    let skipped = before.chars().count().saturating_sub(AROUND);
    if skipped > 0 {
        text.push('…');
    }
    let mut shown = 0;
    let around = before.chars().skip(skipped).chain(behind.chars().take(AROUND));
    for character in around {
        let is_shown = !character.is_ascii() && !character.is_numeric() && !character.is_control();
        if is_shown && shown < most_shown(character) {
            shown += 1;
            text.push(character);
        } else {
            text.push_str(Preview::of(character.encode_utf8(&mut [0; 4])).as_str());
        }
    }
    if behind.chars().nth(AROUND).is_some() {
        text.push('…');
    }
    Some(text)
}

/// The readings as they stand in a message.
pub(super) fn list(readings: &[Reading]) -> String {
    let mut list = String::new();
    for Reading { encoding, text } in readings {
        // Writing to a string cannot fail.
        write!(list, "\n  - {encoding} would read `{text}`").ok();
    }
    list
}

/// What to do about bytes that are not UTF-8.
pub(super) fn hint(readings: &[Reading]) -> String {
    match readings.first() {
        Some(Reading { encoding, .. }) => format!(
            "if the first is right, set input.encoding = \"{}\" in the configuration; if none is, save the file as UTF-8, or \
             look for a damaged byte",
            encoding.to_lowercase()
        ),
        None => "save the file as UTF-8: its encoding is another, or this byte was damaged".to_owned(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(record: &[u8], expected: &[(&str, &str)]) {
        let at = super::super::encoding::broken_at(record).unwrap();
        let readings = readings(record, at);
        let found: Vec<_> = readings.iter().map(|one| (one.encoding, one.text.as_str())).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn the_likeliest_encoding_comes_first_and_no_word_can_be_read() {
        check(b"1,Jos\xe9,Garc\xeda\n", &[("windows-1252", "9,Aaaé,Aaaaía")]);
    }

    #[test]
    fn every_encoding_is_found_in_words_of_its_own() {
        let cases = [
            ("windows-1252", "7,Müller,Zoë,Straße 5"),
            ("windows-1252", "7,Peña,España"),
            ("windows-1250", "7,Łukasz,Wąsik,Żółw"),
            ("windows-1250", "7,Dvořák,Jiří"),
            ("windows-1251", "7,Иванов,Пётр,Москва"),
            ("windows-1253", "7,Γιώργος,Αθήνα"),
            ("Shift_JIS", "7,佐藤,花子,東京都"),
            ("EUC-KR", "7,김민수,서울"),
            ("macintosh", "7,Müller,Zoë,Straße 5"),
            ("KOI8-R", "7,Иванов,Пётр,Москва"),
        ];
        for (label, text) in cases {
            let (record, ..) = Encoding::for_label(label.as_bytes()).unwrap().encode(text);
            let at = super::super::encoding::broken_at(&record).unwrap();
            let readings = readings(&record, at);
            assert!(
                readings.iter().any(|reading| reading.encoding == label),
                "{label}, {text}: {readings:?}"
            );
            for word in text.split(',').skip(1) {
                assert!(
                    readings.iter().all(|reading| !reading.text.contains(word)),
                    "{readings:?}"
                );
            }
        }
    }

    #[test]
    fn only_the_line_and_the_words_around_are_shown() {
        check(
            b"\"Grand Boulevard 12\nRue Saint-Andr\xe9 17, 75006 Paris\n3\",x\n",
            &[("windows-1252", "…Aaaaa-Aaaaé 99, 9999…")],
        );
    }
}
