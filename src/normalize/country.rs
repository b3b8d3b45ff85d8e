//! Reads a country as people write it and gives its ISO 3166-1 alpha-2 code.
//!
//! Understood are alpha-2, alpha-3 and numeric codes, the names that ISO and CLDR publish in English, a country's name in
//! its own languages, and the names people write ("UK", "South Korea", "Ivory Coast"). Case, accents, punctuation, `&` for
//! "and" and the word "the" make no difference. England, Scotland, Wales and Northern Ireland are `GB`.
//!
//! It deliberately does not guess. A name that means two countries ("Korea", "America", "Virgin Islands") is unknown; so
//! is a misspelt one. "Congo" alone is `CG`, because that is the short name ISO 3166-1 gives to `CG` and to no other.
//! `XK` and Kosovo are unknown: ISO 3166-1 does not assign them. `NA` is Namibia and `NO` is Norway: what means "absent"
//! is decided before a value comes here. Codes must be written plainly: `N.A.` is not Namibia, `4.04` is not Kenya.
//!
//! The table is made by `scripts/countries`, which folds its keys exactly as `fold` does.

use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use super::country_table::{ALPHA2, CURRENT, LONGEST_KEY_BYTES, WITHDRAWN};
use crate::model::rule::Rule;

/// Why a text is not a country of today.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum CountryError {
    /// ISO 3166 has withdrawn it; the text says which codes are written instead ("CZ or SK"), and may be empty.
    Withdrawn(&'static str),
    /// No country is written like this, or more than one.
    Unknown,
}

/// Gives the alpha-2 code of the country that `text` names. Allocates nothing for ASCII.
pub(crate) fn country(text: &str) -> Result<&'static str, CountryError> {
    // Most are codes, and all that were normalized before.
    if let Some(alpha2) = alpha2(text) {
        return Ok(alpha2);
    }
    let mut buffer = [0; BUFFER_BYTES];
    let key = fold(text, &mut buffer).ok_or(CountryError::Unknown)?;
    if looks_like_code(key)
        && !text
            .chars()
            .all(|char| char.is_ascii_alphanumeric() || char.is_whitespace())
    {
        return Err(CountryError::Unknown);
    }
    if let Some(alpha2) = CURRENT.get(key) {
        return Ok(alpha2);
    }
    Err(WITHDRAWN
        .get(key)
        .map_or(CountryError::Unknown, |instead| CountryError::Withdrawn(instead)))
}

/// The alpha-2 code that a text is, in capitals.
fn alpha2(text: &str) -> Option<&'static str> {
    let &[first @ b'A'..=b'Z', second @ b'A'..=b'Z'] = text.as_bytes() else {
        return None;
    };
    *BY_LETTERS.get(usize::from(first - b'A') * 26 + usize::from(second - b'A'))?
}

/// The alpha-2 codes by their two letters.
static BY_LETTERS: LazyLock<Vec<Option<&'static str>>> = LazyLock::new(|| {
    let pairs = (b'A'..=b'Z').flat_map(|first| (b'A'..=b'Z').map(move |second| [first, second]));
    let code = |pair: [u8; 2]| ALPHA2.iter().copied().find(|code| code.as_bytes() == pair);
    pairs.map(code).collect()
});

/// Every assigned alpha-2 code, in alphabetical order.
#[cfg(test)]
pub(crate) fn all() -> impl Iterator<Item = &'static str> {
    ALPHA2.iter().copied()
}

/// The word that names begin with, or not, as one likes.
const ARTICLE: &str = "the";

/// Room for the longest key, and for the article and its space, which are written before they are taken back. A text that
/// does not fit in here is longer than every key, so it names no country.
const BUFFER_BYTES: usize = LONGEST_KEY_BYTES + ARTICLE.len() + 1;

/// Codes have two or three characters; a name of that length is written as plainly as a code.
fn looks_like_code(key: &str) -> bool {
    key.len() <= 3 && key.bytes().all(|byte| byte.is_ascii_alphanumeric())
}

/// Writes the key of `text` into `buffer`, or gives `None` if it does not fit.
fn fold<'buffer>(text: &str, buffer: &'buffer mut [u8; BUFFER_BYTES]) -> Option<&'buffer str> {
    let mut key = Key {
        buffer,
        length: 0,
        word_start: 0,
        in_word: false,
    };
    if text.is_ascii() {
        for byte in text.bytes().filter(|byte| !is_dropped(char::from(*byte))) {
            key.push(char::from(byte.to_ascii_lowercase()))?;
        }
    } else {
        // Lower case comes after decomposing and can bring marks of its own; composing at the end keeps Hangul short.
        let folded = text
            .nfkd()
            .flat_map(char::to_lowercase)
            .filter(|char| !is_dropped(*char))
            .nfc();
        for char in folded {
            match plain_letters(char) {
                "" => key.push(char)?,
                letters => letters.chars().try_for_each(|letter| key.push(letter))?,
            }
        }
    }
    key.finish()
}

