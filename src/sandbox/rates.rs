//! The simplest plan: a chance for each of seven faults, told apart by name.
//!
//! They stand in front of the service, as a gateway or a network does: their answers are saved under no idempotency id.
//! A plan's entries come first; the rates are drawn for the requests that no entry struck.

use super::plan::{AnswerBody, Fault, FaultAnswer};

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
    /// Each rate with its name, in the order in which they are drawn.
    fn table(&self) -> [(&'static str, f64); 7] {
        [
            ("error_500", self.error_500),
            ("error_500_after_commit", self.error_500_after_commit),
            ("reset_before", self.reset_before),
            ("reset_after", self.reset_after),
            ("unavailable_503", self.unavailable_503),
            ("html_502", self.html_502),
            ("token_expired_early", self.token_expired_early),
        ]
    }

    /// Says what is wrong with these rates, if anything is.
    pub(super) fn problem(&self) -> Option<String> {
        for (name, rate) in self.table() {
            if !(0.0..=1.0).contains(&rate) {
                return Some(format!("{name} is {rate}, which is not between 0 and 1"));
            }
        }
        let sum = self.sum();
        // Rates that mean exactly 1 can add up to a little more in floating point.
        (sum > 1.0 + 1e-9).then(|| format!("the rates add up to {sum}, which is more than 1"))
    }

    fn sum(&self) -> f64 {
        self.table().iter().map(|(_, rate)| rate).sum()
    }

    /// The name of the fault whose share of the range 0..1 holds `draw`.
    pub(super) fn at(&self, draw: f64) -> Option<&'static str> {
        let mut end = 0.0;
        for (name, rate) in self.table() {
            end += rate;
            if draw < end {
                return Some(name);
            }
        }
        None
    }
}

/// What the fault with this name is.
pub(super) fn fault(name: &str) -> Fault {
    let answer = |status, after_effect, retry_after, body| {
        Fault::Answer(FaultAnswer {
            status,
            after_effect,
            retry_after,
            body,
            save: Some(false),
            ..FaultAnswer::default()
        })
    };
    match name {
        "error_500" => answer(500, false, None, AnswerBody::Errors),
        "error_500_after_commit" => answer(500, true, None, AnswerBody::Errors),
        "unavailable_503" => answer(503, false, Some(1), AnswerBody::Errors),
        "html_502" => answer(502, false, None, AnswerBody::Html),
        "token_expired_early" => Fault::RevokeToken {},
        name => Fault::Reset {
            after_effect: name == "reset_after",
        },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_draw_falls_into_the_share_of_its_fault() {
        let all = FaultRates {
            error_500: 0.1,
            error_500_after_commit: 0.1,
            reset_before: 0.1,
            reset_after: 0.1,
            unavailable_503: 0.1,
            html_502: 0.1,
            token_expired_early: 0.1,
        };
        let check = |draw: f64, expected| assert_eq!(all.at(draw), expected, "draw {draw}");
        check(0.0, Some("error_500"));
        check(0.15, Some("error_500_after_commit"));
        check(0.25, Some("reset_before"));
        check(0.35, Some("reset_after"));
        check(0.45, Some("unavailable_503"));
        check(0.55, Some("html_502"));
        check(0.65, Some("token_expired_early"));
        check(0.75, None);
        assert_eq!(FaultRates::default().at(0.0), None, "a rate of 0 never strikes");
        let always = FaultRates {
            html_502: 1.0,
            ..FaultRates::default()
        };
        assert_eq!(always.at(1.0_f64.next_down()), Some("html_502"));
    }
}
