//! Unpacks archives, which are known by their first bytes and never by their names.
//!
//! gzip with all its members, zstd with all its frames, xz and bzip2 with all their streams. Formats that are no text at
//! all are told by their names here, before a parser makes nonsense of them. What comes out is limited in size and
//! in ratio, since a small archive may unpack for days; nothing above keeps more than a buffer and a record of it.

use std::io::{self, BufReader, Read};
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use lzma_rust2::XzReader;

use super::error::ReadError;
use crate::config::settings::InputSettings;

/// First bytes that tell a format: the longest mark has six.
pub(super) const HEAD_BYTES: usize = 8;

/// Bytes of an archive read at once.
const BUFFER_BYTES: usize = 64 * 1024;

/// Unpacked bytes from which the ratio is looked at: what is smaller does no harm, however well it is packed.
const RATIO_FROM_BYTES: u64 = 64 * 1024 * 1024;

/// Memory that an xz archive may ask for: what the highest level of `xz` needs, and a third more.
const XZ_MEMORY_KIB: u32 = 88 * 1024;

/// The first bytes of formats that people send in place of CSV, what each is, and what to do.
const FOREIGN: [(&[u8], &str, &str); 3] = [
    (
        b"PK\x03\x04",
        "a zip archive or an Excel workbook",
        "save the sheet as CSV UTF-8, or unpack the archive",
    ),
    (
        b"\xd0\xcf\x11\xe0",
        "an old Excel workbook",
        "save the sheet as CSV UTF-8",
    ),
    (b"%PDF-", "a PDF document", "ask for the export as CSV"),
];

/// The content of a file that begins with `head`. A damaged or truncated archive is an error of the reading, never an
/// early end.
pub(super) fn unpack(
    name: &str,
    head: &[u8],
    stored: impl Read + Send + 'static,
    limits: Limits,
) -> Result<Box<dyn Read + Send>, ReadError> {
    let name = name.to_owned();
    if let Some((_, format, advice)) = FOREIGN.iter().find(|(mark, ..)| head.starts_with(mark)) {
        return Err(ReadError::Foreign { name, format, advice });
    }
    let taken = Arc::new(AtomicU64::new(0));
    let counted = |inner| Counted {
        inner,
        count: Arc::clone(&taken),
    };
    let buffered = |stored| BufReader::with_capacity(BUFFER_BYTES, counted(stored));
    let (packing, inner): (_, Box<dyn Read + Send>) = match *head {
        [0x1f, 0x8b, ..] => ("gzip", Box::new(flate2::bufread::MultiGzDecoder::new(buffered(stored)))),
        // A frame, or a skippable frame before one (RFC 8878, section 3.1).
        [0x28, 0xb5, 0x2f, 0xfd, ..] | [0x50..=0x5f, 0x2a, 0x4d, 0x18, ..] => {
            let decoder = zstd::Decoder::with_buffer(buffered(stored));
            (
                "zstd",
                Box::new(decoder.map_err(|error| ReadError::from_io(&name, error))?),
            )
        }
        [0xfd, b'7', b'z', b'X', b'Z', 0, ..] => {
            let decoder = XzReader::new_mem_limit(buffered(stored), true, XZ_MEMORY_KIB);
            ("xz", Box::new(decoder))
        }
        // The digit is the size of its blocks, and then a block begins, or the end.
        [b'B', b'Z', b'h', b'1'..=b'9', 0x31 | 0x17, ..] => {
            ("bzip2", Box::new(bzip2::bufread::MultiBzDecoder::new(buffered(stored))))
        }
        _ => return Ok(Box::new(stored)),
    };
    Ok(Box::new(Unpacked {
        name,
        packing,
        inner,
        limits,
        taken,
        given: 0,
    }))
}

/// How much an archive may unpack to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Limits {
    bytes: u64,
    ratio: u64,
}

impl Limits {
    /// The limits of the settings.
    pub(super) fn of(input: &InputSettings) -> Self {
        Self {
            bytes: input.max_unpacked_bytes,
            ratio: input.max_unpack_ratio,
        }
    }

