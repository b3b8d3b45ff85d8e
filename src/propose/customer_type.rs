//! Whether the customers of a file are persons, firms or both.
//!
//! Columns that only one type of customer has, and that hold something, are the evidence. A column that names the type
//! stands over it. It does not look at the words of such a column beyond whether the API knows them.

use super::columns::{Chosen, Guessed};
use super::dictionary::{Sense, only_type};
use super::{Item, Line, Seen, Words};
use crate::model::field::{CustomerType, FieldId, Need};
use crate::model::naming::{quoted, shown};

/// What the customers of a file are.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Customers {
    /// All of this type.
    All(CustomerType),
    /// Some persons, some firms.
    Mixed,
    /// Nothing says it.
    Unknown,
}

/// Reads the evidence.
pub(super) fn customers(seen: &Seen<'_>, guesses: &[Guessed], words: &Words) -> Customers {
    let evidence = |customer_type: CustomerType| evidence(seen, guesses, customer_type).next().is_some();
    if let Some(column) = type_column(guesses)
        && let Some(texts) = seen.columns.get(column).and_then(crate::profile::Column::texts)
        && !texts.is_empty()
        && let [word] = *known_words(texts.keys(), words)
        && let Some(customer_type) = CustomerType::from_word(word)
    {
        return Customers::All(customer_type);
    }
    let is_firm = evidence(CustomerType::Corporation);
    match (evidence(CustomerType::Individual), is_firm) {
        // A whole name beside a company may be that of a person who works there.
        (false, true) if has_whole_names(seen, guesses) && !has_firms_only(seen, guesses) => Customers::Unknown,
        (true, true) => Customers::Mixed,
        (true, false) => Customers::All(CustomerType::Individual),
        (false, true) => Customers::All(CustomerType::Corporation),
        (false, false) => Customers::Unknown,
    }
}

/// The words of the list that texts are; a text that is none counts as one of its own.
fn known_words<'texts>(texts: impl Iterator<Item = &'texts String>, words: &Words) -> Vec<&'static str> {
    let mut found: Vec<_> = texts
        .map(|text| (words.word)(FieldId::CUSTOMER_TYPE, text).unwrap_or("?"))
        .collect();
    found.sort_unstable();
    found.dedup();
    found
}

/// The column that names the type, if there is one.
fn type_column(guesses: &[Guessed]) -> Option<usize> {
    guesses.iter().position(|guess| {
        guess
            .candidates
            .iter()
            .any(|one| one.sense == Sense::Field(FieldId::CUSTOMER_TYPE))
    })
}

/// The numbers of filled columns that only this type of customer has.
fn evidence(seen: &Seen<'_>, guesses: &[Guessed], customer_type: CustomerType) -> impl Iterator<Item = usize> {
    let is_evidence = move |guess: &Guessed| {
        guess.best().is_some_and(|best| match best.sense {
            Sense::Field(id) => best.is_recognized && only_type(id) == Some(customer_type),
            Sense::Company => best.is_recognized && customer_type == CustomerType::Corporation,
            Sense::Address(..) | Sense::Ignored(_) | Sense::FullName | Sense::Title | Sense::JobTitle => false,
        })
    };
    let filled = |index: usize| seen.columns.get(index).is_some_and(|column| column.filled > 0);
    let numbered = guesses.iter().enumerate();
    let found = numbered.filter(move |(index, guess)| filled(*index) && is_evidence(guess));
    found.map(|(index, _)| index).collect::<Vec<_>>().into_iter()
}

/// Whether a filled column holds whole names.
fn has_whole_names(seen: &Seen<'_>, guesses: &[Guessed]) -> bool {
    has_filled(seen, guesses, |sense| sense == Sense::FullName)
}

/// Whether a filled column is one that only firms have, the name of a company aside: a person's employer has one.
fn has_firms_only(seen: &Seen<'_>, guesses: &[Guessed]) -> bool {
    let is_firms = |sense| matches!(sense, Sense::Field(id) if only_type(id) == Some(CustomerType::Corporation));
    has_filled(seen, guesses, is_firms)
}

