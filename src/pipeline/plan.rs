//! The first pass: every record is checked and written into the ledger before anything is sent.
//!
//! Records are planned in their order, so what is planned is always the first part of a source: after a crash the same
//! pass goes on behind it. Records that are planned already are checked again, only to know whose later rows they repeat.

use std::collections::VecDeque;

use super::capacity::WAITING_PLANS;
use super::duplicates::{Compared, Customers};
use super::error::PipelineError;
use super::run::{Job, RunRequest};
use super::suspects::Suspects;
use crate::ledger::{Correction, InputTotals, Pending, Planned, PlannedFinding};
use crate::model::field::FieldId;
use crate::model::finding::Finding;
use crate::model::row::{Checked, Payloads};
use crate::model::row_state::{RowEvent, RowState};
use crate::read::Tally;

impl Job<'_> {
    /// Plans every record of the run; `false` if it was asked to stop before the end.
    pub(super) fn plan(&self) -> Result<bool, PipelineError> {
        let RunRequest { progress, stop, .. } = self.request;
        let mut customers = Customers::default();
        let mut records_before = 0;
        for (source, (input, entry)) in self.inputs.iter().zip(&self.run.inputs).enumerate() {
            let planned_before = self.reader.planned(entry.input_id)?;
            let mut commits = VecDeque::new();
            // The rules of the run were made from the same day, so it can be read.
            let mut suspects = Suspects::new(
                &input.mapping,
                &self.request.settings.input,
                self.run.today.parse().unwrap_or_default(),
            );
            let checked = self.checker.check(input, Payloads::Dropped, |chunk, checked| {
                suspects.see(chunk, &checked);
                if stop.is_requested() {
                    return Err(PipelineError::Interrupted);
                }
                let (checked, corrects) = self.correct(source, checked);
                let compared = customers.judge(checked, records_before);
                let planned = compared.into_iter().map(|compared| planned(entry.input_id, compared));
                let mut batch: Vec<Planned> = planned
                    .zip(corrects)
                    .map(|(planned, corrects)| Planned { corrects, ..planned })
                    .collect();
                let known = batch.partition_point(|planned| planned.position.record <= planned_before);
                self.hold_to_plan(batch.drain(..known))?;
                commits.push_back(self.ledger.plan(self.run.namespace, batch)?);
                if commits.len() > WAITING_PLANS {
                    self.count(commits.pop_front())?;
                }
                progress.check(chunk.len());
                Ok(())
            });
            commits.drain(..).try_for_each(|commit| self.count(Some(commit)))?;
            let tally = match checked {
                Err(PipelineError::Interrupted) => return Ok(false),
                checked => checked?,
            };
            if tally.records < planned_before {
                return Err(PipelineError::PlanVoid);
            }
            progress.note(input.source.name(), &tally.notices());
            progress.note(input.source.name(), &suspects.notices());
            self.ledger.end_input(entry.input_id, totals(&tally))?;
            records_before += tally.records;
        }
        drop(customers);
        self.index_planned()
    }

    /// Lets the ledger write down whose the rows are that will be claimed; `false` if it was asked to stop before the end.
    fn index_planned(&self) -> Result<bool, PipelineError> {
        for input in &self.run.inputs {
            let mut last = Some(0);
            while let Some(after) = last {
                if self.request.stop.is_requested() {
                    return Ok(false);
                }
                last = self.ledger.index_planned(self.run.namespace, input.input_id, after)?;
            }
        }
        Ok(true)
    }

    /// Ties the records of a chunk to those that they correct, if they do.
    fn correct(&self, source: usize, checked: Vec<Checked>) -> (Vec<Checked>, Vec<Option<Correction>>) {
        let tie = |checked| match &self.corrections {
            Some(corrections) => corrections.judge(source, checked),
            None => (checked, None),
        };
        checked.into_iter().map(tie).unzip()
    }

    /// Holds records against what an earlier process planned for them: it may have read a source that changed under it.
    fn hold_to_plan(&self, again: impl Iterator<Item = Planned>) -> Result<(), PipelineError> {
        let again: Vec<Planned> = again.collect();
        let (Some(first), Some(last)) = (again.first(), again.last()) else {
            return Ok(());
        };
        let mut records = again.iter();
        let range = (first.position.record, last.position.record);
        self.reader.rows(first.input, range.0, range.1, |row| {
            let same = records
                .next()
                .is_some_and(|again| again.position == row.position && again.idempotency_id == row.idempotency_id);
            if same { Ok(()) } else { Err(PipelineError::PlanVoid) }
        })
    }

    /// Counts planned rows once they are on disk.
    fn count(&self, commit: Option<Pending<Vec<RowState>>>) -> Result<(), PipelineError> {
        for state in commit.map_or(Ok(Vec::new()), Pending::wait)? {
            self.request.progress.step(None, state);
        }
        Ok(())
    }
}

/// The figures of a reading as the ledger keeps them.
pub fn totals(tally: &Tally) -> InputTotals {
    InputTotals {
        records: tally.records,
        blank_lines: tally.blank_lines,
        separator_lines: tally.separator_lines,
        header_lines: tally.header_lines,
        trailer_lines: tally.trailer_lines,
        record_lines: tally.record_lines,
        lines: tally.lines,
    }
}

fn planned(input: i64, compared: Compared) -> Planned {
    match compared {
        Compared::Row(row, verdict) => {
            let (event, code) = verdict.event();
            Planned {
                input,
                position: row.position,
                event,
                customer_id: Some(row.customer_id),
                idempotency_id: Some(row.idempotency_id),
                code: code.map(str::to_owned),
                findings: row.notes.iter().map(planned_finding).collect(),
                corrects: None,
            }
        }
        Compared::Reject(reject) => Planned {
            input,
            position: reject.position,
            event: RowEvent::Rejected,
            customer_id: reject.customer_id,
            idempotency_id: None,
            code: None,
            findings: reject.findings.iter().map(planned_finding).collect(),
            corrects: None,
        },
    }
}

fn planned_finding(finding: &Finding) -> PlannedFinding {
    PlannedFinding {
        code: finding.rule.code(),
        severity: finding.severity,
        field: finding.field.map(FieldId::path),
        column: finding.column,
    }
}
