//! A tax number.

use super::notes::Notes;
use crate::model::rule::Rule;

/// Appends the tax number.
pub(super) fn tax(value: &str, countries: &[&str], to: &mut String, notes: &mut Notes) -> Result<(), Rule> {
    let _ = (countries, notes);
    to.push_str(value);
    Ok(())
}
