//! The bounds that a release must keep.
//!
//! Figures are always printed. It deliberately holds no bound that is nought: those stand with `judge`.

/// Share of the limit that is used in quiet, at least.
pub(crate) const USE_IN_QUIET: f64 = 0.97;
/// Requests of a run with an outage of ten minutes, divided by those of one without, at most.
pub(crate) const AMPLIFICATION: f64 = 1.1;
/// Seconds from the end of an outage until 95 % of the rate, at most.
pub(crate) const RECOVERY_SECONDS: f64 = 10.0;
