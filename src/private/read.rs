//! Files that hold a secret: read only if nobody else can, and only as much as a secret may have.
//!
//! The file that is judged is the file that is read: it is opened once, behind any link, and never a pipe or a device.
//! It deliberately does not look at the folders above it, and knows nothing of access lists beyond the mode.

use std::fs::File;
use std::io::Read;
use std::path::Path;

use zeroize::Zeroizing;

/// Most bytes of a secret: a chain of certificates with its key has some 10 KiB.
const MOST_BYTES: u64 = 64 * 1024;

/// Who may be able to read a secret's file.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Readers {
    /// Its owner alone.
    Owner,
    /// Its owner, and whom an access list names: it shows as the group's right to read. systemd hands credentials over so,
    /// in a folder that is closed to all others.
    Granted,
}

impl Readers {
    /// The bits of a mode that open a file to others than these.
    fn too_open(self) -> u32 {
        match self {
            Self::Owner => 0o077,
            Self::Granted => 0o037,
        }
    }
}

/// Reads a private file; else gives what is wrong, as the end of a sentence about it. What was read is erased with the
/// value.
pub fn read_private(path: &Path, readers: Readers) -> Result<Zeroizing<Vec<u8>>, &'static str> {
    // Asked before it is opened: opening a pipe waits for its writer.
    let metadata = std::fs::metadata(path).map_err(|_| "cannot be read")?;
    if !metadata.is_file() {
        return Err("is not a regular file");
    }
    let file = File::open(path).map_err(|_| "cannot be read")?;
    let metadata = file.metadata().map_err(|_| "cannot be read")?;
    if !metadata.is_file() {
        return Err("is not a regular file");
    }
    if is_open(&metadata, readers) {
        return Err("can be read by others: chmod 600 it");
    }
    if metadata.len() > MOST_BYTES {
        return Err("is larger than 64 KiB, which no secret is");
    }
    // Full from the start: a buffer that grows leaves copies behind.
    let mut bytes = Zeroizing::new(Vec::with_capacity(64 * 1024 + 1));
    let read = file.take(MOST_BYTES + 1).read_to_end(&mut bytes);
    match read {
        Ok(0) => Err("is empty"),
        Ok(read) if read as u64 > MOST_BYTES => Err("is larger than 64 KiB, which no secret is"),
        Ok(_) => Ok(bytes),
        Err(_) => Err("cannot be read"),
    }
}

/// Reads a file that holds one secret and nothing else, without the line end and the spaces around it.
pub fn read_secret(path: &Path, readers: Readers) -> Result<Zeroizing<String>, &'static str> {
    let bytes = read_private(path, readers)?;
    let text = std::str::from_utf8(&bytes).map_err(|_| "is not UTF-8")?.trim();
    if text.is_empty() {
        return Err("is empty");
    }
    if text.contains(char::is_control) {
        return Err("holds more than one line or a control character, which no secret has");
    }
    Ok(Zeroizing::new(text.to_owned()))
}

#[cfg(unix)]
fn is_open(metadata: &std::fs::Metadata, readers: Readers) -> bool {
    use std::os::unix::fs::PermissionsExt;
    metadata.permissions().mode() & readers.too_open() != 0
}

#[cfg(not(unix))]
fn is_open(_metadata: &std::fs::Metadata, _readers: Readers) -> bool {
    false
}

#[cfg(all(test, unix))]
mod tests {
    use std::os::unix::fs::{PermissionsExt, symlink};

    use super::*;

    #[test]
    fn only_a_private_file_with_one_secret_is_read() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("secret");
        let link = folder.path().join("link");
        symlink(&path, &link).unwrap();
        let check = |content: &[u8], mode: u32, readers: Readers, expected: Result<&str, &str>| {
            std::fs::write(&path, content).unwrap();
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(mode)).unwrap();
            for path in [&path, &link] {
                let found = read_secret(path, readers);
                let found = found.as_deref().map(String::as_str).map_err(|problem| *problem);
                assert_eq!(found, expected, "{content:?} {mode:o} {readers:?}");
            }
            std::fs::set_permissions(&path, std::fs::Permissions::from_mode(0o600)).unwrap();
        };
        let lines = "holds more than one line or a control character, which no secret has";
        let large = "is larger than 64 KiB, which no secret is";
        check(b"s3cret\n", 0o600, Readers::Owner, Ok("s3cret"));
        check(b"  s3cret\r\n", 0o400, Readers::Owner, Ok("s3cret"));
        for mode in [0o640, 0o604, 0o620, 0o601] {
            check(
                b"s3cret",
                mode,
                Readers::Owner,
                Err("can be read by others: chmod 600 it"),
            );
        }
        check(b"s3cret", 0o440, Readers::Granted, Ok("s3cret"));
        check(
            b"s3cret",
            0o444,
            Readers::Granted,
            Err("can be read by others: chmod 600 it"),
        );
        check(b"", 0o600, Readers::Owner, Err("is empty"));
        check(b" \n", 0o600, Readers::Owner, Err("is empty"));
        check(b"one\ntwo\n", 0o600, Readers::Owner, Err(lines));
        check(b"one\0two", 0o600, Readers::Owner, Err(lines));
        check(b"\xff\xfe", 0o600, Readers::Owner, Err("is not UTF-8"));
        check(&vec![b'x'; 65_537], 0o600, Readers::Owner, Err(large));
        check(&vec![b'x'; 65_536], 0o600, Readers::Owner, Ok(&"x".repeat(65_536)));
        let check = |path: &Path, expected: &str| assert_eq!(read_secret(path, Readers::Owner).unwrap_err(), expected);
        check(folder.path(), "is not a regular file");
        check(Path::new("/dev/zero"), "is not a regular file");
        check(&folder.path().join("none"), "cannot be read");
        // A pipe that nobody writes to holds nobody up.
        let pipe = folder.path().join("pipe");
        assert!(
            std::process::Command::new("mkfifo")
                .arg(&pipe)
                .status()
                .unwrap()
                .success()
        );
        check(&pipe, "is not a regular file");
    }
}
