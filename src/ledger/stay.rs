//! Whether the files under the ledger's names are still those that were opened.
//!
//! A file that is moved away, deleted or replaced while a process writes to it goes on taking what is written, and
//! nobody will ever read it. So each commit asks first. It costs two looks at metadata, microseconds. Files are known
//! by device and number, which only Unix has; elsewhere an open file cannot be replaced.

use std::path::{Path, PathBuf};

use super::LedgerError;
use super::place::{Place, suffixed};

/// Device and number of a file.
type Identity = Option<(u64, u64)>;

/// The ledger and its lock, as they were opened.
#[derive(Debug)]
pub(super) struct Stay {
    named: PathBuf,
    files: [(PathBuf, Identity); 2],
}

impl Stay {
    /// Remembers which files they are.
    pub(super) fn of(place: &Place) -> Self {
        let known = |path: PathBuf| {
            let identity = identity(&path);
            (path, identity)
        };
        Self {
            named: place.named.clone(),
            files: [known(place.real.clone()), known(suffixed(&place.real, ".lock"))],
        }
    }

    /// An error if one of them is another file now, or none.
    pub(super) fn hold(&self) -> Result<(), LedgerError> {
        if self.files.iter().all(|(path, known)| identity(path) == *known) {
            Ok(())
        } else {
            Err(LedgerError::Replaced {
                path: self.named.clone(),
            })
        }
    }
}

#[cfg(unix)]
fn identity(path: &Path) -> Identity {
    use std::os::unix::fs::MetadataExt;
    let metadata = std::fs::symlink_metadata(path).ok()?;
    Some((metadata.dev(), metadata.ino()))
}

#[cfg(not(unix))]
fn identity(_: &Path) -> Identity {
    None
}
