//! The exit codes; schedulers rely on them, so a code never changes its meaning.

use std::process::ExitCode;

/// How the program ends.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Exit {
    /// Every row is created, existing or a duplicate; or the command did what it was asked.
    Success,
    /// Finished, but rows were rejected, refused, in conflict or unresolved.
    Attention,
    /// Wrong usage or configuration.
    Usage,
    /// Input, ledger or an output cannot be used.
    Unusable,
    /// Stopped early and resumable: a brake, an outage, not permitted.
    Stopped,
    /// Records and rows do not add up.
    OutOfBalance,
    /// Interrupted and resumable.
    Interrupted,
}

impl Exit {
    /// The code.
    pub(super) fn code(self) -> u8 {
        match self {
            Self::Success => 0,
            Self::Attention => 1,
            Self::Usage => 2,
            Self::Unusable => 3,
            Self::Stopped => 4,
            Self::OutOfBalance => 5,
            Self::Interrupted => 130,
        }
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit.code())
    }
}
