//! Why the ledger cannot be used.

use std::path::PathBuf;

use thiserror::Error;

/// Why the ledger cannot be used. Nothing here is retried: the process ends and the next one reads from disk.
#[derive(Debug, Error)]
pub enum LedgerError {
    /// The file or its folder cannot be opened or made.
    #[error("cannot open the ledger {}", path.display())]
    Open {
        /// The ledger.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// There is no ledger to read.
    #[error("there is no ledger at {}", path.display())]
    NotFound {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// A run that was never begun.
    #[error("the ledger has no run {run_id}")]
    NoSuchRun {
        /// Its number.
        run_id: i64,
    },
    /// Another process holds it.
    #[error("another rollcall is working on the ledger {}", path.display())]
    Locked {
        /// The ledger.
        path: PathBuf,
    },
    /// A newer rollcall has written it, or it is no ledger at all.
    #[error("the ledger {} has version {found}, and this rollcall knows versions up to {known}", path.display())]
    Version {
        /// The ledger.
        path: PathBuf,
        /// Version in the file.
        found: i64,
        /// Newest version known here.
        known: i64,
    },
    /// Another program's database, or no database at all.
    #[error("{} is not a ledger of rollcall", path.display())]
    Foreign {
        /// The file.
        path: PathBuf,
    },
    /// SQLite reports an error.
    #[error("the ledger cannot be read or written")]
    Sqlite(#[from] rusqlite::Error),
    /// The writer has stopped after an error that was reported before.
    #[error("the ledger's writer has stopped after an earlier error")]
    Stopped,
    /// An event that cannot happen to a row in its state: a defect of rollcall, caught before it was written.
    #[error("record {record} of input {input} is {state} and cannot become {event}")]
    Illegal {
        /// Input in the ledger.
        input: i64,
        /// Record in the input.
        record: u64,
        /// State of the row.
        state: &'static str,
        /// The event.
        event: String,
    },
    /// A row that the ledger should know is not there, or holds a code that no version wrote.
    #[error("the ledger is damaged: {0}")]
    Damaged(String),
}

impl LedgerError {
    /// What to do next.
    pub fn hint(&self) -> Option<&'static str> {
        match self {
            Self::Open { .. } => Some("check that the folder exists and can be written, or name another with --ledger"),
            Self::NotFound { .. } => Some("name it with --ledger, or make one with `rollcall run FILE`"),
            Self::NoSuchRun { .. } => Some("`rollcall status` lists the runs of the ledger"),
            Self::Locked { .. } => Some("wait until it has ended, or use another ledger with --ledger"),
            Self::Version { .. } => Some("use the newer rollcall that wrote it"),
            Self::Foreign { .. } => Some("name another file with --ledger"),
            Self::Sqlite(_) | Self::Stopped => {
                Some("free the disk or mend it, then type the same command again: it goes on where the ledger ends")
            }
            Self::Illegal { .. } => Some("nothing wrong was written; please report it, with this message"),
            Self::Damaged(_) => Some(
                "put the file aside and run again: the API's memory of idempotency ids keeps everyone from being created twice",
            ),
        }
    }
}
