//! Looks at the first records of a source without knowing what its columns mean.
//!
//! It reads as much as a proposal needs and counts what values look like; it checks no record against a rule and keeps no
//! value. A source that is not UTF-8 is read in its likeliest encoding, since something has to be looked at: reading for
//! real never guesses.

use crate::config::settings::{InputSettings, Settings};
use crate::model::chunk::Chunk;
use crate::model::field::FieldId;
use crate::model::fit::Fit;
use crate::normalize::{NormalizerError, Probe};
use crate::profile::Column;
use crate::read::{Dialect, Guess, ReadError, Records, Source, guess};

use super::capacity::{CHUNK_RECORDS, SURVEYED_RECORDS, TRIED_NUMBERS};
use super::error::PipelineError;

/// Words with which last lines begin that are no records.
const TRAILER_WORDS: [&str; 8] = ["TRL", "TRAILER", "TLR", "FOOTER", "TOTAL", "EOF", "END", "T"];

/// What was seen of a source.
pub struct Survey {
    /// How it separates fields and lines.
    pub dialect: Dialect,
    /// Name of the encoding that was read.
    pub encoding: &'static str,
    /// The likely encodings, if it is not UTF-8.
    pub guess: Option<Guess>,
    /// The names of the columns.
    pub header: Vec<String>,
    /// What their values look like.
    pub columns: Vec<Column>,
    /// Records that were looked at; those with another number of fields than the header are not.
    pub records: u64,
    /// Records with another number of fields than the header.
    pub uneven: u64,
    /// Whether the source has no more records.
    pub is_whole: bool,
    /// The first word of the last record and the number of its field that counts the records, if it looks like a trailer.
    pub trailer: Option<(&'static str, usize)>,
}

impl Survey {
    /// The word of a field's closed list that a text is without any synonym.
    pub fn word(id: FieldId, text: &str) -> Option<&'static str> {
        Probe::word(id, text)
    }
}

/// Looks at a source.
pub fn survey(source: &Source, settings: &Settings, today: jiff::civil::Date) -> Result<Survey, PipelineError> {
    let probe = Probe::new(today).ok_or(NormalizerError::PhoneMetadata)?;
    let mut input = settings.input.clone();
    match look(source, &input, &probe) {
        Err(ReadError::NotUtf8 { .. }) if input.encoding.is_none() => {}
        looked => return Ok(looked?),
    }
    // Nothing but what is wrong with it can be said of a source that no encoding reads.
    let Some(guess) = guess(source, &input)? else {
        return Ok(look(source, &input, &probe)?);
    };
    input.encoding = guess.readings.first().map(|reading| reading.encoding.to_owned());
    let survey = look(source, &input, &probe)?;
    let guess = Some(guess);
    Ok(Survey { guess, ..survey })
}

fn look(source: &Source, input: &InputSettings, probe: &Probe) -> Result<Survey, ReadError> {
    let mut records = Records::open(source, input)?;
    let header = records.header().to_vec();
    let mut survey = Survey {
        dialect: records.dialect(),
        encoding: records.encoding(),
        guess: None,
        columns: vec![Column::default(); header.len()],
        header,
        records: 0,
        uneven: 0,
        is_whole: false,
        trailer: None,
    };
    let mut chunk = Chunk::new(CHUNK_RECORDS);
    while survey.records + survey.uneven < SURVEYED_RECORDS && !survey.is_whole {
        survey.is_whole = !records.fill(&mut chunk)?;
        for (position, record) in chunk.iter() {
            if position.record > SURVEYED_RECORDS {
                survey.is_whole = false;
                break;
            }
            survey.trailer = trailer(record, position.record - 1);
            if record.len() == survey.columns.len() && survey.trailer.is_none() {
                survey.records += 1;
                for (column, raw) in survey.columns.iter_mut().zip(record) {
                    see(column, &String::from_utf8_lossy(raw), input, |cell, column| {
                        probe.look(cell, column.traits.tried < TRIED_NUMBERS)
                    });
                }
            } else {
                survey.uneven += 1;
            }
        }
    }
    survey.trailer = survey.trailer.filter(|_| survey.is_whole);
    // A trailer is no record and has fields of its own.
    survey.uneven -= u64::from(survey.trailer.is_some());
    Ok(survey)
}

/// Counts a cell as the checks would see it: cleaned, and absent where it is a null word.
pub(super) fn see(column: &mut Column, raw: &str, input: &InputSettings, fit: impl FnOnce(&str, &Column) -> Fit) {
    let is_null = |cell: &str| input.null_words.iter().any(|word| word == cell);
    let cleaned = if is_null(raw) { String::new() } else { Probe::clean(raw) };
    let cell = if is_null(&cleaned) { "" } else { &cleaned };
    let fit = if cell.is_empty() {
        Fit::default()
    } else {
        fit(cell, column)
    };
    column.add(cell, |_| fit);
}

/// The word and the number of the counting field of a record that looks like a trailer behind `before` records.
fn trailer(record: &csv::ByteRecord, before: u64) -> Option<(&'static str, usize)> {
    let first = record.get(0)?;
    let word = TRAILER_WORDS
        .into_iter()
        .find(|word| first.eq_ignore_ascii_case(word.as_bytes()))?;
    let count = before.to_string();
    let padded = |field: &[u8]| {
        std::str::from_utf8(field).is_ok_and(|text| !text.is_empty() && text.trim_start_matches('0') == count)
    };
    record.iter().position(padded).map(|field| (word, field + 1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_trailer_counts_the_records_before_it() {
        let check = |fields: &[&str], before: u64, expected: Option<(&'static str, usize)>| {
            assert_eq!(
                trailer(&csv::ByteRecord::from(fields.to_vec()), before),
                expected,
                "{fields:?}"
            );
        };
        check(&["TRL", "000012"], 12, Some(("TRL", 2)));
        check(&["trl", "13"], 12, None);
        check(&["Trelleborg", "12"], 12, None);
    }
}
