//! Settings: from defaults, file, environment and flags to one typed value.
//!
//! `table` names every key once, with its default; `layers` finds the value of each and remembers where it came from;
//! `resolve` checks the values and makes them [`settings::Settings`]. No stage reads a file or the environment itself.

mod columns;
mod layers;
mod nearest;
mod resolve;
mod rules;
pub mod settings;
pub mod table;
mod trailer;

use std::path::PathBuf;

pub use layers::{Layers, Origin};
pub use nearest::nearest;
pub use resolve::{require_target, resolve};
use thiserror::Error;

/// Why the settings cannot be used.
#[derive(Debug, Error)]
pub enum ConfigError {
    /// The configuration file cannot be read.
    #[error("cannot read the configuration file {}", path.display())]
    Read {
        /// The file.
        path: PathBuf,
        /// Why.
        #[source]
        source: std::io::Error,
    },
    /// The configuration file is not TOML.
    #[error("{} is not TOML: {message}", path.display())]
    Syntax {
        /// The file.
        path: PathBuf,
        /// What the parser says, with its line, and without the text of the line.
        message: String,
    },
    /// A key that does not exist.
    #[error("{origin}: there is no setting `{key}`")]
    UnknownKey {
        /// The key as written.
        key: String,
        /// Where it was written.
        origin: Origin,
        /// The key that it resembles.
        nearest: Option<&'static str>,
    },
    /// A value that its key does not take.
    #[error("{origin}: `{key}` {problem}")]
    Value {
        /// The key.
        key: String,
        /// Where the value was written.
        origin: Origin,
        /// What is wrong, without the value.
        problem: String,
    },
    /// A secret in a place that others can read.
    #[error("{origin}: `{key}` is a secret and may not stand here")]
    Secret {
        /// The key.
        key: String,
        /// Where it was written.
        origin: Origin,
    },
    /// Settings without which nothing can be sent.
    #[error("nothing can be sent without {}", keys.join(", "))]
    Missing {
        /// The keys.
        keys: Vec<&'static str>,
    },
    /// A target without a namespace for its idempotency ids.
    #[error("api.namespace is not set, and without it no idempotency id can be made")]
    MissingNamespace {
        /// A new one, to paste.
        fresh: uuid::Uuid,
    },
}

impl ConfigError {
    /// What to do next.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Read { .. } => {
                Some("check the path, or leave it out: ./rollcall.toml is used if there is one".to_owned())
            }
            Self::Syntax { .. } => Some("config/example.toml shows every key in its form".to_owned()),
            Self::UnknownKey { nearest, origin, .. } => Some(nearest.map_or_else(
                || "`rollcall settings` lists every key".to_owned(),
                |nearest| match origin {
                    Origin::Environment(_) => format!(
                        "did you mean {}? `rollcall settings` lists every name",
                        table::environment_name(nearest)
                    ),
                    Origin::Default | Origin::File(_) | Origin::Flag(_) | Origin::Credential(_) | Origin::Sandbox => {
                        format!("did you mean `{nearest}`? `rollcall settings` lists every key")
                    }
                },
            )),
            Self::Value { key, .. } => table::find(key).map(|setting| format!("{}: {}", setting.key, setting.about)),
            Self::Secret { key, .. } => Some(format!(
                "put it in the environment as {}, or in a file of its own named by `{key}-file`",
                table::environment_name(key)
            )),
            Self::Missing { keys } => Some(format!(
                "set {} in the environment{}, or try --sandbox",
                keys.iter()
                    .map(|key| table::environment_name(key))
                    .collect::<Vec<_>>()
                    .join(", "),
                if *keys == ["api.client-secret"] {
                    ", or api.client-secret-file in the configuration file"
                } else {
                    ", or all but the secret in the configuration file"
                }
            )),
            Self::MissingNamespace { fresh } => Some(format!(
                "it is chosen once for each client and environment and never changed again; if this target never had one, \
                 put this new one into the configuration file:\n\n[api]\nnamespace = \"{fresh}\""
            )),
        }
    }
}
