//! The records of the corrected run that a repair file names, read again from its sources.
//!
//! Only they are kept, and only until they are compared: a run of millions is corrected in the memory of the few records
//! that are corrected. It judges nothing.

use std::collections::HashMap;

use csv::ByteRecord;

use crate::config::settings::InputSettings;
use crate::model::chunk::{Broken, Chunk};
use crate::model::position::Position;
use crate::pipeline::capacity::{CHUNK_RECORDS, CORRECTED_BYTES};
use crate::pipeline::error::PipelineError;
use crate::pipeline::inputs::{Input, Inputs};
use crate::read::Records;
use crate::send::Stop;

/// What a record takes up beside its text and its cells.
const RECORD_BYTES: usize = 128;

/// The cells of one record, in as little memory as they need.
#[derive(Debug)]
pub(super) struct Cells {
    text: Box<[u8]>,
    ends: Box<[u32]>,
}

impl Cells {
    pub(super) fn of(record: &ByteRecord) -> Self {
        let mut end = 0_usize;
        let ends = record.iter().map(|cell| {
            end += cell.len();
            u32::try_from(end).unwrap_or(u32::MAX)
        });
        Self {
            ends: ends.collect(),
            text: record.as_slice().into(),
        }
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.ends.len()
    }

    /// A cell by its column.
    pub(super) fn get(&self, column: usize) -> Option<&[u8]> {
        let end = *self.ends.get(column)? as usize;
        let begin = match column.checked_sub(1) {
            Some(before) => *self.ends.get(before)? as usize,
            None => 0,
        };
        self.text.get(begin..end)
    }

    /// All of them, in the order of the source.
    pub(super) fn iter(&self) -> impl Iterator<Item = &[u8]> {
        (0..self.len()).filter_map(|column| self.get(column))
    }
}

/// A record of the corrected run: the number of its source in the run, from 0, and its own number there.
pub(super) type Place = (usize, u64);

/// What a repair file names.
#[derive(Debug, Default)]
pub(super) struct Originals {
    named: HashMap<Place, Named>,
    bytes: usize,
}

#[derive(Debug, Default)]
struct Named {
    times: u32,
    cells: Option<Cells>,
}

impl Originals {
    /// Remembers that a record is named once more.
    pub(super) fn name(&mut self, place: Place) -> Result<(), PipelineError> {
        self.named.entry(place).or_default().times += 1;
        self.take(RECORD_BYTES)
    }

    /// Reads what is named from the sources of the corrected run.
    pub(super) fn read(&mut self, inputs: &Inputs, settings: &InputSettings, stop: &Stop) -> Result<(), PipelineError> {
        for (number, input) in inputs.iter().enumerate() {
            let of_input = self.named.keys().filter(|(of, _)| *of == number);
            let Some(last) = of_input.map(|(_, record)| *record).max() else {
                continue;
            };
            each_record(input, settings, stop, |position, record, _| {
                if let Some(named) = self.named.get_mut(&(number, position.record)) {
                    let cells = Cells::of(record);
                    let bytes = cells.text.len() + size_of_val(&*cells.ends);
                    named.cells = Some(cells);
                    self.take(bytes)?;
                }
                Ok(position.record < last)
            })?;
        }
        Ok(())
    }

    /// The cells of a record and how often it was named; `None` if the source has no such record.
    pub(super) fn get(&self, place: Place) -> Option<(&Cells, u32)> {
        let named = self.named.get(&place)?;
        named.cells.as_ref().map(|cells| (cells, named.times))
    }

    fn take(&mut self, bytes: usize) -> Result<(), PipelineError> {
        self.bytes += bytes;
        if self.bytes > CORRECTED_BYTES {
            return Err(PipelineError::TooManyCorrections {
                limit: CORRECTED_BYTES >> 20,
            });
        }
        Ok(())
    }
}

/// Calls `visit` for each record of a source in order, until it gives `false`.
pub(super) fn each_record(
    input: &Input,
    settings: &InputSettings,
    stop: &Stop,
    mut visit: impl FnMut(Position, &ByteRecord, Option<Broken>) -> Result<bool, PipelineError>,
) -> Result<(), PipelineError> {
    let mut records = Records::open(&input.source, settings)?;
    let mut chunk = Chunk::new(CHUNK_RECORDS);
    let mut more = true;
    while more {
        if stop.is_requested() {
            return Err(PipelineError::Interrupted);
        }
        more = records.fill(&mut chunk)?;
        for (position, record) in chunk.iter() {
            if !visit(position, record, chunk.broken(position))? {
                return Ok(());
            }
        }
    }
    Ok(input.source.check_unchanged()?)
}
