//! Looks for values in bytes: as they are and in every simple form into which a program or a service may have put them.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write;

use base64::Engine;
use base64::engine::general_purpose::STANDARD_NO_PAD;

/// A value that must not be found.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Canary {
    /// Which field of which record, for messages.
    pub(crate) place: String,
    pub(crate) value: String,
}

/// Digits that are one number to whoever reads them, however they are grouped: fewer stand in any text by chance.
const LEAST_DIGITS: usize = 7;

pub(crate) fn canary(place: impl Into<String>, value: impl Into<String>) -> Canary {
    Canary {
        place: place.into(),
        value: value.into(),
    }
}

/// The canaries that stand in bytes in any form.
pub(crate) fn hits<'a>(bytes: &[u8], canaries: &'a BTreeSet<Canary>) -> Vec<&'a Canary> {
    let text = String::from_utf8_lossy(bytes).to_lowercase();
    let views = [
        text.clone(),
        unpercented(&text),
        unescaped(&text),
        unescaped(&unescaped(&text)),
        entities(&text),
    ];
    let ungrouped = ungrouped(&text);
    // Most places hold nothing like a canary, and one look for what many begin with says so.
    let mut begun: BTreeMap<Vec<u8>, bool> = BTreeMap::new();
    let mut begins = |view: usize, all: &[u8], word: &[u8]| {
        let key = [&[u8::try_from(view).unwrap()], &word[..word.len().min(4)]].concat();
        *begun
            .entry(key)
            .or_insert_with(|| memchr::memmem::find(all, &word[..word.len().min(4)]).is_some())
    };
    canaries
        .iter()
        .filter(|canary| {
            let plain = canary.value.to_lowercase();
            let digits: String = plain.chars().filter(char::is_ascii_digit).collect();
            let is_number = digits.len() >= LEAST_DIGITS && !plain.chars().any(char::is_alphabetic);
            if is_number && alone(&ungrouped, &digits) {
                return true;
            }
            let found = |view: &String| {
                if is_number || plain.len() < 9 {
                    alone(view, &plain)
                } else {
                    view.contains(&plain)
                }
            };
            let mut seen = views.iter().enumerate();
            seen.any(|(at, view)| begins(at, view.as_bytes(), plain.as_bytes()) && found(view))
                || in_base64(&canary.value, |word| {
                    begins(views.len(), bytes, word) && memchr::memmem::find(bytes, word).is_some()
                })
        })
        .collect()
}

/// The text with numbers as one word each, however they are grouped.
fn ungrouped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut gap = false;
    for character in text.chars() {
        if " -.()/\u{a0}".contains(character) {
            gap = true;
            continue;
        }
        if gap && !(character.is_ascii_digit() && out.ends_with(|before: char| before.is_ascii_digit())) {
            out.push(' ');
        }
        gap = false;
        out.push(character);
    }
    out
}

/// Whether a text stands with neither letters nor digits beside it.
fn alone(text: &str, word: &str) -> bool {
    text.match_indices(word).any(|(at, _)| {
        let before = text[..at].chars().next_back();
        let after = text[at + word.len()..].chars().next();
        !before.is_some_and(char::is_alphanumeric) && !after.is_some_and(char::is_alphanumeric)
    })
}

/// Whether a value stands in a longer text in base64: the characters that no neighbor touches, for each of three places.
fn in_base64(value: &str, mut found: impl FnMut(&[u8]) -> bool) -> bool {
    (0..3).any(|shift| {
        let padded = [&vec![0; shift][..], value.as_bytes()].concat();
        let whole = padded.len() / 3 * 3;
        let encoded = STANDARD_NO_PAD.encode(&padded[..whole]);
        let inner = &encoded[if shift == 0 { 0 } else { 4 }..];
        inner.len() >= 8 && found(inner.as_bytes())
    })
}

fn unpercented(text: &str) -> String {
    percent_encoding::percent_decode_str(text)
        .decode_utf8_lossy()
        .to_lowercase()
}

/// Without the escapes of JSON, Rust and JavaScript.
fn unescaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        out.push_str(before);
        let hex = after.strip_prefix('u').and_then(|after| after.get(..4));
        let hex = hex.and_then(|hex| char::from_u32(u32::from_str_radix(hex, 16).ok()?));
        (rest, ()) = match (hex, after.chars().next()) {
            (Some(character), _) => (&after[5..], out.push(character)),
            (None, Some(character)) if !"nrt".contains(character) => {
                (&after[character.len_utf8()..], out.push(character))
            }
            _ => (after, out.push('\\')),
        };
    }
    out.push_str(rest);
    out.to_lowercase()
}

fn entities(text: &str) -> String {
    [
        ("&#39;", "'"),
        ("&apos;", "'"),
        ("&quot;", "\""),
        ("&lt;", "<"),
        ("&gt;", ">"),
        ("&amp;", "&"),
    ]
    .iter()
    .fold(text.to_owned(), |text, (from, to)| text.replace(from, to))
}

/// The forms in which a service may repeat a value, and a leak may hide it, each with its name.
pub(crate) fn forms(value: &str) -> [(&'static str, String); 10] {
    let mut escaped = String::new();
    for character in value.chars() {
        write!(escaped, "\\u{:04x}", u32::from(character)).unwrap();
    }
    let mut percented = String::new();
    for byte in value.bytes() {
        write!(percented, "%{byte:02X}").unwrap();
    }
    [
        ("as it is", value.to_owned()),
        ("in upper case", value.to_uppercase()),
        ("escaped for JSON", escaped),
        ("escaped for a URL", percented),
        ("in lower case", value.to_lowercase()),
        ("in base64", STANDARD_NO_PAD.encode(value)),
        (
            "in base64 behind one byte",
            STANDARD_NO_PAD.encode(format!("x{value}y")),
        ),
        (
            "in base64 behind two bytes",
            STANDARD_NO_PAD.encode(format!("xx{value}yy")),
        ),
        ("escaped for a page", value.replace('&', "&amp;").replace('\'', "&#39;")),
        ("without its sign", value.trim_start_matches('+').to_owned()),
    ]
}

#[test]
fn whatever_form_a_value_is_in_it_is_found() {
    let values = [
        "Zq1x'First & Only",
        "+12125550143",
        "219-09-9999",
        "1961-07-23",
        "Zqsecret-00",
        "Ñandú Zq",
    ];
    let canaries: BTreeSet<Canary> = values.iter().map(|value| canary("a place", *value)).collect();
    for value in values {
        for (name, form) in forms(value) {
            let text = format!("{{\"description\": \"= {form} is no good\"}}");
            let found = hits(text.as_bytes(), &canaries);
            assert!(found.iter().any(|canary| canary.value == value), "{value} {name}");
        }
    }
    assert_eq!(
        hits(b"nothing here, 42, 0190a1b2-1961-7072-8f00-2190999912ab", &canaries),
        [] as [&Canary; 0]
    );
    assert_eq!(hits(b"call (212) 555-0143? no: 1 (212) 555-0143!", &canaries).len(), 1);
}
