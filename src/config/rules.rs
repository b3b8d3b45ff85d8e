//! `[rules]`: what a broken rule does, by its code.

use std::collections::BTreeMap;

use super::ConfigError;
use super::layers::{Layers, Origin};
use crate::model::rule::{Rule, Severities, Severity, Value};

/// Reads the table; a code that does not exist and a severity that a rule cannot have are errors.
pub(super) fn severities(layers: &Layers) -> Result<Severities, ConfigError> {
    let origin = layers.file.clone().map_or(Origin::Default, Origin::File);
    let mut changes = BTreeMap::new();
    for (code, word) in &layers.rules {
        let wrong = |problem: String| ConfigError::Value {
            key: format!("[rules] {code}"),
            origin: origin.clone(),
            problem,
        };
        if word.is_table() {
            return Err(wrong(format!("is a code without quotes; write \"{code}.…\" with them")));
        }
        let rule = Rule::from_code(code).ok_or_else(|| wrong(unknown(code)))?;
        let severity = word.as_str().and_then(Severity::from_word);
        let severity = severity.ok_or_else(|| wrong("must be \"error\", \"warning\" or \"note\"".to_owned()))?;
        if rule.text().value == Value::Lost && severity != Severity::Error {
            return Err(wrong(format!(
                "must be \"error\": a value that breaks it leaves nothing to send; `rollcall explain {code}` says why"
            )));
        }
        changes.insert(rule, severity);
    }
    Ok(Severities::with(changes))
}

fn unknown(code: &str) -> String {
    match super::nearest(code, Rule::ALL.iter().map(|rule| rule.code())) {
        Some(code) => format!("is the code of no rule; did you mean {code}?"),
        None => "is the code of no rule; `rollcall explain` lists them".to_owned(),
    }
}
