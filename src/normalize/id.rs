//! The client's own identifier of a customer.
//!
//! The contract names no length or pattern. rollcall takes 1 to 128 visible characters: longer ones do not fit a path,
//! `.` and `..` are steps in one however they are encoded, and a space inside is more often a damaged export than an identifier. Case is kept: identifiers are opaque.

use super::notes::Notes;
use crate::model::rule::Rule;

const MAX_CHARACTERS: usize = 128;

pub(super) fn id(value: &str, to: &mut String, notes: &mut Notes) -> Result<(), Rule> {
    if matches!(value, "." | "..") {
        return Err(Rule::IdNotAddressable);
    }
    if value
        .chars()
        .any(|character| character.is_whitespace() || is_invisible(character))
    {
        notes.push(Rule::IdNotVisible);
    }
    if value.chars().nth(MAX_CHARACTERS).is_some() {
        notes.push(Rule::IdTooLong);
    }
    to.push_str(value);
    Ok(())
}

/// Marks without a shape of their own, which two identifiers could differ by without anybody seeing it: control
/// characters, Unicode's Default_Ignorable_Code_Point, and the blank pattern of Braille.
pub(super) fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(character,
            '\u{ad}' | '\u{34f}' | '\u{61c}' | '\u{115f}' | '\u{1160}' | '\u{17b4}' | '\u{17b5}'
            | '\u{180b}'..='\u{180f}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{206f}'
            | '\u{2800}' | '\u{3164}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}' | '\u{ffa0}' | '\u{fff0}'..='\u{fff8}'
            | '\u{1bca0}'..='\u{1bca3}' | '\u{1d173}'..='\u{1d17a}' | '\u{e0000}'..='\u{e0fff}')
}

#[cfg(test)]
mod tests {
    use super::super::notes::verdict;
    use super::*;

    fn check(value: &str, expected: Result<(), Rule>) {
        let (mut to, mut notes) = (String::new(), Notes::new());
        let result = id(value, &mut to, &mut notes);
        assert_eq!(verdict(result, &notes, "").map(|_| ()), expected, "{value:?}");
    }

    #[test]
    fn ids_are_visible_and_bounded() {
        check("ALFKI", Ok(()));
        check("kunde/42#ü", Ok(()));
        check("a b", Err(Rule::IdNotVisible));
        for mark in ['\u{200b}', '\u{34f}', '\u{3164}', '\u{fe0f}', '\u{2800}', '\u{e0041}'] {
            check(&format!("a{mark}b"), Err(Rule::IdNotVisible));
        }
        check("..", Err(Rule::IdNotAddressable));
        check("...", Ok(()));
        check(&"x".repeat(128), Ok(()));
        check(&"é".repeat(129), Err(Rule::IdTooLong));
    }
}
