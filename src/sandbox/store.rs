//! The customers, and the answers saved under idempotency ids.
//!
//! Everything that changes goes through [`Store::settle`], which decides under one lock: two simultaneous requests with
//! the same idempotency id come one after the other, and the second gets the saved answer of the first. An effect is
//! appended to the state file before it is applied, and a start applies the file's effects through the same function.

use std::collections::HashMap;
use std::path::Path;
use std::sync::Arc;

use serde_json::Value;

use super::answers::Problem;
use super::options::Saved;
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
    Created { customer_id: Arc<str> },
    Duplicate { customer_id: Arc<str>, status: u16 },
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
    saved_answers: Saved,
    duplicate_status: u16,
}

impl Store {
    /// Makes a store, with what the state file holds if there is one.
    pub(super) fn open(state: Option<&Path>, saved: Saved, duplicate_status: u16) -> Result<Self, StateFileError> {
        let mut store = Store {
            customers: Vec::new(),
            by_customer_id: HashMap::new(),
            saved: HashMap::new(),
            file: None,
            loaded: 0,
            saved_answers: saved,
            duplicate_status,
        };
        if let Some(path) = state {
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
        let at = jiff::Timestamp::now().to_string();
        let idempotency_id = idempotency_id.to_owned();
        let effect = match self.by_customer_id.get_key_value(checked.id.as_str()) {
            Some((customer_id, _)) if self.saved_answers == Saved::SuccessesOnly => {
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
        if let Some(file) = &mut self.file {
            file.append(&effect)?;
        }
        Ok(Settled::Fresh(self.apply(effect)))
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
        (in_all as u64, (in_all - self.loaded) as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::sandbox::payload;

    /// Settles a create of an individual, whose name makes the body another one.
    fn create(store: &mut Store, idempotency_id: &str, customer_id: &str, name: &str) -> Settled {
        let body = serde_json::json!({
            "id": customer_id, "customer_type": "INDIVIDUAL", "first_name": name, "last_name": "Lovelace",
        });
        let body = body.to_string().into_bytes();
        store
            .settle(idempotency_id, Fingerprint::of(&body), payload::check(&body))
            .unwrap()
    }

    fn created(customer_id: &str) -> Answer {
        Answer::Created {
            customer_id: customer_id.into(),
        }
    }

    fn duplicate(customer_id: &str, status: u16) -> Answer {
        Answer::Duplicate {
            customer_id: customer_id.into(),
            status,
        }
    }

    fn memory(saved: Saved) -> Store {
        Store::open(None, saved, 409).unwrap()
    }

    #[test]
    fn a_replay_gets_the_saved_answer_and_has_no_effect() {
        let mut store = memory(Saved::EveryValidAnswer);
        assert_eq!(create(&mut store, "i1", "c1", "Ada"), Settled::Fresh(created("c1")));
        let same = Settled::Replay {
            answer: created("c1"),
            changed_body: false,
        };
        assert_eq!(create(&mut store, "i1", "c1", "Ada"), same);
        let changed = Settled::Replay {
            answer: created("c1"),
            changed_body: true,
        };
        assert_eq!(
            create(&mut store, "i1", "c2", "Ada"),
            changed,
            "not even with another customer"
        );
        assert_eq!(
            store.records(),
            [CustomerRecord {
                customer_id: "c1".into(),
                idempotency_id: "i1".into(),
                creates: 1,
                replays: 2
            }]
        );
    }

    #[test]
    fn a_refused_duplicate_is_saved_or_not_as_told() {
        fn check(saved: Saved, second: &Settled) {
            let mut store = memory(saved);
            create(&mut store, "i1", "c1", "Ada");
            assert_eq!(
                create(&mut store, "i2", "c1", "Ada"),
                Settled::Fresh(duplicate("c1", 409))
            );
            assert_eq!(create(&mut store, "i2", "c1", "Ada"), *second);
            assert_eq!(store.counts(), (1, 1));
        }
        let replay = Settled::Replay {
            answer: duplicate("c1", 409),
            changed_body: false,
        };
        check(Saved::EveryValidAnswer, &replay);
        check(Saved::SuccessesOnly, &Settled::Fresh(duplicate("c1", 409)));
    }

    #[test]
    fn an_invalid_request_is_not_saved() {
        let mut store = memory(Saved::EveryValidAnswer);
        assert!(matches!(create(&mut store, "i1", "c1", ""), Settled::Invalid(_)));
        assert_eq!(create(&mut store, "i1", "c1", "Ada"), Settled::Fresh(created("c1")));
    }

    #[test]
    fn effects_and_saved_answers_outlive_the_process() {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("state.jsonl");
        let open = || Store::open(Some(&path), Saved::EveryValidAnswer, 400).unwrap();
        let mut first = open();
        create(&mut first, "i1", "c1", "Ada");
        create(&mut first, "i2", "c1", "Ada");
        drop(first);
        let mut second = open();
        assert_eq!(second.counts(), (1, 0));
        let saved = |answer| Settled::Replay {
            answer,
            changed_body: false,
        };
        assert_eq!(create(&mut second, "i1", "c1", "Ada"), saved(created("c1")));
        assert_eq!(create(&mut second, "i2", "c1", "Ada"), saved(duplicate("c1", 400)));
        create(&mut second, "i3", "c3", "Grace");
        assert_eq!(second.counts(), (2, 1));
        assert_eq!(second.customer("c1").unwrap()["first_name"], "Ada");
    }

    #[test]
    fn pages_are_cut_after_filtering() {
        let mut store = memory(Saved::EveryValidAnswer);
        for number in 0..5 {
            create(&mut store, &format!("i{number}"), &format!("c{number}"), "Ada");
        }
        let ids = |filter, page, page_size| {
            let page = store.page(filter, page, page_size);
            (
                page.customers.iter().map(|(id, _)| id.clone()).collect::<Vec<_>>(),
                page.in_all,
            )
        };
        let all = Filter::default();
        assert_eq!(ids(all, 0, 2), (vec!["c0".to_owned(), "c1".to_owned()], 5));
        assert_eq!(ids(all, 2, 2), (vec!["c4".to_owned()], 5));
        assert_eq!(ids(all, usize::MAX, 2), (vec![], 5));
        let corporations = Filter {
            customer_type: Some(CustomerType::Corporation),
            nobody: false,
        };
        assert_eq!(ids(corporations, 0, 2), (vec![], 0));
        assert_eq!(ids(Filter { nobody: true, ..all }, 0, 2), (vec![], 0));
    }
}
