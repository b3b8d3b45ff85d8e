//! What goes wrong: one function, [`Faults::decide`], says it for each request.
//!
//! A decision depends on the seed, on what is asked and on how often it was asked before, and on nothing else. So a
//! concurrent client meets the same faults in every run, in whatever order its requests arrive. A fault plan as data
//! would be another source of decisions behind the same function. This file decides; what a fault looks like on the
//! wire is in `front`.

use std::collections::HashMap;
use std::time::Duration;

use super::tally::Kind;

/// How many different requests are told apart before the count of repetitions starts afresh: 4 million take about
/// 100 MB, and no test asks for more.
const REQUESTS_REMEMBERED: usize = 1 << 22;

/// The chance of each fault, per request, from 0 (never) to 1 (always). At most one strikes, so they add up to at most 1.
#[derive(Clone, Copy, Debug, Default, PartialEq)]
pub struct FaultRates {
    /// A 500 before any effect.
    pub error_500: f64,
    /// The effect, then a 500.
    pub error_500_after_commit: f64,
    /// The connection is reset before any effect.
    pub reset_before: f64,
    /// The effect, then the connection is reset with no part of an answer.
    pub reset_after: f64,
    /// A 503 with `Retry-After: 1`, before any effect.
    pub unavailable_503: f64,
    /// A 502 with a gateway's HTML page, before any effect.
    pub html_502: f64,
    /// The token ends at once: a 401 for this request and for every later one with the same token. Token requests
    /// don't know this fault.
    pub token_expired_early: f64,
}

impl FaultRates {
    /// Each rate with its name and the fault it stands for, in the order in which they are drawn.
    fn table(&self) -> [(&'static str, f64, Fault); 7] {
        [
            ("error_500", self.error_500, Fault::Error500),
            (
                "error_500_after_commit",
                self.error_500_after_commit,
                Fault::Error500AfterCommit,
            ),
            ("reset_before", self.reset_before, Fault::ResetBefore),
            ("reset_after", self.reset_after, Fault::ResetAfter),
            ("unavailable_503", self.unavailable_503, Fault::Unavailable503),
            ("html_502", self.html_502, Fault::Html502),
            (
                "token_expired_early",
                self.token_expired_early,
                Fault::TokenExpiredEarly,
            ),
        ]
    }

    /// Says what is wrong with these rates, if anything is.
    pub(super) fn problem(&self) -> Option<String> {
        for (name, rate, _) in self.table() {
            if !(0.0..=1.0).contains(&rate) {
                return Some(format!("{name} is {rate}, which is not between 0 and 1"));
            }
        }
        let sum = self.sum();
        // Rates that mean exactly 1 can add up to a little more in floating point.
        (sum > 1.0 + 1e-9).then(|| format!("the rates add up to {sum}, which is more than 1"))
    }

    fn sum(&self) -> f64 {
        self.table().iter().map(|(_, rate, _)| rate).sum()
    }

    /// The fault whose share of the range 0..1 holds `draw`.
    fn at(&self, draw: f64) -> Fault {
        let mut end = 0.0;
        for (_, rate, fault) in self.table() {
            end += rate;
            if draw < end {
                return fault;
            }
        }
        Fault::None
    }
}

/// What happens to one request, besides its answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Fault {
    None,
    Error500,
    Error500AfterCommit,
    ResetBefore,
    ResetAfter,
    Unavailable503,
    Html502,
    TokenExpiredEarly,
}

/// What a decision is made on.
#[derive(Clone, Copy, Debug)]
pub(super) struct Asked<'a> {
    pub(super) kind: Kind,
    /// What stays the same when the request is repeated: the idempotency id of a create, the path of a read.
    pub(super) key: &'a str,
}

/// Decides on each request, and remembers how often each was asked.
#[derive(Debug)]
pub(super) struct Faults {
    rates: FaultRates,
    token_rates: FaultRates,
    seed: u64,
    asked_before: HashMap<u64, u64>,
    jitter: fastrand::Rng,
}

impl Faults {
    pub(super) fn new(rates: FaultRates, token_rates: FaultRates, seed: u64) -> Self {
        Faults {
            rates,
            token_rates,
            seed,
            asked_before: HashMap::new(),
            jitter: fastrand::Rng::with_seed(seed),
        }
    }

    /// Changes what goes wrong with API requests from now on.
    pub(super) fn set_rates(&mut self, rates: FaultRates) {
        self.rates = rates;
    }

