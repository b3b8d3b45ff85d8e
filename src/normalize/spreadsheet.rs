//! What spreadsheets write in place of a value: formulas, and the errors of formulas.
//!
//! It calculates nothing. One kind of formula has a value that can be seen, a text in quotes; people write it so that a
//! spreadsheet leaves a number alone.

use std::borrow::Cow;

/// What a cell shows whose formula failed, in the English of files and in the languages that have words of their own:
/// Microsoft's and LibreOffice's lists of error values. Compared without regard to case.
const ERRORS: &[&str] = &[
    "#NULL!",
    "#DIV/0!",
    "#VALUE!",
    "#REF!",
    "#NAME?",
    "#NUM!",
    "#N/A",
    "#GETTING_DATA",
    "#SPILL!",
    "#CALC!",
    "#FIELD!",
    "#BLOCKED!",
    "#UNKNOWN!",
    "#CONNECT!",
    "#BUSY!",
    "#EXTERNAL!",
    "#PYTHON!",
    "#ERROR!",
    // German, French, Spanish, Italian and Portuguese.
    "#NV",
    "#WERT!",
    "#BEZUG!",
    "#ZAHL!",
    "#ÜBERLAUF!",
    "#VALEUR!",
    "#NOM?",
    "#NOMBRE!",
    "#NUL!",
    "#¡VALOR!",
    "#¡REF!",
    "#¿NOMBRE?",
    "#¡NUM!",
    "#¡DIV/0!",
    "#¡NULO!",
    "#VALORE!",
    "#RIF!",
    "#NOME?",
    "#VALOR!",
    "#NÚM!",
    "#NULO!",
];

/// Number signs that fill a column too narrow for its number; fewer may be a name.
const LEAST_HASHES: usize = 3;

/// Whether a value is what a spreadsheet shows in place of one.
pub(super) fn is_error(value: &str) -> bool {
    let Some(rest) = value.strip_prefix('#') else {
        return false;
    };
    let is_filled = rest.bytes().all(|byte| byte == b'#') && value.len() >= LEAST_HASHES;
    is_filled || ERRORS.contains(&value.to_uppercase().as_str())
}

/// The text of a cell that is `="text"` and nothing else, whatever apostrophes are before it; `None` for any other cell.
/// A quote inside is written twice.
pub(super) fn text_of_formula(value: &str) -> Option<Cow<'_, str>> {
    let mut inside = Cow::Borrowed(once(value)?);
    // A formula may stand in a formula: what is sent must be no formula itself.
    loop {
        let plain = inside.replace("\"\"", "\"").trim().to_owned();
        match once(&plain) {
            Some(next) => inside = Cow::Owned(next.to_owned()),
            None => return Some(Cow::Owned(plain)),
        }
    }
}

/// What stands in the quotes of a formula that is one text.
fn once(value: &str) -> Option<&str> {
    let formula = value
        .trim_start_matches(['\'', '\u{2019}'])
        .trim_start()
        .strip_prefix('=')?;
    let inside = formula.trim().strip_prefix('"')?.strip_suffix('"')?;
    (!inside.replace("\"\"", "").contains('"')).then_some(inside)
}

/// Whether a value begins as a formula does whose value cannot be seen: `=A1+B1`, `=SUM(`, `=Sheet1!A1`, `=-1`.
///
/// A sign of equality before a word alone is none: some firms write their names so.
pub(super) fn is_formula(value: &str) -> bool {
    let Some(formula) = value.strip_prefix('=') else {
        return false;
    };
    let formula = formula.trim_start_matches(['+', '-', '@', '(', ' ']);
    let is_name = |character: char| character.is_alphanumeric() || matches!(character, '.' | '_' | '$' | '\'');
    let behind = formula.trim_start_matches(is_name);
    let name = formula.get(..formula.len() - behind.len()).unwrap_or_default();
    formula.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '"' | '$' | '{'))
        || (!name.is_empty() && behind.starts_with(['(', '!']))
        || is_reference(name)
}

/// Whether a word is a cell's place: up to three letters, then digits.
fn is_reference(word: &str) -> bool {
    let row = word
        .trim_start_matches(|letter: char| letter.is_ascii_alphabetic())
        .trim_start_matches('$');
    let column = word.len() - row.len();
    (1..=4).contains(&column) && !row.is_empty() && row.bytes().all(|byte| byte.is_ascii_digit())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_formula_that_is_one_text_has_that_text() {
        for (value, expected) in [
            ("=\"1001\"", "1001"),
            ("= \"1001\"", "1001"),
            ("'=\"1001\"", "1001"),
            ("=\" 1001 \"", "1001"),
            ("=\"The \"\"Firm\"\" Ltd\"", "The \"Firm\" Ltd"),
            ("=\"=\"\"1001\"\"\"", "1001"),
            ("=\"\"", ""),
        ] {
            assert_eq!(text_of_formula(value).as_deref(), Some(expected), "{value}");
        }
        for value in [
            "1001",
            "=1001",
            "=\"1\"&\"2\"",
            "=\"",
            "=",
            "\"1001\"",
            "=\"1001",
            "x=\"1\"",
            "=\"a\"b\"",
        ] {
            assert_eq!(text_of_formula(value), None, "{value}");
        }
    }

    #[test]
    fn formulas_are_told_from_names() {
        for value in [
            "=A1+B1",
            "=SUM(A1:A9)",
            "=ZÄHLENWENN(A1;2)",
            "=Sheet1!A1",
            "=-1",
            "=$A$1",
            "=A$1",
            "=+A1",
            "=\"a\"&A1",
            "=1001",
        ] {
            assert!(is_formula(value), "{value}");
        }
        for value in ["=Oslo", "=mc²", "=", "A1+B1", "==", "= & Co", "-1", "+A1", "@A1"] {
            assert!(!is_formula(value), "{value}");
        }
    }

    #[test]
    fn errors_of_spreadsheets_are_known() {
        for value in [
            "#NAME?",
            "#REF!",
            "#VALUE!",
            "#DIV/0!",
            "#NUM!",
            "#NULL!",
            "#SPILL!",
            "#GETTING_DATA",
            "########",
            "###",
            "#name?",
            "#ÜBERLAUF!",
            "#N/A",
        ] {
            assert!(is_error(value), "{value}");
        }
        for value in ["#1", "#", "##", "#NAME", "C#", "#metoo", "# REF!"] {
            assert!(!is_error(value), "{value}");
        }
    }
}
