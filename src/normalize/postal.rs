//! Postal codes: each in the one way in which its country publishes it.
//!
//! A code is read without its spaces and hyphens, held against its country's pattern, and written with the separators that
//! the country's own examples have: `k1a0b1` is `K1A 0B1`. A space may stand anywhere, since leaving it out changes no
//! code; a hyphen only where the country has a separator. Codes whose country is absent or publishes no pattern stand
//! as they are.
//!
//! Two things are repaired, each with a note. Leading zeros that a spreadsheet dropped come back where the codes of the
//! country are digits of one length (US ZIP codes: of five or nine) and have such zeros. A country's own letters before
//! its code are taken away, unless the published code has them (`LV-1073`). The two are never combined: what has letters was
//! never a number in a spreadsheet, so `D-1067` lost no zero.
//!
//! It deliberately does not know which codes are in use: that changes monthly, and a form can be checked for ever. What
//! fits nothing is a note as well, since people write codes of former times, and the text stands.

use std::sync::OnceLock;

use regex::{Regex, RegexBuilder};

use super::notes::Notes;
use super::postal_table::SHAPES;
use crate::model::rule::Rule;

/// What the postal codes of one country look like.
pub(super) struct Shape {
    /// The code in capitals without spaces and hyphens; an empty group marks where one stands.
    pattern: &'static str,
    /// For each empty group the separator that is written there; `_` for none.
    marks: &'static str,
    /// Where zeros can be lost: how many digits a code has.
    lengths: &'static [usize],
    /// The digits that can stand behind one lost zero, and behind two.
    behind_zeros: [&'static str; 2],
    /// Letters that say the country, the longest first.
    signs: &'static [&'static str],
    /// The compiled pattern; made when the first code of the country comes, since it costs as much as a thousand checks.
    regex: OnceLock<Option<Regex>>,
}

impl Shape {
    pub(super) const fn new(
        pattern: &'static str,
        marks: &'static str,
        lengths: &'static [usize],
        behind_zeros: [&'static str; 2],
        signs: &'static [&'static str],
    ) -> Self {
        Self {
            pattern,
            marks,
            lengths,
            behind_zeros,
            signs,
            regex: OnceLock::new(),
        }
    }

    fn regex(&self) -> Option<&Regex> {
        let compile = || {
            let whole = format!("^(?:{})$", self.pattern);
            RegexBuilder::new(&whole).unicode(false).build().ok()
        };
        self.regex.get_or_init(compile).as_ref()
    }

    /// Appends the code as it is published, with a note if it was repaired; appends nothing if it fits in no way.
    fn read(&self, code: &Compact, to: &mut String, notes: &mut Notes) -> bool {
        if self.write(code, to) {
            return true;
        }
        let mut without_sign = self.signs.iter().filter_map(|sign| code.without(sign));
        if without_sign.any(|code| self.write(&code, to)) {
            notes.push(Rule::PostalPrefixRemoved);
            return true;
        }
        let mut with_zeros = self.lengths.iter().filter_map(|length| self.with_zeros(code, *length));
        let restored = with_zeros.any(|code| self.write(&code, to));
        if restored {
            notes.push(Rule::PostalZeroRestored);
        }
        restored
    }

    /// Appends the code with its separators if it fits as it is.
    fn write(&self, code: &Compact, to: &mut String) -> bool {
        let (Some(regex), Some(text)) = (self.regex(), code.text()) else {
            return false;
        };
        if self.marks.is_empty() {
            let fits = code.hyphens == 0 && regex.is_match(text);
            if fits {
                to.push_str(text);
            }
            return fits;
        }
        let Some(found) = regex.captures(text) else {
            return false;
        };
        let places = || found.iter().skip(1).zip(self.marks.chars());
        let places = || places().filter_map(|(group, mark)| Some((group?.start(), mark)));
        let allowed = places().fold(0_u32, |bits, (at, _)| bits | 1 << at);
        if code.hyphens & !allowed != 0 {
            return false;
        }
        let mut written = 0;
        for (at, mark) in places().filter(|(_, mark)| *mark != '_') {
            to.push_str(text.get(written..at).unwrap_or_default());
            to.push(mark);
            written = at;
        }
        to.push_str(text.get(written..).unwrap_or_default());
        true
    }

