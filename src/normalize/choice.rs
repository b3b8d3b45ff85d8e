//! Words of a closed list: case, spaces and dashes are forgiven, synonyms are declared.
//!
//! States have synonyms too, for names that no table has. They add to the table of a country and change nothing in it,
//! since the same column holds states of many countries.

use std::collections::BTreeMap;

use super::state;
use crate::model::field::{FieldId, Kind};
use crate::model::rule::Rule;

/// Declared synonyms.
#[derive(Clone, Debug, Default)]
pub(super) struct Synonyms {
    /// For each field that is a choice, folded text → the API's word.
    words: BTreeMap<FieldId, BTreeMap<String, &'static str>>,
    /// For each field that is a state, folded text → the state's code or, where its country has no table, its name.
    states: BTreeMap<FieldId, BTreeMap<String, String>>,
}

impl Synonyms {
    /// Checks the configuration's `[synonyms]`; the error names what is wrong, and both of two that contradict.
    pub(super) fn new(declared: &BTreeMap<String, BTreeMap<String, String>>) -> Result<Self, String> {
        let mut synonyms = Self::default();
        for (path, texts) in declared {
            let id = FieldId::from_path(path).ok_or_else(|| format!("`{path}` is no field"))?;
            let kind = id.field().kind;
            let choices = kind.choices();
            if kind == Kind::State {
                synonyms.states.insert(id, states(path, texts)?);
                continue;
            }
            if choices.is_empty() {
                return Err(format!("`{path}` is not a choice and not a state"));
            }
            if let Some((text, word)) = texts.iter().find(|(_, word)| !choices.contains(&word.as_str())) {
                let known = choices.join(", ");
                return Err(format!(
                    "`{word}` for `{text}` is not a word of `{path}`, which takes {known}"
                ));
            }
            let words = without_contradictions(path, texts, fold, |key| choices.contains(&key))?;
            let known = |word: &String| choices.iter().copied().find(|choice| choice == word);
            let words = words.into_iter().filter_map(|(key, word)| Some((key, known(&word)?)));
            synonyms.words.insert(id, words.collect());
        }
        Ok(synonyms)
    }

    /// What is declared for the text of a state.
    pub(super) fn state(&self, id: FieldId, value: &str) -> Option<&str> {
        let states = self.states.get(&id)?;
        states.get(&state::fold(value)).map(String::as_str)
    }

    /// Appends the API's word for a cell, or its words where the field is a list.
    pub(super) fn words(&self, id: FieldId, cell: &str, to: &mut String) -> Result<(), Rule> {
        if id.field().kind.is_list() {
            list(cell, to, |item, to| self.choice(id, item, to))
        } else {
            self.choice(id, cell, to)
        }
    }

    /// Appends the API's word for a value.
    pub(super) fn choice(&self, id: FieldId, value: &str, to: &mut String) -> Result<(), Rule> {
        let choices = id.field().kind.choices();
        // A word of the API means itself, whatever is declared, in any case.
        if let Some(word) = choices.iter().find(|choice| choice.eq_ignore_ascii_case(value)) {
            to.push_str(word);
            return Ok(());
        }
        let folded = fold(value);
        let declared = self.words.get(&id).and_then(|words| words.get(&folded)).copied();
        let word = declared.or_else(|| choices.iter().copied().find(|choice| *choice == folded));
        to.push_str(word.ok_or(Rule::ChoiceUnknown)?);
        Ok(())
    }
}

