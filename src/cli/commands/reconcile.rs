//! `rollcall reconcile`: a file as it is now, the ledger and the API, side by side.

use std::io::{BufWriter, Write};
use std::sync::Arc;

use anyhow::Result;

use self::api::Asking;
use self::next::{Rows, Suggesting};
use super::next::argument;
use super::run::{SANDBOX_NAMESPACE, SANDBOX_TARGET, start_sandbox};
use crate::cli::args::reconcile::{ReconcileArgs, ReconcileFormat};
use crate::cli::diagnostics::say;
use crate::cli::display;
use crate::cli::exit::Exit;
use crate::cli::interrupt;
use crate::config::{Origin, require_target, resolve};
use crate::ledger::Reader;
use crate::pipeline::{self, Inputs, PipelineError, Progress, ReconcileRequest};
use crate::read;
use crate::reconcile::{Class, Item, Lists, Reconciliation, Table, Trailer, item_json, summary_json, summary_text};
use crate::report::grouped;
use crate::send::Stop;

mod api;
mod next;
mod waiting;

pub(in crate::cli) fn run(args: &ReconcileArgs) -> Result<Exit> {
    let files = read::expand(&args.files)?;
    let (runtime, stop) = (interrupt::runtime()?, Stop::new());
    let mut layers = super::ledger_layers(&args.ledger)?;
    super::set_pace(&mut layers, &args.pace);
    // Held until the end: what is asked is asked of it.
    let mut sandbox = None;
    if args.ledger.sandbox && args.api {
        sandbox = Some(start_sandbox(&runtime, &mut layers)?);
    } else if args.ledger.sandbox {
        layers.set("api.namespace", SANDBOX_NAMESPACE, Origin::Sandbox);
    }
    let settings = resolve(&layers)?;
    if args.api {
        require_target(&settings)?;
    }
    let target = if args.ledger.sandbox {
        SANDBOX_TARGET
    } else {
        settings.api.base_url.as_str()
    };
    let reader = Reader::open(&settings.ledger_path)?;
    if files.iter().any(|file| !file.is_file()) {
        super::make_data_dir(&settings)?;
    }
    let inputs = Inputs::open(&files, &settings)?;
    super::show_inputs(&inputs);
    interrupt::watch(
        &runtime,
        &stop,
        "\nstopping: nothing was changed, and what the API said is kept\n",
    );
    let asking = Asking {
        reader: &reader,
        inputs: &inputs,
        settings: &settings,
        target,
        runtime: &runtime,
        stop: &stop,
        again: &typed_again(args),
    };
    let asked = args.api.then(|| api::ask(&asking)).transpose()?;
    if let Some(sandbox) = sandbox {
        runtime.block_on(sandbox.stop());
    }
    let comparison = match asked.transpose() {
        Ok(comparison) => comparison,
        Err(exit) => return Ok(exit),
    };
    side_by_side(args, &asking, comparison)
}

/// Puts everything side by side, shows it and says what to type next.
fn side_by_side(args: &ReconcileArgs, asking: &Asking<'_>, comparison: Option<i64>) -> Result<Exit> {
    let progress = Arc::new(Progress::default());
    let display = display::show(&progress);
    let request = ReconcileRequest {
        settings: asking.settings,
        target: asking.target,
        comparison,
        stop: asking.stop,
        progress: &progress,
    };
    let mut shown = Shown::begin(args.format)?;
    let done = pipeline::reconcile(asking.reader, asking.inputs, &request, |item| shown.take(&item));
    drop(display);
    let all = done?;
    super::show_notices(&progress);
    if all.is_in_balance() {
        shown.end(&all, &[])?;
        return Ok(Exit::Success);
    }
    let suggesting = Suggesting {
        args,
        reader: asking.reader,
        inputs: asking.inputs,
        settings: asking.settings,
        all: &all,
    };
    let next = suggesting.next(&shown.rows)?;
    shown.end(&all, &next)?;
    Ok(Exit::Attention)
}

