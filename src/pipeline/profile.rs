//! Reads whole sources and counts what each column holds and what the checks find in it.
//!
//! Columns that feed a field are checked by the real normalizer; a header that does not map completely is no error here.
//! It writes nothing and keeps no value.

use std::collections::BTreeMap;
use std::sync::Arc;

use super::check::Checker;
use super::error::PipelineError;
use super::inputs::Input;
use super::progress::{Phase, Progress};
use super::survey::see;
use crate::config::settings::Settings;
use crate::model::field::FieldId;
use crate::model::fit::Fit;
use crate::model::mapping::Target;
use crate::model::row::{Checked, Payloads};
use crate::model::rule::{Rule, Severity};
use crate::normalize::Normalizer;
use crate::profile::Column;
use crate::read::{Dialect, HeaderProblem, ReadError, Records, Source, Tally, map_what_fits};

/// One column of a source.
pub struct ColumnReport {
    /// Its name, as the source writes it.
    pub name: String,
    /// The field that it feeds.
    pub field: Option<FieldId>,
    /// What its values look like.
    pub profile: Column,
    /// How often each rule was broken by its values.
    pub findings: BTreeMap<(Severity, Rule), u64>,
}

/// One source.
pub struct Profiled {
    /// Its name.
    pub name: String,
    /// How it separates fields and lines.
    pub dialect: Dialect,
    /// Name of its encoding.
    pub encoding: &'static str,
    /// Its columns, in their order.
    pub columns: Vec<ColumnReport>,
    /// What was read.
    pub tally: Tally,
    /// Records with another number of fields than the header.
    pub uneven: u64,
}

/// Profiles a source.
pub fn profile(
    source: Source,
    settings: &Settings,
    today: jiff::civil::Date,
    progress: &Progress,
) -> Result<Profiled, PipelineError> {
    let checker = Checker::new(Normalizer::new(settings, today)?, &settings.input)?;
    let input = open(source, settings)?;
    progress.enter(Phase::Checking);
    let mut columns: Vec<_> = input
        .mapping
        .names
        .iter()
        .zip(&input.mapping.columns)
        .map(report)
        .collect();
    let mut uneven = 0;
    let tally = checker.check(&input, Payloads::Dropped, |chunk, checked| {
        progress.check(chunk.len());
        for ((_, record), checked) in chunk.iter().zip(&checked) {
            if record.len() != columns.len() {
                uneven += 1;
                continue;
            }
            for (column, raw) in columns.iter_mut().zip(record) {
                see(
                    &mut column.profile,
                    &String::from_utf8_lossy(raw),
                    &settings.input,
                    |_, _| Fit::default(),
                );
            }
            count_findings(&mut columns, checked);
        }
        Ok(())
    })?;
    progress.note(input.source.name(), &tally.notices());
    Ok(Profiled {
        name: input.source.name().to_owned(),
        dialect: input.dialect,
        encoding: input.encoding,
        columns,
        tally,
        uneven,
    })
}

/// Opens a source with what can be mapped of its header. A field takes the first of its columns.
fn open(source: Source, settings: &Settings) -> Result<Input, PipelineError> {
    let records = Records::open(&source, &settings.input)?;
    let (mut mapping, problems) = map_what_fits(records.header(), &settings.columns);
    if problems.contains(&HeaderProblem::LooksLikeData) {
        // Its cells would be shown as the names of columns.
        let (name, problems) = (source.name().to_owned(), vec![HeaderProblem::LooksLikeData]);
        return Err(ReadError::Header { name, problems }.into());
    }
    let mut taken: Vec<FieldId> = mapping.constants.iter().map(|(id, _)| *id).collect();
    for target in &mut mapping.columns {
        if let Target::Field(id) = *target {
            if taken.contains(&id) {
                *target = Target::Ignored;
            }
            taken.push(id);
        }
    }
    Ok(Input {
        dialect: records.dialect(),
        encoding: records.encoding(),
        mapping: Arc::new(mapping),
        source,
    })
}

fn report((name, target): (&String, &Target)) -> ColumnReport {
    ColumnReport {
        name: name.clone(),
        field: match target {
            Target::Field(id) => Some(*id),
            Target::Ignored => None,
        },
        profile: Column::default(),
        findings: BTreeMap::new(),
    }
}

fn count_findings(columns: &mut [ColumnReport], checked: &Checked) {
    for finding in checked.findings() {
        if let Some(column) = finding.column.and_then(|column| columns.get_mut(column)) {
            *column.findings.entry((finding.severity, finding.rule)).or_default() += 1;
        }
    }
}