/// Synonyms by their folded text. Two texts that fold to one key mean one word, and a word of the API means itself.
fn without_contradictions(
    path: &str,
    texts: &BTreeMap<String, String>,
    fold: impl Fn(&str) -> String,
    is_word: impl Fn(&str) -> bool,
) -> Result<BTreeMap<String, String>, String> {
    let mut seen: BTreeMap<String, (&String, &String)> = BTreeMap::new();
    for (text, word) in texts {
        let key = fold(text);
        if is_word(&key) && key != fold(word) {
            return Err(format!(
                "`{text}` = `{word}` contradicts `{key}`, a word of `{path}` itself"
            ));
        }
        if let Some((other, meant)) = seen.insert(key, (text, word)).filter(|(_, meant)| *meant != word) {
            return Err(format!(
                "`{other}` = `{meant}` and `{text}` = `{word}` contradict each other in `{path}`: they are one text, \
                 whatever its case and signs"
            ));
        }
    }
    Ok(seen.into_iter().map(|(key, (_, word))| (key, word.clone())).collect())
}

/// The synonyms of a state. What one is replaced by must mean itself, so that what was sent is read as it is.
fn states(path: &str, texts: &BTreeMap<String, String>) -> Result<BTreeMap<String, String>, String> {
    let by_key = without_contradictions(path, texts, state::fold, |_| false)?;
    for (text, code) in texts {
        if state::fold(text).is_empty() || state::fold(code).is_empty() || code.trim() != code {
            return Err(format!(
                "`{text}` = `{code}` of `{path}` needs letters or digits on both sides, and nothing around them"
            ));
        }
        if let Some(other) = by_key.get(&state::fold(code)).filter(|other| *other != code) {
            return Err(format!(
                "`{text}` = `{code}` and `{code}` = `{other}` contradict each other in `{path}`"
            ));
        }
    }
    Ok(by_key)
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
    if !value.contains([';', '|']) {
        return item(value.trim(), to);
    }
    let mut items = Vec::new();
    let mut add = |part: &str| {
        let mut normalized = String::new();
        item(part, &mut normalized)?;
        items.push(normalized);
        Ok(())
    };
    let parts = || value.split([';', '|']).map(str::trim).filter(|part| !part.is_empty());
    parts().try_for_each(&mut add)?;
    if parts().next().is_none() {
        // Separators alone say that something stood there: they are no item, and no empty list either.
        add(value)?;
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

    fn problem(path: &str, texts: &[(&str, &str)]) -> Option<String> {
        let texts = texts
            .iter()
            .map(|(text, word)| ((*text).to_owned(), (*word).to_owned()));
        Synonyms::new(&[(path.to_owned(), texts.collect())].into()).err()
    }

    #[test]
    fn contradictions_are_errors_that_name_both() {
        let path = "employment_status";
        let both = problem(path, &[("Rentner", "RETIRED"), ("rentner", "OTHER")]).unwrap();
        assert!(
            both.contains("`Rentner` = `RETIRED`") && both.contains("`rentner` = `OTHER`"),
            "{both}"
        );
        let own = problem(path, &[("retired", "EMPLOYEE")]).unwrap();
        assert!(
            own.contains("`retired` = `EMPLOYEE`") && own.contains("`RETIRED`"),
            "{own}"
        );
        assert_eq!(
            problem(
                path,
                &[("Rentner", "RETIRED"), ("rentner", "RETIRED"), ("retired", "RETIRED")]
            ),
            None
        );
        let path = "mailing_address.state";
        assert!(problem(path, &[("Co. Cork", "CO"), ("co cork", "C")]).is_some());
        assert!(
            problem(path, &[("Cork", "Kerry"), ("Kerry", "Clare")])
                .unwrap()
                .contains("`Clare`")
        );
        assert!(problem(path, &[("Cork", "")]).is_some());
        assert_eq!(problem(path, &[("Cork", "CO"), ("CO", "CO")]), None);
    }

    #[test]
    fn separators_alone_are_no_list() {
        let id = FieldId::from_path("kyc_profile.engage_in_activities").unwrap();
        for value in [";", "|;|", " ; "] {
            let choice = |item: &str, to: &mut String| Synonyms::default().choice(id, item, to);
            assert_eq!(
                list(value, &mut String::new(), choice),
                Err(Rule::ChoiceUnknown),
                "{value:?}"
            );
        }
    }
}
