//! The faults of a plan that end, delay or lengthen an answer, as a client that knows nothing of them meets them.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do, by a panic")]

use std::time::Duration;

use reqwest::Response;
use rollcall::sandbox::{Fault, FaultEntry, FaultPlan, Options, RequestKind, effects};
use serde_json::json;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::time::Instant;

use crate::setup::{Setup, ada, created, send};

/// A sandbox that breaks by a plan, and a client that has its token from before.
pub(crate) async fn broken(plan: impl Into<FaultPlan>) -> Setup {
    let setup = Setup::new(Options::default()).await;
    setup.sandbox.set_plan(plan.into()).unwrap();
    setup
}

pub(crate) async fn struck(fault: Fault) -> Setup {
    broken(FaultPlan::always(fault)).await
}

pub(crate) async fn create(setup: &Setup) -> reqwest::Result<Response> {
    setup.create("i1", &ada("c1")).send().await
}

/// Everything that an error says, its causes included.
fn chain(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text.push_str(&format!(": {cause}"));
        source = cause.source();
    }
    text
}

pub(crate) fn by_name(setup: &Setup, name: &str) -> u64 {
    setup
        .sandbox
        .tally()
        .faults_by_name
        .get(name)
        .copied()
        .unwrap_or_default()
}

#[tokio::test]
async fn connections_end_without_an_answer() {
    for (fault, customers) in [
        (Fault::Reset { after_effect: false }, 0),
        (Fault::Reset { after_effect: true }, 1),
    ] {
        let setup = struck(fault.clone()).await;
        let error = create(&setup).await.unwrap_err();
        assert!(chain(&error).contains("reset by peer"), "{error:?}");
        assert_eq!(setup.created_customers().len(), customers, "{fault:?}");
        assert_eq!(by_name(&setup, "reset"), 1);
    }
    let setup = broken(FaultEntry::new(Fault::Refuse {}).on(&[RequestKind::Create])).await;
    assert!(create(&setup).await.is_err());
    assert_eq!(
        send(setup.get("/v1/customers")).await.0,
        200,
        "other kinds are answered"
    );
    assert_eq!(setup.created_customers(), []);
}

#[tokio::test]
async fn nobody_listens_in_an_outage_and_somebody_does_after_it() {
    let setup = struck(Fault::Refuse {}).await;
    let address = setup.sandbox.address();
    // The door closes a moment after the plan was set.
    while tokio::net::TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    assert!(
        client
            .get(setup.sandbox.base_url())
            .send()
            .await
            .unwrap_err()
            .is_connect()
    );
    setup.sandbox.set_plan(FaultPlan::default()).unwrap();
    while tokio::net::TcpStream::connect(address).await.is_err() {
        tokio::task::yield_now().await;
    }
    setup.check_create("i1", &ada("c1"), created("c1")).await;
}

#[tokio::test]
async fn half_an_answer_has_the_whole_length_and_breaks_off() {
    let setup = struck(Fault::Half {}).await;
    let mut response = create(&setup).await.unwrap();
    let whole = json!({"data": {"id": "c1"}}).to_string();
    assert_eq!(response.status(), 200);
    assert_eq!(response.content_length(), Some(whole.len() as u64));
    let half = response.chunk().await.unwrap().unwrap();
    assert_eq!(half, whole.as_bytes()[..whole.len() / 2]);
    assert!(response.chunk().await.is_err());
    assert_eq!(setup.created_customers().len(), 1);
}

#[tokio::test]
async fn a_slow_answer_comes_byte_by_byte_after_its_effect() {
    let setup = struck(Fault::Slow { interval: 0.005 }).await;
    let started = Instant::now();
    let mut response = create(&setup).await.unwrap();
    assert_eq!(setup.created_customers().len(), 1, "before the first byte");
    let whole = json!({"data": {"id": "c1"}}).to_string();
    let mut read = Vec::new();
    let mut chunks = 0;
    while let Some(chunk) = response.chunk().await.unwrap() {
        read.extend_from_slice(&chunk);
        chunks += 1;
    }
    assert_eq!(read, whole.as_bytes());
    assert!(chunks > 5, "{chunks}");
    assert!(started.elapsed() >= Duration::from_millis(5) * u32::try_from(whole.len()).unwrap());
}

#[tokio::test]
async fn a_stalled_create_takes_effect_before_or_after_it_though_the_client_is_gone() {
    for after_effect in [false, true] {
        let setup = struck(Fault::Stall {
            seconds: 0.2,
            after_effect,
        })
        .await;
        let request = setup.create("i1", &ada("c1")).timeout(Duration::from_millis(50));
        assert!(request.send().await.unwrap_err().is_timeout());
        assert_eq!(setup.created_customers().len(), usize::from(after_effect));
        while setup.created_customers().is_empty() {
            tokio::task::yield_now().await;
        }
        setup.sandbox.set_plan(FaultPlan::default()).unwrap();
        setup.check_create("i1", &ada("c1"), created("c1")).await;
        assert_eq!(setup.sandbox.tally().replays, 1);
    }
}

#[tokio::test]
async fn headers_without_end_are_sent_up_to_their_cap() {
    let bytes = 3 << 20;
    let setup = struck(Fault::EndlessHeaders { bytes }).await;
    assert!(create(&setup).await.is_err(), "a client with a limit gives up");
    let mut stream = tokio::net::TcpStream::connect(setup.sandbox.address()).await.unwrap();
    stream
        .write_all(b"GET /api/v1/customers HTTP/1.1\r\nhost: sandbox\r\n\r\n")
        .await
        .unwrap();
    let mut read = Vec::new();
    // It ends in a reset, which takes what was on its way along.
    stream.read_to_end(&mut read).await.ok();
    let text = String::from_utf8(read).unwrap();
    assert!(text.starts_with("HTTP/1.1 200 OK\r\nx-endless-17: xxx"), "{text:.60}");
    assert!(
        text.len() > 1 << 20 && text.len() < (4 << 20) && !text.contains("\r\n\r\n"),
        "{}",
        text.len()
    );
}

#[tokio::test]
async fn a_huge_body_is_as_long_as_it_says() {
    let bytes = 5 << 20;
    let setup = struck(Fault::HugeBody { bytes }).await;
    let response = create(&setup).await.unwrap();
    assert_eq!((response.status().as_u16(), response.content_length()), (200, None));
    let text = response.text().await.unwrap();
    assert!(text.starts_with("{\"data\":{\"id\":\"xxx"));
    assert_eq!(text.len() as u64, 15 + bytes);
}

#[tokio::test]
async fn effects_are_read_from_the_file_while_it_is_written() {
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state.jsonl");
    let setup = Setup::new(Options {
        state: Some(path.clone()),
        plan: FaultEntry::new(Fault::Reset { after_effect: true })
            .on(&[RequestKind::Create])
            .into(),
        ..Options::default()
    })
    .await;
    assert!(create(&setup).await.is_err());
    let kept = effects(&path).unwrap();
    assert_eq!(kept.len(), 1);
    assert_eq!(
        (kept[0].customer_id.as_str(), kept[0].idempotency_id.as_str()),
        ("c1", "i1")
    );
    assert_eq!(kept[0].fingerprint.len(), 32);
    assert!(kept[0].at.parse::<jiff::Timestamp>().is_ok());
    std::fs::OpenOptions::new()
        .append(true)
        .open(&path)
        .map(|mut file| {
            std::io::Write::write_all(&mut file, b"{\"effect\":\"crea").unwrap();
        })
        .unwrap();
    assert_eq!(effects(&path).unwrap(), kept, "a line that was cut is no effect");
}
