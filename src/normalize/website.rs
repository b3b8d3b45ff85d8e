//! A web site's address.

use super::notes::Notes;
use crate::model::rule::Rule;

/// Appends the web site's address.
pub(super) fn website(value: &str, to: &mut String, notes: &mut Notes) -> Result<(), Rule> {
    let _ = notes;
    to.push_str(value);
    Ok(())
}
