//! What happens next to one row: a small machine that takes what was heard and says what follows.
//!
//! It holds all that is known of the row while it is being sent: how many requests were made, how many of them had no
//! clear answer, whether the customer may exist by now, and the refusal that is being checked by reading back.
//!
//! It deliberately makes no request and waits for nothing, so every course of a row can be tested as data.

use std::time::Duration;

use super::answer::Heard;
use super::classify::{Call, Reason, Verdict};
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
}

/// What follows from what was heard.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Next {
    /// The row has its outcome.
    Done(Outcome),
    /// The next request as soon as the gate lets it through.
    Again,
    /// The next request after a while.
    After(Duration),
    /// The run stops.
    Stop(RunStop),
}

/// One row's way to its outcome.
#[derive(Debug)]
pub(super) struct Course {
    key: RowKey,
    waits: Backoff,
    max_attempts: u32,
    call: Call,
    requests: u32,
    /// Attempts with no clear answer.
    unclear: u32,
    /// Whether an attempt may have been carried out.
    in_doubt: bool,
    /// 401s in a row.
    unauthorized: u32,
    refusal: Option<Refusal>,
}

/// A "no" that is being checked.
#[derive(Debug)]
struct Refusal {
    status: Option<u16>,
    detail: Option<String>,
    request_id: RequestId,
}

impl Course {
    pub(super) fn new(key: RowKey, waits: Backoff, max_attempts: u32) -> Self {
        Self {
            key,
            waits,
            max_attempts,
            call: Call::Create,
            requests: 0,
            unclear: 0,
            in_doubt: false,
            unauthorized: 0,
            refusal: None,
        }
    }

    /// The same for a row of which an earlier attempt may have been carried out.
    pub(super) fn in_doubt(mut self) -> Self {
        self.in_doubt = true;
        self
    }

    /// Which request comes next.
    pub(super) fn call(&self) -> Call {
        self.call
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

    /// Takes what was heard. `standing` says what tokens did before.
    pub(super) fn take(&mut self, verdict: Verdict, heard: Heard, request_id: RequestId, standing: Standing) -> Next {
        match verdict {
            Verdict::Created => self.done(RowEvent::Created, verdict, heard, request_id),
            Verdict::Existing => self.done(RowEvent::Existing, verdict, heard, request_id),
            Verdict::Conflict => self.done(RowEvent::Conflict, verdict, heard, request_id),
            Verdict::ReadBack => self.read_back(heard, request_id),
            Verdict::Refused => self.refused(verdict, heard, request_id),
            Verdict::RefreshToken => {
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
                    Next::Again
                } else {
                    Next::Stop(self.stopped(StopReason::Unauthorized, heard.status, heard.detail))
                }
            }
            Verdict::NotPermitted => Next::Stop(self.stopped(StopReason::NotPermitted, heard.status, heard.detail)),
            Verdict::NotTrusted => Next::Stop(self.stopped(StopReason::NotTrusted, None, heard.detail)),
            Verdict::Wait(_) | Verdict::NotReached => Next::Again,
            Verdict::Unknown(_) => self.unclear(verdict, heard, request_id),
        }
    }

    /// A probe of the whole run had no clear answer: that is not the row's fault, and somebody else may probe next.
    pub(super) fn probed_in_vain(&mut self) -> Next {
        self.in_doubt = true;
        Next::After(self.waits.next().unwrap_or_default())
    }

    fn unclear(&mut self, verdict: Verdict, heard: Heard, request_id: RequestId) -> Next {
        self.in_doubt = true;
        self.unclear = self.unclear.saturating_add(1);
        if self.unclear >= self.max_attempts {
            self.done(RowEvent::Unresolved, verdict, heard, request_id)
        } else {
            Next::After(self.waits.next().unwrap_or_default())
        }
    }

