//! From names and profiles of columns to a proposal for a configuration: what is sure, and what is a question.
//!
//! Sure is what the name says and the values do not contradict, or what the values prove alone. Everything else is a
//! question with its alternatives. It reads no file, and no value of a customer is part of a proposal: names of columns and
//! the words of short lists are.

mod columns;
mod customer_type;
mod dates;
mod dictionary;
mod evidence;
mod fold;
mod items;
mod region;
mod settings;
mod unclear;
mod words;
mod write;

use std::collections::BTreeMap;

use crate::model::field::FieldId;
use crate::model::figures::counted;
use crate::profile::Column;
pub use write::{Letter, written};

/// How sure a candidate is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum Confidence {
    /// The values contradict the name, or there is only a faint likeness.
    Maybe,
    /// It is right more often than not.
    Likely,
    /// It is written without a question.
    Sure,
}

impl Confidence {
    /// The word that a configuration shows.
    pub fn word(self) -> &'static str {
        match self {
            Self::Maybe => "maybe",
            Self::Likely => "likely",
            Self::Sure => "sure",
        }
    }
}

/// What was seen of a source.
#[derive(Clone, Copy)]
pub struct Seen<'a> {
    /// The names of the columns.
    pub header: &'a [String],
    /// What their values look like, in the same order.
    pub columns: &'a [Column],
    /// Records that were looked at.
    pub records: u64,
    /// Records with another number of fields than the header.
    pub uneven: u64,
    /// Whether there are no more.
    pub is_whole: bool,
    /// What separates fields.
    pub delimiter: u8,
    /// The likely encodings with what they would read, masked; empty for UTF-8 and what a byte order mark says.
    pub encodings: &'a [(String, String)],
    /// Whether the first encoding is the only plausible one.
    pub encoding_is_sure: bool,
    /// The first field of the last record and the number of a field that counts the records, where it looks like a
    /// trailer.
    pub trailer: Option<(&'a str, usize)>,
    /// The word of a field's closed list that a text is without any synonym.
    pub word: fn(FieldId, &str) -> Option<&'static str>,
}

impl Seen<'_> {
    /// Whether a column is known to hold nothing: there are records, all were looked at, and none has it filled.
    fn is_empty(&self, column: &Column) -> bool {
        self.is_whole && self.records > 0 && column.filled == 0
    }

    /// Why a column that is empty is left out.
    fn empty(&self) -> String {
        format!("empty in all {}", counted(self.records, "record"))
    }
}

/// Asks for words of closed lists.
pub(crate) struct Words {
    word: fn(FieldId, &str) -> Option<&'static str>,
}

impl Words {
    /// Whether every item of a cell is a word of the field's list.
    fn known(&self, id: FieldId, text: &str) -> bool {
        items(id, text).all(|item| (self.word)(id, item).is_some())
    }
}

/// The items of a cell: several where the field holds a list.
fn items(id: FieldId, text: &str) -> impl Iterator<Item = &str> {
    let is_list = id.field().kind.is_list();
    let parts = text.split(move |character| is_list && matches!(character, ';' | '|'));
    parts.map(str::trim).filter(|item| !item.is_empty())
}

/// A line of configuration.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Line {
    /// The key, as TOML.
    pub key: String,
    /// The value, as TOML.
    pub value: String,
    /// Why it is so, for the comment beside it.
    pub why: String,
}

/// A line that is sure, or a question with its lines to choose from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Item {
    /// What is to be decided; `None` if the lines are sure.
    pub question: Option<String>,
    /// The lines.
    pub lines: Vec<Line>,
}

impl Item {
    fn sure(line: Line) -> Self {
        let lines = vec![line];
        Self { question: None, lines }
    }

    fn question(question: impl Into<String>, lines: Vec<Line>) -> Self {
        let question = Some(question.into());
        Self { question, lines }
    }
}

/// A configuration that is proposed, in its order.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Proposal {
    /// `[input]`
    pub input: Vec<Item>,
    /// `[columns]`
    pub columns: Vec<Item>,
    /// `[columns.constants]`
    pub constants: Vec<Item>,
    /// `[synonyms.…]`, by field.
    pub synonyms: BTreeMap<FieldId, Vec<Item>>,
    /// How many names of columns the dictionary knows: none is a sign of a file without a header.
    pub known_names: usize,
}

impl Proposal {
    fn items(&self) -> impl Iterator<Item = &Item> {
        let synonyms = self.synonyms.values().flatten();
        self.input
            .iter()
            .chain(&self.columns)
            .chain(&self.constants)
            .chain(synonyms)
    }

    /// How many questions are left to people.
    pub fn questions(&self) -> usize {
        self.items().filter(|item| item.question.is_some()).count()
    }

    /// How many of the questions only another header of the file answers.
    pub fn unnameable(&self) -> usize {
        self.items().filter(|item| item.lines.is_empty()).count()
    }

    /// How many columns are mapped and how many left out, for sure.
    pub fn sure_columns(&self) -> (usize, usize) {
        let sure = self.columns.iter().filter(|item| item.question.is_none());
        let lines: Vec<_> = sure.flat_map(|item| &item.lines).collect();
        let left_out = lines.iter().filter(|line| line.value == items::IGNORE).count();
        (lines.len() - left_out, left_out)
    }
}

/// Proposes a configuration.
pub fn propose(seen: &Seen<'_>) -> Proposal {
    let words = Words { word: seen.word };
    let chosen = columns::choose(seen, &words);
    Proposal {
        input: settings::input(seen, &chosen),
        constants: customer_type::constants(seen, &chosen),
        synonyms: words::synonyms(seen, &chosen, &words),
        known_names: chosen.known_names,
        columns: chosen.items,
    }
}
