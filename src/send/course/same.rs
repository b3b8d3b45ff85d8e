//! The same failure again and again: the mark of an idempotency id under which a server has saved one for ever.

/// So many times the same, and it is no accident.
const SAME_TIMES: u32 = 3;

/// The same answer of a failed server, in a row.
#[derive(Debug, Default)]
pub(super) struct Same {
    status: Option<u16>,
    times: u32,
    /// Clear answers to others when it began.
    passed: u64,
}

impl Same {
    /// Takes one more failure with this status; `passed` are the clear answers to others so far. Says whether it came too
    /// often while others passed.
    pub(super) fn again(&mut self, status: Option<u16>, passed: u64) -> bool {
        if self.status != status {
            *self = Self {
                status,
                times: 0,
                passed,
            };
        }
        self.times += 1;
        self.times >= SAME_TIMES && passed > self.passed
    }
}
