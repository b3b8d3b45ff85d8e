//! What follows an answer to a read: a small machine that knows no row and creates nobody.
//!
//! It is the reads' counterpart of [`course`](super::course), which brings a row to its outcome. A read has no outcome in
//! the ledger, so that what has no clear answer is simply asked again another time.
//!
//! It deliberately makes no request and waits for nothing.

use std::time::Duration;

use super::classify::{Reason, Verdict};
use super::course::throttled::Throttled;
use super::gate::PROBE_EVERY;
use super::retry::Backoff;
use super::stop::StopReason;
use super::token::Standing;

/// What follows.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Step {
    /// It was answered.
    Answered,
    /// The API says that there is no such thing.
    No,
    /// No further request is made: why, as a code.
    Unclear(&'static str),
    /// The same again as soon as the gate lets it through.
    Again,
    /// The same again after a while.
    After(Duration),
    /// It would be so for every read.
    Stop(StopReason),
}

/// One read's way to its answer.
#[derive(Debug)]
pub(super) struct Patience {
    waits: Backoff,
    max_attempts: u32,
    requests: u32,
    /// Answers that settled nothing.
    unclear: u32,
    /// 401s in a row.
    unauthorized: u32,
    throttled: Throttled,
}

impl Patience {
    pub(super) fn new(waits: Backoff, max_attempts: u32) -> Self {
        Self {
            waits,
            max_attempts,
            requests: 0,
            unclear: 0,
            unauthorized: 0,
            throttled: Throttled::default(),
        }
    }

    /// Counts a request and says which one it is, from 1.
    pub(super) fn begin(&mut self) -> u32 {
        self.requests = self.requests.saturating_add(1);
        self.requests
    }

    /// Takes what an answer means. `passed` are the clear answers to others so far; `probe` says that the request was the
    /// probe of a run that waits, whose failure is not counted against what it asked for.
    pub(super) fn take(&mut self, verdict: Verdict, standing: Standing, passed: u64, probe: bool) -> Step {
        if verdict != Verdict::RefreshToken {
            self.unauthorized = 0;
        }
        match verdict {
            Verdict::Created | Verdict::Existing | Verdict::Conflict | Verdict::ReadBack => Step::Answered,
            Verdict::Refused => Step::No,
            Verdict::Unreadable | Verdict::NotPermitted => Step::Stop(StopReason::ReadNotPermitted),
            Verdict::NotTrusted => Step::Stop(StopReason::NotTrusted),
            Verdict::RefreshToken => self.unauthorized(standing),
            Verdict::Wait(reason) if self.throttled.again(passed) => Step::Unclear(reason.code()),
            Verdict::Wait(_) | Verdict::NotReached => Step::Again,
            Verdict::Unknown(Reason::NotAddressable) => Step::Unclear(Reason::NotAddressable.code()),
            Verdict::Unknown(_) if probe => Step::After(self.wait().min(PROBE_EVERY)),
            Verdict::Unknown(reason) => {
                self.unclear = self.unclear.saturating_add(1);
                if self.unclear >= self.max_attempts {
                    Step::Unclear(reason.code())
                } else {
                    Step::After(self.wait())
                }
            }
        }
    }

    fn wait(&mut self) -> Duration {
        self.waits.next().unwrap_or_default()
    }

    fn unauthorized(&mut self, standing: Standing) -> Step {
        self.unauthorized = self.unauthorized.saturating_add(1);
        let again = match standing {
            // A second refusal is about the client.
            Standing::Unproven => self.unauthorized < 2,
            // The whole run waits and probes; the gate says when it has waited long enough.
            Standing::Fresh => true,
            // Others get through with this very token.
            Standing::Proven => self.unauthorized < self.max_attempts.max(2),
        };
        if again {
            Step::Again
        } else {
            Step::Stop(StopReason::Unauthorized)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::send::retry::Schedule;

    /// What follows from the last of so many verdicts.
    fn after(verdicts: &[Verdict], standing: Standing, probe: bool) -> Step {
        let zero = Duration::ZERO;
        let schedule = Schedule { base: zero, cap: zero };
        let mut patience = Patience::new(schedule.waits(), 3);
        let mut step = Step::Again;
        for (passed, verdict) in (0..).zip(verdicts) {
            assert!(matches!(step, Step::Again | Step::After(_)), "ended before {verdict:?}");
            patience.begin();
            step = patience.take(*verdict, standing, passed, probe);
        }
        step
    }

    #[test]
    fn an_answer_ends_a_read_and_what_settles_nothing_is_asked_again() {
        let failed = Verdict::Unknown(Reason::ServerError);
        let check = |verdicts: &[Verdict], expected: Step| {
            assert_eq!(after(verdicts, Standing::Proven, false), expected, "{verdicts:?}");
        };
        check(&[Verdict::Existing], Step::Answered);
        check(&[failed, Verdict::NotReached, Verdict::Refused], Step::No);
        check(&[failed; 2], Step::After(Duration::ZERO));
        check(&[failed; 3], Step::Unclear("http.server_error"));
        check(&[Verdict::Wait(Reason::Throttled); 29], Step::Again);
        check(&[Verdict::Wait(Reason::Throttled); 31], Step::Unclear("api.throttled"));
        check(&[Verdict::NotReached; 99], Step::Again);
        check(
            &[Verdict::Unknown(Reason::NotAddressable)],
            Step::Unclear("http.not_addressable"),
        );
        check(&[Verdict::NotPermitted], Step::Stop(StopReason::ReadNotPermitted));
        check(&[Verdict::NotTrusted], Step::Stop(StopReason::NotTrusted));
        let probe = after(&[failed; 99], Standing::Proven, true);
        assert_eq!(probe, Step::After(Duration::ZERO), "an outage is nobody's fault");
    }

    #[test]
    fn a_refused_token_ends_the_reading_only_where_no_other_would_help() {
        let check = |times: usize, standing, expected| {
            assert_eq!(after(&vec![Verdict::RefreshToken; times], standing, false), expected);
        };
        check(1, Standing::Unproven, Step::Again);
        check(2, Standing::Unproven, Step::Stop(StopReason::Unauthorized));
        check(2, Standing::Proven, Step::Again);
        check(3, Standing::Proven, Step::Stop(StopReason::Unauthorized));
        check(99, Standing::Fresh, Step::Again);
        let between = [
            Verdict::RefreshToken,
            Verdict::Wait(Reason::Throttled),
            Verdict::RefreshToken,
        ];
        assert_eq!(after(&between, Standing::Unproven, false), Step::Again);
    }
}
