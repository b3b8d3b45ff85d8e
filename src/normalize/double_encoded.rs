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

/// Whether the whole text, encoded as windows-1252, is UTF-8 with at least one character outside ASCII.
///
/// Hardly any text of a person's own is: a letter such as `Ã` would have to stand before exactly as many signs such as
/// `©` as UTF-8 asks for, and so would each other character outside ASCII.
pub(super) fn is_double_encoded(text: &str) -> bool {
    if text.is_ascii() {
        return false;
    }
    let bytes: Option<Vec<u8>> = text.chars().map(windows_1252).collect();
    bytes.is_some_and(|bytes| std::str::from_utf8(&bytes).is_ok())
}

/// The byte of a character in windows-1252.
fn windows_1252(character: char) -> Option<u8> {
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
        check("JosÃ© Garcia", true);
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
