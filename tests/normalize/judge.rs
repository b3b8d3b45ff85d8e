//! What is asked of checking, whatever the record: shared by the property test and by the fuzz targets.

use std::sync::LazyLock;

use csv::ByteRecord;
use jiff::civil::Date;
use serde_json::Value;

use rollcall::config::settings::Settings;
use rollcall::config::{Layers, Origin, resolve};
use rollcall::model::field::FieldId;
use rollcall::model::kind::{GENERAL_RULES, RECORD_RULES};
use rollcall::model::mapping::{Mapping, Target};
use rollcall::model::position::Position;
use rollcall::model::row::{Checked, Payloads};
use rollcall::model::rule::Severity;
use rollcall::normalize::Normalizer;

fn settings() -> Settings {
    let mut layers = Layers::load(None, std::iter::empty()).unwrap();
    let formats = ["%d/%m/%Y", "%d.%m.%Y"].map(|format| toml::Value::from(format.to_owned()));
    layers.set(
        "input.date-formats",
        toml::Value::from(formats.to_vec()),
        Origin::Sandbox,
    );
    layers.set("input.default-region", "GB", Origin::Sandbox);
    resolve(&layers).unwrap()
}

static NORMALIZER: LazyLock<Normalizer> =
    LazyLock::new(|| Normalizer::new(&settings(), Date::constant(2026, 11, 23)).unwrap());

/// A column for each field, in the order of the table.
static MAPPING: LazyLock<Mapping> = LazyLock::new(|| Mapping {
    names: FieldId::all().map(|id| id.path().to_owned()).collect(),
    columns: FieldId::all().map(Target::Field).collect(),
    constants: Vec::new(),
});

const POSITION: Position = Position {
    record: 1,
    line: 2,
    byte: 3,
};

/// Checks a record with a cell for each field.
pub(crate) fn check(cells: &[String]) -> Checked {
    NORMALIZER.check(&MAPPING, POSITION, &ByteRecord::from(cells.to_vec()), Payloads::Kept)
}

/// The payload's values as cells again: lists with `;` between their items.
fn cells_of(payload: &[u8]) -> Vec<String> {
    let payload: Value = serde_json::from_slice(payload).unwrap();
    let cell = |id: FieldId| {
        let pointer = format!("/{}", id.path().replace('.', "/"));
        match payload.pointer(&pointer) {
            Some(Value::String(text)) => text.clone(),
            Some(Value::Array(items)) => items
                .iter()
                .map(|item| item.as_str().unwrap())
                .collect::<Vec<_>>()
                .join("; "),
            _ => String::new(),
        }
    };
    FieldId::all().map(cell).collect()
}

/// What is wrong with how a record was checked; nothing, for every record.
pub(crate) fn judge(cells: &[String]) -> Result<(), String> {
    let checked = check(cells);
    for finding in checked.findings() {
        let rules = finding
            .field
            .map_or(RECORD_RULES.to_vec(), |id| id.field().kind.rules());
        let is_general = finding.field.is_some() && GENERAL_RULES.contains(&finding.rule);
        if !is_general && !rules.contains(&finding.rule) {
            return Err(format!(
                "{} is no rule of {}",
                finding.rule.code(),
                finding.field_path()
            ));
        }
    }
    let has_error = checked
        .findings()
        .iter()
        .any(|finding| finding.severity == Severity::Error);
    match &checked {
        Checked::Reject(_) if has_error => Ok(()),
        Checked::Reject(_) => Err("rejected without an error".to_owned()),
        Checked::Row(_) if has_error => Err("accepted with an error".to_owned()),
        Checked::Row(row) => match check(&cells_of(&row.payload)) {
            Checked::Row(again) if again.payload == row.payload => {
                match again.notes.iter().find(|note| note.rule.is_repair()) {
                    Some(repair) => Err(format!("the normal form was repaired: {}", repair.rule.code())),
                    None => Ok(()),
                }
            }
            Checked::Row(_) => Err("the normal form has another normal form".to_owned()),
            Checked::Reject(reject) => Err(format!(
                "the normal form is rejected: {}",
                reject.findings[0].rule.code()
            )),
        },
    }
}
