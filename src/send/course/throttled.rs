//! A row that is told to wait again and again while others pass: the whole run waits each time, so it must end.

/// So many times while others passed, and it is about this row: where a service turns every second request away, this
/// happens to one row in a billion.
const MOST_TIMES: u32 = 30;

/// How often the row was told to wait while others passed.
#[derive(Debug, Default)]
pub(in crate::send) struct Throttled {
    times: u32,
    /// Clear answers to others when it was told so last.
    passed: u64,
}

impl Throttled {
    /// Takes one more "not now"; `passed` are the clear answers to others so far. Says whether it came too often.
    pub(in crate::send) fn again(&mut self, passed: u64) -> bool {
        if passed > self.passed {
            self.times = self.times.saturating_add(1);
            self.passed = passed;
        }
        self.times >= MOST_TIMES
    }
}
