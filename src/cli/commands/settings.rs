//! `rollcall settings`: every setting with its value and where that came from.

use anyhow::Result;
use serde_json::json;

use crate::cli::args::{Format, SettingsArgs};
use crate::cli::exit::Exit;
use crate::config::settings::Settings;
use crate::config::table::environment_name;
use crate::config::{Layers, resolve};

pub(in crate::cli) fn run(args: &SettingsArgs) -> Result<Exit> {
    let layers = super::layers(&args.config)?;
    // A value that cannot be used is an error here too, with its key and origin.
    let settings = resolve(&layers)?;
    match args.format {
        Format::Human => super::print(&format!("{}{}", human(&layers, &settings), names(&settings)))?,
        Format::Json => super::print_json(&machine(&layers))?,
    }
    Ok(Exit::Success)
}

fn shown(secret: bool, value: &impl std::fmt::Display) -> String {
    if secret {
        "(secret)".to_owned()
    } else {
        value.to_string()
    }
}

fn human(layers: &Layers, settings: &Settings) -> String {
    let header = ["setting", "value", "from", "environment"].map(str::to_owned);
    let mut lines = vec![header];
    for (setting, found) in layers.entries() {
        let (value, origin) = match found {
            Some((value, origin)) => (shown(setting.secret, value), origin.to_string()),
            None if setting.key == "ledger.path" => {
                (format!("\"{}\"", settings.ledger_path.display()), "data.dir".to_owned())
            }
            None => ("(not set)".to_owned(), "-".to_owned()),
        };
        lines.push([setting.key.to_owned(), value, origin, environment_name(setting.key)]);
    }
    let width = |column: fn(&[String; 4]) -> &String| {
        let widths = lines.iter().map(|line| column(line).chars().count());
        widths.max().unwrap_or_default()
    };
    let widths = (
        width(|[key, ..]| key),
        width(|[_, value, ..]| value),
        width(|[_, _, from, _]| from),
    );
    let mut text = String::new();
    for [key, value, from, environment] in &lines {
        text.push_str(&format!(
            "{key:<0$}  {value:<1$}  {from:<2$}  {environment}\n",
            widths.0, widths.1, widths.2
        ));
    }
    text
}

/// `[columns]` and `[synonyms]`, whose keys are names in the data.
fn names(settings: &Settings) -> String {
    let columns = &settings.columns;
    let mut lines: Vec<String> = Vec::new();
    lines.extend(
        columns
            .map
            .iter()
            .map(|(name, path)| format!("column {name:?} feeds {path}")),
    );
    lines.extend(columns.ignore.iter().map(|name| format!("column {name:?} is ignored")));
    lines.extend(
        columns
            .constants
            .iter()
            .map(|(path, value)| format!("{path} is {value:?} in every record")),
    );
    for (path, words) in &settings.synonyms {
        lines.extend(
            words
                .iter()
                .map(|(text, word)| format!("{path}: {text:?} means {word}")),
        );
    }
    if lines.is_empty() {
        String::new()
    } else {
        format!("\n{}\n", lines.join("\n"))
    }
}

fn machine(layers: &Layers) -> serde_json::Value {
    layers
        .entries()
        .map(|(setting, found)| {
            json!({
                "key": setting.key,
                "value": found.map(|(value, _)| shown(setting.secret, value)),
                "from": found.map(|(_, origin)| origin.to_string()),
                "environment": environment_name(setting.key),
                "about": setting.about,
            })
        })
        .collect()
}
