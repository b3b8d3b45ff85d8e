//! A ledger on disk, with the words of a run.

use std::path::PathBuf;

use rollcall::ledger::{
    Addition, Claim, Claimed, Disposition, Ledger, LedgerError, NewComparison, NewInput, NewRun, Observation, Planned,
    PlannedFinding, Reader, RowEntry, RunEntry, Seen,
};
use rollcall::model::digest::Digest;
use rollcall::model::ids::IdempotencyId;
use rollcall::model::outcome::Outcome;
use rollcall::model::position::Position;
use rollcall::model::row::RowKey;
use rollcall::model::row_state::{RowEvent, RowState};
use rollcall::model::rule::Severity;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use uuid::Uuid;

pub(crate) const NAMESPACE: Uuid = Uuid::from_u128(7);

/// A ledger with the words of a run, each of which ends when it is on disk.
pub(crate) struct Book {
    pub(crate) folder: TempDir,
    pub(crate) ledger: Ledger,
    pub(crate) reader: Reader,
    pub(crate) runtime: Runtime,
}

impl Book {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        Self::open(folder)
    }

    fn open(folder: TempDir) -> Self {
        let ledger = Ledger::open(&path(&folder)).unwrap();
        Self {
            reader: Reader::open(ledger.path()).unwrap(),
            ledger,
            folder,
            runtime: Builder::new_current_thread().build().unwrap(),
        }
    }

    /// Ends the process, as far as the ledger knows, and opens it again.
    pub(crate) fn again(self) -> Self {
        let Self {
            folder, ledger, reader, ..
        } = self;
        drop((ledger, reader));
        Self::open(folder)
    }

    /// Begins a run over one input; gives the input.
    pub(crate) fn begin(&self, content: u8) -> i64 {
        self.begin_correcting(content, None)
    }

    /// The same for a run that corrects another.
    pub(crate) fn begin_correcting(&self, content: u8, corrects: Option<i64>) -> i64 {
        let new = NewRun {
            operation: "customers.create",
            target: "https://api.example.com".to_owned(),
            namespace: NAMESPACE,
            config_digest: Digest([1; 32]),
            today: "2024-02-29".to_owned(),
            corrects,
            inputs: vec![NewInput {
                name: "customers.csv".to_owned(),
                digest: Digest([content; 32]),
                bytes: 99,
            }],
        };
        self.ledger.begin_run(new).unwrap().1[0]
    }

    /// What people and a comparison add to the rows of two inputs that are filled.
    pub(crate) fn add_to(&self, first: i64, second: i64) {
        let decided = |reason: &str| Disposition {
            at_ms: 5,
            who: "Vera Novak".to_owned(),
            reason: reason.to_owned(),
        };
        let comparison = self.ledger.begin_comparison(NewComparison {
            target: "https://api.example.com".to_owned(),
            namespace: NAMESPACE,
            scope: Digest([4; 32]),
        });
        let comparison = comparison.unwrap();
        let saw = |record, seen, payload_id, fields: Option<&str>| {
            let key = key(first, record);
            let fields = fields.map(str::to_owned);
            let observation = Observation {
                key,
                at_ms: 6,
                seen,
                payload_id,
                fields,
            };
            Addition::Observation(comparison, observation)
        };
        let additions = vec![
            Addition::Disposition(key(first, 10), decided("asked the branch")),
            Addition::Disposition(key(first, 10), decided("closed by the customer")),
            Addition::Disposition(key(second, 10), decided("a test customer")),
            Addition::Stranger {
                comparison,
                customer_id: "STRANGER-1".to_owned(),
                at_ms: 6,
            },
            Addition::Listed(comparison, 1),
            saw(1, Seen::Same, Some(id(1)), None),
            saw(2, Seen::Absent, None, None),
            saw(3, Seen::OtherData, Some(id(9)), Some("first_name last_name")),
            saw(4, Seen::OtherData, None, None),
            Addition::Listed(comparison, 2),
            Addition::Ended(comparison),
        ];
        self.ledger.add(additions).unwrap();
    }

    pub(crate) fn plan(&self, planned: Vec<Planned>) -> Vec<RowState> {
        self.ledger.plan(NAMESPACE, planned).unwrap().wait().unwrap()
    }

    /// Writes the rows of an input that were planned so far into the index of customers.
    pub(crate) fn index(&self, input: i64) {
        let mut last = Some(0);
        while let Some(after) = last {
            last = self.ledger.index_planned(NAMESPACE, input, after).unwrap();
        }
    }

    pub(crate) fn claim(&self, claim: Claim) -> Result<Claimed, LedgerError> {
        let claimed = self.runtime.block_on(self.ledger.claim(NAMESPACE, vec![claim]))?;
        Ok(claimed[0])
    }

    pub(crate) fn outcome(&self, key: RowKey, event: RowEvent) -> Result<RowState, LedgerError> {
        self.runtime
            .block_on(self.ledger.outcome(Outcome::plain(key, event, 1)))
    }

    /// Brings a new row, the first of an input, into a state, in the ways that a run does.
    pub(crate) fn bring(&self, input: i64, state: RowState) -> RowKey {
        let (planned, after): (RowEvent, &[RowEvent]) = match state {
            RowState::Rejected => (RowEvent::Rejected, &[]),
            RowState::Duplicate => (RowEvent::Duplicate, &[]),
            RowState::Conflict => (RowEvent::Conflict, &[]),
            RowState::Pending => (RowEvent::Accepted, &[]),
            RowState::InFlight => (RowEvent::Accepted, &[RowEvent::Claimed]),
            RowState::Created => (RowEvent::Accepted, &[RowEvent::Claimed, RowEvent::Created]),
            RowState::Existing => (RowEvent::Accepted, &[RowEvent::Claimed, RowEvent::Existing]),
            RowState::Refused => (RowEvent::Accepted, &[RowEvent::Claimed, RowEvent::Refused]),
            RowState::Unresolved => (RowEvent::Accepted, &[RowEvent::Claimed, RowEvent::Unresolved]),
        };
        let row = Planned {
            event: planned,
            ..row(input, 1, "C-1", 1)
        };
        self.plan(vec![row]);
        for event in after {
            if *event == RowEvent::Claimed {
                self.claim(claim(input, 1, "C-1", 1)).unwrap();
            } else {
                self.outcome(key(input, 1), *event).unwrap();
            }
        }
        assert_eq!(self.row(key(input, 1)).state, state);
        key(input, 1)
    }

    pub(crate) fn row(&self, key: RowKey) -> RowEntry {
        self.rows(key.input).into_iter().find(|row| row.key == key).unwrap()
    }

    pub(crate) fn rows(&self, input: i64) -> Vec<RowEntry> {
        let mut rows = Vec::new();
        let seen = self.reader.rows(input, 1, u64::MAX, |row| {
            rows.push(row);
            Ok::<_, LedgerError>(())
        });
        seen.unwrap();
        rows
    }

    pub(crate) fn run(&self, run_id: i64) -> RunEntry {
        self.reader.run(run_id).unwrap().unwrap()
    }
}

