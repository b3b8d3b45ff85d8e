//! `rollcall status`: what became of runs, and what to type next.

use std::path::Path;

use anyhow::Result;

use super::run::SANDBOX_TARGET;
use crate::cli::args::{Format, LedgerArgs, StatusArgs};
use crate::cli::diagnostics::NoRun;
use crate::cli::exit::Exit;
use crate::ledger::Reader;
use crate::model::row_state::RowState;
use crate::read::STANDARD_INPUT;
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
        return format!("\n{looked_up}next: {}\n", next_of(open, &args.ledger).join("\n  or: "));
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
        Some(run) => text.push_str(&format!("next: {}\n", rejects(run, &flags(run, &args.ledger)))),
        None => text.push_str("nothing is open\n"),
    }
    text
}

/// Whether the same command would go on with a run.
pub(super) fn goes_on(run: &Summary) -> bool {
    run.status() != "abandoned" && (run.open() > 0 || !run.run.is_planned())
}

/// What to type next for one run, what is best first; nothing where nothing is left to do. A brake is not loosened by
/// typing the same command again.
pub(super) fn next_of(run: &Summary, ledger: &LedgerArgs) -> Vec<String> {
    let flags = flags(run, ledger);
    if !goes_on(run) {
        return (run.to_fix() > 0).then(|| rejects(run, &flags)).into_iter().collect();
    }
    let names: Vec<String> = run.run.inputs.iter().map(|input| argument(&input.name)).collect();
    let corrects = run
        .run
        .corrects
        .map(|corrected| format!(" --corrects {corrected}"))
        .unwrap_or_default();
    let again = format!("rollcall run {}{corrects}{flags}", names.join(" "));
    let said = format!("rollcall report {} --format csv{flags}", run.run.run_id);
    match run.stop_reason() {
        Some("brake.max_rejects") => {
            let allowed = run.balance.totals.of(RowState::Rejected);
            vec![rejects(run, &flags), format!("{again} --max-rejects {allowed}")]
        }
        Some("brake.max_failures") => vec![said, format!("{again} --max-failures 100%")],
        Some("brake.canary") => vec![said, format!("{again} --canary 0")],
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

/// The flags that name the ledger again, and the sandbox where the run was for one.
pub(super) fn flags(run: &Summary, ledger: &LedgerArgs) -> String {
    let flags = super::ledger_flags(ledger);
    if run.run.target == SANDBOX_TARGET && !ledger.sandbox {
        return format!(" --sandbox{flags}");
    }
    flags
}

/// The command that writes what is to be fixed into a file.
fn rejects(run: &Summary, flags: &str) -> String {
    format!("rollcall rejects {0} -o to-fix-{0}.csv{flags}", run.run.run_id)
}

/// A source's name as an argument.
fn argument(name: &str) -> String {
    if name == STANDARD_INPUT {
        "-".to_owned()
    } else {
        super::typed(Path::new(name))
    }
}
