//! The arguments of `rollcall ledger` and its commands.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};

use super::correct::CorrectArgs;
use super::operator::MetricsArgs;
use super::{BrakeArgs, Format, LedgerArgs, PaceArgs, RunArgs};

#[derive(Debug, Subcommand)]
pub(crate) enum LedgerCommand {
    /// Check a whole ledger: every line, every row's events, every total; changes nothing
    Verify(VerifyArgs),
    /// Copy the ledger as it stands, also while a run is writing, and verify the copy
    Backup(BackupArgs),
    /// Make a lost ledger anew: look for every customer at the API, and create nobody
    Rebuild(RebuildArgs),
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  rollcall ledger rebuild customers.csv --config bank.toml
  rollcall run customers.csv --config bank.toml              then creates those that are not there

It checks the files as `rollcall run` does and asks the API for each customer, under the same rate
limit. Who is there with the same data becomes existing, who is there with other data a conflict, and
who is not there stays pending. It takes a request a customer; `rollcall run` alone recognizes everyone
too, by the ids, but creates those that are missing.
Exit codes: 0 everyone is there, 1 somebody must be looked at, 4 some are not there.")]
pub(crate) struct RebuildArgs {
    /// The files that the lost ledger was about, in the same order
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) ledger: LedgerArgs,
    #[command(flatten)]
    pub(crate) pace: PaceArgs,
    /// Form of the result on standard output
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  rollcall ledger verify
  rollcall ledger verify --sandbox
  rollcall ledger verify --format json | jq .troubles

It only reads, one moment of the ledger, also while a run is writing.
Exit codes: 0 everything holds, 3 damaged, 5 records and rows do not add up.")]
pub(crate) struct VerifyArgs {
    #[command(flatten)]
    pub(crate) ledger: LedgerArgs,
    /// Form of the result on standard output
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  rollcall ledger backup /backup/ledger-2026-02-28.db
  rollcall ledger verify --ledger /backup/ledger-2026-02-28.db

The copy is readable by you only, appears under its name once it is whole, verified and on disk,
and never replaces anything. An older ledger costs time and nothing else: whoever was created
meanwhile is recognized by the same id.")]
pub(crate) struct BackupArgs {
    /// The file to write, which must not exist
    #[arg(value_name = "TO")]
    pub(crate) to: PathBuf,
    #[command(flatten)]
    pub(crate) ledger: LedgerArgs,
    /// Form of the result on standard output
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

impl RebuildArgs {
    /// The run whose rows are looked for.
    pub(crate) fn into_run(self) -> RunArgs {
        RunArgs {
            files: self.files,
            ledger: self.ledger,
            pace: self.pace,
            brakes: BrakeArgs::default(),
            correct: CorrectArgs::default(),
            metrics: MetricsArgs::default(),
            format: self.format,
        }
    }
}
