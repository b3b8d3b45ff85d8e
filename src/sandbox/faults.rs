//! What goes wrong: one function, [`Faults::decide`], says it for each request.
//!
//! Who is struck depends on the seed, on what is asked and on how often it was asked before. So a concurrent client
//! meets the same faults in every run, in whatever order its requests arrive; only times and numbers of requests, where
//! a plan names them, depend on when they arrive. This file decides; `service` does it.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::Instant;

use super::capacity::Gate;
use super::plan::{DuplicateStyle, Fault, FaultEntry, FaultPlan};
use super::quota::Quota;
use super::rates::{self, FaultRates};
use super::tally::RequestKind;

/// How many different requests are told apart before the count of repetitions starts afresh: 4 million take about
/// 100 MB, and no test asks for more.
const REQUESTS_REMEMBERED: usize = 1 << 22;

/// What a decision is made on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    pub(super) kind: RequestKind,
    /// What stays the same when the request is repeated: the idempotency id of a create, the path of a read.
    pub(super) key: &'a str,
}

/// What happens to one request.
#[derive(Debug, Default)]
pub(super) struct Verdict {
    /// The fault that strikes, and what the tally calls it.
    pub(super) fault: Option<(Arc<str>, Arc<Fault>)>,
    /// Where the request must find a place first.
    pub(super) gates: Vec<(Arc<str>, Arc<Gate>)>,
    /// How a duplicate is refused.
    pub(super) duplicate: Option<(Arc<str>, Arc<DuplicateStyle>)>,
    /// Headers of the answer.
    pub(super) headers: Vec<(&'static str, String)>,
}

/// Where an entry acts.
#[derive(Debug)]
enum Role {
    Strikes(Arc<Fault>),
    Gate(Arc<Gate>),
    Duplicate(Arc<DuplicateStyle>),
    Quota(Quota),
}

#[derive(Debug)]
struct Prepared {
    entry: FaultEntry,
    title: Arc<str>,
    role: Role,
    /// Mixed into every draw, so that two entries strike different requests.
    salt: u64,
}

impl Prepared {
    #[expect(clippy::wildcard_enum_match_arm, reason = "whatever has no part of its own strikes")]
    fn of((index, entry): (usize, FaultEntry)) -> Prepared {
        let role = match &entry.fault {
            Fault::Capacity(step) => Role::Gate(Arc::new(Gate::new(step.clone()))),
            Fault::Duplicate(style) => Role::Duplicate(Arc::new(style.clone())),
            Fault::RateLimit(headers) => Role::Quota(Quota::new(headers.clone())),
            fault => Role::Strikes(Arc::new(fault.clone())),
        };
        Prepared {
            title: entry.title().into(),
            role,
            salt: index as u64 + 1,
            entry,
        }
    }

    fn holds(&self, moment: &Moment) -> bool {
        let entry = &self.entry;
        let asked = moment.counts.of(&entry.on);
        (entry.on.is_empty() || entry.on.contains(&moment.kind))
            && holds_at(entry, moment.seconds)
            && entry.from_request.is_none_or(|first| asked >= first)
            && entry.until_request.is_none_or(|last| asked <= last)
            && entry.tries.is_none_or(|tries| moment.before < tries)
            && (entry.share >= 1.0 || moment.draw(self.salt) < entry.share)
    }

    /// Whether it takes the whole service off the network, and not some requests.
    fn is_outage(&self) -> bool {
        let FaultEntry {
            on,
            from_request,
            until_request,
            tries,
            share,
            fault,
            ..
        } = &self.entry;
        matches!(fault, Fault::Refuse {})
            && on.is_empty()
            && *share >= 1.0
            && from_request.or(*until_request).or(*tries).is_none()
    }
}

fn holds_at(entry: &FaultEntry, seconds: f64) -> bool {
    seconds >= entry.from && entry.until.is_none_or(|until| seconds < until)
}

/// How many requests of each kind were asked.
#[derive(Clone, Copy, Debug, Default)]
struct Counts([u64; RequestKind::ALL.len()]);

impl Counts {
    fn add(&mut self, kind: RequestKind) {
        for (count, of) in self.0.iter_mut().zip(RequestKind::ALL) {
            *count += u64::from(of == kind);
        }
    }

