//! Errors for people: what happened, why, and what to do next.

use std::io::Write;
use std::process::ExitCode;

use thiserror::Error;

use super::exit::Exit;
use crate::config::ConfigError;
use crate::ledger::LedgerError;
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

/// Prints an error with its causes and its hint; gives the exit code that it stands for.
pub(super) fn report(error: &anyhow::Error) -> Exit {
    if is_broken_pipe(error) {
        // Whoever read our output has enough of it: `rollcall report --format csv | head`.
        return Exit::Success;
    }
    let (exit, hint) = judge(error);
    let mut text = format!("error: {error}\n");
    for cause in error.chain().skip(1) {
        text.push_str(&format!("  because: {cause}\n"));
    }
    if let Some(hint) = hint {
        text.push_str(&format!("hint: {}\n", hint.trim_end()));
    }
    say(&text);
    exit
}

/// Prints a message of clap's and gives its exit code: 0 for help and version, else 2.
pub(super) fn usage(error: &clap::Error) -> ExitCode {
    // If the terminal is gone there is nobody to tell.
    drop(error.print());
    if error.use_stderr() {
        Exit::Usage.into()
    } else {
        Exit::Success.into()
    }
}

/// Prints a text to standard error.
pub(super) fn say(text: &str) {
    // If standard error is gone there is nobody to tell.
    drop(std::io::stderr().lock().write_all(text.as_bytes()));
}

fn judge(error: &anyhow::Error) -> (Exit, Option<String>) {
    for cause in error.chain() {
        if let Some(error) = cause.downcast_ref::<ConfigError>() {
            return (Exit::Usage, error.hint());
        }
        if let Some(error) = cause.downcast_ref::<PipelineError>() {
            let exit = match error {
                PipelineError::Normalizer(_)
                | PipelineError::Send(_)
                | PipelineError::SameInput { .. }
                | PipelineError::RejectColumns { .. } => Exit::Usage,
                PipelineError::Interrupted => Exit::Interrupted,
                PipelineError::Read(_)
                | PipelineError::Ledger(_)
                | PipelineError::Output { .. }
                | PipelineError::RecordChanged { .. }
                | PipelineError::Thread(_)
                | PipelineError::Worker => Exit::Unusable,
            };
            return (exit, error.hint());
        }
        if let Some(error) = cause.downcast_ref::<ReadError>() {
            return (Exit::Unusable, error.hint());
        }
        if let Some(error) = cause.downcast_ref::<LedgerError>() {
            return (Exit::Unusable, error.hint().map(str::to_owned));
        }
        if let Some(error) = cause.downcast_ref::<NoRun>() {
            let hint = match error {
                NoRun::Number(_) => "`rollcall status` lists the runs of a ledger",
                NoRun::AtAll => "make one with `rollcall run FILE`, or name another ledger with --ledger",
            };
            return (Exit::Usage, Some(hint.to_owned()));
        }
        if let Some(error) = cause.downcast_ref::<SandboxError>() {
            let hint = match error {
                SandboxError::Listen { .. } => Some("choose another --port; 0 takes any that is free"),
                SandboxError::State(_) => Some("name another file with --state"),
                SandboxError::NotLoopback { .. } | SandboxError::Options { .. } => None,
            };
            return (Exit::Usage, hint.map(str::to_owned));
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
