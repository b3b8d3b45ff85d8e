//! A file for node_exporter's textfile collector, which tells the figures of the latest run long after it has ended.
//!
//! It is written under another name and renamed, so that nobody reads half of it. Its mode is 0644: node_exporter runs as a
//! user of its own and has to read it, and it holds counts and no value of any customer.
//!
//! It deliberately is not brought to the disk by force: figures that a loss of power takes are written again.

use std::fs;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use super::{Finished, MetricsError, Snapshot};

/// Bytes of an earlier file that are read: what rollcall writes has some 6 KiB.
const MOST_BYTES: u64 = 64 * 1024;
const FINISHED: &str = "rollcall_last_finished_timestamp_seconds ";
const EXIT_CODE: &str = "rollcall_last_exit_code ";

/// A file that is written again and again.
#[derive(Debug)]
pub struct Textfile {
    path: PathBuf,
    /// How the run before this one ended, as its file told: kept until this one has ended.
    before: Option<Finished>,
}

impl Textfile {
    /// Makes sure that the file can be written, before anything else is done.
    pub fn open(path: &Path, snapshot: &Snapshot) -> Result<Self, MetricsError> {
        let file = Self {
            path: path.to_owned(),
            before: finished(path),
        };
        file.write(snapshot)?;
        Ok(file)
    }

    /// Writes the figures of the moment.
    pub fn write(&self, snapshot: &Snapshot) -> Result<(), MetricsError> {
        let text = if snapshot.finished.is_none() && self.before.is_some() {
            let snapshot = Snapshot {
                finished: self.before,
                ..snapshot.clone()
            };
            snapshot.classic()
        } else {
            snapshot.classic()
        };
        replace(&self.path, &text).map_err(|source| MetricsError::File {
            path: self.path.clone(),
            source,
        })
    }
}

fn replace(path: &Path, text: &str) -> io::Result<()> {
    if path.symlink_metadata().is_ok_and(|metadata| !metadata.is_file()) {
        return Err(io::Error::other("something that is no file stands there"));
    }
    let folder = path.parent().filter(|folder| !folder.as_os_str().is_empty());
    let mut file = tempfile::Builder::new()
        .prefix(".rollcall-")
        // Not `.prom`: what ends so is read.
        .suffix(".tmp")
        .tempfile_in(folder.unwrap_or(Path::new(".")))?;
    file.write_all(text.as_bytes())?;
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        file.as_file().set_permissions(fs::Permissions::from_mode(0o644))?;
    }
    file.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// How the latest run ended, by a file that an earlier process wrote; nothing where it does not say so.
fn finished(path: &Path) -> Option<Finished> {
    let metadata = path.symlink_metadata().ok()?;
    if !metadata.is_file() || metadata.len() > MOST_BYTES {
        return None;
    }
    let text = fs::read_to_string(path).ok()?;
    let value = |name| text.lines().find_map(|line| line.strip_prefix(name));
    Some(Finished {
        at_seconds: value(FINISHED)?.parse().ok()?,
        exit_code: value(EXIT_CODE)?.parse().ok()?,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    const ENDED: Finished = Finished {
        at_seconds: 1_700_000_000,
        exit_code: 4,
    };

    #[test]
    fn how_the_latest_run_ended_is_told_until_the_next_has_ended() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("rollcall.prom");
        let ended = |exit_code| Snapshot {
            finished: Some(Finished { exit_code, ..ENDED }),
            ..Snapshot::default()
        };
        Textfile::open(&path, &Snapshot::default()).unwrap();
        assert_eq!(finished(&path), None);
        Textfile::open(&path, &ended(4)).unwrap();
        let next = Textfile::open(&path, &Snapshot::default()).unwrap();
        assert_eq!(finished(&path), Some(ENDED));
        next.write(&ended(0)).unwrap();
        assert_eq!(finished(&path), Some(Finished { exit_code: 0, ..ENDED }));
        // Nothing is left beside it.
        assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
    }

    #[cfg(unix)]
    #[test]
    fn another_user_can_read_the_file_and_no_link_is_followed() {
        use std::os::unix::fs::{PermissionsExt, symlink};
        let folder = tempfile::tempdir().unwrap();
        let at = |name: &str| folder.path().join(name);
        Textfile::open(&at("a.prom"), &Snapshot::default()).unwrap();
        let mode = fs::metadata(at("a.prom")).unwrap().permissions().mode();
        assert_eq!(mode & 0o777, 0o644);
        fs::write(at("other"), "mine").unwrap();
        symlink(at("other"), at("b.prom")).unwrap();
        for name in ["b.prom", "none/c.prom"] {
            let refused = Textfile::open(&at(name), &Snapshot::default()).unwrap_err();
            assert!(refused.to_string().contains(name), "{refused}");
        }
        assert_eq!(fs::read_to_string(at("other")).unwrap(), "mine");
    }
}
