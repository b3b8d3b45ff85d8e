//! `rollcall report`: a run from the ledger.

use std::io::{BufWriter, Write};

use anyhow::Result;

use crate::cli::args::{ReportArgs, ReportFormat};
use crate::cli::diagnostics::NoRun;
use crate::cli::exit::Exit;
use crate::ledger::Reader;
use crate::report::{self, Summary};

pub(in crate::cli) fn run(args: &ReportArgs) -> Result<Exit> {
    let reader = Reader::open(&super::ledger_path(&args.ledger)?)?;
    let run_id = match args.run {
        Some(run_id) => run_id,
        None => reader.latest()?.ok_or(NoRun::AtAll)?,
    };
    let run = reader.run(run_id)?.ok_or(NoRun::Number(run_id))?;
    let summary = Summary::of(&reader, run)?;
    match args.format {
        ReportFormat::Text => super::print(&report::run_text(&summary)?)?,
        ReportFormat::Json => super::print_json(&report::run_json(&summary))?,
        ReportFormat::Csv => {
            let mut out = BufWriter::new(std::io::stdout().lock());
            report::write_csv::<anyhow::Error>(&reader, &summary.run, &mut out)?;
            out.flush()?;
        }
    }
    Ok(if summary.balance.adds_up() {
        Exit::Success
    } else {
        Exit::OutOfBalance
    })
}
