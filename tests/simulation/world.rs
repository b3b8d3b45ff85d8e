//! The world of one simulation: the sandbox, the ledger on its disk, and a record of everything that was seen.
//!
//! It writes down and counts. What it sees that must never be, it notes as a breach by `judge`'s rules. It decides
//! nothing at random but what the network does.

use std::collections::{BTreeMap, BTreeSet};
use std::hash::{DefaultHasher, Hash, Hasher};
use std::sync::{Mutex, MutexGuard};
use std::time::Duration;

use bytes::Bytes;
use fastrand::Rng;
use http::{HeaderValue, Request};
use rollcall::model::row::Row;
use rollcall::model::row_state::RowState;
use rollcall::sandbox::{FaultPlan, InProcess};
use serde_json::Value;
use tokio::time::Instant;

use crate::case::{Case, Kind, Network};
use crate::judge::{Breach, Rule};
use crate::ledger::Ledger;

/// Events that are printed with a failure, at most: before its first breach, and after it.
const EVENTS_BEFORE: usize = 60;
const EVENTS_AFTER: usize = 15;

pub(crate) struct World {
    pub(crate) sandbox: InProcess,
    pub(crate) rows: Vec<Row>,
    pub(crate) kinds: Vec<Kind>,
    pub(crate) strange_words: bool,
    began: Instant,
    inner: Mutex<Inner>,
}

pub(crate) struct Inner {
    pub(crate) rng: Rng,
    pub(crate) network: Network,
    pub(crate) ledger: Ledger,
    pub(crate) seen: Vec<Seen>,
    pub(crate) departures: Vec<Departure>,
    /// Requests that left and have not ended at the service.
    pub(crate) under_way: usize,
    /// The number of the process that lives.
    pub(crate) life: u32,
    pub(crate) weather: Weather,
    /// Rows claimed, requests for rows, and those of them of which the service said that it did nothing.
    pub(crate) claims: u64,
    pub(crate) row_requests: u64,
    pub(crate) held_off: u64,
    /// Rows given back because the service said falsely that it did nothing.
    pub(crate) misled: u64,
    pub(crate) breaches: Vec<Breach>,
    numbers: BTreeMap<String, usize>,
    events: Option<Vec<Event>>,
    hash: DefaultHasher,
}

/// What there is to stop for.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Weather {
    /// Since before the process started nothing goes wrong any more.
    pub(crate) calm: bool,
    /// Tokens may end before their time.
    pub(crate) tokens_end: bool,
}

/// What was seen of a row.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    pub(crate) ids: BTreeSet<String>,
    pub(crate) bodies: BTreeSet<Bytes>,
    pub(crate) under_way: u32,
    /// Whether any answer since its last claim was not clear.
    pub(crate) troubled: bool,
    /// Whether the service ever said 503 with `Retry-After`: by the contract it did nothing then.
    pub(crate) told_to_wait: bool,
    /// Whether the ledger forgot that it was sent.
    pub(crate) forgotten: bool,
    /// Whether it was ever created or existing, or refused, before the eyes of the user.
    pub(crate) shown: Option<RowState>,
}

/// A request that left its process.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Departure {
    pub(crate) at: Duration,
    pub(crate) life: u32,
}

#[derive(Debug)]
struct Event {
    at: Duration,
    row: Option<usize>,
    text: String,
}

impl World {
    pub(crate) fn new(case: &Case, recorded: bool) -> World {
        let (options, rows) = (case.options(), case.rows());
        let numbers = rows.iter().enumerate();
        let numbers = numbers.map(|(number, row)| (row.customer_id.clone(), number)).collect();
        let inner = Inner {
            rng: Rng::with_seed(options.seed),
            network: Network::default(),
            ledger: Ledger::new(rows.len()),
            seen: rows.iter().map(|_| Seen::default()).collect(),
            departures: Vec::new(),
            under_way: 0,
            life: 0,
            weather: Weather::default(),
            claims: 0,
            row_requests: 0,
            held_off: 0,
            misled: 0,
            breaches: Vec::new(),
            numbers,
            events: recorded.then(Vec::new),
            hash: DefaultHasher::new(),
        };
        World {
            sandbox: InProcess::open(options).unwrap(),
            rows,
            kinds: case.kinds.clone(),
            strange_words: case.server.strange_words,
            began: Instant::now(),
            inner: Mutex::new(inner),
        }
    }

