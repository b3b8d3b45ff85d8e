//! Texts by field in one buffer, which a worker keeps between records.

use crate::model::field::FieldId;
use crate::model::rule::Rule;

/// One text or none for each field.
pub(super) struct Cells {
    text: String,
    /// Where each begins and ends; the same where there is nothing.
    ranges: [(u32, u32); FieldId::COUNT],
}

impl Default for Cells {
    fn default() -> Self {
        Self {
            text: String::new(),
            ranges: [(0, 0); FieldId::COUNT],
        }
    }
}

impl Cells {
    /// Forgets the texts and keeps the buffer.
    pub(super) fn clear(&mut self) {
        self.text.clear();
        self.ranges.fill((0, 0));
    }

    /// The text of a field.
    pub(super) fn get(&self, id: FieldId) -> Option<&str> {
        let (start, end) = *self.ranges.get(id.index()).filter(|(start, end)| start < end)?;
        self.text.get(start as usize..end as usize)
    }

    /// Lets `write` append a text; it is kept for the field unless it is empty or refused.
    pub(super) fn put(&mut self, id: FieldId, write: impl FnOnce(&mut String) -> Result<(), Rule>) -> Result<(), Rule> {
        let start = self.text.len();
        let written = write(&mut self.text);
        if written.is_err() {
            self.text.truncate(start);
        } else if let Some(range) = self.ranges.get_mut(id.index()) {
            *range = (index(start), index(self.text.len()));
        }
        written
    }

    /// Appends a text as it is.
    pub(super) fn put_text(&mut self, id: FieldId, text: &str) {
        let start = self.text.len();
        self.text.push_str(text);
        if let Some(range) = self.ranges.get_mut(id.index()) {
            *range = (index(start), index(self.text.len()));
        }
    }

    /// Forgets the text of a field.
    pub(super) fn remove(&mut self, id: FieldId) {
        if let Some(range) = self.ranges.get_mut(id.index()) {
            *range = (0, 0);
        }
    }
}

/// The cells of one record are far below four gigabytes: `input.max-record-bytes` is.
fn index(at: usize) -> u32 {
    u32::try_from(at).unwrap_or(u32::MAX)
}
