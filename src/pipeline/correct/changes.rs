//! Changes of cells in which nothing was to be corrected: counted by column, with a few places, and no value.

use std::collections::BTreeMap;
use std::fmt;

use super::looks::Looks;
use crate::model::figures::{counted, grouped};
use crate::model::finding::Preview;
use crate::model::naming::shown;

/// Places that are named of each column: enough to see what happened, few enough to read.
const NAMED_PLACES: usize = 3;

/// Every other change of one reading.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct OtherChanges(BTreeMap<(String, Looks), Column>);

/// One column and what its changes look like.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
struct Column {
    records: u64,
    places: Vec<Place>,
}

/// Where a cell was changed, and its shapes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Place {
    /// Name of the repair file.
    pub(super) file: String,
    /// Number of the record in it.
    pub(super) record: u64,
    /// Line on which that begins.
    pub(super) line: u64,
    /// Shape of the cell in the source.
    pub(super) before: Preview,
    /// Shape of the cell in the repair file.
    pub(super) after: Preview,
}

impl OtherChanges {
    /// Whether there is none.
    pub(super) fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Counts a change; the place is made only if it is named.
    pub(super) fn add(&mut self, column: &str, looks: Looks, place: impl FnOnce() -> Place) {
        let column = self.0.entry((column.to_owned(), looks)).or_default();
        column.records += 1;
        if column.places.len() < NAMED_PLACES {
            column.places.push(place());
        }
    }
}

impl fmt::Display for OtherChanges {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("cells were changed in which nothing was to be corrected; nothing was sent or written down")?;
        for ((name, looks), column) in &self.0 {
            let records = counted(column.records, "record");
            let place = if name.is_empty() {
                "cells that stand in no column".to_owned()
            } else {
                format!("column {}", shown(name))
            };
            write!(f, "\n  {place}: {records}, {}", looks.says())?;
            for place in &column.places {
                let (record, line) = (grouped(place.record), grouped(place.line));
                let (before, after) = (place.before.as_str(), place.after.as_str());
                write!(
                    f,
                    "\n    {}:{line}: record {record}: [{before}] → [{after}]",
                    place.file
                )?;
            }
        }
        Ok(())
    }
}
