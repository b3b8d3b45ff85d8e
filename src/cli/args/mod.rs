//! The arguments of every command.

use std::path::PathBuf;

use clap::{Args as ClapArgs, Parser, Subcommand, ValueEnum, value_parser};
use clap_complete::Shell;

pub(crate) mod correct;
pub(crate) mod ledger;
pub(crate) mod operator;
pub(crate) mod reconcile;
pub(crate) mod repair;
mod report;
#[cfg(test)]
mod tests;

use self::correct::CorrectArgs;
use self::ledger::LedgerCommand;
use self::operator::{DoctorArgs, ManArgs, MetricsArgs};
use self::reconcile::{DisposeArgs, ReconcileArgs};
use self::repair::{RejectsArgs, RetryArgs};
pub(crate) use self::report::{ReportArgs, ReportFormat};

/// rollcall answers for every row: it checks CSV exports of customers, creates each customer at the API exactly once, and
/// can prove afterwards what became of every row.
#[derive(Debug, Parser)]
#[command(name = "rollcall", version, max_term_width = 100, after_help = EXIT_CODES)]
pub(crate) struct Args {
    #[command(subcommand)]
    pub(crate) command: Command,
}

pub(crate) const EXIT_CODES: &str = "\
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
    /// Look at an export and write a configuration for it, with questions where it is not sure
    Init(InitArgs),
    /// Show what each column of files holds, masked
    Profile(ProfileArgs),
    /// Check files and create their customers; the same command again goes on where it stopped
    #[command(mut_arg("sandbox", |arg| arg.help("Send to a sandbox in this process; its ledger is sandbox.db")))]
    Run(RunArgs),
    /// Check files and send nothing: no network, no ledger
    Validate(ValidateArgs),
    /// Show what became of runs, and what to do next
    Status(StatusArgs),
    /// Report on a run from the ledger
    Report(ReportArgs),
    /// Write the records that a run did not create, with what is wrong, to correct them in a spreadsheet
    Rejects(RejectsArgs),
    /// Send again what a run left open and needs no correction
    #[command(mut_arg("sandbox", |arg| arg.help("Send to a sandbox in this process; its ledger is sandbox.db")))]
    Retry(RetryArgs),
    /// Compare files as they are now with the ledger, and with the API
    Reconcile(ReconcileArgs),
    /// Decide that a record that failed stays as it is
    Dispose(DisposeArgs),
    /// Check configuration, ledger, disk, clock, credentials and API, and create nothing
    Doctor(DoctorArgs),
    /// Check a ledger, or make a copy of it
    #[command(subcommand)]
    Ledger(LedgerCommand),
    /// List the fields that a column can feed
    Fields(FieldsArgs),
    /// Explain a code: what the rule wants, why, and how to change what it does
    Explain(ExplainArgs),
    /// Show every setting, its value and where that came from
    Settings(SettingsArgs),
    /// Serve a local API that keeps the contract, to try things out
    Sandbox(SandboxArgs),
    /// Print a completion script for a shell
    Completions(CompletionsArgs),
    /// Write the manual pages
    Man(ManArgs),
}

/// Form of the result on standard output.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    // Comments, not documentation: help for each value would double the length of every command's help.
    // For people.
    #[default]
    Human,
    // For programs.
    Json,
}

