//! The way through one file: its records and the ledger's rows side by side, each record with what answers for it.
//!
//! It brings the facts; which class they make is `reconcile::class`'s to say.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use uuid::Uuid;

use super::answering::{Answers, Rowed};
use super::marks::Marks;
use super::{ReconcileRequest, code};
use crate::ledger::{LedgerError, Observation, Reader, RowEntry, Seen};
use crate::model::ids::IdempotencyId;
use crate::model::position::Position;
use crate::model::row::Checked;
use crate::model::row_state::RowState;
use crate::model::rule::Rule;
use crate::pipeline::PipelineError;
use crate::pipeline::capacity::{KEPT_STRAYS, PAGE_ROWS};
use crate::reconcile::{
    Align, Answer, Api, Class, Facts, FileFigures, Hash, Item, Known, Pair, Placed, RecordItem, Settled, Trailer,
    classify,
};

/// A record of the source.
struct Sourced {
    position: Position,
    customer_id: Option<String>,
    id: Option<IdempotencyId>,
}

impl Placed for Sourced {
    fn record(&self) -> u64 {
        self.position.record
    }
    fn customer(&self) -> Option<&str> {
        self.customer_id.as_deref()
    }
}

impl Placed for Rowed {
    fn record(&self) -> u64 {
        self.row.key.record
    }
    fn customer(&self) -> Option<&str> {
        self.row.customer_id.as_deref()
    }
}

/// A file on its way.
pub(super) struct Walk<'a, F> {
    reader: &'a Reader,
    answers: Answers<'a>,
    run_of: &'a HashMap<i64, i64>,
    align: Align<Sourced, Rowed>,
    /// Room for what is certain at once.
    pairs: Vec<Pair<Sourced, Rowed>>,
    /// The next row to read, and the last one that there is.
    rows: (u64, u64),
    /// Rows without a record so far: their records may have been moved.
    gone: BTreeMap<u64, Rowed>,
    /// Records of a changed file without a row so far.
    strays: Vec<Sourced>,
    /// Rows that somebody must look at.
    marks: Marks,
    figures: FileFigures,
    sink: &'a mut F,
}

impl<'a, F: FnMut(Item) -> Result<(), PipelineError>> Walk<'a, F> {
    pub(super) fn begin(
        reader: &'a Reader,
        request: &ReconcileRequest<'_>,
        run_of: &'a HashMap<i64, i64>,
        namespace: Uuid,
        figures: FileFigures,
        sink: &'a mut F,
    ) -> Result<Self, PipelineError> {
        let compared = figures.compared.as_ref();
        let last = compared.map_or(Ok(0), |compared| reader.planned(compared.input_id))?;
        Ok(Self {
            reader,
            answers: Answers {
                reader,
                namespace,
                comparison: request.comparison,
            },
            run_of,
            align: Align::new(compared.is_some_and(|compared| compared.same_file)),
            pairs: Vec::new(),
            rows: (1, last),
            gone: BTreeMap::new(),
            strays: Vec::new(),
            marks: Marks::default(),
            figures,
            sink,
        })
    }

    /// Takes the next records.
    pub(super) fn take(&mut self, checked: Vec<Checked>) -> Result<(), PipelineError> {
        for checked in checked {
            self.align.push_source(match checked {
                Checked::Row(row) => {
                    self.figures.accepted += 1;
                    Sourced {
                        position: row.position,
                        customer_id: Some(row.customer_id),
                        id: Some(row.idempotency_id),
                    }
                }
                Checked::Reject(reject) => {
                    self.figures.rejected += 1;
                    Sourced {
                        position: reject.position,
                        customer_id: reject.customer_id,
                        id: None,
                    }
                }
            });
        }
        self.go_on()
    }

    /// There are no more records: what is left of the ledger has none. Gives the figures, and the rows of the input that
    /// somebody must look at.
    pub(super) fn end(mut self, trailer: Trailer) -> Result<(FileFigures, Marks), PipelineError> {
        self.figures.trailer = trailer;
        self.align.end_source();
        self.go_on()?;
        let mut gone = std::mem::take(&mut self.gone);
        let named = gone
            .iter()
            .filter_map(|(record, rowed)| Some((rowed.row.customer_id.clone()?, *record)));
        let mut named: HashMap<String, u64> = named.collect();
        for stray in std::mem::take(&mut self.strays) {
            let moved = stray.customer().and_then(|customer| named.remove(customer));
            let rowed = moved.and_then(|record| gone.remove(&record));
            self.record(stray, rowed)?;
        }
        gone.values().try_for_each(|rowed| self.is_gone(rowed))?;
        Ok((self.figures, self.marks))
    }

