//! The country of telephone numbers that have none: `input.default-region`.
//!
//! A record's own country stands over it, so it is only asked for where records have none. Numbers are never taken for a
//! country's because they are valid there: many are valid in several.

use std::cmp::Reverse;

use super::columns::Chosen;
use super::evidence::share;
use super::{Item, Line, Seen};
use crate::model::field::{FieldId, Kind};
use crate::model::fit::REGIONS;
use crate::model::naming::{quoted, shown};

/// Regions that a question offers.
const OFFERED: usize = 3;

/// Share of the records of a file, in hundredths, from which their country is that of the file.
const NEARLY_ALL: u64 = 95;

/// The line `default-region`, or the question about it.
pub(super) fn region(seen: &Seen<'_>, chosen: &Chosen) -> Option<Item> {
    let phones = chosen.feeding(seen, |id| id.field().kind == Kind::Phone);
    let without: u64 = phones.iter().map(|(_, column)| column.traits.nationals).sum();
    if without == 0 {
        return None;
    }
    let names: Vec<_> = phones.iter().map(|(name, _)| shown(name)).collect();
    let names = names.join(", ");
    let countries = chosen.feeding(seen, |id| id.path().ends_with("address.country_code"));
    if let [(name, column)] = *countries {
        // A column that is still a question may come to feed nothing.
        let is_sure = FieldId::all().any(|id| id.path().ends_with("address.country_code") && chosen.is_sure(id));
        if is_sure && column.filled == column.cells && share(column.traits.countries, column.filled) == 100 {
            return None;
        }
        let most = column.country_codes.iter().max_by_key(|(_, count)| **count);
        // Of all records and not of those with a country: those without one are the ones that need it.
        if let Some((code, count)) = most.filter(|(_, count)| share(**count, column.cells) >= NEARLY_ALL) {
            let why = format!(
                "for numbers of {names} without + in records without a country; {count} of {} records are {code} by {}",
                column.cells,
                shown(name)
            );
            return Some(Item::sure(line(code, why)));
        }
    }
    let mut valid = [0; REGIONS.len()];
    for (_, column) in &phones {
        valid
            .iter_mut()
            .zip(column.traits.by_region)
            .for_each(|(sum, count)| *sum += count);
    }
    let tried: u64 = phones.iter().map(|(_, column)| column.traits.tried).sum();
    let mut best: Vec<_> = REGIONS.iter().zip(valid).filter(|(_, count)| *count > 0).collect();
    // Where addresses say their country, that says more than in how many countries a number is valid.
    let frequent = |region: &str| {
        countries
            .iter()
            .filter_map(|(_, column)| column.country_codes.get(region))
            .sum::<u64>()
    };
    best.sort_by_key(|(region, count)| (Reverse(frequent(region)), Reverse(*count)));
    let mut lines: Vec<_> = best
        .iter()
        .take(OFFERED)
        .map(|(region, count)| {
            line(
                region,
                format!("{count} of {} tried are valid there", tried.max(*count)),
            )
        })
        .collect();
    if lines.is_empty() {
        lines.push(line("?", "alpha-2, such as \"US\"".to_owned()));
    }
    let question = format!(
        "of which country are the numbers of {names} that have no +? There are {without}; without an answer, those in records \
         that name no country are findings."
    );
    Some(Item::question(question, lines))
}

fn line(region: &str, why: String) -> Line {
    Line {
        key: "default-region".to_owned(),
        value: quoted(region),
        why,
    }
}
