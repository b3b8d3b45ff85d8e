//! What a record of a source is beside the ledger and the API: one total function, and nothing else.
//!
//! It knows no record and asks nobody: the facts are brought to it.

use crate::model::row_state::RowState;

/// What a source's record is. Each record lands in exactly one class.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Class {
    /// Source, ledger and API say the same.
    Matched,
    /// Repeats a record whose customer is matched.
    Duplicate,
    /// Answered for by a record of another run, which is matched.
    Corrected,
    /// A person decided that it stays as it is.
    Disposed,
    /// The ledger says that the customer is at the API, and the API does not have it.
    Missing,
    /// The API has the customer with other data.
    OtherData,
    /// The comparison with the API did not look at it.
    NotCompared,
    /// Rejected, refused, in conflict or unresolved, and nothing has cleared it.
    Failed,
    /// Not in a run yet, or waiting in one.
    NotSent,
    /// The source says something else than what was run.
    Changed,
    /// It was run, and the ledger lacks its row.
    NotInLedger,
}

impl Class {
    /// Every class, in the order of reports.
    pub const ALL: [Self; 11] = [
        Self::Matched,
        Self::Duplicate,
        Self::Corrected,
        Self::Disposed,
        Self::Missing,
        Self::OtherData,
        Self::NotCompared,
        Self::Failed,
        Self::NotSent,
        Self::Changed,
        Self::NotInLedger,
    ];

    /// The class's word in tables and JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Matched => "matched",
            Self::Duplicate => "duplicate",
            Self::Corrected => "corrected",
            Self::Disposed => "disposed",
            Self::Missing => "missing_at_api",
            Self::OtherData => "other_data_at_api",
            Self::NotCompared => "not_compared",
            Self::Failed => "failed",
            Self::NotSent => "not_yet_sent",
            Self::Changed => "changed_since",
            Self::NotInLedger => "not_in_ledger",
        }
    }

    /// What it means, for people.
    pub fn says(self) -> &'static str {
        match self {
            Self::Matched => "source, ledger and API say the same",
            Self::Duplicate => "repeats a customer who is matched",
            Self::Corrected => "a record of another run stands for it, and is at the API",
            Self::Disposed => "a person decided that it stays as it is",
            Self::Missing => "the ledger has it as created, and the API does not have it",
            Self::OtherData => "the API has the customer with other data",
            Self::NotCompared => "the comparison with the API did not look at it",
            Self::Failed => "rejected, refused, in conflict or unresolved",
            Self::NotSent => "not in a run yet, or waiting in one",
            Self::Changed => "the file says something else than what was run",
            Self::NotInLedger => "it was run, and the ledger lacks its row",
        }
    }

    /// Whether nothing is left to do for the record.
    pub fn is_answered(self) -> bool {
        matches!(self, Self::Matched | Self::Duplicate | Self::Corrected | Self::Disposed)
    }
}

/// How the ledger knows a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Known {
    /// No run has read it.
    Never,
    /// A run has read it, and its row is not there.
    Lost,
    /// It has a row.
    Row {
        /// Where the row stands. A duplicate stands where the row stands that it repeats: see `repeats`.
        state: RowState,
        /// Whether the row repeats another one, whose state this is.
        repeats: bool,
        /// Whether the source still says what was run, or what corrected it.
        same: bool,
    },
}

/// What cleared a row that somebody had to look at.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Settled {
    /// Nothing did.
    Open,
    /// A record of another run.
    Corrected,
    /// A person.
    Disposed,
}

/// What the API has for the customer of the row that answers for a record.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Api {
    /// It was not asked: what the ledger says that it confirmed counts.
    NotAsked,
    /// The same data.
    Same,
    /// No such customer.
    Absent,
    /// Other data.
    OtherData,
    /// It was asked, and not about this one.
    NotSeen,
}

/// Everything that decides a record's class.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Facts {
    /// How the ledger knows it.
    pub known: Known,
    /// What cleared it.
    pub settled: Settled,
    /// What the API has.
    pub api: Api,
}

/// The class of a record.
pub fn classify(facts: Facts) -> Class {
    use RowState as S;
    let Known::Row { state, repeats, same } = facts.known else {
        return if facts.known == Known::Lost {
            Class::NotInLedger
        } else {
            Class::NotSent
        };
    };
    if !same {
        return Class::Changed;
    }
    match (state, facts.settled) {
        (S::Created | S::Existing, _) => at_api(facts.api, if repeats { Class::Duplicate } else { Class::Matched }),
        // A duplicate for which no other row was found: nobody has sent its customer as far as the ledger knows.
        (S::Pending | S::InFlight | S::Duplicate, _) => Class::NotSent,
        (S::Rejected | S::Conflict | S::Refused | S::Unresolved, Settled::Corrected) => {
            at_api(facts.api, Class::Corrected)
        }
        (S::Rejected | S::Conflict | S::Refused | S::Unresolved, Settled::Disposed) => Class::Disposed,
        (S::Rejected | S::Conflict | S::Refused | S::Unresolved, Settled::Open) => Class::Failed,
    }
}

/// What the API makes of a row that the ledger has as being there.
fn at_api(api: Api, confirmed: Class) -> Class {
    match api {
        Api::NotAsked | Api::Same => confirmed,
        Api::Absent => Class::Missing,
        Api::OtherData => Class::OtherData,
        Api::NotSeen => Class::NotCompared,
    }
}

#[cfg(test)]
mod tests {
    use std::fmt::Write;

    use super::*;

    const APIS: [Api; 5] = [Api::NotAsked, Api::Same, Api::Absent, Api::OtherData, Api::NotSeen];

    /// The whole table: a line for each state, what cleared it and whether it repeats; a column for each answer of the API.
    #[test]
    fn the_whole_table_of_classes() {
        let mut table = format!("{:<24}", "");
        for api in APIS {
            write!(table, "{:<19}", format!("{api:?}")).unwrap();
        }
        let mut line = |name: &str, known: Known, settled: Settled| {
            write!(table, "\n{name:<24}").unwrap();
            for api in APIS {
                write!(table, "{:<19}", classify(Facts { known, settled, api }).word()).unwrap();
            }
        };
        line("never", Known::Never, Settled::Open);
        line("lost", Known::Lost, Settled::Open);
        for state in RowState::ALL {
            let row = |repeats, same| Known::Row { state, repeats, same };
            for settled in [Settled::Open, Settled::Corrected, Settled::Disposed] {
                line(&format!("{} {settled:?}", state.word()), row(false, true), settled);
            }
            line(&format!("{} repeated", state.word()), row(true, true), Settled::Open);
            line(&format!("{} changed", state.word()), row(false, false), Settled::Open);
        }
        insta::assert_snapshot!(table.lines().map(str::trim_end).collect::<Vec<_>>().join("\n"));
    }

    #[test]
    fn every_class_has_a_word_of_its_own_and_its_place() {
        for (index, class) in Class::ALL.into_iter().enumerate() {
            assert_eq!(class as usize, index);
        }
        let mut words: Vec<_> = Class::ALL.map(Class::word).into();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), Class::ALL.len());
    }
}
