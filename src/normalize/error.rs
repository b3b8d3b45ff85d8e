//! What the configuration of the check can ask for in vain. Of a record nothing is an error: what is wrong with it is a finding.

use thiserror::Error;

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
