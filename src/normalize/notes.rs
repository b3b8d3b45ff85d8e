//! What is said about a value that can be sent all the same.
//!
//! A check gives `Err` where nothing is left to send, and a note where something is: whether a note rejects the record
//! is the rule's severity, which the configuration may change, and no concern of the check.

use crate::model::rule::{Rule, Severity};

/// Rules that a value broke, or by which it was repaired, while it still has a form that can be sent.
pub(super) type Notes = Vec<Rule>;

/// Whether a note rejects the record by its rule's own severity.
pub(super) fn has_error(notes: &Notes) -> bool {
    notes.iter().any(|rule| rule.text().severity == Severity::Error)
}

/// What a check comes to by the rules' own severities: for tests.
#[cfg(test)]
pub(super) fn verdict<'a>(result: Result<(), Rule>, notes: &Notes, to: &'a str) -> Result<&'a str, Rule> {
    let error = notes.iter().find(|rule| rule.text().severity == Severity::Error);
    error.map_or(result, |rule| Err(*rule)).map(|()| to)
}
