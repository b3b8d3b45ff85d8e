//! `rollcall run`: the main job.

use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use anyhow::{Context, Result};
use serde_json::json;
use tokio::runtime::Runtime;

use super::correct::{self, Corrected};
use super::next::{Next, argument};
use crate::cli::args::{Format, RunArgs};
use crate::cli::diagnostics::{NoRun, say};
use crate::cli::display;
use crate::cli::exit::Exit;
use crate::cli::outlets::Outlets;
use crate::cli::{events, interrupt};
use crate::clock;
use crate::config::settings::Settings;
use crate::config::{Layers, Origin, require_target, resolve};
use crate::ledger::Reader;
use crate::model::row_state::RowState;
use crate::pipeline::{self, Aim, Braked, Corrects, Inputs, Ran, Retry, RunEnd, RunRequest};
use crate::read;
use crate::report::{self, Summary, counted, grouped};
use crate::sandbox::{Options, Sandbox};
use crate::send::Stop;

/// Namespace of the idempotency ids of every sandbox; never used for a real API.
pub(super) const SANDBOX_NAMESPACE: &str = "5a17db0c-0000-5000-8000-73616e64626f";
/// What the ledger calls the sandbox of this process, whose port is another each time.
pub(super) const SANDBOX_TARGET: &str = "sandbox";

pub(in crate::cli) fn run(args: &RunArgs) -> Result<Exit> {
    run_for(args, Aim::Create, None)
}

/// The same, to create customers or only to look for them; a run that is taken up is found by its number.
pub(super) fn run_for(args: &RunArgs, aim: Aim, retry: Option<Retry>) -> Result<Exit> {
    let outlets = Outlets::open(&args.metrics, args.format)?;
    let done = work(args, aim, retry, &outlets);
    outlets.close(done)
}

fn work(args: &RunArgs, aim: Aim, retry: Option<Retry>, outlets: &Outlets) -> Result<Exit> {
    let files = read::expand(&args.files)?;
    let runtime = interrupt::runtime()?;
    let mut layers = layers(args)?;
    let sandbox = if args.ledger.sandbox {
        Some(start_sandbox(&runtime, &mut layers)?)
    } else {
        None
    };
    let mut settings = resolve(&layers)?;
    if args.correct.corrects.is_some() && args.brakes.max_rejects.is_none() {
        // A share of what was rejected already says nothing: what is right now is sent, and the rest stays to be fixed.
        settings.input.max_rejects = None;
    }
    require_target(&settings)?;
    super::make_data_dir(&settings)?;
    let (inputs, corrects) = open(&files, retry, args, &settings)?;
    super::show_inputs(&inputs);
    if corrects.is_none() && aim == Aim::Create {
        correct::show_untied(&inputs);
    }
    let request = RunRequest {
        settings: &settings,
        aim,
        corrects,
        retry,
        target: if sandbox.is_some() {
            SANDBOX_TARGET.to_owned()
        } else {
            settings.api.base_url.clone()
        },
        runtime: &runtime,
        stop: Stop::new(),
        progress: Arc::clone(&outlets.progress),
    };
    interrupt::watch(
        &runtime,
        &request.stop,
        "\nstopping: no new rows are taken, and what is on the wire is finished; once more ends at once, and what is on the wire \
         then is in doubt and will be sent again under the same ids\n",
    );
    let display = display::show(&request.progress);
    let ran = pipeline::run(&inputs, &request);
    drop(display);
    outlets.settle();
    let tally = sandbox.map(|sandbox| runtime.block_on(sandbox.stop()));
    let ran = ran?;
    super::show_notices(&request.progress);
    if let Some(tally) = tally {
        say(&format!("{tally}\n"));
    }
    let reader = Reader::open(&settings.ledger_path)?;
    let run = reader.run(ran.run_id)?.context("the run is not in the ledger")?;
    let corrected = Corrected::of(&reader, &run)?;
    let summary = Summary::of(&reader, run)?;
    match args.format {
        Format::Human => super::print(&report::run_text(&summary)?)?,
        Format::Json => {
            let mut process = json!({ "end": end_word(&ran.end), "resumed": ran.resumed, "requests": ran.requests });
            if let (Some(corrected), Some(process)) = (corrected, process.as_object_mut()) {
                process.insert("corrections".to_owned(), corrected.json());
            }
            let code = exit(&ran, &summary).code();
            let result = json!({ "run": report::run_json(&summary), "process": process, "exit_code": code });
            super::print_json(&events::event(event_word(&ran.end), clock::now_ms(), result))?;
        }
    }
    if let Some(corrected) = corrected {
        say(&corrected.text());
    }
    say(&closing(args, aim, retry, &ran, &summary));
    Ok(exit(&ran, &summary))
}