#[derive(Debug, ClapArgs)]
pub(crate) struct ConfigArgs {
    /// Configuration file [default: ./rollcall.toml if there is one]
    #[arg(long, value_name = "FILE", env = "ROLLCALL_CONFIG", hide_env_values = true)]
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

/// How fast requests may go.
#[derive(Debug, ClapArgs)]
pub(crate) struct PaceArgs {
    /// Requests in any second, of whatever kind; 0 for no limit
    #[arg(long, value_name = "N")]
    pub(crate) rate: Option<u32>,
    /// Requests on the wire at the same time
    #[arg(long, value_name = "N")]
    pub(crate) max_in_flight: Option<u32>,
}

/// What stops a run before all of its rows are sent.
#[derive(Debug, Default, ClapArgs)]
pub(crate) struct BrakeArgs {
    /// Rejects above which nothing is sent: a number, or a share such as 5%
    #[arg(long, value_name = "N|P%")]
    pub(crate) max_rejects: Option<String>,
    /// Rows refused, in conflict at the API or unresolved above which the run stops: a number, or a share
    #[arg(long, value_name = "N|P%")]
    pub(crate) max_failures: Option<String>,
    /// Rows that are sent alone first; the run stops if more than a tenth of them fail; 0 for none
    #[arg(long, value_name = "N")]
    pub(crate) canary: Option<u32>,
    /// Time after which no new rows are taken and the run ends, resumable, such as 6h
    #[arg(long, value_name = "TIME")]
    pub(crate) deadline: Option<String>,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  rollcall run customers.csv --sandbox            try it out; nothing leaves this machine
  rollcall run customers.csv --config bank.toml   the real thing; again after a crash to go on
  rollcall run january.csv.gz february.csv.gz     several files as one run
  rollcall run 'exports/2026-*.csv' --sandbox     every file that fits, by name
  cat customers.csv | rollcall run - --sandbox    standard input
  rollcall run to-fix-3.csv --corrects 3          the rejects of run 3, corrected
  rollcall run customers.csv --format json | jq -r 'select(.event == \"progress\").sent'")]
pub(crate) struct RunArgs {
    /// CSV files, plain, gzip, zstd, xz or bzip2, or patterns of names; `-` is standard input. Rows are taken in the order of
    /// the arguments, files of a pattern by the bytes of their names
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) ledger: LedgerArgs,
    #[command(flatten)]
    pub(crate) pace: PaceArgs,
    #[command(flatten)]
    pub(crate) brakes: BrakeArgs,
    #[command(flatten)]
    pub(crate) correct: CorrectArgs,
    #[command(flatten)]
    pub(crate) metrics: MetricsArgs,
    /// Form of the result on standard output; json is an event a line, the result as the last
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  rollcall init export.csv                          writes rollcall.toml; answer its questions
  rollcall init export.csv.gz --output bank.toml    another name
  rollcall init export.csv --output - | less        look first

It looks at the first 10,000 records and never overwrites a file. What is sure is written with its
reason; what is not is a QUESTION with lines to choose from. No value of a customer is written.")]
pub(crate) struct InitArgs {
    /// CSV file, plain, gzip, zstd, xz or bzip2; `-` is standard input
    #[arg(value_name = "EXPORT")]
    pub(crate) file: PathBuf,
    /// The configuration to write, readable by you only; `-` is standard output
    #[arg(long, value_name = "FILE", default_value = "rollcall.toml")]
    pub(crate) output: PathBuf,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  rollcall profile export.csv
  rollcall profile export.csv --config bank.toml
  rollcall profile export.csv --format json | jq -r '.columns[] | select(.filled == 0) | .name'

Values are shown by their shape: letters as a and A, a run of them as one, digits as 9.")]
pub(crate) struct ProfileArgs {
    /// CSV files, plain, gzip, zstd, xz or bzip2; `-` is standard input
    #[arg(required = true, value_name = "FILE")]
    pub(crate) files: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// Form of the result on standard output
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  rollcall validate customers.csv
  rollcall validate customers.csv --rejects to-fix.csv --accepted payloads.jsonl
  rollcall validate customers.csv --format json | jq .   an object a line; the last is the summary")]
pub(crate) struct ValidateArgs {
    /// CSV files, plain, gzip, zstd, xz or bzip2, or patterns of names; `-` is standard input. Rows are taken in the order of
    /// the arguments, files of a pattern by the bytes of their names
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
#[command(after_help = "\
Examples:
  rollcall status                 every run, a line each, and what to type next
  rollcall status 3               one run with its control totals
  rollcall status --sandbox       the runs of `rollcall run --sandbox`")]
pub(crate) struct StatusArgs {
    /// Number of the run [default: all]
    pub(crate) run: Option<i64>,
    #[command(flatten)]
    pub(crate) ledger: LedgerArgs,
    /// Form of the result on standard output
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  rollcall fields
  rollcall fields --format json | jq -r '.fields[] | select(.individual == \"required\") | .path'")]
pub(crate) struct FieldsArgs {
    /// Form of the result on standard output
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  rollcall explain phone.not_valid
  rollcall explain                                        every code, a line each")]
pub(crate) struct ExplainArgs {
    /// The code, as findings show it [default: all]
    pub(crate) code: Option<String>,
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// Form of the result on standard output
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  rollcall settings --config bank.toml
  ROLLCALL_SEND_RATE_PER_SECOND=50 rollcall settings

A flag stands over the environment, the environment over the file, the file over the default.")]
pub(crate) struct SettingsArgs {
    #[command(flatten)]
    pub(crate) config: ConfigArgs,
    /// Form of the result on standard output
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  rollcall sandbox                                      quick and sound, on port 8080
  rollcall sandbox --state customers.jsonl --rate 50    remembers, and answers 429 above 50 a second
  rollcall sandbox --reset-rate 0.1 --error-rate 0.05   breaks on demand
  rollcall sandbox --plan outage.toml --kind burns      breaks by a plan, on the strictest server

A plan: an outage after ten seconds, and a fifth of the creates answered 500 after their effect:
  [[fault]]
  fault = \"refuse\"
  from = 10
  until = 130
  [[fault]]
  fault = \"answer\"
  status = 500
  after-effect = true
  on = \"create\"
  share = 0.2
Faults: refuse, reset, half, slow, stall, endless-headers, huge-body, answer, redirect,
revoke-token, expires-in, duplicate, capacity, rate-limit. Which requests: on, share, tries.
When: from, until, from-request, until-request.

It prints what to export for `rollcall run`, and at its end what it received.")]
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
    #[arg(long, value_name = "N", value_parser = value_parser!(u32).range(1..))]
    pub(crate) rate: Option<u32>,
    /// Share of requests that are answered 500 before anything happens
    #[arg(long, value_name = "0..1", default_value_t = 0.0, value_parser = share)]
    pub(crate) error_rate: f64,
    /// Share of requests whose connection is reset, half of them after the effect
    #[arg(long, value_name = "0..1", default_value_t = 0.0, value_parser = share)]
    pub(crate) reset_rate: f64,
    /// Share of requests that are answered 503 with Retry-After
    #[arg(long, value_name = "0..1", default_value_t = 0.0, value_parser = share)]
    pub(crate) unavailable_rate: f64,
    /// Fault plan: a TOML file that says what breaks, and when
    #[arg(long, value_name = "FILE")]
    pub(crate) plan: Option<PathBuf>,
    /// Break by a plan made from the seed, which is printed
    #[arg(long, conflicts_with = "plan")]
    pub(crate) random_plan: bool,
    /// What the server does with idempotency ids: saves all answers, saves successes only, or burns the id of a failed
    /// first try
    #[arg(long, value_enum, default_value_t)]
    pub(crate) kind: SandboxKind,
    /// Seed of the faults
    #[arg(long, default_value_t = 1)]
    pub(crate) seed: u64,
    /// Status of the answer to a second create of one customer, 400 to 499
    #[arg(long, value_name = "STATUS", default_value_t = 400, value_parser = value_parser!(u16).range(400..500))]
    pub(crate) duplicate_status: u16,
    /// Seconds that a token lives
    #[arg(long, value_name = "SECONDS", default_value_t = 900)]
    pub(crate) token_life: u64,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  rollcall completions bash > ~/.local/share/bash-completion/completions/rollcall
  rollcall completions zsh > ~/.zfunc/_rollcall")]
pub(crate) struct CompletionsArgs {
    /// The shell
    pub(crate) shell: Shell,
}

/// What a sandbox does with idempotency ids.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum SandboxKind {
    #[default]
    All,
    Successes,
    Burns,
}

/// A share: 0 is nothing, 1 is everything.
fn share(text: &str) -> Result<f64, String> {
    match text.parse() {
        Ok(share) if (0.0..=1.0).contains(&share) => Ok(share),
        Ok(_) | Err(_) => Err("must be a number between 0 and 1".to_owned()),
    }
}
