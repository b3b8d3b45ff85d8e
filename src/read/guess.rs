//! Which encodings a source that is not UTF-8 may have, from all its first letters outside ASCII together.
//!
//! [`super::likely`] explains one broken place; here a whole sample is judged: an encoding is plausible if what it reads
//! are letters that one language writes together. Only one reading being plausible is what `init` takes for an answer.
//! Reading itself never guesses.

use std::io::Read;

use encoding_rs::{Encoding, SHIFT_JIS};

use super::encoding::broken_at;
use super::error::ReadError;
use super::likely::{self, Reading};
use super::packing::Limits;
use super::source::Source;
use crate::config::settings::InputSettings;

/// Bytes that are looked at: more than ten thousand ordinary records.
const LOOKED_AT_BYTES: u64 = 8 * 1024 * 1024;

/// Bytes of lines outside ASCII that are judged; a few hundred lines tell as much as all.
const SAMPLE_BYTES: usize = 64 * 1024;

/// The letters outside ASCII of languages whose encodings are mistaken for one another, lower case.
const ALPHABETS: [&str; 14] = [
    "àâæçéèêëîïôœùûüÿ",     // French
    "áéíñóúü",              // Spanish
    "äöüßéèàáô",            // German, with the names that its customers have
    "áâãàçéêíóôõúü",        // Portuguese
    "àèéìíîòóùú",           // Italian
    "éëïöüáíóúèêç",         // Dutch
    "ąćęłńóśźż",            // Polish
    "áčďéěíňóřšťúůýžäľĺŕô", // Czech and Slovak
    "áéíóöőúüű",            // Hungarian
    "ăâîșțşţ",              // Romanian
    "çğıöşüâîûi̇",           // Turkish
    "åäöæøéüàü",            // Nordic
    "čćžšđ",                // Croatian, Slovenian, Serbian
    "āčēģīķļņšūžąęėįųõ",    // Baltic
];

/// What may be read.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Guess {
    /// The likeliest first; each with what it would read, masked. Never empty.
    pub readings: Vec<Reading>,
    /// Whether no other reading of the whole sample is plausible.
    pub is_only: bool,
}

/// Judges the first part of a source; `None` if it is UTF-8, or if no encoding reads it.
pub fn guess(source: &Source, input: &InputSettings) -> Result<Option<Guess>, ReadError> {
    let mut bytes = Vec::new();
    let opened = source.open(Limits::of(input))?;
    let read = opened.take(LOOKED_AT_BYTES).read_to_end(&mut bytes);
    read.map_err(|error| ReadError::from_io(source.name(), error))?;
    Ok(of(&sample(&bytes)))
}

/// The lines that are not UTF-8, one after the other.
fn sample(bytes: &[u8]) -> Vec<u8> {
    let mut sample = Vec::new();
    for line in bytes.split_inclusive(|byte| *byte == b'\n') {
        if sample.len() < SAMPLE_BYTES && broken_at(line).is_some() {
            sample.extend_from_slice(line);
        }
    }
    sample
}

fn of(sample: &[u8]) -> Option<Guess> {
    let at = broken_at(sample)?;
    // Encodings that read all of it alike are one reading: which of them it is makes no difference that is known of.
    let mut different: Vec<(bool, &'static Encoding, String)> = Vec::new();
    for encoding in likely::ranked(sample) {
        let Some(text) = likely::read(encoding, sample) else {
            continue;
        };
        if different.iter().all(|(.., other)| *other != text) {
            different.push((is_plausible(encoding, &text), encoding, text));
        }
    }
    let plausible = different.iter().filter(|(plausible, ..)| *plausible).count();
    // A plausible one stands before the others, whose order is kept.
    different.sort_by_key(|(plausible, ..)| !plausible);
    let readings = different
        .iter()
        .take(likely::MOST_READINGS)
        .filter_map(|(_, encoding, _)| likely::reading(encoding, sample, at));
    let readings: Vec<Reading> = readings.collect();
    (!readings.is_empty()).then_some(Guess {
        is_only: plausible == 1,
        readings,
    })
}

/// Whether a text holds, beside ASCII, letters of one language and marks of typography only.
fn is_plausible(encoding: &'static Encoding, text: &str) -> bool {
    if encoding == SHIFT_JIS || !encoding.is_single_byte() {
        return false;
    }
    let mark = |character: char| "\u{a0}–—‘’“”„«»€°…º\u{aa}".contains(character);
    let foreign = || {
        text.chars()
            .filter(|character| !character.is_ascii() && !mark(*character))
    };
    // Capitals inside of a word are rarely written.
    let breaks = text.chars().zip(text.chars().skip(1));
    let breaks = breaks.filter(|(before, after)| before.is_lowercase() && after.is_uppercase() && !after.is_ascii());
    let of_language =
        |alphabet: &str| foreign().all(|character| character.to_lowercase().all(|letter| alphabet.contains(letter)));
    foreign().next().is_some() && breaks.count() == 0 && ALPHABETS.iter().any(|alphabet| of_language(alphabet))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The encoding that is taken, with a `?` if it is not the only plausible one.
    fn check(label: &str, text: &str, expected: &str) {
        let (bytes, ..) = Encoding::for_label(label.as_bytes()).unwrap().encode(text);
        let guess = of(&sample(&bytes)).unwrap();
        let doubt = if guess.is_only { "" } else { "?" };
        assert_eq!(
            format!("{}{doubt}", guess.readings[0].encoding),
            expected,
            "{text}: {guess:?}"
        );
        for word in text.split([',', ' ']).filter(|word| !word.is_ascii()) {
            assert!(
                guess.readings.iter().all(|reading| !reading.text.contains(word)),
                "{word}"
            );
        }
    }

    #[test]
    fn one_plausible_reading_is_an_answer() {
        check(
            "windows-1252",
            "Société Générale,à Nîmes,Besançon,où,l’été",
            "windows-1252",
        );
        check("windows-1252", "Muñoz,Peña,Málaga,Córdoba", "windows-1252");
        check("windows-1252", "Müller,Straße,Köln", "windows-1252");
        check("windows-1250", "Łukasz,Wąsik,Żółw,Śliwiński,Gdańsk", "windows-1250");
        check("windows-1250", "Dvořák,Jiří,Plzeň,Žďár", "windows-1250");
    }

    #[test]
    fn utf8_needs_no_guess_and_two_scripts_none_that_is_sure() {
        assert_eq!(of(&sample("Zoë,佐藤\n".as_bytes())), None);
        check("windows-1251", "Иванов,Пётр,Москва", "windows-1251?");
        check("shift_jis", "佐藤,花子,東京都", "Shift_JIS?");
    }
}
