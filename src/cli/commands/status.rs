//! `rollcall status`: what became of runs, and what to type next.

use std::path::PathBuf;

use anyhow::Result;

use super::next::Next;
use crate::cli::args::{Format, LedgerArgs, StatusArgs};
use crate::cli::diagnostics::NoRun;
use crate::cli::exit::Exit;
use crate::ledger::Reader;
use crate::model::row_state::RowState;
use crate::report::{self, Summary, grouped};

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

/// What to type next: go on with what is open, else fix what is to be fixed.
fn next(runs: &[Summary], args: &StatusArgs) -> String {
    let (superseded, open): (Vec<_>, Vec<_>) = (runs.iter().enumerate())
        .filter(|(_, run)| goes_on(run))
        .partition(|(index, run)| runs.iter().skip(index + 1).any(|later| later.run.repeats(&run.run)));
    if let Some((_, open)) = open.last() {
        let looked_up = match (open.stop_reason(), open.open()) {
            (Some("run.looked_up"), 1) => "1 customer is not at the API, and this creates it:\n".to_owned(),
            (Some("run.looked_up"), count) => format!(
                "{} customers are not at the API, and this creates them:\n",
                grouped(count)
            ),
            _ => String::new(),
        };
        let next = Next::of(&open.run, &args.ledger, &[]);
        let commands = next_by(open, &next).join("\n  or: ");
        return format!("\n{looked_up}next: {commands}\n{}", noted(&next));
    }
    let mut text = String::from("\n");
    for (_, run) in &superseded {
        text.push_str(&format!(
            "run {} stays as it is: a later run did the same files with other settings; what it left open is answered for \
             there\n",
            run.run.run_id
        ));
    }
    match runs.iter().rev().find(|run| run.to_fix() > 0) {
        Some(run) => {
            let next = Next::of(&run.run, &args.ledger, &[]);
            text.push_str(&format!("next: {}\n{}", next.rejects(), noted(&next)));
        }
        None => text.push_str("nothing is open\n"),
    }
    text
}

/// A line about the files that a command leaves to the user.
fn noted(next: &Next<'_>) -> String {
    next.note().map_or_else(String::new, |note| format!("note: {note}\n"))
}

/// Whether the same command would go on with a run.
pub(super) fn goes_on(run: &Summary) -> bool {
    run.status() != "abandoned" && (run.open() > 0 || !run.run.is_planned())
}

/// What to type next for one run by its ledger, what is best first; nothing where nothing is left to do. A brake is not
/// loosened by typing the same command again.
pub(super) fn next_of(run: &Summary, ledger: &LedgerArgs) -> Vec<String> {
    next_by(run, &Next::by_ledger(&run.run, ledger))
}

/// The same with the run's files as they are now.
pub(super) fn next_now(run: &Summary, ledger: &LedgerArgs, named: &[PathBuf]) -> Vec<String> {
    next_by(run, &Next::of(&run.run, ledger, named))
}

fn next_by(run: &Summary, next: &Next<'_>) -> Vec<String> {
    if !goes_on(run) {
        return (run.to_fix() > 0).then(|| next.rejects()).into_iter().collect();
    }
    let again = next.run();
    match run.stop_reason() {
        Some("brake.max_rejects") => {
            let allowed = run.balance.totals.of(RowState::Rejected);
            vec![next.rejects(), format!("{again} --max-rejects {allowed}")]
        }
        Some("brake.max_failures") => vec![next.report(), format!("{again} --max-failures 100%")],
        Some("brake.canary") => vec![next.report(), format!("{again} --canary 0")],
        // It passed the brake when it was stopped by something else, and would be held up by it once more.
        Some(_) if run.run.is_planned() && run.balance.totals.count(RowState::was_sent) == 0 => {
            let allowed = run.balance.totals.of(RowState::Rejected);
            let flag = if allowed > 0 {
                format!(" --max-rejects {allowed}")
            } else {
                String::new()
            };
            vec![format!("{again}{flag}")]
        }
        Some(_) | None => vec![again],
    }
}
