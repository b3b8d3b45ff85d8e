//! Where a ledger may be: which file, beside which others, in which folder, on which kind of file system.
//!
//! Everything is asked of names and metadata before SQLite sees the path, so that what is refused is left as it is.
//! Nothing here opens a ledger: what it says is judged by `schema`.

use std::fs::{self, Metadata, OpenOptions};
use std::io::{self, Read};
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::LedgerError;
use super::writer::make_private_folder;

mod file_system;
mod unfit;

use file_system::Kind;
pub use unfit::Unfit;
use unfit::typed;

/// Files that stand beside a ledger: SQLite's log, its index, its journal while a ledger is made, and the lock.
const BESIDE: [&str; 4] = ["-wal", "-shm", "-journal", ".lock"];

/// A place that is fit for a ledger, or has one.
#[derive(Debug)]
pub(super) struct Place {
    /// The path as it was named, for messages.
    pub(super) named: PathBuf,
    /// The same file without links: SQLite refuses them, and a folder may be reached through one.
    pub(super) real: PathBuf,
    /// What is not refused, and should be known: sentences.
    pub(super) notices: Vec<String>,
}

impl Place {
    /// Where a ledger is written. Makes its folder, private to its owner, if there is none.
    pub(super) fn to_write(path: &Path) -> Result<Self, LedgerError> {
        Self::to_write_on(path, file_system::of)
    }

    fn to_write_on(path: &Path, ask: impl FnOnce(&Path) -> io::Result<Kind>) -> Result<Self, LedgerError> {
        let fail = |source| failed(path, source);
        let folder = folder(path);
        // Asked of what exists of the way to it, so that not even the folder is made on a file system that is refused.
        let there = folder.ancestors().find(|folder| folder.exists());
        let mut notices = Vec::new();
        match ask(there.unwrap_or(Path::new("."))).map_err(fail)? {
            Kind::Local => {}
            Kind::Network(kind) => {
                return Err(Unfit::Network {
                    folder: folder.to_owned(),
                    kind,
                }
                .into());
            }
            Kind::Unsure(kind) => notices.push(format!(
                "its folder is on {kind}: if other machines reach the same files, keep the ledger elsewhere"
            )),
        }
        if !folder.exists() {
            make_private_folder(folder).map_err(fail)?;
        }
        let mut place = Self::find(path)?;
        place.notices.extend(notices);
        place.judge_folder()?;
        place.kinds()?;
        Ok(place)
    }

    /// Where a ledger is read. Whoever reads takes a file as it is, whoever may write it; what would make it another
    /// ledger than it is when it is written is refused all the same.
    pub(super) fn to_read(path: &Path) -> Result<Self, LedgerError> {
        if !folder(path).is_dir() {
            return Err(LedgerError::NotFound { path: path.to_owned() });
        }
        let place = Self::find(path)?;
        place.kinds()?;
        place.stale()?;
        if look(&place.real).map_err(|source| failed(path, source))?.is_none() {
            return Err(LedgerError::NotFound { path: path.to_owned() });
        }
        Ok(place)
    }

    /// Where a ledger would be written: what [`to_write`](Self::to_write) and [`settle`](Self::settle) refuse is refused,
    /// and nothing is made. `None` where not even its folder is there.
    pub(super) fn to_examine(path: &Path) -> Result<Option<Self>, LedgerError> {
        if folder(path).exists() {
            let place = Self::to_write(path)?;
            place.stale()?;
            return Ok(Some(place));
        }
        // The kind of file system alone can be asked of what is not there.
        match file_system::of(existing(folder(path))).map_err(|source| failed(path, source))? {
            Kind::Network(kind) => Err(Unfit::Network {
                folder: folder(path).to_owned(),
                kind,
            }
            .into()),
            Kind::Local | Kind::Unsure(_) => Ok(None),
        }
    }

    fn find(path: &Path) -> Result<Self, LedgerError> {
        let fail = |source| failed(path, source);
        let name = path
            .file_name()
            .ok_or_else(|| fail(io::ErrorKind::IsADirectory.into()))?;
        Ok(Self {
            named: path.to_owned(),
            real: without_links(folder(path)).map_err(fail)?.join(name),
            notices: Vec::new(),
        })
    }

