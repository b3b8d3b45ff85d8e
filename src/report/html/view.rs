//! What the page says in words: the title, and each exception.
//!
//! It escapes nothing, which the template does.

use super::{Markup, sentence};
use crate::ledger::RunEntry;
use crate::model::figures::counted;
use crate::model::row_state::RowState;
use crate::report::figures::exceptions::{ClearedBy, Exception, Place, Standing};
use crate::report::tables::{Cell, Value, count, figure, said, text};
use crate::report::words::plain;

/// What a page is called.
pub(super) fn title(run: &RunEntry) -> String {
    match run.inputs.as_slice() {
        [input] => format!("Run {}: {}", run.run_id, plain(&input.name)),
        inputs => format!("Run {}: {}", run.run_id, counted(inputs.len() as u64, "file")),
    }
}

/// An exception in the words of the page; every number of it is a figure.
pub(super) struct ExceptionView {
    pub(super) file: String,
    pub(super) record: Markup,
    pub(super) line: Markup,
    pub(super) state: Markup,
    pub(super) causes: Vec<CauseView>,
    /// Requests and the answer, where it was sent.
    pub(super) answer: Markup,
    /// Whose words `detail` are.
    pub(super) detail_kind: &'static str,
    pub(super) detail: String,
    pub(super) standing: Markup,
    pub(super) cleared: Markup,
}

/// A reason with what to do about it.
pub(super) struct CauseView {
    pub(super) code: String,
    pub(super) field: String,
    pub(super) advice: &'static str,
}

impl ExceptionView {
    pub(super) fn of(exception: Exception) -> Result<Self, askama::Error> {
        let name = format!("exception.{}.{}", exception.input, exception.record);
        let causes = exception.causes.into_iter().map(|cause| CauseView {
            code: plain(&cause.code),
            field: plain(&cause.field.unwrap_or_default()),
            advice: cause.advice,
        });
        let named = |what: &str, value| sentence(&[figure(format!("{name}.{what}"), value, "")]);
        let word = |text: &str| Value::Text(text.to_owned());
        let by = exception.cleared_by.as_ref();
        Ok(Self {
            file: plain(&exception.file),
            record: named("record", Value::Count(exception.record))?,
            line: named("line", Value::Count(exception.line))?,
            state: named("state", word(&said(exception.state)))?,
            causes: causes.collect(),
            answer: sentence(&answer(&name, exception.attempts, exception.http_status))?,
            detail_kind: if exception.state == RowState::Conflict {
                "Differs"
            } else {
                "The API said"
            },
            detail: plain(&exception.detail.unwrap_or_default()),
            standing: named("standing", word(standing(by)))?,
            cleared: sentence(&by.map(|by| cleared(&name, by)).unwrap_or_default())?,
        })
    }
}

fn standing(cleared_by: Option<&ClearedBy>) -> &'static str {
    match cleared_by.map_or(Standing::Open, Standing::of) {
        Standing::Open => "open",
        Standing::Corrected => "corrected",
        Standing::LaterRun => "brought by a later run",
        Standing::Disposed => "disposed of",
    }
}

fn cleared(name: &str, by: &ClearedBy) -> Vec<Cell> {
    let at = |place: &Place| {
        vec![
            text("run "),
            count(
                format!("{name}.by_run"),
                u64::try_from(place.run_id).unwrap_or_default(),
                "",
            ),
            text(", record "),
            count(format!("{name}.by_record"), place.record, ""),
        ]
    };
    match by {
        ClearedBy::Correction(place) | ClearedBy::LaterRun(place) => at(place),
        ClearedBy::Person { who, at_ms, reason } => vec![
            figure(format!("{name}.by"), Value::Text(who.clone()), ""),
            text(", "),
            figure(format!("{name}.by_at"), Value::Moment(*at_ms), ""),
            text(format!(": {}", plain(reason))),
        ],
    }
}

fn answer(name: &str, attempts: u64, status: Option<u16>) -> Vec<Cell> {
    if attempts == 0 {
        return Vec::new();
    }
    let mut says = vec![
        count(format!("{name}.requests"), attempts, "requests"),
        text(if attempts == 1 { " request, " } else { " requests, " }),
    ];
    match status {
        None => says.push(text("no answer")),
        Some(status) => says.extend([
            // One word with its number, wherever the line ends.
            text("HTTP\u{a0}"),
            count(format!("{name}.http_status"), u64::from(status), ""),
        ]),
    }
    says
}
