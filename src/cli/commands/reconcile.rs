//! `rollcall reconcile`: a file as it is now, the ledger and the API, side by side.

use std::io::{BufWriter, Write};
use std::sync::Arc;

use anyhow::Result;

use self::api::Asking;
use super::run::{SANDBOX_NAMESPACE, SANDBOX_TARGET, start_sandbox};
use crate::cli::args::reconcile::{ReconcileArgs, ReconcileFormat};
use crate::cli::diagnostics::say;
use crate::cli::display::Display;
use crate::cli::exit::Exit;
use crate::cli::interrupt;
use crate::config::{Origin, require_target, resolve};
use crate::ledger::Reader;
use crate::model::row_state::RowState;
use crate::pipeline::{self, Inputs, PipelineError, Progress, ReconcileRequest};
use crate::read;
use crate::reconcile::{Class, Item, Lists, Reconciliation, Table, Trailer, item_json, summary_json, summary_text};
use crate::report::grouped;
use crate::send::Stop;

mod api;

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
    let progress = Arc::new(Progress::default());
    let display = Display::start(&progress);
    let request = ReconcileRequest {
        settings: &settings,
        target,
        comparison,
        stop: &stop,
        progress: &progress,
    };
    let mut shown = Shown::begin(args.format)?;
    let done = pipeline::reconcile(&reader, &inputs, &request, |item| shown.take(&item));
    drop(display);
    let all = done?;
    super::show_notices(&progress);
    let next = next(args, &all, &shown.rows);
    shown.end(&all, &next)?;
    Ok(if all.is_in_balance() {
        Exit::Success
    } else {
        Exit::Attention
    })
}

/// The same command.
fn typed_again(args: &ReconcileArgs) -> String {
    let files: Vec<String> = args.files.iter().map(|file| super::typed(file)).collect();
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

/// The first exception of each kind, for the commands to be typed.
#[derive(Default)]
struct Rows {
    /// Run and record of one that is open.
    open: Option<(i64, u64)>,
    /// Runs with something to correct.
    to_fix: Option<i64>,
    /// Runs with something that is safe to send again.
    unresolved: Option<i64>,
    /// Runs with a row that is not to be explained.
    unexplained: Option<i64>,
}

impl Rows {
    fn see(&mut self, item: &Item) {
        match item {
            Item::Record(record) if record.class == Class::Failed => {
                let Some(run_id) = record.run_id else { return };
                if record.state == Some(RowState::Unresolved) {
                    self.unresolved.get_or_insert(run_id);
                } else {
                    self.to_fix.get_or_insert(run_id);
                    self.open
                        .get_or_insert((run_id, record.record.unwrap_or(record.position.record)));
                }
            }
            Item::Record(record) if matches!(record.class, Class::Missing | Class::OtherData) => {
                self.unexplained = self.unexplained.or(record.run_id);
            }
            Item::Exception(exception) if exception.of_these_files && exception.disposition.is_none() => {
                self.open.get_or_insert((exception.run_id, exception.position.record));
            }
            Item::Record(_) | Item::Gone(_) | Item::Stranger(_) | Item::Exception(_) => {}
        }
    }
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
    for (index, command) in next.iter().enumerate() {
        let before = match (index, command.contains(" --corrects ")) {
            (0, _) => "next",
            (_, true) => "then, once it is fixed",
            (_, false) => "  or",
        };
        text.push_str(&format!("{before}: {command}\n"));
    }
    format!("out of balance: {}\n{text}", broken.join(", "))
}

/// The commands that bring it nearer to balance, the most telling first.
fn next(args: &ReconcileArgs, all: &Reconciliation, rows: &Rows) -> Vec<String> {
    let flags = super::ledger_flags(&args.ledger);
    let mut next = Vec::new();
    if all.of(Class::NotInLedger) > 0 {
        next.push(format!("rollcall ledger verify{flags}"));
    }
    let files: Vec<String> = (all.files.iter())
        .filter(|file| file.of(Class::NotSent) + file.of(Class::Changed) > 0)
        .map(|file| super::typed(std::path::Path::new(&*file.name)))
        .collect();
    if !files.is_empty() {
        let pace = super::pace_flags(&args.pace);
        next.push(format!("rollcall run {}{flags}{pace}", files.join(" ")));
    }
    if let Some(run_id) = rows.unresolved {
        next.push(format!("rollcall retry {run_id}{flags}"));
    }
    if let Some(run_id) = rows.to_fix {
        next.push(format!("rollcall rejects {run_id} -o to-fix-{run_id}.csv{flags}"));
        next.push(format!("rollcall run to-fix-{run_id}.csv --corrects {run_id}{flags}"));
    }
    if let Some((run_id, record)) = rows.open {
        next.push(format!(
            "rollcall dispose {run_id} {record} --reason TEXT --by NAME{flags}"
        ));
    }
    if let Some(run_id) = rows.unexplained {
        next.push(format!("rollcall report {run_id} --format csv{flags}"));
    }
    if all.of(Class::NotCompared) > 0 {
        next.push(format!("rollcall status{flags}"));
    }
    next
}
