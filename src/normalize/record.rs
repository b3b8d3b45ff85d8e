//! One record → a row, or a reject with every finding.
//!
//! First every cell is cleaned, since kinds depend on one another (a telephone number is read in its address's country);
//! then every field is normalized in the order of the table. All text goes into two buffers that each worker keeps, so
//! that a row costs two allocations: its customer's id and, where somebody asks for it, its payload.

use std::borrow::Cow;
use std::cell::RefCell;

use bytes::Bytes;
use csv::ByteRecord;
use jiff::civil::Date;
use uuid::Uuid;

use super::cells::Cells;
use super::choice::{self, Synonyms};
use super::context::{self, Context};
use super::country::{country, country_code};
use super::date::Dates;
use super::double_encoded::is_double_encoded;
use super::error::NormalizerError;
use super::notes::Notes;
use super::phone::Phones;
use super::phone_rules::PhoneRules;
use super::spreadsheet::is_error as is_spreadsheet_error;
use super::whole::reject_whole;
use super::{cross, email, id, naics, number, payload, postal, state, tax, text, website};
use crate::config::settings::Settings;
use crate::model::field::{CustomerType, FieldId, Kind, Need};
use crate::model::finding::{Finding, Preview};
use crate::model::ids::IdempotencyId;
use crate::model::mapping::{Mapping, Target};
use crate::model::operation::CREATE_CUSTOMER;
use crate::model::position::Position;
use crate::model::row::{Checked, Payloads, Reject, Row};
use crate::model::rule::{Rule, Severities, Severity};

/// Checks records by one set of rules; shared by all workers.
#[derive(Debug)]
pub struct Normalizer {
    dates: Dates,
    synonyms: Synonyms,
    default_region: Option<&'static str>,
    null_words: Vec<String>,
    longest_null_word: usize,
    max_field_bytes: usize,
    severities: Severities,
    namespace: Uuid,
    /// What makes each worker's reader of telephone numbers.
    phone_rules: PhoneRules,
}

/// What a worker keeps between records.
#[derive(Default)]
struct Scratch {
    phones: Option<Phones>,
    /// Cleaned cells, one after the other.
    cells: Cells,
    /// Normalized values, one after the other.
    values: Cells,
    /// What is wrong with each field so far.
    findings: Vec<Finding>,
    /// What is said about the value in hand.
    notes: Notes,
    json: Vec<u8>,
}

thread_local! {
    static SCRATCH: RefCell<Scratch> = RefCell::default();
}

impl Normalizer {
    /// Makes the rules of a run from its settings. `today` is the latest day that a date may name.
    pub fn new(settings: &Settings, today: Date) -> Result<Self, NormalizerError> {
        let input = &settings.input;
        let default_region = match input.default_region.as_deref() {
            Some(region) => Some(country(region).map_err(|_| NormalizerError::DefaultRegion(region.to_owned()))?),
            None => None,
        };
        Ok(Self {
            phone_rules: PhoneRules::load().ok_or(NormalizerError::PhoneMetadata)?,
            dates: Dates::new(&input.date_formats, today).map_err(NormalizerError::DateFormat)?,
            synonyms: Synonyms::new(&settings.synonyms).map_err(NormalizerError::Synonym)?,
            default_region,
            null_words: input.null_words.clone(),
            longest_null_word: input.null_words.iter().map(String::len).max().unwrap_or_default(),
            max_field_bytes: input.max_field_bytes,
            severities: settings.severities.clone(),
            namespace: settings.api.namespace,
        })
    }

    /// Checks one record under its source's mapping.
    pub fn check(&self, mapping: &Mapping, position: Position, record: &ByteRecord, payloads: Payloads) -> Checked {
        if record.len() != mapping.columns.len() {
            return reject_whole(position, Rule::RecordFieldCount, Preview::default());
        }
        SCRATCH.with_borrow_mut(|scratch| self.check_fields(scratch, mapping, (position, record), payloads))
    }

    fn check_fields(
        &self,
        scratch: &mut Scratch,
        mapping: &Mapping,
        (position, record): (Position, &ByteRecord),
        payloads: Payloads,
    ) -> Checked {
        scratch.cells.clear();
        scratch.values.clear();
        scratch.findings.clear();
        self.clean(scratch, mapping, record);
        // What other fields depend on comes first.
        let customer_type = self.customer_type(scratch, mapping);
        for id in context::ORDER.iter().copied() {
            let field = id.field();
            // Of what is not there only its absence can be said.
            if scratch.cells.get(id).is_some() || [field.individual, field.corporation].contains(&Need::Required) {
                self.value(scratch, mapping, id, customer_type);
            }
        }
        let mut findings = std::mem::take(&mut scratch.findings);
        let (cells, values) = (&scratch.cells, &scratch.values);
        cross::check(cells, values, |id, rule| {
            let value = cells.get(id).unwrap_or_default();
            self.find(&mut findings, mapping, id, (&vec![rule], Ok(())), value);
        });
        findings.sort_by_key(|finding| finding.field);
        let customer_id = values.get(FieldId::ID).map(str::to_owned);
        let is_error = |finding: &Finding| finding.severity == Severity::Error;
        match customer_id {
            Some(customer_id) if !findings.iter().any(is_error) => {
                payload::write(&mut scratch.json, |id| values.get(id));
                let idempotency_id = IdempotencyId::derive(self.namespace, &CREATE_CUSTOMER, &scratch.json);
                Checked::Row(Row {
                    position,
                    customer_id,
                    idempotency_id,
                    payload: match payloads {
                        Payloads::Kept => Bytes::copy_from_slice(&scratch.json),
                        Payloads::Dropped => Bytes::new(),
                    },
                    notes: findings,
                })
            }
            customer_id => Checked::Reject(Reject {
                position,
                customer_id,
                findings,
            }),
        }
    }