    /// Judges whatever is certain by now.
    fn go_on(&mut self) -> Result<(), PipelineError> {
        loop {
            while self.align.wants_ledger() {
                self.read_rows()?;
            }
            let mut pairs = std::mem::take(&mut self.pairs);
            self.align.take(|pair| {
                pairs.push(pair);
                Ok::<_, PipelineError>(())
            })?;
            pairs.drain(..).try_for_each(|pair| self.pair(pair))?;
            self.pairs = pairs;
            if !self.align.wants_ledger() {
                return Ok(());
            }
        }
    }

    /// Reads the next page of rows, with what the API had for each.
    fn read_rows(&mut self) -> Result<(), PipelineError> {
        let (first, end) = self.rows;
        let Some(input) = self.figures.compared.as_ref().map(|compared| compared.input_id) else {
            self.align.end_ledger();
            return Ok(());
        };
        if first > end {
            self.align.end_ledger();
            return Ok(());
        }
        let last = first.saturating_add(PAGE_ROWS - 1).min(end);
        let mut seen = HashMap::new();
        if let Some(comparison) = self.answers.comparison {
            self.reader
                .observations(comparison, input, first, last, |observation| {
                    seen.insert(observation.key.record, observation);
                    Ok::<_, LedgerError>(())
                })?;
        }
        let align = &mut self.align;
        self.reader.rows(input, first, last, |row| {
            let seen = seen.remove(&row.key.record);
            align.push_ledger(Rowed { row, seen });
            Ok::<_, LedgerError>(())
        })?;
        self.rows.0 = last + 1;
        Ok(())
    }

    fn pair(&mut self, pair: Pair<Sourced, Rowed>) -> Result<(), PipelineError> {
        match pair {
            Pair::Both(source, rowed) => {
                self.count_row(&rowed);
                self.record(source, Some(rowed))
            }
            Pair::Source(source) => {
                let changed = self
                    .figures
                    .compared
                    .as_ref()
                    .is_some_and(|compared| !compared.same_file);
                if changed && source.customer_id.is_some() && self.strays.len() < KEPT_STRAYS {
                    self.strays.push(source);
                    return Ok(());
                }
                self.record(source, None)
            }
            Pair::Ledger(rowed) => {
                self.count_row(&rowed);
                if self.gone.len() < KEPT_STRAYS {
                    self.gone.insert(rowed.row.key.record, rowed);
                    return Ok(());
                }
                self.is_gone(&rowed)
            }
        }
    }

    fn count_row(&mut self, rowed: &Rowed) {
        self.figures.rows.add(rowed.row.state);
        if rowed.row.state.needs_attention() {
            self.marks.add(rowed.row.key.record);
        }
        match rowed.seen.as_ref().map(|observation| observation.seen) {
            Some(Seen::Same) => self.figures.api.same += 1,
            Some(Seen::Absent) => self.figures.api.absent += 1,
            Some(Seen::OtherData) => self.figures.api.other_data += 1,
            None => {}
        }
    }

    /// Judges one record.
    fn record(&mut self, source: Sourced, rowed: Option<Rowed>) -> Result<(), PipelineError> {
        let Some(rowed) = rowed else {
            let compared = self.figures.compared.as_ref();
            let was_read = compared
                .is_some_and(|compared| compared.same_file && (compared.complete || source.record() < self.rows.0));
            let known = if was_read { Known::Lost } else { Known::Never };
            let (settled, api) = (Settled::Open, Api::NotAsked);
            let class = classify(Facts { known, settled, api });
            self.figures.count(class);
            let customer = source.customer().map(Hash::of);
            self.figures.sides.source.add(customer, source.id);
            let item = self.item(source.position, source.customer_id, class);
            return (self.sink)(Item::Record(Box::new(item)));
        };
        let answering = self.answers.answering(&rowed)?;
        let row = &rowed.row;
        let said = |row: &RowEntry| source.id == row.idempotency_id && source.customer_id == row.customer_id;
        let corrected = answering.settled == Settled::Corrected && source.id.is_some() && said(&answering.row);
        let api = self.answers.api(&answering);
        let known = Known::Row {
            state: answering.state,
            repeats: answering.repeats,
            same: said(row) || corrected || self.is_kept_back(&source, row)?,
        };
        let settled = answering.settled;
        let class = classify(Facts { known, settled, api });
        self.figures.count(class);
        let repeated = class == Class::Duplicate && row.code.as_deref() == Some(REPEATED);
        let apart = repeated || matches!(class, Class::Corrected | Class::Disposed);
        if !apart {
            let customer = source.customer().map(Hash::of);
            self.figures.sides.source.add(customer, source.id);
            // The same customer on all sides, in nearly every case: one hash for all.
            let hash = |named: Option<&str>| match named {
                named if named == source.customer() => customer,
                named => named.map(Hash::of),
            };
            self.add_row(&rowed, &answering.row, answering.seen.as_deref(), hash);
        }
        let failed = class == Class::Failed && answering.repeats;
        let code = code(self.reader, if failed { &answering.row } else { row })?;
        if class == Class::Failed {
            let why = code.clone().unwrap_or_default();
            *self.figures.failed.entry((answering.state, why)).or_default() += 1;
        }
        let mut item = self.item(source.position, source.customer_id, class);
        item.record = Some(row.key.record);
        item.run_id = self.run_of.get(&row.key.input).copied().or(item.run_id);
        item.state = Some(row.state);
        item.code = code;
        item.by = self.answer(row, &answering.row);
        item.fields = answering.seen.and_then(|observation| observation.into_owned().fields);
        item.disposition = answering.disposition;
        (self.sink)(Item::Record(Box::new(item)))
    }

