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
    let mut moves = format!("mv -n {} {}", super::typed(ledger), super::typed(&aside));
    if log.metadata().is_ok_and(|log| log.len() > 0) {
        // Under names that fit each other, so that it can still be looked into.
        let (log, aside) = (super::typed(&log), super::typed(&beside(".aside-wal")));
        moves.push_str(&format!(" && mv -n {log} {aside}"));
    }
    format!(
        "put it aside with `{moves}`, put a backup in its place if you have one, and type the run's command again: \
         whoever was created is recognized by the same id; `rollcall ledger rebuild FILES` looks first and creates nobody"
    )
}

enum Cause {
    InDoubt,
    Other,
}

fn damage(error: &anyhow::Error) -> Option<Cause> {
    error.chain().find_map(|cause| {
        let (ledger, cause) = match (cause.downcast_ref(), cause.downcast_ref()) {
            (Some(PipelineError::Ledger(error)), _) | (_, Some(BackupError::Ledger(error))) => (error, Cause::Other),
            (Some(PipelineError::InDoubt { source, .. }), _) => (source, Cause::InDoubt),
            (_, _) => (cause.downcast_ref::<LedgerError>()?, Cause::Other),
        };
        ledger.is_damage().then_some(cause)
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::args::ConfigArgs;

    fn named_in(ledger: &Path, error: impl Into<anyhow::Error>) -> anyhow::Error {
        let args = LedgerArgs {
            ledger: Some(ledger.to_owned()),
            sandbox: true,
            config: ConfigArgs { config: None },
        };
        named(&args, Err(error.into())).unwrap_err()
    }

    #[test]
    fn damage_is_said_with_the_name_of_the_ledger_and_commands_that_can_be_typed() {
        let folder = tempfile::tempdir().unwrap();
        let ledger = folder.path().join("x y.db");
        let damaged = || LedgerError::Damaged("here".to_owned());
        let stopped = LedgerError::Stopped {
            cause: Box::new(damaged()),
        };
        let in_doubt = PipelineError::InDoubt {
            source: damaged(),
            in_doubt: 3,
        };
        let quoted = format!("'{}'", ledger.display());
        for (error, doubt) in [
            (anyhow::Error::from(damaged()), false),
            (stopped.into(), false),
            (PipelineError::from(damaged()).into(), false),
            (BackupError::from(damaged()).into(), false),
            (in_doubt.into(), true),
        ] {
            let error = named_in(&ledger, error);
            assert!(error.to_string().contains("x y.db"), "{error}");
            let hint = &error.downcast_ref::<DamagedLedger>().unwrap().hint;
            let verify = format!("`rollcall ledger verify --sandbox --ledger {quoted}`");
            assert!(hint.starts_with(&verify), "{hint}");
            assert!(hint.contains(&format!("`mv -n {quoted} ")), "{hint}");
            assert_eq!(hint.contains("in doubt"), doubt, "{hint}");
        }
        // An empty log says nothing, any other belongs to what is put aside.
        let log = folder.path().join("x y.db-wal");
        std::fs::write(&log, "").unwrap();
        assert!(!put_aside(&ledger).contains("-wal"));
        std::fs::write(&log, "a log").unwrap();
        assert!(put_aside(&ledger).contains("x y.db-wal' "), "{}", put_aside(&ledger));
    }

    #[test]
    fn what_is_no_damage_is_said_as_it_is() {
        let locked = LedgerError::Locked { path: "x.db".into() };
        let error = named_in(Path::new("x.db"), PipelineError::from(locked));
        assert!(error.downcast_ref::<DamagedLedger>().is_none(), "{error}");
    }
}
