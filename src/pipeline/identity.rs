//! Which run a command means: the one that the same bytes, settings and API began, or the one that it names.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use super::error::PipelineError;
use super::inputs::Inputs;
use super::retry::{Retry, same_settings};
use super::run::RunRequest;
use crate::clock;
use crate::config::settings::Settings;
use crate::ledger::{NewInput, NewRun, Reader, RunEntry};
use crate::model::digest::Digest;
use crate::model::operation::CREATE_CUSTOMER;

/// What happened to a run whose source changed while it was planned: nothing was sent, and the same command plans afresh.
pub(super) const ABANDONED: &str = "abandoned";

/// Reads the sources' bytes and says what run they would be.
pub(super) fn describe(inputs: &Inputs, request: &RunRequest<'_>) -> Result<NewRun, PipelineError> {
    let mut new: Vec<NewInput> = Vec::new();
    for input in inputs.iter() {
        let digest = input.source.digest()?;
        let name = input.source.name().to_owned();
        if let Some(other) = new.iter().find(|other| other.digest.0 == digest.sha256) {
            return Err(PipelineError::SameInput {
                name,
                other: other.name.clone(),
            });
        }
        new.push(NewInput {
            name,
            digest: Digest(digest.sha256),
            bytes: digest.bytes,
        });
    }
    Ok(NewRun {
        operation: CREATE_CUSTOMER.name,
        target: request.target.clone(),
        namespace: request.settings.api.namespace,
        config_digest: config_digest(
            request.settings,
            request.corrects.as_ref().is_some_and(|asked| asked.send_unchanged),
        ),
        today: clock::today().to_string(),
        corrects: request.corrects.as_ref().map(|asked| asked.run_id),
        inputs: new,
    })
}

/// Digest of the settings that decide what a record becomes; a change of one is a new run.
pub(super) fn config_digest(settings: &Settings, send_unchanged: bool) -> Digest {
    let input = &settings.input;
    let mut deciding = serde_json::json!({
        "columns": settings.columns.map,
        "constants": settings.columns.constants,
        "ignore": settings.columns.ignore,
        "synonyms": settings.synonyms,
        "delimiter": input.delimiter,
        "encoding": input.encoding,
        "default-region": input.default_region,
        "date-formats": input.date_formats,
        "null-words": input.null_words,
        "max-field-bytes": input.max_field_bytes,
    });
    // Only where they are set, so that runs begun without them are known again.
    let rules: BTreeMap<_, _> = settings
        .severities
        .changes()
        .map(|(rule, severity)| (rule.code(), severity.word()))
        .collect();
    let trailer = input
        .trailer
        .as_ref()
        .map(|trailer| serde_json::json!([trailer.starts_with, trailer.count_field]));
    let rules = (!rules.is_empty()).then(|| serde_json::json!(rules));
    if let Some(deciding) = deciding.as_object_mut() {
        let unchanged = send_unchanged.then(|| serde_json::json!("sent"));
        let set = [("rules", rules), ("trailer", trailer), ("unchanged", unchanged)].into_iter();
        deciding.extend(set.filter_map(|(key, value)| Some((key.to_owned(), value?))));
    }
    Digest(Sha256::digest(deciding.to_string()).into())
}

/// A namespace belongs to one API: what one has created says nothing about another.
pub(super) fn refuse_other_target(reader: &Reader, new: &NewRun) -> Result<(), PipelineError> {
    let other = |run: &RunEntry| run.namespace == new.namespace && run.target != new.target;
    match reader.runs()?.into_iter().find(other) {
        Some(run) => Err(PipelineError::OtherTarget {
            known: run.target,
            target: new.target.clone(),
        }),
        None => Ok(()),
    }
}

/// The run with this number, if its rows are the same with these settings and this API.
pub(super) fn named_run(
    reader: &Reader,
    retry: Retry,
    new: &NewRun,
    settings: &Settings,
) -> Result<RunEntry, PipelineError> {
    let run = reader.run(retry.run_id)?.ok_or(PipelineError::Worker)?;
    same_settings(&run, settings)?;
    if run.target != new.target {
        return Err(PipelineError::OtherTarget {
            known: run.target,
            target: new.target.clone(),
        });
    }
    Ok(run)
}

/// The latest run over the same bytes, with the same settings, to the same API.
pub(super) fn known_run(reader: &Reader, new: &NewRun) -> Result<Option<RunEntry>, PipelineError> {
    let same = |run: &RunEntry| {
        run.events.iter().all(|event| event.kind != ABANDONED)
            && run.operation == new.operation
            && run.target == new.target
            && run.namespace == new.namespace
            && run.config_digest == new.config_digest
            && run.corrects == new.corrects
            && run.inputs.len() == new.inputs.len()
            && run
                .inputs
                .iter()
                .zip(&new.inputs)
                .all(|(known, input)| known.digest == input.digest)
    };
    Ok(reader.runs()?.into_iter().rev().find(same))
}
