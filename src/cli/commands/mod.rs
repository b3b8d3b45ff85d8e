//! One file per command, and what they share.

pub(super) mod completions;
mod correct;
pub(super) mod damaged;
pub(super) mod dispose;
pub(super) mod doctor;
pub(super) mod explain;
pub(super) mod fields;
pub(super) mod init;
pub(super) mod ledger;
pub(super) mod man;
mod next;
pub(super) mod profile;
pub(super) mod reconcile;
pub(super) mod rejects;
pub(super) mod report;
pub(super) mod retry;
pub(super) mod run;
pub(super) mod sandbox;
pub(super) mod settings;
pub(super) mod status;
pub(super) mod validate;

use std::io::Write;
use std::path::{Path, PathBuf};

use anyhow::{Context, Result};

use super::args::{ConfigArgs, LedgerArgs, PaceArgs};
use super::diagnostics::{harmless, say};
use crate::config::settings::Settings;
use crate::config::{ConfigError, Layers, Origin, resolve};
use crate::ledger::make_private_folder;
use crate::pipeline::{Inputs, Progress};

/// The configuration file that is used when none is named.
const DEFAULT_CONFIG: &str = "rollcall.toml";

/// Lays defaults, file and environment over each other.
fn layers(args: &ConfigArgs) -> Result<Layers> {
    let default = Path::new(DEFAULT_CONFIG);
    let file = args.config.as_deref().or_else(|| default.exists().then_some(default));
    let mut variables = Vec::new();
    for (name, value) in std::env::vars_os() {
        let Ok(name) = name.into_string() else { continue };
        match value.into_string() {
            Ok(value) => variables.push((name, value)),
            // A setting that is passed over in silence is worse than none.
            Err(_) if name.starts_with("ROLLCALL_") => {
                return Err(ConfigError::Value {
                    key: name.clone(),
                    origin: Origin::Environment(name),
                    problem: "must be UTF-8".to_owned(),
                }
                .into());
            }
            Err(_) => {}
        }
    }
    Ok(Layers::load(file, variables.into_iter())?)
}

