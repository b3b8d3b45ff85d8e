//! What is said of a record that was not created, to whoever corrects it.
//!
//! The words are those of the rules and of the reasons; this puts them into one cell.

use crate::model::reason::Reason;
use crate::model::rule::{Rule, Severity};

/// A rule that a record broke.
pub(super) struct Wrong<'a> {
    pub(super) code: &'a str,
    pub(super) severity: Severity,
    /// The column as the source names it, else the field.
    pub(super) place: &'a str,
}

/// Codes and sentences about one record.
#[derive(Debug, Default)]
pub(super) struct Messages {
    codes: Vec<String>,
    sentences: Vec<String>,
}

impl Messages {
    /// Adds a code with its sentence.
    pub(super) fn say(&mut self, code: &str, sentence: String) {
        self.codes.push(code.to_owned());
        self.sentences.push(sentence);
    }

    /// Adds what a rule says. A warning is marked, since it did not keep the record from being sent.
    pub(super) fn finding(&mut self, wrong: &Wrong<'_>) {
        let mild = if wrong.severity < Severity::Error {
            "warning: "
        } else {
            ""
        };
        let sentence = match Rule::from_code(wrong.code) {
            Some(rule) => format!("{mild}{} {}: {}", wrong.place, rule.text().says, rule.text().advice),
            // A ledger of another version.
            None => format!("{mild}{} {}", wrong.place, wrong.code),
        };
        self.say(wrong.code, sentence);
    }

    /// Adds why a row ended as it did, `more` about that, and what to do: what the reason advises, or something nearer.
    pub(super) fn reason(&mut self, code: &str, more: &str, nearer: Option<&str>) {
        let sentence = match Reason::from_code(code) {
            Some(reason) => format!("{}{more}: {}", reason.says, nearer.unwrap_or(reason.advice)),
            None => format!("{code}{more}"),
        };
        self.say(code, sentence);
    }

    /// The codes, separated by spaces.
    pub(super) fn codes(&self) -> String {
        self.codes.join(" ")
    }

    /// The sentences.
    pub(super) fn text(&self) -> String {
        self.sentences.join("; ")
    }
}
