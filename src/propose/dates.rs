//! Which format the dates of a file have: the one that reads every cell, if it is the only one.
//!
//! A format is proven by cells that no other reads (`25/03/1986`). Where two formats read every cell, or none does, it is
//! a question: `03/04/1986` alone says nothing. Formats that order day, month and year alike read the same day.

use std::collections::BTreeSet;

use super::columns::Chosen;
use super::evidence::share;
use super::{Item, Line, Seen};
use crate::model::fit::DATE_FORMATS;
use crate::model::naming::{quoted, shown};
use crate::profile::Column;

/// Formats that a question offers.
const OFFERED: usize = 3;

/// Share of the dates, in hundredths, below which cells of another format are findings of their records, and below which
/// cells that only one order reads are slips of fingers: of random days, 60 in a hundred tell the orders apart.
const FEW: u64 = 5;

/// What the cells of a column say about its format.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Proof {
    /// There is no date beside ISO 8601.
    NotNeeded,
    /// This one reads them all, and no other does; so many cells are read by no other order.
    Proven(&'static str, u64),
    /// Each of these reads them all.
    Ambiguous(Vec<&'static str>),
    /// None does; the best with the numbers of cells that they read.
    Mixed(Vec<(&'static str, u64)>),
}

/// Weighs the formats against each other. `by_format` are the cells that each reads, `readable` those that any does.
pub(super) fn proof(by_format: &[u64; DATE_FORMATS.len()], readable: u64) -> Proof {
    if readable == 0 {
        return Proof::NotNeeded;
    }
    let all = || DATE_FORMATS.iter().zip(by_format);
    let mut orders = BTreeSet::new();
    let reading_all = all().filter(|((_, order), count)| **count == readable && orders.insert(*order));
    let full: Vec<_> = reading_all.map(|((format, _), _)| *format).collect();
    match *full {
        [format] => {
            let order = all()
                .find(|((other, _), _)| *other == format)
                .map(|((_, order), _)| *order);
            let others = all().filter(|((_, other), _)| Some(*other) != order);
            let best_other = others.map(|(_, count)| *count).max().unwrap_or(0);
            if share(readable - best_other, readable) < FEW {
                return Proof::Mixed(best(by_format));
            }
            Proof::Proven(format, readable - best_other)
        }
        [] => Proof::Mixed(best(by_format)),
        _ => Proof::Ambiguous(full),
    }
}

/// The formats that read most, with how many cells they read.
fn best(by_format: &[u64; DATE_FORMATS.len()]) -> Vec<(&'static str, u64)> {
    let all = DATE_FORMATS.iter().zip(by_format);
    let read = all.filter(|(_, count)| **count > 0);
    let mut best: Vec<_> = read.map(|((format, _), count)| (*format, *count)).collect();
    best.sort_by_key(|(_, count)| std::cmp::Reverse(*count));
    best.truncate(OFFERED);
    best
}

/// Cells of a column that a candidate format reads and ISO 8601 does not.
fn readable(column: &Column) -> u64 {
    let readable = column.traits.dates - column.traits.iso_dates;
    if share(readable, column.traits.dates) < FEW {
        0
    } else {
        readable
    }
}

/// The line `date-formats`, or the question about it.
pub(super) fn formats(seen: &Seen<'_>, chosen: &Chosen) -> Option<Item> {
    let columns = chosen.feeding(seen, |id| id.field().kind.is_date());
    let proofs: Vec<_> = columns
        .iter()
        .map(|(name, column)| (*name, *column, proof(&column.traits.by_format, readable(column))))
        .collect();
    let mut proven: Vec<(&'static str, String)> = Vec::new();
    for (name, column, found) in &proofs {
        if let Proof::Proven(format, cells) = found
            && proven.iter().all(|(other, _)| other != format)
        {
            let why = format!(
                "{}: it alone reads all {}, {cells} of which fit no other order",
                shown(name),
                readable(column)
            );
            proven.push((*format, why));
        }
    }
    let is_proven = |format: &str| proven.iter().any(|(other, _)| *other == format);
    let open: Vec<_> = proofs
        .iter()
        .filter(|(.., found)| match found {
            Proof::NotNeeded | Proof::Proven(..) => false,
            // Another column of the file has decided between them.
            Proof::Ambiguous(formats) => formats.iter().filter(|format| is_proven(format)).count() != 1,
            Proof::Mixed(_) => true,
        })
        .collect();
    let one_order = proven.len() < 2 || !is_contradictory(&proven);
    if open.is_empty() && one_order {
        let formats: Vec<_> = proven.iter().map(|(format, _)| *format).collect();
        let reasons: Vec<_> = proven.iter().map(|(_, why)| why.as_str()).collect();
        return (!formats.is_empty()).then(|| Item::sure(line(&formats, reasons.join("; "))));
    }
    Some(question(&open, &proven))
}

/// Whether two proven formats read one cell as two days.
fn is_contradictory(proven: &[(&'static str, String)]) -> bool {
    let twin = |format: &str| {
        if format.starts_with("%d") {
            format
                .replacen("%d", "%_", 1)
                .replacen("%m", "%d", 1)
                .replacen("%_", "%m", 1)
        } else {
            format.to_owned()
        }
    };
    proven.iter().any(|(format, _)| {
        proven
            .iter()
            .any(|(other, _)| other != format && twin(other) == *format)
    })
}

fn question(open: &[&(&str, &Column, Proof)], proven: &[(&'static str, String)]) -> Item {
    let known: Vec<_> = proven.iter().map(|(format, _)| *format).collect();
    let mut lines = Vec::new();
    let mut offered = BTreeSet::new();
    let mut told = Vec::new();
    for (name, column, found) in open {
        let (text, formats) = match found {
            Proof::Ambiguous(formats) => {
                let text = format!(
                    "each of {} reads all {} dates of {}",
                    formats.join(" and "),
                    readable(column),
                    shown(name)
                );
                (text, formats.iter().map(|format| (*format, readable(column))).collect())
            }
            Proof::Mixed(best) => {
                let figures: Vec<_> = best.iter().map(|(format, count)| format!("{format} {count}")).collect();
                let text = format!(
                    "no format surely reads all {} dates of {} ({})",
                    readable(column),
                    shown(name),
                    figures.join(", ")
                );
                (text, best.clone())
            }
            Proof::NotNeeded | Proof::Proven(..) => continue,
        };
        told.push(text);
        for (format, count) in formats {
            if offered.insert(format) && !known.contains(&format) {
                let all: Vec<_> = known.iter().copied().chain([format]).collect();
                lines.push(line(
                    &all,
                    format!("{count} of {} in {}", readable(column), shown(name)),
                ));
            }
        }
    }
    if told.is_empty() {
        told.push(format!(
            "the columns are written in contradictory formats, {}",
            known.join(" and ")
        ));
        lines.push(line(&known, "what both read as different days is a finding".to_owned()));
    }
    Item::question(
        format!("how are dates written? Of the records looked at, {}.", told.join("; ")),
        lines,
    )
}

fn line(formats: &[&str], why: String) -> Line {
    let formats: Vec<_> = formats.iter().map(|format| quoted(format)).collect();
    Line {
        key: "date-formats".to_owned(),
        value: format!("[{}]", formats.join(", ")),
        why,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(counts: &[(&str, u64)], readable: u64, expected: &Proof) {
        let mut by_format = [0; DATE_FORMATS.len()];
        for (format, count) in counts {
            by_format[DATE_FORMATS.iter().position(|(other, _)| other == format).unwrap()] = *count;
        }
        assert_eq!(proof(&by_format, readable), *expected, "{counts:?}");
    }

    #[test]
    fn only_a_format_that_reads_all_and_alone_is_proven() {
        check(&[], 0, &Proof::NotNeeded);
        check(
            &[("%d/%m/%Y", 40), ("%m/%d/%Y", 12)],
            40,
            &Proof::Proven("%d/%m/%Y", 28),
        );
        check(&[("%d.%m.%Y", 3)], 3, &Proof::Proven("%d.%m.%Y", 3));
        check(
            &[("%d/%m/%Y", 12), ("%m/%d/%Y", 12)],
            12,
            &Proof::Ambiguous(vec!["%d/%m/%Y", "%m/%d/%Y"]),
        );
        check(
            &[("%d/%m/%Y", 39), ("%m/%d/%Y", 20)],
            40,
            &Proof::Mixed(vec![("%d/%m/%Y", 39), ("%m/%d/%Y", 20)]),
        );
        // One day above 12 among a thousand dates is a slip and no proof.
        check(
            &[("%d/%m/%Y", 1000), ("%m/%d/%Y", 999)],
            1000,
            &Proof::Mixed(vec![("%d/%m/%Y", 1000), ("%m/%d/%Y", 999)]),
        );
        // Months written out or cut short are read alike.
        check(&[("%d %b %Y", 5), ("%d %B %Y", 5)], 5, &Proof::Proven("%d %b %Y", 5));
    }

    #[test]
    fn twins_contradict_each_other() {
        let proven = |formats: &[&'static str]| {
            formats
                .iter()
                .map(|format| (*format, String::new()))
                .collect::<Vec<_>>()
        };
        assert!(is_contradictory(&proven(&["%d/%m/%Y", "%m/%d/%Y"])));
        assert!(!is_contradictory(&proven(&["%d/%m/%Y", "%d.%m.%Y"])));
    }
}
