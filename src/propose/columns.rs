//! Which column feeds which field: candidates for each column, then one decision for each.
//!
//! A column is written only where one field is sure and no other column claims it; two columns for one field are one
//! question, and a column without an answer stays unmapped, so that nothing is left out in silence.

use std::collections::{BTreeMap, BTreeSet};

use super::customer_type::{Customers, customers, has_employers};
use super::dictionary::{Dictionary, Match, Sense, only_type};
use super::evidence::{Agreement, EVERY_WORD, agreement, by_values};
use super::items::items;
use super::unclear::{self, Facts};
use super::{Confidence, Item, Seen, Words};
use crate::model::field::FieldId;
use crate::profile::Column;

/// What a column may be.
#[derive(Clone, Debug)]
pub(super) struct Candidate {
    pub(super) sense: Sense,
    pub(super) confidence: Confidence,
    pub(super) why: String,
    /// Whether the name is known and the values do not contradict it.
    pub(super) is_recognized: bool,
}

/// What is known of a column before the others are looked at.
#[derive(Clone, Debug, Default)]
pub(super) struct Guessed {
    /// The likeliest first.
    pub(super) candidates: Vec<Candidate>,
}

impl Guessed {
    pub(super) fn best(&self) -> Option<&Candidate> {
        self.candidates.first()
    }
}

/// What a column becomes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Decision {
    Field(FieldId, Confidence, String),
    Ignored(Confidence, String),
    /// One of these fields or none, with what is to be asked.
    Asked(Vec<FieldId>, String),
    Unknown,
}

/// The decisions about all columns.
pub(super) struct Chosen {
    pub(super) guesses: Vec<Guessed>,
    pub(super) customers: Customers,
    pub(super) items: Vec<Item>,
    /// The field that each column most likely feeds, sure or not.
    pub(super) fields: Vec<Option<FieldId>>,
    pub(super) known_names: usize,
    sure: BTreeSet<FieldId>,
    /// Fields among the answers to a question about a column that may feed one of several.
    offered: BTreeSet<FieldId>,
}

impl Chosen {
    /// Whether a column may feed a field, surely or not.
    pub(super) fn is_proposed(&self, id: FieldId) -> bool {
        self.fields.contains(&Some(id))
    }

    /// Whether a column surely feeds a field.
    pub(super) fn is_sure(&self, id: FieldId) -> bool {
        self.sure.contains(&id)
    }

    /// Whether a field is among the answers to a question about a column.
    pub(super) fn is_offered(&self, id: FieldId) -> bool {
        self.offered.contains(&id)
    }

    /// The columns that may feed a field for which this holds.
    pub(super) fn feeding<'seen>(
        &self,
        seen: &Seen<'seen>,
        holds: impl Fn(FieldId) -> bool,
    ) -> Vec<(&'seen str, &'seen Column)> {
        let columns = seen.header.iter().zip(seen.columns).zip(&self.fields);
        let feeding = columns.filter(|(_, field)| field.is_some_and(&holds));
        feeding.map(|((name, column), _)| (name.as_str(), column)).collect()
    }
}

/// Decides about every column.
pub(super) fn choose(seen: &Seen<'_>, words: &Words) -> Chosen {
    let dictionary = Dictionary::new();
    let columns = || seen.header.iter().zip(seen.columns);
    let guesses: Vec<Guessed> = columns()
        .map(|(name, column)| guess(&dictionary, name, column, words))
        .collect();
    let known_names = guesses
        .iter()
        .filter(|guess| guess.candidates.iter().any(|one| one.is_recognized))
        .count();
    let customers = customers(seen, &guesses, words);
    let facts = Facts {
        customers,
        has_employers: has_employers(seen, &guesses, customers),
    };
    let mut decisions: Vec<Decision> = columns()
        .zip(&guesses)
        .map(|((_, column), guess)| decide(seen, column, guess, facts, &dictionary))
        .collect();
    yield_empty(seen, &mut decisions);
    unclear::ask_for_what_may_be_lost(seen, &mut decisions, words);
    let claims = claims(&decisions);
    let items = items(seen, &decisions, &claims, customers, &guesses);
    let fields = decisions.iter().map(field_of).collect();
    let offered = decisions.iter().flat_map(|decision| match decision {
        Decision::Asked(ids, _) => ids.clone(),
        Decision::Field(..) | Decision::Ignored(..) | Decision::Unknown => Vec::new(),
    });
    let sure = claims
        .iter()
        .filter(|(_, columns)| matches!(columns.as_slice(), [one] if is_sure(decisions.get(*one))));
    Chosen {
        customers,
        items,
        fields,
        known_names,
        sure: sure.map(|(id, _)| *id).collect(),
        offered: offered.collect(),
        guesses,
    }
}

pub(super) fn field_of(decision: &Decision) -> Option<FieldId> {
    match decision {
        Decision::Field(id, ..) => Some(*id),
        Decision::Ignored(..) | Decision::Asked(..) | Decision::Unknown => None,
    }
}

fn is_sure(decision: Option<&Decision>) -> bool {
    matches!(decision, Some(Decision::Field(_, Confidence::Sure, _)))
}

