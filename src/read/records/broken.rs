//! What becomes of a record whose quotes cannot be trusted.
//!
//! A quote that is missing or too much takes in what follows it. So the record ends before the next line on which one
//! begins that fits the header, and the parser is brought back there: what it has read beyond is delivered to it again.
//! How often that may happen is limited. It decides neither which quotes are bad (`quotes`) nor which line fits (`resume`).

use std::io::SeekFrom;

use super::super::error::ReadError;
use super::super::lines::line_ends;
use super::super::quotes::{self, Quotes};
use super::super::resume::Search;
use super::Records;
use crate::model::chunk::Broken;
use crate::model::rule::Rule;

/// Bytes of the longest line end.
const LINE_END_BYTES: usize = 2;

/// Bytes that may be delivered or looked at again behind bad quotes, in any reading: what a small file full of them costs.
pub(super) const AGAIN_BYTES: u64 = 16 * 1024 * 1024;

/// And for each byte that was read: a text in which every second line has a bad quote is gone over four times, and one for
/// which twice that is not enough was made to do harm.
pub(super) const AGAIN_PER_BYTE: u64 = 8;

/// Records behind an open quote in which its far end is expected, if it was not seen: two bad quotes that would have
/// swallowed more than these are hardly ever a pair, and each further record costs somebody whose address has inches.
const FAR_END_RECORDS: u32 = 100;

impl Records {
    /// Whether a record's quotes can be trusted, and how long it is; `parsed` is its length as the parser found it, if it
    /// is within the limit. The last value says that the parser has read something else and must go back.
    pub(super) fn judge_quotes(
        &mut self,
        parsed: Option<usize>,
        fields: usize,
        number: u64,
    ) -> Result<(usize, Option<Broken>, bool), ReadError> {
        let expects_far_end = self.far_end_within > 0;
        self.far_end_within = self.far_end_within.saturating_sub(1);
        let guard = self.reader.get_ref();
        let (start, from) = (guard.extent(0).line, guard.extent(0).byte);
        let found = match parsed {
            Some(length) => quotes::look(guard.extent(length).bytes, fields, &self.shape),
            None => quotes::look(guard.extent(guard.limit()).bytes, usize::MAX, &self.shape),
        };
        let place = |at: usize| {
            let before = guard.pending().get(..at).unwrap_or_default();
            (self.name.clone(), start + line_ends(before), from + at as u64)
        };
        match (found, parsed) {
            (Quotes::Loose { quote, certain }, Some(length)) if number > 0 && (certain || expects_far_end) => {
                let (rule, line) = (Rule::RecordStrayQuote, place(quote).1);
                self.far_end_within = 0;
                Ok((length, Some(Broken { rule, line }), false))
            }
            (Quotes::Sound | Quotes::Loose { .. }, Some(length)) => Ok((length, None, false)),
            (Quotes::Sound | Quotes::Loose { .. } | Quotes::Stray { .. }, None) => Err(guard.too_long()),
            (_, None) if number == 0 => Err(guard.too_long()),
            (Quotes::Open { text: None, last, .. }, _) if number == 0 => {
                let (name, line, byte) = place(last);
                Err(ReadError::QuoteOpen { name, line, byte })
            }
            (Quotes::Stray { text, .. } | Quotes::Open { text: Some(text), .. }, _) if number == 0 => {
                let (name, line, byte) = place(text);
                Err(ReadError::QuoteStray { name, line, byte })
            }
            (Quotes::Stray { opened, .. }, Some(length)) => {
                let (rule, line) = (Rule::RecordStrayQuote, place(opened).1);
                Ok((length, Some(Broken { rule, line }), false))
            }
            (Quotes::Open { opened, .. }, _) => {
                let (rule, line) = (Rule::RecordQuoteOpen, place(opened).1);
                self.far_end_within = FAR_END_RECORDS;
                Ok((self.cut(opened)?, Some(Broken { rule, line }), true))
            }
        }
    }

    /// Finds where reading goes on behind a quote, at this offset of the record, that cannot be trusted; gives the length
    /// of what is before it. Without such a place the record takes the rest of the text, if that is within the limit.
    fn cut(&mut self, opened: usize) -> Result<usize, ReadError> {
        let (guard, shape) = (self.reader.get_mut(), &self.shape);
        let limit = guard.limit();
        let mut search = Search::behind(opened);
        let found = loop {
            let pending = guard.pending();
            let whole = guard.has_ended() && quotes::without_end(pending).len() <= limit;
            // What is found must not depend on how much was read by chance.
            let known = if whole { pending.len() } else { pending.len().min(limit) };
            let known = pending.get(..known).unwrap_or_default();
            if let Some(at) = search.look(known, whole, shape) {
                break Some(at);
            }
            if whole {
                break Some(pending.len());
            }
            if guard.has_ended() || pending.len() > limit + LINE_END_BYTES {
                break search.best();
            }
            if let Err(error) = guard.read_ahead() {
                if search.best().is_none() {
                    return Err(ReadError::from_io(&self.name, error));
                }
                guard.fails_behind(error);
                break search.best();
            }
        };
        guard.looked_again(search.looked().saturating_sub(opened));
        let length = found.ok_or_else(|| guard.too_long())?;
        // The parser, too, ends a record between CR and LF.
        let ends_with_both = guard.extent(length).bytes.ends_with(b"\r\n");
        Ok(length - usize::from(ends_with_both))
    }

    /// Brings the parser to the beginning of the next record; the one before it, or what is before it, begins on this line.
    pub(super) fn go_back(&mut self, line: u64) -> Result<(), ReadError> {
        self.pass_to_record();
        self.seek()?;
        let guard = self.reader.get_ref();
        let (bytes, per_byte) = self.allowance;
        if guard.again() > bytes.saturating_add(per_byte.saturating_mul(guard.read_bytes())) {
            return Err(ReadError::TooManyQuotes {
                name: self.name.clone(),
                line,
            });
        }
        Ok(())
    }

    /// Brings the parser forward to the next record, behind those that were taken without it.
    pub(super) fn catch_up(&mut self) -> Result<(), ReadError> {
        self.pass_to_record();
        self.reader.get_mut().take_back();
        self.seek()
    }

    /// The parser passes over a mark without a word where it begins anew.
    fn pass_to_record(&mut self) {
        let guard = self.reader.get_mut();
        guard.finish_line_end();
        while guard.skip_marks() {
            guard.finish_line_end();
        }
    }

    fn seek(&mut self) -> Result<(), ReadError> {
        let byte = self.reader.get_ref().text_bytes();
        let mut position = csv::Position::new();
        position.set_byte(byte);
        let moved = self.reader.seek_raw(SeekFrom::Start(byte), position);
        moved.map_err(|error| ReadError::from_csv(&self.name, error))
    }
}