    /// The customer may exist, whatever the answer says: the next request looks.
    fn read_back(&mut self, heard: Heard, request_id: RequestId) -> Next {
        self.call = Call::ReadBack;
        self.in_doubt = true;
        self.unauthorized = 0;
        self.refusal = Some(Refusal {
            status: heard.status,
            detail: heard.detail,
            request_id,
        });
        Next::Again
    }

    fn refused(&mut self, verdict: Verdict, heard: Heard, request_id: RequestId) -> Next {
        match (self.call, self.refusal.take()) {
            // An attempt before this one may have been carried out, and the refusal be its consequence in words that
            // nobody foresaw.
            (Call::Create, _) if self.in_doubt => self.read_back(heard, request_id),
            // Not there, and yet a conflict: an earlier attempt may be under way over there and still arrive.
            (Call::ReadBack, Some(Refusal { status: Some(409), .. })) => {
                self.call = Call::Create;
                self.unclear(Verdict::Unknown(Reason::ConflictUnexplained), heard, request_id)
            }
            // The API does not have the customer: the first refusal was meant, and is the answer.
            (Call::ReadBack, Some(refusal)) => {
                let heard = Heard {
                    status: refusal.status,
                    detail: refusal.detail,
                    ..heard
                };
                self.done(RowEvent::Refused, verdict, heard, refusal.request_id)
            }
            (Call::Create | Call::ReadBack, _) => self.done(RowEvent::Refused, verdict, heard, request_id),
        }
    }

