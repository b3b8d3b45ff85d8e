//! `rollcall dispose`: a person's decision that a record stays as it is.
//!
//! It changes no row and sends nothing: the decision is added to the ledger, beside those before it.

use anyhow::{Context, Result};
use serde_json::json;

use super::next::Next;
use crate::account;
use crate::cli::args::Format;
use crate::cli::args::reconcile::DisposeArgs;
use crate::cli::diagnostics::{NoRun, say};
use crate::cli::exit::Exit;
use crate::clock::{self, rfc3339};
use crate::ledger::{Addition, Clearing, Disposition, InputEntry, Ledger, Reader, RunEntry};
use crate::model::row::RowKey;
use crate::model::row_state::RowState;
use crate::report::Summary;

/// Longest reason, in characters: some sentences, and no file.
const LONGEST_REASON: usize = 500;
/// Longest name, in characters: a person's name with a title.
const LONGEST_NAME: usize = 100;

/// Why nothing is disposed of, and what to type instead.
struct Refused {
    what: String,
    hint: String,
}

fn refused(what: impl Into<String>, hint: impl Into<String>) -> Refused {
    let (what, hint) = (what.into(), hint.into());
    Refused { what, hint }
}

pub(in crate::cli) fn run(args: &DisposeArgs) -> Result<Exit> {
    let path = super::ledger_path(&args.ledger)?;
    let checked = text("--reason", &args.reason, LONGEST_REASON).and_then(|reason| {
        let who = args.by.as_deref().map(|name| text("--by", name, LONGEST_NAME));
        Ok((reason, who.unwrap_or_else(|| Ok(account::name()))?))
    });
    let (reason, who) = match checked {
        Ok(texts) => texts,
        Err(problem) => return Ok(refuse(&problem)),
    };
    // Nothing is made where there is no ledger yet.
    drop(Reader::open(&path)?);
    // The writer's lock first: no run changes the row between the look and the decision.
    let ledger = Ledger::open(&path)?;
    let reader = Reader::open(&path)?;
    let run = reader.run(args.run)?.ok_or(NoRun::Number(args.run))?;
    let found = match input(&run, args) {
        Ok(input) => look(&reader, &run, input, args)?.map(|()| input),
        Err(problem) => Err(problem),
    };
    let input = match found {
        Ok(input) => input,
        Err(problem) => return Ok(refuse(&problem)),
    };
    let key = RowKey {
        input: input.input_id,
        record: args.record,
    };
    let at_ms = clock::now_ms();
    ledger.add(vec![Addition::Disposition(key, Disposition { at_ms, who, reason })])?;
    let kept = reader.dispositions(key)?;
    let disposition = kept.last().context("the decision is not in the ledger")?;
    // What is open in the run now, with the decision in it.
    let summary = Summary::of(&reader, run)?;
    let next = super::status::next_now(&summary, &args.ledger, &[]);
    let next =
        (next.into_iter().next()).unwrap_or_else(|| format!("rollcall status{}", super::ledger_flags(&args.ledger)));
    show(args, &summary.run, key.input, (disposition, kept.len()), &next)
}

fn refuse(problem: &Refused) -> Exit {
    say(&format!("error: {}\nhint: {}\n", problem.what, problem.hint));
    Exit::Usage
}

/// A text for the ledger: not empty, not long, and without what a terminal would act upon.
fn text(flag: &str, given: &str, longest: usize) -> Result<String, Refused> {
    let given = given.trim();
    let hint = format!("write {flag} in one line of 1 to {longest} characters");
    if given.is_empty() {
        return Err(refused(format!("{flag} is empty"), hint));
    }
    if given.chars().any(char::is_control) {
        return Err(refused(
            format!("{flag} has a control character, such as a line end"),
            hint,
        ));
    }
    if given.chars().count() > longest {
        return Err(refused(format!("{flag} is too long"), hint));
    }
    Ok(given.to_owned())
}

