//! The arguments of every command.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

/// rollcall answers for every row: it checks CSV exports of customers, creates each customer at the API exactly once, and
/// can prove afterwards what became of every row.
#[derive(Debug, Parser)]
#[command(name = "rollcall", version, max_term_width = 100, after_help = EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

const EXIT_CODES: &str = "\
Exit codes:
  0    every row is created, existing or a duplicate
  1    finished, but rows were rejected, refused, in conflict or unresolved
  2    wrong usage or configuration
  3    input, ledger or an output file cannot be used
  4    stopped early and resumable: a brake, an outage, not permitted
  5    records and rows do not add up
  130  interrupted and resumable";

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Check files and create their customers; the same command again goes on where it stopped
    Run(RunArgs),
    /// Check files and send nothing: no network, no ledger
    Validate(ValidateArgs),
    /// Show what became of runs, and what to do next
    Status(StatusArgs),
    /// Report on a run from the ledger
    Report(ReportArgs),
    /// List the fields that a column can feed
    Fields(FieldsArgs),
    /// Show every setting, its value and where that came from
    Settings(SettingsArgs),
    /// Serve a local API that keeps the contract, to try things out
    Sandbox(SandboxArgs),
    /// Print a completion script for a shell
    Completions(CompletionsArgs),
}

/// Form of the result on standard output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people
    #[default]
    Human,
    /// For programs
    Json,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ConfigArgs {
    /// Configuration file [default: ./rollcall.toml if there is one]
    #[arg(long, value_name = "FILE", env = "ROLLCALL_CONFIG")]
    pub(crate) config: Option<PathBuf>,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct LedgerArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// The ledger [default: ledger.db in the data folder; sandbox.db with --sandbox]
    #[arg(long, value_name = "FILE")]
    pub(crate) ledger: Option<PathBuf>,
    /// Use the sandbox's ledger
    #[arg(long)]
    pub(crate) sandbox: bool,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  rollcall run customers.csv --sandbox            try it out against a local API
  rollcall run customers.csv --config bank.toml   the real thing
  zcat export.csv.gz | rollcall run - --config bank.toml")]
pub(crate) struct RunArgs {
    /// CSV files, plain, gzip or zstd, in the order of their rows; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) ledger: LedgerArgs,
    /// Requests in any second, of whatever kind; 0 for no limit
    #[arg(long, value_name = "N")]
    pub(crate) rate: Option<u32>,
    /// Requests on the wire at the same time
    #[arg(long, value_name = "N")]
    pub(crate) max_in_flight: Option<u32>,
    /// Rejects above which nothing is sent: a number, or a share such as 5%
    #[arg(long, value_name = "N|P%")]
    pub(crate) max_rejects: Option<String>,
    /// Form of the result on standard output
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  rollcall validate customers.csv
  rollcall validate customers.csv --accepted ok.jsonl --rejects to-fix.csv")]
pub(crate) struct ValidateArgs {
    /// CSV files, plain, gzip or zstd; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// Write what would be sent, a payload a line, in the order of the records
    #[arg(long, value_name = "FILE.jsonl")]
    pub(crate) accepted: Option<PathBuf>,
    /// Write the records that would not be sent, with what is wrong with them
    #[arg(long, value_name = "FILE.csv")]
    pub(crate) rejects: Option<PathBuf>,
    /// Form of the result on standard output
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct StatusArgs {
    /// Number of the run [default: all]
    pub(crate) run: Option<i64>,
    #[command(flatten)]
    pub(crate) ledger: LedgerArgs,
    /// Form of the result on standard output
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

/// Form of a report.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ReportFormat {
    /// For people
    #[default]
    Text,
    /// For programs, the same figures
    Json,
    /// One line a record
    Csv,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ReportArgs {
    /// Number of the run [default: the latest]
    pub(crate) run: Option<i64>,
    #[command(flatten)]
    pub(crate) ledger: LedgerArgs,
    /// Form of the report
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: ReportFormat,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct FieldsArgs {
    /// Form of the result on standard output
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct SettingsArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// Form of the result on standard output
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct SandboxArgs {
    /// Port on 127.0.0.1; 0 for any
    #[arg(long, default_value_t = 8080)]
    pub(crate) port: u16,
    /// File that keeps the customers over restarts
    #[arg(long, value_name = "FILE")]
    pub(crate) state: Option<PathBuf>,
    /// Milliseconds before each answer
    #[arg(long, value_name = "MS", default_value_t = 0)]
    pub(crate) latency: u64,
    /// Requests a second above which the answer is 429
    #[arg(long, value_name = "N")]
    pub(crate) rate: Option<u32>,
    /// Share of requests that are answered 500 before anything happens
    #[arg(long, value_name = "0..1", default_value_t = 0.0)]
    pub(crate) error_rate: f64,
    /// Share of requests whose connection is reset, half of them after the effect
    #[arg(long, value_name = "0..1", default_value_t = 0.0)]
    pub(crate) reset_rate: f64,
    /// Share of requests that are answered 503 with Retry-After
    #[arg(long, value_name = "0..1", default_value_t = 0.0)]
    pub(crate) unavailable_rate: f64,
    /// Seed of the faults
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Status of the answer to a second create of one customer: 400, 409 or 422
    #[arg(long, value_name = "STATUS", default_value_t = 400)]
    pub(crate) duplicate_status: u16,
    /// Seconds that a token lives
    #[arg(long, value_name = "SECONDS", default_value_t = 900)]
    pub(crate) token_life: u64,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct CompletionsArgs {
    /// The shell
    pub(crate) shell: Shell,
}
