//! What is wrong with a record, said without repeating its values.

use super::field::FieldId;
use super::mapping::Mapping;
use super::rule::{Rule, Severity};

/// One broken rule.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Finding {
    /// The rule.
    pub rule: Rule,
    /// What it does to the record, by the rule or by the configuration.
    pub severity: Severity,
    /// The field that breaks it; `None` where the record as a whole does.
    pub field: Option<FieldId>,
    /// Index of the source's column, from 0; `None` where the value did not come from a column.
    pub column: Option<usize>,
    /// The shape of the value.
    pub preview: Preview,
}

impl Finding {
    /// The name of the column that the value came from, as the source writes it.
    pub fn column_name<'mapping>(&self, mapping: &'mapping Mapping) -> Option<&'mapping str> {
        self.column
            .and_then(|column| mapping.names.get(column))
            .map(String::as_str)
    }

    /// The field's path, or what stands for it where the record as a whole breaks the rule.
    pub fn field_path(&self) -> &'static str {
        self.field.map_or("the record", FieldId::path)
    }
}

/// The shape of a value: letters as `a` and `A`, digits as `9`, at most 24 characters; or, where no single value is
/// wrong, the line to look at.
///
/// It tells a clerk which cell is meant and often what is wrong with it, and tells nobody whose it is.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Preview(String);

/// Longest preview, in characters: a phone number or a date fits, a sentence does not.
const PREVIEW_CHARACTERS: usize = 24;

impl Preview {
    /// Masks a value.
    pub fn of(value: &str) -> Self {
        let mut masked: String = value.chars().take(PREVIEW_CHARACTERS).map(mask).collect();
        if value.chars().nth(PREVIEW_CHARACTERS).is_some() {
            masked.push('…');
        }
        Self(masked)
    }

    /// Names the line on which an offending quote opens.
    pub fn line(line: u64) -> Self {
        Self(format!("quote on line {line}"))
    }

    /// The masked text; safe to print and to store.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

fn mask(character: char) -> char {
    match character {
        ' '..='~' if character.is_ascii_punctuation() || character == ' ' => character,
        _ if character.is_numeric() => '9',
        _ if character.is_uppercase() => 'A',
        _ if character.is_alphabetic() => 'a',
        _ => '?',
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: &str, expected: &str) {
        assert_eq!(Preview::of(value).as_str(), expected);
    }

    #[test]
    fn previews_keep_the_shape_and_lose_the_value() {
        check("(030) 0074-321", "(999) 9999-999");
        check("Zoë O'Neil", "Aaa A'Aaaa");
        check("a\u{1b}[31m\u{202e}", "a?[99a?");
        check("佐藤", "aa");
        check(&"9".repeat(30), "999999999999999999999999…");
    }
}
