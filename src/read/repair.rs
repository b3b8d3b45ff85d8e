//! Repair files: the records that were not created, as rollcall writes them and as a spreadsheet saves them again.
//!
//! A spreadsheet writes in a dialect and an encoding of its own, quotes what it likes, and fills every row up to the width
//! of the widest. So a repair file is known by its columns alone, and the configuration's separator, encoding and trailer,
//! which describe the source, do not hold for it. Its cells are given to the checks as the source has them. It deliberately
//! knows nothing of runs: which record a row corrects is for others.

use std::io::Read;

use csv::ByteRecord;

use super::dialect;
use super::error::ReadError;
use super::source::Source;
use crate::config::settings::InputSettings;
use crate::model::cell::unprotect;
use crate::model::mapping::{REJECT_COLUMNS, is_repair};
use crate::model::row_state::RowState;

/// UTF-8's byte order mark.
const MARK: &[u8] = b"\xef\xbb\xbf";

/// Bytes of which a piece of a source is asked whether they are UTF-8.
const PIECE_BYTES: usize = 64 * 1024;

/// The separator of a text that begins like a repair file; `None` for any other text.
pub(super) fn delimiter(head: &[u8]) -> Option<u8> {
    // One look tells nearly every file from these.
    memchr::memmem::find(head, b"_record")?;
    let head = head.strip_prefix(MARK).unwrap_or(head);
    dialect::DELIMITERS.into_iter().find(|delimiter| {
        let mut reader = csv::ReaderBuilder::new()
            .has_headers(false)
            .flexible(true)
            .delimiter(*delimiter)
            .from_reader(head);
        // The line that declares the separator may stand before the header.
        reader
            .byte_records()
            .take(2)
            .flatten()
            .any(|record| is_repair(&names(&record)))
    })
}

/// The encoding in which a source is read: a repair file that is UTF-8 to its end is not in the encoding that is declared
/// for exports.
pub(super) fn settings(source: &Source, input: &InputSettings) -> Result<Option<InputSettings>, ReadError> {
    if input.encoding.is_none() {
        return Ok(None);
    }
    let fail = |error| ReadError::from_io(source.name(), error);
    let mut bytes = source.open(super::packing::Limits::of(input))?;
    let mut piece = Vec::new();
    let mut read_on = |piece: &mut Vec<u8>| {
        let wanted = (PIECE_BYTES as u64).saturating_sub(piece.len() as u64);
        bytes.by_ref().take(wanted).read_to_end(piece).map_err(fail)
    };
    read_on(&mut piece)?;
    if delimiter(&piece).is_none() {
        return Ok(None);
    }
    loop {
        let rest = match std::str::from_utf8(&piece) {
            Ok(_) => Vec::new(),
            // A piece may end within a character.
            Err(error) if error.error_len().is_none() => piece.split_off(error.valid_up_to()),
            Err(_) => return Ok(None),
        };
        piece = rest;
        if read_on(&mut piece)? == 0 {
            let encoding = if piece.is_empty() { None } else { input.encoding.clone() };
            return Ok(Some(InputSettings {
                encoding,
                ..input.clone()
            }));
        }
    }
}

/// The names of a header as the source has them.
pub(super) fn names(header: &ByteRecord) -> Vec<String> {
    let name = |name| unprotect(&String::from_utf8_lossy(name)).to_owned();
    header.iter().map(name).collect()
}

/// What undoes what rollcall and a spreadsheet did to the records of a repair file.
#[derive(Debug)]
pub(super) struct Repair {
    columns: usize,
    /// Where rollcall's own columns begin, if they still stand together at the end.
    own: Option<usize>,
}

impl Repair {
    /// Takes the header of a repair file and leaves out what a spreadsheet has added behind it; `None` for any other.
    pub(super) fn of(header: &mut Vec<String>) -> Option<Self> {
        if !is_repair(header) {
            return None;
        }
        // Columns without a name, to the width of the widest row.
        while header.last().is_some_and(String::is_empty) {
            header.pop();
        }
        let own = header.len().checked_sub(REJECT_COLUMNS.len());
        let own = own.filter(|own| header.get(*own..).is_some_and(|names| names == REJECT_COLUMNS));
        Some(Self {
            columns: header.len(),
            own,
        })
    }