    #[cfg(test)]
    pub(super) const NONE: Self = Self {
        bytes: u64::MAX,
        ratio: u64::MAX,
    };
}

/// Counts the stored bytes that a decoder takes.
struct Counted<R> {
    inner: R,
    count: Arc<AtomicU64>,
}

impl<R: Read> Read for Counted<R> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let count = self.inner.read(buffer)?;
        self.count.fetch_add(count as u64, Ordering::Relaxed);
        Ok(count)
    }
}

/// The content of an archive, as far as it may go; says of every error that the archive is broken.
struct Unpacked {
    name: String,
    packing: &'static str,
    inner: Box<dyn Read + Send>,
    limits: Limits,
    /// Stored bytes taken so far.
    taken: Arc<AtomicU64>,
    /// Unpacked bytes given so far.
    given: u64,
}

impl Unpacked {
    fn check_limits(&self) -> Result<(), ReadError> {
        let Limits { bytes, ratio } = self.limits;
        let taken = self.taken.load(Ordering::Relaxed);
        let (exceeded, limit, key) = if self.given > bytes {
            ("bytes", bytes, "input.max-unpacked-bytes")
        } else if self.given > RATIO_FROM_BYTES && self.given / ratio > taken {
            ("times its size", ratio, "input.max-unpack-ratio")
        } else {
            return Ok(());
        };
        Err(ReadError::ArchiveTooLarge {
            name: self.name.clone(),
            packing: self.packing,
            exceeded,
            limit,
            byte: self.given,
            key,
        })
    }
}

impl Read for Unpacked {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let (name, packing) = (&self.name, self.packing);
        let read = self.inner.read(buffer).map_err(|error| {
            let own = error
                .get_ref()
                .is_some_and(<dyn std::error::Error + Send + Sync>::is::<ReadError>);
            if own || error.kind() == io::ErrorKind::Interrupted {
                return error;
            }
            let name = name.clone();
            io::Error::other(if error.kind() == io::ErrorKind::UnexpectedEof {
                ReadError::ArchiveTruncated { name, packing }
            } else {
                ReadError::ArchiveDamaged {
                    name,
                    packing,
                    source: error,
                }
            })
        });
        let count = read?;
        self.given += count as u64;
        self.check_limits().map_err(io::Error::other)?;
        Ok(count)
    }
}

#[cfg(test)]
mod tests {
    use std::io::{Cursor, Write};

    use super::*;