/// The candidates of one column, by its name and its values.
fn guess(dictionary: &Dictionary, name: &str, column: &Column, words: &Words) -> Guessed {
    let Some((senses, matched)) = dictionary.look_up(name) else {
        let by_values = by_values(column).map(|(id, why)| Candidate {
            sense: Sense::Field(id),
            confidence: Confidence::Maybe,
            why: format!("{why}, and the name says nothing"),
            is_recognized: false,
        });
        return Guessed {
            candidates: by_values.into_iter().collect(),
        };
    };
    let is_one = senses.len() == 1;
    let mut candidates: Vec<_> = senses
        .into_iter()
        .map(|sense| candidate(sense, matched, is_one, column, words))
        .collect();
    if let Some((id, why)) = by_values(column)
        && candidates
            .iter()
            .all(|one| one.sense != Sense::Field(id) && !matches!(one.sense, Sense::Ignored(_)) && !one.is_recognized)
    {
        let (confidence, why) = (Confidence::Maybe, format!("{why}, and the name is another's"));
        candidates.push(Candidate {
            sense: Sense::Field(id),
            confidence,
            why,
            is_recognized: false,
        });
    }
    candidates.sort_by_key(|one| (std::cmp::Reverse(one.confidence), !one.is_recognized));
    Guessed { candidates }
}

/// One reading of a name, held against the values.
fn candidate(sense: Sense, matched: Match, is_one: bool, column: &Column, words: &Words) -> Candidate {
    let id = match sense {
        Sense::Field(id) | Sense::Address(id, _) => id,
        Sense::FullName | Sense::Company => FieldId::known("registered_name"),
        Sense::Title | Sense::JobTitle => FieldId::known("occupation"),
        Sense::Ignored(_) => {
            let is_email = agreement(FieldId::known("email_address"), column, words);
            let confidence = match (matched, is_email) {
                (Match::Fuzzy, _) | (_, Agreement::Proven(_)) => Confidence::Maybe,
                (Match::Exact | Match::Qualified, _) => Confidence::Sure,
            };
            let why = "the API has no field for it".to_owned();
            return Candidate {
                sense,
                confidence,
                why,
                is_recognized: matched != Match::Fuzzy,
            };
        }
    };
    let named = match (is_one, matched) {
        (false, _) => "the name may mean it",
        (true, Match::Fuzzy) => "the name resembles its names",
        (true, Match::Exact | Match::Qualified) => "the name means it",
    };
    let (confidence, why) = match (agreement(id, column, words), matched) {
        (Agreement::Contradicted(why), _) => (Confidence::Maybe, format!("{named}, but {why}")),
        (Agreement::Proven(why), Match::Fuzzy) => (Confidence::Likely, format!("{named}; {why}")),
        (Agreement::Fitting, Match::Fuzzy) => (Confidence::Maybe, named.to_owned()),
        (Agreement::Proven(why), Match::Exact | Match::Qualified) => (Confidence::Sure, format!("{named}; {why}")),
        (Agreement::Fitting, Match::Exact | Match::Qualified) if column.filled == 0 => {
            (Confidence::Sure, format!("{named}; empty so far"))
        }
        (Agreement::Fitting, Match::Exact | Match::Qualified) => (Confidence::Sure, named.to_owned()),
    };
    let confidence = if is_one {
        confidence
    } else {
        confidence.min(Confidence::Likely)
    };
    let is_recognized = matched != Match::Fuzzy && confidence > Confidence::Maybe;
    Candidate {
        sense,
        confidence,
        why,
        is_recognized,
    }
}

/// What a column becomes, once it is known what the customers are.
fn decide(seen: &Seen<'_>, column: &Column, guess: &Guessed, facts: Facts, dictionary: &Dictionary) -> Decision {
    let customers = facts.customers;
    let Some(best) = guess.best() else {
        return if seen.is_empty(column) {
            Decision::Ignored(Confidence::Sure, seen.empty())
        } else {
            Decision::Unknown
        };
    };
    let id = match (best.sense, customers) {
        (Sense::Ignored(reason), _) => return unclear::ignored(dictionary.reason(reason), best, column, seen, facts),
        (Sense::FullName | Sense::Company | Sense::Title | Sense::JobTitle, _) => {
            match unclear::decide(seen, column, best, facts, dictionary) {
                Ok(id) => id,
                Err(decision) => return decision,
            }
        }
        (Sense::Field(id), _) => id,
        (Sense::Address(_, firm), Customers::All(crate::model::field::CustomerType::Corporation)) => firm,
        (Sense::Address(person, _), Customers::All(_)) => person,
        (Sense::Address(person, _), Customers::Mixed | Customers::Unknown) => {
            return Decision::Field(person, Confidence::Maybe, best.why.clone());
        }
    };
    let other = matches!((only_type(id), customers), (Some(only), Customers::All(all)) if only != all);
    if other && seen.is_empty(column) {
        return Decision::Ignored(Confidence::Sure, seen.empty());
    }
    // A word such as `Type` means much; where all customers are of one type it need not be this.
    let foreign_type =
        id == FieldId::CUSTOMER_TYPE && matches!(customers, Customers::All(_)) && !best.why.contains(EVERY_WORD);
    let confidence = if other || foreign_type {
        Confidence::Maybe
    } else {
        best.confidence
    };
    Decision::Field(id, confidence, best.why.clone())
}

/// Leaves out columns that are empty where another one feeds the same field.
fn yield_empty(seen: &Seen<'_>, decisions: &mut [Decision]) {
    let filled = |index: &usize| seen.columns.get(*index).is_some_and(|column| column.filled > 0);
    for claimants in claims(decisions)
        .into_values()
        .filter(|claimants| claimants.iter().any(filled))
    {
        for index in claimants
            .iter()
            .filter(|index| seen.is_whole && seen.records > 0 && !filled(index))
        {
            if let Some(decision) = decisions.get_mut(*index) {
                *decision = Decision::Ignored(Confidence::Sure, seen.empty());
            }
        }
    }
}

/// The columns that claim each field.
fn claims(decisions: &[Decision]) -> BTreeMap<FieldId, Vec<usize>> {
    let mut claims: BTreeMap<FieldId, Vec<usize>> = BTreeMap::new();
    for (index, decision) in decisions.iter().enumerate() {
        if let Some(id) = field_of(decision) {
            claims.entry(id).or_default().push(index);
        }
    }
    claims
}
