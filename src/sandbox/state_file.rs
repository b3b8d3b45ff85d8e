//! The state file: one JSON line for each effect, appended before the answer is given.
//!
//! A line is handed to the operating system with one write, so effects outlive a killed sandbox. They are not forced
//! onto the disk: what survives a power cut is not this sandbox's subject. A last line that was cut short belongs to an
//! effect nobody was told about, so it is removed. The file holds whole payloads; only its owner may read it.

use std::fs::{File, OpenOptions, TryLockError};
use std::io::{self, BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use serde_json::Value;
use sha2::{Digest, Sha256};

use super::rules::CustomerType;

/// Why a state file can't be used.
#[derive(Debug, thiserror::Error)]
pub enum StateFileError {
    /// It can't be opened, read, locked or cut.
    #[error("state file {path}: can't be read")]
    Read {
        /// The state file.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
    /// Another sandbox uses it.
    #[error("state file {path}: in use by another sandbox")]
    InUse {
        /// The state file.
        path: PathBuf,
    },
    /// A line other than a last one that was cut short is not an effect.
    #[error("state file {path}, line {line}: not an effect")]
    Line {
        /// The state file.
        path: PathBuf,
        /// The number of the line, from 1.
        line: u64,
        /// What is wrong with it.
        source: serde_json::Error,
    },
    /// An effect can't be appended.
    #[error("state file {path}: can't be written")]
    Write {
        /// The state file.
        path: PathBuf,
        /// What the operating system says.
        source: io::Error,
    },
}

/// The first half of a SHA-256 digest: enough to tell bodies and request ids apart, at half the memory.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub(super) struct Fingerprint(pub(super) u128);

impl Fingerprint {
    pub(super) fn of(bytes: &[u8]) -> Self {
        let digest = Sha256::digest(bytes);
        Fingerprint(
            digest
                .iter()
                .take(16)
                .fold(0, |number, &byte| (number << 8) | u128::from(byte)),
        )
    }
}

impl From<Fingerprint> for String {
    fn from(fingerprint: Fingerprint) -> String {
        format!("{:032x}", fingerprint.0)
    }
}

impl TryFrom<String> for Fingerprint {
    type Error = std::num::ParseIntError;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        u128::from_str_radix(&text, 16).map(Fingerprint)
    }
}

/// What took effect for good, and so a line of the state file.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(tag = "effect", rename_all = "snake_case", deny_unknown_fields)]
pub(super) enum Effect {
    /// A customer was created.
    Created {
        at: String,
        idempotency_id: String,
        body_fingerprint: Fingerprint,
        customer_id: String,
        customer_type: CustomerType,
        customer: Value,
    },
    /// A valid request was refused, since its customer existed, and the refusal was saved.
    Refused {
        at: String,
        idempotency_id: String,
        body_fingerprint: Fingerprint,
        customer_id: String,
        status: u16,
    },
    /// A failure was saved under an idempotency id.
    Failed {
        at: String,
        idempotency_id: String,
        body_fingerprint: Fingerprint,
        status: u16,
    },
    /// An idempotency id was used up by a try that failed.
    Burned {
        at: String,
        idempotency_id: String,
        body_fingerprint: Fingerprint,
        status: u16,
    },
}

/// A customer who was created, by the account of a state file: the truth that tests assert on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct KeptEffect {
    /// The client's own id.
    pub customer_id: String,
    /// The idempotency id under which the customer was created.
    pub idempotency_id: String,
    /// The first half of the SHA-256 of the body, in hexadecimal.
    pub fingerprint: String,
    /// When it took effect, as RFC 3339 has it.
    pub at: String,
}

/// Reads the effects that a state file holds, oldest first: while a sandbox writes it, after it ended, or after it was
/// killed. A last line that was cut short is no effect.
pub fn effects(path: &Path) -> Result<Vec<KeptEffect>, StateFileError> {
    let file = File::open(path).map_err(|source| StateFileError::Read {
        path: path.to_owned(),
        source,
    })?;
    let mut effects = Vec::new();
    read_effects(&file, path, |effect| {
        if let Effect::Created {
            at,
            idempotency_id,
            body_fingerprint,
            customer_id,
            ..
        } = effect
        {
            effects.push(KeptEffect {
                customer_id,
                idempotency_id,
                fingerprint: body_fingerprint.into(),
                at,
            });
        }
    })?;
    Ok(effects)
}

/// A state file, locked by this process and open for appending.
#[derive(Debug)]
pub(super) struct StateFile {
    path: PathBuf,
    file: File,
    /// Bytes up to the end of the last whole line.
    length: u64,
}

impl StateFile {
    /// Opens or makes the file, and hands over the effects it holds, in order.
    pub(super) fn open(path: &Path, apply: impl FnMut(Effect)) -> Result<Self, StateFileError> {
        let read_error = |source| StateFileError::Read {
            path: path.to_owned(),
            source,
        };
        let file = options().open(path).map_err(read_error)?;
        match file.try_lock() {
            Ok(()) => {}
            Err(TryLockError::WouldBlock) => return Err(StateFileError::InUse { path: path.to_owned() }),
            Err(TryLockError::Error(source)) => return Err(read_error(source)),
        }
        let length = read_effects(&file, path, apply)?;
        file.set_len(length).map_err(read_error)?;
        Ok(StateFile {
            path: path.to_owned(),
            file,
            length,
        })
    }