    /// Gives a record the width and the cells that it had.
    pub(super) fn restore(&self, record: &mut ByteRecord) {
        let misplaced = self.own.filter(|own| !is_marked(record, *own));
        // A record with too few or too many fields: filled up to the header's width it would be taken for a whole one,
        // with what rollcall says about it among its values.
        if let Some(at) = misplaced.and_then(|_| (0..record.len()).rev().find(|at| is_marked(record, *at))) {
            record.truncate(at + REJECT_COLUMNS.len());
        }
        while record.len() > self.columns && record.get(record.len() - 1).is_some_and(<[u8]>::is_empty) {
            record.truncate(record.len() - 1);
        }
        let bare = |cell| std::str::from_utf8(cell).map_or(cell, |text| unprotect(text).as_bytes());
        if record.iter().any(|cell| bare(cell).len() != cell.len()) {
            let cells: ByteRecord = record.iter().map(bare).collect();
            *record = cells;
        }
    }
}

/// Whether rollcall's own cells begin here: behind the file a record, a line and a state.
fn is_marked(record: &ByteRecord, at: usize) -> bool {
    let is_number = |cell: &[u8]| !cell.is_empty() && cell.iter().all(u8::is_ascii_digit);
    let is_state = |cell: &[u8]| RowState::ALL.iter().any(|state| state.word().as_bytes() == cell);
    let holds = |offset: usize, is: &dyn Fn(&[u8]) -> bool| record.get(at + offset).is_some_and(is);
    holds(1, &is_number) && holds(2, &is_number) && holds(3, &is_state)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_repair_file_is_known_by_its_columns_in_any_dialect() {
        for (head, expected) in [
            ("id,n,_file,_record,_line,_state,_codes,_message\n", Some(b',')),
            ("id;n;_file;_record;_line;_state;_codes;_message\r\n1;2", Some(b';')),
            ("\"_codes\"\t\"_state\"\t\"n\"\t\"_record\"\n", Some(b'\t')),
            ("\u{feff}_record|_state|_codes\n", Some(b'|')),
            ("sep=;\n_record;_state;_codes;id\n", Some(b';')),
            ("id,_record,_state\n", None),
            ("id,n\n1,\"_record,_state,_codes\"\n", None),
            ("id,n\n", None),
        ] {
            assert_eq!(delimiter(head.as_bytes()), expected, "{head:?}");
        }
    }

    #[test]
    fn records_get_back_their_cells_and_their_width() {
        let header = [
            "id", "n", "_file", "_record", "_line", "_state", "_codes", "_message", "", "",
        ];
        let mut header: Vec<String> = header.map(str::to_owned).to_vec();
        let repair = Repair::of(&mut header).unwrap();
        assert_eq!(header.len(), 8);
        for (saved, expected) in [
            ("1|'+1|f|7|9|rejected|c|m||", "1|+1|f|7|9|rejected|c|m"),
            ("1|n|f|7|9|rejected|c|m", "1|n|f|7|9|rejected|c|m"),
            ("1|n|f|7|9|rejected||", "1|n|f|7|9|rejected||"),
            // One field too few, filled up; one too many; one of raw text.
            ("1|f|7|9|rejected|c|m|||", "1|f|7|9|rejected|c|m"),
            ("1|f|7|9|rejected|c||||", "1|f|7|9|rejected|c|"),
            ("1|n|x|f|7|9|rejected|c|m|", "1|n|x|f|7|9|rejected|c|m"),
            // Somebody added a row.
            ("1|n|||||||", "1|n||||||"),
        ] {
            let mut record = ByteRecord::from(saved.split('|').collect::<Vec<_>>());
            repair.restore(&mut record);
            let expected = ByteRecord::from(expected.split('|').collect::<Vec<_>>());
            assert_eq!(record, expected, "{saved}");
        }
    }
}