/// Opens the sources that are named, or those of the run that is taken up; gives what they correct.
fn open(
    files: &[PathBuf],
    retry: Option<Retry>,
    args: &RunArgs,
    settings: &Settings,
) -> Result<(Inputs, Option<Corrects>)> {
    let Some(Retry { run_id, .. }) = retry else {
        let asked = correct::asked(&args.correct);
        let inputs = match &asked {
            Some(corrects) => correct::open(files, corrects, settings)?,
            None => Inputs::open(files, settings)?,
        };
        return Ok((inputs, asked));
    };
    let reader = Reader::open(&settings.ledger_path)?;
    let run = reader.run(run_id)?.ok_or(NoRun::Number(run_id))?;
    let corrects = pipeline::same_settings(&run, settings)?;
    Ok((Inputs::again(&run, files, settings)?, corrects))
}

/// Flags over all else.
fn layers(args: &RunArgs) -> Result<Layers> {
    let mut layers = super::ledger_layers(&args.ledger)?;
    super::set_pace(&mut layers, &args.pace);
    if let Some(max) = &args.brakes.max_rejects {
        layers.set("input.max-rejects", max.clone(), Origin::Flag("--max-rejects"));
    }
    if let Some(max) = &args.brakes.max_failures {
        layers.set("send.max-failures", max.clone(), Origin::Flag("--max-failures"));
    }
    if let Some(rows) = args.brakes.canary {
        layers.set("send.canary", i64::from(rows), Origin::Flag("--canary"));
    }
    if let Some(deadline) = &args.brakes.deadline {
        layers.set("send.run-deadline", deadline.clone(), Origin::Flag("--deadline"));
    }
    Ok(layers)
}

/// Serves a sandbox in this process. Its customers stay in a file beside the ledger, so that it remembers them as long as
/// the ledger does. It knows no rate limit, so neither does the run unless it is asked for one.
pub(super) fn start_sandbox(runtime: &Runtime, layers: &mut Layers) -> Result<Sandbox> {
    let settings = resolve(layers)?;
    super::make_data_dir(&settings)?;
    let state = settings.ledger_path.with_extension("customers.jsonl");
    if let Some(folder) = state.parent() {
        super::make_folder(folder)?;
    }
    let options = Options {
        state: Some(state),
        ..Options::default()
    };
    let sandbox = runtime.block_on(Sandbox::start(options, SocketAddr::from((Ipv4Addr::LOCALHOST, 0))))?;
    layers.set("api.base-url", sandbox.base_url(), Origin::Sandbox);
    layers.set("api.token-url", sandbox.token_url(), Origin::Sandbox);
    layers.set("api.client-id", "sandbox", Origin::Sandbox);
    layers.set("api.client-secret", "sandbox", Origin::Sandbox);
    layers.set("api.namespace", SANDBOX_NAMESPACE, Origin::Sandbox);
    if layers.origin("send.rate-per-second") == Origin::Default {
        layers.set("send.rate-per-second", 0, Origin::Sandbox);
    }
    Ok(sandbox)
}

fn end_word(end: &RunEnd) -> &'static str {
    match end {
        RunEnd::NothingToDo => "nothing_to_do",
        RunEnd::Finished => "finished",
        RunEnd::Braked(_) => "braked",
        RunEnd::Stopped(_) => "stopped",
        RunEnd::Absent(_) => "looked_up",
        RunEnd::Deadline => "deadline",
        RunEnd::Interrupted => "interrupted",
    }
}

/// The event that the result of a run is.
fn event_word(end: &RunEnd) -> &'static str {
    match end {
        RunEnd::NothingToDo | RunEnd::Finished => "finished",
        RunEnd::Braked(_) | RunEnd::Stopped(_) | RunEnd::Absent(_) | RunEnd::Deadline | RunEnd::Interrupted => {
            "stopped"
        }
    }
}

