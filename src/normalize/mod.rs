//! Checks a record and brings it into the one form in which it is sent.
//!
//! Pure: a record in, a row or a reject out, on any thread, in any order. It does no I/O, cannot fail, and guesses
//! nothing: a value has one reading or it is a finding. One small file for each kind of value; `record` puts them
//! together, `payload` writes the canonical JSON.

mod cells;
mod choice;
mod context;
mod country;
mod country_table;
mod cross;
mod date;
mod date_format;
mod double_encoded;
mod email;
mod error;
mod id;
mod iso_date;
mod naics;
mod naics_table;
mod notes;
mod number;
mod payload;
mod phone;
mod phone_plain;
mod phone_rules;
mod postal;
mod postal_table;
mod probe;
mod record;
mod serial;
mod spreadsheet;
mod state;
mod state_table;
mod tax;
mod text;
mod website;
mod whole;

pub use error::NormalizerError;
pub use probe::{DateProbe, Probe};
pub use record::Normalizer;
pub use whole::refuse;