    pub(crate) fn now(&self) -> Duration {
        self.began.elapsed()
    }

    pub(crate) fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap()
    }

    /// Writes down what happened.
    pub(crate) fn note(&self, row: Option<usize>, text: impl FnOnce() -> String) {
        let at = self.now();
        let mut inner = self.inner();
        if inner.events.is_some() {
            let text = text();
            (at, row, &text).hash(&mut inner.hash);
            inner.events.get_or_insert_default().push(Event { at, row, text });
        }
    }

    /// Writes down what must not be.
    pub(crate) fn breach(&self, rule: Rule, row: Option<usize>, what: impl Into<String>) {
        let what = what.into();
        self.note(row, || format!("BREACH {rule:?}: {what}"));
        self.inner().breaches.push(Breach { rule, row, what });
    }

    /// The faults of the network, or its calm.
    pub(crate) fn set_network(&self, network: Network) {
        self.inner().network = network;
    }

    /// From now on nothing goes wrong any more, save what is on its way.
    pub(crate) fn calm_down(&self) {
        let calm = self.inner().network.calm();
        self.set_network(calm);
        self.sandbox.set_plan(FaultPlan::default()).unwrap();
        self.note(None, || String::from("the faults end"));
    }

    /// Which row a request is for; `None` for tokens.
    pub(crate) fn row_of(&self, request: &Request<Bytes>) -> Option<usize> {
        let id = match request.uri().path().strip_prefix("/api/v1/customers") {
            Some("") => {
                let body: Value = serde_json::from_slice(request.body()).unwrap_or_default();
                body.get("id")?.as_str()?.to_owned()
            }
            Some(path) => path.trim_start_matches('/').to_owned(),
            None => return None,
        };
        self.inner().numbers.get(&id).copied()
    }

    /// A number of at most `most`, drawn evenly.
    pub(crate) fn draw(&self, most: Duration) -> Duration {
        most.mul_f64(self.inner().rng.f64())
    }

    /// A hash of everything that happened.
    pub(crate) fn hash(&self) -> u64 {
        self.inner().hash.finish()
    }

    /// What happened to a row and to all, around the first breach.
    pub(crate) fn story(&self, row: Option<usize>) -> String {
        let inner = self.inner();
        let events = inner.events.iter().flatten();
        let about: Vec<&Event> = events
            .filter(|event| row.is_none() || event.row == row || event.row.is_none())
            .collect();
        let breach = about.iter().position(|event| event.text.starts_with("BREACH"));
        let breach = breach.unwrap_or(about.len());
        let from = breach.saturating_sub(EVENTS_BEFORE);
        let until = about.len().min(breach + EVENTS_AFTER);
        let lines = about[from..until].iter().map(|event| {
            let row = event.row.map_or(String::new(), |row| format!("row {row}: "));
            format!("  {:>12.3} s  {row}{}\n", event.at.as_secs_f64(), event.text)
        });
        lines.collect()
    }

    /// Asks the service itself, with no faults on the way: the status of a create under these bytes and this id.
    pub(crate) async fn ask(&self, payload: Bytes, idempotency_id: &str) -> u16 {
        let token = Request::post("/oauth2/token?grant_type=client_credentials&scope=customers:read+customers:write")
            .header("authorization", "Basic c2FuZGJveDpzYW5kYm94")
            .header("accept", "application/json")
            .header("content-type", "application/x-www-form-urlencoded")
            .body(Bytes::new())
            .unwrap();
        let answer = self.sandbox.call(token).await.unwrap();
        let body = axum::body::to_bytes(answer.into_body(), 65_536).await.unwrap();
        let body: Value = serde_json::from_slice(&body).unwrap();
        let bearer = format!("Bearer {}", body["access_token"].as_str().unwrap());
        let create = Request::post("/api/v1/customers")
            .header("authorization", HeaderValue::try_from(bearer).unwrap())
            .header(
                "x-l2f-request-id",
                format!("question-{}-{}", self.now().as_nanos(), fastrand::u64(..)),
            )
            .header("x-l2f-idempotency-id", idempotency_id)
            .header("content-type", "application/json")
            .body(payload)
            .unwrap();
        self.sandbox.call(create).await.unwrap().status().as_u16()
    }
}