pub(crate) fn path(folder: &TempDir) -> PathBuf {
    folder.path().join("made/for/it/ledger.db")
}

pub(crate) fn key(input: i64, record: u64) -> RowKey {
    RowKey { input, record }
}

pub(crate) fn id(data: u8) -> IdempotencyId {
    IdempotencyId::from_bytes([data; 16])
}

/// An accepted row.
pub(crate) fn row(input: i64, record: u64, customer: &str, data: u8) -> Planned {
    Planned {
        input,
        position: Position {
            record,
            line: record + 1,
            byte: record * 10,
        },
        event: RowEvent::Accepted,
        customer_id: Some(customer.to_owned()),
        idempotency_id: Some(id(data)),
        code: None,
        findings: Vec::new(),
        corrects: None,
    }
}

pub(crate) fn claim(input: i64, record: u64, customer: &str, data: u8) -> Claim {
    Claim {
        key: key(input, record),
        customer_id: customer.to_owned(),
        idempotency_id: id(data),
    }
}

/// A reject with two findings.
pub(crate) fn reject(input: i64, record: u64) -> Planned {
    let finding = |code, field, column| PlannedFinding {
        code,
        severity: Severity::Error,
        field,
        column,
    };
    Planned {
        event: RowEvent::Rejected,
        idempotency_id: None,
        findings: vec![
            finding("phone.not_valid", Some("telephone_number"), Some(3)),
            finding("record.length", None, None),
        ],
        ..row(input, record, "C-2", 0)
    }
}
