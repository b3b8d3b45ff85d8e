//! What a command says of a ledger that is damaged: which one it is, and what to type.
//!
//! What is damaged is said by `rollcall ledger verify` alone: any other command stops at the first of it.

use std::path::{Path, PathBuf};

use anyhow::Result;
use thiserror::Error;

use crate::cli::args::LedgerArgs;
use crate::cli::exit::Exit;
use crate::ledger::{BackupError, LedgerError};
use crate::pipeline::PipelineError;

/// A ledger that a command met damaged.
#[derive(Debug, Error)]
#[error("the ledger {} is not to be relied upon", ledger.display())]
pub(in crate::cli) struct DamagedLedger {
    ledger: PathBuf,
    /// What to do next.
    pub(in crate::cli) hint: String,
}

/// Names the ledger in an error that means damage, and what to type about it.
pub(in crate::cli) fn named(args: &LedgerArgs, done: Result<Exit>) -> Result<Exit> {
    done.map_err(|error| {
        let Some(cause) = damage(&error) else { return error };
        let Ok(ledger) = super::ledger_path(args) else {
            return error;
        };
        let flags = super::ledger_flags(args);
        let in_doubt = match cause {
            Cause::InDoubt => "; rows in doubt are sent again under the same ids, so nobody is created twice",
            Cause::Other => "",
        };
        let hint = format!(
            "`rollcall ledger verify{flags}` lists what is damaged; {}{in_doubt}",
            put_aside(&ledger)
        );
        error.context(DamagedLedger { ledger, hint })
    })
}

/// What to do with a damaged ledger, in commands that can be typed.
pub(super) fn put_aside(ledger: &Path) -> String {
    let beside = |suffix: &str| {
        let mut name = ledger.as_os_str().to_owned();
        name.push(suffix);
        PathBuf::from(name)
    };
    let (log, aside) = (beside("-wal"), beside(".aside"));
    let mut moves = format!("mv {} {}", super::typed(ledger), super::typed(&aside));
    if log.exists() {
        // Under names that fit each other, so that it can still be looked into.
        let (log, aside) = (super::typed(&log), super::typed(&beside(".aside-wal")));
        moves.push_str(&format!(" && mv {log} {aside}"));
    }
    format!(
        "put it aside with `{moves}`, put a backup in its place if you have one, and type the run's command again: \
         whoever was created is recognized by the same id"
    )
}

enum Cause {
    InDoubt,
    Other,
}

fn damage(error: &anyhow::Error) -> Option<Cause> {
    error.chain().find_map(|cause| {
        let (ledger, cause) = if let Some(error) = cause.downcast_ref::<PipelineError>() {
            match error {
                PipelineError::Ledger(error) => (error, Cause::Other),
                PipelineError::InDoubt { source, .. } => (source, Cause::InDoubt),
                _ => return None,
            }
        } else if let Some(BackupError::Ledger(error)) = cause.downcast_ref() {
            (error, Cause::Other)
        } else {
            (cause.downcast_ref::<LedgerError>()?, Cause::Other)
        };
        ledger.is_damage().then_some(cause)
    })
}
