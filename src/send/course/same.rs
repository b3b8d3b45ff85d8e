//! The same failure again and again: the mark of an idempotency id under which a server has saved one for ever.

use super::Around;

/// So many times the same at least, however well the service is.
const SAME_TIMES: i32 = 3;
/// And so often that it befalls less than one row in a hundred thousand by accident: a service that fails at random is
/// unwell, and the row's id is not.
const BY_ACCIDENT: f64 = 1e-5;

/// The same answer of a failed server, in a row.
#[derive(Debug, Default)]
pub(super) struct Same {
    status: Option<u16>,
    times: i32,
    /// Clear answers to others when it began.
    passed: u64,
}

impl Same {
    /// Takes one more failure with this status; says whether it came too often while others passed.
    pub(super) fn again(&mut self, status: Option<u16>, around: Around) -> bool {
        if self.status != status {
            *self = Self {
                status,
                times: 0,
                passed: around.passed,
            };
        }
        self.times = self.times.saturating_add(1);
        let accident = around.failing.powi(self.times);
        self.times >= SAME_TIMES && accident < BY_ACCIDENT && around.passed > self.passed
    }
}