    fn of(&self, kinds: &[RequestKind]) -> u64 {
        let meant = |kind| kinds.is_empty() || kinds.contains(&kind);
        let counted = self.0.iter().zip(RequestKind::ALL);
        counted.filter(|(_, kind)| meant(*kind)).map(|(count, _)| count).sum()
    }
}

/// What the entries are held against.
struct Moment {
    kind: RequestKind,
    seconds: f64,
    counts: Counts,
    seed: u64,
    identity: u64,
    before: u64,
}

impl Moment {
    /// A number from 0 to 1 that only the seed, the request and its repetition decide.
    fn draw(&self, salt: u64) -> f64 {
        let numbers = [self.seed, self.identity, self.before, salt];
        fastrand::Rng::with_seed(fnv_1a(numbers.into_iter().flat_map(u64::to_le_bytes))).f64()
    }
}

/// Decides on each request, and remembers how often each was asked.
#[derive(Debug)]
pub(super) struct Faults {
    plan: Vec<Prepared>,
    began: Instant,
    rates: FaultRates,
    token_rates: FaultRates,
    seed: u64,
    counts: Counts,
    asked_before: HashMap<u64, u64>,
    jitter: fastrand::Rng,
}

impl Faults {
    pub(super) fn new(plan: FaultPlan, rates: FaultRates, token_rates: FaultRates, seed: u64) -> Self {
        let mut faults = Faults {
            plan: Vec::new(),
            began: Instant::now(),
            rates,
            token_rates,
            seed,
            counts: Counts::default(),
            asked_before: HashMap::new(),
            jitter: fastrand::Rng::with_seed(seed),
        };
        faults.set_plan(plan);
        faults
    }

    /// Begins another plan: its time, its counts of requests and of tries begin now.
    pub(super) fn set_plan(&mut self, plan: FaultPlan) {
        self.plan = plan.entries.into_iter().enumerate().map(Prepared::of).collect();
        self.began = Instant::now();
        self.counts = Counts::default();
        self.asked_before.clear();
    }

    /// Changes what goes wrong with API requests from now on.
    pub(super) fn set_rates(&mut self, rates: FaultRates) {
        self.rates = rates;
    }

    /// Whether the plan holds a time at which the sandbox does not listen.
    pub(super) fn has_outages(&self) -> bool {
        self.plan.iter().any(Prepared::is_outage)
    }

    /// Whether the sandbox does not listen at this moment.
    pub(super) fn is_out(&self, now: Instant) -> bool {
        let seconds = self.seconds(now);
        let mut outages = self.plan.iter().filter(|prepared| prepared.is_outage());
        outages.any(|outage| holds_at(&outage.entry, seconds))
    }

    fn seconds(&self, now: Instant) -> f64 {
        now.saturating_duration_since(self.began).as_secs_f64()
    }

    /// Decides what happens to this request.
    pub(super) fn decide(&mut self, request: &Asked<'_>, now: Instant) -> Verdict {
        let is_token = request.kind == RequestKind::Token;
        let rates = if is_token { self.token_rates } else { self.rates };
        if self.plan.is_empty() && rates == FaultRates::default() {
            return Verdict::default();
        }
        let moment = self.moment(request, now);
        let mut verdict = Verdict::default();
        for prepared in &mut self.plan {
            let struck = verdict.fault.is_some();
            match &prepared.role {
                Role::Strikes(_) if struck => continue,
                Role::Duplicate(_) if verdict.duplicate.is_some() => continue,
                _ if !prepared.holds(&moment) => continue,
                Role::Strikes(_) | Role::Duplicate(_) | Role::Gate(_) | Role::Quota(_) => {}
            }
            let title = Arc::clone(&prepared.title);
            match &mut prepared.role {
                // Whoever asks for a token carries none that could end.
                Role::Strikes(fault) if is_token && matches!(**fault, Fault::RevokeToken {}) => {}
                Role::Strikes(fault) => verdict.fault = Some((title, Arc::clone(fault))),
                Role::Gate(gate) => verdict.gates.push((title, Arc::clone(gate))),
                Role::Duplicate(style) => verdict.duplicate = Some((title, Arc::clone(style))),
                Role::Quota(quota) => verdict.headers.extend(quota.headers(moment.seconds)),
            }
        }
        if verdict.fault.is_none() {
            let name = rates.at(moment.draw(0));
            let name = name.filter(|name| !is_token || *name != "token_expired_early");
            verdict.fault = name.map(|name| (name.into(), Arc::new(rates::fault(name))));
        }
        verdict
    }

    fn moment(&mut self, request: &Asked<'_>, now: Instant) -> Moment {
        self.counts.add(request.kind);
        let identity = fnv_1a(request.kind.name().bytes().chain([0]).chain(request.key.bytes()));
        if self.asked_before.len() >= REQUESTS_REMEMBERED {
            self.asked_before.clear();
        }
        let before = self.asked_before.entry(identity).or_default();
        *before += 1;
        Moment {
            kind: request.kind,
            before: *before - 1,
            seconds: self.seconds(now),
            counts: self.counts,
            seed: self.seed,
            identity,
        }
    }

    /// Draws how long the next answer waits on top of the latency, from nothing to `most`.
    pub(super) fn jitter(&mut self, most: Duration) -> Duration {
        most.mul_f64(self.jitter.f64())
    }
}

/// The FNV-1a hash, because a fault must strike the same request whatever version of Rust built the sandbox: the
/// standard library does not promise that of its hashers.
fn fnv_1a(bytes: impl Iterator<Item = u8>) -> u64 {
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash, byte| {
        (hash ^ u64::from(byte)).wrapping_mul(0x0100_0000_01b3)
    })
}

#[cfg(test)]
mod tests;
