//! The client's own identifier of a customer.
//!
//! The contract names no length or pattern. rollcall takes 1 to 128 visible characters: longer ones do not fit a path,
//! and a space inside is more often a damaged export than an identifier. Case is kept: identifiers are opaque.

use crate::model::rule::Rule;

const MAX_CHARACTERS: usize = 128;

pub(super) fn id(value: &str, to: &mut String) -> Result<(), Rule> {
    if value
        .chars()
        .any(|character| character.is_whitespace() || is_invisible(character))
    {
        return Err(Rule::IdNotVisible);
    }
    if value.chars().nth(MAX_CHARACTERS).is_some() {
        return Err(Rule::IdTooLong);
    }
    to.push_str(value);
    Ok(())
}

/// Marks without a shape of their own, which two identifiers could differ by without anybody seeing it.
fn is_invisible(character: char) -> bool {
    character.is_control()
        || matches!(character, '\u{ad}' | '\u{feff}' | '\u{200b}'..='\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2060}'..='\u{2069}')
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: &str, expected: Result<(), Rule>) {
        assert_eq!(id(value, &mut String::new()), expected, "{value:?}");
    }

    #[test]
    fn ids_are_visible_and_bounded() {
        check("ALFKI", Ok(()));
        check("kunde/42#ü", Ok(()));
        check("a b", Err(Rule::IdNotVisible));
        check("a\u{200b}b", Err(Rule::IdNotVisible));
        check(&"x".repeat(128), Ok(()));
        check(&"é".repeat(129), Err(Rule::IdTooLong));
    }
}
