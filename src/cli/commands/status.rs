//! `rollcall status`: what became of runs, and what to type next.

use std::path::Path;

use anyhow::Result;

use super::run::SANDBOX_TARGET;
use crate::cli::args::{Format, StatusArgs};
use crate::cli::diagnostics::NoRun;
use crate::cli::exit::Exit;
use crate::ledger::Reader;
use crate::model::row_state::RowState;
use crate::read::STANDARD_INPUT;
use crate::report::{self, Summary};

pub(in crate::cli) fn run(args: &StatusArgs) -> Result<Exit> {
    let reader = Reader::open(&super::ledger_path(&args.ledger)?)?;
    if let Some(run_id) = args.run {
        let run = reader.run(run_id)?.ok_or(NoRun::Number(run_id))?;
        let summary = Summary::of(&reader, run)?;
        match args.format {
            Format::Human => super::print(&format!("{}{}", report::run_text(&summary)?, next(&[summary], args)))?,
            Format::Json => super::print_json(&report::run_json(&summary))?,
        }
        return Ok(Exit::Success);
    }
    let runs = reader
        .runs()?
        .into_iter()
        .map(|run| Summary::of(&reader, run))
        .collect::<Result<Vec<_>, _>>()?;
    match args.format {
        Format::Human => super::print(&format!("{}{}", report::runs_text(&runs)?, next(&runs, args)))?,
        Format::Json => super::print_json(&report::runs_json(&runs))?,
    }
    Ok(Exit::Success)
}

/// What to type next: go on with what is open, else look at what is to be fixed. A brake is not loosened by typing the
/// same command again.
fn next(runs: &[Summary], args: &StatusArgs) -> String {
    let mut flags = super::ledger_flags(&args.ledger);
    let (superseded, open): (Vec<_>, Vec<_>) = (runs.iter().enumerate())
        .filter(|(_, run)| run.status() != "abandoned" && (run.open() > 0 || !run.run.is_planned()))
        .partition(|(index, run)| runs.iter().skip(index + 1).any(|later| later.run.repeats(&run.run)));
    if let Some((_, open)) = open.last() {
        let names: Vec<String> = open.run.inputs.iter().map(|input| argument(&input.name)).collect();
        let names = names.join(" ");
        if open.run.target == SANDBOX_TARGET && !args.ledger.sandbox {
            flags.insert_str(0, " --sandbox");
        }
        let loosened = match open.stop_reason() {
            Some("brake.max_rejects") => format!("--max-rejects {}", open.balance.totals.of(RowState::Rejected)),
            Some("brake.max_failures") => "--max-failures 100%".to_owned(),
            Some("brake.canary") => "--canary 0".to_owned(),
            Some(_) | None => return format!("\nnext: rollcall run {names}{flags}\n"),
        };
        return format!(
            "\nnext: rollcall report {} --format csv{flags}\n  or: rollcall run {names}{flags} {loosened}\n",
            open.run.run_id
        );
    }
    let mut text = String::from("\n");
    for (_, run) in &superseded {
        text.push_str(&format!(
            "run {} stays as it is: a later run did the same files with other settings; what it left open is answered for \
             there\n",
            run.run.run_id
        ));
    }
    match runs.iter().rev().find(|run| run.attention() > 0) {
        Some(run) => text.push_str(&format!(
            "next: rollcall report {} --format csv{flags}\n",
            run.run.run_id
        )),
        None => text.push_str("nothing is open\n"),
    }
    text
}

/// A source's name as an argument.
fn argument(name: &str) -> String {
    if name == STANDARD_INPUT {
        "-".to_owned()
    } else {
        super::typed(Path::new(name))
    }
}
