//! Why figures cannot be given where they were asked for.

use std::net::SocketAddr;
use std::path::PathBuf;

use thiserror::Error;

/// Why figures cannot be given.
#[derive(Debug, Error)]
pub enum MetricsError {
    /// Nobody can be served at this address.
    #[error("cannot serve metrics at {address}")]
    Listen {
        /// The address.
        address: SocketAddr,
        /// What the operating system says.
        source: std::io::Error,
    },
    /// The file cannot be written.
    #[error("cannot write metrics to {}", path.display())]
    File {
        /// The file.
        path: PathBuf,
        /// What the operating system says.
        source: std::io::Error,
    },
}

impl MetricsError {
    /// What to do next.
    pub fn hint(&self) -> &'static str {
        match self {
            Self::Listen { .. } => {
                "choose another port with --metrics-listen; each run that works at the same time needs one of its own, and 0 \
                 takes any that is free"
            }
            Self::File { .. } => {
                "name a file in a folder that exists and can be written, the one that node_exporter was given with \
                 --collector.textfile.directory"
            }
        }
    }
}
