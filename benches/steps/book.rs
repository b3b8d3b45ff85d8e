//! A ledger on disk, and a thousand rows at a time.

use std::sync::Arc;

use rollcall::ledger::{Claim, Ledger, NewInput, NewRun, Planned};
use rollcall::model::digest::Digest;
use rollcall::model::ids::IdempotencyId;
use rollcall::model::outcome::Outcome;
use rollcall::model::position::Position;
use rollcall::model::row::RowKey;
use rollcall::model::row_state::RowEvent;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;
use uuid::Uuid;

/// Rows of a commit.
pub(crate) const ROWS: u64 = 1_000;

pub(crate) struct Book {
    ledger: Arc<Ledger>,
    input: i64,
    records: u64,
    runtime: Runtime,
    _folder: TempDir,
}

impl Book {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(&folder.path().join("ledger/ledger.db")).unwrap();
        let run = NewRun {
            operation: "customers.create",
            target: "https://api.example.com".to_owned(),
            namespace: Uuid::nil(),
            config_digest: Digest([0; 32]),
            today: "2026-11-23".to_owned(),
            corrects: None,
            inputs: vec![NewInput {
                name: "bench.csv".to_owned(),
                digest: Digest([1; 32]),
                bytes: 1,
            }],
        };
        let (_, inputs) = ledger.begin_run(run).unwrap();
        Self {
            ledger: Arc::new(ledger),
            input: inputs[0],
            records: 0,
            runtime: Builder::new_current_thread().build().unwrap(),
            _folder: folder,
        }
    }

    /// Plans the next rows; gives the first and the last.
    pub(crate) fn plan(&mut self) -> std::ops::RangeInclusive<u64> {
        let rows = self.records + 1..=self.records + ROWS;
        self.records += ROWS;
        let planned = rows.clone().map(|record| Planned {
            input: self.input,
            position: Position {
                record,
                line: record + 1,
                byte: record * 300,
            },
            event: RowEvent::Accepted,
            customer_id: Some(customer(record)),
            idempotency_id: Some(id(record)),
            code: None,
            findings: Vec::new(),
            corrects: None,
        });
        let planned = self.ledger.plan(Uuid::nil(), planned.collect()).unwrap();
        planned.wait().unwrap();
        rows
    }

    /// Claims rows and writes down that they were created.
    pub(crate) fn send(&self, rows: std::ops::RangeInclusive<u64>) {
        let key = |record| RowKey {
            input: self.input,
            record,
        };
        let claims = rows.clone().map(|record| Claim {
            key: key(record),
            customer_id: customer(record),
            idempotency_id: id(record),
        });
        self.runtime.block_on(async {
            self.ledger.claim(Uuid::nil(), claims.collect()).await.unwrap();
            let mut outcomes = JoinSet::new();
            for record in rows {
                let (ledger, outcome) = (
                    Arc::clone(&self.ledger),
                    Outcome::plain(key(record), RowEvent::Created, 1),
                );
                outcomes.spawn(async move { ledger.outcome(outcome).await });
            }
            while let Some(written) = outcomes.join_next().await {
                written.unwrap().unwrap();
            }
        });
    }
}

fn customer(record: u64) -> String {
    format!("C1-{record:07}")
}

fn id(record: u64) -> IdempotencyId {
    IdempotencyId::from_bytes(
        (u128::from(record).wrapping_mul(0x9e37_79b9_7f4a_7c15_9e37_79b9_7f4a_7c15)).to_be_bytes(),
    )
}
