//! Courses of a row, as data.

use super::*;
use crate::send::classify::{Body, Signal};
use crate::send::retry::Schedule;

mod every;
mod looking;

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
        next = course.take(
            *verdict,
            heard,
            request_id,
            Around {
                standing,
                passed: 0,
                failing: 0.0,
            },
        );
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
fn attempts_without_a_clear_answer_run_out_and_end_with_a_look() {
    let attempts = [UNKNOWN, Verdict::Unknown(Reason::Reset), UNKNOWN];
    let then = |last| [attempts[0], attempts[1], attempts[2], last];
    let unresolved = (RowEvent::Unresolved, 4, 403, Some("http.timeout"), 3);
    for useless in [Verdict::Refused, Verdict::Unreadable, UNKNOWN] {
        check(&then(useless), unresolved);
    }
    check(
        &then(Verdict::Existing),
        (RowEvent::Existing, 4, 404, Some("api.found_after_doubt"), 4),
    );
    check(
        &then(Verdict::Conflict),
        (RowEvent::Conflict, 4, 404, Some("api.other_data"), 4),
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
            Next::Done(_) | Next::Again | Next::After(_) | Next::Absent => None,
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

/// A failed server's answer, with the same status every time, while so many others pass and this share fails.
fn poisoned(statuses: &[u16], passing: u64, failing: f64) -> (Vec<Call>, Next) {
    let schedule = Schedule {
        base: Duration::ZERO,
        cap: Duration::ZERO,
    };
    let mut course = Course::new(KEY, schedule.waits(), 9);
    let mut calls = Vec::new();
    let mut next = Next::Again;
    for (number, status) in (0_u64..).zip(statuses) {
        calls.push(course.call());
        course.begin();
        let verdict = match (course.call(), status) {
            (Call::ReadBack, 404) => Verdict::Refused,
            (Call::ReadBack, 200) => Verdict::Existing,
            (_, 400 | 409 | 422) => Verdict::ReadBack,
            _ => Verdict::Unknown(Reason::ServerError),
        };
        let around = Around {
            standing: Standing::Proven,
            passed: number * passing,
            failing,
        };
        let mut heard = heard(*status, "x");
        if matches!(status, 400 | 409 | 422) {
            heard.signal = Signal::Answer {
                status: *status,
                body: Body::Exists,
                retry_after: false,
            };
        }
        next = course.take(verdict, heard, RequestId::from_bytes([1; 16]), around);
    }
    (calls, next)
}

#[test]
fn a_poisoned_or_burnt_id_is_looked_for_and_set_aside() {
    let check = |statuses: &[u16], passing, expected: Option<(RowEvent, &str)>| {
        let found = match poisoned(statuses, passing, 0.01).1 {
            Next::Done(outcome) => Some((outcome.event, outcome.code.unwrap_or_default())),
            Next::Again | Next::After(_) | Next::Stop(_) | Next::Absent => None,
        };
        let expected = expected.map(|(event, code)| (event, String::from(code)));
        assert_eq!(found, expected, "{statuses:?}, {passing}");
    };
    let set_aside = Some((RowEvent::Unresolved, "api.poisoned_id"));
    check(&[500, 500, 500, 404], 1, set_aside);
    check(&[500, 500, 500, 500], 1, set_aside);
    check(
        &[500, 500, 500, 200],
        1,
        Some((RowEvent::Existing, "api.found_after_doubt")),
    );
    // Nobody passes: it is an outage. And other failures in between are no series.
    check(&[500, 500, 500, 500], 0, None);
    check(&[500, 502, 500, 502, 500], 1, None);
    for no in [400, 409, 422] {
        // A fresh row's no that nobody contradicts is a no; one after a failure is never believed.
        check(&[500, no, 404], 1, None);
        check(&[500, no, 404, no, 404], 1, set_aside);
        check(&[500, no, 200], 1, Some((RowEvent::Existing, "api.duplicate_customer")));
        let fresh = (no != 409).then_some((RowEvent::Refused, "api.refused"));
        check(&[no, 404], 1, fresh);
    }
    let (calls, _) = poisoned(&[500, 500, 500, 404], 1, 0.01);
    assert_eq!(calls, [Call::Create, Call::Create, Call::Create, Call::ReadBack]);
}

#[test]
fn where_a_service_fails_at_random_it_takes_more_to_call_an_id_poisoned() {
    let looks_after = |failing| {
        let (calls, _) = poisoned(&[500; 8], 1, failing);
        calls.iter().position(|call| *call == Call::ReadBack)
    };
    // Eight times prove nothing where three in ten fail.
    let found = [0.0, 0.02, 0.05, 0.1, 0.3].map(looks_after);
    assert_eq!(found, [Some(3), Some(3), Some(4), Some(6), None]);
}
