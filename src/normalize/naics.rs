//! A industry code.

use super::notes::Notes;
use crate::model::rule::Rule;

/// Appends the industry code.
pub(super) fn naics(value: &str, to: &mut String, notes: &mut Notes) -> Result<(), Rule> {
    let _ = notes;
    to.push_str(value);
    Ok(())
}
