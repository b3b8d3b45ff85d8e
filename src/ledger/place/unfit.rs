//! Why a ledger cannot be where it is said to be, with what to type next. Nothing is decided here.

use std::path::{Path, PathBuf};

use thiserror::Error;

use super::suffixed;

/// Why a ledger cannot be where it is said to be. Nothing was changed.
#[derive(Clone, Debug, Error, PartialEq, Eq)]
pub enum Unfit {
    /// A symbolic link: SQLite's log would stand beside the one name and be missed under the other.
    #[error("{} is a symbolic link", path.display())]
    Link {
        /// The link.
        path: PathBuf,
        /// What it leads to, if that exists.
        target: Option<PathBuf>,
    },
    /// No plain file: opening one of these may wait for ever or act on a machine.
    #[error("{} is {kind}, not a file", path.display())]
    Kind {
        /// What stands there.
        path: PathBuf,
        /// Its kind, with an article.
        kind: &'static str,
    },
    /// A file with several names (hard links): each name would have a log and a lock of its own.
    #[error("the ledger {} has {names} names (hard links), and each would have a log of its own", path.display())]
    Names {
        /// One of the names.
        path: PathBuf,
        /// How many there are.
        names: u64,
    },
    /// Somebody else may write it, so what it says is not rollcall's word alone.
    #[error("{} may be written by others (mode {mode:03o})", path.display())]
    Shared {
        /// The file or folder.
        path: PathBuf,
        /// Its permissions.
        mode: u32,
    },
    /// A file beside the ledger belongs to another user: what SQLite would read from it is not rollcall's.
    #[error("{} belongs to another user than the ledger", path.display())]
    Stranger {
        /// The file beside the ledger.
        path: PathBuf,
    },
    /// The log of a ledger that is not there any more. SQLite deletes it, or reads it into the new one.
    #[error("{} is the log of another ledger than {}, which is missing or empty", log.display(), ledger.display())]
    Stale {
        /// The ledger that would be made.
        ledger: PathBuf,
        /// The log that stands beside it.
        log: PathBuf,
    },
    /// A file system that other machines write too: SQLite's log needs memory that all its users share.
    #[error("the folder {} is on {kind}, a file system of several machines: SQLite loses commits there", folder.display())]
    Network {
        /// The folder of the ledger.
        folder: PathBuf,
        /// Its file system.
        kind: &'static str,
    },
}

impl Unfit {
    /// What to do next.
    pub fn hint(&self) -> String {
        match self {
            Self::Link {
                target: Some(target), ..
            } => format!("name the file itself: --ledger {}", typed(target)),
            Self::Link { target: None, .. } | Self::Kind { .. } => {
                "name a file, or one that can be made, with --ledger".to_owned()
            }
            Self::Names { path, .. } => format!(
                "remove the other names; `find / -xdev -samefile {}` lists them",
                typed(path)
            ),
            Self::Shared { path, .. } => format!("chmod go-w {}", typed(path)),
            Self::Stranger { path } => format!("see whose it is with `ls -l {}`, and put it aside", typed(path)),
            Self::Stale { ledger, log } => format!(
                "put the ledger back beside its log, as {}, or the log aside: mv {} {}",
                typed(ledger),
                typed(log),
                typed(&suffixed(log, ".aside"))
            ),
            Self::Network { .. } => {
                "keep the ledger on a disk of this machine: --ledger /a/local/folder/ledger.db".to_owned()
            }
        }
    }
}

/// A path as it is typed in a shell.
pub(super) fn typed(path: &Path) -> String {
    let text = path.display().to_string();
    let text = if text.starts_with('-') {
        format!("./{text}")
    } else {
        text
    };
    let plain = |letter: char| letter.is_alphanumeric() || "/._-+,:@%".contains(letter);
    if !text.is_empty() && text.chars().all(plain) {
        text
    } else {
        format!("'{}'", text.replace('\'', r"'\''"))
    }
}