/// The same command.
fn typed_again(args: &ReconcileArgs) -> String {
    let files: Vec<String> = args.files.iter().map(|file| argument(file)).collect();
    format!(
        "rollcall reconcile {} --api{}{}",
        files.join(" "),
        super::ledger_flags(&args.ledger),
        super::pace_flags(&args.pace)
    )
}

/// Where the result goes while it is found.
struct Shown {
    out: Out,
    rows: Rows,
}

enum Out {
    Human(Lists),
    Json(BufWriter<Box<dyn Write>>),
    Csv(Box<Table<BufWriter<Box<dyn Write>>>>),
}

impl Shown {
    fn begin(format: ReconcileFormat) -> Result<Self> {
        let results = || BufWriter::new(Box::new(super::results()) as Box<dyn Write>);
        let out = match format {
            ReconcileFormat::Human => Out::Human(Lists::default()),
            ReconcileFormat::Json => Out::Json(results()),
            ReconcileFormat::Csv => Out::Csv(Box::new(Table::begin(results())?)),
        };
        let rows = Rows::default();
        Ok(Self { out, rows })
    }

    fn take(&mut self, item: &Item) -> Result<(), PipelineError> {
        self.rows.see(item);
        let written = match &mut self.out {
            Out::Human(lists) => {
                lists.add(item);
                Ok(())
            }
            Out::Json(out) => item_json(item).map_or(Ok(()), |line| writeln!(out, "{line}")),
            Out::Csv(table) => table.write(item),
        };
        written.map_err(|source| PipelineError::Output {
            path: "standard output".to_owned(),
            source,
        })
    }

    fn end(self, all: &Reconciliation, next: &[String]) -> Result<()> {
        let closing = closing(all, next);
        match self.out {
            Out::Human(lists) => super::print(&format!("{}{closing}", summary_text(all, &lists)?)),
            Out::Json(mut out) => {
                writeln!(out, "{}", summary_json(all, next))?;
                Ok(out.flush()?)
            }
            Out::Csv(table) => {
                table.finish()?;
                say(&closing);
                Ok(())
            }
        }
    }
}

/// Whether it is in balance, what is not, and what to type next: a line each.
fn closing(all: &Reconciliation, next: &[String]) -> String {
    if all.is_in_balance() {
        return "in balance: every record is answered for\n".to_owned();
    }
    let classes = Class::ALL.into_iter().filter(|class| !class.is_answered());
    let named = classes.map(|class| (all.of(class), class.word()));
    let others = [
        (all.gone(), "gone"),
        (all.lost, "lost in other runs"),
        (all.strangers, "strangers"),
        (all.open_of_these_files, "open in other runs"),
    ];
    let mut broken: Vec<String> = named
        .chain(others)
        .filter(|(count, _)| *count > 0)
        .map(|(count, word)| format!("{} {word}", grouped(count)))
        .collect();
    if all.files.iter().any(|file| matches!(file.trailer, Trailer::Wrong(_))) {
        broken.push("a trailer that does not fit".to_owned());
    }
    if broken.is_empty() {
        broken.push("the control totals differ".to_owned());
    }
    let mut text = String::new();
    if all.strangers > 0 {
        text.push_str("hint: no row of this ledger is about the strangers: ask who else creates customers there\n");
    }
    if all.gone() > 0 {
        text.push_str("hint: what is gone was run and is in the file no more: ask for the file as it was, or why it was taken out\n");
    }
    let mut last = None;
    for command in next {
        let before = match last {
            None => "next",
            Some(last) if is_of_rejects(last) && command.contains(" --corrects ") => "then, once it is fixed",
            Some(_) => "  or",
        };
        text.push_str(&format!("{before}: {command}\n"));
        last = Some(command);
    }
    format!("out of balance: {}\n{text}", broken.join(", "))
}

fn is_of_rejects(command: &str) -> bool {
    command.starts_with("rollcall rejects ")
}
