//! How a sandbox starts and ends, what outlives it, and what happens at the same time.

use std::net::SocketAddr;
use std::path::Path;
use std::time::Duration;

use rollcall::sandbox::{FaultRates, Options, Sandbox, SandboxError};

use crate::setup::{NO_FAULTS, Setup, ada, created, loopback, read, with_faults};

#[tokio::test]
async fn only_loopback_addresses_and_possible_options_are_taken() {
    let everywhere = Sandbox::start(Options::default(), SocketAddr::from(([0, 0, 0, 0], 0))).await;
    assert_eq!(
        everywhere.unwrap_err().to_string(),
        "0.0.0.0:0 is not a loopback address"
    );
    let impossible = with_faults(FaultRates {
        error_500: 2.0,
        ..NO_FAULTS
    });
    let error = Sandbox::start(impossible, loopback()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "sandbox options: faults: error_500 is 2, which is not between 0 and 1"
    );
}

#[tokio::test]
async fn simultaneous_creates_of_one_operation_have_one_effect() {
    let setup = Setup::new(Options {
        latency: Duration::from_millis(20),
        ..Options::default()
    })
    .await;
    let requests = (0..16).map(|_| tokio::spawn(setup.create("i1", &ada("c1")).send()));
    for request in requests.collect::<Vec<_>>() {
        assert_eq!(read(request.await.unwrap().unwrap()).await, created("c1"));
    }
    assert_eq!(setup.created_customers(), [("c1".to_owned(), 1)]);
    assert_eq!(setup.sandbox.tally().replays, 15);
}

#[tokio::test]
async fn effects_outlive_the_sandbox() {
    async fn start(path: &Path) -> Setup {
        Setup::new(Options {
            state: Some(path.to_owned()),
            ..Options::default()
        })
        .await
    }
    let directory = tempfile::tempdir().unwrap();
    let path = directory.path().join("state.jsonl");
    let setup = start(&path).await;
    setup
        .sandbox
        .set_faults(FaultRates {
            reset_after: 1.0,
            ..NO_FAULTS
        })
        .unwrap();
    assert!(setup.create("i1", &ada("c1")).send().await.is_err());
    let second = Sandbox::start(
        Options {
            state: Some(path.clone()),
            ..Options::default()
        },
        loopback(),
    )
    .await;
    assert!(matches!(second, Err(SandboxError::State(_))), "one sandbox at a time");
    setup.sandbox.stop().await;

    let setup = start(&path).await;
    setup.check_create("i1", &ada("c1"), created("c1")).await;
    setup.check_create("i2", &ada("c2"), created("c2")).await;
    assert_eq!(setup.created_customers(), [("c1".to_owned(), 1), ("c2".to_owned(), 1)]);
    let tally = setup.sandbox.stop().await;
    assert_eq!(
        (tally.customers_created, tally.customers_in_all, tally.replays),
        (1, 2, 1)
    );
}

#[tokio::test]
async fn a_stop_ends_every_connection() {
    let options = Options {
        latency: Duration::from_secs(3600),
        ..Options::default()
    };
    let sandbox = Sandbox::start(options, loopback()).await.unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    let request = tokio::spawn(client.get(sandbox.base_url()).send());
    while sandbox.tally().requests.other == 0 {
        tokio::task::yield_now().await;
    }
    let url = sandbox.base_url();
    let tally = tokio::time::timeout(Duration::from_secs(30), sandbox.stop())
        .await
        .unwrap();
    assert_eq!((tally.requests.other, tally.answers.len()), (1, 0));
    assert!(request.await.unwrap().is_err(), "its connection was closed");
    assert!(client.get(url).send().await.unwrap_err().is_connect(), "nobody listens");
}

#[tokio::test]
async fn a_dropped_sandbox_listens_no_more() {
    let sandbox = Sandbox::start(Options::default(), loopback()).await.unwrap();
    let address = sandbox.address();
    drop(sandbox);
    while tokio::net::TcpStream::connect(address).await.is_ok() {
        tokio::task::yield_now().await;
    }
}
