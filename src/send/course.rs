//! What happens next to one row: a small machine that takes what was heard and says what follows.
//!
//! It holds all that is known of the row while it is being sent: how many requests were made, how many of them had no
//! clear answer, whether the customer may exist by now, and why the customer is being looked for.
//!
//! Two kinds of server spoil an idempotency id. One has saved a failure and repeats it for ever: such a row is seen by
//! the same failure again and again while others pass. The other burns the id of a first try that failed, and says
//! "already used" from then on: it is seen by the contradiction to a look that finds nobody. Neither is ever refused, and
//! neither is tried for ever.
//!
//! It deliberately makes no request and waits for nothing, so every course of a row can be tested as data.

mod said;
mod same;
mod suspect;
pub(super) mod throttled;

use std::time::Duration;

use said::{Said, said};
use same::Same;
use throttled::Throttled;

use super::answer::Heard;
use super::classify::{Call, Reason, Verdict};
use super::gate::PROBE_EVERY;
use super::retry::Backoff;
use super::stop::{RunStop, StopReason};
use super::token::Standing;
use crate::clock;
use crate::model::ids::RequestId;
use crate::model::outcome::Outcome;
use crate::model::row::RowKey;
use crate::model::row_state::RowEvent;

/// How sending a row ended, where nothing stopped the whole run.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Sent {
    /// It has an outcome.
    Outcome(Outcome),
    /// Stopped before any attempt that could have been carried out: the row can be released.
    NotAttempted,
    /// Stopped between attempts, and one of those made may have been carried out: the row stays in flight.
    InDoubt {
        /// Requests made.
        attempts: u32,
    },
    /// Only looked for: the API has no such customer.
    Absent {
        /// Requests made.
        attempts: u32,
    },
}

/// What follows from what was heard.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// The row has its outcome.
    Done(Outcome),
    /// The API does not have the customer, and nothing else was asked.
    Absent,
    /// The next request as soon as the gate lets it through.
    Again,
    /// The next request after a while.
    After(Duration),
    /// The run stops.
    Stop(RunStop),
}

/// What the run knows when an answer comes.
#[derive(Clone, Copy, Debug)]
pub(super) struct Around {
    /// What tokens did before.
    pub(super) standing: Standing,
    /// Clear answers to creates so far, of all rows.
    pub(super) passed: u64,
    /// Share of the rows' first attempts that a failed server answers lately.
    pub(super) failing: f64,
}

/// One row's way to its outcome.
#[derive(Debug)]
pub(super) struct Course {
    key: RowKey,
    waits: Backoff,
    max_attempts: u32,
    requests: u32,
    /// Attempts with no clear answer.
    unclear: u32,
    /// Whether an attempt may have been carried out.
    in_doubt: bool,
    /// Whether an attempt to create had no clear answer, here or in an earlier process.
    had_doubt: bool,
    /// 401s in a row.
    unauthorized: u32,
    /// Hints that the customer exists which a look at the API contradicted.
    contradictions: u32,
    same: Same,
    throttled: Throttled,
    /// The last answer that was unclear.
    last: Said,
    look: Option<Look>,
    /// Whether the last request was a look, as a probe, that did not find the customer.
    looked: bool,
}

/// An "already there" that is contradicted once may be an earlier attempt that is still under way over there. Twice, with
/// a wait between, it is not.
const MOST_CONTRADICTIONS: u32 = 2;

/// Why the customer is looked for.
#[derive(Debug)]
enum Look {
    /// A no is being checked. It may hint that the customer exists.
    Refusal { said: Said, hints: bool },
    /// No further attempt is made: the last thing to find out before the row is unresolved.
    Last(Said),
    /// The run waits, and the row may be what is wrong: see `suspect`.
    Suspect,
    /// Nothing is to be created: the look is all.
    Only,
}

impl Course {
    pub(super) fn new(key: RowKey, waits: Backoff, max_attempts: u32) -> Self {
        Self {
            key,
            waits,
            max_attempts,
            requests: 0,
            unclear: 0,
            in_doubt: false,
            had_doubt: false,
            unauthorized: 0,
            contradictions: 0,
            same: Same::default(),
            throttled: Throttled::default(),
            last: Said::default(),
            look: None,
            looked: false,
        }
    }

    /// The same for a row of which an earlier attempt may have been carried out.
    pub(super) fn in_doubt(mut self) -> Self {
        self.in_doubt = true;
        self.had_doubt = true;
        self
    }

    /// A course that creates nobody: it only looks whether the customer is there.
    pub(super) fn looking(mut self) -> Self {
        self.look = Some(Look::Only);
        self
    }

