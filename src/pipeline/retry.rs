//! An earlier run taken up by its number, to send again what needs no correction.
//!
//! What is open is sent as the run itself would. What the API refused is opened once more when somebody asks for it: the
//! service may have been wrong, or know more by now. It deliberately changes no row: other data is a correction.

use super::correct::Corrects;
use super::error::PipelineError;
use super::identity::config_digest;
use super::run::Job;
use crate::config::settings::Settings;
use crate::ledger::{LedgerError, RunEntry};
use crate::model::row_state::RowState;

/// Rows opened in one commit.
const BATCH_ROWS: usize = 1000;

/// An earlier run that is taken up.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Retry {
    /// Its number.
    pub run_id: i64,
    /// Whether what was refused is sent again.
    pub refused: bool,
}

/// Fails if rows of the run would get other ids with these settings; else gives what the run corrects.
pub fn same_settings(run: &RunEntry, settings: &Settings) -> Result<Option<Corrects>, PipelineError> {
    let mut choices = [false, true].into_iter();
    let known = choices.find(|choice| run.config_digest == config_digest(settings, *choice));
    match known.filter(|_| run.namespace == settings.api.namespace) {
        Some(send_unchanged) => Ok(run.corrects.map(|run_id| Corrects {
            run_id,
            sources: Vec::new(),
            accept_other_changes: true,
            send_unchanged,
        })),
        None => Err(PipelineError::OtherSettings { run_id: run.run_id }),
    }
}

impl Job<'_> {
    /// Opens the refused rows of the run again, save those that a correction, a later run or a person has cleared: they
    /// are answered for.
    pub(super) fn open_refused(&self) -> Result<(), PipelineError> {
        for input in &self.run.inputs {
            let mut refused = Vec::new();
            self.reader.rows(input.input_id, 1, u64::MAX, |row| {
                if row.state == RowState::Refused && self.reader.clearing(self.run.namespace, &row)?.is_none() {
                    refused.push(row.key);
                }
                if refused.len() >= BATCH_ROWS {
                    self.ledger.retry(std::mem::take(&mut refused))?;
                }
                Ok::<_, LedgerError>(())
            })?;
            if !refused.is_empty() {
                self.ledger.retry(refused)?;
            }
        }
        Ok(())
    }
}
