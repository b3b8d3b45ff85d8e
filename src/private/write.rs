//! One way to write a file with personal data: private, exclusive, whole or not at all, and never through a link.
//!
//! The file is made under a temporary name in the folder of its own, `.NAME.rollcall-….tmp`, with mode 0600 whatever the
//! umask says. Its content is on disk before it gets its name by a rename, and the folder's entry after. A process that
//! was killed leaves the temporary file; the next one that writes the same name removes it: it can tell by the lock, which
//! ends with its process.
//!
//! It deliberately does not write into pipes and devices, which have their names already, and makes no folder.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

/// Behind the name of the file in the name of the temporary one.
const PREFIX_END: &str = ".rollcall-";
const SUFFIX: &str = ".tmp";
/// Another process may take a file for a dead one's between its making and its lock; hardly twice.
const MOST_TRIES: usize = 5;

/// A file that has no name of its own yet. Dropped before it gets one, it is removed.
#[derive(Debug)]
pub struct PrivateFile {
    file: NamedTempFile,
    folder: PathBuf,
    path: PathBuf,
}

impl PrivateFile {
    /// Begins a file beside where it will stand. Removes what a killed process left of the same file.
    pub fn begin(path: &Path) -> io::Result<Self> {
        let Some(name) = path.file_name() else {
            return Err(io::ErrorKind::IsADirectory.into());
        };
        if let Ok(metadata) = path.symlink_metadata() {
            if metadata.is_dir() {
                return Err(io::ErrorKind::IsADirectory.into());
            }
            if !metadata.is_file() {
                return Err(io::Error::other(
                    "a link, a pipe or a device stands there, which is neither followed nor replaced: name the file itself",
                ));
            }
        }
        let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
        let folder = folder.unwrap_or(Path::new(".")).to_owned();
        if is_open_to_all(&folder) {
            tracing::warn!(
                ?folder,
                "everybody on this machine can replace files in this folder: chmod o-w it, or choose another"
            );
        }
        let mut prefix = std::ffi::OsString::from(".");
        prefix.push(name);
        prefix.push(PREFIX_END);
        remove_left_over(&folder, prefix.as_encoded_bytes());
        let mut tries = 0;
        loop {
            let file = tempfile::Builder::new()
                .prefix(&prefix)
                .suffix(SUFFIX)
                .tempfile_in(&folder)?;
            // A file system without locks has no process that removes what it cannot lock.
            let is_locked = file.as_file().try_lock().is_ok();
            tries += 1;
            if !is_locked || file.path().symlink_metadata().is_ok() || tries >= MOST_TRIES {
                let path = path.to_owned();
                return Ok(Self { file, folder, path });
            }
        }
    }

    /// Gives the file its name, in the place of a file that has it.
    pub fn replace(self) -> io::Result<()> {
        self.file.as_file().sync_all()?;
        self.file.persist(&self.path).map_err(|error| error.error)?;
        sync(&self.folder)
    }

    /// Gives the file its name, and fails with [`io::ErrorKind::AlreadyExists`] if anything has it.
    pub fn create_new(self) -> io::Result<()> {
        self.file.as_file().sync_all()?;
        self.file.persist_noclobber(&self.path).map_err(|error| error.error)?;
        sync(&self.folder)
    }
}

impl Write for PrivateFile {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.file.write(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.file.flush()
    }
}

/// Removes temporary files with this prefix that no living process has locked. What cannot be removed stays.
fn remove_left_over(folder: &Path, prefix: &[u8]) {
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let middle = name.as_encoded_bytes().strip_prefix(prefix);
        let middle = middle.and_then(|rest| rest.strip_suffix(SUFFIX.as_bytes()));
        let is_ours = middle.is_some_and(|middle| middle.len() == 6 && middle.iter().all(u8::is_ascii_alphanumeric));
        if !is_ours || !entry.file_type().is_ok_and(|kind| kind.is_file()) {
            continue;
        }
        let path = entry.path();
        if File::open(&path).is_ok_and(|file| file.try_lock().is_ok()) && std::fs::remove_file(&path).is_ok() {
            tracing::info!(?path, "removed what a killed process left");
        }
    }
}

/// Makes a rename outlive a loss of power.
#[cfg(unix)]
fn sync(folder: &Path) -> io::Result<()> {
    File::open(folder)?.sync_all()
}

#[cfg(not(unix))]
fn sync(_folder: &Path) -> io::Result<()> {
    Ok(())
}

/// Whether anybody can rename or remove what stands in a folder.
#[cfg(unix)]
fn is_open_to_all(folder: &Path) -> bool {
    use std::os::unix::fs::PermissionsExt;
    std::fs::metadata(folder).is_ok_and(|metadata| metadata.permissions().mode() & 0o1002 == 0o002)
}

#[cfg(not(unix))]
fn is_open_to_all(_folder: &Path) -> bool {
    false
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_a_killed_process_left_is_removed_and_what_a_living_one_writes_is_not() {
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        for name in [
            ".a.csv.rollcall-AbC123.tmp",
            ".b.csv.rollcall-AbC123.tmp",
            ".a.csv.rollcall-mine.txt.tmp",
        ] {
            std::fs::write(at(name), "left").unwrap();
        }
        let living = PrivateFile::begin(&at("a.csv")).unwrap();
        let other = PrivateFile::begin(&at("a.csv")).unwrap();
        assert!(living.file.path().exists() && other.file.path().exists());
        assert!(!at(".a.csv.rollcall-AbC123.tmp").exists());
        assert!(at(".b.csv.rollcall-AbC123.tmp").exists());
        assert!(at(".a.csv.rollcall-mine.txt.tmp").exists());
        living.create_new().unwrap();
        assert_eq!(other.create_new().unwrap_err().kind(), io::ErrorKind::AlreadyExists);
        assert_eq!(std::fs::read_dir(folder.path()).unwrap().count(), 3);
    }

    #[cfg(unix)]
    #[test]
    fn a_folder_that_all_can_write_to_is_noticed() {
        use std::os::unix::fs::PermissionsExt;
        let folder = tempfile::tempdir().unwrap();
        let check = |mode: u32, expected: bool| {
            std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(mode)).unwrap();
            assert_eq!(is_open_to_all(folder.path()), expected, "{mode:o}");
        };
        check(0o700, false);
        check(0o1777, false);
        check(0o777, true);
        check(0o703, true);
    }
}