    /// Requests made.
    pub(super) fn requests(&self) -> u32 {
        self.requests
    }

    /// Which request comes next.
    pub(super) fn call(&self) -> Call {
        match self.look {
            None => Call::Create,
            Some(_) => Call::ReadBack,
        }
    }

    /// Counts a request and says which one it is, from 1.
    pub(super) fn begin(&mut self) -> u32 {
        self.requests = self.requests.saturating_add(1);
        self.requests
    }

    /// How the row stands when no further request is made.
    pub(super) fn left(&self) -> Sent {
        if self.in_doubt {
            Sent::InDoubt {
                attempts: self.requests,
            }
        } else {
            Sent::NotAttempted
        }
    }

    /// The run stops for this reason.
    pub(super) fn stopped(&self, reason: StopReason, status: Option<u16>, detail: Option<String>) -> RunStop {
        RunStop {
            reason,
            status,
            detail,
            in_doubt: self.in_doubt,
        }
    }

    /// Takes what was heard.
    pub(super) fn take(&mut self, verdict: Verdict, heard: Heard, request_id: RequestId, around: Around) -> Next {
        match verdict {
            Verdict::Created => self.settled(RowEvent::Created, verdict, heard, request_id),
            Verdict::Existing | Verdict::Conflict => self.found(verdict, heard, request_id),
            Verdict::ReadBack => self.check(heard, request_id),
            Verdict::Refused => self.refused(verdict, heard, request_id),
            Verdict::Unreadable => self.unreadable(heard, request_id),
            Verdict::RefreshToken => self.unauthorized(heard, request_id, around.standing),
            Verdict::NotPermitted => Next::Stop(self.stopped(StopReason::NotPermitted, heard.status, heard.detail)),
            Verdict::NotTrusted => Next::Stop(self.stopped(StopReason::NotTrusted, None, heard.detail)),
            Verdict::Wait(reason) => self.told_to_wait(reason, heard, request_id, around.passed),
            Verdict::NotReached => self.not_reached(),
            Verdict::Unknown(reason) => self.unclear(reason, heard, request_id, around),
        }
    }

    /// Not now: no fault of the row, unless it alone is told so for ever.
    fn told_to_wait(&mut self, reason: Reason, heard: Heard, request_id: RequestId, passed: u64) -> Next {
        if self.throttled.again(passed) {
            match self.look.take() {
                None => self.look = Some(Look::Last(said(heard, request_id, Some(reason)))),
                Some(Look::Last(said)) => return self.unresolved(said),
                look => self.look = look,
            }
        }
        Next::Again
    }

    fn unauthorized(&mut self, heard: Heard, request_id: RequestId, standing: Standing) -> Next {
        self.unauthorized = self.unauthorized.saturating_add(1);
        if self.look.is_some() {
            // Creates get through with these tokens, so it is about looking.
            return if self.unauthorized < 2 {
                Next::Again
            } else {
                self.unreadable(heard, request_id)
            };
        }
        let again = match standing {
            // A second refusal is about the client.
            Standing::Unproven => self.unauthorized < 2,
            // The whole run waits and probes; the gate says when it has waited long enough.
            Standing::Fresh => true,
            // Others get through with this very token.
            Standing::Proven => self.unauthorized < self.max_attempts.max(2),
        };
        if again {
            Next::Again
        } else {
            Next::Stop(self.stopped(StopReason::Unauthorized, heard.status, heard.detail))
        }
    }

    /// Something may have been carried out, unless nothing but a look was ever asked for.
    fn doubt(&mut self) {
        self.in_doubt |= !matches!(self.look, Some(Look::Only));
        self.had_doubt |= self.look.is_none();
    }

    fn unclear(&mut self, reason: Reason, heard: Heard, request_id: RequestId, around: Around) -> Next {
        self.doubt();
        self.looked = false;
        self.unclear = self.unclear.saturating_add(1);
        let status = heard.status;
        let said = said(heard, request_id, Some(reason));
        let poisoned = self.is_poisoned(reason, status, around);
        let over = self.unclear >= self.max_attempts;
        match self.look.take() {
            // The last look is one look. An id that has no address cannot be looked for at all.
            Some(Look::Last(first)) => return self.unresolved(first),
            Some(_) if over || reason == Reason::NotAddressable => return self.unresolved(said),
            None if poisoned => {
                self.look = Some(Look::Last(Said {
                    reason: Some(Reason::PoisonedId),
                    ..said.clone()
                }));
            }
            None if over => self.look = Some(Look::Last(said.clone())),
            look => self.look = look,
        }
        self.last = said;
        // Whatever it was, it may take a moment to have its effect over there.
        Next::After(self.waits.next().unwrap_or_default())
    }

