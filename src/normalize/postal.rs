//! A postal code.

use super::notes::Notes;
use crate::model::rule::Rule;

/// Appends the postal code.
pub(super) fn postal(value: &str, country: Option<&str>, to: &mut String, notes: &mut Notes) -> Result<(), Rule> {
    let _ = (country, notes);
    to.push_str(value);
    Ok(())
}
