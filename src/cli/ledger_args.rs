//! The arguments of `rollcall ledger` and its commands.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Subcommand};

use super::args::{Format, LedgerArgs};

#[derive(Debug, Subcommand)]
pub(crate) enum LedgerCommand {
    /// Check a whole ledger: every line, every row's events, every total; changes nothing
    Verify(VerifyArgs),
    /// Copy the ledger as it stands, also while a run is writing, and verify the copy
    Backup(BackupArgs),
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