    /// Fills the cells: columns first, then constants.
    fn clean(&self, scratch: &mut Scratch, mapping: &Mapping, record: &ByteRecord) {
        // One look at the whole: a record comes as UTF-8, whose cells are UTF-8.
        let whole = simdutf8::basic::from_utf8(record.as_slice()).ok();
        let plain = whole.is_some_and(text::is_plain);
        for (at, target) in mapping.columns.iter().enumerate() {
            let Target::Field(id) = target else { continue };
            if let Some(cell) = record.range(at).and_then(|range| whole?.get(range)) {
                self.clean_cell(scratch, mapping, *id, (cell, plain));
            } else {
                let lossy = String::from_utf8_lossy(record.get(at).unwrap_or_default());
                self.clean_cell(scratch, mapping, *id, (&lossy, false));
            }
        }
        for (id, constant) in &mapping.constants {
            self.clean_cell(scratch, mapping, *id, (constant, false));
        }
    }

    fn is_null(&self, cell: &str) -> bool {
        cell.len() <= self.longest_null_word && self.null_words.iter().any(|word| word == cell)
    }

    /// Cleans a cell, of which may be known that it is plain.
    fn clean_cell(&self, scratch: &mut Scratch, mapping: &Mapping, id: FieldId, (raw, plain): (&str, bool)) {
        if raw.is_empty() || self.is_null(raw) {
            return;
        }
        let Scratch {
            cells, findings, notes, ..
        } = scratch;
        // Nearly every cell: nothing below has anything to do for it.
        if raw.len() <= self.max_field_bytes && !raw.starts_with('#') && text::is_clean(raw, plain) {
            cells.put_text(id, raw);
            return;
        }
        notes.clear();
        let marks = if id == FieldId::ID {
            text::Marks::Kept
        } else {
            text::Marks::Removed
        };
        let mut cleaned = if raw.len() > self.max_field_bytes {
            Err(Rule::TextTooLong)
        } else {
            cells.put(id, |to| text::clean(raw, marks, to, notes))
        };
        let cell = cells.get(id).unwrap_or_default();
        if self.is_null(cell) {
            cells.remove(id);
        } else if is_spreadsheet_error(cell) {
            cells.remove(id);
            cleaned = Err(Rule::TextSpreadsheetError);
        }
        self.find(findings, mapping, id, (notes, cleaned), raw);
    }

    fn customer_type(&self, scratch: &mut Scratch, mapping: &Mapping) -> Option<CustomerType> {
        self.value(scratch, mapping, FieldId::CUSTOMER_TYPE, None);
        scratch
            .values
            .get(FieldId::CUSTOMER_TYPE)
            .and_then(CustomerType::from_word)
    }

    /// Normalizes one field's cell, or finds what is wrong with it or with its absence.
    fn value(&self, scratch: &mut Scratch, mapping: &Mapping, id: FieldId, customer_type: Option<CustomerType>) {
        let field = id.field();
        let need = match customer_type {
            Some(customer_type) => field.need(customer_type),
            // Only what every customer must have can be missed while the type is unknown.
            None if field.individual == Need::Required && field.corporation == Need::Required => Need::Required,
            None => Need::Optional,
        };
        let Scratch {
            phones,
            cells,
            values,
            findings,
            notes,
            ..
        } = scratch;
        let Some(cell) = cells.get(id) else {
            let is_cause = |finding: &Finding| finding.field == Some(id) && finding.severity == Severity::Error;
            if need == Need::Required && !findings.iter().any(is_cause) {
                notes.clear();
                self.find(findings, mapping, id, (notes, Err(Rule::FieldRequired)), "");
            }
            return;
        };
        notes.clear();
        if need == Need::Never {
            notes.push(Rule::FieldNotForType);
        }
        let context = Context::of(id, customer_type, cells, values);
        let put = values.put(id, |to| self.normalize(phones, id, cell, &context, to, notes));
        let is_missing = need == Need::Required && put.is_ok() && values.get(id).is_none();
        let put = if is_missing { Err(Rule::FieldRequired) } else { put };
        self.find(findings, mapping, id, (notes, put), cell);
    }

