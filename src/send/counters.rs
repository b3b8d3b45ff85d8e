//! What a sender has done so far, for progress, throughput and reports.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, PoisonError};

/// How many first attempts the share of failing ones looks back on.
const LATELY: f64 = 256.0;

/// The counts at one moment.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Counters {
    /// Requests of every kind: creates, read-backs, tokens.
    pub requests: u64,
    /// Requests that create a customer, retries among them.
    pub creates: u64,
    /// Requests that look at a customer.
    pub read_backs: u64,
    /// Requests for tokens.
    pub token_requests: u64,
    /// Requests for a row after its first.
    pub retries: u64,
    /// Times that the whole run was made to wait or, waiting already, learned that it must go on waiting.
    pub waits: u64,
    /// Answers that said that it is too much: 429, or 503 with `Retry-After`.
    pub throttled: u64,
    /// Lowest that the limit on requests on the wire has been: `send.max-in-flight` in quiet.
    pub lowest_concurrency: u64,
}

/// The counts as they grow. They are statistics, so their order does not matter; one decision reads `passed`, and asks
/// only whether it has grown, and how many fail.
#[derive(Debug, Default)]
pub(super) struct Tally {
    creates: AtomicU64,
    read_backs: AtomicU64,
    token_requests: AtomicU64,
    retries: AtomicU64,
    waits: AtomicU64,
    throttled: AtomicU64,
    passed: AtomicU64,
    failing: Mutex<Failing>,
}

/// Of the latest first attempts, how many a failed server answered: the mean of all, and of the latest once they are many.
#[derive(Debug, Default)]
struct Failing {
    seen: f64,
    share: f64,
}

fn count(counter: &AtomicU64) {
    counter.fetch_add(1, Ordering::Relaxed);
}

impl Tally {
    pub(super) fn create(&self) {
        count(&self.creates);
    }

    pub(super) fn read_back(&self) {
        count(&self.read_backs);
    }

    pub(super) fn token_request(&self) {
        count(&self.token_requests);
    }

    pub(super) fn retry(&self) {
        count(&self.retries);
    }

    pub(super) fn wait_if(&self, waits: bool) {
        if waits {
            count(&self.waits);
        }
    }

    pub(super) fn throttled(&self) {
        count(&self.throttled);
    }

    /// A create had a clear answer.
    pub(super) fn pass(&self) {
        count(&self.passed);
    }

    /// Clear answers to creates so far.
    pub(super) fn passed(&self) -> u64 {
        self.passed.load(Ordering::Relaxed)
    }

    /// A row's first attempt has ended, with a failed server's answer or otherwise. Later attempts do not count: a row with
    /// a spoiled id makes many, and is not what the service is like.
    pub(super) fn first(&self, failed: bool) {
        let mut failing = self.failing.lock().unwrap_or_else(PoisonError::into_inner);
        failing.seen = (failing.seen + 1.0).min(LATELY);
        failing.share += (f64::from(u8::from(failed)) - failing.share) / failing.seen;
    }

    /// Share of the latest first attempts that a failed server answered.
    pub(super) fn failing(&self) -> f64 {
        self.failing.lock().unwrap_or_else(PoisonError::into_inner).share
    }

    pub(super) fn read(&self, lowest_concurrency: usize) -> Counters {
        let read = |counter: &AtomicU64| counter.load(Ordering::Relaxed);
        let (creates, read_backs) = (read(&self.creates), read(&self.read_backs));
        let token_requests = read(&self.token_requests);
        Counters {
            requests: creates + read_backs + token_requests,
            creates,
            read_backs,
            token_requests,
            retries: read(&self.retries),
            waits: read(&self.waits),
            throttled: read(&self.throttled),
            lowest_concurrency: lowest_concurrency as u64,
        }
    }
}
