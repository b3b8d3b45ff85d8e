//! What a sandbox received and what it answered, counted.

use std::collections::{BTreeMap, HashSet};
use std::fmt;

use axum::http::Method;
use serde::Serialize;
use tokio::time::Instant;

use super::arrivals::Arrivals;
use super::window::Window;

/// How many request ids are remembered before noticing reuse starts afresh: 4 million take about 150 MB.
const REQUEST_IDS_REMEMBERED: usize = 1 << 22;

/// What a sandbox saw and did, at one moment.
#[derive(Clone, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Tally {
    /// Requests received, by kind.
    pub requests: RequestCounts,
    /// Answers sent, by status. A request whose client went away before its answer has none.
    pub answers: BTreeMap<u16, u64>,
    /// Requests whose connection was reset instead of answered.
    pub connections_reset: u64,
    /// Requests that met a fault on purpose, those with a reset connection included.
    pub faults: u64,
    /// The same by name: of a plan's entry, of its fault, or of a rate.
    pub faults_by_name: BTreeMap<String, u64>,
    /// Requests answered 429.
    pub rate_limited: u64,
    /// Distinct customers created by this process.
    pub customers_created: u64,
    /// Distinct customers there are, those from the state file included.
    pub customers_in_all: u64,
    /// Saved answers given again.
    pub replays: u64,
    /// Creates refused because the customer existed under another idempotency id; their replays count as replays.
    pub duplicates_refused: u64,
    /// The most requests in any window of one second, token requests included.
    pub peak_requests_per_second: u64,
    /// What a careful client never does.
    pub violations: Violations,
}

/// Requests received, by kind.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct RequestCounts {
    /// Requests to the token endpoint.
    pub token: u64,
    /// `POST /v1/customers`.
    pub create: u64,
    /// `GET /v1/customers/{id}`.
    pub read: u64,
    /// `GET /v1/customers`.
    pub list: u64,
    /// All others.
    pub other: u64,
}

/// What a careful client never does, and the API answers as if nothing were wrong.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, Serialize)]
pub struct Violations {
    /// Creates under a saved idempotency id with other bytes than the first; they got the saved answer.
    pub changed_bodies: u64,
    /// Requests with a request id that an earlier one carried.
    pub reused_request_ids: u64,
}

impl fmt::Display for Tally {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let RequestCounts {
            token,
            create,
            read,
            list,
            other,
        } = self.requests;
        let answers: Vec<String> = self
            .answers
            .iter()
            .map(|(status, count)| format!("{count} with status {status}"))
            .collect();
        let answers = if answers.is_empty() {
            "none".to_owned()
        } else {
            answers.join(", ")
        };
        let Violations {
            changed_bodies,
            reused_request_ids,
        } = self.violations;
        writeln!(
            formatter,
            "requests    {token} token, {create} create, {read} read, {list} list, {other} other"
        )?;
        writeln!(
            formatter,
            "answers     {answers}; {} connections reset",
            self.connections_reset
        )?;
        let by_name = self.faults_by_name.iter();
        let by_name: Vec<String> = by_name.map(|(name, count)| format!("{count} {name}")).collect();
        let by_name = if by_name.is_empty() {
            String::new()
        } else {
            format!(" ({})", by_name.join(", "))
        };
        writeln!(
            formatter,
            "faults      {} on purpose{by_name}, {} over the rate limit",
            self.faults, self.rate_limited
        )?;
        writeln!(
            formatter,
            "customers   {} created by this process, {} in all; {} replays, {} duplicates refused",
            self.customers_created, self.customers_in_all, self.replays, self.duplicates_refused
        )?;
        writeln!(
            formatter,
            "peak        {} requests in one second",
            self.peak_requests_per_second
        )?;
        write!(
            formatter,
            "violations  {changed_bodies} changed bodies under one idempotency id, {reused_request_ids} reused request ids"
        )
    }
}

/// The kinds of request that are told apart.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum RequestKind {
    /// To the token endpoint.
    Token,
    /// `POST /v1/customers`.
    Create,
    /// `GET /v1/customers/{id}`.
    Read,
    /// `GET /v1/customers`.
    List,
    /// Any other.
    Other,
}

impl RequestKind {
    /// All kinds.
    pub(super) const ALL: [RequestKind; 5] = [
        RequestKind::Token,
        RequestKind::Create,
        RequestKind::Read,
        RequestKind::List,
        RequestKind::Other,
    ];

    /// The kind with this name.
    pub(super) fn named(name: &str) -> Option<RequestKind> {
        RequestKind::ALL.into_iter().find(|kind| kind.name() == name)
    }

    pub(super) fn of(method: &Method, path: &str) -> RequestKind {
        match (method.as_str(), path) {
            ("POST", "/oauth2/token") => RequestKind::Token,
            ("POST", "/api/v1/customers") => RequestKind::Create,
            ("GET", "/api/v1/customers") => RequestKind::List,
            ("GET", path) => match path.strip_prefix("/api/v1/customers/") {
                Some(id) if !id.is_empty() && !id.contains('/') => RequestKind::Read,
                _ => RequestKind::Other,
            },
            _ => RequestKind::Other,
        }
    }

    pub(super) fn name(self) -> &'static str {
        match self {
            RequestKind::Token => "token",
            RequestKind::Create => "create",
            RequestKind::Read => "read",
            RequestKind::List => "list",
            RequestKind::Other => "other",
        }
    }
}