    /// Makes the file if there is none, and holds it and its neighbors against what a ledger's must be. Only while the
    /// lock is held: nobody else makes or ends the same ledger meanwhile.
    pub(super) fn settle(&mut self) -> Result<(), LedgerError> {
        self.stale()?;
        match private(OpenOptions::new().create_new(true).write(true)).open(&self.real) {
            Ok(_) => return Ok(()),
            Err(error) if error.kind() == io::ErrorKind::AlreadyExists => {}
            Err(error) => return Err(failed(&self.named, error)),
        }
        self.kinds()?;
        self.judge_files()
    }

    /// Refuses what is no plain file under its one name, for the ledger and what stands beside it.
    fn kinds(&self) -> Result<(), LedgerError> {
        for (named, real) in self.files() {
            let Some(metadata) = look(&real).map_err(|source| failed(&named, source))? else {
                continue;
            };
            if metadata.is_symlink() {
                let target = fs::canonicalize(&real).ok().filter(|_| named == self.named);
                return Err(Unfit::Link { path: named, target }.into());
            }
            if metadata.is_dir() {
                return Err(failed(&named, io::ErrorKind::IsADirectory.into()));
            }
            if let Some(kind) = kind(&metadata) {
                return Err(Unfit::Kind { path: named, kind }.into());
            }
            let names = names(&metadata);
            if names > 1 && named == self.named {
                return Err(Unfit::Names { path: named, names }.into());
            }
        }
        Ok(())
    }

    /// Refuses a log beside a ledger that is missing or empty: it holds outcomes, and SQLite deletes it or takes it for
    /// the new ledger's own.
    fn stale(&self) -> Result<(), LedgerError> {
        let size = |path: &Path| Ok(look(path)?.map(|metadata| metadata.len()));
        let size = |path: &Path| size(path).map_err(|source| failed(&self.named, source));
        // The logs first: who makes a ledger makes it before its log.
        let log = size(&suffixed(&self.real, "-wal"))?.unwrap_or(0);
        let journal = size(&suffixed(&self.real, "-journal"))?.unwrap_or(0);
        let stale = match size(&self.real)? {
            None | Some(0) if log > 0 => "-wal",
            // An empty file with a journal is a ledger whose making was cut off: SQLite rolls that back.
            None if journal > 0 => "-journal",
            None | Some(_) => return Ok(()),
        };
        Err(Unfit::Stale {
            ledger: self.named.clone(),
            log: suffixed(&self.named, stale),
        }
        .into())
    }

    /// The ledger and what stands beside it: as named, and without links.
    fn files(&self) -> impl Iterator<Item = (PathBuf, PathBuf)> {
        let suffixes = [""].into_iter().chain(BESIDE);
        suffixes.map(|suffix| (suffixed(&self.named, suffix), suffixed(&self.real, suffix)))
    }

    /// Whether a file that SQLite takes for no database was a ledger once: it begins with zeros, as after a crash of a
    /// file system, or has the mark of one at its place in the header (<https://www.sqlite.org/fileformat.html>, 1.3).
    pub(super) fn was_ledger(&self, mark: i64) -> bool {
        let mut header = [0; 100];
        let read = fs::File::open(&self.real).and_then(|mut file| file.read_exact(&mut header));
        let found = header.get(68..72) == mark.to_be_bytes().get(4..);
        read.is_ok() && (found || header == [0; 100])
    }

    #[cfg(not(unix))]
    fn judge_folder(&mut self) -> Result<(), LedgerError> {
        Ok(())
    }

    #[cfg(not(unix))]
    pub(super) fn judge_files(&mut self) -> Result<(), LedgerError> {
        Ok(())
    }

    /// Refuses a folder in which anybody may put another file in the ledger's place. With the sticky bit, as in /tmp,
    /// they may not, and what they put beside it is refused by its owner. A group is only mentioned: on many systems
    /// each user has a group of one, and its folders are open to it.
    #[cfg(unix)]
    fn judge_folder(&mut self) -> Result<(), LedgerError> {
        use std::os::unix::fs::PermissionsExt;
        let folder = folder(&self.named).to_owned();
        let metadata = fs::metadata(&folder).map_err(|source| failed(&self.named, source))?;
        let mode = metadata.permissions().mode() & 0o7777;
        if mode & 0o1000 != 0 {
            return Ok(());
        }
        if mode & 0o002 != 0 {
            return Err(Unfit::Shared { path: folder, mode }.into());
        }
        if mode & 0o020 != 0 {
            tracing::warn!(folder = %folder.display(), "the ledger's group may put another file in its place");
        }
        Ok(())
    }

