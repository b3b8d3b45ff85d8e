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
    let same = same_names(seen.header);
    let columns = seen.header.iter().zip(decisions).zip(guesses).enumerate();
    for (index, ((name, decision), guess)) in columns {
        if REJECT_COLUMNS.contains(&name.as_str()) || !named.insert(super::fold::words(name)) {
            // A second column of a name has been spoken of with the first.
            continue;
        }
        let is_left_out = matches!(decision, Decision::Ignored(Confidence::Sure, _));
        if let Some(same) = same
            .get(&super::fold::words(name))
            .filter(|same| **same > 1 && !is_left_out)
        {
            items.push(twice(name, *same, field_of(decision)));
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
            // No line can choose between columns of one name.
            let is_alone = |index: &&usize| {
                let name = seen.header.get(**index).map(|name| super::fold::words(name));
                name.and_then(|name| same.get(&name)) == Some(&1)
            };
            let apart: Vec<usize> = claimants.iter().filter(is_alone).copied().collect();
            if apart.first() == Some(&index) {
                items.push(several(seen, decisions, &apart));
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
            Decision::Asked(ids, why) => asked(name, ids, why, claims),
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
            Sense::FullName | Sense::Company => vec![FieldId::known("registered_name")],
            Sense::Title | Sense::JobTitle => vec![FieldId::known("occupation")],
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

/// One column that may feed one of several fields, or none. A field that another column feeds is not offered.
fn asked(name: &str, ids: &[FieldId], why: &str, claims: &BTreeMap<FieldId, Vec<usize>>) -> Item {
    let free = ids.iter().filter(|id| !claims.contains_key(id));
    let mut lines: Vec<_> = free.map(|id| field_line(name, *id, "")).collect();
    lines.push(ignore_line(name, ""));
    Item::question(format!("what is {}? Here {why}.", shown(name)), lines)
}

/// How many columns have each name, in the form in which names are compared.
fn same_names(header: &[String]) -> BTreeMap<Vec<String>, usize> {
    let mut same = BTreeMap::new();
    for name in header {
        *same.entry(super::fold::words(name)).or_default() += 1;
    }
    same
}

/// Several columns of one name: no line tells them apart, so that only leaving all of them out can be chosen in here.
fn twice(name: &str, same: usize, field: Option<FieldId>) -> Item {
    let refused = format!(
        "{same} columns are called {}: no line in here tells them apart, and `rollcall validate` refuses the file. Have the \
         export name its columns apart",
        shown(name)
    );
    match field {
        Some(_) => Item::question(format!("{refused}."), Vec::new()),
        None => Item::question(
            format!("{refused}, or leave all of them out."),
            vec![ignore_line(name, "")],
        ),
    }
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
    let question = match names.as_slice() {
        [only] => format!("does {only} feed {path}? Columns that share a name look like it too."),
        _ => format!(
            "which of {} feeds {path}? One column can; leave out the others.",
            names.join(", ")
        ),
    };
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
