//! The three kinds of server, by what becomes of an idempotency id whose first try failed.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do, by a panic")]

use rollcall::sandbox::{AnswerBody, Fault, FaultAnswer, FaultPlan, Options, RateLimitHeaders, ServerKind};

use crate::setup::{Setup, ada, send};

/// How a create ends under the fault, and how the next two do without it; and how many customers there are then.
async fn course(options: Options, fault: Fault) -> ([u16; 3], usize) {
    let setup = Setup::new(options).await;
    setup.sandbox.set_plan(FaultPlan::always(fault)).unwrap();
    let first = setup.create("i1", &ada("c1")).send().await;
    let first = first.map_or(0, |response| response.status().as_u16());
    setup.sandbox.set_plan(FaultPlan::default()).unwrap();
    let second = send(setup.create("i1", &ada("c1"))).await.0;
    let third = send(setup.create("i1", &ada("c1"))).await.0;
    ([first, second, third], setup.sandbox.customers().len())
}

fn failing(after_effect: bool, body: AnswerBody, save: Option<bool>) -> Fault {
    Fault::Answer(FaultAnswer {
        after_effect,
        body,
        save,
        ..FaultAnswer::default()
    })
}

async fn check(kind: ServerKind, fault: Fault, expected: ([u16; 3], usize)) {
    let options = Options {
        kind,
        ..Options::default()
    };
    assert_eq!(course(options, fault.clone()).await, expected, "{kind:?} {fault:?}");
}

#[tokio::test]
async fn a_failure_is_saved_by_those_who_save_all_and_burns_the_id_of_others() {
    use AnswerBody::{Errors, Html};
    use ServerKind::{Burns, SavesAll, SavesSuccesses};
    for (kind, fault, expected) in [
        (SavesAll, failing(false, Errors, None), ([500, 500, 500], 0)),
        (SavesAll, failing(true, Errors, None), ([500, 500, 500], 1)),
        (SavesAll, failing(false, Html, None), ([500, 200, 200], 1)),
        (SavesAll, failing(false, Errors, Some(false)), ([500, 200, 200], 1)),
        (SavesAll, Fault::Reset { after_effect: true }, ([0, 200, 200], 1)),
        (SavesSuccesses, failing(false, Errors, None), ([500, 200, 200], 1)),
        (SavesSuccesses, failing(true, Errors, None), ([500, 200, 200], 1)),
        (Burns, failing(false, Errors, None), ([500, 409, 409], 0)),
        (Burns, failing(true, Html, None), ([500, 409, 409], 1)),
        (Burns, Fault::Reset { after_effect: false }, ([0, 409, 409], 0)),
        (Burns, Fault::Reset { after_effect: true }, ([0, 409, 409], 1)),
        (Burns, Fault::answer(429), ([429, 200, 200], 1)),
        (
            Burns,
            Fault::RateLimit(RateLimitHeaders::default()),
            ([200, 200, 200], 1),
        ),
    ] {
        check(kind, fault, expected).await;
    }
    for kind in [SavesSuccesses, Burns] {
        let saved = Fault::Answer(FaultAnswer {
            save: Some(true),
            ..FaultAnswer::default()
        });
        let plan = rollcall::sandbox::FaultEntry::new(saved).on(&[rollcall::sandbox::RequestKind::Create]);
        let setup = Setup::new(Options {
            kind,
            plan: plan.into(),
            ..Options::default()
        })
        .await;
        assert_eq!(send(setup.create("i1", &ada("c1"))).await.0, 500);
        setup.sandbox.set_plan(FaultPlan::default()).unwrap();
        let again = send(setup.create("i1", &ada("c1"))).await.0;
        assert_eq!(again, if kind == Burns { 409 } else { 500 }, "{kind:?}");
    }
}

#[tokio::test]
async fn what_is_saved_or_burned_outlives_the_sandbox_and_stands_above_later_failures() {
    for (kind, expected) in [(ServerKind::SavesAll, 500), (ServerKind::Burns, 422)] {
        let directory = tempfile::tempdir().unwrap();
        let options = || Options {
            kind,
            burned_status: 422,
            state: Some(directory.path().join("state.jsonl")),
            ..Options::default()
        };
        let setup = Setup::new(options()).await;
        let created = send(setup.create("i0", &ada("c0"))).await.0;
        setup.sandbox.set_plan(FaultPlan::always(Fault::answer(500))).unwrap();
        assert_eq!((created, send(setup.create("i1", &ada("c1"))).await.0), (200, 500));
        send(setup.create("i0", &ada("c0"))).await;
        setup.sandbox.stop().await;
        let setup = Setup::new(options()).await;
        assert_eq!(send(setup.create("i1", &ada("c1"))).await.0, expected);
        assert_eq!(send(setup.create("i0", &ada("c0"))).await.0, 200, "a success stays one");
    }
}
