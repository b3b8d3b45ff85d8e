//! A ledger in which everything has happened that a report can tell, and the commands that tell it.

use std::path::PathBuf;
use std::process::{Command, Output};

use rollcall::clock::{now_ms, today};
use rollcall::ledger::{
    Addition, Claim, Correction, Disposition, InputTotals, Ledger, NewInput, NewRun, Planned, PlannedFinding,
};
use rollcall::model::digest::Digest;
use rollcall::model::ids::IdempotencyId;
use rollcall::model::outcome::Outcome;
use rollcall::model::position::Position;
use rollcall::model::row::RowKey;
use rollcall::model::row_state::RowEvent::{self, Accepted, Attempted, Claimed, Rejected, Unresolved};
use rollcall::model::rule::Severity;
use tempfile::TempDir;
use tokio::runtime::{Builder, Runtime};
use uuid::Uuid;

const NAMESPACE: Uuid = Uuid::from_u128(7);
/// A name that would run if the page did not escape it.
pub(crate) const SCRIPT: &str = "<script>alert('x')</script> & \u{202e}co.csv";
/// What the API said, as badly.
pub(crate) const SAID: &str = "<img src=x onerror=alert(1)> \"last_name\" is not allowed";
const CUSTOMERS: &str = "customers.csv";

/// A ledger, and what a run in it goes through.
pub(crate) struct Story {
    folder: TempDir,
    ledger: Option<Ledger>,
    runtime: Runtime,
}

