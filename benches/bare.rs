//! The least code that posts payloads: a loop of reqwest with so many requests on the wire.
//!
//! It keeps no ledger and no limit, looks at nothing but the status, and repeats nothing. `scripts/compare` divides `rollcall
//! run` by it, against the same sandbox.
//!
//! `bare PAYLOADS BASE_URL TOKEN_URL IN_FLIGHT [RATE]`, where PAYLOADS is what `rollcall validate --accepted` wrote. With a
//! rate, requests go at that many a second by Tokio's clock: what a pace alone costs.

#![allow(
    clippy::unwrap_used,
    clippy::panic,
    clippy::print_stdout,
    clippy::disallowed_methods,
    clippy::cast_precision_loss,
    reason = "a program for measuring, which ends where it fails"
)]

use std::sync::Arc;
use std::time::{Duration, Instant};

use reqwest::Client;
use reqwest::header::{ACCEPT, HeaderValue};
use tokio::sync::Semaphore;
use uuid::Uuid;

/// Processor time of this process, in hundredths of a second.
fn ticks() -> u64 {
    let stat = std::fs::read_to_string("/proc/self/stat").unwrap();
    let behind = stat.rsplit_once(')').unwrap().1;
    behind
        .split_whitespace()
        .skip(11)
        .take(2)
        .map(|ticks| ticks.parse::<u64>().unwrap())
        .sum()
}

async fn token(client: &Client, url: &str) -> String {
    let request = client.post(format!(
        "{url}?grant_type=client_credentials&scope=customers:read+customers:write"
    ));
    let request = request.basic_auth("sandbox", Some("sandbox"));
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    let answer = request.send().await.unwrap();
    let answer: serde_json::Value = serde_json::from_slice(&answer.bytes().await.unwrap()).unwrap();
    answer
        .get("access_token")
        .and_then(|token| token.as_str())
        .unwrap()
        .to_owned()
}

#[tokio::main]
async fn main() {
    let arguments: Vec<String> = std::env::args().skip(1).collect();
    let ([payloads, base_url, token_url, in_flight], rate) = (match &*arguments {
        [rest @ .., rate] if rest.len() == 4 => (rest, Some(rate.parse::<f64>().unwrap())),
        all => (all, None),
    }) else {
        panic!("bare PAYLOADS BASE_URL TOKEN_URL IN_FLIGHT [RATE]")
    };
    let mut pace = rate.map(|rate| tokio::time::interval(Duration::from_secs_f64(1.0 / rate)));
    let payloads = std::fs::read_to_string(payloads).unwrap();
    let accept = (ACCEPT, HeaderValue::from_static("application/json"));
    let client = Client::builder()
        .default_headers([accept].into_iter().collect())
        .no_proxy()
        .http1_only()
        .tls_certs_only([])
        .build()
        .unwrap();
    let token: Arc<str> = token(&client, token_url).await.into();
    let url: Arc<str> = format!("{base_url}/v1/customers").into();
    let permits = Arc::new(Semaphore::new(in_flight.parse().unwrap()));
    let (begun, before) = (Instant::now(), ticks());
    let mut under_way = tokio::task::JoinSet::new();
    let mut requests = 0_u64;
    for payload in payloads.lines() {
        if let Some(pace) = &mut pace {
            pace.tick().await;
        }
        let permit = Arc::clone(&permits).acquire_owned().await.unwrap();
        let (client, token, url, payload) = (client.clone(), Arc::clone(&token), Arc::clone(&url), payload.to_owned());
        under_way.spawn(async move {
            let request = client
                .post(&*url)
                .bearer_auth(token)
                .header("content-type", "application/json");
            let request = request.header("x-l2f-idempotency-id", Uuid::now_v7().to_string());
            let request = request.header("x-l2f-request-id", Uuid::now_v7().to_string());
            let answer = request.body(payload).send().await.unwrap();
            assert!(answer.status().is_success(), "{}", answer.status());
            answer.bytes().await.unwrap();
            drop(permit);
        });
        requests += 1;
        while let Some(done) = under_way.try_join_next() {
            done.unwrap();
        }
    }
    while let Some(done) = under_way.join_next().await {
        done.unwrap();
    }
    let seconds = begun.elapsed().as_secs_f64();
    let cpu = (ticks() - before) as f64 * 10_000.0 / requests as f64;
    println!(
        "{requests} requests in {seconds:.3} s: {:.0}/s, {cpu:.1} µs of processor time each",
        requests as f64 / seconds
    );
}