    /// The code with as many zeros before it as are missing, if these can have been lost.
    fn with_zeros(&self, code: &Compact, length: usize) -> Option<Compact> {
        let text = code
            .text()
            .filter(|text| text.bytes().all(|byte| byte.is_ascii_digit()))?;
        let missing = length.checked_sub(text.len())?;
        let behind = self.behind_zeros.get(missing.checked_sub(1)?)?;
        // A spreadsheet drops all zeros: a code that still begins with one lost none, and is not among the digits.
        if !behind.contains(text.chars().next()?) {
            return None;
        }
        let mut whole = Compact::default();
        (0..missing).try_for_each(|_| whole.push('0'))?;
        text.chars().try_for_each(|digit| whole.push(digit))?;
        whole.hyphens = code.hyphens << missing;
        Some(whole)
    }
}

/// Characters of the longest code with the longest sign before it, generously.
const LONGEST: usize = 16;

/// A code in capitals without spaces and hyphens.
#[derive(Default)]
struct Compact {
    bytes: [u8; LONGEST],
    length: usize,
    /// Bit n is set where a hyphen stood before character n.
    hyphens: u32,
}

impl Compact {
    /// Reads a cell; nothing if it is too long or has characters that are in no code.
    fn of(value: &str) -> Option<Self> {
        let mut code = Self::default();
        for character in value.chars() {
            match character {
                '-' | '\u{2010}'..='\u{2015}' | '\u{2212}' => code.hyphens |= 1 << code.length,
                _ if character.is_whitespace() => {}
                _ if character.is_ascii_alphanumeric() => code.push(character.to_ascii_uppercase())?,
                _ => return None,
            }
        }
        Some(code)
    }

    fn push(&mut self, character: char) -> Option<()> {
        *self.bytes.get_mut(self.length)? = u8::try_from(character).ok()?;
        self.length += 1;
        Some(())
    }

    fn text(&self) -> Option<&str> {
        std::str::from_utf8(self.bytes.get(..self.length)?).ok()
    }

    /// The code without these letters and the hyphen behind them.
    fn without(&self, sign: &str) -> Option<Self> {
        let rest = self.text()?.strip_prefix(sign)?;
        let mut code = Self::default();
        rest.chars().try_for_each(|character| code.push(character))?;
        let inside_sign = self.hyphens & ((1 << sign.len()) - 1);
        code.hyphens = self.hyphens >> sign.len() & !1;
        (inside_sign == 0).then_some(code)
    }
}

fn shape_of(country: &str) -> Option<&'static Shape> {
    let at = SHAPES.binary_search_by_key(&country, |(country, _)| country).ok()?;
    SHAPES.get(at).map(|(_, shape)| shape)
}