    /// Refuses what others may write, since it decides who is created; mentions what others may read, since an auditor
    /// may have been given that on purpose, and it holds ids and no other values.
    #[cfg(unix)]
    pub(super) fn judge_files(&mut self) -> Result<(), LedgerError> {
        use std::os::unix::fs::{MetadataExt, PermissionsExt};
        let mut owner = None;
        for (named, real) in self.files().collect::<Vec<_>>() {
            let Some(metadata) = look(&real).map_err(|source| failed(&named, source))? else {
                continue;
            };
            let mode = metadata.permissions().mode() & 0o777;
            if mode & 0o022 != 0 {
                return Err(Unfit::Shared { path: named, mode }.into());
            }
            let is_ledger = named == self.named;
            if is_ledger && mode & 0o044 != 0 {
                self.notices.push(format!(
                    "others may read it (mode {mode:03o}); if they should not: chmod 600 {}",
                    typed(&named)
                ));
            }
            let is_lock = named == suffixed(&self.named, ".lock");
            // Nothing is read from the lock, so whoever ran here first may own it.
            if *owner.get_or_insert(metadata.uid()) != metadata.uid() && !is_lock {
                return Err(Unfit::Stranger { path: named }.into());
            }
        }
        Ok(())
    }
}

fn failed(path: &Path, source: io::Error) -> LedgerError {
    LedgerError::Open {
        path: path.to_owned(),
        source: Arc::new(source),
    }
}

/// The folder of a path; of a bare name it is the current one.
pub(super) fn folder(path: &Path) -> &Path {
    let parent = path.parent().filter(|parent| !parent.as_os_str().is_empty());
    parent.unwrap_or(Path::new("."))
}

/// What exists of the way to a folder.
pub(super) fn existing(folder: &Path) -> &Path {
    let there = folder.ancestors().find(|folder| folder.exists());
    there.unwrap_or(Path::new("."))
}

/// A name beside the ledger.
pub(super) fn suffixed(ledger: &Path, suffix: &str) -> PathBuf {
    let mut name = ledger.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}

/// What stands at a path, links not followed; nothing if there is nothing.
fn look(path: &Path) -> io::Result<Option<Metadata>> {
    match fs::symlink_metadata(path) {
        Ok(metadata) => Ok(Some(metadata)),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(error),
    }
}

/// An absolute path never looks like `:memory:` or a URI to SQLite.
#[cfg(unix)]
fn without_links(folder: &Path) -> io::Result<PathBuf> {
    fs::canonicalize(folder)
}

/// SQLite does not take every form of path that Windows gives back. Neither does it follow links by itself there.
#[cfg(not(unix))]
fn without_links(folder: &Path) -> io::Result<PathBuf> {
    std::path::absolute(folder)
}

#[cfg(unix)]
fn kind(metadata: &Metadata) -> Option<&'static str> {
    use std::os::unix::fs::FileTypeExt;
    let kind = metadata.file_type();
    match () {
        () if kind.is_file() => None,
        () if kind.is_fifo() => Some("a pipe"),
        () if kind.is_socket() => Some("a socket"),
        () => Some("a device"),
    }
}

#[cfg(not(unix))]
fn kind(metadata: &Metadata) -> Option<&'static str> {
    (!metadata.is_file()).then_some("a device")
}

#[cfg(unix)]
fn names(metadata: &Metadata) -> u64 {
    std::os::unix::fs::MetadataExt::nlink(metadata)
}

#[cfg(not(unix))]
fn names(_: &Metadata) -> u64 {
    1
}

/// Makes new files readable by their owner only; follows no link, and waits for nobody at a pipe.
pub(super) fn private(options: &mut OpenOptions) -> &mut OpenOptions {
    #[cfg(unix)]
    {
        use std::os::unix::fs::OpenOptionsExt;

        use rustix::fs::OFlags;
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        options.mode(0o600);
        if let Ok(flags) = i32::try_from(flags.bits()) {
            options.custom_flags(flags);
        }
    }
    options
}

#[cfg(all(test, unix))]
mod tests;
