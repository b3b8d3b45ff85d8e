//! What all requests share: the options, and one lock for each thing that changes.
//!
//! The locks are held for a few microseconds and never across an await. Writing a line of the state file happens under
//! the store's lock: it goes to the operating system's cache, and one effect must be kept before the next is decided.

use std::sync::{Mutex, MutexGuard, PoisonError};

use tokio::time::Instant;

use super::faults::Faults;
use super::options::Options;
use super::state_file::StateFileError;
use super::store::{CustomerRecord, Store};
use super::tally::{Counter, Tally};
use super::token::{Tokens, basic};
use super::window::Window;

/// The sandbox without its network.
#[derive(Debug)]
pub(super) struct Desk {
    options: Options,
    basic: String,
    tokens: Mutex<Tokens>,
    store: Mutex<Store>,
    counter: Mutex<Counter>,
    faults: Mutex<Faults>,
    admitted: Mutex<Window>,
}

impl Desk {
    pub(super) fn open(options: Options) -> Result<Self, StateFileError> {
        let store = Store::open(
            options.state.as_deref(),
            options.saved_answers,
            options.duplicate_status,
        )?;
        Ok(Desk {
            basic: basic(&options.client_id, &options.client_secret),
            tokens: Mutex::default(),
            store: Mutex::new(store),
            counter: Mutex::default(),
            faults: Mutex::new(Faults::new(options.faults, options.token_faults, options.seed)),
            admitted: Mutex::default(),
            options,
        })
    }

    pub(super) fn options(&self) -> &Options {
        &self.options
    }

    /// The `Authorization` header that gets a token.
    pub(super) fn basic(&self) -> &str {
        &self.basic
    }

    pub(super) fn tokens(&self) -> MutexGuard<'_, Tokens> {
        lock(&self.tokens)
    }

    pub(super) fn store(&self) -> MutexGuard<'_, Store> {
        lock(&self.store)
    }

    pub(super) fn counter(&self) -> MutexGuard<'_, Counter> {
        lock(&self.counter)
    }

    pub(super) fn faults(&self) -> MutexGuard<'_, Faults> {
        lock(&self.faults)
    }

    /// Tells whether the rate limit lets one more API request in, and takes its place if so.
    pub(super) fn admit(&self) -> bool {
        self.options.rate_per_second.is_none_or(|limit| {
            lock(&self.admitted).admit(Instant::now(), usize::try_from(limit).unwrap_or(usize::MAX))
        })
    }

    /// Waits as long as the options let every answer wait.
    pub(super) async fn wait(&self) {
        let Options {
            latency,
            latency_jitter,
            ..
        } = self.options;
        if !(latency + latency_jitter).is_zero() {
            let jitter = self.faults().jitter(latency_jitter);
            tokio::time::sleep(latency + jitter).await;
        }
    }

    pub(super) fn tally(&self) -> Tally {
        let (customers_in_all, customers_created) = self.store().counts();
        Tally {
            customers_created,
            customers_in_all,
            ..self.counter().tally.clone()
        }
    }

    pub(super) fn records(&self) -> Vec<CustomerRecord> {
        self.store().records()
    }
}

/// Locks, whoever panicked before: the data behind these locks is whole after every statement.
fn lock<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}
