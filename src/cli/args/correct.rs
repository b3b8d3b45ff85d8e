//! The arguments of `rollcall run` that make it a correction of an earlier run.

use std::path::PathBuf;

use clap::Args as ClapArgs;

#[derive(Debug, Default, ClapArgs)]
pub(crate) struct CorrectArgs {
    /// The run whose records these files correct, as `rollcall rejects` wrote them
    #[arg(long, value_name = "RUN")]
    pub(crate) corrects: Option<i64>,
    /// A source of the corrected run, if it is not where it was; once for each, in the run's order
    #[arg(long, value_name = "FILE", requires = "corrects")]
    pub(crate) source: Vec<PathBuf>,
    /// Take changes for meant in cells where nothing was to be corrected
    #[arg(long, requires = "corrects")]
    pub(crate) accept_other_changes: bool,
    /// Send records that the API refused again, though nothing in them was changed
    #[arg(long, requires = "corrects")]
    pub(crate) send_unchanged: bool,
}
