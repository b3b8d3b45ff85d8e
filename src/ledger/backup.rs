//! A copy of the ledger as it stands at one moment, also while a run is writing.
//!
//! SQLite writes the copy line by line (`VACUUM INTO`) from one read transaction: the writer goes on, since a log's
//! readers and its writer never wait for each other, and the copy comes to its end however much is written meanwhile.
//! SQLite's page-by-page backup begins anew whenever another process has written, or must hold the same transaction; and
//! it would copy a damaged page as it is, where this reads every line.
//!
//! The copy has a temporary name until it is whole, verified and on disk; a name that is taken is never replaced, and
//! no link is followed at the name itself. Nothing here goes back to a copy: that is putting it in the ledger's place.

use std::fs::{self, File};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use sha2::{Digest as _, Sha256};
use tempfile::NamedTempFile;
use thiserror::Error;

use super::verify::{Verification, verify};
use super::{LedgerError, Reader};
use crate::model::digest::Digest;

/// How the temporary file's name begins: who finds one after a crash knows what it is and that it may go.
const PREFIX: &str = ".rollcall-backup-unfinished-";

/// Files that SQLite takes for parts of a ledger by their names: old ones would be played into the copy.
const BESIDE: [&str; 3] = ["-wal", "-shm", "-journal"];

/// A copy that is on disk under its name.
#[derive(Clone, Debug)]
pub struct Backup {
    /// What was verified in the copy.
    pub verification: Verification,
    /// Its size in bytes.
    pub bytes: u64,
    /// SHA-256 of its bytes.
    pub digest: Digest,
}

/// Why there is no copy.
#[derive(Clone, Debug, Error)]
pub enum BackupError {
    /// The name is taken: by a file, a folder or a link, wherever that leads.
    #[error("{} exists, and is not overwritten", path.display())]
    Exists {
        /// What is there.
        path: PathBuf,
    },
    /// The copy or its folder cannot be written.
    #[error("cannot write the backup {}", path.display())]
    Write {
        /// Where it was to be.
        path: PathBuf,
        /// Why.
        #[source]
        source: Arc<io::Error>,
    },
    /// The ledger holds something that does not hold.
    #[error("the ledger is damaged or does not add up, and no backup of it was kept")]
    Unsound(Box<Verification>),
    /// The ledger cannot be read, or the copy cannot be written by SQLite.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
}

impl BackupError {
    /// What to do next.
    pub fn hint(&self) -> Option<String> {
        let plain = match self {
            Self::Exists { .. } => "name a file that does not exist yet, such as one with the date in its name",
            Self::Write { .. } => "check that the folder exists, can be written and has space, or name another",
            Self::Unsound(_) => {
                "`rollcall ledger verify` says what is wrong; keep the backups that you have until that is settled"
            }
            Self::Ledger(error) => return error.hint(),
        };
        Some(plain.to_owned())
    }
}

/// Copies a ledger to a file that does not exist yet, readable by its owner only; gives what it wrote once that is on
/// disk under its name.
///
/// It takes as long as reading the ledger once and verifying the copy.
pub fn backup(ledger: &Path, to: &Path) -> Result<Backup, BackupError> {
    let fail = |source| BackupError::Write {
        path: to.to_owned(),
        source: Arc::new(source),
    };
    let reader = Reader::open(ledger).map_err(|error| unsound(ledger, error))?;
    free(to)?;
    let folder = to.parent().filter(|folder| !folder.as_os_str().is_empty());
    let folder = folder.unwrap_or(Path::new("."));
    let copy = tempfile::Builder::new()
        .prefix(PREFIX)
        .tempfile_in(folder)
        .map_err(fail)?;
    let name = copy
        .path()
        .to_str()
        .ok_or_else(|| fail(io::ErrorKind::InvalidFilename.into()))?;
    reader.copy_to(name).map_err(|error| unsound(ledger, error))?;
    drop(reader);
    // Before it is verified, so that what is verified is what the disk has taken.
    File::open(copy.path()).and_then(|file| file.sync_all()).map_err(fail)?;
    let verification = verify(copy.path())?;
    if !verification.is_sound() {
        return Err(BackupError::Unsound(Box::new(verification)));
    }
    let (bytes, digest) = read_back(copy.path()).map_err(fail)?;
    keep(copy, to)?;
    // The name itself is on disk when its folder is.
    #[cfg(unix)]
    File::open(folder).and_then(|folder| folder.sync_all()).map_err(fail)?;
    Ok(Backup {
        verification,
        bytes,
        digest,
    })
}

/// All that is wrong with a ledger of which a copy met the first part.
fn unsound(ledger: &Path, error: LedgerError) -> BackupError {
    let found = error.is_damage().then(|| verify(ledger).ok()).flatten();
    match found.filter(|found| !found.is_sound()) {
        Some(found) => BackupError::Unsound(Box::new(found)),
        None => error.into(),
    }
}

/// Whether the name is free, and those beside it that SQLite would take for parts of it.
fn free(to: &Path) -> Result<(), BackupError> {
    let beside = BESIDE.map(|ending| {
        let mut name = to.as_os_str().to_owned();
        name.push(ending);
        PathBuf::from(name)
    });
    for path in std::iter::once(to.to_owned()).chain(beside) {
        match fs::symlink_metadata(&path) {
            Ok(_) => return Err(BackupError::Exists { path }),
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(source) => {
                let source = Arc::new(source);
                return Err(BackupError::Write { path, source });
            }
        }
    }
    Ok(())
}

/// Gives the copy its name, unless somebody has taken that meanwhile.
fn keep(copy: NamedTempFile, to: &Path) -> Result<(), BackupError> {
    match copy.persist_noclobber(to) {
        Ok(_) => Ok(()),
        Err(failed) if failed.error.kind() == io::ErrorKind::AlreadyExists => {
            Err(BackupError::Exists { path: to.to_owned() })
        }
        Err(failed) => Err(BackupError::Write {
            path: to.to_owned(),
            source: Arc::new(failed.error),
        }),
    }
}

/// Size and SHA-256 of a file.
fn read_back(path: &Path) -> io::Result<(u64, Digest)> {
    let mut file = File::open(path)?;
    let (mut hash, mut bytes, mut buffer) = (Sha256::new(), 0, vec![0; 1 << 16]);
    loop {
        let length = file.read(&mut buffer)?;
        let Some(read) = buffer.get(..length).filter(|read| !read.is_empty()) else {
            return Ok((bytes, Digest(hash.finalize().into())));
        };
        hash.update(read);
        bytes += length as u64;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Somebody takes the name after it was looked at, and before the copy gets it.
    #[test]
    fn a_name_that_was_taken_meanwhile_is_not_replaced() {
        let folder = tempfile::tempdir().unwrap();
        let to = folder.path().join("backup.db");
        free(&to).unwrap();
        fs::write(&to, "somebody's").unwrap();
        let copy = NamedTempFile::new_in(folder.path()).unwrap();
        assert!(matches!(keep(copy, &to), Err(BackupError::Exists { .. })));
        assert_eq!(fs::read_to_string(&to).unwrap(), "somebody's");
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }
}
