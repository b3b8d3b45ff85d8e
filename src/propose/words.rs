//! `[synonyms]`: words of a file that are no words of the API's lists.
//!
//! They are never translated: `M` may be a man, a month or a married person. Each is a question with the words of the list.

use std::collections::BTreeMap;

use super::columns::Chosen;
use super::{Item, Line, Seen, Words, items};
use crate::model::field::FieldId;
use crate::model::figures::counted;
use crate::model::fit::ABSENT_WORDS;
use crate::model::naming::{quoted, shown};

/// A question for each column with words that are unknown.
pub(super) fn synonyms(seen: &Seen<'_>, chosen: &Chosen, words: &Words) -> BTreeMap<FieldId, Vec<Item>> {
    let mut questions: BTreeMap<FieldId, Vec<Item>> = BTreeMap::new();
    for id in FieldId::all().filter(|id| !id.field().kind.choices().is_empty()) {
        for (name, column) in chosen.feeding(seen, |field| field == id) {
            // What hardly repeats may be values of a customer, which must not stand in a configuration.
            let Some(texts) = column.texts().filter(|_| column.repeats()) else {
                continue;
            };
            let mut counts: BTreeMap<&str, u64> = BTreeMap::new();
            for (text, count) in texts {
                items(id, text).for_each(|item| *counts.entry(item).or_default() += count);
            }
            let is_absent = |item: &str| ABSENT_WORDS.contains(&item.to_lowercase().as_str());
            counts.retain(|item, _| !words.known(id, item) && !is_absent(item));
            questions.entry(id).or_default().extend(question(id, name, &counts));
        }
    }
    questions.retain(|_, items| !items.is_empty());
    questions
}

fn question(id: FieldId, name: &str, counts: &BTreeMap<&str, u64>) -> Option<Item> {
    // The reader compares words without regard to case: one line is enough for `p` and `P`.
    let mut folded: BTreeMap<String, (&str, u64)> = BTreeMap::new();
    for (word, count) in counts {
        folded.entry(word.to_uppercase()).or_insert((word, 0)).1 += count;
    }
    let all = folded.len();
    // A record with a shifted column has a name where a word should be; it stands there once.
    folded.retain(|_, (_, count)| *count > 1);
    let lines: Vec<_> = folded
        .values()
        .map(|(word, count)| Line {
            key: quoted(word),
            value: quoted("?"),
            why: counted(*count, "record"),
        })
        .collect();
    let once = match all - lines.len() {
        0 => String::new(),
        1 => " One more stands once, may be a value and is not shown.".to_owned(),
        more => format!(" {more} more stand once each, may be values and are not shown."),
    };
    if lines.is_empty() {
        return None;
    }
    let choices = id.field().kind.choices().join(", ");
    let question = format!(
        "what do these words of {} mean? Replace each ? by one of: {choices}. A word without an answer is a finding in each of its records.{once}",
        shown(name)
    );
    Some(Item::question(question, lines))
}
