//! The form in which names of columns are compared with the dictionary.
//!
//! Case, accents and punctuation are taken away and words that are written together by capitals are parted. It does not
//! translate: that is the dictionary's.

use std::collections::BTreeMap;

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

/// Longest name that is compared, in characters: what is longer is no name.
const LONGEST_NAME: usize = 64;

/// The words of a name: `custNbr` → `cust`, `nbr`; `Prénom` → `prenom`; `Straße` → `strasse`.
pub(super) fn words(name: &str) -> Vec<String> {
    let mut words = vec![String::new()];
    let (mut before, mut characters) = (' ', name.chars().take(LONGEST_NAME).peekable());
    while let Some(character) = characters.next() {
        let begins = character.is_uppercase() && before.is_lowercase();
        // `IDNumber`: the last capital of a run begins the word whose small letters follow.
        let after_run = character.is_uppercase()
            && before.is_uppercase()
            && characters.peek().is_some_and(|next| next.is_lowercase());
        let between = before.is_numeric() != character.is_numeric() && before.is_alphanumeric();
        if !character.is_alphanumeric() || begins || after_run || between {
            words.push(String::new());
        }
        if let Some(word) = words.last_mut().filter(|_| character.is_alphanumeric()) {
            plain(character, word);
        }
        if character == '#' {
            words.push(String::from("number"));
        }
        before = character;
    }
    words.retain(|word| !word.is_empty());
    words
}

/// Appends a character in small letters without its accents.
fn plain(character: char, to: &mut String) {
    match character {
        'ß' => to.push_str("ss"),
        'ł' | 'Ł' => to.push('l'),
        'ø' | 'Ø' => to.push('o'),
        'æ' | 'Æ' => to.push_str("ae"),
        'œ' | 'Œ' => to.push_str("oe"),
        'đ' | 'Đ' | 'ð' => to.push('d'),
        'º' | 'ª' | '°' => {}
        _ => to.extend(
            character
                .nfkd()
                .filter(|part| !is_combining_mark(*part))
                .flat_map(char::to_lowercase),
        ),
    }
}

/// The key of a name: its words, abbreviations written out, without anything between them, so that `zip code` and
/// `ZipCode` and `zipcode` are one.
pub(super) fn key(words: &[String], abbreviations: &BTreeMap<String, String>) -> String {
    let whole = |word: &String| abbreviations.get(word).unwrap_or(word).clone();
    words.iter().map(whole).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_parted_into_plain_words() {
        let check = |name: &str, expected: &str| assert_eq!(words(name).join(" "), expected, "{name}");
        check("Customer No.", "customer no");
        check("custNbr", "cust nbr");
        check("DOB", "dob");
        check("IDNumber", "id number");
        check("Addr1", "addr 1");
        check("Straße/Hausnummer", "strasse hausnummer");
        check("N° client", "n client");
        check("Nº de cliente", "n de cliente");
        check("Imię i nazwisko", "imie i nazwisko");
        check("Födelsedatum", "fodelsedatum");
        check("Customer #", "customer number");
        check("  ", "");
    }

    #[test]
    fn spellings_of_a_name_have_one_key() {
        let abbreviations = [
            ("cust".to_owned(), "customer".to_owned()),
            ("no".to_owned(), "number".to_owned()),
        ]
        .into();
        for name in ["Customer Number", "CUSTNO", "cust_no", "custNo", "customer-no."] {
            let words = words(name);
            let expected = if words.len() == 1 { "custno" } else { "customernumber" };
            assert_eq!(key(&words, &abbreviations), expected, "{name}");
        }
    }
}
