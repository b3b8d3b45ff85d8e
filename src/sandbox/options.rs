//! What a sandbox is told before it starts: how fast, how strict, how broken.
//!
//! Plain data with defaults that do no harm: no latency, no rate limit, no faults, nothing kept after the process.

use std::path::PathBuf;
use std::time::Duration;

use super::plan::FaultPlan;
use super::rates::FaultRates;

/// The life of a token in production, by the API's guide.
const PRODUCTION_TOKEN_LIFE: Duration = Duration::from_secs(15 * 60);

/// A longer life is a slip of the fingers, and beyond the clock's range it could not even be counted.
const LONGEST_TOKEN_LIFE: Duration = Duration::from_secs(366 * 24 * 3_600);

/// How a sandbox behaves.
#[derive(Clone, Debug, PartialEq)]
pub struct Options {
    /// How long every answer waits. The wait comes after the effect, so a client that gives up or dies meanwhile leaves
    /// a customer behind whom it knows nothing about.
    pub latency: Duration,
    /// How much longer, at most, an answer waits, drawn evenly for each request.
    pub latency_jitter: Duration,
    /// How many API requests are answered in any one second; those beyond are answered 429 with `Retry-After: 1`.
    ///
    /// The window slides: a request is refused when this many were admitted in the second before it. Refused requests
    /// don't count, so a client that never slows down still gets its share. The token endpoint is not limited: at the
    /// real API it is another host.
    pub rate_per_second: Option<u32>,
    /// What goes wrong, and when.
    pub plan: FaultPlan,
    /// What goes wrong with the API requests that the plan leaves alone.
    pub faults: FaultRates,
    /// What goes wrong with the token requests that the plan leaves alone.
    pub token_faults: FaultRates,
    /// Decides, together with the request, which request breaks and how.
    pub seed: u64,
    /// How long a token is good for, and what `expires_in` says, in whole seconds.
    pub token_life: Duration,
    /// The only client id that gets a token.
    pub client_id: String,
    /// The secret of that client.
    pub client_secret: String,
    /// Where effects are kept across processes; nowhere without it.
    pub state: Option<PathBuf>,
    /// What the server does with idempotency ids.
    pub kind: ServerKind,
    /// The status of every later create under an idempotency id that is burned: any 4xx.
    pub burned_status: u16,
    /// The status of a create, under a new idempotency id, of a customer who exists: any 4xx, since the contract does
    /// not say.
    pub duplicate_status: u16,
}

impl Default for Options {
    fn default() -> Self {
        Options {
            latency: Duration::ZERO,
            latency_jitter: Duration::ZERO,
            rate_per_second: None,
            plan: FaultPlan::default(),
            faults: FaultRates::default(),
            token_faults: FaultRates::default(),
            seed: 0,
            token_life: PRODUCTION_TOKEN_LIFE,
            client_id: "sandbox".to_owned(),
            client_secret: "sandbox".to_owned(),
            state: None,
            kind: ServerKind::SavesAll,
            burned_status: 409,
            duplicate_status: 400,
        }
    }
}

impl Options {
    /// Says what is wrong with these options, if anything is.
    pub(super) fn problem(&self) -> Option<String> {
        if let Err(error) = self.plan.check() {
            return Some(error.to_string());
        }
        if let Some(problem) = self.faults.problem() {
            return Some(format!("faults: {problem}"));
        }
        if let Some(problem) = self.token_faults.problem() {
            return Some(format!("token faults: {problem}"));
        }
        if self.rate_per_second == Some(0) {
            return Some("a rate of 0 requests per second answers nobody".to_owned());
        }
        if self.token_life > LONGEST_TOKEN_LIFE {
            return Some("the life of a token is more than a year".to_owned());
        }
        let refusals = [
            ("duplicates", self.duplicate_status),
            ("burned ids", self.burned_status),
        ];
        let impossible = refusals.into_iter().find(|(_, status)| !(400..500).contains(status));
        impossible.map(|(of, status)| format!("the status for {of} is {status}, which is not a 4xx"))
    }
}

/// The kinds of server there are, by what they do with idempotency ids. The contract leaves open what happens to failures.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum ServerKind {
    /// Saves every answer to a valid create: that a customer was created, that one existed, that the service failed.
    ///
    /// The service's own failures are a plan's answers with an errors body and a 5xx. What [`FaultRates`] and other
    /// faults do happens in front of the service, and nobody saves that.
    #[default]
    SavesAll,
    /// Saves only the answers that a customer was created.
    SavesSuccesses,
    /// Saves successes, and burns an idempotency id whose first try failed: every later create under it is refused and
    /// has no effect.
    ///
    /// Any end but a 200 is a failure, a reset after the effect too. Who was turned away at the door (401, 403, 429, or
    /// a refused connection) has not used his id.
    Burns,
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(options: &Options, expected: Option<&str>) {
        assert_eq!(options.problem().as_deref(), expected);
    }

    #[test]
    fn impossible_options_are_named() {
        let with_faults = |faults| Options {
            faults,
            ..Options::default()
        };
        check(&Options::default(), None);
        check(
            &Options {
                rate_per_second: Some(1),
                duplicate_status: 409,
                ..Options::default()
            },
            None,
        );
        check(
            &with_faults(FaultRates {
                reset_after: 1.0,
                ..FaultRates::default()
            }),
            None,
        );
        check(
            &with_faults(FaultRates {
                reset_after: 1.5,
                ..FaultRates::default()
            }),
            Some("faults: reset_after is 1.5, which is not between 0 and 1"),
        );
        check(
            &with_faults(FaultRates {
                reset_after: 0.75,
                html_502: 0.5,
                ..FaultRates::default()
            }),
            Some("faults: the rates add up to 1.25, which is more than 1"),
        );
        check(
            &Options {
                token_faults: FaultRates {
                    error_500: f64::NAN,
                    ..FaultRates::default()
                },
                ..Options::default()
            },
            Some("token faults: error_500 is NaN, which is not between 0 and 1"),
        );
        check(
            &Options {
                rate_per_second: Some(0),
                ..Options::default()
            },
            Some("a rate of 0 requests per second answers nobody"),
        );
        check(
            &Options {
                token_life: Duration::MAX,
                ..Options::default()
            },
            Some("the life of a token is more than a year"),
        );
        check(
            &Options {
                duplicate_status: 200,
                ..Options::default()
            },
            Some("the status for duplicates is 200, which is not a 4xx"),
        );
    }
}
