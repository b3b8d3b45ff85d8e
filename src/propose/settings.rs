//! `[input]`: how the file is written and how its values are read.

use std::collections::BTreeMap;

use super::columns::Chosen;
use super::{Item, Line, Seen, dates, region};
use crate::config;
use crate::model::figures::counted;
use crate::model::naming::quoted;

/// The lines of `[input]`, in the order in which a file is read.
pub(super) fn input(seen: &Seen<'_>, chosen: &Chosen) -> Vec<Item> {
    let delimiter = Line {
        key: "delimiter".to_owned(),
        value: if seen.delimiter == b'\t' {
            "\"\\t\"".to_owned()
        } else {
            quoted(&char::from(seen.delimiter).to_string())
        },
        why: evenness(seen),
    };
    let mut items = vec![Item::sure(delimiter)];
    items.extend(encoding(seen));
    items.extend(dates::formats(seen, chosen));
    items.extend(region::region(seen, chosen));
    items.extend(absent(seen, chosen));
    items.extend(trailer(seen));
    items
}

/// What speaks for the separator, in figures that hold for the records that were looked at.
fn evenness(seen: &Seen<'_>) -> String {
    let columns = counted(seen.header.len() as u64, "column");
    match (seen.records, seen.uneven) {
        (0, 0) => format!("gives the header {columns}"),
        (records, 0) => format!("gives {} the {columns} of the header", counted(records, "record")),
        (records, uneven) => format!(
            "gives {records} of {} the {columns} of the header",
            counted(records + uneven, "record")
        ),
    }
}

fn encoding(seen: &Seen<'_>) -> Option<Item> {
    let line = |(label, text): &(String, String), why: &str| Line {
        key: "encoding".to_owned(),
        value: quoted(&label.to_lowercase()),
        why: format!("{why}{text}"),
    };
    let first = seen.encodings.first()?;
    if seen.encoding_is_sure {
        let why = "not UTF-8, and no other encoding reads letters of one language; masked: ";
        return Some(Item::sure(line(first, why)));
    }
    let lines = seen.encodings.iter().map(|one| line(one, "would read ")).collect();
    let question = "which encoding? The file is not UTF-8, and several others would read words (masked here). \
                    The first was used for looking.";
    Some(Item::question(question, lines))
}

/// Words that stand for nothing and that the setting does not know yet.
fn absent(seen: &Seen<'_>, chosen: &Chosen) -> Option<Item> {
    let mut words: BTreeMap<&str, (&str, u64)> = BTreeMap::new();
    // Lists may have such a word of their own: NONE is one.
    for (_, column) in chosen.feeding(seen, |id| id.field().kind.choices().is_empty()) {
        for (word, (written, count)) in &column.absent {
            words.entry(word).or_insert((written, 0)).1 += count;
        }
    }
    if words.is_empty() {
        return None;
    }
    let known = config::table::find("input.null-words").map_or("[]", |setting| setting.default);
    let quoted: Vec<_> = words.values().map(|(written, _)| quoted(written)).collect();
    let figures: Vec<_> = words
        .values()
        .map(|(written, count)| format!("{written} {count}"))
        .collect();
    let line = Line {
        key: "null-words".to_owned(),
        value: format!("{}, {}]", known.trim_end_matches(']'), quoted.join(", ")),
        why: format!("cells: {}", figures.join(", ")),
    };
    let question = "do these words mean that nothing is known? Else they are values and are checked as such.";
    Some(Item::question(question, vec![line]))
}

fn trailer(seen: &Seen<'_>) -> Option<Item> {
    let (word, field) = seen.trailer?;
    let line = Line {
        key: "trailer".to_owned(),
        value: format!("{{ starts-with = {}, count-field = {field} }}", quoted(word)),
        why: "its count is then held against the records".to_owned(),
    };
    let question =
        format!("is the last record a trailer? It begins with {word}, and its field {field} counts the records.");
    Some(Item::question(question, vec![line]))
}
