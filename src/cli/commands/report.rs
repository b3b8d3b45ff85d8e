//! `rollcall report`: a run from the ledger.

use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::{Context, Result};

use super::next::Next;
use super::status::{goes_on, next_of};
use crate::cli::args::{LedgerArgs, ReportArgs, ReportFormat};
use crate::cli::diagnostics::{NoRun, harmless, say};
use crate::cli::exit::Exit;
use crate::ledger::{Reader, RunEntry};
use crate::pipeline::PipelineError;
use crate::private::PrivateFile;
use crate::report::{self, Report, Summary};

pub(in crate::cli) fn run(args: &ReportArgs) -> Result<Exit> {
    let reader = Reader::open(&super::ledger_path(&args.ledger)?)?;
    let run_id = match args.run {
        Some(run_id) => run_id,
        None => reader.latest()?.ok_or(NoRun::AtAll)?,
    };
    let run = reader.run(run_id)?.ok_or(NoRun::Number(run_id))?;
    let is_balanced = match &args.output {
        None => {
            let mut out = BufWriter::new(super::results());
            let is_balanced = write(&reader, run, args, &mut out)?;
            out.flush().context("cannot write the result to standard output")?;
            is_balanced
        }
        Some(path) => write_file(path, |out| write(&reader, run, args, out))?,
    };
    Ok(if is_balanced { Exit::Success } else { Exit::OutOfBalance })
}

/// Writes a file that only its owner reads, whole or not at all, and never in the place of another.
fn write_file<T>(path: &Path, content: impl FnOnce(&mut dyn Write) -> Result<T>) -> Result<T> {
    if path.symlink_metadata().is_ok() {
        let path = path.display().to_string();
        return Err(PipelineError::OutputExists { path }.into());
    }
    let cannot = || format!("cannot write {}", path.display());
    let mut out = BufWriter::new(PrivateFile::begin(path).with_context(cannot)?);
    let done = content(&mut out)?;
    let file = out
        .into_inner()
        .map_err(std::io::IntoInnerError::into_error)
        .with_context(cannot)?;
    file.create_new().with_context(cannot)?;
    say(&format!("{} is written\n", path.display()));
    Ok(done)
}

/// Writes the report in the form that was asked for; gives whether the run is in balance.
fn write(reader: &Reader, run: RunEntry, args: &ReportArgs, out: &mut dyn Write) -> Result<bool> {
    match args.format {
        ReportFormat::Csv => {
            let report = Report::of(reader, run)?;
            report::write_csv::<anyhow::Error>(reader, &report, &mut *out)?;
            Ok(report.summary.balance.adds_up())
        }
        ReportFormat::Line => {
            let summary = Summary::of(reader, run)?;
            let next = match superseded_by(reader, &summary)? {
                None => next_of(&summary, &args.ledger),
                Some(_) => Vec::new(),
            };
            let next = next.first().map(|next| format!("; next: {next}")).unwrap_or_default();
            let line = format!("{}{next}", report::run_line(&summary));
            // A name of a file with a line end in it makes no second line.
            writeln!(out, "{}", harmless(&line.replace('\n', "\u{fffd}")))?;
            Ok(summary.balance.adds_up())
        }
        ReportFormat::Text => {
            let report = Report::of(reader, run)?;
            let text = format!(
                "{}{}",
                report::report_text(&report)?,
                next(reader, &report.summary, &args.ledger)?
            );
            out.write_all(harmless(&text).as_bytes())?;
            Ok(report.summary.balance.adds_up())
        }
        ReportFormat::Json => {
            let report = Report::of(reader, run)?;
            report::write_json::<anyhow::Error>(reader, &report, &mut *out)?;
            Ok(report.summary.balance.adds_up())
        }
        ReportFormat::Html => {
            let report = Report::of(reader, run)?;
            out.write_all(report::html(reader, &report)?.as_bytes())?;
            Ok(report.summary.balance.adds_up())
        }
    }
}

/// The latest run that did the same files with other settings, where this one would go on.
fn superseded_by(reader: &Reader, summary: &Summary) -> Result<Option<i64>> {
    if !goes_on(summary) {
        return Ok(None);
    }
    let run = &summary.run;
    let runs = reader.runs()?.into_iter().rev();
    let mut later = runs.take_while(|later| later.run_id > run.run_id);
    Ok(later.find(|later| later.repeats(run)).map(|later| later.run_id))
}

/// Where each exception stands, and what to type next.
fn next(reader: &Reader, summary: &Summary, ledger: &LedgerArgs) -> Result<String> {
    let mut text = String::new();
    let run = summary.run.run_id;
    if summary.attention() > 0 {
        let each = Next::by_ledger(&summary.run, ledger).report();
        text.push_str(&format!("\neach exception: {each}\n"));
    }
    if let Some(later) = superseded_by(reader, summary)? {
        text.push_str(&format!(
            "\nrun {run} stays as it is: run {later} did the same files with other settings; what is left is answered for \
             there\n"
        ));
        return Ok(text);
    }
    match next_of(summary, ledger).as_slice() {
        [] => text.push_str("\nnothing is open\n"),
        next => text.push_str(&format!("\nnext: {}\n", next.join("\n  or: "))),
    }
    Ok(text)
}
