//! States and provinces: the last part of an ISO 3166-2 code, where the country has a table here.
//!
//! Understood are the code, the whole code (`US-OR`), and the names and abbreviations of the table, in English and in the
//! country's own languages. Case, accents, spaces and punctuation make no difference. The military states of the United
//! States (`AA`, `AE`, `AP`) are in the table though ISO 3166-2 has them not: USPS Publication 28 gives military addresses no
//! other state, and the API wants two characters.
//!
//! In a country without a table the text stands as it is. A country has a table only where the data knows its names
//! completely, since what is not in it is unknown. The table is made by `scripts/addresses`, which folds as `fold` does.

use unicode_normalization::UnicodeNormalization as _;
use unicode_normalization::char::is_combining_mark;

use super::country::plain_letters;
use super::notes::Notes;
use super::state_table::COUNTRIES;
use crate::model::rule::Rule;

/// Appends the state's code, or the text itself where the country is absent or has no table. `synonym` is asked for what
/// is declared for the text, if no table knows it; in a country with a table, what is declared must be in it.
pub(super) fn state<'a>(
    value: &str,
    country: Option<&str>,
    synonym: impl FnOnce() -> Option<&'a str>,
    to: &mut String,
    notes: &mut Notes,
) {
    let Some(table) = country.and_then(|country| COUNTRIES.get(country)) else {
        to.push_str(synonym().unwrap_or(value));
        return;
    };
    // Most cells are a code, and a code needs no memory to be folded.
    let mut short = [0; LONGEST_CODE];
    let code = fold_code(value, &mut short)
        .and_then(|key| table.get(key))
        .or_else(|| table.get(fold(value).as_str()))
        .or_else(|| table.get(fold(synonym()?).as_str()));
    if code.is_none() {
        notes.push(Rule::StateUnknown);
    }
    to.push_str(code.unwrap_or(&value));
}

/// Whether a country has a table, so that no state in it is a text of its own.
pub(super) fn has_table(country: Option<&str>) -> bool {
    country.is_some_and(|country| COUNTRIES.contains_key(country))
}

/// Characters of the longest code without its country.
const LONGEST_CODE: usize = 3;

/// The key of a text that is written like a code.
fn fold_code<'buffer>(text: &str, buffer: &'buffer mut [u8; LONGEST_CODE]) -> Option<&'buffer str> {
    let short = buffer.get_mut(..text.len()).filter(|_| text.is_ascii())?;
    short.copy_from_slice(text.as_bytes());
    short.make_ascii_lowercase();
    std::str::from_utf8(short).ok()
}

