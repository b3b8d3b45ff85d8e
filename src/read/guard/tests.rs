//! Texts without end.

use super::*;

/// A text of endless repetition, as no file could hold it.
struct Endless {
    first: &'static [u8],
    then: u8,
    given: u64,
}

impl Read for Endless {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        buffer.fill(self.then);
        if self.given == 0 {
            buffer[..self.first.len()].copy_from_slice(self.first);
        }
        self.given += buffer.len() as u64;
        Ok(buffer.len())
    }
}

#[test]
fn a_record_without_end_is_stopped_within_its_limit_and_a_buffer() {
    let endless = Endless {
        first: b"\r\n\n\"",
        then: b'x',
        given: 0,
    };
    let mut guard = Guard::new(endless, "a.csv".into(), 1 << 20);
    let mut buffer = vec![0; 1 << 16];
    let error = loop {
        if let Err(error) = guard.read(&mut buffer) {
            break ReadError::from_io("a.csv", error);
        }
    };
    assert_eq!(
        error.to_string(),
        "the header of a.csv, which starts at line 3, byte 3, is longer than 1048576 bytes"
    );
    assert!(
        guard.inner.given <= (1 << 20) + (1 << 16) + 4,
        "{} read",
        guard.inner.given
    );
    assert!(guard.window.capacity() <= 1 << 21, "{} kept", guard.window.capacity());
}

#[test]
fn blank_lines_without_end_are_no_record_and_take_no_memory() {
    let endless = Endless {
        first: b"\r\n",
        then: b'\n',
        given: 0,
    };
    let mut guard = Guard::new(endless, "a.csv".into(), 100);
    let mut buffer = vec![0; 1 << 12];
    for _ in 0..1000 {
        guard.read_exact(&mut buffer).unwrap();
    }
    guard.skip_line_ends();
    assert_eq!(
        (guard.blank_lines(), guard.text_bytes()),
        ((1000 << 12) - 1, 1000 << 12)
    );
    assert!(guard.window.capacity() <= 1 << 14, "{} kept", guard.window.capacity());
}
