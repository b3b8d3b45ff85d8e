//! Which column of a source feeds which field.

use super::field::FieldId;

/// Columns that a rejects file has beside the source's own. They are never data: a clerk repairs the file and sends it
/// as it is.
pub const REJECT_COLUMNS: [&str; 6] = ["_file", "_record", "_line", "_state", "_codes", "_message"];

/// Columns of [`REJECT_COLUMNS`] by which a file is known for one that people have corrected: a spreadsheet's user may
/// take away the others.
const KNOWN_BY: [&str; 3] = ["_record", "_state", "_codes"];

/// Whether a header is that of a repair file: rejected records that people correct and send back.
pub fn is_repair(names: &[String]) -> bool {
    KNOWN_BY.iter().all(|known| names.iter().any(|name| name == known))
}

/// What becomes of a column.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Target {
    /// Its values go into this field.
    Field(FieldId),
    /// It is left out on purpose.
    Ignored,
}

/// How one source's header maps to the table of fields.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Mapping {
    /// The names of the columns as the source writes them, in its order.
    pub names: Vec<String>,
    /// What becomes of each column, in the same order.
    pub columns: Vec<Target>,
    /// Values from the configuration that every record gets.
    pub constants: Vec<(FieldId, String)>,
}

impl Mapping {
    /// The column that feeds a field, from 0.
    pub fn column_of(&self, field: FieldId) -> Option<usize> {
        self.columns.iter().position(|target| *target == Target::Field(field))
    }
}