    /// Appends an effect. After an error the file is as before.
    pub(super) fn append(&mut self, effect: &Effect) -> Result<(), StateFileError> {
        let written = serde_json::to_vec(effect)
            .map_err(io::Error::from)
            .and_then(|mut line| {
                line.push(b'\n');
                self.file.write_all(&line).map(|()| line.len() as u64)
            });
        match written {
            Ok(written) => {
                self.length += written;
                Ok(())
            }
            Err(source) => {
                let path = self.path.clone();
                // When even cutting fails, the next start cuts.
                self.file.set_len(self.length).ok();
                Err(StateFileError::Write { path, source })
            }
        }
    }
}

impl Drop for StateFile {
    /// Unlocks on purpose: closing alone leaves the lock to a child process that was being started at this moment.
    fn drop(&mut self) {
        self.file.unlock().ok();
    }
}

#[cfg(unix)]
fn options() -> OpenOptions {
    use std::os::unix::fs::OpenOptionsExt;
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true).mode(0o600);
    options
}

#[cfg(not(unix))]
fn options() -> OpenOptions {
    let mut options = OpenOptions::new();
    options.read(true).append(true).create(true);
    options
}

/// Hands over the effects and returns the length of the whole lines, in bytes.
fn read_effects(file: &File, path: &Path, mut apply: impl FnMut(Effect)) -> Result<u64, StateFileError> {
    let mut reader = BufReader::new(file);
    let mut line = Vec::new();
    let mut length = 0;
    for number in 1.. {
        line.clear();
        let read = reader
            .read_until(b'\n', &mut line)
            .map_err(|source| StateFileError::Read {
                path: path.to_owned(),
                source,
            })?;
        if line.last() != Some(&b'\n') {
            break;
        }
        let effect = serde_json::from_slice(&line).map_err(|source| StateFileError::Line {
            path: path.to_owned(),
            line: number,
            source,
        })?;
        apply(effect);
        length += read as u64;
    }
    Ok(length)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn effect(number: u32) -> Effect {
        Effect::Refused {
            at: "2026-01-31T00:00:00Z".to_owned(),
            idempotency_id: number.to_string(),
            body_fingerprint: Fingerprint::of(b"body"),
            customer_id: "c".to_owned(),
            status: 400,
        }
    }

    fn effects(path: &Path) -> Result<Vec<Effect>, StateFileError> {
        let mut effects = Vec::new();
        StateFile::open(path, |effect| effects.push(effect)).map(|_| effects)
    }

    #[test]
    fn a_fingerprint_is_the_first_half_of_a_digest() {
        // FIPS 180-4's example: SHA-256 of "abc" begins with these 16 bytes.
        assert_eq!(
            String::from(Fingerprint::of(b"abc")),
            "ba7816bf8f01cfea414140de5dae2223"
        );
        let small = Fingerprint(7);
        assert_eq!(Fingerprint::try_from(String::from(small)), Ok(small));
    }

    #[test]
    fn what_was_appended_is_read_again() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("state.jsonl");
        let mut file = StateFile::open(&path, |effect| panic!("{effect:?} in a new file")).unwrap();
        file.append(&effect(1)).unwrap();
        file.append(&effect(2)).unwrap();
        assert!(matches!(effects(&path), Err(StateFileError::InUse { .. })));
        drop(file);
        assert_eq!(effects(&path).unwrap(), [effect(1), effect(2)]);
    }

    #[test]
    fn a_last_line_cut_anywhere_is_removed() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("state.jsonl");
        let mut file = StateFile::open(&path, |_| {}).unwrap();
        file.append(&effect(1)).unwrap();
        let first = usize::try_from(file.length).unwrap();
        file.append(&effect(2)).unwrap();
        drop(file);
        let whole = std::fs::read(&path).unwrap();
        for length in first..whole.len() {
            std::fs::write(&path, &whole[..length]).unwrap();
            let mut file = StateFile::open(&path, |_| {}).unwrap();
            file.append(&effect(3)).unwrap();
            drop(file);
            assert_eq!(effects(&path).unwrap(), [effect(1), effect(3)], "cut to {length} bytes");
        }
    }

    #[test]
    fn a_broken_line_in_the_middle_is_named() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("state.jsonl");
        StateFile::open(&path, |_| {}).unwrap().append(&effect(1)).unwrap();
        let mut text = std::fs::read_to_string(&path).unwrap();
        text.push_str("{\"effect\":\"vanished\"}\n");
        std::fs::write(&path, text).unwrap();
        let error = effects(&path).unwrap_err();
        assert!(matches!(error, StateFileError::Line { line: 2, .. }), "{error}");
    }
}