/// The source of the run that is meant.
fn input<'a>(run: &'a RunEntry, args: &DisposeArgs) -> Result<&'a InputEntry, Refused> {
    let names: Vec<&str> = run.inputs.iter().map(|input| input.name.as_str()).collect();
    let names = format!("the run's files are: {}", names.join(", "));
    match (&args.file, run.inputs.as_slice()) {
        (None, [only]) => Ok(only),
        (None, _) => Err(refused(
            format!(
                "run {} has several files, each with a record {}",
                run.run_id, args.record
            ),
            format!("name one with --file; {names}"),
        )),
        (Some(name), inputs) => {
            let mut meant = inputs.iter().filter(|input| input.name == *name);
            let not = || refused(format!("run {} has no file {name}", run.run_id), names.clone());
            let first = meant.next().ok_or_else(not)?;
            match meant.next() {
                None => Ok(first),
                Some(_) => Err(refused(
                    format!("run {} has two files {name}", run.run_id),
                    "reconcile the files one by one",
                )),
            }
        }
    }
}

/// Whether somebody has to decide about the record at all.
fn look(reader: &Reader, run: &RunEntry, input: &InputEntry, args: &DisposeArgs) -> Result<Result<(), Refused>> {
    let flags = super::ledger_flags(&args.ledger);
    let key = RowKey {
        input: input.input_id,
        record: args.record,
    };
    let record = format!("record {} of run {}", args.record, args.run);
    let report = format!("`rollcall report {} --format csv{flags}` shows every record", args.run);
    let Some(row) = reader.row(key)? else {
        return Ok(Err(refused(format!("the ledger has no {record}"), report)));
    };
    if matches!(row.state, RowState::Pending | RowState::InFlight) {
        return Ok(Err(refused(
            format!("{record} is {}: it is open to be sent", row.state.word()),
            format!("send it first: {}", Next::of(run, &args.ledger, &[]).run()),
        )));
    }
    if !row.state.needs_attention() {
        let what = format!("{record} is {} and needs nobody's decision", row.state.word());
        return Ok(Err(refused(what, report)));
    }
    let (how, by) = match reader.clearing(run.namespace, &row)? {
        Some(Clearing::Corrected(by)) => ("was corrected", by),
        Some(Clearing::Later(by)) => ("was cleared", by),
        Some(Clearing::Disposed(_)) | None => return Ok(Ok(())),
    };
    let by_run = reader.input(by.input)?.map_or(0, |(run_id, _)| run_id);
    let what = format!("{record} {how} by record {} of run {by_run}", by.record);
    Ok(Err(refused(
        what,
        format!("nothing to do; see rollcall report {by_run}{flags}"),
    )))
}

/// What was kept, as the ledger has it, and what to type next.
fn show(
    args: &DisposeArgs,
    run: &RunEntry,
    input_id: i64,
    (kept, decisions): (&Disposition, usize),
    next: &str,
) -> Result<Exit> {
    let input = run.inputs.iter().find(|input| input.input_id == input_id);
    let file = input.map(|input| input.name.as_str()).unwrap_or_default();
    match args.format {
        Format::Human => {
            let before = match decisions {
                0 | 1 => String::new(),
                count => format!("decision {count} about this record; the last one counts\n"),
            };
            super::print(&format!(
                "run {}, {file}, record {}: disposed of\n  at      {}\n  by      {}\n  reason  {}\n{before}",
                run.run_id,
                args.record,
                rfc3339(kept.at_ms),
                kept.who,
                kept.reason
            ))?;
        }
        Format::Json => super::print_json(&json!({
            "run_id": run.run_id,
            "file": file,
            "record": args.record,
            "at": rfc3339(kept.at_ms),
            "by": kept.who,
            "reason": kept.reason,
            "decisions": decisions,
            "next": [next],
        }))?,
    }
    say(&format!("hint: {next}\n"));
    Ok(Exit::Success)
}
