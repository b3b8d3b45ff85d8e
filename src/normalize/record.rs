//! One record → a row, or a reject with every finding.
//!
//! First every cell is cleaned, since kinds depend on one another (a telephone number is read in its address's country);
//! then every field is normalized in the order of the table. All text goes into two buffers that each worker keeps, so
//! that a row costs two allocations: its payload and its customer's id.

use std::cell::RefCell;
use std::ops::Range;

use csv::ByteRecord;
use jiff::civil::Date;
use thiserror::Error;
use uuid::Uuid;

use super::choice::{self, Synonyms};
use super::country::{CountryError, country};
use super::date::Dates;
use super::phone::Phones;
use super::{email, id, payload, state, text};
use crate::config::settings::Settings;
use crate::model::field::{CustomerType, FieldId, Kind, Need};
use crate::model::finding::{Finding, Preview};
use crate::model::ids::IdempotencyId;
use crate::model::mapping::{Mapping, Target};
use crate::model::operation::CREATE_CUSTOMER;
use crate::model::position::Position;
use crate::model::row::{Checked, Reject, Row};
use crate::model::rule::Rule;

/// Why no record can be checked: the configuration asks for something that cannot be.
#[derive(Debug, Error)]
pub enum NormalizerError {
    /// A date format that cannot be used.
    #[error("input.date-formats: {0}")]
    DateFormat(String),
    /// A synonym for no field or no word.
    #[error("[synonyms]: {0}")]
    Synonym(String),
    /// A default region that is no country.
    #[error("input.default-region: `{0}` is not a country of ISO 3166-1")]
    DefaultRegion(String),
    /// The telephone library cannot read the metadata that it carries.
    #[error("the telephone number library cannot load its metadata")]
    PhoneMetadata,
}

/// Checks records by one set of rules; shared by all workers.
#[derive(Debug)]
pub struct Normalizer {
    dates: Dates,
    synonyms: Synonyms,
    default_region: Option<&'static str>,
    null_words: Vec<String>,
    max_field_bytes: usize,
    namespace: Uuid,
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
}

/// Texts by field in one buffer.
struct Cells {
    text: String,
    ranges: [Option<Range<usize>>; FieldId::COUNT],
}

impl Default for Cells {
    fn default() -> Self {
        Self {
            text: String::new(),
            ranges: [const { None }; FieldId::COUNT],
        }
    }
}

impl Cells {
    fn clear(&mut self) {
        self.text.clear();
        self.ranges.fill(None);
    }

    fn get(&self, id: FieldId) -> Option<&str> {
        self.ranges
            .get(id.index())?
            .clone()
            .and_then(|range| self.text.get(range))
    }

