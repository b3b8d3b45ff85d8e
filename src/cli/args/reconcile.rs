//! The arguments of `rollcall reconcile` and `rollcall dispose`.

use std::path::PathBuf;

use clap::{Args as ClapArgs, ValueEnum};

use super::{Format, LedgerArgs, PaceArgs};

/// Form of a reconciliation.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReconcileFormat {
    // For people.
    #[default]
    Human,
    // For programs: an object a line, the last has the figures.
    Json,
    // One line for each record, and for whatever else is named.
    Csv,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  rollcall reconcile customers.csv                       the file beside the ledger
  rollcall reconcile customers.csv --api                 and beside what the API has now
  rollcall reconcile january.csv february.csv --api      several files
  rollcall reconcile customers.csv --format csv > reconciled.csv
  rollcall reconcile customers.csv --format json | tail -1 | jq .in_balance

Each record lands in one class. Control totals are counts and hash totals: the sum modulo 2^64 of
the first 8 bytes of the SHA-256 of each customer id, and of the first 8 bytes of each idempotency
id, which is a digest of the payload. They cover what should be at the API: records that repeat an
earlier one of their run, were corrected by another run or disposed of are counted apart.
Exit codes: 0 in balance, 1 not.")]
pub(crate) struct ReconcileArgs {
    /// CSV files as they are now, plain, gzip, zstd, xz or bzip2, or patterns of names; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) ledger: LedgerArgs,
    #[command(flatten)]
    pub(crate) pace: PaceArgs,
    /// Ask the API which customers it has; it only reads
    #[arg(long)]
    pub(crate) api: bool,
    /// Form of the result; json is an object a line with the figures last, csv one line a record
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: ReconcileFormat,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  rollcall dispose 3 17 --reason \"closed his account in March\" --by \"A. Clerk\"
  rollcall dispose 3 17 --file january.csv --reason \"test data\"

It is for a record that is rejected, refused, in conflict or unresolved and will not be corrected.
The decision is kept in the ledger and shown by `rollcall reconcile`; nothing is sent or deleted.
Deciding again adds to it: the last one counts. Do not write personal data into the reason.")]
pub(crate) struct DisposeArgs {
    /// Number of the run
    pub(crate) run: i64,
    /// Number of the record in the run's file
    pub(crate) record: u64,
    /// Why it stays as it is
    #[arg(long, value_name = "TEXT")]
    pub(crate) reason: String,
    /// Who decided [default: the account that types it]
    #[arg(long, value_name = "NAME")]
    pub(crate) by: Option<String>,
    /// The run's file, where it has several
    #[arg(long, value_name = "NAME")]
    pub(crate) file: Option<String>,
    #[command(flatten)]
    pub(crate) ledger: LedgerArgs,
    /// Form of the result on standard output
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}
