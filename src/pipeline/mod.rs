//! Puts the stages together: what runs where, in which order, and how much may wait in between.
//!
//! `check` is the way that both passes share: one thread reads, rayon's workers normalize, the caller takes the chunks in
//! order. `validate` only looks. `run` is the main job: find or begin the run (`identity` says which it is), `plan` (the first pass: everything is
//! checked and written down), `brake`, `deliver` (the second pass: what is open is sent), and the balance at the end.
//! `compare_api` asks the API what it has, and writes that down.
//!
//! `reconcile` puts files beside the ledger and what it knows of the API, and only reads.
//!
//! Nothing here knows a terminal; `cli` does.

mod brake;
mod capacity;
mod check;
mod compare_api;
mod correct;
mod deliver;
mod duplicates;
mod error;
mod identity;
mod inputs;
mod messages;
mod outputs;
mod outset;
mod plan;
mod profile;
mod progress;
mod reconcile;
mod rejects;
mod retry;
mod run;
mod survey;
mod suspects;
mod table;
mod validate;

pub use brake::Braked;
pub use check::can_check;
pub use compare_api::{CompareEnd, CompareInput, CompareProgress, CompareRequest, Compared, compare_api};
pub use correct::Corrects;
pub use correct::changes::OtherChanges;
pub use error::PipelineError;
pub use inputs::{Input, Inputs, located};
pub use outputs::Outputs;
pub use plan::totals;
pub use profile::{ColumnReport, Profiled, profile};
pub use progress::{Begun, Happening, Phase, Progress, Reached};
pub use reconcile::{Deciding, ReconcileRequest, deciding, reconcile};
pub use rejects::{Rejects, RejectsRequest, rejects};
pub use retry::{Retry, same_settings};
pub use run::{Aim, Ran, RunEnd, RunRequest, run};
pub use survey::{Survey, survey};
pub use table::Form;
pub use validate::{Judged, Judgment, Place, Validation, validate};
