//! `rollcall report`: a run from the ledger.

use std::io::{BufWriter, Write};
use std::path::Path;

use anyhow::{Context, Result};

use super::status::{flags, next_of};
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
            let next = next_of(&summary, &args.ledger);
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
                next(&report.summary, &args.ledger)
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

/// Where each exception stands, and what to type next.
fn next(summary: &Summary, ledger: &LedgerArgs) -> String {
    let mut text = String::new();
    if summary.attention() > 0 {
        let flags = flags(summary, ledger);
        let run = summary.run.run_id;
        text.push_str(&format!(
            "\neach exception: rollcall report {run} --format csv{flags}\n"
        ));
    }
    match next_of(summary, ledger).as_slice() {
        [] => text.push_str("\nnothing is open\n"),
        next => text.push_str(&format!("\nnext: {}\n", next.join("\n  or: "))),
    }
    text
}
