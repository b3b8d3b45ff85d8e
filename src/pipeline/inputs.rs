//! The sources of one invocation: opened, their headers mapped, before anything else happens.

use std::path::PathBuf;
use std::sync::Arc;

use crate::config::settings::Settings;
use crate::model::mapping::Mapping;
use crate::read::{self, Dialect, ReadError, Records, Source};

/// One source with how it is written and which column feeds which field.
#[derive(Debug)]
pub struct Input {
    /// The bytes.
    pub source: Source,
    /// Separator and line ends.
    pub dialect: Dialect,
    /// Name of its encoding.
    pub encoding: &'static str,
    /// Its columns.
    pub mapping: Arc<Mapping>,
}

/// The sources in the order in which they were named, which is the order of their rows.
#[derive(Debug)]
pub struct Inputs(Vec<Input>);

impl Inputs {
    /// Opens every source up to its header. Standard input is spooled first, since it is read twice.
    pub fn open(arguments: &[PathBuf], settings: &Settings) -> Result<Self, ReadError> {
        let mut inputs = Vec::with_capacity(arguments.len());
        for argument in arguments {
            let source = Source::from_argument(argument, &settings.data_dir)?;
            let records = Records::open(&source, &settings.input)?;
            let mapping = read::map(source.name(), records.header(), &settings.columns)?;
            inputs.push(Input {
                dialect: records.dialect(),
                encoding: records.encoding(),
                mapping: Arc::new(mapping),
                source,
            });
        }
        Ok(Self(inputs))
    }

    /// The sources.
    pub fn iter(&self) -> impl ExactSizeIterator<Item = &Input> {
        self.0.iter()
    }

    /// Bytes of all sources, as stored.
    pub fn bytes(&self) -> u64 {
        self.iter().map(|input| input.source.fingerprint().bytes).sum()
    }
}