    /// Whether the row has had the same answer of a failed server too often while others passed.
    fn is_poisoned(&mut self, reason: Reason, status: Option<u16>, around: Around) -> bool {
        if reason == Reason::ServerError && self.look.is_none() {
            return self.same.again(status, around);
        }
        self.same = Same::default();
        false
    }

    /// The customer may exist, whatever the answer says: the next request looks.
    fn check(&mut self, heard: Heard, request_id: RequestId) -> Next {
        self.in_doubt = true;
        self.looked = false;
        self.unauthorized = 0;
        self.same = Same::default();
        let hints = heard.smells_of_existing();
        let said = said(heard, request_id, None);
        self.look = Some(Look::Refusal { said, hints });
        Next::Again
    }

    fn found(&self, verdict: Verdict, heard: Heard, request_id: RequestId) -> Next {
        let event = if verdict == Verdict::Conflict {
            RowEvent::Conflict
        } else {
            RowEvent::Existing
        };
        let next = self.settled(event, verdict, heard, request_id);
        match (next, &self.look) {
            (Next::Done(outcome), Some(Look::Last(_) | Look::Suspect)) if event == RowEvent::Existing => {
                Next::Done(outcome.because(Reason::FoundAfterDoubt.code()))
            }
            (next, _) => next,
        }
    }

    fn refused(&mut self, verdict: Verdict, heard: Heard, request_id: RequestId) -> Next {
        match self.look.take() {
            // An attempt before this one may have been carried out, and the refusal be its consequence in words that
            // nobody foresaw.
            None if self.in_doubt => self.check(heard, request_id),
            None => self.settled(RowEvent::Refused, verdict, heard, request_id),
            Some(Look::Only) => Next::Absent,
            Some(Look::Suspect) => self.looked_in_vain(),
            Some(Look::Last(said)) => self.unresolved(said),
            // Not there, and yet known: an earlier attempt may be under way over there and still arrive, or its
            // failure has burnt the id.
            Some(Look::Refusal { said, hints }) if hints && (self.had_doubt || said.status == Some(409)) => {
                self.contradicted(said)
            }
            // The API does not have the customer: the first refusal was meant, and is the answer.
            Some(Look::Refusal { said, .. }) => Next::Done(self.outcome(RowEvent::Refused, said, verdict.code())),
        }
    }

    fn contradicted(&mut self, said: Said) -> Next {
        let doubted = self.had_doubt;
        self.contradictions = self.contradictions.saturating_add(1);
        self.unclear = self.unclear.saturating_add(1);
        if doubted && self.contradictions >= MOST_CONTRADICTIONS {
            return self.unresolved(Said {
                reason: Some(Reason::PoisonedId),
                ..said
            });
        }
        let said = Said {
            reason: Some(Reason::ConflictUnexplained),
            ..said
        };
        if self.unclear >= self.max_attempts {
            return self.unresolved(said);
        }
        self.last = said;
        Next::After(self.waits.next().unwrap_or_default())
    }

    /// The API does not let this client look. Then a row that ended without a clear answer ends so, and a no that could
    /// not be checked is not believed.
    fn unreadable(&mut self, heard: Heard, request_id: RequestId) -> Next {
        match self.look.take() {
            Some(Look::Last(said)) => self.unresolved(said),
            Some(Look::Suspect) => self.looked_in_vain(),
            // It is so for every row.
            Some(Look::Only) => Next::Stop(self.stopped(StopReason::NotPermitted, heard.status, heard.detail)),
            Some(Look::Refusal { .. }) | None => {
                self.unresolved(said(heard, request_id, Some(Reason::ReadNotPermitted)))
            }
        }
    }

    fn unresolved(&self, said: Said) -> Next {
        let code = said.reason.map(Reason::code);
        Next::Done(self.outcome(RowEvent::Unresolved, said, code))
    }

    fn settled(&self, event: RowEvent, verdict: Verdict, heard: Heard, request_id: RequestId) -> Next {
        Next::Done(self.outcome(event, said(heard, request_id, None), verdict.code()))
    }

    fn outcome(&self, event: RowEvent, said: Said, code: Option<&str>) -> Outcome {
        Outcome {
            key: self.key,
            event,
            at_ms: clock::now_ms(),
            attempts: self.requests,
            http_status: said.status,
            code: code.map(String::from),
            detail: said.detail,
            request_id: said.request_id,
        }
    }
}

#[cfg(test)]
mod tests;
