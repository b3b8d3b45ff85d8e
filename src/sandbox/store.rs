//! The customers, and the answers saved under idempotency ids.
//!
//! Everything that changes goes through [`Store::settle`], which decides under one lock: two simultaneous requests with
//! the same idempotency id come one after the other, and the second gets the saved answer of the first. An effect is
//! appended to the state file before it is applied, and a start applies the file's effects through the same function.

use std::collections::HashMap;
use std::sync::Arc;

use serde_json::Value;

use super::answers::Problem;
use super::options::{Options, ServerKind};
use super::payload::Checked;
use super::rules::CustomerType;
use super::state_file::{Effect, Fingerprint, StateFile, StateFileError};

/// What the sandbox holds of one customer: the record that tests assert on.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct CustomerRecord {
    /// The client's own id.
    pub customer_id: String,
    /// The idempotency id under which the customer was created.
    pub idempotency_id: String,
    /// How many times a create took effect, by the state file's account where there is one; anything but 1 is a defect
    /// of the sandbox.
    pub creates: u64,
    /// How many times this process gave the saved answer to that create again.
    pub replays: u64,
}

#[derive(Debug)]
struct Customer {
    record: CustomerRecord,
    kind: CustomerType,
    payload: Box<str>,
}

/// An answer to a valid create.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Answer {
    Created {
        customer_id: Arc<str>,
    },
    Duplicate {
        customer_id: Arc<str>,
        status: u16,
    },
    /// The service failed, and will say so for ever.
    Failed {
        status: u16,
    },
    /// The idempotency id was used by a try that failed.
    Burned {
        status: u16,
    },
}

#[derive(Debug)]
struct SavedAnswer {
    body: Fingerprint,
    answer: Answer,
}

/// How a create ended.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Settled {
    /// It was valid and new.
    Fresh(Answer),
    /// Its idempotency id had an answer already.
    Replay { answer: Answer, changed_body: bool },
    /// It was new and broke rules.
    Invalid(Vec<Problem>),
}

/// Which customers a list shows.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Filter {
    pub(super) customer_type: Option<CustomerType>,
    /// Lists nobody: a filter on a status no customer of the sandbox has.
    pub(super) nobody: bool,
}

/// One page of a list.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Page {
    pub(super) customers: Vec<(String, CustomerType)>,
    /// How many customers all pages hold.
    pub(super) in_all: usize,
}

/// The customers in the order of their creation, and the saved answers.
#[derive(Debug)]
pub(super) struct Store {
    customers: Vec<Customer>,
    by_customer_id: HashMap<Arc<str>, usize>,
    saved: HashMap<Box<str>, SavedAnswer>,
    file: Option<StateFile>,
    loaded: usize,
    removed: usize,
    kind: ServerKind,
    duplicate_status: u16,
    burned_status: u16,
}

impl Store {
    /// Makes a store, with what the state file holds if there is one.
    pub(super) fn open(options: &Options) -> Result<Self, StateFileError> {
        let mut store = Store {
            customers: Vec::new(),
            by_customer_id: HashMap::new(),
            saved: HashMap::new(),
            file: None,
            loaded: 0,
            removed: 0,
            kind: options.kind,
            duplicate_status: options.duplicate_status,
            burned_status: options.burned_status,
        };
        if let Some(path) = &options.state {
            let file = StateFile::open(path, |effect| drop(store.apply(effect)))?;
            store.file = Some(file);
            store.loaded = store.customers.len();
        }
        Ok(store)
    }

    /// Settles a create: gives the saved answer, or refuses, or creates the customer.
    pub(super) fn settle(
        &mut self,
        idempotency_id: &str,
        body: Fingerprint,
        checked: Result<Checked, Vec<Problem>>,
    ) -> Result<Settled, StateFileError> {
        if let Some(saved) = self.saved.get(idempotency_id) {
            let (answer, changed_body) = (saved.answer.clone(), saved.body != body);
            self.count_replay(&answer);
            return Ok(Settled::Replay { answer, changed_body });
        }
        let checked = match checked {
            Ok(checked) => checked,
            Err(problems) => return Ok(Settled::Invalid(problems)),
        };
        let at = self.now();
        let idempotency_id = idempotency_id.to_owned();
        let effect = match self.by_customer_id.get_key_value(checked.id.as_str()) {
            Some((customer_id, _)) if self.kind != ServerKind::SavesAll => {
                let customer_id = Arc::clone(customer_id);
                return Ok(Settled::Fresh(Answer::Duplicate {
                    customer_id,
                    status: self.duplicate_status,
                }));
            }
            Some(_) => Effect::Refused {
                at,
                idempotency_id,
                body_fingerprint: body,
                customer_id: checked.id,
                status: self.duplicate_status,
            },
            None => Effect::Created {
                at,
                idempotency_id,
                body_fingerprint: body,
                customer_id: checked.id,
                customer_type: checked.customer_type,
                customer: checked.customer,
            },
        };
        self.keep(effect).map(Settled::Fresh)
    }

    /// Whether an answer is saved under this idempotency id.
    pub(super) fn knows(&self, idempotency_id: &str) -> bool {
        self.saved.contains_key(idempotency_id)
    }

    /// Saves for ever that the service failed, whatever was saved before.
    pub(super) fn save_failure(&mut self, idempotency_id: &str, body_fingerprint: Fingerprint, status: u16) {
        let effect = Effect::Failed {
            at: self.now(),
            idempotency_id: idempotency_id.to_owned(),
            body_fingerprint,
            status,
        };
        self.keep_if_possible(effect);
    }

