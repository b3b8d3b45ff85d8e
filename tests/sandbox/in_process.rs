//! The sandbox without a network: the same answers, on paused time, the same each time.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests fail as tests do, by a panic"
)]

use std::time::Duration;

use axum::body::to_bytes;
use axum::http::Request;
use bytes::Bytes;
use rollcall::sandbox::{
    CapacityStep, Fault, FaultEntry, FaultPlan, InProcess, NoAnswer, Options, Over, RequestKind, highest_in_window,
};
use serde_json::Value;
use tokio::time::Instant;

use crate::setup::ada;

fn open(plan: impl Into<FaultPlan>, seed: u64) -> InProcess {
    InProcess::open(Options {
        plan: plan.into(),
        seed,
        ..Options::default()
    })
    .unwrap()
}

async fn token(sandbox: &InProcess) -> String {
    let request = Request::post("/oauth2/token?grant_type=client_credentials&scope=customers:read+customers:write")
        .header("authorization", "Basic c2FuZGJveDpzYW5kYm94")
        .header("accept", "application/json")
        .header("content-type", "application/x-www-form-urlencoded")
        .body(Bytes::new())
        .unwrap();
    let answer = sandbox.call(request).await.unwrap();
    let body = to_bytes(answer.into_body(), usize::MAX).await.unwrap();
    let answer: Value = serde_json::from_slice(&body).unwrap();
    answer["access_token"].as_str().unwrap().to_owned()
}

fn create(token: &str, number: u32) -> Request<Bytes> {
    Request::post("http://anywhere.invalid/api/v1/customers")
        .header("authorization", format!("Bearer {token}"))
        .header("x-l2f-request-id", uuid::Uuid::now_v7().to_string())
        .header("x-l2f-idempotency-id", format!("i{number}"))
        .header("content-type", "application/json")
        .body(Bytes::from(ada(&format!("c{number}")).to_string()))
        .unwrap()
}

#[tokio::test(start_paused = true)]
async fn the_same_seed_gives_the_same_course_every_time() {
    async fn course(seed: u64) -> (Vec<String>, Duration) {
        let sandbox = open(FaultPlan::from_seed(seed), seed);
        let started = Instant::now();
        let token = "sandbox-in-process-1";
        let mut course = Vec::new();
        for number in 0..60 {
            let ended = match sandbox.call(create(token, number % 20)).await {
                Ok(answer) => {
                    let status = answer.status().as_u16();
                    let body = to_bytes(answer.into_body(), usize::MAX).await;
                    format!("{status} {:?}", body.map(|body| body.len()).ok())
                }
                Err(error) => error.to_string(),
            };
            course.push(ended);
        }
        (course, started.elapsed())
    }
    let mut different = 0;
    for seed in 0..40 {
        let first = course(seed).await;
        assert_eq!(first, course(seed).await, "seed {seed}");
        different += u32::from(first != course(seed + 1).await);
    }
    assert!(different > 20, "{different}");
}

#[tokio::test(start_paused = true)]
async fn no_answer_is_told_apart_and_time_passes_without_waiting() {
    let sandbox = open(FaultPlan::default(), 1);
    let token = token(&sandbox).await;
    assert_eq!(sandbox.call(create(&token, 1)).await.unwrap().status(), 200);
    for (fault, expected) in [
        (Fault::Refuse {}, NoAnswer::Refused),
        (Fault::Reset { after_effect: true }, NoAnswer::Reset),
        (Fault::EndlessHeaders { bytes: 1 }, NoAnswer::Reset),
    ] {
        sandbox.set_plan(FaultPlan::always(fault)).unwrap();
        assert_eq!(sandbox.call(create(&token, 2)).await.unwrap_err(), expected);
    }
    assert_eq!(sandbox.customers().len(), 2, "one of them after a reset");
    sandbox.set_plan(FaultPlan::always(Fault::Half {})).unwrap();
    let half = sandbox.call(create(&token, 3)).await.unwrap();
    assert!(to_bytes(half.into_body(), usize::MAX).await.is_err());
    let started = Instant::now();
    sandbox
        .set_plan(FaultPlan::always(Fault::Slow { interval: 1.0 }))
        .unwrap();
    let slow = sandbox.call(create(&token, 4)).await.unwrap();
    let length = to_bytes(slow.into_body(), usize::MAX).await.unwrap().len();
    assert_eq!(started.elapsed().as_secs(), length as u64, "a byte a second");
}

#[tokio::test(start_paused = true)]
async fn arrivals_are_stamped_and_capacity_steps_hold() {
    let began = Instant::now();
    let at_a_time = |concurrent, from, until| {
        let step = CapacityStep {
            concurrent: Some(concurrent),
            work: 1.0,
            ..CapacityStep::default()
        };
        FaultEntry::new(Fault::Capacity(step))
            .on(&[RequestKind::Create])
            .between(from, until)
    };
    let sandbox = std::sync::Arc::new(open(vec![at_a_time(10, 0.0, 100.0), at_a_time(2, 100.0, 200.0)], 1));
    let token = token(&sandbox).await;
    for (start, seconds) in [(0, 2), (100, 10), (200, 0)] {
        tokio::time::sleep_until(began + Duration::from_secs(start)).await;
        let started = Instant::now();
        let calls: Vec<_> = (0..20)
            .map(|number| {
                let (sandbox, request) = (sandbox.clone(), create(&token, number));
                tokio::spawn(async move { sandbox.call(request).await.unwrap().status().as_u16() })
            })
            .collect();
        for call in calls {
            assert_eq!(call.await.unwrap(), 200);
        }
        assert_eq!(started.elapsed(), Duration::from_secs(seconds), "from {start}");
        tokio::time::sleep(Duration::from_millis(1)).await;
    }
    let arrivals = sandbox.arrivals();
    assert_eq!((arrivals.len(), arrivals[0].kind), (61, RequestKind::Token));
    let times: Vec<Duration> = arrivals.iter().map(|arrival| arrival.at).collect();
    assert_eq!(highest_in_window(&times, Duration::from_secs(1)), 21);
    assert_eq!(
        sandbox.tally().peak_requests_per_second,
        21,
        "the token's request counts"
    );

    let step = CapacityStep {
        per_second: Some(4),
        over: Over::Wait,
        ..CapacityStep::default()
    };
    sandbox.set_plan(FaultPlan::always(Fault::Capacity(step))).unwrap();
    let started = Instant::now();
    for number in 0..9 {
        sandbox.call(create(&token, number)).await.unwrap();
    }
    assert_eq!(started.elapsed(), Duration::from_secs(2), "evenly, four a second");
}