/// Counts while the sandbox runs. The two counts of customers are the store's and are added to a snapshot.
#[derive(Debug)]
pub(super) struct Counter {
    pub(super) tally: Tally,
    pub(super) arrivals: Arrivals,
    last_second: Window,
    request_ids: HashSet<u128>,
}

impl Counter {
    pub(super) fn new() -> Counter {
        Counter {
            tally: Tally::default(),
            arrivals: Arrivals::new(),
            last_second: Window::default(),
            request_ids: HashSet::new(),
        }
    }

    /// Counts a request as its head arrives.
    pub(super) fn arrive(&mut self, kind: RequestKind, now: Instant) {
        let counts = &mut self.tally.requests;
        let count = match kind {
            RequestKind::Token => &mut counts.token,
            RequestKind::Create => &mut counts.create,
            RequestKind::Read => &mut counts.read,
            RequestKind::List => &mut counts.list,
            RequestKind::Other => &mut counts.other,
        };
        *count += 1;
        self.arrivals.add(kind, now);
        let in_second = self.last_second.add(now) as u64;
        self.tally.peak_requests_per_second = self.tally.peak_requests_per_second.max(in_second);
    }

    /// Counts a fault by its name.
    pub(super) fn note_fault(&mut self, name: &str) {
        self.tally.faults += 1;
        match self.tally.faults_by_name.get_mut(name) {
            Some(count) => *count += 1,
            None => drop(self.tally.faults_by_name.insert(name.to_owned(), 1)),
        }
    }

    /// Notices a request id, given as its fingerprint, that came before.
    pub(super) fn note_request_id(&mut self, fingerprint: u128) {
        if self.request_ids.len() >= REQUEST_IDS_REMEMBERED {
            self.request_ids.clear();
        }
        if !self.request_ids.insert(fingerprint) {
            self.tally.violations.reused_request_ids += 1;
        }
    }

    /// Counts what became of a request: its status, or none when the connection is reset.
    pub(super) fn leave(&mut self, status: Option<u16>) {
        match status {
            Some(status) => *self.tally.answers.entry(status).or_default() += 1,
            None => self.tally.connections_reset += 1,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn requests_are_told_apart_by_method_and_path() {
        fn check(method: &Method, path: &str, expected: RequestKind) {
            assert_eq!(RequestKind::of(method, path), expected, "{method} {path}");
        }
        check(&Method::POST, "/oauth2/token", RequestKind::Token);
        check(&Method::GET, "/oauth2/token", RequestKind::Other);
        check(&Method::POST, "/api/v1/customers", RequestKind::Create);
        check(&Method::PUT, "/api/v1/customers", RequestKind::Other);
        check(&Method::GET, "/api/v1/customers", RequestKind::List);
        check(&Method::GET, "/api/v1/customers/a%2Fb", RequestKind::Read);
        check(&Method::GET, "/api/v1/customers/", RequestKind::Other);
        check(&Method::GET, "/api/v1/customers/a/individuals", RequestKind::Other);
        check(&Method::POST, "/v1/customers", RequestKind::Other);
    }

    #[tokio::test(start_paused = true)]
    async fn the_peak_counts_every_request() {
        let now = Instant::now();
        let mut counter = Counter::new();
        for kind in [
            RequestKind::Create,
            RequestKind::Token,
            RequestKind::Read,
            RequestKind::Other,
        ] {
            counter.arrive(kind, now);
        }
        counter.arrive(RequestKind::List, now + std::time::Duration::from_secs(1));
        assert_eq!(counter.tally.peak_requests_per_second, 4);
        assert_eq!(
            counter.tally.requests,
            RequestCounts {
                token: 1,
                create: 1,
                read: 1,
                list: 1,
                other: 1
            }
        );
    }

    #[test]
    fn a_request_id_seen_before_is_a_violation() {
        let mut counter = Counter::new();
        for id in [1, 2, 1, 3, 1] {
            counter.note_request_id(id);
        }
        assert_eq!(counter.tally.violations.reused_request_ids, 2);
    }

    #[test]
    fn the_summary_is_short_and_complete() {
        let tally = Tally {
            requests: RequestCounts {
                token: 1,
                create: 12,
                read: 2,
                list: 3,
                other: 4,
            },
            answers: BTreeMap::from([(200, 9), (500, 1)]),
            connections_reset: 5,
            faults: 6,
            faults_by_name: BTreeMap::from([("outage".to_owned(), 2), ("reset".to_owned(), 4)]),
            rate_limited: 7,
            customers_created: 8,
            customers_in_all: 19,
            replays: 10,
            duplicates_refused: 11,
            peak_requests_per_second: 21,
            violations: Violations {
                changed_bodies: 13,
                reused_request_ids: 14,
            },
        };
        insta::assert_snapshot!(tally.to_string(), @"
        requests    1 token, 12 create, 2 read, 3 list, 4 other
        answers     9 with status 200, 1 with status 500; 5 connections reset
        faults      6 on purpose (2 outage, 4 reset), 7 over the rate limit
        customers   8 created by this process, 19 in all; 10 replays, 11 duplicates refused
        peak        21 requests in one second
        violations  13 changed bodies under one idempotency id, 14 reused request ids
        ");
        let json = serde_json::to_value(&tally).unwrap();
        assert_eq!(json["answers"]["500"], 1, "a status is a key: {json}");
    }
}
