//! The one table of fields: every field of both customer types, once.
//!
//! Header mapping, validation, masking, documentation and the payload writer all read it; nothing lists the fields a
//! second time. It says what a field *is*; how a kind of value is checked lives in `normalize`.

use super::choices;
use super::kind::GENERAL_RULES;
pub use super::kind::Kind;
use super::rule::Rule;

/// Whether a field belongs to a customer type.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Need {
    /// The API refuses a customer without it.
    Required,
    /// It may be left out.
    Optional,
    /// It does not belong to this customer type.
    Never,
}

/// The two types of customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum CustomerType {
    /// A natural person.
    Individual,
    /// A legal person.
    Corporation,
}

impl CustomerType {
    /// The type's word at the API.
    pub fn word(self) -> &'static str {
        match self {
            Self::Individual => "INDIVIDUAL",
            Self::Corporation => "CORPORATION",
        }
    }

    /// The type for the API's word, or `None` for any other word.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Individual, Self::Corporation]
            .into_iter()
            .find(|kind| kind.word() == word)
    }
}

/// One field of the API's customer.
#[derive(Debug, PartialEq, Eq)]
pub struct Field {
    /// Path in the payload; a dot steps into an object.
    pub path: &'static str,
    /// What the field holds.
    pub kind: Kind,
    /// Its place in an individual.
    pub individual: Need,
    /// Its place in a corporation.
    pub corporation: Need,
    /// Whether its value says something about a person or a firm; all but coded values are.
    pub personal: bool,
    /// What it is, for `rollcall fields`.
    pub about: &'static str,
    /// The path in two: see [`Field::parts`].
    parts: (&'static str, &'static str),
    is_name: bool,
}

impl Field {
    /// The field's place in a customer of this type.
    pub fn need(&self, customer_type: CustomerType) -> Need {
        match customer_type {
            CustomerType::Individual => self.individual,
            CustomerType::Corporation => self.corporation,
        }
    }

    /// Whether the field names a person or a firm: every such path ends so, and no other.
    pub fn is_name(&self) -> bool {
        self.is_name
    }

    /// The object that holds the field (`mailing_address`), or `""` at the top, and the key within it (`city`).
    pub fn parts(&self) -> (&'static str, &'static str) {
        self.parts
    }
}

/// A path before and behind its dot. Taken apart here, once, since every row asks for the parts of every field.
#[expect(
    clippy::indexing_slicing,
    reason = "evaluated by the compiler, within the bounds of the loop"
)]
const fn parts(path: &'static str) -> (&'static str, &'static str) {
    let mut at = 0;
    while at < path.len() {
        if path.as_bytes()[at] == b'.' {
            let (object, rest) = path.split_at(at);
            return (object, rest.split_at(1).1);
        }
        at += 1;
    }
    ("", path)
}

const fn is_name(path: &str) -> bool {
    let end = path.len().saturating_sub("_name".len());
    matches!(path.split_at(end).1.as_bytes(), b"_name")
}

const fn field(path: &'static str, kind: Kind, needs: (Need, Need), about: &'static str) -> Field {
    let personal = !matches!(kind, Kind::Choice(_) | Kind::ChoiceList(_));
    Field {
        path,
        kind,
        individual: needs.0,
        corporation: needs.1,
        personal,
        about,
        parts: parts(path),
        is_name: is_name(path),
    }
}

use Kind::{
    BirthDate, Choice, ChoiceList, Country, CountryList, CustomerId, Date, DocumentNumber, Email, Naics, Phone,
    PostalCode, State, TaxNumber, Text, Website,
};
const BOTH_REQUIRED: (Need, Need) = (Need::Required, Need::Required);
const BOTH: (Need, Need) = (Need::Optional, Need::Optional);
const PERSON: (Need, Need) = (Need::Optional, Need::Never);
const PERSON_REQUIRED: (Need, Need) = (Need::Required, Need::Never);
const FIRM: (Need, Need) = (Need::Never, Need::Optional);
const FIRM_REQUIRED: (Need, Need) = (Need::Never, Need::Required);

/// Every field, in the order in which RFC 8785 writes them: keys sorted at each level. A test holds the order.
pub static FIELDS: [Field; FieldId::COUNT] = TABLE;

