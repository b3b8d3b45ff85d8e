//! What a value's meaning depends on beside itself: the countries and the residency that stand in the same record.

use std::sync::LazyLock;

use super::cells::Cells;
use super::country::country;
use super::tax::Applicable;
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
    /// The countries whose tax numbers apply; none for every other kind of value.
    pub(super) tax: Applicable,
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
            tax: if id.field().kind == Kind::TaxNumber {
                tax(cells, values)
            } else {
                Applicable::default()
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

/// Every field but the customer type, in the order in which they are normalized: first those on which others depend.
pub(super) static ORDER: LazyLock<Vec<FieldId>> = LazyLock::new(|| {
    let comes_first = |id: &FieldId| id.field().kind == Kind::Country || *id == RESIDENCY_STATUS;
    let mut order: Vec<FieldId> = FieldId::all().filter(|id| *id != FieldId::CUSTOMER_TYPE).collect();
    order.sort_by_key(|id| !comes_first(id));
    order
});

/// The countries whose tax numbers a natural person may have: where the person lives, where the person is a citizen,
/// and the United States for whoever has a status there. Citizens and resident aliens are taxed there wherever they
/// live (26 CFR 1.1-1), and a non-resident alien may hold an ITIN (26 CFR 301.6109-1).
///
/// Taxes are due where one resides (OECD Model Tax Convention, article 4), so only the address can close the list. That
/// of a non-resident alien in the United States cannot: by that very status the residence is elsewhere.
fn tax(cells: &Cells, values: &Cells) -> Applicable {
    let read = |field| values.get(field).and_then(|value| country(value).ok());
    let residence = read(MAILING_COUNTRY);
    let non_resident = !matches!(values.get(RESIDENCY_STATUS), Some("US_CITIZEN" | "RESIDENT_ALIEN"));
    let united_states = cells.get(RESIDENCY_STATUS).map(|_| "US");
    Applicable {
        countries: [residence, read(NATIONALITY), united_states],
        with_residence: residence.is_some_and(|country| country != "US" || united_states.is_none() || !non_resident),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Residence, nationality and status → the countries asked, and whether they hold the residence.
    fn check(record: [&str; 3], expected: &[&str], with_residence: bool) {
        let (mut cells, mut values) = (Cells::default(), Cells::default());
        for (id, text) in [MAILING_COUNTRY, NATIONALITY, RESIDENCY_STATUS].into_iter().zip(record) {
            let write = |to: &mut String| {
                to.push_str(text.trim_start_matches('?'));
                Ok(())
            };
            cells.put(id, write).unwrap();
            // What cannot be read has a cell and no value.
            if !text.starts_with('?') {
                values.put(id, write).unwrap();
            }
        }
        let applicable = tax(&cells, &values);
        let countries: Vec<&str> = applicable.countries.into_iter().flatten().collect();
        assert_eq!(
            (countries.as_slice(), applicable.with_residence),
            (expected, with_residence),
            "{record:?}"
        );
    }

    #[test]
    fn tax_numbers_are_those_of_residence_nationality_and_united_states() {
        check(["GB", "", ""], &["GB"], true);
        check(["GB", "FR", ""], &["GB", "FR"], true);
        check(["GB", "FR", "US_CITIZEN"], &["GB", "FR", "US"], true);
        check(["GB", "FR", "NON_RESIDENT_ALIEN"], &["GB", "FR", "US"], true);
        check(["US", "FR", "RESIDENT_ALIEN"], &["US", "FR", "US"], true);
        check(["US", "FR", ""], &["US", "FR"], true);
    }

    #[test]
    fn without_a_known_residence_no_tax_number_is_wrong() {
        check(["", "", ""], &[], false);
        check(["", "FR", "US_CITIZEN"], &["FR", "US"], false);
        check(["?Yugoslavia", "FR", ""], &["FR"], false);
        check(["US", "FR", "NON_RESIDENT_ALIEN"], &["US", "FR", "US"], false);
        check(["US", "", "?alien"], &["US", "US"], false);
    }
}
