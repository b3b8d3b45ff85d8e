//! Texts by field in one buffer, which a worker keeps between records.

use std::ops::Range;

use crate::model::field::FieldId;
use crate::model::rule::Rule;

/// One text or none for each field.
pub(super) struct Cells {
    text: String,
    ranges: [Option<Range<usize>>; FieldId::COUNT],
}

impl Default for Cells {
    fn default() -> Self {
        Self {
            text: String::new(),
            ranges: [const { None }; FieldId::COUNT],
        }
    }
}

impl Cells {
    /// Forgets the texts and keeps the buffer.
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.ranges.fill(None);
    }

    /// The text of a field.
    pub(super) fn get(&self, id: FieldId) -> Option<&str> {
        self.ranges
            .get(id.index())?
            .clone()
            .and_then(|range| self.text.get(range))
    }

    /// Lets `write` append a text; it is kept for the field unless it is empty or refused.
    pub(super) fn put(&mut self, id: FieldId, write: impl FnOnce(&mut String) -> Result<(), Rule>) -> Result<(), Rule> {
        let start = self.text.len();
        let written = write(&mut self.text);
        if written.is_err() {
            self.text.truncate(start);
        } else if let Some(range) = self.ranges.get_mut(id.index()).filter(|_| self.text.len() > start) {
            *range = Some(start..self.text.len());
        }
        written
    }

    /// Forgets the text of a field.
    pub(super) fn remove(&mut self, id: FieldId) {
        if let Some(range) = self.ranges.get_mut(id.index()) {
            *range = None;
        }
    }
}
