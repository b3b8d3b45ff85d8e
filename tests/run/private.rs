//! No personal data where it does not belong: ledger, log, standard error, and a run's standard output.

use std::collections::BTreeSet;
use std::net::{Ipv4Addr, SocketAddr};

use axum::Router;
use axum::body::Bytes;
use axum::http::StatusCode;
use axum::routing::post;
use rollcall::sandbox::Options;
use serde_json::{Value, json};
use tokio::net::TcpListener;

use crate::bench::{Bench, Done, bare, customers, sandbox, table};

/// Columns whose values point at nobody: the id is the key in every report, the others are words of closed lists.
const NOT_PERSONAL: [&str; 14] = [
    "id",
    "customer_type",
    "us_residency_status",
    "employment_status",
    "corporate_entity_type",
    "mailing_address.country_code",
    "registered_address.country_code",
    "country_of_incorporation",
    "nationality",
    "investment_profile.primary_source_of_funds",
    "investment_profile.total_assets",
    "investment_profile.usd_value_of_fiat",
    "investment_profile.monthly_deposits",
    "investment_profile.monthly_investment_deposit",
];

/// Whether a value does not stand in many texts by chance, as short ones and bare numbers do.
fn tells(value: &str) -> bool {
    let letters = value.chars().any(|character| !character.is_ascii_digit());
    value.chars().count() >= if letters { 5 } else { 9 }
}

/// The personal values of a file, as they are written in it.
fn values(csv: &[u8]) -> BTreeSet<String> {
    let other = [
        "kyc_profile.funds_send_receive_jurisdictions",
        "kyc_profile.engage_in_activities",
    ];
    table(std::str::from_utf8(csv).unwrap())
        .into_iter()
        .flatten()
        .filter(|(column, _)| !NOT_PERSONAL.contains(&column.as_str()) && !other.contains(&column.as_str()))
        .map(|(_, value)| bare(&value).to_owned())
        .filter(|value| tells(value))
        .collect()
}

/// The personal values of payloads, as they are sent.
fn sent_values(payload: &Value, values: &mut BTreeSet<String>) {
    for (name, value) in payload.as_object().unwrap() {
        match value {
            Value::Object(_) if name.ends_with("_address") => sent_values(value, values),
            Value::String(text) if !NOT_PERSONAL.contains(&name.as_str()) && tells(text) => {
                values.insert(text.clone());
            }
            Value::Object(_) | Value::Array(_) | Value::String(_) | Value::Number(_) | Value::Bool(_) | Value::Null => {
            }
        }
    }
}

/// Which of the values stand in a text or file.
fn leaked(bytes: &[u8], values: &BTreeSet<String>) -> Vec<String> {
    let found = |value: &&String| memchr::memmem::find(bytes, value.as_bytes()).is_some();
    values.iter().filter(found).cloned().collect()
}

/// Looks everywhere; gives where values were found.
fn leaks(bench: &Bench, done: &Done, values: &BTreeSet<String>) -> Vec<(String, Vec<String>)> {
    let mut places = vec![
        ("standard output".to_owned(), done.stdout.clone().into_bytes()),
        ("standard error".to_owned(), done.stderr.clone().into_bytes()),
    ];
    for end in ["", "-wal"] {
        if let Ok(bytes) = std::fs::read(bench.path(&format!(".rollcall/ledger.db{end}"))) {
            places.push((format!("ledger{end}"), bytes));
        }
    }
    places
        .into_iter()
        .map(|(place, bytes)| (place, leaked(&bytes, values)))
        .filter(|(_, values)| !values.is_empty())
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn no_value_of_a_run_stands_in_ledger_log_or_output() {
    let sandbox = sandbox(Options::default()).await;
    let mut bench = Bench::against(&sandbox);
    bench.set("ROLLCALL_LOG", "trace");
    let file = customers(300, 51, 15.0);
    bench.write("customers.csv", &file.csv);
    let mut values = values(&file.csv);
    let mut working = bench.start(&["run", "customers.csv", "--max-rejects", "100%"]);
    // In the middle, while the write-ahead log is full.
    assert!(working.end_or(|_| sandbox.tally().requests.create >= 150).await);
    let killed = working.kill();
    let done = bench
        .expect(1, &["run", "customers.csv", "--max-rejects", "100%"])
        .await;
    for id in &file.accepted {
        sent_values(&sandbox.customer(id).unwrap(), &mut values);
    }
    assert!(values.len() > 1500, "only {} values to look for", values.len());
    assert!(done.stderr.contains("DEBUG"), "the log is on");
    for done in [&killed, &done] {
        assert_eq!(leaks(&bench, done, &values), [], "of {} values", values.len());
    }

    // The positive control: what is searched for is found where it may stand.
    let held = sandbox.customer(&file.accepted[0]).unwrap().to_string();
    assert_ne!(leaked(held.as_bytes(), &values), Vec::<String>::new());
}

/// An API that refuses every customer and repeats in its reason all that it was sent.
async fn echo(status: StatusCode) -> String {
    let token = || async { r#"{"token_type":"Bearer","expires_in":900,"access_token":"t","scope":""}"# };
    let create = move |body: Bytes| async move {
        let text = String::from_utf8_lossy(&body).into_owned();
        let payload: Value = serde_json::from_slice(&body).unwrap();
        let mut quoted = BTreeSet::new();
        sent_values(&payload, &mut quoted);
        let mut errors: Vec<Value> = quoted
            .iter()
            .map(|value| json!({"code": "invalid_field", "description": format!("\"{value}\" is not accepted")}))
            .take(6)
            .collect();
        errors.push(json!({"description": text.to_uppercase(), "code": text}));
        (status, json!({ "errors": errors }).to_string())
    };
    let router = Router::new()
        .route("/token", post(token))
        .route("/api/v1/customers", post(create));
    let listener = TcpListener::bind(SocketAddr::from((Ipv4Addr::LOCALHOST, 0)))
        .await
        .unwrap();
    let base = format!("http://{}", listener.local_addr().unwrap());
    tokio::spawn(async move { axum::serve(listener, router).await });
    base
}

#[tokio::test(flavor = "multi_thread")]
async fn a_service_that_repeats_values_brings_none_into_ledger_log_or_output() {
    for (status, code, state) in [
        (StatusCode::BAD_REQUEST, 1, "refused"),
        (StatusCode::UNPROCESSABLE_ENTITY, 1, "refused"),
        (StatusCode::FORBIDDEN, 4, "pending"),
    ] {
        let base = echo(status).await;
        let mut bench = Bench::new();
        bench.turn_to(&format!("{base}/api"), &format!("{base}/token"));
        bench.set("ROLLCALL_LOG", "trace");
        let file = customers(150, 52, 0.0);
        bench.write("customers.csv", &file.csv);
        bench
            .expect(0, &["validate", "customers.csv", "--accepted", "accepted.jsonl"])
            .await;
        let mut values = values(&file.csv);
        let payloads = std::fs::read_to_string(bench.path("accepted.jsonl")).unwrap();
        for payload in payloads.lines() {
            sent_values(&serde_json::from_str(payload).unwrap(), &mut values);
        }
        let done = bench.expect(code, &["run", "customers.csv"]).await;
        assert_eq!(bench.report(&[]).await["totals"][state], file.accepted.len());
        assert_eq!(
            leaks(&bench, &done, &values),
            [],
            "{status}, of {} values",
            values.len()
        );
    }
}
