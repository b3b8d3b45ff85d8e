//! Settings: from defaults, file, environment and flags to one typed value.

pub mod settings;
