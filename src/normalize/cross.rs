//! Rules between the fields of one record.

use super::cells::Cells;
use crate::model::field::FieldId;
use crate::model::rule::Rule;

/// Descriptions that a choice needs where it is OTHER.
const DESCRIBED: &[(FieldId, FieldId)] = &[
    (
        FieldId::known("corporate_entity_type"),
        FieldId::known("corporate_entity_type_description"),
    ),
    (
        FieldId::known("employment_status"),
        FieldId::known("employment_description"),
    ),
    (
        FieldId::known("investment_profile.primary_source_of_funds"),
        FieldId::known("investment_profile.primary_source_of_funds_description"),
    ),
];

/// Hands every rule that the values break together to `found`, with the field that the clerk should look at. `cells`
/// are the texts of the record, so that a description with a finding of its own is not called missing.
pub(super) fn check(cells: &Cells, values: &Cells, mut found: impl FnMut(FieldId, Rule)) {
    for (choice, description) in DESCRIBED {
        if values.get(*choice) == Some("OTHER") && cells.get(*description).is_none() {
            found(*choice, Rule::FieldNotDescribed);
        }
    }
}
