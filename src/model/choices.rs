//! The closed lists of values that the API takes, each once.
//!
//! Source: the API's public reference 1.0.5. The asset bands and the amount bands look alike and differ.

/// `customer_type`.
pub const CUSTOMER_TYPE: &[&str] = &["INDIVIDUAL", "CORPORATION"];
/// `us_residency_status`.
pub const US_RESIDENCY_STATUS: &[&str] = &["US_CITIZEN", "RESIDENT_ALIEN", "NON_RESIDENT_ALIEN"];
/// `employment_status`.
pub const EMPLOYMENT_STATUS: &[&str] = &["EMPLOYEE", "SELF_EMPLOYED", "RETIRED", "UNEMPLOYED", "OTHER"];
/// `investment_profile.primary_source_of_funds`.
pub const SOURCE_OF_FUNDS: &[&str] = &[
    "EMPLOYMENT",
    "SAVINGS",
    "WINNINGS",
    "MARITAL",
    "REAL_ESTATE",
    "TRUST",
    "INVESTMENT",
    "OTHER",
    "COMPANY",
    "COMPANY_CAPITAL",
    "LOAN",
    "PRIVATE_CAPITAL",
    "GRANT",
];
/// Bands of assets held.
pub const ASSET_BAND: &[&str] = &[
    "UPTO_10K",
    "TEN_TO_100K",
    "ONEHUNDREDK_TO_1M",
    "ONE_TO_10M",
    "TEN_TO_50M",
    "FIFTY_TO_250M",
    "MORE_THAN_250M",
];
/// Bands of a number of transfers in a month.
pub const COUNT_BAND: &[&str] = &["UPTO_5", "FIVE_TO_10", "TEN_TO_25", "MORE_THAN_25"];
/// Bands of an amount invested or withdrawn in a month.
pub const AMOUNT_BAND: &[&str] = &[
    "UPTO_1K",
    "ONE_TO_100K",
    "ONEHUNDREDK_TO_1M",
    "MILLION_TO_5M",
    "MORE_THAN_5M",
];
/// `kyc_profile.engage_in_activities`.
pub const ACTIVITY: &[&str] = &[
    "NONE",
    "ADULT_ENTERTAINMENT",
    "DRUGS",
    "FIREARMS",
    "GAMBLING",
    "MARIJUANA",
    "TUMBLING",
];
/// `corporate_entity_type`.
pub const CORPORATE_ENTITY_TYPE: &[&str] = &[
    "C_CORP_PRIVATE",
    "C_CORP_PUBLIC",
    "HNWI",
    "LLC",
    "LLP",
    "LP",
    "S_CORP",
    "SOLE_PROP",
    "TRUST",
    "NON_PROFIT",
    "OTHER",
];
