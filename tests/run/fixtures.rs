//! The committed file of a thousand customers, with the truth about each.

use std::collections::{BTreeMap, BTreeSet};
use std::io::Write;
use std::path::Path;

use rollcall::model::digest::Digest;
use rollcall::sandbox::Options;
use serde_json::Value;
use sha2::{Digest as _, Sha256};

use crate::bench::{Bench, Customers, known, sandbox, table};
use crate::verdict::Evidence;

fn fixtures() -> Customers {
    let read = |name: &str| std::fs::read(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name)).unwrap();
    known(read("customers.csv"), &read("customers.truth.csv"))
}

/// The state that a record ends in where the sandbox is new and has no faults.
fn ended(truth: &str) -> &str {
    if truth == "accepted" { "created" } else { truth }
}

/// Holds the ledger's state of each record to the truth.
fn check_states(records: &[BTreeMap<String, String>], file: &Customers, about: &str) {
    assert_eq!(records.len(), file.truth.len(), "{about}");
    for (record, truth) in records.iter().zip(&file.truth) {
        assert_eq!(record["state"], ended(truth), "{about}: record {}", record["record"]);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_run_in_the_sandbox_ends_as_the_truth_says_and_a_second_sends_nothing() {
    let bench = Bench::new();
    let file = fixtures();
    bench.write("customers.csv", &file.csv);
    let first = bench.expect(1, &["run", "customers.csv", "--sandbox"]).await;
    assert!(first.stdout.contains("every record read is answered for"), "{first:#?}");
    check_states(&bench.records(&["--sandbox"]).await, &file, "--sandbox");

    let report = bench.report(&["--sandbox"]).await;
    assert_eq!((&report["balanced"], &report["records"]), (&true.into(), &1000.into()));
    for state in ["accepted", "rejected", "duplicate", "conflict"] {
        let expected = file.truth.iter().filter(|truth| *truth == state).count();
        assert_eq!(report["totals"][ended(state)], expected, "{state}");
    }
    let state = std::fs::read_to_string(bench.path(".rollcall/sandbox.customers.jsonl")).unwrap();
    let mut held: Vec<String> = state
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .map(|effect| text(&effect["customer_id"]))
        .collect();
    let mut accepted = file.accepted.clone();
    held.sort_unstable();
    accepted.sort_unstable();
    assert_eq!(held, accepted, "the sandbox's customers are the accepted ones");

    let second = bench.expect(1, &["run", "customers.csv", "--sandbox"]).await;
    assert!(
        second.stderr.contains("nothing to do: this run is finished"),
        "{second:#?}"
    );
    assert!(second.stderr.contains("requests    0 token, 0 create"), "{second:#?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn plain_packed_and_piped_input_have_the_same_outcome() {
    let file = fixtures();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(&file.csv).unwrap();
    let gzip = gzip.finish().unwrap();
    let zstd = zstd::encode_all(file.csv.as_slice(), 1).unwrap();
    for (name, stored, piped) in [
        ("plain", &file.csv, false),
        ("gzip", &gzip, false),
        ("zstd", &zstd, false),
        ("piped", &file.csv, true),
        ("gzip, piped", &gzip, true),
    ] {
        let sandbox = sandbox(Options::default()).await;
        let bench = Bench::against(&sandbox);
        bench.write("input", stored);
        let done = if piped {
            bench.run_on(&bench.path("input"), &["run", "-"]).await
        } else {
            bench.run(&["run", "input"]).await
        };
        assert_eq!(done.code, Some(1), "{name}: {done:#?}");
        check_states(&bench.records(&[]).await, &file, name);
        Evidence::gather(&bench, &sandbox, &file.accepted).await.hold(name);
    }
}

fn text(value: &Value) -> String {
    value.as_str().unwrap().to_owned()
}

/// The first half of a SHA-256 digest, by which the sandbox remembers a body.
fn fingerprint(payload: &str) -> String {
    Digest(Sha256::digest(payload).into()).to_string()[..32].to_owned()
}

#[tokio::test(flavor = "multi_thread")]
async fn validate_says_before_what_a_run_sends() {
    let mut bench = Bench::new();
    let sandbox = sandbox(Options {
        state: Some(bench.path("state.jsonl")),
        ..Options::default()
    })
    .await;
    bench.turn_to(&sandbox.base_url(), &sandbox.token_url());
    let file = fixtures();
    bench.write("customers.csv", &file.csv);
    let judged = bench
        .expect(
            1,
            &[
                "validate",
                "customers.csv",
                "--accepted",
                "accepted.jsonl",
                "--rejects",
                "rejects.csv",
            ],
        )
        .await;
    let accepted = std::fs::read_to_string(bench.path("accepted.jsonl")).unwrap();
    let rejects = table(&std::fs::read_to_string(bench.path("rejects.csv")).unwrap());
    assert!(!bench.ledger().exists(), "validate has no ledger: {judged:#?}");
    assert_eq!(sandbox.tally().requests.token, 0, "validate has no network");

    bench.expect(1, &["run", "customers.csv"]).await;
    let state = std::fs::read_to_string(bench.path("state.jsonl")).unwrap();
    let received: BTreeSet<(String, String)> = state
        .lines()
        .map(|line| serde_json::from_str::<Value>(line).unwrap())
        .map(|effect| (text(&effect["customer_id"]), text(&effect["body_fingerprint"])))
        .collect();
    let told = file.accepted.iter().zip(accepted.lines());
    let told: BTreeSet<(String, String)> = told.map(|(id, payload)| (id.clone(), fingerprint(payload))).collect();
    assert_eq!(accepted.lines().count(), file.accepted.len());
    assert_eq!(told, received, "payloads, byte for byte, in the order of the file");

    let records = bench.records(&[]).await;
    let unsent: Vec<_> = records
        .iter()
        .filter(|record| matches!(record["state"].as_str(), "rejected" | "conflict"))
        .map(|record| {
            (
                record["record"].clone(),
                record["state"].clone(),
                record["code"].clone(),
            )
        })
        .collect();
    let told: Vec<_> = rejects
        .iter()
        .map(|reject| {
            (
                reject["_record"].clone(),
                reject["_state"].clone(),
                reject["_codes"].clone(),
            )
        })
        .collect();
    assert_eq!(
        told, unsent,
        "validate and run reject the same records for the same reasons"
    );
}

/// As in `rollcall report --format csv | head`.
#[tokio::test(flavor = "multi_thread")]
async fn whoever_has_read_enough_is_told_no_error() {
    let bench = Bench::new();
    bench.write("customers.csv", &fixtures().csv);
    bench.expect(1, &["run", "customers.csv", "--sandbox"]).await;
    for arguments in [
        ["report", "--sandbox", "--format", "csv"].as_slice(),
        &["report", "--sandbox", "--format", "json"],
        &["report", "--sandbox"],
        &["status", "--sandbox"],
        &["validate", "customers.csv"],
        &["validate", "customers.csv", "--format", "json"],
    ] {
        let output = bench.run_unheard(arguments);
        let stderr = String::from_utf8(output.stderr).unwrap();
        assert!(
            matches!(output.status.code(), Some(0 | 1)) && !stderr.contains("error"),
            "{arguments:?}: {stderr}"
        );
    }
}
