//! `[synonyms]`: words of a file that are no words of the API's lists.
//!
//! They are never translated: `M` may be a man, a month or a married person. Each is a question with the words of the list.

use std::collections::{BTreeMap, BTreeSet};

use super::columns::Chosen;
use super::{Item, Line, Seen, Words, items};
use crate::model::field::FieldId;
use crate::model::naming::{quoted, shown};

/// A question for each column with words that are unknown.
pub(super) fn synonyms(seen: &Seen<'_>, chosen: &Chosen, words: &Words) -> BTreeMap<FieldId, Vec<Item>> {
    let mut questions: BTreeMap<FieldId, Vec<Item>> = BTreeMap::new();
    for id in FieldId::all().filter(|id| !id.field().kind.choices().is_empty()) {
        for (name, column) in chosen.feeding(seen, |field| field == id) {
            // What hardly repeats may be values of a customer, which must not stand in a configuration.
            let Some(texts) = column.texts().filter(|_| column.distinct.count() * 2 <= column.filled) else {
                continue;
            };
            let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
            for (text, count) in texts {
                items(id, text).for_each(|item| *counts.entry(item).or_default() += count);
            }
            counts.retain(|item, _| !words.known(id, item));
            questions.entry(id).or_default().extend(question(id, name, &counts));
        }
    }
    questions.retain(|_, items| !items.is_empty());
    questions
}

fn question(id: FieldId, name: &str, counts: &BTreeMap<&str, u64>) -> Option<Item> {
    // The reader compares words without regard to case: one line is enough for `p` and `P`.
    let mut seen = BTreeSet::new();
    let lines: Vec<_> = counts
        .iter()
        .filter(|(word, _)| seen.insert(word.to_uppercase()))
        .map(|(word, count)| Line {
            key: quoted(word),
            value: quoted("?"),
            why: format!("{count} records"),
        })
        .collect();
    if lines.is_empty() {
        return None;
    }
    let choices = id.field().kind.choices().join(", ");
    let question = format!(
        "what do these words of {} mean? Replace each ? by one of: {choices}. A word without an answer is a finding in each of its records.",
        shown(name)
    );
    Some(Item::question(question, lines))
}