    fn done(&self, event: RowEvent, verdict: Verdict, heard: Heard, request_id: RequestId) -> Next {
        Next::Done(Outcome {
            key: self.key,
            event,
            at_ms: clock::now_ms(),
            attempts: self.requests,
            http_status: heard.status,
            code: verdict.code().map(String::from),
            detail: heard.detail,
            request_id: Some(request_id),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::send::classify::{Body, Signal};
    use crate::send::retry::Schedule;

    const KEY: RowKey = RowKey { input: 1, record: 2 };
    const MAX_ATTEMPTS: u32 = 3;

    fn heard(status: u16, detail: &str) -> Heard {
        let signal = Signal::Answer {
            status,
            body: Body::Errors,
            retry_after: false,
        };
        Heard {
            signal,
            status: Some(status),
            retry_after: None,
            detail: Some(detail.to_owned()),
        }
    }

    /// Takes the verdicts one after another and says what followed from the last.
    fn course(verdicts: &[Verdict], standing: Standing) -> (Course, Next) {
        let schedule = Schedule {
            base: Duration::from_millis(1),
            cap: Duration::from_millis(1),
        };
        let mut course = Course::new(KEY, schedule.waits(), MAX_ATTEMPTS);
        let mut next = Next::Again;
        for (number, verdict) in (1_u16..).zip(verdicts) {
            assert!(
                !matches!(next, Next::Done(_) | Next::Stop(_)),
                "ended before {verdict:?}"
            );
            course.begin();
            let request_id = RequestId::from_bytes([u8::try_from(number).unwrap(); 16]);
            let heard = heard(400 + number, &format!("answer {number}"));
            next = course.take(*verdict, heard, request_id, standing);
        }
        (course, next)
    }

    /// The event, attempts, status, code and request of the outcome.
    fn check(verdicts: &[Verdict], expected: (RowEvent, u32, u16, Option<&str>, u8)) {
        let Next::Done(outcome) = course(verdicts, Standing::Unproven).1 else {
            panic!("no outcome after {verdicts:?}");
        };
        let request = outcome.request_id.unwrap().as_bytes()[0];
        let found = (outcome.event, outcome.attempts, outcome.http_status.unwrap());
        assert_eq!((found.0, found.1, found.2, outcome.code.as_deref(), request), expected);
        assert_eq!(outcome.detail, Some(format!("answer {request}")));
        assert_eq!(outcome.key, KEY);
    }

    const UNKNOWN: Verdict = Verdict::Unknown(Reason::Timeout);
    const WAIT: Verdict = Verdict::Wait(Reason::Throttled);

    #[test]
    fn clear_answers_are_outcomes() {
        check(&[Verdict::Created], (RowEvent::Created, 1, 401, None, 1));
        check(&[Verdict::Refused], (RowEvent::Refused, 1, 401, Some("api.refused"), 1));
        check(
            &[Verdict::ReadBack, Verdict::Existing],
            (RowEvent::Existing, 2, 402, Some("api.duplicate_customer"), 2),
        );
        check(
            &[Verdict::ReadBack, Verdict::Conflict],
            (RowEvent::Conflict, 2, 402, Some("api.other_data"), 2),
        );
    }

    #[test]
    fn a_refusal_that_reading_back_confirms_is_told_as_it_was() {
        check(
            &[Verdict::ReadBack, UNKNOWN, Verdict::Refused],
            (RowEvent::Refused, 3, 401, Some("api.refused"), 1),
        );
    }

    #[test]
    fn a_refusal_after_an_unclear_attempt_is_checked_by_reading_back() {
        check(
            &[UNKNOWN, Verdict::Refused, Verdict::Existing],
            (RowEvent::Existing, 3, 403, Some("api.duplicate_customer"), 3),
        );
        check(
            &[UNKNOWN, Verdict::Refused, Verdict::Refused],
            (RowEvent::Refused, 3, 402, Some("api.refused"), 2),
        );
    }

    #[test]
    fn attempts_without_a_clear_answer_run_out() {
        check(
            &[UNKNOWN, Verdict::Unknown(Reason::Reset), UNKNOWN],
            (RowEvent::Unresolved, 3, 403, Some("http.timeout"), 3),
        );
    }

    #[test]
    fn what_the_service_could_not_take_is_not_counted_against_the_row() {
        let verdicts = [WAIT, Verdict::NotReached, WAIT, Verdict::NotReached, Verdict::Created];
        check(&verdicts, (RowEvent::Created, 5, 405, None, 5));
        let (course, next) = course(&verdicts[..4], Standing::Unproven);
        assert_eq!((course.left(), next), (Sent::NotAttempted, Next::Again));
    }

    #[test]
    fn a_row_left_between_unclear_attempts_is_in_doubt() {
        let (left, next) = course(&[UNKNOWN, WAIT], Standing::Unproven);
        assert_eq!((left.left(), next), (Sent::InDoubt { attempts: 2 }, Next::Again));
        let (left, _) = course(&[Verdict::ReadBack], Standing::Unproven);
        assert_eq!(left.left(), Sent::InDoubt { attempts: 1 });
    }

    #[test]
    fn what_is_true_of_every_row_stops_the_run() {
        let check = |verdicts: &[Verdict], standing, expected| {
            let stopped = match course(verdicts, standing).1 {
                Next::Stop(stop) => Some((stop.reason, stop.in_doubt)),
                Next::Done(_) | Next::Again | Next::After(_) => None,
            };
            assert_eq!(stopped, expected, "{verdicts:?}");
        };
        let refresh = Verdict::RefreshToken;
        check(
            &[Verdict::NotPermitted],
            Standing::Unproven,
            Some((StopReason::NotPermitted, false)),
        );
        check(
            &[UNKNOWN, Verdict::NotPermitted],
            Standing::Unproven,
            Some((StopReason::NotPermitted, true)),
        );
        check(&[refresh], Standing::Unproven, None);
        check(
            &[refresh, refresh],
            Standing::Unproven,
            Some((StopReason::Unauthorized, false)),
        );
        check(&[refresh, Verdict::ReadBack, refresh], Standing::Unproven, None);
        // Others get through with the token: the second refusal is not about the client.
        check(&[refresh, refresh], Standing::Proven, None);
        // Tokens worked before: the gate waits, and says when it has waited long enough.
        check(&[refresh; 9], Standing::Fresh, None);
        check(
            &[refresh, refresh, refresh],
            Standing::Proven,
            Some((StopReason::Unauthorized, false)),
        );
    }
}
