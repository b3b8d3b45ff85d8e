//! Every course of a few answers, whatever they are.

use super::*;

/// What each call can be answered with.
fn verdicts(call: Call) -> &'static [Verdict] {
    const CREATE: &[Verdict] = &[
        Verdict::Created,
        Verdict::ReadBack,
        Verdict::Refused,
        Verdict::RefreshToken,
        Verdict::NotPermitted,
        Verdict::Wait(Reason::Throttled),
        Verdict::NotReached,
        Verdict::Unknown(Reason::Timeout),
        Verdict::Unknown(Reason::ServerError),
    ];
    const READ_BACK: &[Verdict] = &[
        Verdict::Existing,
        Verdict::Conflict,
        Verdict::Refused,
        Verdict::Unreadable,
        Verdict::RefreshToken,
        Verdict::Wait(Reason::Throttled),
        Verdict::NotReached,
        Verdict::Unknown(Reason::Timeout),
        Verdict::Unknown(Reason::NotAddressable),
    ];
    match call {
        Call::Create => CREATE,
        Call::ReadBack | Call::Read => READ_BACK,
    }
}

/// What must hold of a row's end, whatever was answered before.
fn hold(sequence: &[(Call, Verdict)], end: &Next, again: bool) {
    let doubt = again
        || sequence
            .iter()
            .any(|(call, verdict)| *call == Call::Create && matches!(verdict, Verdict::Unknown(_)));
    let (last_call, last) = sequence[sequence.len() - 1];
    let context = format!("{sequence:?} ends as {end:?}");
    match end {
        Next::Done(outcome) => match outcome.event {
            RowEvent::Created => assert_eq!(last, Verdict::Created, "{context}"),
            RowEvent::Existing => assert_eq!(last, Verdict::Existing, "{context}"),
            RowEvent::Conflict => assert_eq!(last, Verdict::Conflict, "{context}"),
            RowEvent::Refused => {
                assert_eq!(last, Verdict::Refused, "{context}");
                assert!(!doubt || last_call == Call::ReadBack, "not looked for: {context}");
            }
            RowEvent::Unresolved => assert!(outcome.code.is_some(), "{context}"),
            RowEvent::Accepted
            | RowEvent::Rejected
            | RowEvent::Duplicate
            | RowEvent::Claimed
            | RowEvent::Released
            | RowEvent::Attempted
            | RowEvent::Retried => panic!("{context}"),
        },
        Next::Absent => panic!("only a course that looks ends so: {context}"),
        Next::Stop(stop) => {
            assert_eq!(last_call, Call::Create, "looking stops no run: {context}");
            assert!(stop.in_doubt || !doubt, "{context}");
        }
        Next::Again | Next::After(_) => {
            let settled = [
                Verdict::Created,
                Verdict::Existing,
                Verdict::Conflict,
                Verdict::NotPermitted,
                Verdict::Unreadable,
            ];
            assert!(!settled.contains(&last), "{context}");
            let clear = matches!(last, Verdict::Wait(_) | Verdict::NotReached | Verdict::RefreshToken);
            assert!(
                clear || matches!(end, Next::After(_)) || last == Verdict::ReadBack || doubt,
                "{context}"
            );
        }
    }
}

/// Every course of up to four answers, to a fresh row and to one in doubt: thousands.
#[test]
fn whatever_is_answered_a_row_ends_honestly() {
    let mut courses = 0;
    let mut open: Vec<(Vec<Verdict>, bool)> = vec![(vec![], false), (vec![], true)];
    for _ in 0..4 {
        let mut longer = Vec::new();
        for (before, again) in &open {
            // The machine is played anew: it is not to be copied.
            let play = |answers: &[Verdict]| {
                let schedule = Schedule {
                    base: Duration::from_millis(1),
                    cap: Duration::from_millis(1),
                };
                let mut course = Course::new(KEY, schedule.waits(), MAX_ATTEMPTS);
                if *again {
                    course = course.in_doubt();
                }
                let mut sequence = Vec::new();
                let mut next = Next::Again;
                for (number, verdict) in (1_u64..).zip(answers) {
                    course.begin();
                    sequence.push((course.call(), *verdict));
                    let around = Around {
                        standing: Standing::Unproven,
                        passed: number,
                        failing: 0.0,
                    };
                    let mut heard = heard(500, "x");
                    if *verdict == Verdict::ReadBack {
                        heard.signal = Signal::Answer {
                            status: 400,
                            body: Body::Exists,
                            retry_after: false,
                        };
                    }
                    next = course.take(*verdict, heard, RequestId::from_bytes([1; 16]), around);
                }
                (course, sequence, next)
            };
            let call = play(before).0.call();
            for verdict in verdicts(call) {
                let answers = [&before[..], &[*verdict]].concat();
                let (_, sequence, end) = play(&answers);
                hold(&sequence, &end, *again);
                courses += 1;
                if matches!(end, Next::Again | Next::After(_)) {
                    longer.push((answers, *again));
                }
            }
        }
        open = longer;
    }
    println!("{courses} courses");
    assert!(courses > 4_000, "{courses}");
}
