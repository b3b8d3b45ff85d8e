//! Courses in which looking decides. It deliberately holds none in which a create does.

use super::*;

/// A course that only looks, and how it ends after each answer.
#[test]
fn a_course_that_only_looks_creates_nobody_and_doubts_nothing() {
    let schedule = Schedule {
        base: Duration::ZERO,
        cap: Duration::ZERO,
    };
    let check = |verdict, expected: &str| {
        let mut course = Course::new(KEY, schedule.waits(), 3).looking();
        assert_eq!(course.call(), Call::ReadBack);
        course.begin();
        let around = Around {
            standing: Standing::Proven,
            passed: 0,
            failing: 0.0,
        };
        let next = course.take(verdict, heard(404, "x"), RequestId::from_bytes([1; 16]), around);
        let found = match next {
            Next::Done(outcome) => format!("{:?}", outcome.event),
            Next::Absent => String::from("Absent"),
            Next::Again | Next::After(_) => {
                assert_eq!(course.call(), Call::ReadBack, "{verdict:?}");
                String::from("again")
            }
            Next::Stop(_) => String::from("stop"),
        };
        assert_eq!(found, expected, "{verdict:?}");
        assert!(matches!(course.left(), Sent::NotAttempted), "{verdict:?}");
    };
    check(Verdict::Existing, "Existing");
    check(Verdict::Conflict, "Conflict");
    check(Verdict::Refused, "Absent");
    check(Verdict::Unreadable, "stop");
    check(Verdict::Unknown(Reason::ServerError), "again");
    check(Verdict::Wait(Reason::Throttled), "again");
    check(Verdict::RefreshToken, "again");
}

#[test]
fn a_row_whose_time_is_over_is_looked_for_once() {
    let (mut over, _) = course(&[UNKNOWN], Standing::Unproven);
    assert_eq!((over.over(), over.call()), (Next::Again, Call::ReadBack));
    let Next::Done(outcome) = over.over() else {
        panic!("looks again");
    };
    assert_eq!(
        (outcome.event, outcome.code.as_deref(), outcome.http_status),
        (RowEvent::Unresolved, Some("row.deadline"), Some(401))
    );
}

/// Others pass, and this row is told to wait for ever: after thirty times it is looked for, and set aside.
#[test]
fn a_row_that_alone_is_throttled_for_ever_is_set_aside() {
    let ends_after = |passing: u64, found: Verdict| {
        let schedule = Schedule {
            base: Duration::ZERO,
            cap: Duration::ZERO,
        };
        let mut course = Course::new(KEY, schedule.waits(), 3);
        (1..100_u64).find_map(|number| {
            course.begin();
            let verdict = match course.call() {
                Call::Create => Verdict::Wait(Reason::Throttled),
                Call::ReadBack | Call::Read => found,
            };
            let around = Around {
                standing: Standing::Proven,
                passed: number * passing,
                failing: 0.0,
            };
            match course.take(verdict, heard(429, "x"), RequestId::from_bytes([1; 16]), around) {
                Next::Done(outcome) => Some((number, outcome.event, outcome.code.unwrap_or_default())),
                Next::Again | Next::After(_) => None,
                next @ (Next::Absent | Next::Stop(_)) => panic!("{next:?}"),
            }
        })
    };
    let throttled = |number| Some((number, RowEvent::Unresolved, String::from("api.throttled")));
    assert_eq!(ends_after(1, Verdict::Refused), throttled(31));
    assert_eq!(ends_after(1, Verdict::Wait(Reason::Throttled)), throttled(31));
    assert_eq!(
        ends_after(1, Verdict::Existing).map(|(number, event, _)| (number, event)),
        Some((31, RowEvent::Existing))
    );
    assert_eq!(
        ends_after(0, Verdict::Refused),
        None,
        "where nobody passes, the service is throttled"
    );
}
