//! A file beside a comparison with the API, as the ledger has it.

use rollcall::ledger::{Addition, Ledger, NewComparison, Observation, Reader, Seen};
use rollcall::model::digest::Digest;
use rollcall::model::row::RowKey;

use crate::books::{Books, CUSTOMERS};

/// Writes a comparison that saw every row of the first input as `seen` says; `None` looks at the row not at all.
fn compare(books: &Books, strangers: &[&str], seen: impl Fn(u64) -> Option<Seen>) {
    let path = books.bench.ledger();
    let ledger = Ledger::open(&path).unwrap();
    let reader = Reader::open(&path).unwrap();
    let run = reader.run(1).unwrap().unwrap();
    let new = NewComparison {
        target: run.target,
        namespace: run.namespace,
        scope: Digest([1; 32]),
    };
    let comparison = ledger.begin_comparison(new).unwrap();
    let mut additions = Vec::new();
    for record in 1..=CUSTOMERS {
        let key = RowKey { input: 1, record };
        let Some(seen) = seen(record) else { continue };
        let row = reader.row(key).unwrap().unwrap();
        let observation = Observation {
            key,
            at_ms: 1,
            seen,
            payload_id: row.idempotency_id.filter(|_| seen == Seen::Same),
            fields: (seen == Seen::OtherData).then(|| "email_address".to_owned()),
        };
        additions.push(Addition::Observation(comparison, observation));
    }
    additions.extend(strangers.iter().map(|customer| Addition::Stranger {
        comparison,
        customer_id: (*customer).to_owned(),
        at_ms: 1,
    }));
    additions.push(Addition::Ended(comparison));
    ledger.add(additions).unwrap();
}

const WITH_API: [&str; 2] = ["customers.csv", "--api"];

#[tokio::test(flavor = "multi_thread")]
async fn what_the_api_has_decides_where_it_was_asked() {
    let books = Books::run().await;
    let compare = |strangers: &[&str], seen: &dyn Fn(u64) -> Option<Seen>| {
        tokio::task::block_in_place(|| compare(&books, strangers, seen));
    };
    let other = |at: u64, what: Option<Seen>| move |record| if record == at { what } else { Some(Seen::Same) };

    compare(&[], &|_| Some(Seen::Same));
    let said = books.reconcile(0, &WITH_API).await;
    assert_eq!(said.names(), [""; 0]);
    assert_eq!(said.summary["files"][0]["api"]["same"], CUSTOMERS);

    compare(&[], &other(7, Some(Seen::Absent)));
    let said = books.reconcile(1, &WITH_API).await;
    assert_eq!(said.names(), ["missing_at_api 7"]);
    assert_eq!(said.summary["control_totals"]["api"]["customers"], CUSTOMERS - 1);
    // Without --api what the API confirmed counts.
    books.names(&[]).await;

    compare(&[], &other(3, Some(Seen::OtherData)));
    let said = books.reconcile(1, &WITH_API).await;
    assert_eq!(said.names(), ["other_data_at_api 3"]);
    assert_eq!(said.named[0]["fields"], serde_json::json!(["email_address"]));

    compare(&[], &other(5, None));
    assert_eq!(books.reconcile(1, &WITH_API).await.names(), ["not_compared 5"]);

    compare(&["S-1"], &|_| Some(Seen::Same));
    let said = books.reconcile(1, &WITH_API).await;
    assert_eq!(said.names(), ["stranger S-1"]);
    assert_eq!(said.summary["control_totals"]["agree"], false);
}
