//! One process at a time: an operating system lock beside the ledger.
//!
//! The lock ends with the process, however it ends; a file that is left behind means nothing.

use std::fs::{File, OpenOptions, TryLockError};
use std::io;
use std::sync::Arc;

use super::LedgerError;
use super::place::{Place, private, suffixed};

/// Holds the lock while it lives.
#[derive(Debug)]
pub(super) struct Lock(#[expect(dead_code, reason = "held for its lock")] File);

impl Lock {
    /// Whether another process has the lock of a ledger; makes no file. It is taken for a moment, which a run that begins
    /// in this very moment takes for another run's.
    pub(super) fn is_taken(place: &Place) -> bool {
        let file = OpenOptions::new().write(true).open(suffixed(&place.real, ".lock"));
        file.is_ok_and(|file| matches!(file.try_lock(), Err(TryLockError::WouldBlock)))
    }

    /// Takes the lock of a ledger, or says at once that another process has it. All ways to one folder lead to one lock.
    pub(super) fn take(place: &Place) -> Result<Self, LedgerError> {
        let open = |source| LedgerError::Open {
            path: suffixed(&place.named, ".lock"),
            source: Arc::new(source),
        };
        let file = private(OpenOptions::new().create(true).truncate(false).write(true))
            .open(suffixed(&place.real, ".lock"))
            .map_err(open)?;
        if !file.metadata().map_err(open)?.is_file() {
            return Err(open(io::Error::other("it is not a file")));
        }
        match file.try_lock() {
            Ok(()) => Ok(Self(file)),
            Err(TryLockError::WouldBlock) => Err(LedgerError::Locked {
                path: place.named.clone(),
            }),
            Err(TryLockError::Error(source)) => Err(open(source)),
        }
    }
}