/// A key while it is written: words in lower case, one space between them, no article.
struct Key<'buffer> {
    buffer: &'buffer mut [u8; BUFFER_BYTES],
    length: usize,
    word_start: usize,
    in_word: bool,
}

impl<'buffer> Key<'buffer> {
    /// Takes one folded character; what is neither letter nor digit ends the word.
    fn push(&mut self, char: char) -> Option<()> {
        if char == '&' {
            self.end_word();
            b"and"
                .iter()
                .try_for_each(|letter| self.push_in_word(char::from(*letter)))?;
            self.end_word();
        } else if char.is_alphanumeric() {
            self.push_in_word(char)?;
        } else {
            self.end_word();
        }
        Some(())
    }

    fn push_in_word(&mut self, char: char) -> Option<()> {
        if !self.in_word {
            if self.length > 0 {
                self.write(' ')?;
            }
            self.word_start = self.length;
            self.in_word = true;
        }
        self.write(char)
    }

    fn write(&mut self, char: char) -> Option<()> {
        let end = self.length + char.len_utf8();
        char.encode_utf8(self.buffer.get_mut(self.length..end)?);
        self.length = end;
        Some(())
    }

    fn end_word(&mut self) {
        if self.in_word && self.buffer.get(self.word_start..self.length) == Some(ARTICLE.as_bytes()) {
            self.length = self.word_start.saturating_sub(1);
        }
        self.in_word = false;
    }

    fn finish(mut self) -> Option<&'buffer str> {
        self.end_word();
        std::str::from_utf8(self.buffer.get(..self.length)?).ok()
    }
}

/// Marks that people leave out inside a word, combining marks, and characters that nobody sees.
fn is_dropped(char: char) -> bool {
    if char.is_ascii() {
        return matches!(char, '\'' | '`');
    }
    let apostrophe = matches!(char, '´' | '‘' | '’' | 'ʹ' | 'ʻ' | 'ʼ' | '׳' | '״');
    let invisible = matches!(char, '\u{ad}' | '\u{61c}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}'
        | '\u{2060}'..='\u{206f}' | '\u{feff}');
    apostrophe || invisible || is_combining_mark(char)
}

/// What is written for a letter that has no decomposition; empty for all others.
pub(super) fn plain_letters(char: char) -> &'static str {
    match char {
        'ø' => "o",
        'ł' => "l",
        'đ' | 'ð' => "d",
        'ħ' => "h",
        'ı' => "i",
        'ə' => "e",
        'ß' => "ss",
        'æ' => "ae",
        'œ' => "oe",
        'þ' => "th",
        'ς' => "σ",
        _ => "",
    }
}

