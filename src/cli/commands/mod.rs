//! One file per command, and what they share.

pub(super) mod completions;
pub(super) mod fields;
pub(super) mod report;
pub(super) mod run;
pub(super) mod sandbox;
pub(super) mod settings;
pub(super) mod status;
pub(super) mod validate;

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::args::{ConfigArgs, LedgerArgs};
use super::diagnostics::say;
use crate::config::settings::Settings;
use crate::config::{Layers, Origin, resolve};
use crate::pipeline::Inputs;

/// The configuration file that is used when none is named.
const DEFAULT_CONFIG: &str = "rollcall.toml";

/// Lays defaults, file and environment over each other.
fn layers(args: &ConfigArgs) -> Result<Layers> {
    let default = Path::new(DEFAULT_CONFIG);
    let file = args.config.as_deref().or_else(|| default.exists().then_some(default));
    Ok(Layers::load(
        file,
        std::env::vars_os().filter_map(|(name, value)| Some((name.into_string().ok()?, value.into_string().ok()?))),
    )?)
}

/// The settings of a command that works on a ledger.
fn ledger_layers(args: &LedgerArgs) -> Result<Layers> {
    let mut layers = layers(&args.config)?;
    if let Some(ledger) = &args.ledger {
        layers.set(
            "ledger.path",
            ledger.to_string_lossy().into_owned(),
            Origin::Flag("--ledger"),
        );
    } else if args.sandbox {
        // What happens in the sandbox is never mixed with what happened at the API.
        let path = resolve(&layers)?.data_dir.join("sandbox.db");
        layers.set("ledger.path", path.to_string_lossy().into_owned(), Origin::Sandbox);
    }
    Ok(layers)
}

/// The ledger that the arguments mean.
fn ledger_path(args: &LedgerArgs) -> Result<PathBuf> {
    Ok(resolve(&ledger_layers(args)?)?.ledger_path)
}

/// Prints a result.
fn print(text: &str) -> Result<()> {
    let mut out = std::io::stdout().lock();
    out.write_all(text.as_bytes())?;
    Ok(out.flush()?)
}

/// Prints a result for programs, on one line.
fn print_json(value: &serde_json::Value) -> Result<()> {
    print(&format!("{value}\n"))
}

/// The flags that name the same ledger again, for the commands that a message suggests.
fn ledger_flags(args: &LedgerArgs) -> String {
    let mut flags = String::new();
    if args.sandbox {
        flags.push_str(" --sandbox");
    }
    flags.push_str(&config_flag(&args.config));
    if let Some(ledger) = &args.ledger {
        flags.push_str(&format!(" --ledger {}", shell_word(&ledger.to_string_lossy())));
    }
    flags
}

/// The flag that names the same configuration file again.
fn config_flag(args: &ConfigArgs) -> String {
    args.config.as_ref().map_or_else(String::new, |config| {
        format!(" --config {}", shell_word(&config.to_string_lossy()))
    })
}

/// A word that a shell takes as it is, quoted if need be.
fn shell_word(word: &str) -> String {
    let plain = |character: char| character.is_alphanumeric() || "/._-+:@%=,".contains(character);
    if !word.is_empty() && word.chars().all(plain) {
        word.to_owned()
    } else {
        format!("'{}'", word.replace('\'', "'\\''"))
    }
}

/// Makes the data folder, private to its owner, if there is none.
fn make_data_dir(settings: &Settings) -> Result<()> {
    make_folder(&settings.data_dir)
}

/// Makes a folder, private to its owner, if there is none.
fn make_folder(folder: &Path) -> Result<()> {
    if folder.as_os_str().is_empty() || folder.exists() {
        return Ok(());
    }
    let mut builder = std::fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder
        .create(folder)
        .with_context(|| format!("cannot make the folder {}", folder.display()))
}

/// Says how each source is understood.
fn show_inputs(inputs: &Inputs) {
    for input in inputs.iter() {
        say(&format!(
            "{}: {}, {} columns\n",
            input.source.name(),
            input.dialect,
            input.mapping.names.len()
        ));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_proposed_can_be_typed() {
        for (word, expected) in [
            ("export/customers-1.csv", "export/customers-1.csv"),
            ("my file.csv", "'my file.csv'"),
            ("it's.csv", r"'it'\''s.csv'"),
            ("$(x)", "'$(x)'"),
            ("", "''"),
        ] {
            assert_eq!(shell_word(word), expected);
        }
    }
}
