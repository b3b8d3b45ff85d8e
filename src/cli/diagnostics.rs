//! Errors for people: what happened, why, and what to do next.

use std::borrow::Cow;
use std::io::Write;
use std::process::ExitCode;

use thiserror::Error;

use super::commands::damaged::DamagedLedger;
use super::exit::Exit;
use crate::config::ConfigError;
use crate::ledger::{BackupError, LedgerError};
use crate::metrics::MetricsError;
use crate::pipeline::PipelineError;
use crate::read::ReadError;
use crate::sandbox::SandboxError;

/// A run that the ledger does not have.
#[derive(Debug, Error)]
pub(super) enum NoRun {
    #[error("the ledger has no run {0}")]
    Number(i64),
    #[error("the ledger has no run yet")]
    AtAll,
}
/// A code that neither a rule nor a reason has.
#[derive(Debug, Error)]
#[error("there is no such code")]
pub(super) struct NoCode {
    /// The code that is most like it.
    pub(super) nearest: Option<&'static str>,
}

/// Why no configuration is written.
#[derive(Debug, Error)]
pub(super) enum FirstHour {
    #[error("{path} exists, and is not overwritten")]
    Exists { path: String },
    #[error("the first record of {name} names no column and looks like data; its content is not shown here")]
    NoHeader { name: String },
}

impl FirstHour {
    fn judge(&self) -> (Exit, Option<String>) {
        let (exit, hint) = match self {
            Self::Exists { .. } => (
                Exit::Usage,
                "write another file with --output, look at what it would be with --output -, or put this one aside",
            ),
            Self::NoHeader { .. } => (
                Exit::Unusable,
                "put a line with the names of the columns first; `rollcall fields` lists the fields",
            ),
        };
        (exit, Some(hint.to_owned()))
    }
}

const STATE_HINT: &str =
    "if another sandbox uses the file, wait for it; else put the file aside, and the sandbox begins without customers";

/// Prints an error with its causes and its hint; gives the exit code that it stands for.
pub(super) fn report(error: &anyhow::Error) -> Exit {
    if is_broken_pipe(error) {
        // Whoever read our output has enough of it: `rollcall report --format csv | head`.
        return Exit::Success;
    }
    let (exit, hint) = said(error);
    let mut text = format!("error: {error}\n");
    let mut said = String::new();
    for cause in error.chain().skip(1).map(ToString::to_string) {
        // SQLite's own errors say the same once more behind the number of its code.
        if said.is_empty() || !cause.ends_with(&said) {
            text.push_str(&format!("  because: {cause}\n"));
        }
        said = cause;
    }
    if let Some(hint) = hint {
        text.push_str(&format!("hint: {}\n", hint.trim_end()));
    }
    say(&text);
    exit
}

/// The exit code that an error stands for.
pub(super) fn exit_of(error: &anyhow::Error) -> Exit {
    if is_broken_pipe(error) {
        Exit::Success
    } else {
        said(error).0
    }
}

/// Exit code and hint of an error.
pub(super) fn said(error: &anyhow::Error) -> (Exit, Option<String>) {
    match error.downcast_ref::<DamagedLedger>() {
        // It says more than its cause, which names no ledger.
        Some(damaged) => (Exit::Unusable, Some(damaged.hint.clone())),
        None => judge(error),
    }
}

/// Prints a message of clap's and gives its exit code: 0 for help and version, else 2.
pub(super) fn usage(error: &clap::Error) -> ExitCode {
    if error.use_stderr() {
        // Not printed by clap: it repeats arguments as they are, and a file name can look like one.
        say(&error.render().to_string());
        return Exit::Usage.into();
    }
    // If the terminal is gone there is nobody to tell.
    drop(error.print());
    Exit::Success.into()
}

/// Prints a text to standard error.
pub(super) fn say(text: &str) {
    // If standard error is gone there is nobody to tell.
    drop(std::io::stderr().lock().write_all(harmless(text).as_bytes()));
}

/// A text for people with everything escaped that a terminal would act upon: names of files and settings may hold
/// escape sequences and marks that turn the direction of writing.
pub(super) fn harmless(text: &str) -> Cow<'_, str> {
    let acts = |character: char| {
        (character.is_control() && character != '\n')
            || matches!(character, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
    };
    if !text.contains(acts) {
        return Cow::Borrowed(text);
    }
    let mut shown = String::with_capacity(text.len());
    for character in text.chars() {
        if acts(character) {
            shown.extend(character.escape_unicode());
        } else {
            shown.push(character);
        }
    }
    Cow::Owned(shown)
}

