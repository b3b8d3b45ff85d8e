//! Names of the outside (columns, files) as messages and configurations may show them.
//!
//! It changes how a name is written and never which name it is; names are compared where they are understood.

use std::fmt::Write;

/// Longest column name that a message shows, in characters: enough to find the column again.
const SHOWN_CHARACTERS: usize = 48;

/// A text of the outside with everything escaped that a terminal would act upon or not show.
pub fn escaped(text: &str) -> String {
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '"' | '\'' | '\\' => shown.push(character),
            _ => shown.extend(character.escape_debug()),
        }
    }
    shown
}

/// A column's name for messages: escaped, cut and between backticks.
pub fn shown(name: &str) -> String {
    let mut cut: String = name.chars().take(SHOWN_CHARACTERS).collect();
    if name.chars().nth(SHOWN_CHARACTERS).is_some() {
        cut.push('…');
    }
    format!("`{}`", escaped(&cut))
}

/// A text as a basic string of TOML 1.0, which may also be a key.
pub fn quoted(text: &str) -> String {
    let mut quoted = String::from('"');
    for character in text.chars() {
        if matches!(character, '"' | '\\') {
            quoted.push('\\');
            quoted.push(character);
        } else if character != '\'' && character.escape_debug().len() > 1 {
            // Writing into a `String` cannot fail.
            write!(quoted, "\\U{:08X}", u32::from(character)).unwrap_or_default();
        } else {
            quoted.push(character);
        }
    }
    quoted + "\""
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_shown_harmless_and_short() {
        let check = |name: &str, expected: &str| assert_eq!(shown(name), expected);
        check("Größe \"x\"", "`Größe \"x\"`");
        check("a\u{1b}[31m\u{202e}\n", "`a\\u{1b}[31m\\u{202e}\\n`");
        check(&"x".repeat(60), &format!("`{}…`", "x".repeat(48)));
    }

    #[test]
    fn quoted_names_are_toml() {
        for name in [
            "Customer Id",
            "a\"b\\c",
            "two\nlines\t\u{1b}\u{202e}",
            "Größe",
            "it's",
            "",
        ] {
            let text = format!("{} = 1", quoted(name));
            let table: toml::Table = toml::from_str(&text).unwrap();
            assert!(table.contains_key(name), "{text}");
        }
    }
}
