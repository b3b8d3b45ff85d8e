//! A run that corrects another: each row of its files is tied to the record for which it stands and compared with it.
//!
//! The sources of the corrected run are read again, held against their digests, since the ledger holds no values. What
//! was changed where nothing was to be corrected stops the run before it begins, unless that is accepted: spreadsheets
//! change cells that nobody looked at. All else becomes findings of the row, beside those of its data.
//!
//! It reads the repair file as the reader gives it, and deliberately knows nothing of how such a file is written.

use std::path::{Path, PathBuf};

use csv::ByteRecord;

use self::changes::{OtherChanges, Place};
use self::compare::{Columns, Original, compare};
use self::originals::{Originals, each_record};
use super::capacity::CORRECTED_BYTES;
use super::error::PipelineError;
use super::inputs::{Input, Inputs};
use crate::config::settings::Settings;
use crate::ledger::{Correction, Reader, RunEntry};
use crate::model::cell::inert;
use crate::model::finding::{Finding, Preview};
use crate::model::ids::IdempotencyId;
use crate::model::mapping::{Mapping, REJECT_COLUMNS};
use crate::model::position::Position;
use crate::model::row::{Checked, Reject, RowKey};
use crate::model::rule::{Rule, Severities, Severity};
use crate::send::Stop;

pub(super) mod changes;
mod compare;
mod looks;
mod originals;

/// The columns of a repair file that tie a row to its record: the source, and the number of the record in it.
const FILE: &str = REJECT_COLUMNS[0];
const RECORD: &str = REJECT_COLUMNS[1];

/// What is asked of a run that corrects another.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Corrects {
    /// The run whose records are corrected.
    pub run_id: i64,
    /// Where its sources are now; empty if they are where they were.
    pub sources: Vec<PathBuf>,
    /// Whether changes are taken for meant where nothing was to be corrected.
    pub accept_other_changes: bool,
    /// Whether records that the API refused are sent again though nothing was changed.
    pub send_unchanged: bool,
}

/// What the rows of a run correct, and how.
#[derive(Debug)]
pub(super) struct Corrections {
    /// Of each source of the run, for each record in order.
    ties: Vec<Vec<Tie>>,
    send_unchanged: bool,
    severities: Severities,
}

/// What one row corrects.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Tie {
    /// Where its cells end is a guess, and its own findings say so.
    Broken,
    /// No record of the run, or that of another customer.
    Nobody,
    /// This record.
    To {
        of: RowKey,
        /// Whether any cell is another than there.
        is_changed: bool,
        /// Whether other rows correct it too.
        is_repeated: bool,
        was_refused: bool,
        /// The id of its create, by which the same data are known in whatever cells.
        sent_as: Option<IdempotencyId>,
    },
}

/// What a row says of its record, before that is looked up.
enum Named {
    Broken,
    Nobody,
    Record(originals::Place),
}

/// A repair file: where the columns stand that tie its rows.
struct Repair<'a> {
    input: &'a Input,
    file: Option<usize>,
    record: usize,
    width: usize,
    /// Whether the columns that rollcall adds are the last, in their order.
    extra_last: bool,
}

impl<'a> Repair<'a> {
    fn of(input: &'a Input) -> Result<Self, PipelineError> {
        let names = &input.mapping.names;
        // Of a rejects file that was made of another the last column is the newer one.
        let column = |wanted: &str| names.iter().rposition(|name| name == wanted);
        let record = column(RECORD).ok_or_else(|| PipelineError::NoRepairFile {
            name: input.source.name().to_owned(),
        })?;
        Ok(Self {
            input,
            file: column(FILE),
            record,
            width: names.len(),
            extra_last: names.ends_with(&REJECT_COLUMNS.map(str::to_owned)),
        })
    }

    /// How many cells of a row are data, where there are more or fewer than columns.
    fn misfit(&self, cells: &ByteRecord) -> Option<usize> {
        (cells.len() != self.width).then(|| cells.len().saturating_sub(REJECT_COLUMNS.len()))
    }