fn has_filled(seen: &Seen<'_>, guesses: &[Guessed], is_it: impl Fn(Sense) -> bool) -> bool {
    let mut columns = seen.columns.iter().zip(guesses);
    columns.any(|(column, guess)| {
        column.filled > 0 && guess.best().is_some_and(|best| best.is_recognized && is_it(best.sense))
    })
}

/// Whether the company of a record may be the employer of the customer: where there are persons and nothing but the
/// company speaks for firms. A column that names the type beside columns of firms says that both are customers.
pub(super) fn has_employers(seen: &Seen<'_>, guesses: &[Guessed], customers: Customers) -> bool {
    let has_persons = evidence(seen, guesses, CustomerType::Individual).next().is_some();
    let both_are_customers = type_column(guesses).is_some() && has_firms_only(seen, guesses);
    match customers {
        // Without a record nothing tells firms from employers.
        _ if seen.records == 0 => true,
        Customers::All(CustomerType::Individual) => true,
        Customers::All(CustomerType::Corporation) => false,
        Customers::Mixed | Customers::Unknown => (has_persons || has_whole_names(seen, guesses)) && !both_are_customers,
    }
}

/// `[columns.constants]`: the type of customer where no column names it, and what else nothing gives.
pub(super) fn constants(seen: &Seen<'_>, chosen: &Chosen) -> Vec<Item> {
    let mut items = Vec::new();
    let names = |customer_type| {
        let columns = evidence(seen, &chosen.guesses, customer_type).filter_map(|index| seen.header.get(index));
        let names: Vec<_> = columns.take(3).map(|name| shown(name)).collect();
        names.join(", ")
    };
    let line = |customer_type: CustomerType, why: String| Line {
        key: "customer_type".to_owned(),
        value: quoted(customer_type.word()),
        why,
    };
    let is_named = chosen.is_proposed(FieldId::CUSTOMER_TYPE);
    let both = [CustomerType::Individual, CustomerType::Corporation];
    match chosen.customers {
        Customers::All(customer_type) if !chosen.is_sure(FieldId::CUSTOMER_TYPE) => {
            let why = format!("{} {} filled, and no column of the other type is", names(customer_type), is_are(&names(customer_type)));
            items.push(Item::sure(line(customer_type, why)));
        }
        Customers::Mixed if !is_named => items.push(Item::question(
            format!(
                "persons or firms? {} are columns of persons, {} of firms. A file with both needs a column \
                 that says which is which: map it to customer_type in [columns]. If all are of one type, uncomment its line.",
                names(CustomerType::Individual),
                names(CustomerType::Corporation)
            ),
            both.map(|one| line(one, String::new())).to_vec(),
        )),
        Customers::Unknown if !is_named => items.push(Item::question(
            "persons or firms? No column that surely only one of them has is filled.",
            both.map(|one| line(one, String::new())).to_vec(),
        )),
        Customers::All(_) | Customers::Mixed | Customers::Unknown => {}
    }
    items.extend(missing(chosen));
    items
}

fn is_are(names: &str) -> &'static str {
    if names.contains(',') { "are" } else { "is" }
}

/// Required fields that no column may feed.
fn missing(chosen: &Chosen) -> impl Iterator<Item = Item> {
    let required = |id: &FieldId| match chosen.customers {
        Customers::All(customer_type) => id.field().need(customer_type) == Need::Required,
        Customers::Mixed | Customers::Unknown => *id == FieldId::ID,
    };
    let lacking = FieldId::all()
        .filter(|id| *id != FieldId::CUSTOMER_TYPE)
        .filter(required);
    lacking.filter(|id| !chosen.is_proposed(*id) && !chosen.is_offered(*id)).map(|id| {
        let question = format!(
            "no column looks like {}, which is required ({}): map one in [columns]; a constant gives every record the same.",
            id.path(),
            id.field().about
        );
        let (key, value, why) = (quoted(id.path()), quoted("?"), String::new());
        Item::question(question, vec![Line { key, value, why }])
    }).collect::<Vec<_>>().into_iter()
}
