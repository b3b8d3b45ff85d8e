//! Reports held to the ledger that they are made from: every figure of every form against plain SQL, the published schema, and what `status` says is left to do.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests fail as tests do, by a panic"
)]

mod facts;
mod figures;
mod forms;
mod ledger;
mod shown;
mod status;
mod story;
