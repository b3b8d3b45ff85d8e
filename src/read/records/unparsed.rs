//! Takes plain records as they stand in the text, past the parser.
//!
//! Nothing is decided here that the parser and what follows it would decide otherwise: what is not certain at a glance is
//! left to them. The parser learns of the records that it has missed when it is needed again.

use super::super::alone::MARK;
use super::super::encoding;
use super::super::kinds;
use super::super::plain::{self, Plain};
use super::super::quotes;
use super::Records;
use crate::model::chunk::Chunk;
use crate::model::position::Position;

impl Records {
    /// Keeps the text of the next record, if it is surely one and nothing is wrong with it; `false` says nothing about it.
    pub(super) fn take_unparsed(&mut self, chunk: &mut Chunk) -> bool {
        // The cells of a repair file are restored one by one.
        if self.repair.is_some() {
            return false;
        }
        loop {
            let guard = self.reader.get_mut();
            self.is_behind |= guard.finish_line_end();
            match plain::end(guard.pending(), self.shape.delimiter) {
                Plain::Ends { length, lines } => return self.keep_unparsed(length, lines, chunk),
                Plain::Unknown if guard.read_on(plain::MOST_BYTES) => {}
                Plain::Odd | Plain::Unknown => return false,
            }
        }
    }

    fn keep_unparsed(&mut self, length: usize, lines: bool, chunk: &mut Chunk) -> bool {
        let guard = self.reader.get_mut();
        let extent = guard.extent(length);
        let is_sound = length <= guard.limit()
            && !extent.bytes.starts_with(MARK)
            && kinds::is_surely_record(extent.bytes, &self.header, &self.shape)
            && encoding::broken_at(extent.bytes).is_none()
            && !(lines && quotes::may_hide(extent.bytes, &self.shape));
        if !is_sound {
            return false;
        }
        let position = Position {
            record: self.counted.records + 1,
            line: extent.line,
            byte: extent.byte,
        };
        chunk.keep_text(position, extent.bytes);
        self.is_behind = true;
        self.far_end_within = self.far_end_within.saturating_sub(1);
        self.counted.records = position.record;
        self.counted.record_lines += guard.take(length);
        if let Some(trailers) = &mut self.trailers {
            trailers.record(position.line);
        }
        true
    }
}
