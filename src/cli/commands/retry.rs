//! `rollcall retry`: what a run left open, once more.

use anyhow::Result;

use super::damaged::named;
use super::run::run_for;
use crate::cli::args::repair::RetryArgs;
use crate::cli::diagnostics::NoRun;
use crate::cli::exit::Exit;
use crate::ledger::Reader;
use crate::pipeline::{Aim, Retry};

pub(in crate::cli) fn run(args: RetryArgs) -> Result<Exit> {
    let reader = Reader::open(&super::ledger_path(&args.ledger)?)?;
    let run_id = match args.run {
        Some(run_id) => run_id,
        None => reader.latest()?.ok_or(NoRun::AtAll)?,
    };
    reader.run(run_id)?.ok_or(NoRun::Number(run_id))?;
    drop(reader);
    let refused = args.refused();
    let run = args.into_run();
    named(&run.ledger, run_for(&run, Aim::Create, Some(Retry { run_id, refused })))
}
