//! `rollcall validate`: check files and send nothing.

use std::cmp::Reverse;
use std::io::{BufWriter, Write};
use std::sync::Arc;

use anyhow::{Context, Result};
use serde_json::json;
use tokio::time::Instant;

use super::next::{argument, free};
use crate::cli::args::{Format, ValidateArgs};
use crate::cli::diagnostics::say;
use crate::cli::display;
use crate::cli::exit::Exit;
use crate::cli::interrupt;
use crate::clock;
use crate::config::resolve;
use crate::model::field::FieldId;
use crate::model::finding::Finding;
use crate::model::mapping::Mapping;
use crate::model::row_state::RowState;
use crate::model::rule::Severity;
use crate::pipeline::{self, Inputs, Judged, Judgment, Outputs, PipelineError, Progress, Validation};
use crate::read;
use crate::report::{counted, grouped, read_text};
use crate::send::Stop;

pub(in crate::cli) fn run(args: &ValidateArgs) -> Result<Exit> {
    let settings = resolve(&super::layers(&args.config)?)?;
    // Only what cannot be read twice leaves a trace, and that until the end.
    let files = read::expand(&args.files)?;
    if files.iter().any(|file| !file.is_file()) {
        super::make_data_dir(&settings)?;
    }
    let inputs = Inputs::open(&files, &settings)?;
    super::show_inputs(&inputs);
    let mut outputs = Outputs::create(args.accepted.as_deref(), args.rejects.as_deref(), &files)?;
    let mut out = BufWriter::new(super::results());
    let progress = Arc::new(Progress::default());
    let display = display::show(&progress);
    let begun = Instant::now();
    let (runtime, stop) = (interrupt::runtime()?, Stop::new());
    interrupt::watch(
        &runtime,
        &stop,
        "\nstopping: the files that were asked for are not written\n",
    );
    let validation = pipeline::validate(
        &inputs,
        &settings,
        clock::today(),
        outputs.payloads(),
        &progress,
        |judged| {
            if stop.is_requested() {
                return Err(PipelineError::Interrupted);
            }
            outputs.write(&judged)?;
            let shown = match args.format {
                Format::Human => show(&mut out, &judged),
                Format::Json => show_json(&mut out, &judged),
            };
            shown.map_err(|source| PipelineError::Output {
                path: "standard output".to_owned(),
                source,
            })
        },
    );
    drop(display);
    let validation = validation?;
    super::show_notices(&progress);
    outputs.finish()?;
    match args.format {
        Format::Human => write_summary(&mut out, &inputs, &validation)?,
        Format::Json => writeln!(out, "{}", summary_json(&inputs, &validation))?,
    }
    out.flush().context("cannot write the result")?;
    say_speed(&validation, begun.elapsed());
    let attention = validation.totals.count(RowState::needs_attention);
    if attention == 0 {
        return Ok(Exit::Success);
    }
    say(&format!("hint: {}\n", next(args)));
    Ok(Exit::Attention)
}

/// What to type next where records are to be looked at.
fn next(args: &ValidateArgs) -> String {
    let config = super::config_flags(&args.config);
    if let Some(rejects) = &args.rejects {
        let file = super::typed(rejects);
        return format!("correct the cells, then type rollcall validate {file}{config}");
    }
    let files: Vec<String> = args.files.iter().map(|file| argument(file)).collect();
    let (files, rejects) = (files.join(" "), free("to-fix"));
    format!("rollcall validate {files} --rejects {}{config}", super::typed(&rejects))
}

/// A line for each finding: place, field, code, shape of the value, what is wrong and what to do.
fn show(out: &mut impl Write, judged: &Judged<'_>) -> std::io::Result<()> {
    let place = format!(
        "{}:{}: record {}",
        judged.input.source.name(),
        judged.position.line,
        judged.position.record
    );
    match &judged.judgment {
        Judgment::Accepted(_) | Judgment::Rejected(_) => {}
        Judgment::Duplicate(_, earlier) => writeln!(
            out,
            "{place}: duplicate: same customer, same data as record {} of {}",
            earlier.record, earlier.name
        )?,
        Judgment::Conflict(_, earlier) => writeln!(
            out,
            "{place}: conflict: same customer id, other data than record {} of {}",
            earlier.record, earlier.name
        )?,
    }
    // A note needs nobody to do anything; the summary counts it.
    let worth_a_line = |finding: &&Finding| finding.severity > Severity::Note;
    judged
        .judgment
        .findings()
        .iter()
        .filter(worth_a_line)
        .try_for_each(|finding| {
            let severity = match finding.severity {
                Severity::Error => "",
                Severity::Warning | Severity::Note => "warning: ",
            };
            writeln!(out, "{place}: {severity}{}", sentence(finding, &judged.input.mapping))
        })
}

