//! The figures of a reading.
//!
//! It counts nothing itself: that is for the layers, each of which sees a part.

/// What was read so far; final once [`super::Records::fill`] gave `false`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Records, the header not counted.
    pub records: u64,
    /// Lines of the records.
    pub record_lines: u64,
    /// Lines of the header with which the source begins, and of `sep=;` before it.
    pub first_header_lines: u64,
    /// Lines between records that hold nothing at all, or a byte order mark and nothing else.
    pub blank_lines: u64,
    /// Lines of separators, spaces and empty quotes, which a spreadsheet makes of empty rows.
    pub separator_lines: u64,
    /// Lines of headers that equal the first one, as joined exports have them.
    pub header_lines: u64,
    /// Lines of trailers, which the configuration declares.
    pub trailer_lines: u64,
    /// All lines.
    pub lines: u64,
    /// Bytes of decoded text, without a byte order mark.
    pub bytes: u64,
    /// Bytes delivered or looked at more than once, since a quote was missing or too much.
    pub bytes_again: u64,
    /// What is unusual about the text and does no harm.
    pub oddities: Oddities,
}

impl Tally {
    /// Whether every line is accounted for; to be asked at the end of a reading.
    pub fn adds_up(&self) -> bool {
        let others = self.blank_lines + self.separator_lines + self.header_lines + self.trailer_lines;
        self.first_header_lines + self.record_lines + others == self.lines
    }

    /// What is worth a word about the source as a whole, a sentence each, without the source's name.
    pub fn notices(&self) -> Vec<String> {
        let mut notices = Vec::new();
        if self.records == 0 {
            notices.push("the file has a header and no record; check that the export is whole".to_owned());
        }
        notices.append(&mut self.oddities.notices());
        notices
    }
}

/// What is unusual about a text and does no harm, so that it is said once and not for each record.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Oddities {
    /// NUL characters.
    pub nuls: u64,
    /// Byte order marks before records.
    pub marks: u64,
    /// Records that end with LF, the header included.
    pub lf: u64,
    /// Records that end with CRLF.
    pub crlf: u64,
    /// Records that end with CR alone.
    pub cr: u64,
    /// The last line has no line end.
    pub open_end: bool,
}

impl Oddities {
    /// A sentence for each, without the source's name.
    pub fn notices(&self) -> Vec<String> {
        let mut notices = Vec::new();
        if self.nuls > 0 {
            notices.push(format!(
                "NUL characters: {}; in a field that is sent, each is a finding",
                self.nuls
            ));
        }
        if self.marks > 0 {
            notices.push(format!(
                "byte order marks between records: {}, as joined files have them; each was passed over",
                self.marks
            ));
        }
        let kinds: Vec<String> = [(self.lf, "LF"), (self.crlf, "CRLF"), (self.cr, "CR")]
            .into_iter()
            .filter(|(count, _)| *count > 0)
            .map(|(count, name)| format!("{count} with {name}"))
            .collect();
        if kinds.len() > 1 {
            let kinds = kinds.join(", ");
            notices.push(format!("mixed line ends: {kinds}; each ended a record"));
        } else if self.cr > 0 {
            notices.push("lines end with CR alone; each ended a record".to_owned());
        }
        if self.open_end {
            notices.push("the last line has no line end and was read; check that the export is whole".to_owned());
        }
        notices
    }
}

#[cfg(test)]
mod tests {
    use super::super::guard::Guard;

    /// Reads a text in parts of every size and compares what is said about it.
    fn check(text: &str, expected: &[&str]) {
        for size in 1..=text.len().max(1) {
            let guard = Guard::new(text.as_bytes(), "a.csv".into(), 1000);
            let mut reader = csv::ReaderBuilder::new()
                .has_headers(false)
                .flexible(true)
                .buffer_capacity(size)
                .from_reader(guard);
            let mut record = csv::ByteRecord::new();
            while reader.read_byte_record(&mut record).unwrap() {
                let end = reader.position().byte();
                let length = reader.get_mut().record_ended(end).unwrap();
                reader.get_mut().take(length);
            }
            assert_eq!(
                reader.get_ref().oddities().notices(),
                expected,
                "{text:?} in parts of {size}"
            );
        }
    }

    #[test]
    fn each_oddity_is_said_once() {
        let open = "the last line has no line end and was read; check that the export is whole";
        let cr = "lines end with CR alone; each ended a record";
        check("", &[]);
        check("id\n1\n\n2\n", &[]);
        check("id\r\n\"1\n\r2\"\r\n", &[]);
        check("id\n1\n2", &[open]);
        check("id\r1\r2\r", &[cr]);
        check("id\r1\r2", &[cr, open]);
        let mixed = "mixed line ends: 1 with LF, 2 with CRLF, 1 with CR; each ended a record";
        check("id\r\n1\n2\r3\r\n", &[mixed]);
        let nuls = "NUL characters: 3; in a field that is sent, each is a finding";
        check("id\n\0\0\n\0\n", &[nuls]);
    }
}
