//! Where the bytes come from: a file or standard input, plain or packed, and always readable twice.
//!
//! A source that is not a regular file (`-`, a pipe) is first written into a temporary file that has no name, so that
//! no one else can open it and nothing is left behind. It does not look into the bytes: that is for the layers above.

use std::cmp::Ordering;
use std::fmt;
use std::fs::{File, Metadata};
use std::io::{self, Read, Write};
use std::path::Path;
use std::sync::Arc;
use std::time::SystemTime;

use sha2::{Digest as _, Sha256};

use super::error::ReadError;
use super::names;
use super::packing::{self, Limits};

/// What messages call `-`.
pub const STANDARD_INPUT: &str = "standard input";

/// Bytes read at once: large enough that system calls cost nothing beside hashing, small enough for a second-level
/// cache.
const BUFFER_BYTES: usize = 256 * 1024;

/// What tells two versions of a file apart at a glance.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Fingerprint {
    /// Size in bytes.
    pub bytes: u64,
    /// When it was last written; `None` where the file system does not say.
    pub modified: Option<SystemTime>,
}

/// What happened to a file between two looks at it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Change {
    /// Something was appended.
    Grew {
        /// Size before, in bytes.
        from: u64,
        /// Size now.
        to: u64,
    },
    /// It was cut, or is being written anew.
    Shrank {
        /// Size before, in bytes.
        from: u64,
        /// Size now.
        to: u64,
    },
    /// It has the same size and another time of its last change.
    Written,
}

/// The middle of a sentence: the file … while it was being read.
impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Grew { from, to } => write!(f, "grew from {from} to {to} bytes"),
            Self::Shrank { from, to } => write!(f, "shrank from {from} to {to} bytes"),
            Self::Written => f.write_str("was written to"),
        }
    }
}

impl Change {
    /// What to do next.
    pub(super) fn hint(self) -> &'static str {
        match self {
            Self::Grew { .. } => "whatever writes the file is not done: wait for it, and start again",
            Self::Shrank { .. } => "the file was cut or is being written anew: wait until it is whole, and start again",
            Self::Written => "what was checked is no longer what is there: start again once nobody writes the file",
        }
    }
}

/// What identifies the content of a source, as it is stored: before unpacking and decoding.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Digest {
    /// SHA-256, FIPS 180-4.
    pub sha256: [u8; 32],
    /// Size in bytes.
    pub bytes: u64,
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.sha256.iter().try_for_each(|byte| write!(f, "{byte:02x}"))
    }
}

/// One input of a run. The file stays open, so a file that is replaced under its name is still read to its end.
#[derive(Debug)]
pub struct Source {
    name: String,
    file: Arc<File>,
    fingerprint: Fingerprint,
    /// Known from spooling.
    digest: Option<Digest>,
}

impl Source {
    /// Finds the source that an argument names; `-` is standard input. What can't be read twice is spooled in
    /// `data_dir`, which takes as long as its writer writes.
    pub fn from_argument(argument: &Path, data_dir: &Path) -> Result<Self, ReadError> {
        if argument.as_os_str() == "-" {
            return Self::spool(STANDARD_INPUT, io::stdin().lock(), data_dir);
        }
        let name = names::escaped(&argument.to_string_lossy());
        let file = File::open(argument).map_err(|error| not_opened(&name, error))?;
        let metadata = file.metadata().map_err(|error| ReadError::from_io(&name, error))?;
        if metadata.is_dir() {
            return Err(ReadError::Directory { name });
        }
        if !metadata.is_file() {
            return Self::spool(&name, file, data_dir);
        }
        Self::of(name, file, &metadata, None)
    }

