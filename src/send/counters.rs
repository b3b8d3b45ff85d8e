//! What a sender has done so far, for progress and throughput.

use std::sync::atomic::{AtomicU64, Ordering};

/// The counts at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Requests of every kind: creates, read-backs, tokens.
    pub requests: u64,
    /// Requests for a row after its first.
    pub retries: u64,
    /// Answers that made the whole run wait, or requests that did not reach the service.
    pub waits: u64,
}

/// The counts as they grow. They are statistics: no decision reads them, so their order does not matter.
#[derive(Debug, Default)]
pub(super) struct Tally {
    requests: AtomicU64,
    retries: AtomicU64,
    waits: AtomicU64,
}

impl Tally {
    pub(super) fn request(&self) {
        self.requests.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn retry(&self) {
        self.retries.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn wait(&self) {
        self.waits.fetch_add(1, Ordering::Relaxed);
    }

    pub(super) fn read(&self) -> Counters {
        Counters {
            requests: self.requests.load(Ordering::Relaxed),
            retries: self.retries.load(Ordering::Relaxed),
            waits: self.waits.load(Ordering::Relaxed),
        }
    }
}