    /// Makes findings of what a check said. Where nothing is left to send, it is an error whatever the configuration
    /// says.
    fn find(
        &self,
        findings: &mut Vec<Finding>,
        mapping: &Mapping,
        id: FieldId,
        (notes, result): (&Notes, Result<(), Rule>),
        value: &str,
    ) {
        if notes.is_empty() && result.is_ok() {
            return;
        }
        let kept = notes.iter().map(|rule| (*rule, self.severities.of(*rule)));
        let lost = result.err().map(|rule| (rule, Severity::Error));
        findings.extend(kept.chain(lost).map(|(rule, severity)| Finding {
            rule,
            severity,
            field: Some(id),
            column: mapping.column_of(id),
            preview: Preview::of(value),
        }));
    }

    fn normalize(
        &self,
        phones: &mut Option<Phones>,
        id: FieldId,
        cell: &str,
        context: &Context,
        to: &mut String,
        notes: &mut Notes,
    ) -> Result<(), Rule> {
        let kind = id.field().kind;
        let cell = &*self.tidied(id, cell, context.country, notes)?;
        if cell.is_empty() {
            return Ok(());
        }
        match kind {
            Kind::CustomerId => id::id(cell, to, notes),
            // A passport has at most nine characters in its machine readable zone and may have more beside it (ICAO Doc
            // 9303, part 3), and every register of companies numbers as it likes: no rule holds for all of them.
            Kind::Text | Kind::DocumentNumber => {
                let is_seen = |character: char| character.is_alphanumeric() && !id::is_invisible(character);
                if id.field().is_name() && !cell.contains(is_seen) {
                    notes.push(Rule::TextNoContent);
                }
                to.push_str(cell);
                Ok(())
            }
            Kind::Email => {
                email::email(cell, to, notes);
                Ok(())
            }
            Kind::Phone => {
                // A country that cannot be read is a finding already; the default region would be a guess.
                let default_region = if context.missing_country {
                    None
                } else {
                    self.default_region
                };
                if phones.is_none() {
                    *phones = Phones::new(&self.phone_rules);
                }
                phones.as_ref().map_or(Err(Rule::PhoneNotANumber), |phones| {
                    phones.phone(cell, context.country.or(default_region), to, notes)
                })
            }
            Kind::Country => country_code(cell, to),
            Kind::CountryList => choice::list(cell, to, country_code),
            Kind::State => {
                state::state(cell, context.country, || self.synonyms.state(id, cell), to, notes);
                Ok(())
            }
            Kind::PostalCode => {
                postal::postal(cell, context.country, to, notes);
                Ok(())
            }
            Kind::TaxNumber => {
                tax::tax(cell, &context.tax, to, notes);
                Ok(())
            }
            Kind::Website => {
                website::website(cell, to, notes);
                Ok(())
            }
            Kind::Naics => {
                naics::naics(cell, to, notes);
                Ok(())
            }
            Kind::Date => self.dates.past(cell, to, notes),
            Kind::BirthDate => self.dates.birth(cell, to, notes),
            Kind::Choice(_) => self.synonyms.words(id, cell, to),
            Kind::ChoiceList(_) => {
                let start = to.len();
                self.synonyms.words(id, cell, to)?;
                if to.get(start..).is_some_and(choice::says_none_and_more) {
                    notes.push(Rule::ChoiceNoneNotAlone);
                }
                Ok(())
            }
        }
    }

    /// A cell as its field's kind writes it, without what a spreadsheet did to it.
    fn tidied<'cell>(
        &self,
        id: FieldId,
        cell: &'cell str,
        country: Option<&str>,
        notes: &mut Notes,
    ) -> Result<Cow<'cell, str>, Rule> {
        // Where no table knows the states, one is a name, and a name may begin with an apostrophe (`'Asir`).
        let is_name = id.field().kind == Kind::State && !state::has_table(country);
        let kind = if is_name { Kind::Text } else { id.field().kind };
        let before = notes.len();
        let tidied = number::tidy(kind, cell, notes)?;
        // A declared synonym may be in full width or begin with an apostrophe itself: then nothing was repaired.
        if notes.len() > before
            && !kind.choices().is_empty()
            && self.synonyms.words(id, cell, &mut String::new()).is_ok()
        {
            notes.truncate(before);
            return Ok(Cow::Borrowed(cell));
        }
        // Signs in full width may have hidden that the others were encoded twice.
        if notes.len() > before && !is_double_encoded(cell) && is_double_encoded(&tidied) {
            notes.push(Rule::TextDoubleEncoded);
        }
        // What means nothing means nothing behind a spreadsheet's mark too.
        match &*tidied {
            tidied if notes.len() > before && is_spreadsheet_error(tidied) => Err(Rule::TextSpreadsheetError),
            tidied if notes.len() > before && self.is_null(tidied) => Ok(Cow::Borrowed("")),
            _ => Ok(tidied),
        }
    }
}
