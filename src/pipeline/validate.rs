//! Looks at every record and sends nothing: no network, no ledger.

use std::collections::BTreeMap;

use csv::ByteRecord;

use super::check::Checker;
use super::duplicates::{Compared, Customers, Verdict};
use super::error::PipelineError;
use super::inputs::{Input, Inputs};
use super::progress::{Phase, Progress};
use super::suspects::Suspects;
use crate::config::settings::Settings;
use crate::model::finding::Finding;
use crate::model::position::Position;
use crate::model::row::{Payloads, Reject, Row};
use crate::model::row_state::RowState;
use crate::model::rule::{Rule, Severity};
use crate::model::totals::Totals;
use crate::normalize::Normalizer;
use crate::read::Tally;

/// What a validation found about one record.
#[derive(Debug)]
pub struct Judged<'a> {
    /// The source of the record.
    pub input: &'a Input,
    /// The record as it was read.
    pub record: &'a ByteRecord,
    /// Where it stands.
    pub position: Position,
    /// What it is.
    pub judgment: Judgment<'a>,
}

/// What a record is.
#[derive(Debug)]
pub enum Judgment<'a> {
    /// It would be sent.
    Accepted(&'a Row),
    /// The same customer with the same data stands in an earlier record.
    Duplicate(&'a Row, Place<'a>),
    /// The same customer with other data stands in an earlier record.
    Conflict(&'a Row, Place<'a>),
    /// It broke a rule.
    Rejected(&'a Reject),
}

impl Judgment<'_> {
    /// The state in which the record would be planned.
    pub fn state(&self) -> RowState {
        match self {
            Self::Accepted(_) => RowState::Pending,
            Self::Duplicate(..) => RowState::Duplicate,
            Self::Conflict(..) => RowState::Conflict,
            Self::Rejected(_) => RowState::Rejected,
        }
    }

    /// What is wrong with the record, warnings and repairs included.
    pub fn findings(&self) -> &[Finding] {
        match self {
            Self::Accepted(row) | Self::Duplicate(row, _) | Self::Conflict(row, _) => &row.notes,
            Self::Rejected(reject) => &reject.findings,
        }
    }
}

/// Where an earlier record stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Place<'a> {
    /// Name of its source.
    pub name: &'a str,
    /// Its number there.
    pub record: u64,
}

/// What a validation found in all.
#[derive(Clone, Debug, Default)]
pub struct Validation {
    /// Records by the state in which they would be planned.
    pub totals: Totals,
    /// How often each rule was broken, in rejected records and in others.
    pub findings: BTreeMap<(Severity, Rule), u64>,
    /// What was read of each source, in their order.
    pub inputs: Vec<Tally>,
}

/// Checks every record of every source. `sink` gets each judgment in order.
pub fn validate(
    inputs: &Inputs,
    settings: &Settings,
    today: jiff::civil::Date,
    payloads: Payloads,
    progress: &Progress,
    mut sink: impl FnMut(Judged<'_>) -> Result<(), PipelineError>,
) -> Result<Validation, PipelineError> {
    let checker = Checker::new(Normalizer::new(settings, today)?, &settings.input)?;
    progress.enter(Phase::Checking);
    let mut customers = Customers::default();
    let mut validation = Validation::default();
    let mut before: Vec<Place<'_>> = Vec::new();
    for input in inputs.iter() {
        let records_before = validation.totals.rows();
        before.push(Place {
            name: input.source.name(),
            record: records_before,
        });
        let mut suspects = Suspects::new(&input.mapping, &settings.input, today);
        let tally = checker.check(input, payloads, |chunk, checked| {
            progress.check(chunk.len());
            suspects.see(chunk, &checked);
            for ((position, record), compared) in chunk.iter().zip(customers.judge(checked, records_before)) {
                let judgment = judgment(&compared, &before);
                validation.totals.add(judgment.state());
                for finding in judgment.findings() {
                    *validation.findings.entry((finding.severity, finding.rule)).or_default() += 1;
                }
                sink(Judged {
                    input,
                    record,
                    position,
                    judgment,
                })?;
            }
            Ok(())
        })?;
        progress.note(input.source.name(), &tally.notices());
        progress.note(input.source.name(), &suspects.notices());
        validation.inputs.push(tally);
    }
    Ok(validation)
}

fn judgment<'a>(compared: &'a Compared, before: &[Place<'a>]) -> Judgment<'a> {
    let place = |ordinal: u32| {
        let ordinal = u64::from(ordinal);
        let source = before.iter().rev().find(|source| source.record <= ordinal);
        source.map_or(Place { name: "", record: 0 }, |source| Place {
            name: source.name,
            record: ordinal - source.record + 1,
        })
    };
    match compared {
        Compared::Reject(reject) => Judgment::Rejected(reject),
        Compared::Row(row, Verdict::First) => Judgment::Accepted(row),
        Compared::Row(row, Verdict::Duplicate(earlier)) => Judgment::Duplicate(row, place(*earlier)),
        Compared::Row(row, Verdict::Conflict(earlier)) => Judgment::Conflict(row, place(*earlier)),
    }
}
