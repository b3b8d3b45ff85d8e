//! The arguments of `rollcall report`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum};

use super::LedgerArgs;

/// Form of a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    // For people at a terminal.
    #[default]
    Text,
    // One page, for people who ask.
    Html,
    // For programs, the same figures.
    Json,
    // A line for each figure, then one for each record.
    Csv,
    // One line, for mail or chat.
    Line,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  rollcall report                               the latest run, every figure of it
  rollcall report 3 --format html -o run3.html  a page to show, print and keep
  rollcall report 3 --format csv > run3.csv     each figure, then each record, a line each
  rollcall report --format json | jq .totals    as docs/report.schema.json describes it
  rollcall report --format line                 how the run stands, and what to type next")]
pub(crate) struct ReportArgs {
    /// Number of the run [default: the latest]
    pub(crate) run: Option<i64>,
    #[command(flatten)]
    pub(crate) ledger: LedgerArgs,
    /// Form of the report; csv is a line for each figure and each record, line is one for mail or chat
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: ReportFormat,
    /// File to write, readable by you only, whole or not at all [default: standard output]
    #[arg(short, long, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
}
