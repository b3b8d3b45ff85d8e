//! Counts lines as a person does, in a text that comes in parts.
//!
//! It does not know what a record is: line ends inside quotes count like all others.

/// How many lines end within a part of a record.
pub(super) fn line_ends(part: &[u8]) -> u64 {
    Lines::default().count(part)
}

/// Counts line ends in a text that comes in parts: LF, CRLF and CR each are one.
#[derive(Debug, Default)]
pub(super) struct Lines {
    pub(super) ends: u64,
    /// The last byte was CR, and an LF now belongs to it.
    after_return: bool,
    /// There is a last byte, and it ends no line.
    pub(super) open: bool,
}

impl Lines {
    /// Counts the line ends of the next part, and gives their number.
    pub(super) fn count(&mut self, part: &[u8]) -> u64 {
        let before = self.ends;
        for at in memchr::memchr2_iter(b'\r', b'\n', part) {
            let after_return = match at.checked_sub(1) {
                None => self.after_return,
                Some(previous) => part.get(previous) == Some(&b'\r'),
            };
            let second_half = after_return && part.get(at) == Some(&b'\n');
            self.ends += u64::from(!second_half);
        }
        if let Some(last) = part.last() {
            self.after_return = *last == b'\r';
            self.open = !matches!(last, b'\r' | b'\n');
        }
        self.ends - before
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_alike_however_the_text_is_cut() {
        let check = |text: &str, expected: u64| {
            for size in 1..=text.len().max(1) {
                let mut lines = Lines::default();
                let sum: u64 = text.as_bytes().chunks(size).map(|part| lines.count(part)).sum();
                assert_eq!((sum, lines.ends), (expected, expected), "{text:?} in parts of {size}");
            }
        };
        check("", 0);
        check("a", 0);
        check("a\nb\n", 2);
        check("a\r\nb\r\n", 2);
        check("a\rb\r", 2);
        check("\n\r\n\r\r\n\n\r", 6);
    }
}
