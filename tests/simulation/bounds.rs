//! The bounds that a release must keep, and whether they are held.
//!
//! Figures are always printed. `ROLLCALL_STRICT=1` makes the bounds assertions; `STRICT` does so for everybody. Without
//! it two weaknesses are counted and not held against a client: that a run gives up when only rows with spoiled ids are
//! left, which look like an outage; and that a token may end while its row waits for a turn, where tokens live for seconds.

/// Whether the bounds are held without being asked.
const STRICT: bool = false;

/// Share of the limit that is used in quiet, at least.
pub(crate) const USE_IN_QUIET: f64 = 0.97;
/// Requests of a run with an outage of ten minutes, divided by those of one without, at most.
pub(crate) const AMPLIFICATION: f64 = 1.1;
/// Seconds from the end of an outage until 95 % of the rate, at most: one probe more, and a few to open up.
pub(crate) const RECOVERY_SECONDS: f64 = 40.0;

pub(crate) fn strict() -> bool {
    STRICT || std::env::var("ROLLCALL_STRICT").is_ok_and(|value| value == "1")
}