/// Appends the postal code in the form of its country, or the text itself.
pub(super) fn postal(value: &str, country: Option<&str>, to: &mut String, notes: &mut Notes) {
    let Some(shape) = country.and_then(shape_of) else {
        to.push_str(value);
        return;
    };
    if !Compact::of(value).is_some_and(|code| shape.read(&code, to, notes)) {
        notes.push(Rule::PostalNotValid);
        to.push_str(value);
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::BTreeSet;

    fn read(value: &str, country: Option<&str>) -> (String, Notes) {
        let (mut to, mut notes) = (String::new(), Notes::new());
        postal(value, country, &mut to, &mut notes);
        (to, notes)
    }

    /// Checks the text and the note, and that the text is read as itself and without a repair.
    fn check(country: &str, value: &str, expected: &str, note: Option<Rule>) {
        let (to, notes) = read(value, Some(country));
        assert_eq!(
            (to.as_str(), notes.as_slice()),
            (expected, note.as_slice()),
            "{value:?} in {country}"
        );
        let (again, notes) = read(&to, Some(country));
        assert_eq!(again, to);
        assert_eq!(notes.as_slice(), note.filter(|rule| !rule.is_repair()).as_slice());
    }

    #[test]
    fn every_published_example_is_accepted_and_stands_as_it_is() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/addresses/postal_codes.csv");
        let mut countries = BTreeSet::new();
        let mut checked = 0;
        for line in csv::Reader::from_path(path).unwrap().deserialize() {
            let (country, example): (String, String) = line.unwrap();
            check(&country, &example, &example, None);
            let bare: String = example.chars().filter(char::is_ascii_alphanumeric).collect();
            check(&country, &bare.to_lowercase(), &example, None);
            countries.insert(country);
            checked += 1;
        }
        assert_eq!(countries.len(), SHAPES.len());
        assert!(countries.len() >= 170, "{}", countries.len());
        println!("{checked} examples of {} countries checked", countries.len());
    }

    #[test]
    fn every_pattern_compiles_and_marks_each_separator() {
        assert!(SHAPES.is_sorted_by_key(|(country, _)| country));
        for (country, shape) in &SHAPES {
            let regex = shape.regex().unwrap_or_else(|| panic!("{country}"));
            assert_eq!(regex.captures_len() - 1, shape.marks.chars().count(), "{country}");
            assert_eq!(shape.lengths.is_empty(), shape.behind_zeros == [""; 2], "{country}");
            assert!(shape.signs.contains(country), "{country}");
        }
    }

    #[test]
    fn codes_are_written_as_their_country_publishes_them() {
        for (country, value, expected) in [
            ("GB", "sw1a1aa", "SW1A 1AA"),
            ("GB", "M1-1AE", "M1 1AE"),
            ("GB", "bfpo61", "BFPO 61"),
            ("CA", "K1A0B1", "K1A 0B1"),
            ("NL", "1012ab", "1012 AB"),
            ("PL", "00950", "00-950"),
            ("BR", "01310100", "01310-100"),
            ("PT", "1000 001", "1000-001"),
            ("JP", "1000001", "100-0001"),
            ("SE", "95822", "958 22"),
            ("US", "606011234", "60601-1234"),
            ("US", "60601 – 1234", "60601-1234"),
            ("FR", "75 008", "75008"),
            ("DE", "10 115", "10115"),
            ("LV", "lv1073", "LV-1073"),
            ("LT", "LT-01100", "LT-01100"),
            ("LT", "01100", "01100"),
            ("AZ", "az1000", "AZ 1000"),
            ("AR", "c1070aam", "C1070AAM"),
        ] {
            check(country, value, expected, None);
        }
    }

    #[test]
    fn lost_zeros_come_back_where_the_country_has_such_codes() {
        for (country, value, expected) in [
            ("US", "2134", "02134"),
            ("US", "2134-1010", "02134-1010"),
            ("US", "21341010", "02134-1010"),
            ("US", "930", "00930"),
            ("DE", "1067", "01067"),
            ("FI", "100", "00100"),
            ("JP", "60-0001", "060-0001"),
            ("BR", "1310-100", "01310-100"),
            ("PL", "950", "00-950"),
            ("AU", "800", "0800"),
        ] {
            check(country, value, expected, Some(Rule::PostalZeroRestored));
        }
    }

    #[test]
    fn zeros_are_not_invented() {
        for (country, value) in [
            ("US", "213"),
            ("US", "0213"),
            ("US", "21"),
            ("US", "5678-901"),
            ("US", "2134101-0"),
            ("DE", "D-1067"),
            ("DE", "10"),
            ("AT", "101"),
            ("AU", "101"),
            ("CH", "800"),
            ("IL", "961430"),
        ] {
            check(country, value, value, Some(Rule::PostalNotValid));
        }
    }

    #[test]
    fn a_countrys_own_letters_are_taken_away() {
        for (country, value, expected) in [
            ("DE", "D-10115", "10115"),
            ("DE", "DE 10115", "10115"),
            ("SE", "S-958 22", "958 22"),
            ("BE", "B-1180", "1180"),
            ("CH", "CH-8001", "8001"),
            ("FR", "f-67000", "67000"),
            ("LU", "L-1234", "1234"),
            ("NL", "NL-1012AB", "1012 AB"),
            ("FI", "FIN-00100", "00100"),
            ("FI", "SF-00100", "00100"),
            ("AI", "AI-2640", "2640"),
        ] {
            check(country, value, expected, Some(Rule::PostalPrefixRemoved));
        }
    }

    #[test]
    fn what_fits_no_shape_stands_with_a_note() {
        for (country, value) in [
            ("DE", "1O115"),
            ("DE", "101-15"),
            ("DE", "F-10115"),
            ("DE", "A-1010"),
            ("AT", "D-10115"),
            ("DE", "-10115"),
            ("DE", "D--"),
            ("DE", "D-E-10115"),
            ("DE", "-D10115"),
            ("US", "02134-"),
            ("US", "02134, 02135"),
            ("US", "K1A 0B1"),
            ("CA", "D1A 0B1"),
            ("GB", "SW1A 1AC"),
            ("LV", "1073"),
            ("NL", "1012 SS"),
            ("JP", "〒100-0001"),
            ("US", "021340213402134021340213402134"),
            ("US", "٠٢١٣٤"),
        ] {
            check(country, value, value, Some(Rule::PostalNotValid));
        }
    }

    #[test]
    fn without_country_or_pattern_the_text_stands() {
        for country in [None, Some("AE"), Some("HK"), Some("IE ")] {
            assert_eq!(read("2134 a", country), ("2134 a".to_owned(), Notes::new()));
        }
    }
}