    /// A cell of a column that rollcall added, counted from the end where a row has too many or too few.
    fn cell<'r>(&self, cells: &'r ByteRecord, column: usize) -> Option<&'r str> {
        let column = (cells.len() + column).checked_sub(self.width)?;
        cells.get(column).and_then(|cell| std::str::from_utf8(cell).ok())
    }

    /// The record that a row names.
    fn named(&self, cells: &ByteRecord, sources: &Sources) -> Named {
        let is_misfit = self.misfit(cells).is_some();
        let number = || -> Option<u64> { self.cell(cells, self.record)?.trim().parse().ok() };
        let named = || {
            let source = match self.file {
                Some(column) => sources.find(self.cell(cells, column)?)?,
                None => sources.only()?,
            };
            Some((source, number()?))
        };
        match named() {
            Some(place) if !is_misfit || self.extra_last => Named::Record(place),
            // What is wrong with its fields is said of it anyway.
            _ if is_misfit => Named::Broken,
            _ => Named::Nobody,
        }
    }
}

/// The sources of the corrected run by their names: as the run named them, and as they are named now.
struct Sources(Vec<[String; 2]>);

impl Sources {
    fn of(run: &RunEntry, originals: &Inputs) -> Self {
        let names = run.inputs.iter().zip(originals.iter());
        Self(
            names
                .map(|(entry, input)| [entry.name.clone(), input.source.name().to_owned()])
                .collect(),
        )
    }

    fn only(&self) -> Option<usize> {
        (self.0.len() == 1).then_some(0)
    }

    /// The source that a cell names. Whoever ran the same file from another folder named it by another path, so the last
    /// part of the path is enough where only one source has it. An empty cell is enough where there is only one.
    fn find(&self, cell: &str) -> Option<usize> {
        let cell = cell.trim();
        if cell.is_empty() {
            return self.only();
        }
        let is_it = |name: &String| name == cell || inert(name) == cell;
        let exact = self.0.iter().position(|names| names.iter().any(is_it));
        exact.or_else(|| {
            let last = |path: &str| Path::new(path).file_name().map(std::ffi::OsStr::to_owned);
            let wanted = last(cell)?;
            let has_it = |names: &[String; 2]| names.iter().any(|name| last(name).as_ref() == Some(&wanted));
            let mut found = (0..).zip(&self.0).filter(|(_, names)| has_it(names));
            let (first, _) = found.next()?;
            found.next().is_none().then_some(first)
        })
    }
}

impl Corrections {
    /// Ties every row of the run's sources to the record that it corrects. `accept` says that changes in cells where
    /// nothing was to be corrected are meant.
    pub(super) fn read(
        inputs: &Inputs,
        asked: &Corrects,
        reader: &Reader,
        (settings, stop): (&Settings, &Stop),
        accept: bool,
    ) -> Result<Self, PipelineError> {
        let run_id = asked.run_id;
        let run = reader.run(run_id)?.ok_or(PipelineError::NoRunToCorrect { run_id })?;
        if run.namespace != settings.api.namespace {
            return Err(PipelineError::CorrectsElsewhere { run_id });
        }
        let repairs = inputs.iter().map(Repair::of).collect::<Result<Vec<_>, _>>()?;
        let sources = Inputs::again(&run, &asked.sources, settings)?;
        let names = Sources::of(&run, &sources);
        let mut originals = Originals::within(CORRECTED_BYTES);
        for repair in &repairs {
            each_record(repair.input, &settings.input, stop, |_, cells, broken| {
                if broken.is_none()
                    && let Named::Record(place) = repair.named(cells, &names)
                {
                    originals.name(place)?;
                }
                Ok(true)
            })?;
        }
        originals.read(sources.iter(), &settings.input, stop)?;
        let mut comparing = Comparing {
            reader,
            run: &run,
            names,
            originals,
            others: OtherChanges::default(),
        };
        let mut ties = Vec::with_capacity(repairs.len());
        for repair in &repairs {
            let mappings = sources.iter().map(|source| &*source.mapping);
            let columns: Vec<_> = mappings.map(|mapping| columns(mapping, repair)).collect();
            let mut of_file = Vec::new();
            each_record(repair.input, &settings.input, stop, |position, cells, broken| {
                of_file.push(match broken {
                    Some(_) => Tie::Broken,
                    None => comparing.tie(repair, &columns, position, cells)?,
                });
                Ok(true)
            })?;
            ties.push(of_file);
        }
        if !accept && !comparing.others.is_empty() {
            return Err(PipelineError::OtherChanges(Box::new(comparing.others)));
        }
        Ok(Self {
            ties,
            send_unchanged: asked.send_unchanged,
            severities: settings.severities.clone(),
        })
    }