    /// Decides what happens to this request.
    pub(super) fn decide(&mut self, request: &Asked<'_>) -> Fault {
        let is_token = request.kind == Kind::Token;
        let rates = if is_token { self.token_rates } else { self.rates };
        if rates == FaultRates::default() {
            return Fault::None;
        }
        let identity = fnv_1a(request.kind.name().bytes().chain([0]).chain(request.key.bytes()));
        if self.asked_before.len() >= REQUESTS_REMEMBERED {
            self.asked_before.clear();
        }
        let before = self.asked_before.entry(identity).or_default();
        let lot = fnv_1a([self.seed, identity, *before].into_iter().flat_map(u64::to_le_bytes));
        *before += 1;
        let fault = rates.at(fastrand::Rng::with_seed(lot).f64());
        if is_token && fault == Fault::TokenExpiredEarly {
            Fault::None
        } else {
            fault
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
mod tests {
    use super::*;

    const ALL: FaultRates = FaultRates {
        error_500: 0.1,
        error_500_after_commit: 0.1,
        reset_before: 0.1,
        reset_after: 0.1,
        unavailable_503: 0.1,
        html_502: 0.1,
        token_expired_early: 0.1,
    };

    fn decisions(seed: u64, keys: &[String]) -> Vec<Fault> {
        let mut faults = Faults::new(ALL, ALL, seed);
        keys.iter()
            .map(|key| {
                faults.decide(&Asked {
                    kind: Kind::Create,
                    key,
                })
            })
            .collect()
    }

    #[test]
    fn a_draw_falls_into_the_share_of_its_fault() {
        fn check(draw: f64, expected: Fault) {
            assert_eq!(ALL.at(draw), expected, "draw {draw}");
        }
        check(0.0, Fault::Error500);
        check(0.15, Fault::Error500AfterCommit);
        check(0.25, Fault::ResetBefore);
        check(0.35, Fault::ResetAfter);
        check(0.45, Fault::Unavailable503);
        check(0.55, Fault::Html502);
        check(0.65, Fault::TokenExpiredEarly);
        check(0.75, Fault::None);
        assert_eq!(FaultRates::default().at(0.0), Fault::None, "a rate of 0 never strikes");
        assert_eq!(
            FaultRates {
                html_502: 1.0,
                ..FaultRates::default()
            }
            .at(1.0_f64.next_down()),
            Fault::Html502
        );
    }

    #[test]
    fn the_order_of_arrival_changes_no_decision() {
        let keys: Vec<String> = (0..500).map(|n| format!("key {n}")).collect();
        let backwards: Vec<String> = keys.iter().rev().cloned().collect();
        let mut decided = decisions(7, &backwards);
        decided.reverse();
        assert_eq!(decisions(7, &keys), decided);
        assert_ne!(decisions(8, &keys), decided, "another seed, other faults");
    }

    #[test]
    fn a_repeated_request_is_drawn_anew() {
        let keys = vec!["the same".to_owned(); 200];
        let decided = decisions(7, &keys);
        assert!(
            decided.contains(&Fault::None) && decided.contains(&Fault::ResetAfter),
            "{decided:?}"
        );
    }

    #[test]
    fn each_fault_strikes_about_as_often_as_its_rate_says() {
        let keys: Vec<String> = (0..10_000).map(|n| format!("key {n}")).collect();
        let decided = decisions(7, &keys);
        for (name, _, fault) in ALL.table() {
            let count = decided.iter().filter(|&&one| one == fault).count();
            assert!(
                (850..1150).contains(&count),
                "{name} struck {count} times in 10,000 at a rate of 0.1"
            );
        }
    }

    #[test]
    fn a_token_request_has_rates_of_its_own_and_no_early_end() {
        let always = FaultRates {
            error_500: 1.0,
            ..FaultRates::default()
        };
        let mut faults = Faults::new(always, FaultRates::default(), 7);
        assert_eq!(
            faults.decide(&Asked {
                kind: Kind::Token,
                key: ""
            }),
            Fault::None
        );
        assert_eq!(
            faults.decide(&Asked {
                kind: Kind::Read,
                key: ""
            }),
            Fault::Error500
        );
        let early = FaultRates {
            token_expired_early: 1.0,
            ..FaultRates::default()
        };
        let mut faults = Faults::new(early, early, 7);
        assert_eq!(
            faults.decide(&Asked {
                kind: Kind::Token,
                key: ""
            }),
            Fault::None
        );
        assert_eq!(
            faults.decide(&Asked {
                kind: Kind::Read,
                key: ""
            }),
            Fault::TokenExpiredEarly
        );
    }
}
