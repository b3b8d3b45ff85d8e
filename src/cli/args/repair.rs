//! The arguments of the commands that bring a finished run's exceptions to their end.

use std::path::PathBuf;

use clap::{ArgAction, Args as ClapArgs, ValueEnum};

use super::correct::CorrectArgs;
use super::operator::MetricsArgs;
use super::{BrakeArgs, Format, LedgerArgs, PaceArgs, RunArgs};
use crate::model::row_state::RowState;

/// A state in which a record can be corrected.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RejectState {
    Rejected,
    Refused,
    Conflict,
    Unresolved,
}

impl RejectState {
    /// The state as the ledger has it.
    pub(crate) fn state(self) -> RowState {
        match self {
            Self::Rejected => RowState::Rejected,
            Self::Refused => RowState::Refused,
            Self::Conflict => RowState::Conflict,
            Self::Unresolved => RowState::Unresolved,
        }
    }
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  rollcall rejects -o to-fix.csv                            what the latest run did not create
  rollcall rejects 3 -o to-fix-3.csv --state rejected,refused
  rollcall rejects 3 -o to-fix-3.csv --bom --delimiter ';' --crlf    for Excel in most of Europe
  rollcall run to-fix-3.csv --corrects 3                    once the cells are corrected

The file has the columns of the source, then _file, _record, _line, _state, _codes and _message; leave
these as they are. Cells that a spreadsheet would carry out as a formula have an apostrophe before them,
which rollcall takes away again.")]
pub(crate) struct RejectsArgs {
    /// Number of the run [default: the latest]
    pub(crate) run: Option<i64>,
    /// The file to write, readable by you only; it must not exist
    #[arg(short, long, value_name = "FILE.csv")]
    pub(crate) output: PathBuf,
    /// Records in these states
    #[arg(long, value_enum, value_delimiter = ',', value_name = "STATE",
          default_values_t = [RejectState::Rejected, RejectState::Refused, RejectState::Conflict, RejectState::Unresolved])]
    pub(crate) state: Vec<RejectState>,
    /// Those too that a correction, a later run or a person has cleared since
    #[arg(long)]
    pub(crate) all: bool,
    /// A file that the run read, where it stands now; all of them, in the run's order [default: as the run named them]
    #[arg(long, value_name = "FILE", action = ArgAction::Append)]
    pub(crate) source: Vec<PathBuf>,
    /// Begin with a byte order mark, by which Excel knows UTF-8
    #[arg(long)]
    pub(crate) bom: bool,
    /// What separates cells: a comma, a semicolon or tab
    #[arg(long, value_name = "C", default_value = ",", value_parser = delimiter)]
    pub(crate) delimiter: u8,
    /// End lines with CR and LF
    #[arg(long)]
    pub(crate) crlf: bool,
    #[command(flatten)]
    pub(crate) ledger: LedgerArgs,
    /// Form of the result on standard output
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

/// A separator of cells.
fn delimiter(text: &str) -> Result<u8, String> {
    match text {
        "," | "comma" => Ok(b','),
        ";" | "semicolon" => Ok(b';'),
        "\t" | "tab" => Ok(b'\t'),
        _ => Err("must be , or ; or tab".to_owned()),
    }
}

/// A state in which a row can be sent again as it is.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum RetryState {
    Unresolved,
    Refused,
}

#[derive(Debug, ClapArgs)]
#[command(after_help = "\
Examples:
  rollcall retry                          what the latest run left open
  rollcall retry 3 --include-refused      and what the API refused, where it was the API that was wrong
  rollcall retry 3 --source /archive/customers.csv

It reads the run's files again, which must be as they were, and sends rows under the ids that they had,
so nobody is created twice. What is wrong in the data is for `rollcall rejects`.")]
pub(crate) struct RetryArgs {
    /// Number of the run [default: the latest]
    pub(crate) run: Option<i64>,
    /// Rows in these states, and always those that were not sent to their end
    #[arg(long, value_enum, value_delimiter = ',', value_name = "STATE", default_values_t = [RetryState::Unresolved])]
    pub(crate) state: Vec<RetryState>,
    /// The same as --state unresolved,refused
    #[arg(long)]
    pub(crate) include_refused: bool,
    /// A file that the run read, where it stands now; all of them, in the run's order [default: as the run named them]
    #[arg(long, value_name = "FILE", action = ArgAction::Append)]
    pub(crate) source: Vec<PathBuf>,
    #[command(flatten)]
    pub(crate) ledger: LedgerArgs,
    #[command(flatten)]
    pub(crate) pace: PaceArgs,
    #[command(flatten)]
    pub(crate) brakes: BrakeArgs,
    #[command(flatten)]
    pub(crate) metrics: MetricsArgs,
    /// Form of the result on standard output
    #[arg(long, value_enum, default_value_t)]
    pub(crate) format: Format,
}

impl RetryArgs {
    /// Whether refused rows are sent again, too.
    pub(crate) fn refused(&self) -> bool {
        self.include_refused || self.state.contains(&RetryState::Refused)
    }

    /// The run that is taken up, over the sources that are named.
    pub(crate) fn into_run(self) -> RunArgs {
        RunArgs {
            files: self.source,
            ledger: self.ledger,
            pace: self.pace,
            brakes: self.brakes,
            correct: CorrectArgs::default(),
            metrics: self.metrics,
            format: self.format,
        }
    }
}
