//! A run, or all of them, for people at a terminal, in short; `terminal` has every figure.

use std::fmt::Write;

use super::summary::Summary;
use crate::clock::rfc3339;
use crate::ledger::InputTotals;
pub use crate::model::figures::{counted, grouped};
use crate::model::row_state::RowState;
use crate::model::rule::Severity;

/// What was read of a source: records and blank lines always, all else where there is some.
pub fn read_text(totals: &InputTotals) -> String {
    let mut text = format!(
        "{}, {}",
        counted(totals.records, "record"),
        counted(totals.blank_lines, "blank line")
    );
    for (count, thing) in [
        (totals.separator_lines, "line of separators", "lines of separators"),
        (
            totals.header_lines,
            "line of repeated headers",
            "lines of repeated headers",
        ),
        (totals.trailer_lines, "trailer line", "trailer lines"),
    ]
    .into_iter()
    .filter_map(|(count, one, many)| (count > 0).then_some((count, if count == 1 { one } else { many })))
    {
        text.push_str(&format!(", {} {thing}", grouped(count)));
    }
    text
}

/// A run with its sources, control totals and reasons.
pub fn run_text(summary: &Summary) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    write_run(&mut text, summary)?;
    Ok(text)
}

fn write_run(text: &mut String, summary: &Summary) -> std::fmt::Result {
    let run = &summary.run;
    write!(text, "run {}: {}", run.run_id, summary.status())?;
    match summary.stop_reason() {
        Some(reason) => writeln!(text, " ({reason})")?,
        None => writeln!(text)?,
    }
    write!(
        text,
        "  begun   {} with rollcall {}",
        rfc3339(run.created_ms),
        run.tool_version
    )?;
    match summary.who() {
        Some(who) => writeln!(text, " by {who}")?,
        None => writeln!(text)?,
    }
    if let Some(corrected) = run.corrects {
        writeln!(text, "  corrects run {corrected}")?;
    }
    if let Some(last) = run.events.last() {
        writeln!(text, "  last    {}: {}", rfc3339(last.at_ms), last.kind)?;
    }
    writeln!(text, "  target  {}", run.target)?;
    for input in &run.inputs {
        write!(text, "  input   {}, {}", input.name, counted(input.bytes, "byte"))?;
        match input.totals {
            Some(totals) => writeln!(text, ", {}", read_text(&totals))?,
            None => writeln!(text, ", not read to its end yet")?,
        }
        writeln!(text, "          sha256 {}", input.digest)?;
    }
    writeln!(text)?;
    write_totals(text, summary)?;
    write_reasons(text, summary)
}

fn write_totals(text: &mut String, summary: &Summary) -> std::fmt::Result {
    let balance = &summary.balance;
    for state in RowState::ALL {
        writeln!(text, "  {:<12}{:>12}", state.word(), grouped(balance.totals.of(state)))?;
    }
    writeln!(text, "  {}", "-".repeat(24))?;
    let verdict = match (balance.complete, balance.adds_up()) {
        (false, _) => "not read to the end yet".to_owned(),
        (true, true) => "every record read is answered for".to_owned(),
        (true, false) => format!("OUT OF BALANCE: {} read", counted(balance.records, "record")),
    };
    writeln!(
        text,
        "  {:<12}{:>12}  {verdict}",
        "in all",
        grouped(balance.totals.rows())
    )?;
    writeln!(text, "  {:<12}{:>12}", "requests", grouped(summary.attempts))
}

fn write_reasons(text: &mut String, summary: &Summary) -> std::fmt::Result {
    for (severity, title) in [
        (Severity::Error, "findings in rejected records"),
        (Severity::Warning, "warnings"),
        (Severity::Note, "notes: repairs, and what was lowered to a note"),
    ] {
        let mut findings = summary
            .findings
            .iter()
            .filter(|finding| finding.severity == severity)
            .peekable();
        if findings.peek().is_some() {
            writeln!(text, "\n  {title}")?;
        }
        for finding in findings {
            let field = finding.field.as_deref().unwrap_or("(record)");
            writeln!(text, "  {:>8}  {:<28}{field}", grouped(finding.count), finding.code)?;
        }
    }
    if !summary.reasons.is_empty() {
        writeln!(text, "\n  reasons")?;
    }
    for ((state, code), count) in &summary.reasons {
        writeln!(text, "  {:>8}  {:<28}{}", grouped(*count), code, state.word())?;
    }
    Ok(())
}

/// All runs, a line each, oldest first.
pub fn runs_text(summaries: &[Summary]) -> Result<String, std::fmt::Error> {
    let mut text = String::new();
    write_runs(&mut text, summaries)?;
    Ok(text)
}

fn write_runs(text: &mut String, summaries: &[Summary]) -> std::fmt::Result {
    // A column more only where it says something.
    let any_cleared = summaries.iter().any(|summary| summary.cleared() > 0);
    let cleared = |count: &str| {
        if any_cleared {
            format!("{count:>10}")
        } else {
            String::new()
        }
    };
    writeln!(
        text,
        "{:>4}  {:<20}  {:<14}{:>12}{:>12}{:>10}{:>10}{}  input",
        "run",
        "begun",
        "status",
        "records",
        "done",
        "open",
        "to fix",
        cleared("fixed")
    )?;
    for summary in summaries {
        let names: Vec<&str> = summary.run.inputs.iter().map(|input| input.name.as_str()).collect();
        writeln!(
            text,
            "{:>4}  {:<20}  {:<14}{:>12}{:>12}{:>10}{:>10}{}  {}",
            summary.run.run_id,
            rfc3339(summary.run.created_ms),
            summary.status(),
            grouped(summary.balance.totals.rows()),
            grouped(summary.done()),
            grouped(summary.open()),
            grouped(summary.to_fix()),
            cleared(&grouped(summary.cleared())),
            names.join(", ")
        )?;
    }
    Ok(())
}

/// A run in one line, for mail or chat: how it stands and every state that has rows.
pub fn run_line(summary: &Summary) -> String {
    let states = RowState::ALL.into_iter().filter_map(|state| {
        let count = summary.balance.totals.of(state);
        (count > 0).then(|| format!("{} {}", grouped(count), state.word().replace('_', " ")))
    });
    let states: Vec<String> = states.collect();
    let states = if states.is_empty() {
        "nothing".to_owned()
    } else {
        states.join(", ")
    };
    let of = if summary.balance.complete {
        format!(" of {}", counted(summary.balance.records, "record"))
    } else {
        ", not read to the end yet,".to_owned()
    };
    let reason = summary
        .stop_reason()
        .map(|reason| format!(" ({reason})"))
        .unwrap_or_default();
    let names: Vec<&str> = summary.run.inputs.iter().map(|input| input.name.as_str()).collect();
    let cleared = match summary.cleared() {
        0 => String::new(),
        count => format!("; {} cleared since", grouped(count)),
    };
    format!(
        "rollcall run {} {}{reason}: {states}{of} in {}{cleared}",
        summary.run.run_id,
        summary.status(),
        names.join(", ")
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn thousands_stand_apart() {
        for (number, expected) in [(0, "0"), (999, "999"), (1000, "1,000"), (1_234_567, "1,234,567")] {
            assert_eq!(grouped(number), expected);
        }
        assert_eq!(counted(1, "record"), "1 record");
        assert_eq!(counted(2000, "record"), "2,000 records");
    }
}