/// What happened in a sentence, and what to type next.
fn closing(args: &RunArgs, aim: Aim, retry: Option<Retry>, ran: &Ran, summary: &Summary) -> String {
    let Again { files, create, look_up } = Again::of(args, retry, summary);
    let creating = create;
    let allowed = match aim {
        Aim::Create => creating.clone(),
        Aim::LookUp => look_up,
    };
    // The brake holds again each time.
    let again = match &args.brakes.max_rejects {
        Some(max) => format!("{allowed} --max-rejects {max}"),
        None => allowed.clone(),
    };
    let sources = if retry.is_some() { &*args.files } else { &[] };
    let report = Next::by_ledger(&summary.run, &args.ledger).report();
    let next = (super::status::next_now(summary, &args.ledger, sources).first())
        .map(|command| format!("hint: {command}\n"))
        .unwrap_or_default();
    let open = left(summary);
    let unresolved = summary.balance.totals.of(RowState::Unresolved);
    if !ran.adds_up {
        return "error: records and rows do not add up; please keep the ledger and report it\n".to_owned();
    }
    match &ran.end {
        RunEnd::NothingToDo => format!("nothing to do: this run is finished\n{next}"),
        RunEnd::Finished if unresolved > 0 => format!(
            "finished; {} got no clear answer and may or may not exist: sending again is safe\nhint: {again}\n",
            counted(unresolved, "row")
        ),
        RunEnd::Finished if summary.left() == 0 => "finished\n".to_owned(),
        RunEnd::Finished => {
            format!(
                "finished; {} to be looked at\n{next}",
                counted(summary.left(), "record")
            )
        }
        RunEnd::Braked(Braked::Rejects { rejects, limit }) => format!(
            "stopped before anything was sent: {} rejected, and input.max-rejects allows {}\nhint: see what is \
             wrong with `{}`, or allow more: {allowed} --max-rejects {rejects}\n",
            counted(*rejects, "record"),
            grouped(*limit),
            findings(args, &files, &report)
        ),
        RunEnd::Braked(braked) => {
            let (what, loosened) = failed(braked);
            format!(
                "stopped: {what}\nhint: see what the API said with `{report}`; {open}; go on all the same \
                 with {again} {loosened}\n"
            )
        }
        RunEnd::Absent(absent) => format!(
            "looked up; nobody was created, and {} not at the API\nhint: create them with {creating}\n",
            counted(*absent, "customer") + if *absent == 1 { " is" } else { " are" }
        ),
        RunEnd::Deadline => {
            format!("stopped: its time was over (send.run-deadline)\nhint: {open}; go on with {again}\n")
        }
        RunEnd::Stopped(stop) => {
            format!(
                "stopped: {stop}\nhint: {}\nhint: {open}; go on with {again}\n",
                stop.hint()
            )
        }
        RunEnd::Interrupted => format!("interrupted\nhint: {open}; go on with {again}\n"),
    }
}

/// How the same is typed again.
struct Again {
    /// The files, as arguments.
    files: String,
    /// What goes on with the run.
    create: String,
    /// What looks for its customers once more.
    look_up: String,
}

impl Again {
    fn of(args: &RunArgs, retry: Option<Retry>, summary: &Summary) -> Self {
        let named: Vec<String> = args.files.iter().map(|file| argument(file)).collect();
        let files = if named.is_empty() {
            let inputs = summary.run.inputs.iter();
            inputs.map(|input| argument(Path::new(&input.name))).collect()
        } else {
            named.clone()
        };
        let files = files.join(" ");
        let flags = format!("{}{}", super::ledger_flags(&args.ledger), super::pace_flags(&args.pace));
        // What was piped is gone: the run is found by its number, and what it corrects by the ledger.
        let create = if retry.is_some() || is_piped(args) {
            let sources: Vec<String> = named.iter().map(|file| format!(" --source {file}")).collect();
            format!("rollcall retry {}{}{flags}", summary.run.run_id, sources.concat())
        } else {
            format!("rollcall run {files}{}{flags}", correct::flags(&args.correct))
        };
        let look_up = format!("rollcall ledger rebuild {files}{flags}");
        Self { files, create, look_up }
    }
}

fn is_piped(args: &RunArgs) -> bool {
    args.files.iter().any(|file| file.as_os_str() == "-")
}

/// The command that shows why records are rejected. What they correct is known to the ledger alone.
fn findings(args: &RunArgs, files: &str, report: &str) -> String {
    if args.correct.corrects.is_some() || is_piped(args) {
        return report.to_owned();
    }
    format!("rollcall validate {files}{}", super::config_flags(&args.ledger.config))
}

/// Which rows tripped a brake, and the flag that loosens it.
fn failed(braked: &Braked) -> (String, &'static str) {
    match braked {
        Braked::Rejects { rejects, limit } => (
            format!("{} rejected of {} allowed", grouped(*rejects), grouped(*limit)),
            "--max-rejects 100%",
        ),
        Braked::Failures {
            failures,
            answered,
            limit,
        } => (
            format!(
                "{} of {} failed, and send.max-failures allows {}",
                grouped(*failures),
                counted(*answered, "row"),
                grouped(*limit)
            ),
            "--max-failures 100%",
        ),
        Braked::Canary { failures, rows } => (
            format!(
                "{} of {}, sent alone first, failed",
                grouped(*failures),
                counted(*rows, "row")
            ),
            "--canary 0",
        ),
    }
}

/// What is still to be done.
fn left(summary: &Summary) -> String {
    if summary.run.is_planned() {
        format!("{} still to be sent", counted(summary.open(), "row"))
    } else {
        "the files are not checked to their end yet".to_owned()
    }
}

fn exit(ran: &Ran, summary: &Summary) -> Exit {
    if !ran.adds_up {
        return Exit::OutOfBalance;
    }
    match ran.end {
        // What a correction, a later run or a person has cleared is nobody's work any more.
        RunEnd::NothingToDo | RunEnd::Finished if summary.left() == 0 => Exit::Success,
        RunEnd::NothingToDo | RunEnd::Finished => Exit::Attention,
        RunEnd::Braked(_) | RunEnd::Stopped(_) | RunEnd::Absent(_) | RunEnd::Deadline => Exit::Stopped,
        RunEnd::Interrupted => Exit::Interrupted,
    }
}