#[rustfmt::skip]
const TABLE: [Field; FieldId::COUNT] = [
    field("corporate_entity_type", Choice(choices::CORPORATE_ENTITY_TYPE), FIRM, "legal form"),
    field("corporate_entity_type_description", Text, FIRM, "legal form in words, where it is OTHER"),
    field("country_of_incorporation", Country, FIRM, "country in which the corporation is registered"),
    field("customer_type", Choice(choices::CUSTOMER_TYPE), BOTH_REQUIRED, "natural person or corporation"),
    field("date_of_birth", BirthDate, PERSON, "date of birth"),
    field("email_address", Email, BOTH, "e-mail address"),
    field("employer_name", Text, PERSON, "name of the employer"),
    field("employment_description", Text, PERSON, "employment in words, where the status is OTHER"),
    field("employment_status", Choice(choices::EMPLOYMENT_STATUS), PERSON, "employment status"),
    field("established_on", Date, FIRM, "day on which the corporation was established"),
    field("first_name", Text, PERSON_REQUIRED, "given name"),
    field("id", CustomerId, BOTH_REQUIRED, "the client's own identifier of the customer"),
    field("investment_profile.monthly_crypto_deposits", Choice(choices::COUNT_BAND), PERSON, "number of crypto deposits a month"),
    field("investment_profile.monthly_crypto_investment_deposit", Choice(choices::AMOUNT_BAND), PERSON, "crypto deposited a month, US dollars"),
    field("investment_profile.monthly_crypto_investment_withdrawal", Choice(choices::AMOUNT_BAND), PERSON, "crypto withdrawn a month, US dollars"),
    field("investment_profile.monthly_crypto_withdrawals", Choice(choices::COUNT_BAND), PERSON, "number of crypto withdrawals a month"),
    field("investment_profile.monthly_deposits", Choice(choices::COUNT_BAND), PERSON, "number of deposits a month"),
    field("investment_profile.monthly_investment_deposit", Choice(choices::AMOUNT_BAND), PERSON, "amount deposited a month, US dollars"),
    field("investment_profile.monthly_investment_withdrawal", Choice(choices::AMOUNT_BAND), PERSON, "amount withdrawn a month, US dollars"),
    field("investment_profile.monthly_withdrawals", Choice(choices::COUNT_BAND), PERSON, "number of withdrawals a month"),
    field("investment_profile.primary_source_of_funds", Choice(choices::SOURCE_OF_FUNDS), PERSON, "where the money mainly comes from"),
    field("investment_profile.primary_source_of_funds_description", Text, PERSON, "source of funds in words, where it is OTHER"),
    field("investment_profile.total_assets", Choice(choices::ASSET_BAND), PERSON, "total assets, US dollars"),
    field("investment_profile.usd_value_of_crypto", Choice(choices::ASSET_BAND), PERSON, "crypto held, US dollars"),
    field("investment_profile.usd_value_of_fiat", Choice(choices::ASSET_BAND), PERSON, "money held, US dollars"),
    field("kyc_profile.engage_in_activities", ChoiceList(choices::ACTIVITY), PERSON, "activities of higher risk"),
    field("kyc_profile.funds_send_receive_jurisdictions", CountryList, PERSON, "countries funds come from or go to"),
    field("last_name", Text, PERSON_REQUIRED, "family name"),
    field("mailing_address.address_line1", Text, PERSON, "street and number"),
    field("mailing_address.address_line2", Text, PERSON, "second line of the address"),
    field("mailing_address.address_line3", Text, PERSON, "third line of the address"),
    field("mailing_address.city", Text, PERSON, "city"),
    field("mailing_address.country_code", Country, PERSON, "country of the address"),
    field("mailing_address.postal_code", PostalCode, PERSON, "postal code"),
    field("mailing_address.state", State, PERSON, "state, province or region"),
    field("mailing_address.unit_number", Text, PERSON, "flat, suite or unit"),
    field("middle_name", Text, PERSON, "middle name"),
    field("naics", Naics, FIRM, "industry, North American Industry Classification System"),
    field("naics_description", Text, FIRM, "industry in words"),
    field("nationality", Country, PERSON, "country of citizenship"),
    field("occupation", Text, PERSON, "occupation"),
    field("passport_number", DocumentNumber, PERSON, "passport number"),
    field("registered_address.address_line1", Text, FIRM, "street and number"),
    field("registered_address.address_line2", Text, FIRM, "second line of the address"),
    field("registered_address.address_line3", Text, FIRM, "third line of the address"),
    field("registered_address.city", Text, FIRM, "city"),
    field("registered_address.country_code", Country, FIRM, "country of the address"),
    field("registered_address.postal_code", PostalCode, FIRM, "postal code"),
    field("registered_address.state", State, FIRM, "state, province or region"),
    field("registered_address.unit_number", Text, FIRM, "suite or unit"),
    field("registered_name", Text, FIRM_REQUIRED, "name in the register"),
    field("registered_number", DocumentNumber, FIRM, "number in the register"),
    field("state_of_incorporation", State, FIRM, "state in which the corporation is registered"),
    field("tax_reference_number", TaxNumber, PERSON, "tax number: SSN, ITIN, SIN, NI number or the like"),
    field("telephone_number", Phone, BOTH, "telephone number"),
    field("trading_name", Text, FIRM, "name under which it trades"),
    field("us_residency_status", Choice(choices::US_RESIDENCY_STATUS), PERSON, "residency status in the United States"),
    field("website_address", Website, FIRM, "web site"),
];

