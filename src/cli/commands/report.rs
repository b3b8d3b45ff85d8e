//! `rollcall report`: a run from the ledger.

use std::io::{BufWriter, Write};

use anyhow::{Context, Result};

use crate::cli::args::{ReportArgs, ReportFormat};
use crate::cli::exit::Exit;
use crate::ledger::{LedgerError, Reader};
use crate::report::{self, Summary};

pub(in crate::cli) fn run(args: &ReportArgs) -> Result<Exit> {
    let reader = Reader::open(&super::ledger_path(&args.ledger)?)?;
    let run_id = match args.run {
        Some(run_id) => run_id,
        None => reader.latest()?.context("the ledger has no run yet")?,
    };
    let run = reader.run(run_id)?.ok_or(LedgerError::NoSuchRun { run_id })?;
    match args.format {
        ReportFormat::Text => super::print(&report::run_text(&Summary::of(&reader, run)?)?)?,
        ReportFormat::Json => super::print_json(&report::run_json(&Summary::of(&reader, run)?))?,
        ReportFormat::Csv => {
            let mut out = BufWriter::new(std::io::stdout().lock());
            report::write_csv::<anyhow::Error>(&reader, &run, &mut out)?;
            out.flush()?;
        }
    }
    Ok(Exit::Success)
}
