//! The tables of the configuration whose keys are names in the data: `[columns]` and `[synonyms]`.

use std::collections::BTreeMap;

use toml::Value;

use super::ConfigError;
use super::layers::{Layers, Origin};
use super::settings::ColumnSettings;

/// `[columns]`: texts map a column to a field or are `"ignore"`, `ignore` lists columns, `constants` is a table of fields.
pub(super) fn columns(layers: &Layers) -> Result<ColumnSettings, ConfigError> {
    let origin = layers.file.clone().map_or(Origin::Default, Origin::File);
    let wrong = |name: &str, problem: &str| ConfigError::Value {
        key: format!("columns.{name}"),
        origin: origin.clone(),
        problem: problem.to_owned(),
    };
    let mut columns = ColumnSettings::default();
    for (name, value) in &layers.columns {
        match value {
            Value::String(_) if name == "ignore" => {
                return Err(wrong(name, "must be a list of column names: [\"Fax\"]"));
            }
            Value::String(_) if name == "constants" => {
                return Err(wrong(name, "must be a table, [columns.constants] field = \"value\""));
            }
            // A list of the columns says the same; beside the others, a line for each reads better.
            Value::String(path) if path == "ignore" => columns.ignore.push(name.clone()),
            Value::String(path) => {
                columns.map.insert(name.clone(), path.clone());
            }
            Value::Array(names) if name == "ignore" => {
                let names = texts(names).ok_or_else(|| wrong(name, "must be a list of column names"))?;
                columns.ignore.extend(names);
            }
            Value::Table(constants) if name == "constants" => {
                for (path, constant) in constants {
                    let Value::String(constant) = constant else {
                        return Err(wrong(name, "must hold texts"));
                    };
                    columns.constants.insert(path.clone(), constant.clone());
                }
            }
            Value::Integer(_)
            | Value::Float(_)
            | Value::Boolean(_)
            | Value::Datetime(_)
            | Value::Array(_)
            | Value::Table(_) => return Err(wrong(name, "must be the path of a field, as text")),
        }
    }
    Ok(columns)
}

/// `[synonyms]`: a table of texts for each field.
pub(super) fn synonyms(layers: &Layers) -> Result<BTreeMap<String, BTreeMap<String, String>>, ConfigError> {
    let origin = layers.file.clone().map_or(Origin::Default, Origin::File);
    let parse = |words: &Value| {
        let words = words.as_table()?;
        words
            .iter()
            .map(|(text, word)| Some((text.clone(), word.as_str()?.to_owned())))
            .collect::<Option<BTreeMap<_, _>>>()
    };
    let mut synonyms = BTreeMap::new();
    for (path, words) in &layers.synonyms {
        let words = parse(words).ok_or_else(|| ConfigError::Value {
            key: format!("synonyms.{path}"),
            origin: origin.clone(),
            problem: "must be a table of texts: [synonyms.\"field\"] \"what people write\" = \"WORD\"".to_owned(),
        })?;
        synonyms.insert(path.clone(), words);
    }
    Ok(synonyms)
}

/// A list of texts and nothing else.
pub(super) fn texts(values: &[Value]) -> Option<Vec<String>> {
    values.iter().map(|value| value.as_str().map(str::to_owned)).collect()
}