    /// Refuses every later create under this idempotency id, whatever was saved before.
    pub(super) fn burn(&mut self, idempotency_id: &str, body_fingerprint: Fingerprint) {
        if idempotency_id.is_empty() {
            return;
        }
        let effect = Effect::Burned {
            at: self.now(),
            idempotency_id: idempotency_id.to_owned(),
            body_fingerprint,
            status: self.burned_status,
        };
        self.keep_if_possible(effect);
    }

    /// The time for the state file. Without one nobody reads it, and a simulation has no use for the day it is made.
    fn now(&self) -> String {
        self.file
            .as_ref()
            .map_or_else(String::new, |_| jiff::Timestamp::now().to_string())
    }

    /// Appends an effect to the file, and then applies it.
    fn keep(&mut self, effect: Effect) -> Result<Answer, StateFileError> {
        if let Some(file) = &mut self.file {
            file.append(&effect)?;
        }
        Ok(self.apply(effect))
    }

    fn keep_if_possible(&mut self, effect: Effect) {
        if let Err(error) = self.keep(effect) {
            tracing::error!(error = &error as &dyn std::error::Error, "an effect was not kept");
        }
    }

    fn apply(&mut self, effect: Effect) -> Answer {
        match effect {
            Effect::Created {
                idempotency_id,
                body_fingerprint,
                customer_id,
                customer_type,
                customer,
                at: _,
            } => {
                let index = self.customers.len();
                let id: Arc<str> = customer_id.as_str().into();
                let index = *self.by_customer_id.entry(Arc::clone(&id)).or_insert(index);
                let answer = self.save(&idempotency_id, body_fingerprint, Answer::Created { customer_id: id });
                if let Some(customer) = self.customers.get_mut(index) {
                    customer.record.creates += 1;
                } else {
                    let payload = customer.to_string().into_boxed_str();
                    let record = CustomerRecord {
                        customer_id,
                        idempotency_id,
                        creates: 1,
                        replays: 0,
                    };
                    self.customers.push(Customer {
                        record,
                        kind: customer_type,
                        payload,
                    });
                }
                answer
            }
            Effect::Refused {
                idempotency_id,
                body_fingerprint,
                customer_id,
                status,
                at: _,
            } => {
                let answer = Answer::Duplicate {
                    customer_id: customer_id.into(),
                    status,
                };
                self.save(&idempotency_id, body_fingerprint, answer)
            }
            Effect::Failed {
                idempotency_id,
                body_fingerprint,
                status,
                at: _,
            } => self.save(&idempotency_id, body_fingerprint, Answer::Failed { status }),
            Effect::Burned {
                idempotency_id,
                body_fingerprint,
                status,
                at: _,
            } => self.save(&idempotency_id, body_fingerprint, Answer::Burned { status }),
        }
    }

    fn save(&mut self, idempotency_id: &str, body: Fingerprint, answer: Answer) -> Answer {
        self.saved.insert(
            idempotency_id.into(),
            SavedAnswer {
                body,
                answer: answer.clone(),
            },
        );
        answer
    }

    fn count_replay(&mut self, answer: &Answer) {
        if let Answer::Created { customer_id } = answer
            && let Some(&index) = self.by_customer_id.get(customer_id)
            && let Some(customer) = self.customers.get_mut(index)
        {
            customer.record.replays += 1;
        }
    }

    /// Loses a customer, as if somebody had deleted him; says whether he was there. The state file still has him, and so
    /// has the answer saved under his idempotency id.
    pub(super) fn remove(&mut self, customer_id: &str) -> bool {
        let Some(index) = self.by_customer_id.remove(customer_id) else {
            return false;
        };
        self.customers.remove(index);
        self.removed += 1;
        for other in self.by_customer_id.values_mut().filter(|other| **other > index) {
            *other -= 1;
        }
        true
    }

    /// Changes what is kept of a customer, as if somebody had done it by hand; says whether he was there. The state file
    /// keeps what it has.
    pub(super) fn alter(&mut self, customer_id: &str, change: impl FnOnce(&mut Value)) -> bool {
        let index = self.by_customer_id.get(customer_id).copied();
        let Some(customer) = index.and_then(|index| self.customers.get_mut(index)) else {
            return false;
        };
        let mut payload = serde_json::from_str(&customer.payload).unwrap_or_default();
        change(&mut payload);
        customer.payload = payload.to_string().into_boxed_str();
        true
    }

    /// The payload of a customer, as it was sent.
    pub(super) fn customer(&self, customer_id: &str) -> Option<Value> {
        let customer = self.customers.get(*self.by_customer_id.get(customer_id)?)?;
        serde_json::from_str(&customer.payload).ok()
    }

    /// One page of the customers, oldest first.
    pub(super) fn page(&self, filter: Filter, page: usize, page_size: usize) -> Page {
        let shown =
            |customer: &&Customer| !filter.nobody && filter.customer_type.is_none_or(|wanted| wanted == customer.kind);
        let customers = self
            .customers
            .iter()
            .filter(shown)
            .skip(page.saturating_mul(page_size))
            .take(page_size)
            .map(|customer| (customer.record.customer_id.clone(), customer.kind))
            .collect();
        Page {
            customers,
            in_all: self.customers.iter().filter(shown).count(),
        }
    }

    /// Every customer, oldest first.
    pub(super) fn records(&self) -> Vec<CustomerRecord> {
        self.customers.iter().map(|customer| customer.record.clone()).collect()
    }

    /// How many customers there are, and how many of them this process created.
    pub(super) fn counts(&self) -> (u64, u64) {
        let in_all = self.customers.len();
        (in_all as u64, (in_all + self.removed - self.loaded) as u64)
    }
}

#[cfg(test)]
mod tests;