    /// Lets `write` append a text; it is kept for the field unless it is empty or refused.
    fn put(&mut self, id: FieldId, write: impl FnOnce(&mut String) -> Result<(), Rule>) -> Result<(), Rule> {
        let start = self.text.len();
        match write(&mut self.text) {
            Ok(()) => {
                if let Some(range) = self.ranges.get_mut(id.index()).filter(|_| self.text.len() > start) {
                    *range = Some(start..self.text.len());
                }
                Ok(())
            }
            Err(rule) => {
                self.text.truncate(start);
                Err(rule)
            }
        }
    }
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
        if Phones::new().is_none() {
            return Err(NormalizerError::PhoneMetadata);
        }
        Ok(Self {
            dates: Dates::new(&input.date_formats, today).map_err(NormalizerError::DateFormat)?,
            synonyms: Synonyms::new(&settings.synonyms).map_err(NormalizerError::Synonym)?,
            default_region,
            null_words: input.null_words.clone(),
            max_field_bytes: input.max_field_bytes,
            namespace: settings.api.namespace,
        })
    }

    /// Checks one record under its source's mapping.
    pub fn check(&self, mapping: &Mapping, position: Position, record: &ByteRecord) -> Checked {
        if record.len() != mapping.columns.len() {
            return refuse(position, Rule::RecordFieldCount);
        }
        SCRATCH.with_borrow_mut(|scratch| self.check_fields(scratch, mapping, position, record))
    }

    fn check_fields(
        &self,
        scratch: &mut Scratch,
        mapping: &Mapping,
        position: Position,
        record: &ByteRecord,
    ) -> Checked {
        scratch.cells.clear();
        scratch.values.clear();
        scratch.findings.clear();
        self.clean(scratch, mapping, record);
        // What other fields depend on comes first; what is there already is passed over in the second round.
        let customer_type = self.customer_type(scratch, mapping);
        for id in FieldId::all() {
            if id.field().kind == Kind::Country {
                self.value(scratch, mapping, id, customer_type);
            }
        }
        for id in FieldId::all() {
            if id.field().kind != Kind::Country && id != FieldId::CUSTOMER_TYPE {
                self.value(scratch, mapping, id, customer_type);
            }
        }
        let values = &scratch.values;
        let customer_id = values.get(FieldId::ID).map(str::to_owned);
        match customer_id {
            Some(customer_id) if scratch.findings.is_empty() => {
                let payload = payload::write(|id| values.get(id));
                let idempotency_id = IdempotencyId::derive(self.namespace, &CREATE_CUSTOMER, &payload);
                Checked::Row(Row {
                    position,
                    customer_id,
                    idempotency_id,
                    payload: payload.into(),
                })
            }
            customer_id => {
                let mut findings = std::mem::take(&mut scratch.findings);
                findings.sort_by_key(|finding| finding.field);
                Checked::Reject(Reject {
                    position,
                    customer_id,
                    findings,
                })
            }
        }
    }

    /// Fills the cells: columns first, then constants.
    fn clean(&self, scratch: &mut Scratch, mapping: &Mapping, record: &ByteRecord) {
        for (target, raw) in mapping.columns.iter().zip(record) {
            if let Target::Field(id) = target {
                self.clean_cell(scratch, mapping, *id, &String::from_utf8_lossy(raw));
            }
        }
        for (id, constant) in &mapping.constants {
            self.clean_cell(scratch, mapping, *id, constant);
        }
    }

    fn clean_cell(&self, scratch: &mut Scratch, mapping: &Mapping, id: FieldId, raw: &str) {
        if raw.is_empty() || self.null_words.iter().any(|word| word == raw) {
            return;
        }
        let cleaned = if raw.len() > self.max_field_bytes {
            Err(Rule::TextTooLong)
        } else {
            scratch.cells.put(id, |to| text::clean(raw, to))
        };
        if let Err(rule) = cleaned {
            scratch.findings.push(finding(mapping, id, rule, raw));
        } else if scratch
            .cells
            .get(id)
            .is_some_and(|cell| self.null_words.iter().any(|word| word == cell))
            && let Some(range) = scratch.cells.ranges.get_mut(id.index())
        {
            *range = None;
        }
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
        } = scratch;
        let Some(cell) = cells.get(id) else {
            if need == Need::Required && !findings.iter().any(|finding| finding.field == Some(id)) {
                findings.push(finding(mapping, id, Rule::FieldRequired, ""));
            }
            return;
        };
        if need == Need::Never {
            findings.push(finding(mapping, id, Rule::FieldNotForType, cell));
            return;
        }
        let context = Context {
            country: country_beside(id, customer_type, values),
            missing_country: false,
        };
        let context = Context {
            missing_country: context.country.is_none() && has_country_cell(id, customer_type, cells),
            ..context
        };
        if let Err(rule) = values.put(id, |to| self.normalize(phones, id, cell, &context, to)) {
            findings.push(finding(mapping, id, rule, cell));
        }
    }

    fn normalize(
        &self,
        phones: &mut Option<Phones>,
        id: FieldId,
        cell: &str,
        context: &Context,
        to: &mut String,
    ) -> Result<(), Rule> {
        match id.field().kind {
            Kind::CustomerId => id::id(cell, to),
            Kind::Text => {
                to.push_str(cell);
                Ok(())
            }
            Kind::Email => email::email(cell, to),
            Kind::Phone => {
                // A country that cannot be read is a finding already; the default region would be a guess.
                let default_region = if context.missing_country {
                    None
                } else {
                    self.default_region
                };
                if phones.is_none() {
                    *phones = Phones::new();
                }
                phones.as_ref().map_or(Err(Rule::PhoneNotANumber), |phones| {
                    phones.phone(cell, context.country.or(default_region), to)
                })
            }
            Kind::Country => country_code(cell, to),
            Kind::CountryList => choice::list(cell, to, country_code),
            Kind::State => state::state(cell, context.country, to),
            Kind::Date => self.dates.past(cell, to),
            Kind::BirthDate => self.dates.birth(cell, to),
            Kind::Choice(_) => self.synonyms.choice(id, cell, to),
            Kind::ChoiceList(_) => choice::list(cell, to, |item, to| self.synonyms.choice(id, item, to)),
        }
    }
}