impl Story {
    pub(crate) fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let ledger = Ledger::open(&folder.path().join("ledger.db")).unwrap();
        Self {
            folder,
            ledger: Some(ledger),
            runtime: Builder::new_current_thread().build().unwrap(),
        }
    }

    /// Two runs: the first has rows in every state and exceptions of every standing, the second corrects it.
    pub(crate) fn whole() -> Self {
        let story = Self::new();
        story.first_run();
        story.second_run();
        story.close()
    }

    fn ledger(&self) -> &Ledger {
        self.ledger.as_ref().unwrap()
    }

    pub(crate) fn path(&self) -> PathBuf {
        self.folder.path().join("ledger.db")
    }

    /// Ends the process that writes.
    pub(crate) fn close(mut self) -> Self {
        self.ledger = None;
        self
    }

    /// Begins a run over files with these names.
    pub(crate) fn begin(&self, names: &[&str], corrects: Option<i64>) -> (i64, Vec<i64>) {
        let inputs = (1..).zip(names).map(|(number, name)| NewInput {
            name: (*name).to_owned(),
            digest: digest(number + 10 * u8::try_from(corrects.unwrap_or_default()).unwrap(), name),
            bytes: 1_234_567,
        });
        let new = NewRun {
            operation: "customers.create",
            target: "https://api.example.com".to_owned(),
            namespace: NAMESPACE,
            config_digest: Digest([9; 32]),
            today: today().to_string(),
            corrects,
            inputs: inputs.collect(),
        };
        let (run, inputs) = self.ledger().begin_run(new).unwrap();
        self.event(run, "started", None);
        (run, inputs)
    }

    pub(crate) fn event(&self, run: i64, kind: &'static str, reason: Option<&str>) {
        self.ledger().run_event(run, kind, reason.map(str::to_owned)).unwrap();
    }

    pub(crate) fn plan(&self, rows: Vec<Planned>) {
        self.ledger().plan(NAMESPACE, rows).unwrap().wait().unwrap();
    }

    /// The reader has come to the end of a source with so many records.
    pub(crate) fn end(&self, input: i64, records: u64) {
        let totals = InputTotals {
            records,
            blank_lines: 1,
            separator_lines: 2,
            header_lines: 3,
            trailer_lines: 4,
            record_lines: records * 2,
            lines: records * 2 + 11,
        };
        self.ledger().end_input(input, totals).unwrap();
    }

    /// Claims a row and gives it an outcome, so many milliseconds later.
    pub(crate) fn send(&self, key: RowKey, event: RowEvent, later_ms: i64, answer: (u32, Option<u16>, Option<&str>)) {
        let claim = Claim {
            key,
            customer_id: customer(key),
            idempotency_id: id(key),
        };
        self.runtime
            .block_on(self.ledger().claim(NAMESPACE, vec![claim]))
            .unwrap();
        if event == Claimed {
            return;
        }
        let (attempts, http_status, code) = answer;
        let outcome = Outcome {
            attempts,
            http_status,
            code: code.map(str::to_owned),
            detail: (event == RowEvent::Refused).then(|| SAID.to_owned()),
            ..Outcome::plain(key, event, now_ms() + later_ms)
        };
        self.runtime.block_on(self.ledger().outcome(outcome)).unwrap();
    }

    fn first_run(&self) {
        let (run, inputs) = self.begin(&[SCRIPT, CUSTOMERS], None);
        let [first, second] = inputs.try_into().unwrap();
        self.plan((1..=40).map(|record| row(key(first, record), Accepted)).collect());
        self.plan(
            (1..=1200)
                .map(|record| row(key(second, record), planned(record)))
                .collect(),
        );
        self.end(first, 40);
        self.end(second, 1200);
        self.event(run, "planned", None);
        for record in 1..=36 {
            let later_ms = i64::try_from(record * record * 7).unwrap();
            let key = key(first, record);
            match record {
                1..=20 => self.send(key, RowEvent::Created, later_ms, (1, Some(200), None)),
                21..=24 => self.send(key, RowEvent::Created, later_ms, (3, Some(200), None)),
                25..=26 => self.send(
                    key,
                    RowEvent::Existing,
                    later_ms,
                    (14, Some(409), Some("api.duplicate_customer")),
                ),
                27..=30 => self.send(key, RowEvent::Refused, later_ms, (1, Some(422), Some("api.refused"))),
                31..=33 => self.send(key, Unresolved, later_ms, (2, None, Some("http.timeout"))),
                34 => self.send(
                    key,
                    RowEvent::Conflict,
                    later_ms,
                    (1, Some(200), Some("api.other_data")),
                ),
                35 => self.send(key, Attempted, later_ms, (1, Some(500), Some("http.server_error"))),
                _ => self.send(key, Claimed, 0, (0, None, None)),
            }
        }
        // Taken up again, this time with an answer.
        self.send(key(first, 31), RowEvent::Created, 9000, (1, Some(201), None));
        let disposition = |who: &str| Disposition {
            at_ms: 1_700_000_000_000,
            who: who.to_owned(),
            reason: "left the bank <b>in May</b>".to_owned(),
        };
        let decided = [key(first, 28), key(first, 33), key(second, 5)];
        let decided = decided.map(|key| Addition::Disposition(key, disposition("n.okafor")));
        self.ledger().add(decided.into()).unwrap();
        self.event(run, "stopped", Some("run.deadline"));
    }

    /// Corrects a reject in two steps, brings a refused customer by its id, and leaves one correction without effect.
    fn second_run(&self) {
        let first = |record| key(1, record);
        let reject = |record| key(2, record);
        let correct = |of: RowKey, row: Planned| Planned {
            corrects: Some(Correction { of, changed: true }),
            ..row
        };
        let (run, inputs) = self.begin(&["to-fix.csv"], Some(1));
        let input = inputs[0];
        let again = Planned {
            customer_id: Some(customer(first(27))),
            ..row(key(input, 3), Accepted)
        };
        self.plan(vec![
            correct(reject(10), row(key(input, 1), Accepted)),
            correct(reject(15), row(key(input, 2), Rejected)),
            again,
            correct(reject(20), row(key(input, 4), Accepted)),
        ]);
        self.end(input, 4);
        self.event(run, "planned", None);
        self.send(key(input, 1), RowEvent::Created, 5, (1, Some(200), None));
        self.claim_as(key(input, 3), &customer(first(27)));
        self.send(key(input, 4), RowEvent::Refused, 5, (1, Some(422), Some("api.refused")));
        self.event(run, "finished", None);
        let (run, inputs) = self.begin(&["to-fix-again.csv"], Some(2));
        self.plan(vec![correct(key(input, 2), row(key(inputs[0], 1), Accepted))]);
        self.end(inputs[0], 1);
        self.event(run, "planned", None);
        self.send(key(inputs[0], 1), RowEvent::Created, 5, (1, Some(200), None));
        self.event(run, "finished", None);
    }

    fn claim_as(&self, key: RowKey, customer: &str) {
        let claim = Claim {
            key,
            customer_id: customer.to_owned(),
            idempotency_id: id(key),
        };
        self.runtime
            .block_on(self.ledger().claim(NAMESPACE, vec![claim]))
            .unwrap();
        let outcome = Outcome::plain(key, RowEvent::Created, now_ms());
        self.runtime.block_on(self.ledger().outcome(outcome)).unwrap();
    }

    /// Runs a command on the ledger.
    pub(crate) fn rollcall(&self, args: &[&str]) -> Output {
        Command::new(env!("CARGO_BIN_EXE_rollcall"))
            .args(args)
            .args(["--ledger", "ledger.db"])
            .current_dir(self.folder.path())
            .output()
            .unwrap()
    }

    /// What a command prints that ends well.
    pub(crate) fn says(&self, args: &[&str]) -> String {
        let output = self.rollcall(args);
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(0), "{args:?} {error}");
        String::from_utf8(output.stdout).unwrap()
    }

    pub(crate) fn report(&self, run: i64, format: &str) -> String {
        self.says(&["report", &run.to_string(), "--format", format])
    }
}