    /// Keeps everything a reader gives in a private temporary file, and hashes it on the way.
    pub fn spool(name: &str, mut reader: impl Read, data_dir: &Path) -> Result<Self, ReadError> {
        let not_kept = |source| ReadError::Spool {
            name: name.to_owned(),
            directory: names::escaped(&data_dir.to_string_lossy()),
            source,
        };
        let mut file = tempfile::tempfile_in(data_dir).map_err(not_kept)?;
        let mut hash = Sha256::new();
        let mut bytes = 0;
        each_buffer(name, &mut reader, |buffer| {
            hash.update(buffer);
            bytes += buffer.len() as u64;
            file.write_all(buffer).map_err(not_kept)
        })?;
        let metadata = file.metadata().map_err(not_kept)?;
        let sha256 = hash.finalize().into();
        Self::of(name.to_owned(), file, &metadata, Some(Digest { sha256, bytes }))
    }

    fn of(name: String, file: File, metadata: &Metadata, digest: Option<Digest>) -> Result<Self, ReadError> {
        let fingerprint = fingerprint(metadata);
        if fingerprint.bytes == 0 {
            return Err(ReadError::Empty { name });
        }
        Ok(Self {
            name,
            file: Arc::new(file),
            fingerprint,
            digest,
        })
    }

    /// The source's name for messages and reports; control characters are escaped.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Size and time of the last change, as they were when the source was found.
    pub fn fingerprint(&self) -> Fingerprint {
        self.fingerprint
    }

    /// Fails if the file has been written to since the source was found: what was checked is then not what is sent.
    pub fn check_unchanged(&self) -> Result<(), ReadError> {
        let metadata = self
            .file
            .metadata()
            .map_err(|error| ReadError::from_io(&self.name, error))?;
        let (before, now) = (self.fingerprint, fingerprint(&metadata));
        if now == before {
            return Ok(());
        }
        let (from, to) = (before.bytes, now.bytes);
        let change = match to.cmp(&from) {
            Ordering::Greater => Change::Grew { from, to },
            Ordering::Less => Change::Shrank { from, to },
            Ordering::Equal => Change::Written,
        };
        Err(ReadError::Changed {
            name: self.name.clone(),
            change,
        })
    }

    /// Hashes the stored bytes; reads the whole file, save for a spooled one, which was hashed on its way in.
    pub fn digest(&self) -> Result<Digest, ReadError> {
        if let Some(digest) = self.digest {
            return Ok(digest);
        }
        let mut hash = Sha256::new();
        let mut bytes = 0;
        each_buffer(&self.name, &mut self.cursor(), |buffer| {
            hash.update(buffer);
            bytes += buffer.len() as u64;
            Ok(())
        })?;
        self.check_unchanged()?;
        Ok(Digest {
            sha256: hash.finalize().into(),
            bytes,
        })
    }

    /// Starts a reading of its own from the first byte, unpacked. A damaged or truncated archive is an error of the
    /// reading, never an early end.
    pub(super) fn open(&self, limits: Limits) -> Result<Box<dyn Read + Send>, ReadError> {
        let mut head = Vec::with_capacity(packing::HEAD_BYTES);
        let sniffed = self.cursor().take(packing::HEAD_BYTES as u64).read_to_end(&mut head);
        sniffed.map_err(|error| ReadError::from_io(&self.name, error))?;
        packing::unpack(&self.name, &head, self.cursor(), limits)
    }

    fn cursor(&self) -> Cursor {
        Cursor {
            name: self.name.clone(),
            file: Arc::clone(&self.file),
            offset: 0,
        }
    }
}

fn fingerprint(metadata: &Metadata) -> Fingerprint {
    Fingerprint {
        bytes: metadata.len(),
        modified: metadata.modified().ok(),
    }
}

fn not_opened(name: &str, source: io::Error) -> ReadError {
    let name = name.to_owned();
    if source.kind() == io::ErrorKind::NotFound {
        return ReadError::NotFound { name };
    }
    if source.kind() == io::ErrorKind::PermissionDenied {
        return ReadError::NotPermitted { name };
    }
    ReadError::Io { name, source }
}

/// Hands everything a reader gives to a function, a buffer at a time.
fn each_buffer(
    name: &str,
    reader: &mut impl Read,
    mut take: impl FnMut(&[u8]) -> Result<(), ReadError>,
) -> Result<(), ReadError> {
    let mut buffer = vec![0; BUFFER_BYTES];
    loop {
        let count = match reader.read(&mut buffer) {
            Ok(0) => return Ok(()),
            Ok(count) => count,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(ReadError::from_io(name, error)),
        };
        take(buffer.get(..count).unwrap_or_default())?;
    }
}

