//! What all requests share: the options, and one lock for each thing that changes.
//!
//! The locks are held for a few microseconds and never across an await. Writing a line of the state file happens under
//! the store's lock: it goes to the operating system's cache, and one effect must be kept before the next is decided.

use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use tokio::sync::Notify;
use tokio::time::Instant;

use super::faults::Faults;
use super::options::Options;
use super::plan::FaultPlan;
use super::rates::FaultRates;
use super::server::SandboxError;
use super::store::{CustomerRecord, Store};
use super::tally::{Counter, Tally};
use super::token::{Tokens, basic};
use super::window::Window;

/// How often the plan is asked whether the sandbox listens, if it has outages: outages are told in hundredths of a second.
const DOOR_PERIOD: Duration = Duration::from_millis(5);

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
    plan_changed: Notify,
}

impl Desk {
    /// Opens the state file if there is one. `source` tells this sandbox's tokens from those of any other.
    pub(super) fn open(options: Options, source: &str) -> Result<Self, SandboxError> {
        if let Some(problem) = options.problem() {
            return Err(SandboxError::Options { problem });
        }
        let store = Store::open(&options)?;
        let plan = options.plan.clone();
        let faults = Faults::new(plan, options.faults, options.token_faults, options.seed);
        Ok(Desk {
            basic: basic(&options.client_id, &options.client_secret),
            tokens: Mutex::new(Tokens::new(source)),
            store: Mutex::new(store),
            counter: Mutex::new(Counter::new()),
            faults: Mutex::new(faults),
            plan_changed: Notify::new(),
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

    /// Changes what goes wrong with API requests from now on.
    pub(super) fn set_faults(&self, faults: FaultRates) -> Result<(), SandboxError> {
        if let Some(problem) = faults.problem() {
            return Err(SandboxError::Options {
                problem: format!("faults: {problem}"),
            });
        }
        self.faults().set_rates(faults);
        Ok(())
    }

    /// Begins another plan.
    pub(super) fn set_plan(&self, plan: FaultPlan) -> Result<(), SandboxError> {
        plan.check().map_err(|error| SandboxError::Options {
            problem: error.to_string(),
        })?;
        self.faults().set_plan(plan);
        self.plan_changed.notify_one();
        Ok(())
    }

    /// Ends when the door may have to be opened or closed: soon if the plan has outages, else with another plan.
    pub(super) async fn door_may_change(&self) {
        let has_outages = self.faults().has_outages();
        let changed = self.plan_changed.notified();
        if has_outages {
            tokio::time::timeout(DOOR_PERIOD, changed).await.ok();
        } else {
            changed.await;
        }
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
