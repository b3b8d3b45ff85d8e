//! The figures of a run for whoever watches over many programs, as OpenMetrics.
//!
//! `snapshot` is what there is to tell, `listen` serves it while the run works, `textfile` leaves it for node_exporter,
//! which outlives the run. Names and types follow OpenMetrics 1.0
//! (<https://prometheus.io/docs/specs/om/open_metrics_spec/>): base units, as the end of the name.
//!
//! It deliberately asks nobody for figures and keeps none: whoever has them gives a snapshot. No label holds anything
//! that came out of a file or from the API.

mod error;
mod listen;
mod snapshot;
mod textfile;

pub use error::MetricsError;
pub use listen::{Listener, Source};
pub use snapshot::{Finished, Latencies, Snapshot};
pub use textfile::Textfile;