    /// Whether nothing but what it corrects keeps a record back: its data is good, and so has an id here, which the ledger
    /// was never told. That the data is the same is known where the bytes are.
    fn is_kept_back(&self, source: &Sourced, row: &RowEntry) -> Result<bool, LedgerError> {
        let is_same_file = self
            .figures
            .compared
            .as_ref()
            .is_some_and(|compared| compared.same_file);
        if !is_same_file
            || row.state != RowState::Rejected
            || source.id.is_none()
            || source.customer_id != row.customer_id
        {
            return Ok(false);
        }
        let is_of_correction =
            |code: &String| Rule::from_code(code).is_some_and(|rule| Rule::CORRECTION.contains(&rule));
        let [errors, _] = self.reader.finding_codes(row.key)?;
        Ok(!errors.is_empty() && errors.iter().all(is_of_correction))
    }

    /// Names a row without a record.
    fn is_gone(&mut self, rowed: &Rowed) -> Result<(), PipelineError> {
        self.figures.gone += 1;
        self.add_row(rowed, &rowed.row, rowed.seen.as_ref(), |named| named.map(Hash::of));
        let row = &rowed.row;
        let mut item = self.item(row.position, row.customer_id.clone(), Class::NotSent);
        item.record = Some(row.key.record);
        item.state = Some(row.state);
        item.code = code(self.reader, row)?;
        (self.sink)(Item::Gone(Box::new(item)))
    }

    /// Adds a row to the ledger's side, and the row that answers for it, with what the API had, to the API's.
    fn add_row(
        &mut self,
        rowed: &Rowed,
        by: &RowEntry,
        seen: Option<&Observation>,
        hash: impl Fn(Option<&str>) -> Option<Hash>,
    ) {
        let row = &rowed.row;
        let sides = &mut self.figures.sides;
        if !matches!(row.state, RowState::Rejected | RowState::Conflict) {
            sides.ledger.add(hash(row.customer_id.as_deref()), row.idempotency_id);
        }
        let has = match (self.answers.comparison, seen) {
            (None, _) => by.state.is_at_api().then_some(by.idempotency_id),
            (Some(_), Some(observation)) => match observation.seen {
                Seen::Same => Some(observation.payload_id.or(by.idempotency_id)),
                Seen::OtherData => Some(observation.payload_id),
                Seen::Absent => None,
            },
            (Some(_), None) => None,
        };
        if let Some(payload) = has {
            sides.api.add(hash(by.customer_id.as_deref()), payload);
        }
    }

    fn answer(&self, row: &RowEntry, by: &RowEntry) -> Option<Answer> {
        let run_id = self.run_of.get(&by.key.input).copied();
        let run_id = run_id.filter(|_| row.key != by.key)?;
        let record = by.key.record;
        Some(Answer { run_id, record })
    }

    fn item(&self, position: Position, customer_id: Option<String>, class: Class) -> RecordItem {
        RecordItem {
            file: Arc::clone(&self.figures.name),
            position,
            customer_id,
            class,
            run_id: self.figures.compared.as_ref().map(|compared| compared.run_id),
            record: None,
            state: None,
            code: None,
            by: None,
            fields: None,
            disposition: None,
        }
    }
}

/// The code of a row that repeats an earlier record of its own run.
const REPEATED: &str = "row.same_as_earlier";