    fn gzip(text: &[u8]) -> Vec<u8> {
        let mut encoder = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn zstd(text: &[u8]) -> Vec<u8> {
        zstd::encode_all(text, 1).unwrap()
    }

    fn xz(text: &[u8]) -> Vec<u8> {
        let options = lzma_rust2::XzOptions::with_preset(0);
        let mut encoder = lzma_rust2::XzWriter::new(Vec::new(), options).unwrap();
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn bzip2(text: &[u8]) -> Vec<u8> {
        let mut encoder = bzip2::write::BzEncoder::new(Vec::new(), bzip2::Compression::fast());
        encoder.write_all(text).unwrap();
        encoder.finish().unwrap()
    }

    fn read(bytes: &[u8]) -> Result<Vec<u8>, ReadError> {
        read_within(bytes, Limits::NONE)
    }

    fn read_within(bytes: &[u8], limits: Limits) -> Result<Vec<u8>, ReadError> {
        let mut text = Vec::new();
        let head = &bytes[..bytes.len().min(HEAD_BYTES)];
        let read = unpack("a.csv", head, Cursor::new(bytes.to_owned()), limits)?.read_to_end(&mut text);
        read.map_err(|error| ReadError::from_io("a.csv", error))?;
        Ok(text)
    }

    #[test]
    fn archives_are_told_apart_by_content() {
        for pack in [<[u8]>::to_vec as fn(&[u8]) -> Vec<u8>, gzip, zstd, xz, bzip2] {
            assert_eq!(read(&pack(b"id\n1\n")).unwrap(), b"id\n1\n");
        }
        assert_eq!(read(b"BZh1,id\n").unwrap(), b"BZh1,id\n");
    }

    #[test]
    fn every_member_of_an_archive_is_read() {
        for pack in [gzip, zstd, xz, bzip2] {
            let stored = [pack(b"id\n1\n"), pack(b"2\n"), pack(b"")].concat();
            assert_eq!(read(&stored).unwrap(), b"id\n1\n2\n");
        }
        let skippable = b"\x50\x2a\x4d\x18\x02\0\0\0ab".to_vec();
        assert_eq!(
            read(&[skippable, zstd(b"id\n1\n"), zstd(b"2\n")].concat()).unwrap(),
            b"id\n1\n2\n"
        );
    }

    #[test]
    fn an_archive_cut_anywhere_but_between_members_is_an_error() {
        let text = b"id,city\n1,Berlin\n2,Paris\n".repeat(50);
        for pack in [gzip, zstd, xz, bzip2] {
            let (stored, boundary) = (pack(&text).repeat(2), pack(&text).len());
            for length in (6..stored.len()).filter(|length| *length != boundary) {
                let error = read(&stored[..length]).unwrap_err();
                // A part of the mark of another xz stream may as well be something else behind the archive.
                let in_second_mark = stored.starts_with(b"\xfd7zXZ") && (boundary..boundary + 6).contains(&length);
                let is_damaged = matches!(error, ReadError::ArchiveDamaged { .. });
                assert!(
                    matches!(error, ReadError::ArchiveTruncated { .. }) || in_second_mark && is_damaged,
                    "{length} of {}: {error:?}",
                    stored.len()
                );
            }
        }
    }

    #[test]
    fn a_damaged_archive_is_an_error() {
        let text = b"id,city\n1,Berlin\n".repeat(50);
        // A bit of a name, a time stamp or an unused code may change without harm; a text must never. Zstd is left out,
        // since it may have no checksum.
        for pack in [gzip, xz, bzip2] {
            let stored = pack(&text);
            let mut errors = 0;
            for at in 6..stored.len() {
                let mut damaged = stored.clone();
                damaged[at] ^= 1;
                match read(&damaged) {
                    Ok(read) => assert!(read == text, "byte {at}"),
                    Err(_) => errors += 1,
                }
            }
            assert!(errors > stored.len() / 2, "{errors} of {}", stored.len());
        }
    }

    #[test]
    fn an_archive_that_unpacks_to_too_much_is_stopped() {
        let check = |stored: &[u8], bytes: u64, ratio: u64, expected: Option<&str>| {
            let error = read_within(stored, Limits { bytes, ratio }).err();
            assert!(error.iter().all(|error| error.hint().is_some()));
            let error = error.map(|error| error.to_string());
            let (said, place) = error.as_deref().and_then(|error| error.rsplit_once(": ")).unzip();
            assert_eq!(said, expected);
            assert!(place.is_none_or(|place| place.starts_with("byte ")), "{place:?}");
        };
        let size = Some("a.csv is a gzip archive that unpacks to more than 9 bytes");
        check(&gzip(b"0123456789"), 9, 1000, size);
        check(&gzip(b"0123456789"), 10, 1, None);
        let zeros = vec![b'0'; usize::try_from(RATIO_FROM_BYTES).unwrap() + 1024 * 1024];
        let ratio = Some("a.csv is a gzip archive that unpacks to more than 200 times its size");
        check(&gzip(&zeros), u64::MAX, 200, ratio);
        check(&gzip(&zeros), u64::MAX, 1100, None);
        check(&gzip(&zeros[..60_000_000]), u64::MAX, 200, None);
        // What is not packed has no limit.
        check(b"0123456789", 1, 1, None);
    }

    #[test]
    fn other_formats_are_named() {
        for (magic, format, _) in FOREIGN {
            let error = read(&[magic, b"rest"].concat()).unwrap_err();
            assert_eq!(error.to_string(), format!("a.csv is {format}, not CSV"));
            assert!(error.hint().is_some());
        }
    }
}
