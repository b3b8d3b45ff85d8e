//! Columns whose names do not say alone what they are, and columns without a field that may be one all the same.
//!
//! Leaving a column out loses data in silence, and a name in the wrong field is accepted: so both are sure only where the
//! values or the other columns leave nothing else. It asks and never splits a value.

use super::columns::{Candidate, Decision, field_of};
use super::customer_type::Customers;
use super::dictionary::{Dictionary, Sense};
use super::evidence::{Agreement, agreement};
use super::{Confidence, Seen, Words};
use crate::model::field::{CustomerType, FieldId};
use crate::profile::Column;

/// Most different forms of address of a column: exports have a dozen, with and without their dots.
const MOST_FORMS: usize = 24;

/// The beginnings of the reasons for which a column is left out that may tell customers apart all the same.
const NUMBERS: [&str; 2] = ["an account and", "the number of a line"];

/// The reason for which columns of contacts are left out: in a file of persons, the contact is the customer.
const CONTACT: &str = "a contact person";

/// What is known of a file before its columns are decided about.
#[derive(Clone, Copy)]
pub(super) struct Facts {
    pub(super) customers: Customers,
    /// Whether the company of a record may be the employer of its customer.
    pub(super) has_employers: bool,
}

/// The field of a column whose name is unclear, or what becomes of it instead.
pub(super) fn decide(
    seen: &Seen<'_>,
    column: &Column,
    best: &Candidate,
    facts: Facts,
    dictionary: &Dictionary,
) -> Result<FieldId, Decision> {
    let known = FieldId::known;
    let are_all = |customer_type| facts.customers == Customers::All(customer_type);
    if seen.is_empty(column) {
        return Err(Decision::Ignored(Confidence::Sure, seen.empty()));
    }
    let asked = |paths: &[&str], why: &str| {
        Err(Decision::Asked(
            paths.iter().map(|path| known(path)).collect(),
            why.to_owned(),
        ))
    };
    match best.sense {
        Sense::FullName if are_all(CustomerType::Corporation) => Ok(known("registered_name")),
        Sense::FullName => asked(
            &["first_name", "last_name", "registered_name"],
            "a person has a first_name and a last_name, a firm a registered_name. rollcall splits no names: a whole name of \
             a person in one column must be split by the system that exports it",
        ),
        Sense::Company if facts.has_employers => asked(
            &["registered_name", "employer_name"],
            "the customer is that firm, or a person who works there",
        ),
        Sense::Company => Ok(known("registered_name")),
        Sense::Title if are_forms_of_address(column, dictionary) => Err(Decision::Ignored(
            Confidence::Sure,
            "every value is a form of address, for which the API has no field".to_owned(),
        )),
        Sense::JobTitle if are_all(CustomerType::Individual) => Ok(known("occupation")),
        Sense::Title | Sense::JobTitle => asked(
            &["occupation"],
            "it is what a person does, or something that the API has no field for: a form of address, or what the contact of \
             a firm does",
        ),
        Sense::Field(_) | Sense::Address(..) | Sense::Ignored(_) => Err(Decision::Unknown),
    }
}

/// Whether a column holds forms of address and nothing else.
fn are_forms_of_address(column: &Column, dictionary: &Dictionary) -> bool {
    column.texts().is_some_and(|texts| {
        (1..=MOST_FORMS).contains(&texts.len()) && texts.keys().all(|text| dictionary.is_form_of_address(text))
    })
}

/// A column whose name is that of something without a field.
pub(super) fn ignored(reason: &str, best: &Candidate, column: &Column, seen: &Seen<'_>, facts: Facts) -> Decision {
    let are_firms = facts.customers == Customers::All(CustomerType::Corporation);
    if reason == CONTACT && !are_firms && !seen.is_empty(column) {
        return Decision::Ignored(
            Confidence::Maybe,
            "it names the contact of a firm, or the customer".to_owned(),
        );
    }
    Decision::Ignored(best.confidence, format!("{reason}: {}", best.why))
}

/// Turns columns that would be left out into questions, if a field is likely to lose its only column by it.
pub(super) fn ask_for_what_may_be_lost(seen: &Seen<'_>, decisions: &mut [Decision], words: &Words) {
    let has_id = decisions.iter().any(|decision| field_of(decision) == Some(FieldId::ID));
    for (decision, column) in decisions.iter_mut().zip(seen.columns) {
        let Decision::Ignored(Confidence::Sure, why) = &*decision else {
            continue;
        };
        if column.told() == 0 {
            continue;
        }
        if !has_id
            && NUMBERS.iter().any(|reason| why.starts_with(reason))
            && let Agreement::Proven(figures) = agreement(FieldId::ID, column, words)
        {
            let why = format!("no column is called an identifier of customers, and of its values {figures}");
            *decision = Decision::Asked(vec![FieldId::ID], why);
        } else if let Some(id) = list_of(column, words) {
            *decision = Decision::Asked(vec![id], format!("every value is a word of the list of {}", id.path()));
        }
    }
}

/// The closed list that every value of a column is a word of.
fn list_of(column: &Column, words: &Words) -> Option<FieldId> {
    let texts = column.texts().filter(|texts| !texts.is_empty())?;
    let mut lists = FieldId::all().filter(|id| !id.field().kind.choices().is_empty());
    lists.find(|id| texts.keys().all(|text| words.known(*id, text)))
}
