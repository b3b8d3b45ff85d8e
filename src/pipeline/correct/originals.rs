//! The records of the corrected run that a repair file names, read again from its sources.
//!
//! Only they are kept, and only until they are compared: a run of millions is corrected in the memory of the few records
//! that are corrected. It judges nothing.

use std::collections::HashMap;

use csv::ByteRecord;

use crate::config::settings::InputSettings;
use crate::model::chunk::{Broken, Chunk};
use crate::model::position::Position;
use crate::pipeline::capacity::CHUNK_RECORDS;
use crate::pipeline::error::PipelineError;
use crate::pipeline::inputs::Input;
use crate::read::Records;
use crate::send::Stop;

/// What a record takes up beside its text and its cells, the table's free places included.
const RECORD_BYTES: usize = 256;

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
#[derive(Debug)]
pub(super) struct Originals {
    named: HashMap<Place, Named>,
    bytes: usize,
    /// The most that `bytes` may be.
    limit: usize,
}

#[derive(Debug, Default)]
struct Named {
    times: u32,
    cells: Option<Cells>,
}

impl Originals {
    /// Begins with none. More than `limit` bytes of them are never kept.
    pub(super) fn within(limit: usize) -> Self {
        Self {
            named: HashMap::new(),
            bytes: 0,
            limit,
        }
    }

    /// Remembers that a record is named once more.
    pub(super) fn name(&mut self, place: Place) -> Result<(), PipelineError> {
        self.named.entry(place).or_default().times += 1;
        self.bytes += RECORD_BYTES;
        self.hold()
    }

    /// Reads what is named from the sources of the corrected run.
    pub(super) fn read<'a>(
        &mut self,
        inputs: impl Iterator<Item = &'a Input>,
        settings: &InputSettings,
        stop: &Stop,
    ) -> Result<(), PipelineError> {
        for (number, input) in inputs.enumerate() {
            let of_input = self.named.keys().filter(|(of, _)| *of == number);
            let Some(last) = of_input.map(|(_, record)| *record).max() else {
                continue;
            };
            each_record(input, settings, stop, |position, record, _| {
                if let Some(named) = self.named.get_mut(&(number, position.record)) {
                    self.bytes += record.as_slice().len() + size_of::<u32>() * record.len();
                    named.cells = Some(Cells::of(record));
                    self.hold()?;
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

    fn hold(&self) -> Result<(), PipelineError> {
        if self.bytes > self.limit {
            return Err(PipelineError::TooManyCorrections {
                limit: self.limit >> 20,
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::{Layers, resolve};

    fn read(limit: usize, names: &[u64]) -> Result<Originals, PipelineError> {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("customers.csv");
        let mut text = String::from(HEADER);
        for record in 1..=3000 {
            text.push_str(&format!("I{record},INDIVIDUAL,\"Ann, the {record}.\",,x\n"));
        }
        std::fs::write(&path, text).unwrap();
        let mut layers = Layers::load(None, std::iter::empty()).unwrap();
        layers.set(
            "api.namespace",
            "0c9a1f0e-6b52-4b5e-9a5f-2f7d1c3b4a59",
            crate::config::Origin::Sandbox,
        );
        let settings = resolve(&layers).unwrap();
        let source = crate::read::Source::from_argument(&path, folder.path()).unwrap();
        let records = Records::open(&source, &settings.input).unwrap();
        let input = Input {
            dialect: records.dialect(),
            encoding: records.encoding(),
            mapping: std::sync::Arc::default(),
            source,
        };
        let mut originals = Originals::within(limit);
        names.iter().try_for_each(|record| originals.name((0, *record)))?;
        originals.read(std::iter::once(&input), &settings.input, &Stop::new())?;
        Ok(originals)
    }

    const HEADER: &str = "id,customer_type,first_name,last_name,email_address\n";

    #[test]
    fn only_the_records_that_are_named_are_kept_wherever_they_stand() {
        let originals = read(usize::MAX, &[1, 2999, 700, 700, 3001]).unwrap();
        for record in [1_u64, 700, 2999] {
            let (cells, times) = originals.get((0, record)).unwrap();
            let expected = [
                format!("I{record}"),
                "INDIVIDUAL".to_owned(),
                format!("Ann, the {record}."),
                String::new(),
                "x".to_owned(),
            ];
            let cells: Vec<_> = cells
                .iter()
                .map(|cell| String::from_utf8_lossy(cell).into_owned())
                .collect();
            assert_eq!((cells, times), (expected.to_vec(), 1 + u32::from(record == 700)));
        }
        assert!(originals.get((0, 3001)).is_none(), "there is no such record");
        assert!(originals.get((0, 2)).is_none(), "nobody named it");
        assert!(originals.get((1, 1)).is_none());
    }

    #[test]
    fn more_records_than_fit_are_refused_by_their_number_and_by_their_size() {
        let names: Vec<u64> = (1..=100).collect();
        let needed = read(usize::MAX, &names).unwrap().bytes;
        assert!(read(needed, &names).is_ok());
        for limit in [needed - 1, 100 * RECORD_BYTES - 1] {
            let refused = read(limit, &names);
            assert!(
                matches!(refused, Err(PipelineError::TooManyCorrections { .. })),
                "{limit}"
            );
        }
    }
}
