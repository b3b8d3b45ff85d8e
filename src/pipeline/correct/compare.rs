//! One row of a repair file against the record that it names, cell by cell.
//!
//! Columns are matched by their names, so a spreadsheet may have them in another order. Whether a change is asked about
//! depends on what was wrong: a rejected record has findings that name columns, and every other change is one too many;
//! where the API's answer is what was wrong, any cell may be the one, and only what looks like a spreadsheet's doing is
//! asked about. Line ends inside a cell are no change: every spreadsheet writes its own, and no check tells them apart.

use std::borrow::Cow;

use csv::ByteRecord;

use super::looks::Looks;
use super::originals::Cells;
use crate::ledger::{FindingEntry, RowEntry};
use crate::model::field::FieldId;
use crate::model::mapping::{Mapping, REJECT_COLUMNS, Target};
use crate::model::row_state::RowState;
use crate::model::rule::{Rule, Severity};

/// A column of the source, of the repair file, or of both.
#[derive(Clone, Debug, PartialEq, Eq)]
struct Pair {
    name: String,
    /// Where it stands in the source.
    before: Option<usize>,
    /// Where it stands in the repair file.
    after: Option<usize>,
    field: Option<FieldId>,
}

/// The columns of a source and those of a repair file, by name.
#[derive(Clone, Debug)]
pub(super) struct Columns {
    pairs: Vec<Pair>,
    /// How many columns the source has.
    of_source: usize,
}

impl Columns {
    /// Matches columns; of the same name, the first with the first and so on.
    pub(super) fn new(source: &Mapping, repair: &Mapping) -> Self {
        let mut taken = vec![false; repair.names.len()];
        let mut pairs = Vec::new();
        let is_data = |name: &str| !REJECT_COLUMNS.contains(&name);
        for (before, name) in source.names.iter().enumerate().filter(|(_, name)| is_data(name)) {
            let mut free = repair.names.iter().zip(&mut taken).enumerate();
            let found = free.find(|(_, (other, taken))| !**taken && *other == name);
            let after = found.map(|(after, (_, taken))| {
                *taken = true;
                after
            });
            pairs.push(Pair {
                name: name.clone(),
                before: Some(before),
                after,
                field: field(source, before),
            });
        }
        let new = repair.names.iter().zip(&taken).enumerate();
        let new = new.filter(|(_, (name, taken))| is_data(name) && !**taken);
        pairs.extend(new.map(|(after, (name, _))| Pair {
            name: name.clone(),
            before: None,
            after: Some(after),
            field: field(repair, after),
        }));
        Self {
            pairs,
            of_source: source.names.len(),
        }
    }
}

fn field(mapping: &Mapping, column: usize) -> Option<FieldId> {
    match mapping.columns.get(column)? {
        Target::Field(field) => Some(*field),
        Target::Ignored => None,
    }
}

/// What is known of the record that a row names.
#[derive(Debug)]
pub(super) struct Original {
    /// Where it stands in the ledger.
    pub(super) row: RowEntry,
    findings: Vec<FindingEntry>,
}

impl Original {
    pub(super) fn new(row: RowEntry, findings: Vec<FindingEntry>) -> Self {
        Self { row, findings }
    }

    /// Whether the same again would get the same answer: the API refused it, it contradicts another record of its customer, or
    /// it stands for such a record and was not changed either. What became of the other record decides nothing.
    pub(super) fn was_refused(&self) -> bool {
        let kept_back = |finding: &FindingEntry| {
            finding.code == Rule::CorrectionUnchanged.code() && finding.severity == Severity::Error
        };
        matches!(self.row.state, RowState::Refused | RowState::Conflict) || self.findings.iter().any(kept_back)
    }

    /// Whether it never stood for anybody: so neither does what names it.
    pub(super) fn was_unknown(&self) -> bool {
        let code = Rule::CorrectionUnknownRecord.code();
        self.findings.iter().any(|finding| finding.code == code)
    }

    /// Findings about its data; those about what it corrects are left out.
    fn about_data(&self) -> impl Iterator<Item = &FindingEntry> {
        let is_own = |finding: &&FindingEntry| {
            Rule::from_code(&finding.code).is_none_or(|rule| !Rule::CORRECTION.contains(&rule))
        };
        self.findings.iter().filter(is_own)
    }

    /// Whether where its cells end was a guess.
    fn is_broken(&self) -> bool {
        self.about_data()
            .any(|finding| finding.field.is_none() && finding.column.is_none())
    }

    /// Whether it was rejected for cells, so that only these are to be corrected.
    fn names_cells(&self) -> bool {
        self.row.state == RowState::Rejected && self.about_data().next().is_some()
    }

    fn is_found(&self, pair: &Pair) -> bool {
        let of_field = pair.field.map(FieldId::path);
        self.about_data().any(|finding| {
            (pair.before.is_some() && finding.column == pair.before)
                || (of_field.is_some() && finding.field.as_deref() == of_field)
        })
    }

    /// Whether the customer's id may be another: something was wrong with it, or two customers have it.
    fn may_be_renamed(&self, pair: &Pair) -> bool {
        self.row.state == RowState::Conflict || self.is_found(pair)
    }
}

