//! Why the ledger cannot be used.

use std::path::PathBuf;
use std::sync::Arc;

use rusqlite::ErrorCode;
use thiserror::Error;

/// Why the ledger cannot be used. Nothing here is retried: the process ends and the next one reads from disk.
#[derive(Clone, Debug, Error)]
pub enum LedgerError {
    /// The file or its folder cannot be opened or made.
    #[error("cannot open the ledger {}", path.display())]
    Open {
        /// The ledger.
        path: PathBuf,
        /// Why.
        #[source]
        source: Arc<std::io::Error>,
    },
    /// There is no ledger to read.
    #[error("there is no ledger at {}", path.display())]
    NotFound {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// Another process holds it.
    #[error("another rollcall is working on the ledger {}", path.display())]
    Locked {
        /// The ledger.
        path: PathBuf,
    },
    /// A newer rollcall has written it.
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
    #[error("the ledger cannot be read or written: {}", Trouble::of(.0).words())]
    Sqlite(#[source] Arc<rusqlite::Error>),
    /// The writer has stopped: what was asked of it is not on disk, and nothing more will be.
    #[error("the ledger's writer has stopped")]
    Stopped {
        /// The first error, the one that stopped it.
        #[source]
        cause: Box<LedgerError>,
    },
    /// The writer broke off in the middle: a defect of rollcall. What it had not committed is not on disk.
    #[error("the ledger's writer broke off")]
    Panicked,
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
            Self::Locked { .. } => Some("wait until it has ended, or use another ledger with --ledger"),
            Self::Version { .. } => Some("use the newer rollcall that wrote it"),
            Self::Foreign { .. } => Some("name another file with --ledger"),
            Self::Sqlite(error) => Some(Trouble::of(error).hint()),
            Self::Stopped { cause } => cause.hint(),
            Self::Panicked => Some("type the same command again: it goes on where the ledger ends; please report it"),
            Self::Illegal { .. } => Some("nothing wrong was written; please report it, with this message"),
            Self::Damaged(_) => Some(
                "put the file aside and run again: the API's memory of idempotency ids keeps everyone from being created twice",
            ),
        }
    }
}

impl From<rusqlite::Error> for LedgerError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(Arc::new(error))
    }
}

/// What an error of SQLite means to the person at the keyboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    Full,
    Io,
    Damaged,
    ReadOnly,
    Busy,
    Memory,
    Other,
}

impl Trouble {
    fn of(error: &rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::SystemIoFailure) => Self::Io,
            Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged,
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => Self::ReadOnly,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::OutOfMemory) => Self::Memory,
            _ => Self::Other,
        }
    }

    fn words(self) -> &'static str {
        match self {
            Self::Full => "the disk is full",
            Self::Io => "the disk or the file system reports an error",
            Self::Damaged => "the file is damaged",
            Self::ReadOnly => "the file or its folder may not be written",
            Self::Busy => "another program keeps it locked",
            Self::Memory => "there is not enough memory",
            Self::Other => "SQLite reports an error",
        }
    }

    fn hint(self) -> &'static str {
        match self {
            Self::Full => "free space on its disk, then type the same command again: it goes on where the ledger ends",
            Self::Io => {
                "check the disk and its cable or mount, then type the same command again: it goes on where the ledger ends"
            }
            Self::Damaged => {
                "restore a copy, or put the file aside with its -wal and run again: the API's memory of idempotency ids keeps \
                 everyone from being created twice"
            }
            Self::ReadOnly => "make the file and its folder writable for you, or name another ledger with --ledger",
            Self::Busy => "end the other program that has the ledger open, then type the same command again",
            Self::Memory => "end other programs, then type the same command again: it goes on where the ledger ends",
            Self::Other => {
                "type the same command again: it goes on where the ledger ends; if it fails again, please report it"
            }
        }
    }
}
