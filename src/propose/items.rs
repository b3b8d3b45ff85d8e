//! The lines of `[columns]`: what is decided, and the questions about what is not.
//!
//! It decides nothing itself. Every column of a file is in exactly one line or question, in the order of the file.

use std::collections::{BTreeMap, BTreeSet};

use super::columns::{Decision, Guessed, field_of};
use super::customer_type::Customers;
use super::dictionary::Sense;
use super::{Confidence, Item, Line, Seen};
use crate::model::field::FieldId;
use crate::model::mapping::REJECT_COLUMNS;
use crate::model::naming::{quoted, shown};

/// The value that leaves a column out.
pub(super) const IGNORE: &str = "\"ignore\"";

/// Keys of `[columns]` that are no names of columns.
const RESERVED: [&str; 2] = ["ignore", "constants"];

/// A line or a question for each column, in the order of the file.
pub(super) fn items(
    seen: &Seen<'_>,
    decisions: &[Decision],
    claims: &BTreeMap<FieldId, Vec<usize>>,
    customers: Customers,
    guesses: &[Guessed],
) -> Vec<Item> {
    let mut items = Vec::new();
    let mut named = BTreeSet::new();
    let columns = seen.header.iter().zip(decisions).zip(guesses).enumerate();
    for (index, ((name, decision), guess)) in columns {
        if REJECT_COLUMNS.contains(&name.as_str()) || !named.insert(super::fold::words(name)) {
            // A second column of a name is said by the reader, which refuses the header.
            continue;
        }
        if RESERVED.contains(&name.as_str()) {
            let question = format!("rename the column {}: its name is a key of this table.", shown(name));
            items.push(Item::question(question, Vec::new()));
            continue;
        }
        let claimants = field_of(decision)
            .and_then(|id| claims.get(&id))
            .map_or(&[][..], Vec::as_slice);
        if claimants.len() > 1 {
            if claimants.first() == Some(&index) {
                items.push(several(seen, decisions, claimants));
            }
            continue;
        }
        items.push(match decision {
            Decision::Field(id, Confidence::Sure, why) => Item::sure(field_line(name, *id, why)),
            Decision::Ignored(Confidence::Sure, why) => Item::sure(ignore_line(name, why)),
            Decision::Ignored(_, why) => Item::question(
                format!("leave out {}? {why}.", shown(name)),
                vec![ignore_line(name, ""), unknown_line(name)],
            ),
            Decision::Field(id, confidence, why) => question(name, (*id, *confidence, why), guess, customers),
            Decision::Unknown => Item::question(
                format!("what is {}? The name is not known: write the path of a field (`rollcall fields`), or leave it out.", shown(name)),
                vec![unknown_line(name), ignore_line(name, "")],
            ),
        });
    }
    items
}

/// One column with a doubt.
fn question(
    name: &str,
    (id, confidence, why): (FieldId, Confidence, &str),
    guess: &Guessed,
    customers: Customers,
) -> Item {
    let is_address = guess
        .candidates
        .iter()
        .any(|one| matches!(one.sense, Sense::Address(..)));
    let is_one = guess.candidates.len() == 1 && !is_address;
    let mut lines = Vec::new();
    let mut offered = BTreeSet::new();
    for candidate in &guess.candidates {
        let ids = match candidate.sense {
            Sense::Field(id) => vec![id],
            Sense::Address(person, firm) => vec![person, firm],
            Sense::Ignored(_) => Vec::new(),
        };
        for id in ids.into_iter().filter(|id| offered.insert(*id)) {
            let word = candidate.confidence.min(Confidence::Likely).word();
            // The question says it already where there is one candidate.
            let why = if is_one {
                String::new()
            } else {
                format!("{word}: {}", candidate.why)
            };
            lines.push(field_line(name, id, &why));
        }
    }
    lines.push(ignore_line(name, ""));
    let text = match (is_address, customers) {
        (true, Customers::Mixed) => format!(
            "whose address is {}? A column feeds one field, and the file has persons and firms: an address of the \
             other type is a finding. Leave it out if it holds both.",
            shown(name)
        ),
        (true, _) => format!("whose address is {}?", shown(name)),
        (false, _) => format!(
            "is {} the {} ({})? {}: {why}.",
            shown(name),
            id.path(),
            id.field().about,
            confidence.word()
        ),
    };
    Item::question(text, lines)
}

/// Several columns for one field.
fn several(seen: &Seen<'_>, decisions: &[Decision], claimants: &[usize]) -> Item {
    let mut lines = Vec::new();
    let mut names = Vec::new();
    let mut path = "";
    for index in claimants {
        let (Some(name), Some(column), Some(Decision::Field(id, confidence, _))) =
            (seen.header.get(*index), seen.columns.get(*index), decisions.get(*index))
        else {
            continue;
        };
        path = id.path();
        names.push(shown(name));
        // None is sure while there are several.
        let word = (*confidence).min(Confidence::Likely).word();
        let figures = format!("{word}; filled in {} of {}", column.filled, column.cells);
        lines.push(field_line(name, *id, &figures));
        lines.push(ignore_line(name, ""));
    }
    let question = format!(
        "which of {} feeds {path}? One column can; leave out the others.",
        names.join(", ")
    );
    Item::question(question, lines)
}

fn field_line(name: &str, id: FieldId, why: &str) -> Line {
    Line {
        key: quoted(name),
        value: quoted(id.path()),
        why: why.to_owned(),
    }
}

fn ignore_line(name: &str, why: &str) -> Line {
    Line {
        key: quoted(name),
        value: IGNORE.to_owned(),
        why: why.to_owned(),
    }
}

fn unknown_line(name: &str) -> Line {
    Line {
        key: quoted(name),
        value: quoted("?"),
        why: String::new(),
    }
}
