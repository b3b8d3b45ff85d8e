//! Text that was encoded twice: UTF-8 that some tool took for windows-1252 and encoded again, so that `José` became
//! `JosÃ©`.
//!
//! It repairs nothing: what a tool did to one character it may have done to others that cannot be seen any more.

/// What windows-1252 has at 0x80 to 0x9f, by the index of the WHATWG Encoding Standard; where it has no character, the
/// control character of the same number.
const HIGH: [char; 32] = [
    '€', '\u{81}', '‚', 'ƒ', '„', '…', '†', '‡', 'ˆ', '‰', 'Š', '‹', 'Œ', '\u{8d}', 'Ž', '\u{8f}', '\u{90}', '‘', '’',
    '“', '”', '•', '–', '—', '˜', '™', 'š', '›', 'œ', '\u{9d}', 'ž', 'Ÿ',
];

/// Whether the whole text, encoded as windows-1252, is UTF-8 that somebody may have written.
///
/// Hardly any text of a person's own is UTF-8 so: a letter such as `Ã` would have to stand before exactly as many signs
/// such as `©` as UTF-8 asks for, and so would each other character outside ASCII. A capital letter or `ß` before one sign
/// does happen (`NESCAFÉ®`, `Weiß–Blau`), and so does a small letter before two (`André` and two non-breaking spaces): what
/// they would be read as is no text.
pub(super) fn is_double_encoded(text: &str) -> bool {
    if text.is_ascii() {
        return false;
    }
    let bytes: Option<Vec<u8>> = text.chars().map(windows_1252).collect();
    bytes.is_some_and(|bytes| std::str::from_utf8(&bytes).is_ok_and(is_plausible))
}

/// What a character says about the text that it stands in.
#[derive(Clone, Copy, PartialEq, Eq)]
enum Part {
    /// ASCII letters, beside which one sign of another script is no text.
    Letter,
    /// Latin letters, and the signs of all scripts.
    Any,
    /// Another script that names are written in.
    Other,
    /// Nothing that names hold: phonetic letters, scripts of the past.
    None,
}

/// Whether a text may be what was encoded: it holds letters and signs that names are written with, and a sign of another
/// script stands next to another one or away from ASCII letters.
fn is_plausible(text: &str) -> bool {
    let parts: Vec<Part> = text.chars().map(part).collect();
    let at = |index: Option<usize>| index.and_then(|index| parts.get(index)).copied().unwrap_or(Part::Any);
    parts.iter().enumerate().all(|(index, part)| {
        let around = [at(index.checked_sub(1)), at(Some(index + 1))];
        match part {
            Part::None => false,
            Part::Other => around.contains(&Part::Other) || !around.contains(&Part::Letter),
            Part::Letter | Part::Any => true,
        }
    })
}

fn part(character: char) -> Part {
    if character.is_ascii_alphabetic() {
        return Part::Letter;
    }
    match character {
        // ASCII, Latin-1 Supplement and Latin Extended-A; what windows-1252 has beyond, of which a text is that was
        // encoded three times; Romanian and Vietnamese letters; marks over and under letters, as some systems keep
        // them; punctuation, currencies, and signs such as № and ™.
        '\0'..='\u{17f}' | 'ƒ' | 'ˆ' | '˜' | 'Ơ' | 'ơ' | 'Ư' | 'ư' | 'Ș'..='ț'
        | '\u{300}'..='\u{304}' | '\u{306}'..='\u{30c}' | '\u{323}' | '\u{327}' | '\u{328}'
        | '\u{1e00}'..='\u{1eff}' | '\u{2000}'..='\u{206f}' | '\u{20a0}'..='\u{20cf}' | '\u{2100}'..='\u{214f}'
        // A byte order mark.
        | '\u{feff}' => Part::Any,
        // Greek to Arabic; the scripts of South and South-East Asia, of Georgia, Korea and Ethiopia; Khmer and
        // Mongolian; polytonic Greek; Chinese, Japanese and Korean; full-width forms; pictures.
        '\u{370}'..='\u{6ff}' | '\u{900}'..='\u{13ff}' | '\u{1780}'..='\u{18af}' | '\u{1f00}'..='\u{1fff}'
        | '\u{2e80}'..='\u{9fff}' | '\u{ac00}'..='\u{d7ff}' | '\u{f900}'..='\u{faff}' | '\u{fe00}'..='\u{ffef}'
        | '\u{1f000}'..='\u{3ffff}' => Part::Other,
        _ => Part::None,
    }
}

/// The byte of a character in windows-1252.
pub(super) fn windows_1252(character: char) -> Option<u8> {
    let high = || HIGH.iter().position(|known| *known == character);
    match character {
        '\0'..='\u{7f}' | '\u{a0}'..='\u{ff}' => u8::try_from(character).ok(),
        _ => high().and_then(|index| u8::try_from(index + 0x80).ok()),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn character(byte: u8) -> char {
        match byte {
            0x80..=0x9f => HIGH[usize::from(byte) - 0x80],
            byte => char::from(byte),
        }
    }

    /// What a tool makes of a text that takes its UTF-8 for windows-1252 and encodes that again.
    fn twice(text: &str) -> String {
        text.bytes().map(character).collect()
    }

    fn check(text: &str, expected: bool) {
        assert_eq!(is_double_encoded(text), expected, "{text:?}");
    }

    #[test]
    fn text_that_was_encoded_twice_is_recognized() {
        assert_eq!(twice("José"), "JosÃ©");
        for text in [
            "José",
            "Müller-Lüdenscheid",
            "ÁÍÝ à",
            "Łódź",
            "佐藤 花子",
            "Иван",
            "l’été – 5 €",
            "😀",
        ] {
            check(text, false);
            check(&twice(text), true);
            check(&twice(&twice(text)), true);
        }
        for text in [
            "JosÃ© Garcia",
            "MÃ¼ller",
            "Oâ€™Neill",
            "Ð˜Ð²Ð°Ð½",
            "Î“Î¹ÏŽÏ\u{81}Î³Î¿Ï‚",
            "IaÈ™i",
        ] {
            check(text, true);
        }
        for text in ["ABC株式会社", "Nguyễn", "Jose\u{301}", "Γιώργος", "№ 5", "שרה", "محمد"] {
            check(&twice(text), true);
        }
    }

    #[test]
    fn text_of_a_persons_own_is_left_alone() {
        // The last ones mix what was encoded twice with what was not, or were cut: what they were is not certain.
        let own = [
            "",
            "Jose",
            "Ã",
            "SÃO JOÃO",
            "Â",
            "Ângela",
            "naïve",
            "5 €",
            "AÇÃO",
            "Åse",
            "â€",
            "JosÃ",
            "Ã© ü",
            "Ã© 佐",
            "Weiß–Blau Reisen GmbH",
            "Voß’ Erben",
            "Groß®",
            "Spaß·Fabrik",
            "NESCAFÉ®",
            "CAFÉ™",
            "Preuß\u{a0}AG",
            "JOSÉ\u{a0}LUIS",
            "André\u{a0}\u{a0}",
            "Weiß\u{a0}",
            "LUNEDÌ®",
            "BENOÎ®",
        ];
        for text in own {
            check(text, false);
        }
    }

    #[test]
    fn every_byte_has_one_character() {
        for byte in 0x80..=0xff_u8 {
            assert_eq!(windows_1252(character(byte)), Some(byte));
        }
    }
}
