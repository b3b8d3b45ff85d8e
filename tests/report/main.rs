//! Reports held to the ledger that they are made from: every figure of the page against plain SQL, the same figures in
//! every other form, the published schema, and what `status` says is left to do.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests fail as tests do, by a panic"
)]

mod figures;
mod forms;
mod ledger;
mod status;
mod story;