/// Files with other names have other bytes.
fn digest(number: u8, name: &str) -> Digest {
    let mut digest = [number; 32];
    for (byte, letter) in digest.iter_mut().zip(name.bytes()) {
        *byte ^= letter;
    }
    Digest(digest)
}

/// What becomes of a record of the second file when it is planned.
fn planned(record: u64) -> RowEvent {
    match record % 100 {
        5 | 10 | 15 | 20 => Rejected,
        30..=33 => RowEvent::Duplicate,
        40..=41 => RowEvent::Conflict,
        _ => Accepted,
    }
}

pub(crate) fn key(input: i64, record: u64) -> RowKey {
    RowKey { input, record }
}

fn customer(key: RowKey) -> String {
    format!("C-{}-{}", key.input, key.record)
}

fn id(key: RowKey) -> IdempotencyId {
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&key.input.to_be_bytes());
    bytes[8..].copy_from_slice(&key.record.to_be_bytes());
    IdempotencyId::from_bytes(bytes)
}

/// A row as checking leaves it; a reject has two findings, any tenth row a warning.
pub(crate) fn row(key: RowKey, event: RowEvent) -> Planned {
    let finding = |code, severity, field, column| PlannedFinding {
        code,
        severity,
        field,
        column,
    };
    let findings = if event == Rejected && key.record % 100 == 5 {
        vec![finding("record.field_count", Severity::Error, None, None)]
    } else if event == Rejected {
        vec![
            finding("phone.not_valid", Severity::Error, Some("telephone_number"), Some(3)),
            finding("date.too_old", Severity::Error, Some("date_of_birth"), Some(4)),
            finding("text.control_character", Severity::Error, Some("last_name"), Some(2)),
        ]
    } else if key.record.is_multiple_of(10) {
        vec![finding(
            "date.too_old",
            Severity::Warning,
            Some("date_of_birth"),
            Some(4),
        )]
    } else {
        Vec::new()
    };
    let codes = [
        (RowEvent::Duplicate, "row.same_as_earlier"),
        (RowEvent::Conflict, "row.other_data_than_earlier"),
    ];
    let code = codes.into_iter().find(|(of, _)| *of == event).map(|(_, code)| code);
    Planned {
        input: key.input,
        position: Position {
            record: key.record,
            line: key.record * 2,
            byte: key.record * 10,
        },
        event,
        customer_id: Some(customer(key)),
        idempotency_id: (event != Rejected).then(|| id(key)),
        code: code.map(str::to_owned),
        findings,
        corrects: None,
    }
}