    /// Adds to a checked record of a source, counted from 0, what is wrong with it as a correction.
    pub(super) fn judge(&self, source: usize, checked: Checked) -> (Checked, Option<Correction>) {
        let position = match &checked {
            Checked::Row(row) => row.position,
            Checked::Reject(reject) => reject.position,
        };
        let number = usize::try_from(position.record)
            .ok()
            .and_then(|record| record.checked_sub(1));
        let tie = number.and_then(|number| self.ties.get(source)?.get(number));
        match tie.copied().unwrap_or(Tie::Nobody) {
            Tie::Broken => (checked, None),
            Tie::Nobody => (with(checked, Rule::CorrectionUnknownRecord, Severity::Error), None),
            Tie::To {
                of,
                is_changed,
                is_repeated,
                was_refused,
                sent_as,
            } => {
                let is_same = |row: &Checked| matches!(row, Checked::Row(row) if sent_as == Some(row.idempotency_id));
                let changed = is_changed && !is_same(&checked);
                let mut checked = checked;
                if !changed {
                    checked = with(checked, Rule::CorrectionUnchanged, self.unchanged(was_refused));
                }
                if is_repeated {
                    checked = with(checked, Rule::CorrectionRepeated, Severity::Error);
                }
                (checked, Some(Correction { of, changed }))
            }
        }
    }

    /// What it does to a record that nothing in it was changed.
    fn unchanged(&self, was_refused: bool) -> Severity {
        let configured = self.severities.of(Rule::CorrectionUnchanged);
        match (self.send_unchanged, was_refused) {
            (true, _) => configured.min(Severity::Warning),
            (false, true) => Severity::Error,
            (false, false) => configured,
        }
    }
}

/// Everything that the rows are compared with.
struct Comparing<'a> {
    reader: &'a Reader,
    run: &'a RunEntry,
    names: Sources,
    originals: Originals,
    others: OtherChanges,
}

impl Comparing<'_> {
    fn tie(
        &mut self,
        repair: &Repair<'_>,
        columns: &[Columns],
        position: Position,
        cells: &ByteRecord,
    ) -> Result<Tie, PipelineError> {
        let place = match repair.named(cells, &self.names) {
            Named::Broken => return Ok(Tie::Broken),
            Named::Nobody => return Ok(Tie::Nobody),
            Named::Record(place) => place,
        };
        let (Some((before, times)), Some(entry), Some(columns)) = (
            self.originals.get(place),
            self.run.inputs.get(place.0),
            columns.get(place.0),
        ) else {
            return Ok(Tie::Nobody);
        };
        let of = RowKey {
            input: entry.input_id,
            record: place.1,
        };
        // A run that was stopped while it was planned does not know its last records yet.
        let Some(row) = self.reader.row(of)? else {
            return Ok(Tie::Nobody);
        };
        let original = Original::new(row, self.reader.findings(of)?);
        let row = compare::Corrected {
            cells,
            misfit: repair.misfit(cells),
        };
        let difference = compare(columns, &original, before, row);
        for (name, looks, before, after) in difference.others {
            self.others.add(&name, looks, || Place {
                file: repair.input.source.name().to_owned(),
                record: position.record,
                line: position.line,
                before: Preview::of(&before),
                after: Preview::of(&after),
            });
        }
        if difference.is_stranger || original.was_unknown() {
            return Ok(Tie::Nobody);
        }
        Ok(Tie::To {
            of,
            is_changed: difference.is_changed,
            is_repeated: times > 1,
            was_refused: original.was_refused(),
            sent_as: original.row.idempotency_id,
        })
    }
}

fn columns(source: &Mapping, repair: &Repair<'_>) -> Columns {
    Columns::new(source, &repair.input.mapping)
}

/// The same record with a finding about the whole of it.
fn with(checked: Checked, rule: Rule, severity: Severity) -> Checked {
    let finding = Finding {
        rule,
        severity,
        field: None,
        column: None,
        preview: Preview::default(),
    };
    match checked {
        Checked::Row(row) if severity == Severity::Error => {
            let mut findings = row.notes;
            findings.insert(0, finding);
            Checked::Reject(Reject {
                position: row.position,
                customer_id: Some(row.customer_id),
                findings,
            })
        }
        Checked::Row(mut row) => {
            row.notes.insert(0, finding);
            Checked::Row(row)
        }
        Checked::Reject(mut reject) => {
            reject.findings.insert(0, finding);
            Checked::Reject(reject)
        }
    }
}
