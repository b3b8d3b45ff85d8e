//! `rollcall validate`: check files and send nothing.

use std::io::{BufWriter, Write};
use std::sync::Arc;

use anyhow::{Context, Result};
use serde_json::json;
use tokio::time::Instant;

use crate::cli::args::{Format, ValidateArgs};
use crate::cli::diagnostics::say;
use crate::cli::display::Display;
use crate::cli::exit::Exit;
use crate::cli::interrupt;
use crate::clock;
use crate::config::resolve;
use crate::model::row_state::RowState;
use crate::pipeline::{self, Inputs, Judged, Judgment, Outputs, PipelineError, Progress, Validation};
use crate::report::{counted, grouped};
use crate::send::Stop;

pub(in crate::cli) fn run(args: &ValidateArgs) -> Result<Exit> {
    let settings = resolve(&super::layers(&args.config)?)?;
    // Only what cannot be read twice leaves a trace, and that until the end.
    if args.files.iter().any(|file| !file.is_file()) {
        super::make_data_dir(&settings)?;
    }
    let inputs = Inputs::open(&args.files, &settings)?;
    super::show_inputs(&inputs);
    let mut outputs = Outputs::create(args.accepted.as_deref(), args.rejects.as_deref(), &args.files)?;
    let mut out = BufWriter::new(super::results());
    let progress = Arc::new(Progress::default());
    let display = Display::start(&progress);
    let begun = Instant::now();
    let (runtime, stop) = (interrupt::runtime()?, Stop::new());
    interrupt::watch(
        &runtime,
        &stop,
        "\nstopping: the files that were asked for are not written\n",
    );
    let validation = pipeline::validate(&inputs, &settings, clock::today(), &progress, |judged| {
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
    });
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
    Ok(if attention == 0 { Exit::Success } else { Exit::Attention })
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
        Judgment::Accepted(_) => Ok(()),
        Judgment::Duplicate(_, earlier) => {
            writeln!(
                out,
                "{place}: duplicate: same customer, same data as record {} of {}",
                earlier.record, earlier.name
            )
        }
        Judgment::Conflict(_, earlier) => {
            writeln!(
                out,
                "{place}: conflict: same customer id, other data than record {} of {}",
                earlier.record, earlier.name
            )
        }
        Judgment::Rejected(reject) => reject.findings.iter().try_for_each(|finding| {
            let text = finding.rule.text();
            let field = finding.field.map_or("the record", |field| field.path());
            let column = finding.column.and_then(|column| judged.input.mapping.names.get(column));
            let is_constant = |field| judged.input.mapping.constants.iter().any(|(id, _)| Some(*id) == field);
            let column = match column {
                Some(name) => format!(" (column {})", name.escape_debug()),
                None if is_constant(finding.field) => " (constant in [columns])".to_owned(),
                None => String::new(),
            };
            let preview = finding.preview.as_str();
            let preview = if preview.is_empty() {
                String::new()
            } else {
                format!(" [{preview}]")
            };
            writeln!(
                out,
                "{place}: {}: {field}{column}{preview} {}; {}",
                text.code, text.says, text.advice
            )
        }),
    }
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
    let event = match &judged.judgment {
        Judgment::Accepted(_) => return Ok(()),
        Judgment::Duplicate(_, earlier) | Judgment::Conflict(_, earlier) => json!({
            "state": judged.judgment.state().word(),
            "earlier": { "file": earlier.name, "record": earlier.record },
        }),
        Judgment::Rejected(reject) => {
            let findings: Vec<_> = reject
                .findings
                .iter()
                .map(|finding| {
                    json!({
                        "code": finding.rule.code(),
                        "field": finding.field.map(crate::model::field::FieldId::path),
                        "column": finding.column.and_then(|column| judged.input.mapping.names.get(column)),
                        "shape": finding.preview.as_str(),
                        "message": finding.rule.text().says,
                        "advice": finding.rule.text().advice,
                    })
                })
                .collect();
            json!({ "state": "rejected", "findings": findings })
        }
    };
    writeln!(out, "{}", place(event))
}

fn write_summary(out: &mut impl Write, inputs: &Inputs, validation: &Validation) -> std::io::Result<()> {
    if validation.totals.count(RowState::needs_attention) > 0 {
        writeln!(out)?;
    }
    for (input, tally) in inputs.iter().zip(&validation.inputs) {
        writeln!(
            out,
            "{}: {}, {}",
            input.source.name(),
            counted(tally.records, "record"),
            counted(tally.blank_lines, "blank line")
        )?;
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
    rules.sort_by_key(|(rule, count)| (std::cmp::Reverse(**count), **rule));
    for (rule, count) in rules {
        writeln!(out, "    {:<28}{:>12}", rule.code(), grouped(*count))?;
    }
    Ok(())
}

fn summary_json(inputs: &Inputs, validation: &Validation) -> serde_json::Value {
    let totals = &validation.totals;
    let files: Vec<_> = inputs
        .iter()
        .zip(&validation.inputs)
        .map(|(input, tally)| {
            json!({ "name": input.source.name(), "records": tally.records, "blank_lines": tally.blank_lines })
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
            "findings": validation.findings.iter().map(|(rule, count)| (rule.code().to_owned(), json!(count))).collect::<serde_json::Map<_, _>>(),
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