/// The settings of a command that works on a ledger.
fn ledger_layers(args: &LedgerArgs) -> Result<Layers> {
    let mut layers = layers(&args.config)?;
    if let Some(ledger) = &args.ledger {
        let origin = Origin::Flag("--ledger");
        let Some(path) = ledger.to_str() else {
            return Err(ConfigError::Value {
                key: "ledger.path".to_owned(),
                origin,
                problem: "must be UTF-8".to_owned(),
            }
            .into());
        };
        layers.set("ledger.path", path, origin);
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

/// Standard output until whoever reads it has had enough (`| head -1`). What is written after that goes nowhere: the
/// work is done and its exit code is given all the same.
struct Results<W>(Option<W>);

impl<W: Write> Results<W> {
    fn try_to<T>(&mut self, done: T, act: impl FnOnce(&mut W) -> std::io::Result<T>) -> std::io::Result<T> {
        match self.0.as_mut().map(act) {
            Some(Err(error)) if error.kind() == std::io::ErrorKind::BrokenPipe => self.0 = None,
            Some(result) => return result,
            None => {}
        }
        Ok(done)
    }
}

impl<W: Write> Write for Results<W> {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.try_to(bytes.len(), |out| out.write(bytes))
    }

    fn flush(&mut self) -> std::io::Result<()> {
        self.try_to((), W::flush)
    }
}

/// Where results go.
fn results() -> impl Write {
    Results(Some(std::io::stdout().lock()))
}

/// Prints a result for people.
fn print(text: &str) -> Result<()> {
    write_result(&harmless(text))
}

/// Prints a result for programs, on one line.
pub(super) fn print_json(value: &serde_json::Value) -> Result<()> {
    write_result(&format!("{value}\n"))
}

fn write_result(text: &str) -> Result<()> {
    let mut out = results();
    let written = out.write_all(text.as_bytes()).and_then(|()| out.flush());
    written.context("cannot write the result to standard output")
}

/// The flags that name the same ledger again, for the commands that a message suggests.
fn ledger_flags(args: &LedgerArgs) -> String {
    let mut flags = String::new();
    if args.sandbox {
        flags.push_str(" --sandbox");
    }
    flags.push_str(&config_flags(&args.config));
    if let Some(ledger) = &args.ledger {
        flags.push_str(&format!(" --ledger {}", typed(ledger)));
    }
    flags
}

/// The pace that flags ask for.
fn set_pace(layers: &mut Layers, pace: &PaceArgs) {
    if let Some(rate) = pace.rate {
        layers.set("send.rate-per-second", i64::from(rate), Origin::Flag("--rate"));
    }
    if let Some(max) = pace.max_in_flight {
        layers.set("send.max-in-flight", i64::from(max), Origin::Flag("--max-in-flight"));
    }
}

/// The flags that keep the pace: a command without them would break an agreed rate.
fn pace_flags(pace: &PaceArgs) -> String {
    let rate = pace.rate.map(|rate| format!(" --rate {rate}"));
    let in_flight = pace.max_in_flight.map(|max| format!(" --max-in-flight {max}"));
    [rate, in_flight].into_iter().flatten().collect()
}

/// The flag that names the same configuration again.
fn config_flags(args: &ConfigArgs) -> String {
    args.config
        .as_deref()
        .map(|config| format!(" --config {}", typed(config)))
        .unwrap_or_default()
}

/// A path as one types it into a shell: quoted where that is needed, and never taken for an option.
fn typed(path: &Path) -> String {
    let path = path.display().to_string();
    let path = if path.starts_with('-') && path != "-" {
        format!("./{path}")
    } else {
        path
    };
    let plain = |character: char| character.is_alphanumeric() || "/._-+,:@%=".contains(character);
    if path.chars().all(plain) {
        path
    } else if path.contains(char::is_control) {
        // A terminal would act upon it as it stands; shells know this way to write it.
        let written = path.chars().map(|character| match character {
            '\'' | '\\' => format!("\\{character}"),
            _ if character.is_ascii_control() => format!("\\x{:02x}", u32::from(character)),
            _ if character.is_control() => format!("\\u{:04x}", u32::from(character)),
            _ => character.to_string(),
        });
        format!("$'{}'", written.collect::<String>())
    } else {
        format!("'{}'", path.replace('\'', r"'\''"))
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
    make_private_folder(folder).with_context(|| {
        format!(
            "cannot make the folder {}; --ledger names another ledger, ROLLCALL_DATA_DIR another data folder",
            folder.display()
        )
    })
}

/// Says how each source is understood.
fn show_inputs(inputs: &Inputs) {
    for input in inputs.iter() {
        // Nearly every source is UTF-8; what is not is worth a word.
        let encoding = match input.encoding {
            "UTF-8" => String::new(),
            other => format!("{other}, "),
        };
        say(&format!(
            "{}: {encoding}{}, {} columns\n",
            input.source.name(),
            input.dialect,
            input.mapping.names.len()
        ));
    }
}

/// Says what is worth a word about each source as a whole.
fn show_notices(progress: &Progress) {
    for notice in progress.notices() {
        say(&format!("note: {notice}\n"));
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggested_commands_can_be_typed() {
        let check = |path: &str, expected: &str| assert_eq!(typed(Path::new(path)), expected);
        check("customers.csv", "customers.csv");
        check("größe/a b.csv", "'größe/a b.csv'");
        check("it's $HOME", r"'it'\''s $HOME'");
        check("-rf", "./-rf");
        check("two\nlines's", r"$'two\x0alines\'s'");
        check("-", "-");
    }

    #[test]
    fn a_reader_that_has_enough_is_no_error() {
        struct Closed;
        impl Write for Closed {
            fn write(&mut self, _: &[u8]) -> std::io::Result<usize> {
                Err(std::io::ErrorKind::BrokenPipe.into())
            }
            fn flush(&mut self) -> std::io::Result<()> {
                Err(std::io::ErrorKind::StorageFull.into())
            }
        }
        let mut closed = Results(Some(Closed));
        assert_eq!(closed.flush().unwrap_err().kind(), std::io::ErrorKind::StorageFull);
        closed.write_all(b"text").unwrap();
        closed.flush().unwrap();
    }
}