/// What a value's meaning depends on beside itself.
struct Context {
    /// The country of the value's address, alpha-2.
    country: Option<&'static str>,
    /// Whether there is a country that could not be read.
    missing_country: bool,
}

/// Rejects a record as a whole, without a look at its values.
pub fn refuse(position: Position, rule: Rule) -> Checked {
    let finding = Finding {
        rule,
        field: None,
        column: None,
        preview: Preview::default(),
    };
    Checked::Reject(Reject {
        position,
        customer_id: None,
        findings: vec![finding],
    })
}

fn finding(mapping: &Mapping, id: FieldId, rule: Rule, value: &str) -> Finding {
    Finding {
        rule,
        field: Some(id),
        column: mapping.column_of(id),
        preview: Preview::of(value),
    }
}

fn country_code(value: &str, to: &mut String) -> Result<(), Rule> {
    match country(value) {
        Ok(code) => {
            to.push_str(code);
            Ok(())
        }
        Err(CountryError::Withdrawn(_)) => Err(Rule::CountryWithdrawn),
        Err(CountryError::Unknown) => Err(Rule::CountryUnknown),
    }
}

const MAILING_COUNTRY: FieldId = FieldId::known("mailing_address.country_code");
const REGISTERED_COUNTRY: FieldId = FieldId::known("registered_address.country_code");
const INCORPORATION_COUNTRY: FieldId = FieldId::known("country_of_incorporation");
const INCORPORATION_STATE: FieldId = FieldId::known("state_of_incorporation");
const MAILING_STATE: FieldId = FieldId::known("mailing_address.state");
const REGISTERED_STATE: FieldId = FieldId::known("registered_address.state");
const TELEPHONE: FieldId = FieldId::known("telephone_number");

/// The fields that say in which country a telephone number or a state is to be read, first the one that decides.
fn countries_of(id: FieldId, customer_type: Option<CustomerType>) -> &'static [FieldId] {
    match (id, customer_type) {
        (MAILING_STATE, _) | (TELEPHONE, Some(CustomerType::Individual)) => &[MAILING_COUNTRY],
        (REGISTERED_STATE, _) | (TELEPHONE, Some(CustomerType::Corporation)) => &[REGISTERED_COUNTRY],
        (TELEPHONE, None) => &[MAILING_COUNTRY, REGISTERED_COUNTRY],
        (INCORPORATION_STATE, _) => &[INCORPORATION_COUNTRY],
        _ => &[],
    }
}

fn country_beside(id: FieldId, customer_type: Option<CustomerType>, values: &Cells) -> Option<&'static str> {
    let value = countries_of(id, customer_type)
        .iter()
        .find_map(|field| values.get(*field))?;
    country(value).ok()
}

fn has_country_cell(id: FieldId, customer_type: Option<CustomerType>, cells: &Cells) -> bool {
    countries_of(id, customer_type)
        .iter()
        .any(|field| cells.get(*field).is_some())
}
