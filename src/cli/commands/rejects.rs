//! `rollcall rejects`: the records of a run that were not created, for whoever corrects them.

use std::path::PathBuf;

use anyhow::Result;
use serde_json::{Value, json};

use super::next::Next;
use crate::cli::args::Format;
use crate::cli::args::repair::{RejectState, RejectsArgs};
use crate::cli::diagnostics::{NoRun, say};
use crate::cli::exit::Exit;
use crate::cli::interrupt;
use crate::config::{ConfigError, Origin, resolve};
use crate::ledger::{Reader, RunEntry};
use crate::model::row_state::RowState;
use crate::model::totals::Totals;
use crate::pipeline::{self, Form, Inputs, Rejects, RejectsRequest};
use crate::read;
use crate::report::{counted, grouped};
use crate::send::Stop;

pub(in crate::cli) fn run(args: &RejectsArgs) -> Result<Exit> {
    if args.output.as_os_str() == "-" {
        return Err(ConfigError::Value {
            key: "--output".to_owned(),
            origin: Origin::Flag("--output"),
            problem: "must be a file, since it is corrected and read again".to_owned(),
        }
        .into());
    }
    let settings = resolve(&super::ledger_layers(&args.ledger)?)?;
    let reader = Reader::open(&settings.ledger_path)?;
    let run_id = match args.run {
        Some(run_id) => run_id,
        None => reader.latest()?.ok_or(NoRun::AtAll)?,
    };
    let run = reader.run(run_id)?.ok_or(NoRun::Number(run_id))?;
    let states: Vec<RowState> = args.state.iter().map(|state| RejectState::state(*state)).collect();
    let totals = reader.totals(&run)?;
    let rejects = if totals.count(|state| states.contains(&state)) == 0 {
        // The sources may be gone by now, and nobody needs them.
        Rejects::default()
    } else {
        let inputs = Inputs::again(&run, &read::expand(&args.source)?, &settings)?;
        let mut taken: Vec<PathBuf> = inputs.iter().map(|input| PathBuf::from(input.source.name())).collect();
        taken.extend(args.source.iter().cloned());
        taken.push(settings.ledger_path.clone());
        let (runtime, stop) = (interrupt::runtime()?, Stop::new());
        interrupt::watch(&runtime, &stop, "\nstopping: the file is not written\n");
        let request = RejectsRequest {
            input: &settings.input,
            states: &states,
            cleared_too: args.all,
            to: &args.output,
            form: Form {
                delimiter: args.delimiter,
                mark: args.bom,
                crlf: args.crlf,
            },
            taken: &taken,
            stop,
        };
        pipeline::rejects(&reader, &run, &inputs, &request)?
    };
    match args.format {
        Format::Human => super::print(&text(args, &run, &rejects))?,
        Format::Json => super::print_json(&json(args, &run, &rejects))?,
    }
    say(&closing(args, &run, &rejects));
    Ok(Exit::Success)
}

/// What was written, by state.
fn text(args: &RejectsArgs, run: &RunEntry, rejects: &Rejects) -> String {
    let written = rejects.written.rows();
    let mut text = if written == 0 {
        let states: Vec<&str> = args.state.iter().map(|state| state.state().word()).collect();
        let states = states.join(", ");
        format!(
            "nothing to write: run {} has nothing left that is {states}\n",
            run.run_id
        )
    } else {
        let file = args.output.display();
        format!("{file}: {} of run {}\n", counted(written, "record"), run.run_id)
    };
    for state in RowState::ALL {
        let count = rejects.written.of(state);
        if count > 0 {
            text.push_str(&format!("  {:<30}{:>12}\n", state.word(), grouped(count)));
        }
    }
    let cleared = rejects.cleared.rows();
    if cleared > 0 {
        text.push_str(&format!(
            "{} left out, cleared since by a correction, a later run or a person; --all writes {} too\n",
            counted(cleared, "record"),
            if cleared == 1 { "it" } else { "them" }
        ));
    }
    text
}

fn json(args: &RejectsArgs, run: &RunEntry, rejects: &Rejects) -> Value {
    let by_state = |totals: &Totals| {
        let states = RowState::ALL.into_iter().filter(|state| state.needs_attention());
        let states: serde_json::Map<String, Value> = states
            .map(|state| (state.word().to_owned(), json!(totals.of(state))))
            .collect();
        states
    };
    let file = (rejects.written.rows() > 0).then(|| args.output.display().to_string());
    json!({
        "run_id": run.run_id,
        "file": file,
        "written": by_state(&rejects.written),
        "cleared": by_state(&rejects.cleared),
        "next": next(args, run, rejects),
    })
}

/// The commands that follow.
fn next(args: &RejectsArgs, run: &RunEntry, rejects: &Rejects) -> Vec<String> {
    let unresolved = rejects.written.of(RowState::Unresolved);
    let follows = Next::of(run, &args.ledger, &args.source);
    let mut next = Vec::new();
    if rejects.written.rows() > unresolved {
        next.push(follows.correct(&args.output));
    }
    if unresolved > 0 {
        next.push(follows.retry());
    }
    next
}

/// What to type next.
fn closing(args: &RejectsArgs, run: &RunEntry, rejects: &Rejects) -> String {
    let mut text = String::new();
    if !run.is_planned() {
        text.push_str("note: the run's files are not checked to their end yet, so there may be more\n");
    }
    for command in next(args, run, rejects) {
        let when = if command.starts_with("rollcall run") {
            "correct the cells, then type"
        } else {
            "what is unresolved needs no correction: type"
        };
        text.push_str(&format!("hint: {when} {command}\n"));
    }
    text
}
