//! `input.trailer`: an inline table in the file, or the same text in the environment.

use toml::{Table, Value};

use super::ConfigError;
use super::layers::Layers;
use super::settings::TrailerSettings;

const KEY: &str = "input.trailer";

/// The trailer that the layers declare.
pub(super) fn trailer(layers: &Layers) -> Result<Option<TrailerSettings>, ConfigError> {
    let wrong = |problem: String| ConfigError::Value {
        key: KEY.to_owned(),
        origin: layers.origin(KEY),
        problem,
    };
    let form = || wrong("must be a table such as { starts-with = \"TRL\", count-field = 2 }".to_owned());
    let mut table = match layers.get(KEY).map(|(value, _)| value) {
        None => return Ok(None),
        Some(Value::Table(table)) => table.clone(),
        Some(Value::String(text)) if text.trim().is_empty() => return Ok(None),
        Some(Value::String(text)) => parsed(text).ok_or_else(form)?,
        Some(_) => return Err(form()),
    };
    let known = |key: &&String| ["starts-with", "count-field"].contains(&key.as_str());
    if let Some(key) = table.keys().find(|key| !known(key)) {
        let key = key.escape_debug();
        return Err(wrong(format!("has no key `{key}`, only starts-with and count-field")));
    }
    let starts_with = match table.remove("starts-with") {
        Some(Value::String(text)) if !text.is_empty() => text,
        Some(_) => return Err(wrong("must have a text that is not empty as starts-with".to_owned())),
        None => return Err(form()),
    };
    let count_field = match table.remove("count-field") {
        Some(Value::Integer(field)) => usize::try_from(field).ok().filter(|field| *field > 0),
        Some(_) => None,
        None => return Err(form()),
    };
    let count_field =
        count_field.ok_or_else(|| wrong("must have a whole number from 1 on as count-field".to_owned()))?;
    Ok(Some(TrailerSettings {
        starts_with,
        count_field,
    }))
}

/// The inline table that a text of the environment stands for.
fn parsed(text: &str) -> Option<Table> {
    let mut table: Table = format!("value = {text}").parse().ok()?;
    match (table.remove("value")?, table.is_empty()) {
        (Value::Table(value), true) => Some(value),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::super::{Origin, resolve};
    use super::*;

    fn check(value: impl Into<Value>, expected: Result<(&str, usize), &str>) {
        let mut layers = Layers::load(None, std::iter::empty()).unwrap();
        layers.set(KEY, value, Origin::Flag("--test"));
        let found = resolve(&layers).map(|settings| settings.input.trailer.unwrap());
        match expected {
            Ok((starts_with, count_field)) => {
                let starts_with = starts_with.to_owned();
                assert_eq!(
                    found.unwrap(),
                    TrailerSettings {
                        starts_with,
                        count_field
                    }
                );
            }
            Err(words) => {
                let text = found.unwrap_err().to_string();
                assert!(
                    text.starts_with("--test: `input.trailer` ") && text.contains(words),
                    "{text}"
                );
            }
        }
    }

    #[test]
    fn a_trailer_is_a_table_or_the_text_of_one() {
        let text = "{ starts-with = \"TRL\", count-field = 2 }";
        check(text, Ok(("TRL", 2)));
        check(parsed(text).unwrap(), Ok(("TRL", 2)));
        check("{ count-field = 1, starts-with = ' ' }", Ok((" ", 1)));
        let form = "must be a table such as { starts-with = \"TRL\", count-field = 2 }";
        for text in [
            "TRL",
            "{ starts-with = \"TRL\" }",
            "{ count-field = 2 }",
            "{",
            "{}\nx = 1",
            "7",
        ] {
            check(text, Err(form));
        }
        check(7, Err(form));
        check(
            "{ starts-with = \"\", count-field = 2 }",
            Err("not empty as starts-with"),
        );
        check("{ starts-with = 1, count-field = 2 }", Err("not empty as starts-with"));
        for count in ["0", "-1", "1.0", "\"2\""] {
            let text = format!("{{ starts-with = \"TRL\", count-field = {count} }}");
            check(text, Err("a whole number from 1 on as count-field"));
        }
        check(
            "{ starts-with = \"TRL\", count-field = 2, filed = 3 }",
            Err("has no key `filed`"),
        );
    }
}
