//! What a create may contain: the API's fields, with their forms and choices, copied from the contract's page.
//!
//! This is the sandbox's own table, on purpose not the one the client is built on. `payload` checks by it. It does not
//! say what the contract leaves open: lengths, whether an email address exists, whether NONE stands alone among
//! activities.

use serde::{Deserialize, Serialize};

/// The two kinds of customer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "SCREAMING_SNAKE_CASE")]
pub(super) enum CustomerType {
    Individual,
    Corporation,
}

impl CustomerType {
    /// The API's word for it.
    pub(super) fn name(self) -> &'static str {
        match self {
            CustomerType::Individual => "INDIVIDUAL",
            CustomerType::Corporation => "CORPORATION",
        }
    }

    /// The kind with this name.
    pub(super) fn named(name: &str) -> Option<CustomerType> {
        [CustomerType::Individual, CustomerType::Corporation]
            .into_iter()
            .find(|kind| kind.name() == name)
    }

    /// The fields a customer of this kind has.
    pub(super) fn rules(self) -> &'static [Rule] {
        match self {
            CustomerType::Individual => INDIVIDUAL,
            CustomerType::Corporation => CORPORATION,
        }
    }
}

/// The form of a value.
pub(super) enum Shape {
    Text,
    /// Two characters of any kind.
    Pair,
    /// E.164.
    Phone,
    /// ISO 8601, a day of the calendar.
    Date,
    /// Two upper-case ASCII letters, in the form of ISO 3166-1 alpha-2.
    Country,
    /// One of these words, with spaces between them.
    Choice(&'static str),
    /// A list of choices or countries without repetition.
    List(&'static Shape),
    Object(&'static [Rule]),
    Address,
}

/// One field of an object.
pub(super) struct Rule {
    pub(super) name: &'static str,
    pub(super) shape: Shape,
    pub(super) required: bool,
}

const fn required(name: &'static str, shape: Shape) -> Rule {
    Rule {
        name,
        shape,
        required: true,
    }
}

const fn optional(name: &'static str, shape: Shape) -> Rule {
    Rule {
        name,
        shape,
        required: false,
    }
}

const INDIVIDUAL: &[Rule] = &[
    required("id", Shape::Text),
    required("customer_type", Shape::Text),
    required("first_name", Shape::Text),
    required("last_name", Shape::Text),
    optional("middle_name", Shape::Text),
    optional("email_address", Shape::Text),
    optional("telephone_number", Shape::Phone),
    optional("tax_reference_number", Shape::Text),
    optional("passport_number", Shape::Text),
    optional("nationality", Shape::Country),
    optional("date_of_birth", Shape::Date),
    optional(
        "us_residency_status",
        Shape::Choice("US_CITIZEN RESIDENT_ALIEN NON_RESIDENT_ALIEN"),
    ),
    optional(
        "employment_status",
        Shape::Choice("EMPLOYEE SELF_EMPLOYED RETIRED UNEMPLOYED OTHER"),
    ),
    optional("employment_description", Shape::Text),
    optional("employer_name", Shape::Text),
    optional("occupation", Shape::Text),
    optional("mailing_address", Shape::Address),
    optional("investment_profile", Shape::Object(INVESTMENT_PROFILE)),
    optional("kyc_profile", Shape::Object(KYC_PROFILE)),
];

const CORPORATION: &[Rule] = &[
    required("id", Shape::Text),
    required("customer_type", Shape::Text),
    required("registered_name", Shape::Text),
    optional("trading_name", Shape::Text),
    optional("registered_number", Shape::Text),
    optional("registered_address", Shape::Address),
    optional("telephone_number", Shape::Phone),
    optional("website_address", Shape::Text),
    optional("state_of_incorporation", Shape::Pair),
    optional("country_of_incorporation", Shape::Country),
    optional(
        "corporate_entity_type",
        Shape::Choice("C_CORP_PRIVATE C_CORP_PUBLIC HNWI LLC LLP LP S_CORP SOLE_PROP TRUST NON_PROFIT OTHER"),
    ),
    optional("corporate_entity_type_description", Shape::Text),
    optional("email_address", Shape::Text),
    optional("established_on", Shape::Date),
    optional("naics", Shape::Text),
    optional("naics_description", Shape::Text),
];

pub(super) const ADDRESS: &[Rule] = &[
    optional("unit_number", Shape::Text),
    optional("address_line1", Shape::Text),
    optional("address_line2", Shape::Text),
    optional("address_line3", Shape::Text),
    optional("city", Shape::Text),
    optional("state", Shape::Text),
    optional("postal_code", Shape::Text),
    optional("country_code", Shape::Country),
];

const INVESTMENT_PROFILE: &[Rule] = &[
    optional(
        "primary_source_of_funds",
        Shape::Choice(
            "EMPLOYMENT SAVINGS WINNINGS MARITAL REAL_ESTATE TRUST INVESTMENT OTHER COMPANY COMPANY_CAPITAL LOAN \
         PRIVATE_CAPITAL GRANT",
        ),
    ),
    optional("primary_source_of_funds_description", Shape::Text),
    optional("total_assets", Shape::Choice(HOLDINGS)),
    optional("usd_value_of_fiat", Shape::Choice(HOLDINGS)),
    optional("usd_value_of_crypto", Shape::Choice(HOLDINGS)),
    optional("monthly_deposits", Shape::Choice(TIMES_A_MONTH)),
    optional("monthly_withdrawals", Shape::Choice(TIMES_A_MONTH)),
    optional("monthly_crypto_deposits", Shape::Choice(TIMES_A_MONTH)),
    optional("monthly_crypto_withdrawals", Shape::Choice(TIMES_A_MONTH)),
    optional("monthly_investment_deposit", Shape::Choice(MONEY_A_MONTH)),
    optional("monthly_investment_withdrawal", Shape::Choice(MONEY_A_MONTH)),
    optional("monthly_crypto_investment_deposit", Shape::Choice(MONEY_A_MONTH)),
    optional("monthly_crypto_investment_withdrawal", Shape::Choice(MONEY_A_MONTH)),
];

const HOLDINGS: &str = "UPTO_10K TEN_TO_100K ONEHUNDREDK_TO_1M ONE_TO_10M TEN_TO_50M FIFTY_TO_250M MORE_THAN_250M";

const TIMES_A_MONTH: &str = "UPTO_5 FIVE_TO_10 TEN_TO_25 MORE_THAN_25";

const MONEY_A_MONTH: &str = "UPTO_1K ONE_TO_100K ONEHUNDREDK_TO_1M MILLION_TO_5M MORE_THAN_5M";

const KYC_PROFILE: &[Rule] = &[
    optional("funds_send_receive_jurisdictions", Shape::List(&Shape::Country)),
    optional(
        "engage_in_activities",
        Shape::List(&Shape::Choice(
            "NONE ADULT_ENTERTAINMENT DRUGS FIREARMS GAMBLING MARIJUANA TUMBLING",
        )),
    ),
];
