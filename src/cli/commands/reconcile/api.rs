//! `rollcall reconcile --api`: what the API has, asked before everything is put side by side.

use std::sync::Arc;

use anyhow::Result;
use tokio::runtime::Runtime;

use super::waiting;
use crate::cli::diagnostics::say;
use crate::cli::exit::Exit;
use crate::config::settings::Settings;
use crate::ledger::Reader;
use crate::pipeline::{
    self, CompareEnd, CompareInput, CompareProgress, CompareRequest, Deciding, Inputs, PipelineError,
};
use crate::report::{counted, grouped};
use crate::send::Stop;

/// What asking needs.
pub(super) struct Asking<'a> {
    pub(super) reader: &'a Reader,
    pub(super) inputs: &'a Inputs,
    pub(super) settings: &'a Settings,
    pub(super) target: &'a str,
    pub(super) runtime: &'a Runtime,
    pub(super) stop: &'a Stop,
    /// The command that goes on where this one stopped.
    pub(super) again: &'a str,
}

/// Asks the API for everybody whose row answers for one of the files: the comparison's number, or how it stopped.
pub(super) fn ask(asking: &Asking<'_>) -> Result<Result<i64, Exit>> {
    let deciding = pipeline::deciding(asking.reader, asking.inputs, asking.settings, asking.target)?;
    let inputs = deciding.iter().map(|deciding| {
        Ok(CompareInput {
            run: &deciding.run,
            input: &deciding.input,
            source: source(asking.inputs, deciding)?,
        })
    });
    let inputs = inputs.collect::<Result<Vec<_>, PipelineError>>()?;
    let progress = Arc::<CompareProgress>::default();
    let request = CompareRequest {
        settings: asking.settings,
        target: asking.target.to_owned(),
        runtime: asking.runtime,
        stop: asking.stop.clone(),
        progress: Arc::clone(&progress),
    };
    let waiting = waiting::watch(&progress, asking.settings.send.give_up_after);
    let compared = pipeline::compare_api(&inputs, &request);
    drop(waiting);
    let compared = compared?;
    say(&format!(
        "asked the API: {} of its list, {} of {}, {}\n",
        counted(progress.pages(), "page"),
        grouped(progress.observed()),
        counted(progress.rows(), "customer"),
        counted(compared.requests, "request")
    ));
    Ok(match compared.end {
        CompareEnd::Ended => Ok(compared.comparison_id),
        end @ (CompareEnd::Unclear(_)
        | CompareEnd::ListUnclear(_)
        | CompareEnd::Stopped(_)
        | CompareEnd::Interrupted) => {
            say(&format!("{}; go on with {}\n", stopped(&end), asking.again));
            Err(if end == CompareEnd::Interrupted {
                Exit::Interrupted
            } else {
                Exit::Stopped
            })
        }
    })
}

/// The file, if it is still what was sent: another one would name fields that nobody sent.
fn source<'a>(inputs: &'a Inputs, deciding: &Deciding) -> Result<Option<&'a crate::pipeline::Input>, PipelineError> {
    let Some(input) = deciding.file.and_then(|file| inputs.iter().nth(file)) else {
        return Ok(None);
    };
    let is_same = input.source.digest()?.sha256 == deciding.input.digest.0;
    Ok(is_same.then_some(input))
}

/// Why it is not whole.
fn stopped(end: &CompareEnd) -> String {
    match end {
        CompareEnd::Ended => "asked".to_owned(),
        CompareEnd::Unclear(rows) => format!(
            "stopped: {} got no clear answer\nhint: only these are asked for again",
            counted(*rows, "customer")
        ),
        CompareEnd::ListUnclear(code) => {
            format!("stopped: the list of customers got no clear answer ({code})\nhint: try later")
        }
        CompareEnd::Stopped(stop) => format!("stopped: {stop}\nhint: {}", stop.hint()),
        CompareEnd::Interrupted => "interrupted\nhint: what was seen is kept for a day".to_owned(),
    }
}