/// Letters and digits in lower case, without accents, and `&` as "and".
pub(super) fn fold(name: &str) -> String {
    let mut key = String::with_capacity(name.len());
    for character in name.nfkd().flat_map(char::to_lowercase) {
        match plain_letters(character) {
            "" if character == '&' => key.push_str("and"),
            "" if character.is_alphanumeric() && !is_combining_mark(character) => key.push(character),
            letters => key.push_str(letters),
        }
    }
    key.nfc().collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::collections::{BTreeMap, BTreeSet};

    fn check(value: &str, country: Option<&str>, expected: Result<&str, Rule>) {
        let (mut to, mut notes) = (String::new(), Notes::new());
        state(value, country, || None, &mut to, &mut notes);
        let verdict = notes.first().map_or(Ok(to.as_str()), |rule| Err(*rule));
        assert_eq!(verdict, expected, "{value:?} in {country:?}");
        assert!(notes.is_empty() || to == value, "what is unknown stands");
    }

    #[test]
    fn every_state_is_understood_by_every_code_and_name_in_any_case_and_without_accents() {
        let path = concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/addresses/states.csv");
        let mut states: BTreeMap<String, BTreeSet<(String, String)>> = BTreeMap::new();
        for line in csv::Reader::from_path(path).unwrap().deserialize() {
            let (country, code, kind, text): (String, String, String, String) = line.unwrap();
            let without_accents: String = text.nfd().filter(|mark| !is_combining_mark(*mark)).collect();
            for form in [
                text.to_uppercase(),
                text.to_lowercase(),
                without_accents,
                format!(" {text}."),
                text,
            ] {
                check(&form, Some(&country), Ok(&code));
            }
            check(&code, Some(&country), Ok(&code));
            states.entry(kind).or_default().insert((country, code));
        }
        // ISO 3166-2, by country: 8, 27, 13, 16, 36, 32 and 57.
        for kind in ["code", "full_code", "iso"] {
            assert_eq!(states[kind].len(), 189, "{kind}");
        }
        // CLDR leaves out what is a country of its own: the outlying areas of the United States.
        assert_eq!(states["cldr"].len(), 183);
    }

    #[test]
    fn every_key_of_the_tables_is_its_own_fold() {
        for (country, table) in COUNTRIES.entries() {
            for (key, code) in table.entries() {
                assert_eq!(fold(key), *key, "{country}");
                assert!(code.len() <= LONGEST_CODE);
                assert_eq!(table.get(fold(code).as_str()), Some(code), "{country}");
            }
        }
    }

    #[test]
    fn names_and_codes_become_codes_where_there_is_a_table() {
        for (country, value, code) in [
            ("US", "or", "OR"),
            ("US", "US-OR", "OR"),
            ("US", "new york", "NY"),
            ("US", "Calif.", "CA"),
            ("US", "D.C.", "DC"),
            ("US", "Washington", "WA"),
            ("US", "Washington, D.C.", "DC"),
            ("US", "Puerto Rico", "PR"),
            ("US", "AE", "AE"),
            ("CA", "Québec", "QC"),
            ("CA", "Colombie-Britannique", "BC"),
            ("CA", "P.E.I.", "PE"),
            ("AU", "N.S.W.", "NSW"),
            ("AU", "Qld", "QLD"),
            ("AU", "western australia", "WA"),
            ("MX", "CDMX", "CMX"),
            ("MX", "Distrito Federal", "CMX"),
            ("MX", "D.F.", "CMX"),
            ("MX", "Nuevo Leon", "NLE"),
            ("MX", "N.L.", "NLE"),
            ("MX", "Estado de México", "MEX"),
            ("BR", "São Paulo", "SP"),
            ("BR", "sao paulo", "SP"),
            ("BR", "Distrito Federal", "DF"),
            ("IN", "Tamilnadu", "TN"),
            ("IN", "Orissa", "OD"),
            ("IN", "Jammu & Kashmir", "JK"),
            ("DE", "Bavaria", "BY"),
            ("DE", "BADEN-WUERTTEMBERG", "BW"),
            ("DE", "Baden-Württemberg", "BW"),
        ] {
            check(value, Some(country), Ok(code));
        }
    }

    #[test]
    fn what_is_in_another_country_or_in_none_is_unknown() {
        for (country, value) in [
            ("US", "Bavaria"),
            ("US", "BC"),
            ("US", "CA-ON"),
            ("US", "N/A"),
            ("US", "-"),
            ("US", "FM"),
            ("US", "ORE GON X"),
            ("CA", "OR"),
            ("AU", "JBT"),
            ("MX", "DC"),
            ("BR", "SPO"),
        ] {
            check(value, Some(country), Err(Rule::StateUnknown));
        }
    }

    #[test]
    fn a_declared_synonym_adds_to_a_table_and_stands_where_there_is_none() {
        let read = |value: &str, country, synonym: &'static str| {
            let (mut to, mut notes) = (String::new(), Notes::new());
            state(value, country, || Some(synonym), &mut to, &mut notes);
            (to, notes)
        };
        assert_eq!(read("The Rock", Some("CA"), "NL"), ("NL".to_owned(), vec![]));
        assert_eq!(read("Ontario", Some("CA"), "NL"), ("ON".to_owned(), vec![]));
        assert_eq!(read("Co. Cork", Some("IE"), "CO"), ("CO".to_owned(), vec![]));
        assert_eq!(
            read("The Rock", Some("US"), "NL"),
            ("The Rock".to_owned(), vec![Rule::StateUnknown])
        );
    }

    #[test]
    fn elsewhere_the_text_stands() {
        check("Co. Cork", Some("IE"), Ok("Co. Cork"));
        check("OR", None, Ok("OR"));
    }
}