/// A finding in a line: code, field, column, shape of the value, what is wrong and what to do.
fn sentence(finding: &Finding, mapping: &Mapping) -> String {
    let text = finding.rule.text();
    let is_constant = mapping.constants.iter().any(|(id, _)| Some(*id) == finding.field);
    let column = match finding.column_name(mapping) {
        Some(name) => format!(" (column {})", name.escape_debug()),
        None if is_constant => " (constant in [columns])".to_owned(),
        None => String::new(),
    };
    let preview = finding.preview.as_str();
    let preview = if preview.is_empty() {
        String::new()
    } else {
        format!(" [{preview}]")
    };
    let field = finding.field_path();
    format!("{}: {field}{column}{preview} {}; {}", text.code, text.says, text.advice)
}

fn show_json(out: &mut impl Write, judged: &Judged<'_>) -> std::io::Result<()> {
    let place = |mut value: serde_json::Value| {
        if let Some(object) = value.as_object_mut() {
            object.insert("file".to_owned(), json!(judged.input.source.name()));
            object.insert("record".to_owned(), json!(judged.position.record));
            object.insert("line".to_owned(), json!(judged.position.line));
            object.insert("byte".to_owned(), json!(judged.position.byte));
        }
        value
    };
    let mapping = &judged.input.mapping;
    let findings = judged.judgment.findings().iter();
    let findings: Vec<_> = findings.map(|finding| finding_json(finding, mapping)).collect();
    let event = match &judged.judgment {
        Judgment::Accepted(_) if findings.is_empty() => return Ok(()),
        Judgment::Accepted(_) => json!({ "state": "accepted", "findings": findings }),
        Judgment::Duplicate(_, earlier) | Judgment::Conflict(_, earlier) => json!({
            "state": judged.judgment.state().word(),
            "earlier": { "file": earlier.name, "record": earlier.record },
            "findings": findings,
        }),
        Judgment::Rejected(_) => json!({ "state": "rejected", "findings": findings }),
    };
    writeln!(out, "{}", place(event))
}

fn finding_json(finding: &Finding, mapping: &Mapping) -> serde_json::Value {
    let text = finding.rule.text();
    json!({
        "code": text.code,
        "severity": finding.severity.word(),
        "field": finding.field.map(FieldId::path),
        "column": finding.column_name(mapping),
        "shape": finding.preview.as_str(),
        "message": text.says,
        "advice": text.advice,
    })
}

fn write_summary(out: &mut impl Write, inputs: &Inputs, validation: &Validation) -> std::io::Result<()> {
    let is_line = |(severity, _): &(Severity, _)| *severity > Severity::Note;
    if validation.totals.count(RowState::needs_attention) > 0 || validation.findings.keys().any(is_line) {
        writeln!(out)?;
    }
    for (input, tally) in inputs.iter().zip(&validation.inputs) {
        writeln!(out, "{}: {}", input.source.name(), read_text(&pipeline::totals(tally)))?;
    }
    let totals = &validation.totals;
    for (word, state) in [
        ("accepted", RowState::Pending),
        ("rejected", RowState::Rejected),
        ("duplicate", RowState::Duplicate),
        ("conflict", RowState::Conflict),
    ] {
        writeln!(out, "  {word:<30}{:>12}", grouped(totals.of(state)))?;
    }
    let mut rules: Vec<_> = validation.findings.iter().collect();
    rules.sort_by_key(|((severity, rule), count)| (Reverse(*severity), Reverse(**count), *rule));
    for ((severity, rule), count) in rules {
        let severity = match severity {
            Severity::Error => "",
            Severity::Warning | Severity::Note => severity.word(),
        };
        let line = format!("    {:<28}{:>12}  {severity}", rule.code(), grouped(*count));
        writeln!(out, "{}", line.trim_end())?;
    }
    Ok(())
}

fn summary_json(inputs: &Inputs, validation: &Validation) -> serde_json::Value {
    let totals = &validation.totals;
    let files: Vec<_> = inputs
        .iter()
        .zip(&validation.inputs)
        .map(|(input, tally)| {
            json!({
                "name": input.source.name(),
                "records": tally.records,
                "lines": tally.lines,
                "record_lines": tally.record_lines,
                "first_header_lines": tally.first_header_lines,
                "blank_lines": tally.blank_lines,
                "separator_lines": tally.separator_lines,
                "header_lines": tally.header_lines,
                "trailer_lines": tally.trailer_lines,
            })
        })
        .collect();
    json!({
        "summary": {
            "files": files,
            "records": totals.rows(),
            "accepted": totals.of(RowState::Pending),
            "rejected": totals.of(RowState::Rejected),
            "duplicate": totals.of(RowState::Duplicate),
            "conflict": totals.of(RowState::Conflict),
            "findings": validation.findings.iter().rev().map(|((severity, rule), count)| {
                json!({ "code": rule.code(), "severity": severity.word(), "count": count })
            }).collect::<Vec<_>>(),
        }
    })
}

fn say_speed(validation: &Validation, elapsed: std::time::Duration) {
    let milliseconds = u64::try_from(elapsed.as_millis()).unwrap_or(u64::MAX).max(1);
    let records = validation.totals.rows();
    let speed = records.saturating_mul(1000) / milliseconds;
    say(&format!(
        "checked {} in {elapsed:.1?}: {} rows/s\n",
        counted(records, "record"),
        grouped(speed)
    ));
}
