//! Why the ledger cannot be used.

use std::path::PathBuf;
use std::sync::Arc;

use rusqlite::{ErrorCode, ffi};
use thiserror::Error;

use super::place::Unfit;

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
    /// No ledger may be there.
    #[error(transparent)]
    Unfit(#[from] Unfit),
    /// There is no ledger to read.
    #[error("there is no ledger at {}", path.display())]
    NotFound {
        /// Where it was looked for.
        path: PathBuf,
    },
    /// The file under its name, or its lock, is another one than was opened, or none.
    #[error("the ledger {} or its lock was moved, deleted or replaced while it was in use", path.display())]
    Replaced {
        /// The ledger.
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
    #[error("the ledger cannot be read or written: {}{}", Trouble::of(.0).words(), detail(.0))]
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
    pub fn hint(&self) -> Option<String> {
        if let Self::Unfit(unfit) = self {
            return Some(unfit.hint());
        }
        if let Self::Stopped { cause } = self {
            return cause.hint();
        }
        self.plain_hint().map(str::to_owned)
    }

    /// Whether it means that the file holds something that no rollcall wrote: `rollcall ledger verify` lists all of it.
    pub fn is_damage(&self) -> bool {
        match self {
            Self::Damaged(_) => true,
            Self::Sqlite(error) => match error.sqlite_error_code() {
                // A table or a column that is not there is an unknown error to SQLite; a value of another kind is none.
                Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase | ErrorCode::Unknown) | None => true,
                Some(_) => false,
            },
            Self::Stopped { cause } => cause.is_damage(),
            Self::Open { .. }
            | Self::Unfit(_)
            | Self::NotFound { .. }
            | Self::Replaced { .. }
            | Self::Locked { .. }
            | Self::Version { .. }
            | Self::Foreign { .. }
            | Self::Panicked
            | Self::Illegal { .. } => false,
        }
    }

    /// A hint that names nothing of this one error.
    fn plain_hint(&self) -> Option<&'static str> {
        match self {
            Self::Unfit(_) | Self::Stopped { .. } => None,
            Self::Open { .. } => Some("check that the folder exists and can be written, or name another with --ledger"),
            Self::NotFound { .. } => Some("name it with --ledger, or make one with `rollcall run FILE`"),
            Self::Replaced { .. } => Some(
                "leave the ledger where it is while a run is at work, then type the same command again: whoever was created is \
                 recognized by the same id",
            ),
            Self::Locked { .. } => Some("wait until it has ended, or use another ledger with --ledger"),
            Self::Version { .. } => Some("use the newer rollcall that wrote it"),
            Self::Foreign { .. } => Some("name another file with --ledger"),
            Self::Sqlite(error) => Some(Trouble::of(error).hint()),
            Self::Panicked => Some("type the same command again: it goes on where the ledger ends; please report it"),
            Self::Illegal { .. } => Some("nothing wrong was written; please report it, with this message"),
            Self::Damaged(_) => Some(
                "restore a copy, or put the file aside with its -wal and run again: the API's memory of idempotency ids keeps \
                 everyone from being created twice",
            ),
        }
    }
}

impl From<rusqlite::Error> for LedgerError {
    fn from(error: rusqlite::Error) -> Self {
        Self::Sqlite(Arc::new(error))
    }
}

/// What SQLite was doing when it met an error, in brackets; nothing where the trouble says it all. Source of the codes:
/// <https://www.sqlite.org/rescode.html>, "Extended Result Code Meanings".
fn detail(error: &rusqlite::Error) -> &'static str {
    let Some(code) = error.sqlite_error().map(|error| error.extended_code) else {
        return "";
    };
    let known = DETAILS.iter().find(|(known, _)| *known == code);
    known.map_or("", |(_, words)| words)
}