/// Choices with the field that describes them where they are OTHER.
const DESCRIPTIONS: [(FieldId, FieldId); 3] = [
    (
        FieldId::known("corporate_entity_type"),
        FieldId::known("corporate_entity_type_description"),
    ),
    (
        FieldId::known("employment_status"),
        FieldId::known("employment_description"),
    ),
    (
        FieldId::known("investment_profile.primary_source_of_funds"),
        FieldId::known("investment_profile.primary_source_of_funds_description"),
    ),
];

/// The index of a field in [`FIELDS`].
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct FieldId(u8);

impl FieldId {
    /// How many fields there are.
    pub const COUNT: usize = 58;
    /// `customer_type`.
    pub const CUSTOMER_TYPE: Self = Self::known("customer_type");
    /// `id`.
    pub const ID: Self = Self::known("id");

    /// The id of a path that is known to exist; a path that does not exist fails to compile where the result is a
    /// constant.
    #[expect(
        clippy::indexing_slicing,
        reason = "evaluated at compile time, where an index past the end is an error"
    )]
    pub(crate) const fn known(path: &str) -> Self {
        let mut index = 0;
        while !same(TABLE[index as usize].path.as_bytes(), path.as_bytes()) {
            index += 1;
        }
        Self(index)
    }

    /// Every field, in canonical order.
    pub fn all() -> impl Iterator<Item = Self> {
        (0..=u8::MAX).take(Self::COUNT).map(Self)
    }

    /// The field with this exact path.
    pub fn from_path(path: &str) -> Option<Self> {
        Self::all().find(|id| id.path() == path)
    }

    /// The field that says in words what this choice means where it is OTHER.
    pub fn description(self) -> Option<Self> {
        DESCRIPTIONS
            .iter()
            .find(|(choice, _)| *choice == self)
            .map(|(_, words)| *words)
    }

    /// Every rule that a value of the field, or its absence, can break.
    pub fn rules(self) -> impl Iterator<Item = Rule> {
        let field = self.field();
        let needs = [field.individual, field.corporation];
        let cannot = [
            (Rule::FieldRequired, !needs.contains(&Need::Required)),
            (Rule::FieldNotForType, !needs.contains(&Need::Never)),
            (Rule::FieldNotDescribed, self.description().is_none()),
            (Rule::TextNoContent, !field.is_name()),
        ];
        let can = move |rule: &Rule| !cannot.contains(&(*rule, true));
        GENERAL_RULES.iter().copied().chain(field.kind.rules()).filter(can)
    }

    /// Position in [`FIELDS`], for tables with one entry a field.
    pub fn index(self) -> usize {
        usize::from(self.0)
    }

    /// The field itself.
    #[expect(clippy::indexing_slicing, reason = "an id is only made for an index of the table")]
    pub fn field(self) -> &'static Field {
        &FIELDS[self.index()]
    }

    /// Path in the payload.
    pub fn path(self) -> &'static str {
        self.field().path
    }
}

#[expect(
    clippy::indexing_slicing,
    reason = "both indexes are below the common length; slices have no `get` in a constant"
)]
const fn same(left: &[u8], right: &[u8]) -> bool {
    let mut index = 0;
    while index < left.len() && index < right.len() && left[index] == right[index] {
        index += 1;
    }
    index == left.len() && index == right.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    /// RFC 8785, section 3.2.3: the members of an object are sorted by their names, at every level.
    #[test]
    fn fields_stand_in_canonical_order() {
        let sorted = |pair: &[Field]| {
            let left: Vec<&str> = pair[0].path.split('.').collect();
            let right: Vec<&str> = pair[1].path.split('.').collect();
            left < right
        };
        for pair in FIELDS.windows(2) {
            assert!(sorted(pair), "{} stands before {}", pair[0].path, pair[1].path);
        }
    }

    #[test]
    fn names_are_the_texts_that_a_person_or_a_firm_is_called_by() {
        let names: Vec<&str> = FIELDS
            .iter()
            .filter(|field| field.is_name())
            .map(|field| field.path)
            .collect();
        let expected = [
            "employer_name",
            "first_name",
            "last_name",
            "middle_name",
            "registered_name",
            "trading_name",
        ];
        assert_eq!(names, expected);
    }

    #[test]
    fn constants_name_their_fields() {
        assert_eq!(FieldId::ID.path(), "id");
        assert_eq!(FieldId::CUSTOMER_TYPE.path(), "customer_type");
    }
}