/// What an error of the pipeline ends with.
fn pipeline_exit(error: &PipelineError) -> Exit {
    match error {
        PipelineError::Read(error) if error.is_configuration() => Exit::Usage,
        PipelineError::Normalizer(_)
        | PipelineError::Send(_)
        | PipelineError::SameInput { .. }
        | PipelineError::OutputTaken { .. }
        | PipelineError::OutputExists { .. }
        | PipelineError::OtherSettings { .. }
        | PipelineError::OtherTarget { .. }
        | PipelineError::OtherNamespace { .. }
        | PipelineError::SourcesNamed { .. }
        | PipelineError::NoRunToCorrect { .. }
        | PipelineError::CorrectsElsewhere { .. }
        | PipelineError::NoRepairFile { .. }
        | PipelineError::RejectColumns { .. } => Exit::Usage,
        PipelineError::OtherChanges(_) | PipelineError::ListEndless { .. } => Exit::Stopped,
        PipelineError::Interrupted => Exit::Interrupted,
        PipelineError::Read(_)
        | PipelineError::Ledger(_)
        | PipelineError::InDoubt { .. }
        | PipelineError::Output { .. }
        | PipelineError::RecordChanged { .. }
        | PipelineError::SourceGone { .. }
        | PipelineError::SourceChanged { .. }
        | PipelineError::RepairColumns { .. }
        | PipelineError::TooManyCorrections { .. }
        | PipelineError::PlanVoid
        | PipelineError::Thread(_)
        | PipelineError::Worker => Exit::Unusable,
    }
}

fn judge(error: &anyhow::Error) -> (Exit, Option<String>) {
    for cause in error.chain() {
        if let Some(error) = cause.downcast_ref::<ReadError>()
            && error.is_configuration()
        {
            return (Exit::Usage, error.hint());
        }
        if let Some(error) = cause.downcast_ref::<ConfigError>() {
            return (Exit::Usage, error.hint());
        }
        if let Some(error) = cause.downcast_ref::<PipelineError>() {
            let exit = pipeline_exit(error);
            return (exit, error.hint());
        }
        if let Some(error) = cause.downcast_ref::<ReadError>() {
            return (Exit::Unusable, error.hint());
        }
        if let Some(error) = cause.downcast_ref::<LedgerError>() {
            return (Exit::Unusable, error.hint());
        }
        if let Some(error) = cause.downcast_ref::<BackupError>() {
            return (Exit::Unusable, error.hint());
        }
        if let Some(error) = cause.downcast_ref::<NoRun>() {
            let hint = match error {
                NoRun::Number(_) => "`rollcall status` lists the runs of a ledger",
                NoRun::AtAll => "make one with `rollcall run FILE`, or name another ledger with --ledger",
            };
            return (Exit::Usage, Some(hint.to_owned()));
        }
        if let Some(error) = cause.downcast_ref::<NoCode>() {
            let hint = match error.nearest {
                Some(code) => format!("did you mean `rollcall explain {code}`?"),
                None => "`rollcall explain` lists every code".to_owned(),
            };
            return (Exit::Usage, Some(hint));
        }
        if let Some(error) = cause.downcast_ref::<FirstHour>() {
            return error.judge();
        }
        if let Some(error) = cause.downcast_ref::<MetricsError>() {
            let exit = match error {
                MetricsError::Listen { .. } => Exit::Usage,
                MetricsError::File { .. } => Exit::Unusable,
            };
            return (exit, Some(error.hint().to_owned()));
        }
        if let Some(error) = cause.downcast_ref::<SandboxError>() {
            return match error {
                SandboxError::State(_) => (Exit::Unusable, Some(STATE_HINT.to_owned())),
                SandboxError::Listen { .. } => (
                    Exit::Usage,
                    Some("choose another --port; 0 takes any that is free".to_owned()),
                ),
                SandboxError::NotLoopback { .. } | SandboxError::Options { .. } => (Exit::Usage, None),
            };
        }
    }
    (Exit::Unusable, None)
}

fn is_broken_pipe(error: &anyhow::Error) -> bool {
    error.chain().any(|cause| {
        cause
            .downcast_ref::<std::io::Error>()
            .is_some_and(|error| error.kind() == std::io::ErrorKind::BrokenPipe)
    })
}