const DETAILS: &[(i32, &str)] = &[
    (ffi::SQLITE_IOERR_READ, " (reading the file)"),
    (ffi::SQLITE_IOERR_SHORT_READ, " (the file ended too early)"),
    (ffi::SQLITE_IOERR_WRITE, " (writing the file)"),
    (ffi::SQLITE_IOERR_FSYNC, " (bringing what was written to the disk)"),
    (ffi::SQLITE_IOERR_DIR_FSYNC, " (bringing the folder to the disk)"),
    (ffi::SQLITE_IOERR_TRUNCATE, " (shortening the file)"),
    (ffi::SQLITE_IOERR_FSTAT, " (asking for the size of the file)"),
    (ffi::SQLITE_IOERR_LOCK, " (locking the file)"),
    (ffi::SQLITE_IOERR_UNLOCK, " (unlocking the file)"),
    (ffi::SQLITE_IOERR_RDLOCK, " (locking the file to read it)"),
    (ffi::SQLITE_IOERR_DELETE, " (removing the journal)"),
    (ffi::SQLITE_IOERR_ACCESS, " (looking for the log)"),
    (ffi::SQLITE_IOERR_CLOSE, " (closing the file)"),
    (ffi::SQLITE_IOERR_SHMOPEN, " (opening the log's index, -shm)"),
    (
        ffi::SQLITE_IOERR_SHMSIZE,
        " (enlarging the log's index, -shm: the disk may be full)",
    ),
    (ffi::SQLITE_IOERR_SHMMAP, " (sharing the log's index, -shm)"),
    (ffi::SQLITE_IOERR_SHMLOCK, " (locking the log's index, -shm)"),
    (
        ffi::SQLITE_IOERR_DATA,
        " (the disk gave back other bytes than were written)",
    ),
    (ffi::SQLITE_IOERR_CORRUPTFS, " (the file system is damaged)"),
    (ffi::SQLITE_CORRUPT_INDEX, " (an index does not fit its table)"),
    (ffi::SQLITE_CANTOPEN_ISDIR, " (there is a folder in its place)"),
    (ffi::SQLITE_CANTOPEN_SYMLINK, " (there is a symbolic link in its place)"),
    (
        ffi::SQLITE_READONLY_DBMOVED,
        " (the file was moved or removed while it was open)",
    ),
    (ffi::SQLITE_READONLY_DIRECTORY, " (no log can be made in its folder)"),
    (
        ffi::SQLITE_READONLY_CANTINIT,
        " (the log's index, -shm, cannot be made)",
    ),
    (
        ffi::SQLITE_READONLY_RECOVERY,
        " (the log of a process that died must be read back first)",
    ),
    (
        ffi::SQLITE_BUSY_RECOVERY,
        " (it reads back the log of a process that died)",
    ),
];

/// What an error of SQLite means to the person at the keyboard.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Trouble {
    Full,
    Io,
    Damaged,
    ReadOnly,
    Busy,
    Memory,
    CannotOpen,
    Other,
}

impl Trouble {
    fn of(error: &rusqlite::Error) -> Self {
        if error
            .sqlite_error()
            .is_some_and(|error| error.extended_code == ffi::SQLITE_IOERR_NOMEM)
        {
            return Self::Memory;
        }
        match error.sqlite_error_code() {
            Some(ErrorCode::DiskFull) => Self::Full,
            Some(ErrorCode::SystemIoFailure) => Self::Io,
            // None: a column holds what no rollcall wrote there, a value of another type or text that is no text.
            None | Some(ErrorCode::DatabaseCorrupt | ErrorCode::NotADatabase) => Self::Damaged,
            Some(ErrorCode::ReadOnly | ErrorCode::PermissionDenied) => Self::ReadOnly,
            Some(ErrorCode::DatabaseBusy | ErrorCode::DatabaseLocked) => Self::Busy,
            Some(ErrorCode::OutOfMemory) => Self::Memory,
            Some(ErrorCode::CannotOpen) => Self::CannotOpen,
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
            Self::CannotOpen => "the file or its log cannot be opened",
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
            Self::CannotOpen => "check that the folder exists and can be written, or name another with --ledger",
            Self::Other => {
                "type the same command again: it goes on where the ledger ends; if it fails again, please report it"
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sqlite(code: i32) -> LedgerError {
        rusqlite::Error::SqliteFailure(ffi::Error::new(code), None).into()
    }

    #[test]
    fn an_error_of_sqlite_says_what_it_was_doing_and_what_to_do() {
        for (code, words, hint) in [
            (ffi::SQLITE_FULL, "the disk is full", "free space"),
            (
                ffi::SQLITE_IOERR_FSYNC,
                "bringing what was written to the disk",
                "check the disk",
            ),
            (ffi::SQLITE_IOERR_SHMSIZE, "the disk may be full", "check the disk"),
            (
                ffi::SQLITE_IOERR_NOMEM,
                "there is not enough memory",
                "end other programs",
            ),
            (ffi::SQLITE_CORRUPT, "the file is damaged", "restore a copy"),
            (ffi::SQLITE_NOTADB, "the file is damaged", "restore a copy"),
            (ffi::SQLITE_READONLY_DBMOVED, "moved or removed", "writable"),
            (
                ffi::SQLITE_BUSY_RECOVERY,
                "keeps it locked (it reads back",
                "end the other program",
            ),
            (
                ffi::SQLITE_CANTOPEN_SYMLINK,
                "a symbolic link in its place",
                "name another",
            ),
            (ffi::SQLITE_SCHEMA, "SQLite reports an error", "report it"),
        ] {
            let error = sqlite(code);
            let (said, todo) = (error.to_string(), error.hint().unwrap());
            assert!(said.contains(words), "{said}");
            assert!(todo.contains(hint), "{said}: {todo}");
        }
        let mut codes: Vec<i32> = DETAILS.iter().map(|(code, _)| *code).collect();
        codes.sort_unstable();
        codes.dedup();
        assert_eq!(codes.len(), DETAILS.len(), "no code stands there twice");
    }
}
