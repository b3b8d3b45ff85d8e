//! Cells of the tables that rollcall writes for people: none of them is a formula to a spreadsheet.
//!
//! An id, the name of a file or of a column comes from others, and `=HYPERLINK(…)` in one of them would be carried out
//! when an auditor opens the table. The rule is that of OWASP's page on CSV injection: an apostrophe goes before what
//! could begin a formula. Cells that are read back as data are protected so that it can be undone, and reports one way.
//! It deliberately knows no separators and quotes: they are the writer's.

use std::borrow::Cow;

/// The cell of a file that people correct in a spreadsheet and send back: no formula, and [`unprotect`] undoes it.
///
/// A cell that begins like a formula, behind any number of apostrophes, gets one apostrophe more. Counting those that are
/// there makes it reversible: `'+1` of a source becomes `''+1`, and never `+1`.
pub fn protect(cell: &str) -> Cow<'_, str> {
    if is_formula(cell.trim_start_matches(APOSTROPHE)) {
        Cow::Owned(format!("{APOSTROPHE}{cell}"))
    } else {
        Cow::Borrowed(cell)
    }
}

/// The cell that [`protect`] was given. A cell that it would not have made is given back as it is.
pub fn unprotect(cell: &str) -> &str {
    match cell.strip_prefix(APOSTROPHE) {
        Some(rest) if is_formula(rest.trim_start_matches(APOSTROPHE)) => rest,
        Some(_) | None => cell,
    }
}

/// What tells a spreadsheet that a cell is text.
const APOSTROPHE: char = '\'';

/// Whether a cell could be carried out as it stands: OWASP's list, and the full-width forms.
fn is_formula(cell: &str) -> bool {
    cell.starts_with([
        '=', '+', '-', '@', '\t', '\r', '\n', '\u{ff1d}', '\u{ff0b}', '\u{ff0d}', '\u{ff20}',
    ])
}

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
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn protecting_is_undone_whatever_the_cell(cell in "('{0,3}[=+@\t\r\n\u{ff1d}\u{ff0b}\u{ff0d}\u{ff20}-])?.{0,12}") {
            let protected = protect(&cell);
            prop_assert_eq!(unprotect(&protected), cell.as_str());
            prop_assert!(!is_formula(&protected));
        }

        #[test]
        fn only_what_protecting_makes_is_changed_back(cell in "'{0,3}[=+@\t\u{ff0b}x -]?.{0,4}") {
            let back = unprotect(&cell);
            if back != cell {
                prop_assert_eq!(protect(back), cell.as_str());
            } else if let Some(rest) = cell.strip_prefix(APOSTROPHE) {
                prop_assert_ne!(protect(rest), cell.as_str());
            }
        }
    }

    #[test]
    fn a_protected_cell_has_one_apostrophe_more_and_others_stay() {
        for (cell, protected) in [
            ("=1+1", "'=1+1"),
            ("+4930123456", "'+4930123456"),
            ("-", "'-"),
            ("@x", "'@x"),
            ("\t1", "'\t1"),
            ("\n1", "'\n1"),
            ("\r1", "'\r1"),
            ("\u{ff0b}1", "'\u{ff0b}1"),
            ("\u{ff0d}1", "'\u{ff0d}1"),
            ("\u{ff1d}1", "'\u{ff1d}1"),
            ("\u{ff20}x", "'\u{ff20}x"),
            ("'+1", "''+1"),
            ("''=", "'''="),
            ("", ""),
            ("'", "'"),
            ("'t Hooft", "'t Hooft"),
            (" =1", " =1"),
            ("1-1", "1-1"),
        ] {
            assert_eq!((protect(cell).as_ref(), unprotect(protected)), (protected, cell));
        }
        for cell in ["+1", "'x", "'", "'' =", ""] {
            assert_eq!(unprotect(cell), cell);
        }
    }

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
