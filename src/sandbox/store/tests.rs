//! What the store saves, refuses, burns and keeps.

use super::*;
use crate::sandbox::payload;

/// Settles a create of an individual, whose name makes the body another one.
fn create(store: &mut Store, idempotency_id: &str, customer_id: &str, name: &str) -> Settled {
    let body = serde_json::json!({
        "id": customer_id, "customer_type": "INDIVIDUAL", "first_name": name, "last_name": "Lovelace",
    });
    let body = body.to_string().into_bytes();
    store
        .settle(idempotency_id, Fingerprint::of(&body), payload::check(&body))
        .unwrap()
}

fn created(customer_id: &str) -> Answer {
    Answer::Created {
        customer_id: customer_id.into(),
    }
}

fn duplicate(customer_id: &str, status: u16) -> Answer {
    Answer::Duplicate {
        customer_id: customer_id.into(),
        status,
    }
}

fn memory(kind: ServerKind) -> Store {
    Store::open(&Options {
        kind,
        duplicate_status: 409,
        ..Options::default()
    })
    .unwrap()
}

#[test]
fn a_replay_gets_the_saved_answer_and_has_no_effect() {
    let mut store = memory(ServerKind::SavesAll);
    assert_eq!(create(&mut store, "i1", "c1", "Ada"), Settled::Fresh(created("c1")));
    let same = Settled::Replay {
        answer: created("c1"),
        changed_body: false,
    };
    assert_eq!(create(&mut store, "i1", "c1", "Ada"), same);
    let changed = Settled::Replay {
        answer: created("c1"),
        changed_body: true,
    };
    assert_eq!(
        create(&mut store, "i1", "c2", "Ada"),
        changed,
        "not even with another customer"
    );
    assert_eq!(
        store.records(),
        [CustomerRecord {
            customer_id: "c1".into(),
            idempotency_id: "i1".into(),
            creates: 1,
            replays: 2
        }]
    );
}

#[test]
fn a_refused_duplicate_is_saved_or_not_as_told() {
    fn check(kind: ServerKind, second: &Settled) {
        let mut store = memory(kind);
        create(&mut store, "i1", "c1", "Ada");
        assert_eq!(
            create(&mut store, "i2", "c1", "Ada"),
            Settled::Fresh(duplicate("c1", 409))
        );
        assert_eq!(create(&mut store, "i2", "c1", "Ada"), *second);
        assert_eq!(store.counts(), (1, 1));
    }
    let replay = Settled::Replay {
        answer: duplicate("c1", 409),
        changed_body: false,
    };
    check(ServerKind::SavesAll, &replay);
    check(ServerKind::SavesSuccesses, &Settled::Fresh(duplicate("c1", 409)));
}

#[test]
fn an_invalid_request_is_not_saved() {
    let mut store = memory(ServerKind::SavesAll);
    assert!(matches!(create(&mut store, "i1", "c1", ""), Settled::Invalid(_)));
    assert_eq!(create(&mut store, "i1", "c1", "Ada"), Settled::Fresh(created("c1")));
}

#[test]
fn effects_and_saved_answers_outlive_the_process() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state.jsonl");
    let open = || {
        Store::open(&Options {
            state: Some(path.clone()),
            ..Options::default()
        })
        .unwrap()
    };
    let mut first = open();
    create(&mut first, "i1", "c1", "Ada");
    create(&mut first, "i2", "c1", "Ada");
    drop(first);
    let mut second = open();
    assert_eq!(second.counts(), (1, 0));
    let saved = |answer| Settled::Replay {
        answer,
        changed_body: false,
    };
    assert_eq!(create(&mut second, "i1", "c1", "Ada"), saved(created("c1")));
    assert_eq!(create(&mut second, "i2", "c1", "Ada"), saved(duplicate("c1", 400)));
    create(&mut second, "i3", "c3", "Grace");
    assert_eq!(second.counts(), (2, 1));
    assert_eq!(second.customer("c1").unwrap()["first_name"], "Ada");
}

#[test]
fn pages_are_cut_after_filtering() {
    let mut store = memory(ServerKind::SavesAll);
    for number in 0..5 {
        create(&mut store, &format!("i{number}"), &format!("c{number}"), "Ada");
    }
    let ids = |filter, page, page_size| {
        let page = store.page(filter, page, page_size);
        (
            page.customers.iter().map(|(id, _)| id.clone()).collect::<Vec<_>>(),
            page.in_all,
        )
    };
    let all = Filter::default();
    assert_eq!(ids(all, 0, 2), (vec!["c0".to_owned(), "c1".to_owned()], 5));
    assert_eq!(ids(all, 2, 2), (vec!["c4".to_owned()], 5));
    assert_eq!(ids(all, usize::MAX, 2), (vec![], 5));
    let corporations = Filter {
        customer_type: Some(CustomerType::Corporation),
        nobody: false,
    };
    assert_eq!(ids(corporations, 0, 2), (vec![], 0));
    assert_eq!(ids(Filter { nobody: true, ..all }, 0, 2), (vec![], 0));
}