/// What a comparison says.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Difference {
    /// Whether any cell is another.
    pub(super) is_changed: bool,
    /// Whether it is about another customer than the record.
    pub(super) is_stranger: bool,
    /// Cells that were changed although nothing was to be corrected in them: the column's name, what it looks like, the
    /// cell before and after. The name is empty where the cells stand in no columns.
    pub(super) others: Vec<(String, Looks, String, String)>,
}

/// A row of a repair file.
#[derive(Clone, Copy, Debug)]
pub(super) struct Corrected<'a> {
    /// Its cells.
    pub(super) cells: &'a ByteRecord,
    /// How many of the first cells are data, where they do not stand in their columns.
    pub(super) misfit: Option<usize>,
}

/// Compares a row of a repair file with its record.
pub(super) fn compare(columns: &Columns, original: &Original, before: &Cells, row: Corrected<'_>) -> Difference {
    if original.is_broken() || before.len() != columns.of_source || row.misfit.is_some() {
        return compare_whole(columns, before, row);
    }
    let after = row.cells;
    let mut difference = Difference::default();
    for pair in &columns.pairs {
        let cell_before = pair.before.and_then(|column| before.get(column)).unwrap_or_default();
        let cell_after = pair.after.and_then(|column| after.get(column)).unwrap_or_default();
        if is_same(cell_before, cell_after) {
            continue;
        }
        difference.is_changed = true;
        let (from, to) = (
            String::from_utf8_lossy(cell_before),
            String::from_utf8_lossy(cell_after),
        );
        let looks = Looks::of(&from, &to);
        if pair.field == Some(FieldId::ID) && !original.may_be_renamed(pair) {
            difference.is_stranger = true;
        }
        let asked = if original.names_cells() {
            !original.is_found(pair)
        } else {
            looks.is_a_spreadsheets()
        };
        if asked {
            let other = (pair.name.clone(), looks, from.into_owned(), to.into_owned());
            difference.others.push(other);
        }
    }
    if difference.is_stranger {
        // Somebody else's cells differ, all of them; what a spreadsheet did to the id itself explains the stranger.
        difference.others.retain(|(name, looks, ..)| {
            let is_id = |pair: &Pair| pair.field == Some(FieldId::ID) && pair.name == *name;
            looks.is_a_spreadsheets() && columns.pairs.iter().any(is_id)
        });
    }
    difference
}

/// Where cells do not stand in their columns, nothing but the whole of them can be compared: any of them may be what was to
/// be corrected, and only what looks like a spreadsheet's doing is asked about.
fn compare_whole(columns: &Columns, before: &Cells, row: Corrected<'_>) -> Difference {
    let after: Vec<&[u8]> = if let Some(data) = row.misfit {
        row.cells.iter().take(data).collect()
    } else {
        let of_file = columns.pairs.iter().filter_map(|pair| pair.after);
        of_file.filter_map(|column| row.cells.get(column)).collect()
    };
    let is_filled = |cell: &&[u8]| !cell.is_empty();
    let before: Vec<&[u8]> = before.iter().filter(is_filled).collect();
    let after: Vec<&[u8]> = after.into_iter().filter(is_filled).collect();
    let is_changed = before.len() != after.len() || !before.iter().zip(&after).all(|(from, to)| is_same(from, to));
    // Cells may have moved, so each that is gone is looked for among those that are new.
    let (gone, mut new) = (without(&before, &after), without(&after, &before));
    let mut others = Vec::new();
    for from in gone.iter().map(|cell| String::from_utf8_lossy(cell)) {
        let looks = |to: &&[u8]| Looks::of(&from, &String::from_utf8_lossy(to));
        let found = new.iter().position(|to| looks(to).is_a_spreadsheets());
        if let Some(place) = found {
            let to = new.remove(place);
            let looks = looks(&to);
            others.push((
                String::new(),
                looks,
                from.into_owned(),
                String::from_utf8_lossy(to).into_owned(),
            ));
        }
    }
    Difference {
        is_changed,
        is_stranger: false,
        others,
    }
}

/// The cells that others do not have, as often as they do not have them.
fn without<'a>(cells: &[&'a [u8]], others: &[&[u8]]) -> Vec<&'a [u8]> {
    let mut others: Vec<&[u8]> = others.to_vec();
    let is_missing = |cell: &&&[u8]| {
        let found = others.iter().position(|other| is_same(cell, other));
        found.map(|place| others.swap_remove(place)).is_none()
    };
    cells.iter().filter(is_missing).copied().collect()
}

/// Whether two cells say the same: their bytes are, but for the ends of lines.
fn is_same(before: &[u8], after: &[u8]) -> bool {
    before == after || with_line_feeds(before) == with_line_feeds(after)
}

/// A cell with a line feed for each CR LF.
fn with_line_feeds(cell: &[u8]) -> Cow<'_, [u8]> {
    if !cell.contains(&b'\r') {
        return Cow::Borrowed(cell);
    }
    let next = cell.iter().skip(1).map(Some).chain([None]);
    let kept = cell
        .iter()
        .zip(next)
        .filter(|(byte, next)| **byte != b'\r' || *next != Some(&b'\n'));
    Cow::Owned(kept.map(|(byte, _)| *byte).collect())
}

#[cfg(test)]
mod tests;
