//! A document number.

use super::notes::Notes;
use crate::model::rule::Rule;

/// Appends the document number.
pub(super) fn document(value: &str, to: &mut String, notes: &mut Notes) -> Result<(), Rule> {
    let _ = notes;
    to.push_str(value);
    Ok(())
}
