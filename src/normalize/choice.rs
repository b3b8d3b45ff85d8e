//! Words of a closed list: case, spaces and dashes are forgiven, synonyms are declared.

use std::collections::BTreeMap;

use crate::model::field::FieldId;
use crate::model::rule::Rule;

/// Declared synonyms: for each field, folded text → the API's word.
#[derive(Clone, Debug, Default)]
pub(super) struct Synonyms(BTreeMap<FieldId, BTreeMap<String, &'static str>>);

impl Synonyms {
    /// Checks the configuration's `[synonyms]`; the error names what is wrong.
    pub(super) fn new(declared: &BTreeMap<String, BTreeMap<String, String>>) -> Result<Self, String> {
        let mut synonyms = BTreeMap::new();
        for (path, words) in declared {
            let id = FieldId::from_path(path).ok_or_else(|| format!("`{path}` is no field"))?;
            let choices = id.field().kind.choices();
            if choices.is_empty() {
                return Err(format!("`{path}` is not a choice"));
            }
            let entry: &mut BTreeMap<String, &'static str> = synonyms.entry(id).or_default();
            for (text, word) in words {
                let known = choices
                    .iter()
                    .find(|choice| *choice == word)
                    .ok_or_else(|| format!("`{word}` is not a word of `{path}`, which takes {}", choices.join(", ")))?;
                entry.insert(fold(text), known);
            }
        }
        Ok(Self(synonyms))
    }

    /// Appends the API's word for a value.
    pub(super) fn choice(&self, id: FieldId, value: &str, to: &mut String) -> Result<(), Rule> {
        let folded = fold(value);
        let choices = id.field().kind.choices();
        let declared = self.0.get(&id).and_then(|words| words.get(&folded)).copied();
        let word = declared.or_else(|| choices.iter().copied().find(|choice| *choice == folded));
        to.push_str(word.ok_or(Rule::ChoiceUnknown)?);
        Ok(())
    }
}

/// Upper case, with one underscore for each run of spaces, dashes and underscores.
fn fold(value: &str) -> String {
    let mut folded = String::with_capacity(value.len());
    for character in value.trim().chars() {
        if character.is_whitespace() || matches!(character, '-' | '_' | '\u{2010}'..='\u{2015}') {
            if !folded.ends_with('_') {
                folded.push('_');
            }
        } else {
            folded.extend(character.to_uppercase());
        }
    }
    folded
}

/// Appends the items of a list, each normalized by `item`, sorted and without repetition, separated by [`SEPARATOR`].
///
/// The order of the lists means nothing to the API; sorting makes the same set the same payload and the same
/// idempotency id. Items are separated by `;` or `|`; empty ones are passed over.
pub(super) fn list(
    value: &str,
    to: &mut String,
    mut item: impl FnMut(&str, &mut String) -> Result<(), Rule>,
) -> Result<(), Rule> {
    let mut items = Vec::new();
    for part in value.split([';', '|']).map(str::trim).filter(|part| !part.is_empty()) {
        let mut normalized = String::new();
        item(part, &mut normalized)?;
        items.push(normalized);
    }
    items.sort_unstable();
    items.dedup();
    to.push_str(&items.join(SEPARATOR));
    Ok(())
}

/// Whether a normalized list holds NONE beside other words.
pub(super) fn says_none_and_more(list: &str) -> bool {
    list.contains(SEPARATOR) && list.split(SEPARATOR).any(|item| item == "NONE")
}

/// Stands between the items of a normalized list; no clean value holds a line end.
pub(super) const SEPARATOR: &str = "\n";

#[cfg(test)]
mod tests {
    use super::*;

    fn check(path: &str, value: &str, expected: Result<&str, Rule>) {
        let declared = [(
            "employment_status".to_owned(),
            [("Angestellt".to_owned(), "EMPLOYEE".to_owned())].into(),
        )];
        let synonyms = Synonyms::new(&declared.into()).unwrap();
        let mut to = String::new();
        let id = FieldId::from_path(path).unwrap();
        assert_eq!(
            synonyms.choice(id, value, &mut to).map(|()| to.as_str()),
            expected,
            "{value:?}"
        );
    }

    #[test]
    fn case_spaces_and_dashes_are_forgiven() {
        check("employment_status", "self-employed", Ok("SELF_EMPLOYED"));
        check("employment_status", "Self  Employed", Ok("SELF_EMPLOYED"));
        check("employment_status", "ANGESTELLT", Ok("EMPLOYEE"));
        check("employment_status", "freelancer", Err(Rule::ChoiceUnknown));
        check(
            "investment_profile.total_assets",
            "MILLION_TO_5M",
            Err(Rule::ChoiceUnknown),
        );
    }

    #[test]
    fn lists_are_sets() {
        let mut to = String::new();
        let keep = |part: &str, to: &mut String| {
            to.push_str(part);
            Ok(())
        };
        list("US; DE |US;", &mut to, keep).unwrap();
        assert_eq!(to, "DE\nUS");
    }

    #[test]
    fn none_stands_alone() {
        assert!(says_none_and_more("GAMBLING\nNONE"));
        assert!(!says_none_and_more("NONE"));
        assert!(!says_none_and_more("DRUGS\nGAMBLING"));
    }

    #[test]
    fn wrong_synonyms_are_named() {
        let declared = |path: &str, word: &str| {
            Synonyms::new(&[(path.to_owned(), [("x".to_owned(), word.to_owned())].into())].into()).unwrap_err()
        };
        assert!(declared("first_name", "X").contains("not a choice"));
        assert!(declared("nope", "X").contains("no field"));
        assert!(declared("employment_status", "WORKER").contains("EMPLOYEE"));
    }
}
