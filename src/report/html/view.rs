//! What the page says in words: the title, the verdict, the facts of a run, and each exception.
//!
//! It escapes nothing, which the template does. It takes away what a page could be bent with: characters that control a
//! terminal or turn the direction of writing.

use crate::clock::rfc3339;
use crate::ledger::RunEntry;
use crate::model::figures::{counted, grouped};
use crate::model::row_state::RowState;
use crate::report::figures::exceptions::{ClearedBy, Exception, Place};
use crate::report::summary::{Report, Summary};

/// A text of others: a name of a file, a person or a service.
pub(super) fn plain(text: &str) -> String {
    let acts = |character: char| {
        character.is_control()
            || matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    text.chars()
        .map(|character| if acts(character) { '\u{fffd}' } else { character })
        .collect()
}

/// A moment as people write it, UTC.
pub(super) fn moment(at_ms: i64) -> String {
    rfc3339(at_ms).replacen('T', " ", 1).replacen('Z', " UTC", 1)
}

/// A length of time in one of the units that spans have.
pub(super) fn length(ms: i64) -> String {
    let (count, unit) = match ms {
        ..1000 => (ms, "millisecond"),
        1000..60_000 => (ms / 1000, "second"),
        60_000..3_600_000 => (ms / 60_000, "minute"),
        3_600_000..86_400_000 => (ms / 3_600_000, "hour"),
        86_400_000.. => (ms / 86_400_000, "day"),
    };
    match count {
        1 => unit.to_owned(),
        _ => format!("{count} {unit}s"),
    }
}

/// What a page is called.
pub(super) fn title(run: &RunEntry) -> String {
    match run.inputs.as_slice() {
        [input] => format!("Run {}: {}", run.run_id, plain(&input.name)),
        inputs => format!("Run {}: {}", run.run_id, counted(inputs.len() as u64, "file")),
    }
}

/// How it ended, in a sentence.
pub(super) struct Verdict {
    pub(super) class: &'static str,
    pub(super) says: String,
}

impl Verdict {
    pub(super) fn of(summary: &Summary) -> Self {
        let totals = &summary.balance.totals;
        if !summary.balance.adds_up() {
            return Self {
                class: "bad",
                says: format!(
                    "The control totals do not add up: {} read, and {} answered for.",
                    counted(summary.balance.records, "record"),
                    grouped(totals.rows())
                ),
            };
        }
        let begins = if summary.balance.complete {
            format!("All {} read are answered for", counted(totals.rows(), "record"))
        } else {
            format!(
                "The files are not read to their end yet; {} known so far",
                counted(totals.rows(), "record")
            )
        };
        let mut parts: Vec<String> = RowState::ALL
            .into_iter()
            .filter(|state| !state.needs_attention() && totals.of(*state) > 0)
            .map(|state| format!("{} {}", grouped(totals.of(state)), said(state)))
            .collect();
        match (summary.attention(), summary.cleared()) {
            (0, _) => parts.push("no exceptions".to_owned()),
            (all, 0) => parts.push(format!("{}, all open", counted(all, "exception"))),
            (all, cleared) if all == cleared => parts.push(format!("{}, all cleared since", counted(all, "exception"))),
            (all, cleared) => parts.push(format!(
                "{}, of which {} cleared since and {} open",
                counted(all, "exception"),
                grouped(cleared) + if cleared == 1 { " is" } else { " are" },
                grouped(all - cleared)
            )),
        }
        let is_good = summary.balance.complete && summary.open() == 0 && summary.to_fix() == 0;
        Self {
            class: if is_good { "good" } else { "attention" },
            says: format!("{begins}: {}.", parts.join(", ")),
        }
    }
}

fn said(state: RowState) -> String {
    state.word().replace('_', " ")
}

/// What was run, by whom, where and when.
pub(super) fn facts(report: &Report) -> Vec<(&'static str, String)> {
    let summary = &report.summary;
    let run = &summary.run;
    let status = match summary.stop_reason() {
        Some(reason) => format!("{} ({})", summary.status(), plain(reason)),
        None => summary.status().to_owned(),
    };
    let mut facts = vec![
        ("Status", status),
        ("Operation", plain(&run.operation)),
        ("Target", plain(&run.target)),
        ("Begun", moment(run.created_ms)),
        ("Ended", summary.ended_ms().map_or_else(|| "not yet".to_owned(), moment)),
        (
            "Begun by",
            summary.who().map_or_else(|| "not recorded".to_owned(), plain),
        ),
        ("Tool", format!("rollcall {}", plain(&run.tool_version))),
        ("Day of the run", plain(&run.today)),
        ("Configuration", run.config_digest.to_string()),
        ("Namespace of ids", run.namespace.to_string()),
    ];
    if let Some(corrected) = run.corrects {
        facts.push(("Corrects", format!("run {corrected}")));
    }
    if !report.corrected_by.is_empty() {
        let runs: Vec<String> = report.corrected_by.iter().map(|run| format!("run {run}")).collect();
        facts.push(("Corrected by", runs.join(", ")));
    }
    facts
}

/// An exception in the words of the page.
pub(super) struct ExceptionView {
    pub(super) file: String,
    pub(super) record: String,
    pub(super) line: String,
    pub(super) state: String,
    pub(super) causes: Vec<CauseView>,
    /// Requests and the answer, where it was sent.
    pub(super) answer: String,
    /// Whose words `detail` are.
    pub(super) detail_kind: &'static str,
    pub(super) detail: String,
    pub(super) standing: &'static str,
    pub(super) cleared: String,
}

/// A reason with what to do about it.
pub(super) struct CauseView {
    pub(super) code: String,
    pub(super) field: String,
    pub(super) advice: &'static str,
}

impl From<Exception> for ExceptionView {
    fn from(exception: Exception) -> Self {
        let causes = exception.causes.into_iter().map(|cause| CauseView {
            code: plain(&cause.code),
            field: plain(&cause.field.unwrap_or_default()),
            advice: cause.advice,
        });
        let (standing, cleared) = match exception.cleared_by {
            None => ("open", String::new()),
            Some(ClearedBy::Correction(place)) => ("corrected", by(&place)),
            Some(ClearedBy::LaterRun(place)) => ("brought by a later run", by(&place)),
            Some(ClearedBy::Person { who, at_ms, reason }) => (
                "disposed of",
                format!("{}, {}: {}", plain(&who), moment(at_ms), plain(&reason)),
            ),
        };
        Self {
            file: plain(&exception.file),
            record: grouped(exception.record),
            line: grouped(exception.line),
            state: said(exception.state),
            causes: causes.collect(),
            answer: answer(exception.attempts, exception.http_status),
            detail_kind: if exception.state == RowState::Conflict {
                "Differs"
            } else {
                "The API said"
            },
            detail: plain(&exception.detail.unwrap_or_default()),
            standing,
            cleared,
        }
    }
}

fn by(place: &Place) -> String {
    format!("run {}, record {}", place.run_id, grouped(place.record))
}

fn answer(attempts: u64, status: Option<u16>) -> String {
    match (attempts, status) {
        (0, _) => String::new(),
        (_, None) => format!("{}, no answer", counted(attempts, "request")),
        (_, Some(status)) => format!("{}, HTTP {status}", counted(attempts, "request")),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_and_moments_are_said_as_people_say_them() {
        for (ms, expected) in [
            (1, "millisecond"),
            (20, "20 milliseconds"),
            (1000, "second"),
            (900_000, "15 minutes"),
        ] {
            assert_eq!(length(ms), expected);
        }
        assert_eq!(moment(0), "1970-01-01 00:00:00 UTC");
        assert_eq!(plain("a\u{202e}b\u{1b}c"), "a\u{fffd}b\u{fffd}c");
    }
}
