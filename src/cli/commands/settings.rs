//! `rollcall settings`: every setting with its value and where that came from.

use anyhow::Result;
use serde_json::json;

use crate::cli::args::{Format, SettingsArgs};
use crate::cli::exit::Exit;
use crate::config::table::environment_name;
use crate::config::{Layers, resolve};

pub(in crate::cli) fn run(args: &SettingsArgs) -> Result<Exit> {
    let layers = super::layers(&args.config)?;
    // A value that cannot be used is an error here too, with its key and origin.
    resolve(&layers)?;
    match args.format {
        Format::Human => super::print(&human(&layers))?,
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

fn human(layers: &Layers) -> String {
    let mut text = format!("{:<26}{:<44}{:<40}environment\n", "setting", "value", "from");
    for (setting, found) in layers.entries() {
        let (value, origin) = found.map_or_else(
            || ("(not set)".to_owned(), "-".to_owned()),
            |(value, origin)| (shown(setting.secret, value), origin.to_string()),
        );
        text.push_str(&format!(
            "{:<26}{value:<44}{origin:<40}{}\n",
            setting.key,
            environment_name(setting.key)
        ));
    }
    text
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
