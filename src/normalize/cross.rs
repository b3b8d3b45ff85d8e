//! Rules between the fields of one record.

use super::cells::Cells;
use crate::model::field::FieldId;
use crate::model::rule::Rule;

/// Hands every rule that the values break together to `found`, with the field that the clerk should look at. `cells`
/// are the texts of the record, so that a description with a finding of its own is not called missing.
pub(super) fn check(cells: &Cells, values: &Cells, mut found: impl FnMut(FieldId, Rule)) {
    for choice in FieldId::all() {
        let Some(description) = choice.description() else {
            continue;
        };
        if values.get(choice) == Some("OTHER") && cells.get(description).is_none() {
            found(choice, Rule::FieldNotDescribed);
        }
    }
}
