//! The bounds that a release must keep, and which of them are not held yet.
//!
//! Figures are always printed. Three things are held only with `ROLLCALL_STRICT=1`, or by `STRICT` for everybody: how soon
//! the rate is back after an outage; that no run gives up when only rows with spoiled ids are left, which look like an
//! outage; and that no token ends while its row waits for a turn, where tokens live for seconds. Without it the latter two
//! are counted. It deliberately holds no bound that is nought: those stand with `judge`.

/// Whether everything is held without being asked.
const STRICT: bool = false;

/// Share of the limit that is used in quiet, at least.
pub(crate) const USE_IN_QUIET: f64 = 0.97;
/// Requests of a run with an outage of ten minutes, divided by those of one without, at most.
pub(crate) const AMPLIFICATION: f64 = 1.1;
/// Seconds from the end of an outage until 95 % of the rate, at most.
pub(crate) const RECOVERY_SECONDS: f64 = 10.0;

pub(crate) fn strict() -> bool {
    STRICT || std::env::var("ROLLCALL_STRICT").is_ok_and(|value| value == "1")
}