/// Appends the code of a country.
pub(super) fn country_code(value: &str, to: &mut String) -> Result<(), Rule> {
    match country(value) {
        Ok(code) => {
            to.push_str(code);
            Ok(())
        }
        Err(CountryError::Withdrawn(_)) => Err(Rule::CountryWithdrawn),
        Err(CountryError::Unknown) => Err(Rule::CountryUnknown),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};

    /// Every name the script knows, with its country and kind.
    fn names() -> Vec<(String, String, String)> {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/countries/names.csv");
        csv::Reader::from_path(path)
            .unwrap()
            .deserialize()
            .map(Result::unwrap)
            .collect()
    }

    fn check(text: &str, expected: Result<&str, CountryError>) {
        assert_eq!(country(text), expected, "{text:?}");
    }

    fn without_accents(text: &str) -> String {
        text.nfd().filter(|char| !is_combining_mark(*char)).collect()
    }

    #[test]
    fn every_country_is_understood_by_every_code_and_published_name_in_any_case_and_without_accents() {
        let mut kinds: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
        let mut checked = 0;
        for (code, kind, text) in names() {
            let forms = [
                text.clone(),
                text.to_uppercase(),
                text.to_lowercase(),
                without_accents(&text),
                format!("  {text}\u{a0}"),
            ];
            for form in forms {
                check(&form, Ok(&code));
                checked += 1;
            }
            kinds.entry(kind).or_default().insert(code);
        }
        for kind in [
            "alpha2",
            "alpha3",
            "numeric",
            "short",
            "short_article",
            "official",
            "common",
        ] {
            assert_eq!(kinds[kind].len(), 249, "{kind}");
        }
        println!("{} keys, {checked} spellings checked", CURRENT.len());
    }

    #[test]
    fn every_key_of_the_tables_is_its_own_fold() {
        for key in CURRENT.keys().chain(WITHDRAWN.keys()) {
            assert_eq!(fold(key, &mut [0; BUFFER_BYTES]), Some(*key));
            assert!(key.len() <= LONGEST_KEY_BYTES);
        }
        assert!(WITHDRAWN.keys().all(|key| !CURRENT.contains_key(*key)));
    }

    #[test]
    fn the_codes_are_assigned_sorted_and_in_capitals() {
        assert_eq!(all().count(), 249);
        assert!(all().is_sorted());
        assert!(all().all(|code| alpha2(code) == Some(code)));
        assert!(CURRENT.values().all(|code| alpha2(code).is_some()));
        for code in ["", "de", "XK", "YU", "UK", "ZZ", "DEU"] {
            assert!(alpha2(code).is_none(), "{code}");
        }
    }

    #[test]
    fn names_people_write_are_understood() {
        for (text, code) in [
            ("NA", "NA"),
            ("no", "NO"),
            ("UK", "GB"),
            ("the UK", "GB"),
            ("U.K.", "GB"),
            ("England", "GB"),
            ("Northern Ireland", "GB"),
            ("USA", "US"),
            ("U.S.A.", "US"),
            ("The United States of America", "US"),
            ("South Korea", "KR"),
            ("Korea (the Republic of)", "KR"),
            ("Republic of Korea", "KR"),
            ("Ivory Coast", "CI"),
            ("COTE D’IVOIRE", "CI"),
            ("Cote d Ivoire", "CI"),
            ("Holland", "NL"),
            ("Czech Republic", "CZ"),
            ("Burma", "MM"),
            ("Swaziland", "SZ"),
            ("Macedonia", "MK"),
            ("Cape Verde", "CV"),
            ("Turkey", "TR"),
            ("TÜRKİYE", "TR"),
            ("Russia", "RU"),
            ("Bosnia & Herzegovina", "BA"),
            ("St Kitts and Nevis", "KN"),
            ("Guinea", "GN"),
            ("Guinea-Bissau", "GW"),
            ("Congo", "CG"),
            ("DR Congo", "CD"),
            ("Deutschland", "DE"),
            ("ESPAÑA", "ES"),
            ("Osterreich", "AT"),
            ("Ελλάδα", "GR"),
            ("ΚΎΠΡΟΣ", "CY"),
            ("Україна", "UA"),
            ("日本", "JP"),
            ("대한민국", "KR"),
            ("  federal   republic of\tGermany ", "DE"),
        ] {
            check(text, Ok(code));
        }
    }

    #[test]
    fn what_was_withdrawn_says_what_to_write_instead() {
        for (text, instead) in [
            ("YU", "RS or ME"),
            ("yug", "RS or ME"),
            ("Yugoslavia", "RS or ME"),
            ("SU", "AM, AZ, BY, EE, GE, KG, KZ, LT, LV, MD, RU, TJ, TM, UA or UZ"),
            ("AN", "CW, SX or BQ"),
            ("CS", "CZ, SK, RS or ME"),
            ("CSK", "CZ or SK"),
            ("DD", "DE"),
            ("278", "DE"),
            ("TP", "TL"),
            ("ZR", "CD"),
            ("BU", "MM"),
        ] {
            check(text, Err(CountryError::Withdrawn(instead)));
        }
        // Withdrawn once, assigned again since.
        for code in ["AI", "BQ", "BY", "GE", "SK"] {
            check(code, Ok(code));
        }
    }

    #[test]
    fn what_is_ambiguous_or_no_country_is_unknown() {
        let long = "united kingdom of ".repeat(1_000);
        for text in [
            "",
            " ",
            "the",
            "the the",
            "X",
            "ZZ",
            "XK",
            "Kosovo",
            "Korea",
            "America",
            "Virgin Islands",
            "Saint Martin",
            "Republic of China",
            "Atlantis",
            "Germny",
            "4",
            "04",
            "999",
            "N.A.",
            "N/A",
            "4.04",
            "-404",
            "1.00",
            "DÉ",
            "D E",
            "D-E",
            "DEUT",
            "EU",
            "日",
            "\u{0}",
            long.as_str(),
        ] {
            check(text, Err(CountryError::Unknown));
        }
    }
}
