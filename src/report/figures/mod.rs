//! Figures that the control totals do not have: exceptions and how they were cleared, how fast it went, attempts.
//!
//! Everything comes from the ledger, in passes that keep no row. Nothing here knows how a figure is shown.

pub(super) mod exceptions;
pub(super) mod histogram;
pub(super) mod pace;
