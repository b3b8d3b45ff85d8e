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
