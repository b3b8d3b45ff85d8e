//! What was run, by whom, where and when.
//!
//! It judges nothing, and says of a customer nothing at all.

use super::{Cell, Value, count, figure, text, word};
use crate::report::summary::Report;

/// A fact about a run, with what it is called.
pub(in crate::report) struct Fact {
    pub(in crate::report) label: &'static str,
    pub(in crate::report) value: Cell,
}

pub(in crate::report) fn facts(report: &Report) -> Vec<Fact> {
    let summary = &report.summary;
    let run = &summary.run;
    let moment = |name: &str, at_ms| figure(name, Value::Moment(at_ms), "");
    let ended = summary.ended_ms();
    let mut facts = vec![
        (
            "Run",
            count("run.id", u64::try_from(run.run_id).unwrap_or_default(), ""),
        ),
        ("Status", word("run.status", summary.status())),
        ("Operation", word("run.operation", &run.operation)),
        ("Target", word("run.target", &run.target)),
        ("Begun", moment("run.begun", run.created_ms)),
        (
            "Ended",
            ended.map_or_else(|| text("not yet"), |at_ms| moment("run.ended", at_ms)),
        ),
        (
            "Begun by",
            summary
                .who()
                .map_or_else(|| text("not recorded"), |who| word("run.who", who)),
        ),
        ("Tool", word("run.tool", format!("rollcall {}", run.tool_version))),
        ("Day of the run", word("run.day", &run.today)),
        (
            "Configuration",
            word("run.config_digest", run.config_digest.to_string()),
        ),
        ("Namespace of ids", word("run.namespace", run.namespace.to_string())),
    ];
    if let Some(reason) = summary.stop_reason() {
        facts.insert(2, ("Reason", word("run.reason", reason)));
    }
    if let Some(corrected) = run.corrects {
        facts.push(("Corrects run", word("run.corrects", corrected.to_string())));
    }
    if !report.corrected_by.is_empty() {
        let runs: Vec<String> = report.corrected_by.iter().map(ToString::to_string).collect();
        facts.push(("Corrected by run", word("run.corrected_by", runs.join(", "))));
    }
    let facts = facts.into_iter();
    facts.map(|(label, value)| Fact { label, value }).collect()
}
