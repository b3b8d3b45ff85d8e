//! Cells of the tables that rollcall writes for people: none of them is a formula to a spreadsheet.
//!
//! An id, the name of a file or of a column comes from others, and `=HYPERLINK(…)` in one of them would be carried out
//! when an auditor opens the table. The rule is that of OWASP's page on CSV injection: an apostrophe goes before what
//! could begin a formula. It deliberately knows no separators and quotes: they are the writer's.

use std::borrow::Cow;

/// The text as a spreadsheet shows it and does not carry it out. Most texts are given back as they are.
///
/// It is for cells that nobody reads back as data: there an apostrophe would be one more character of a value.
pub fn inert(text: &str) -> Cow<'_, str> {
    if text.starts_with(begins_formula) {
        Cow::Owned(format!("'{text}"))
    } else {
        Cow::Borrowed(text)
    }
}

/// The characters that OWASP lists, and their full-width forms, which some spreadsheets take for the same. Spaces before
/// one do not save a cell: on import some spreadsheets trim them.
fn begins_formula(first: char) -> bool {
    matches!(
        first,
        '=' | '+' | '-' | '@' | '\u{ff1d}' | '\u{ff0b}' | '\u{ff0d}' | '\u{ff20}'
    ) || first.is_whitespace()
        || first.is_control()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_could_begin_a_formula_gets_an_apostrophe_and_nothing_else_does() {
        for text in [
            "=1+1",
            "+1",
            "-1",
            "@SUM(A1)",
            "\t=1",
            "\r=1",
            "\n=1",
            " =1",
            "\u{ff1d}1",
            "\u{ff0b}1",
            "\u{ff0d}1",
            "\u{ff20}x",
            "=HYPERLINK(\"https://example.org\")",
        ] {
            assert_eq!(inert(text), format!("'{text}"), "{text:?}");
        }
        for text in ["", "C-1", "1+1", "'=1", "a=b", "customers.csv", "Ünal"] {
            assert_eq!(inert(text), text);
        }
    }
}