/// A reading of the file with a place of its own, so that several readings don't move each other.
struct Cursor {
    name: String,
    file: Arc<File>,
    offset: u64,
}

impl Read for Cursor {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        #[cfg(unix)]
        let read = std::os::unix::fs::FileExt::read_at(&*self.file, buffer, self.offset);
        #[cfg(windows)]
        let read = std::os::windows::fs::FileExt::seek_read(&*self.file, buffer, self.offset);
        let count = read.map_err(|error| {
            if error.kind() == io::ErrorKind::Interrupted {
                return error;
            }
            // Wrapped here, so that `Unpacked` can tell a failing disk from a damaged archive.
            io::Error::other(ReadError::Io {
                name: self.name.clone(),
                source: error,
            })
        })?;
        self.offset += count as u64;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn spooled(bytes: &[u8]) -> Source {
        Source::spool("a.csv", bytes, &std::env::temp_dir()).unwrap()
    }

    #[test]
    fn a_spool_is_read_twice_at_once_and_hashed() {
        let source = spooled(b"abc");
        let (mut one, mut other) = (source.open(Limits::NONE).unwrap(), source.open(Limits::NONE).unwrap());
        let mut first = [0; 2];
        one.read_exact(&mut first).unwrap();
        let mut all = String::new();
        other.read_to_string(&mut all).unwrap();
        let mut rest = String::new();
        one.read_to_string(&mut rest).unwrap();
        assert_eq!((&first, all.as_str(), rest.as_str()), (b"ab", "abc", "c"));
        let digest = source.digest().unwrap();
        // FIPS 180-4, the example of section B.1.
        assert_eq!(
            digest.to_string(),
            "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
        );
        assert_eq!(digest.bytes, 3);
    }

    #[test]
    fn a_file_has_the_digest_of_its_spool_and_its_changes_are_noticed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("a.csv");
        std::fs::write(&path, b"id\n1\n").unwrap();
        let source = Source::from_argument(&path, directory.path()).unwrap();
        assert_eq!(source.digest().unwrap(), spooled(b"id\n1\n").digest().unwrap());
        source.check_unchanged().unwrap();
        for (text, change) in [
            ("id\n1\n2\n", "grew from 5 to 7 bytes"),
            ("id\n", "shrank from 5 to 3 bytes"),
            ("id\n2\n", "was written to"),
        ] {
            std::fs::write(&path, text).unwrap();
            // The clock of a file system may stand still between two writes.
            let later = source.fingerprint().modified.unwrap() + std::time::Duration::from_secs(2);
            File::options()
                .write(true)
                .open(&path)
                .unwrap()
                .set_modified(later)
                .unwrap();
            let error = source.check_unchanged().unwrap_err();
            let expected = format!("{} {change} while it was being read", source.name());
            assert_eq!(error.to_string(), expected);
            assert!(error.hint().is_some());
            assert!(matches!(source.digest(), Err(ReadError::Changed { .. })));
        }
    }

    #[test]
    fn what_cannot_be_read_says_why() {
        let directory = tempfile::tempdir().unwrap();
        let check = |argument: &Path, expected: &str| {
            let error = Source::from_argument(argument, directory.path()).unwrap_err();
            assert_eq!(error.to_string(), format!("{} {expected}", argument.display()));
            assert!(error.hint().is_some());
        };
        check(&directory.path().join("none.csv"), "does not exist");
        check(directory.path(), "is a directory");
        let empty = directory.path().join("empty.csv");
        std::fs::write(&empty, b"").unwrap();
        check(&empty, "is empty");
        let error = Source::spool(STANDARD_INPUT, &b"id"[..], &directory.path().join("none")).unwrap_err();
        assert!(
            error
                .to_string()
                .starts_with("standard input cannot be kept in a temporary file in "),
            "{error}"
        );
    }
}
