//! What breaks on demand, and what it leaves behind.

use std::time::Duration;

use rollcall::sandbox::{FaultRates, Options, Sandbox};
use tokio::time::Instant;

use crate::setup::{NO_FAULTS, Setup, ada, created, loopback, read, send, with_faults};

#[tokio::test]
async fn a_fault_has_its_effect_or_none_and_a_retry_settles_it() {
    async fn check(faults: FaultRates, status: u16, effects: u64) {
        let mut setup = Setup::new(with_faults(faults)).await;
        let (actual, _) = send(setup.create("i1", &ada("c1"))).await;
        assert_eq!(actual, status, "{faults:?}");
        assert_eq!(setup.sandbox.tally().customers_created, effects, "{faults:?}");
        setup.sandbox.set_faults(NO_FAULTS).unwrap();
        if status == 401 {
            assert_eq!(
                send(setup.get("/v1/customers")).await.0,
                401,
                "the token ended for good"
            );
            setup.renew_token("customers:read+customers:write").await;
        }
        setup.check_create("i1", &ada("c1"), created("c1")).await;
        let tally = setup.sandbox.tally();
        assert_eq!(
            (tally.customers_created, tally.replays, tally.faults),
            (1, effects, 1),
            "{faults:?}"
        );
    }
    check(
        FaultRates {
            error_500: 1.0,
            ..NO_FAULTS
        },
        500,
        0,
    )
    .await;
    check(
        FaultRates {
            error_500_after_commit: 1.0,
            ..NO_FAULTS
        },
        500,
        1,
    )
    .await;
    check(
        FaultRates {
            unavailable_503: 1.0,
            ..NO_FAULTS
        },
        503,
        0,
    )
    .await;
    check(
        FaultRates {
            html_502: 1.0,
            ..NO_FAULTS
        },
        502,
        0,
    )
    .await;
    check(
        FaultRates {
            token_expired_early: 1.0,
            ..NO_FAULTS
        },
        401,
        0,
    )
    .await;
}

#[tokio::test]
async fn a_reset_leaves_no_answer_and_its_effect_or_none() {
    async fn check(faults: FaultRates, effects: u64) {
        let setup = Setup::new(with_faults(faults)).await;
        let error = setup.create("i1", &ada("c1")).send().await.unwrap_err();
        let mut causes = vec![error.to_string()];
        let mut source = std::error::Error::source(&error);
        while let Some(cause) = source {
            causes.push(cause.to_string());
            source = cause.source();
        }
        assert!(causes.iter().any(|cause| cause.contains("reset by peer")), "{causes:?}");
        let tally = setup.sandbox.tally();
        assert_eq!((tally.customers_created, tally.replays), (effects, 0), "{faults:?}");
        assert_eq!(
            (tally.connections_reset, tally.answers.values().sum::<u64>()),
            (1, 1),
            "only the token was answered"
        );
        setup.sandbox.set_faults(NO_FAULTS).unwrap();
        setup.check_create("i1", &ada("c1"), created("c1")).await;
        let tally = setup.sandbox.tally();
        assert_eq!((tally.customers_created, tally.replays), (1, effects), "{faults:?}");
    }
    check(
        FaultRates {
            reset_before: 1.0,
            ..NO_FAULTS
        },
        0,
    )
    .await;
    check(
        FaultRates {
            reset_after: 1.0,
            ..NO_FAULTS
        },
        1,
    )
    .await;
}

#[tokio::test]
async fn outside_bodies_look_like_a_gateway_and_say_when_to_come_again() {
    let setup = Setup::new(with_faults(FaultRates {
        html_502: 1.0,
        ..NO_FAULTS
    }))
    .await;
    let response = setup.get("/v1/customers").send().await.unwrap();
    assert_eq!(response.headers()["content-type"], "text/html");
    assert!(response.text().await.unwrap().starts_with("<html>"));
    setup
        .sandbox
        .set_faults(FaultRates {
            unavailable_503: 1.0,
            ..NO_FAULTS
        })
        .unwrap();
    let response = setup.get("/v1/customers").send().await.unwrap();
    assert_eq!(response.headers()["retry-after"], "1");
}

#[tokio::test]
async fn token_requests_have_faults_of_their_own() {
    let token_faults = FaultRates {
        unavailable_503: 1.0,
        ..NO_FAULTS
    };
    let sandbox = Sandbox::start(
        Options {
            token_faults,
            ..Options::default()
        },
        loopback(),
    )
    .await
    .unwrap();
    let client = reqwest::Client::builder().no_proxy().build().unwrap();
    assert_eq!(send(client.post(sandbox.token_url())).await.0, 503);
    assert_eq!(
        send(client.get(format!("{}/v1/customers", sandbox.base_url()))).await.0,
        401
    );
}

#[tokio::test]
async fn requests_beyond_the_rate_are_told_to_wait() {
    let setup = Setup::new(Options {
        rate_per_second: Some(3),
        ..Options::default()
    })
    .await;
    let started = Instant::now();
    let requests: Vec<_> = (0..12)
        .map(|number| tokio::spawn(setup.create(&format!("i{number}"), &ada(&format!("c{number}"))).send()))
        .collect();
    let mut limited = 0;
    for request in requests {
        let response = request.await.unwrap().unwrap();
        if response.status() == 429 {
            limited += 1;
            assert_eq!(response.headers()["retry-after"], "1");
            assert_eq!(read(response).await.1["errors"][0]["code"], "rate_limited");
        }
    }
    // A machine so slow that the requests took seconds admits three more in each.
    let admitted = 3 * (started.elapsed().as_secs() + 1);
    let tally = setup.sandbox.tally();
    assert!(
        tally.customers_created >= 3 && tally.customers_created <= admitted,
        "{tally}"
    );
    assert_eq!(
        (tally.customers_created + limited, tally.rate_limited),
        (12, limited),
        "a 429 has no effect"
    );
    assert!(
        tally.peak_requests_per_second > 3 || started.elapsed() > Duration::from_secs(1),
        "{tally}"
    );
    let query = "grant_type=client_credentials&scope=customers:read";
    assert_eq!(
        send(setup.ask_for_token(query, "sandbox")).await.0,
        200,
        "tokens are not limited"
    );
}

#[tokio::test]
async fn the_same_seed_breaks_the_same_requests_however_they_arrive() {
    async fn statuses(seed: u64, backwards: bool) -> Vec<u16> {
        let faults = FaultRates {
            error_500: 0.3,
            unavailable_503: 0.3,
            ..NO_FAULTS
        };
        let setup = Setup::new(Options {
            seed,
            ..with_faults(faults)
        })
        .await;
        let mut numbers: Vec<u32> = (0..40).collect();
        if backwards {
            numbers.reverse();
        }
        let mut statuses = Vec::new();
        for number in numbers {
            statuses.push(
                send(setup.create(&format!("i{number}"), &ada(&format!("c{number}"))))
                    .await
                    .0,
            );
        }
        if backwards {
            statuses.reverse();
        }
        statuses
    }
    let forwards = statuses(1, false).await;
    assert_eq!(forwards, statuses(1, true).await);
    assert_ne!(forwards, statuses(2, false).await);
}
