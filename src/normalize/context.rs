//! What a value's meaning depends on beside itself: the countries that stand in the same record.

use super::cells::Cells;
use super::country::country;
use crate::model::field::{CustomerType, FieldId, Kind};

const MAILING_COUNTRY: FieldId = FieldId::known("mailing_address.country_code");
const MAILING_POSTAL_CODE: FieldId = FieldId::known("mailing_address.postal_code");
const MAILING_STATE: FieldId = FieldId::known("mailing_address.state");
const REGISTERED_COUNTRY: FieldId = FieldId::known("registered_address.country_code");
const REGISTERED_POSTAL_CODE: FieldId = FieldId::known("registered_address.postal_code");
const REGISTERED_STATE: FieldId = FieldId::known("registered_address.state");
const INCORPORATION_COUNTRY: FieldId = FieldId::known("country_of_incorporation");
const INCORPORATION_STATE: FieldId = FieldId::known("state_of_incorporation");
const NATIONALITY: FieldId = FieldId::known("nationality");
const RESIDENCY_STATUS: FieldId = FieldId::known("us_residency_status");
const TELEPHONE: FieldId = FieldId::known("telephone_number");

/// What is known beside a value.
pub(super) struct Context {
    /// The country in which the value is to be read, alpha-2.
    pub(super) country: Option<&'static str>,
    /// Whether there is a country that could not be read.
    pub(super) missing_country: bool,
    /// The countries whose tax numbers apply, alpha-2; empty for every other kind of value.
    pub(super) tax_countries: Vec<&'static str>,
}

impl Context {
    /// Looks around a field. `cells` are the texts of the record, `values` what is normalized so far: the countries are
    /// first.
    pub(super) fn of(id: FieldId, customer_type: Option<CustomerType>, cells: &Cells, values: &Cells) -> Self {
        let fields = countries_of(id, customer_type);
        let value = fields.iter().find_map(|field| values.get(*field));
        let country = value.and_then(|value| country(value).ok());
        Self {
            country,
            tax_countries: if id.field().kind == Kind::TaxNumber {
                tax_countries(cells, values)
            } else {
                Vec::new()
            },
            missing_country: country.is_none() && fields.iter().any(|field| cells.get(*field).is_some()),
        }
    }
}

/// The fields that say in which country a value is to be read, first the one that decides.
fn countries_of(id: FieldId, customer_type: Option<CustomerType>) -> &'static [FieldId] {
    match (id, customer_type) {
        (MAILING_STATE | MAILING_POSTAL_CODE, _) | (TELEPHONE, Some(CustomerType::Individual)) => &[MAILING_COUNTRY],
        (REGISTERED_STATE | REGISTERED_POSTAL_CODE, _) | (TELEPHONE, Some(CustomerType::Corporation)) => {
            &[REGISTERED_COUNTRY]
        }
        (TELEPHONE, None) => &[MAILING_COUNTRY, REGISTERED_COUNTRY],
        (INCORPORATION_STATE, _) => &[INCORPORATION_COUNTRY],
        _ => &[],
    }
}

/// The countries whose tax numbers a natural person may have, alpha-2: where the person lives, where the person is a
/// citizen, and the United States for their citizens and residents wherever they live (26 CFR 1.1-1). Empty where
/// nothing says it.
fn tax_countries(cells: &Cells, values: &Cells) -> Vec<&'static str> {
    let read = |field| values.get(field).and_then(|value| country(value).ok());
    let mut countries: Vec<&'static str> = [MAILING_COUNTRY, NATIONALITY].into_iter().filter_map(read).collect();
    if cells.get(RESIDENCY_STATUS).is_some() {
        countries.push("US");
    }
    countries.dedup();
    countries
}
