//! The answers of a plan that are not the right one: errors, echoes, redirects, absurd tokens, limits, other words.

use std::time::Duration;

use rollcall::sandbox::{
    AnswerBody, CapacityStep, DuplicateStyle, Fault, FaultAnswer, FaultEntry, FaultPlan, HeaderStyle, Over,
    RateLimitHeaders, RequestKind,
};
use serde_json::{Value, json};

use crate::plan::{broken, by_name, create, struck};
use crate::setup::{ada, created, read, send};

#[tokio::test]
async fn answers_have_the_status_the_body_and_the_headers_they_are_told() {
    for status in [429, 500, 502, 503, 504, 403] {
        for after_effect in [false, true] {
            let answer = FaultAnswer {
                status,
                after_effect,
                body: AnswerBody::Html,
                ..FaultAnswer::default()
            };
            let setup = struck(Fault::Answer(answer)).await;
            let response = create(&setup).await.unwrap();
            assert_eq!(response.headers()["content-type"], "text/html");
            assert!(!response.headers().contains_key("retry-after"));
            let (actual, body) = read(response).await;
            assert!(
                actual == status && body.as_str().unwrap().contains(&format!("<h1>{status} ")),
                "{body}"
            );
            assert_eq!(setup.created_customers().len(), usize::from(after_effect));
        }
    }
    let empty = FaultAnswer {
        status: 503,
        body: AnswerBody::Empty,
        ..FaultAnswer::default()
    };
    let setup = struck(Fault::Answer(empty)).await;
    assert_eq!(read(create(&setup).await.unwrap()).await, (503, json!("")));
    let setup = struck(Fault::answer(403)).await;
    let (status, body) = read(create(&setup).await.unwrap()).await;
    assert_eq!((status, &body["errors"][0]["code"]), (403, &json!("forbidden")));
}

#[tokio::test]
async fn retry_after_comes_in_seconds_or_as_a_date() {
    let seconds = FaultAnswer {
        status: 429,
        retry_after: Some(7),
        ..FaultAnswer::default()
    };
    let setup = struck(Fault::Answer(seconds)).await;
    assert_eq!(create(&setup).await.unwrap().headers()["retry-after"], "7");
    let date = FaultAnswer {
        status: 503,
        retry_after_date: Some(3_600),
        ..FaultAnswer::default()
    };
    let setup = struck(Fault::Answer(date)).await;
    let response = create(&setup).await.unwrap();
    let date = httpdate::parse_http_date(response.headers()["retry-after"].to_str().unwrap()).unwrap();
    let now = std::time::SystemTime::from(jiff::Timestamp::now());
    let ahead = date.duration_since(now).unwrap();
    assert!(
        ahead > Duration::from_secs(3_000) && ahead <= Duration::from_secs(3_600),
        "{ahead:?}"
    );
}

#[tokio::test]
async fn an_echo_quotes_every_value_of_the_request() {
    let echo = FaultAnswer {
        status: 400,
        body: AnswerBody::Echo,
        ..FaultAnswer::default()
    };
    let setup = struck(Fault::Answer(echo)).await;
    let (status, body) = read(create(&setup).await.unwrap()).await;
    let text = body["errors"][0]["description"].as_str().unwrap();
    assert_eq!(status, 400);
    for value in ["Lovelace", "c1", "i1", "/api/v1/customers", setup.token.as_str()] {
        assert!(text.contains(value), "{value}: {text}");
    }
}

#[tokio::test]
async fn redirects_point_elsewhere() {
    let location = "http://127.0.0.1:9/elsewhere".to_owned();
    let setup = struck(Fault::Redirect {
        status: 308,
        location: location.clone(),
    })
    .await;
    let client = reqwest::Client::builder()
        .no_proxy()
        .redirect(reqwest::redirect::Policy::none())
        .build()
        .unwrap();
    let response = client.get(setup.sandbox.base_url()).send().await.unwrap();
    assert_eq!(
        (response.status().as_u16(), response.headers()["location"].as_bytes()),
        (308, location.as_bytes())
    );
}

#[tokio::test]
async fn a_revoked_token_is_good_no_more() {
    let setup = struck(Fault::RevokeToken {}).await;
    assert_eq!(create(&setup).await.unwrap().status(), 401);
    setup.sandbox.set_plan(FaultPlan::default()).unwrap();
    assert_eq!(create(&setup).await.unwrap().status(), 401, "not only once");
    assert_eq!(setup.created_customers(), []);
}

#[tokio::test]
async fn a_token_may_say_anything_of_its_life() {
    let query = "grant_type=client_credentials&scope=customers:read";
    for (value, expected) in [
        ("value = 0", Some(json!(0))),
        ("value = -5", Some(json!(-5))),
        ("value = 9223372036854775807", Some(json!(i64::MAX))),
        ("value = \"soon\"", Some(json!("soon"))),
        ("value = 1.5", Some(json!(1.5))),
        ("", None),
    ] {
        let plan = format!("[[fault]]\nfault = \"expires-in\"\non = \"token\"\n{value}\n");
        let setup = broken(FaultPlan::from_toml(&plan).unwrap()).await;
        let (status, answer) = send(setup.ask_for_token(query, "sandbox")).await;
        assert_eq!((status, answer.get("expires_in").cloned()), (200, expected), "{value}");
        assert!(answer["access_token"].as_str().unwrap().starts_with("sandbox-"));
    }
}

#[tokio::test]
async fn a_duplicate_is_refused_in_any_style() {
    let styles: [(DuplicateStyle, Value); 3] = [
        (
            DuplicateStyle {
                status: 400,
                ..DuplicateStyle::default()
            },
            json!({"errors": [{"description": "customer c1 already exists"}]}),
        ),
        (
            DuplicateStyle {
                status: 422,
                code: Some("DUP".to_owned()),
                wording: "no: {id}".to_owned(),
                html: false,
            },
            json!({"errors": [{"description": "no: c1", "code": "DUP"}]}),
        ),
        (
            DuplicateStyle {
                html: true,
                ..DuplicateStyle::default()
            },
            json!("<html><body><p>customer c1 already exists</p></body></html>\r\n"),
        ),
    ];
    for (style, body) in styles {
        let status = style.status;
        let setup = broken(FaultEntry::new(Fault::Duplicate(style)).on(&[RequestKind::Create])).await;
        setup.check_create("i1", &ada("c1"), created("c1")).await;
        assert_eq!(by_name(&setup, "duplicate"), 0);
        setup.check_create("i2", &ada("c1"), (status, body.clone())).await;
        setup.check_create("i2", &ada("c1"), (status, body)).await;
        assert_eq!(by_name(&setup, "duplicate"), 2);
    }
}

#[tokio::test]
async fn headers_speak_of_a_limit_in_every_style() {
    for (style, expected) in [
        (
            HeaderStyle::Draft03,
            "ratelimit-limit: 9, ratelimit-remaining: 8, ratelimit-reset: 3600",
        ),
        (
            HeaderStyle::Draft10,
            "ratelimit-policy: \"default\";q=9;w=3600, ratelimit: \"default\";r=8;t=3600",
        ),
        (
            HeaderStyle::XSeconds,
            "x-ratelimit-limit: 9, x-ratelimit-remaining: 8, x-ratelimit-reset: 3600",
        ),
        (
            HeaderStyle::XUnix,
            "x-ratelimit-limit: 9, x-ratelimit-remaining: 8, x-ratelimit-reset: ",
        ),
    ] {
        // The reset is fixed: how many seconds a slow machine has used is not this test's subject.
        let reset = (style != HeaderStyle::XUnix).then_some(3_600);
        let told = RateLimitHeaders {
            style,
            limit: 9,
            window: 3_600,
            remaining: None,
            reset,
        };
        let setup = struck(Fault::RateLimit(told)).await;
        let response = create(&setup).await.unwrap();
        let mut headers: Vec<String> = response
            .headers()
            .iter()
            .filter(|(name, _)| name.as_str().contains("ratelimit"))
            .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
            .collect();
        headers.sort();
        assert!(headers.join(", ").starts_with(expected), "{headers:?}");
        assert_eq!(response.status(), 200, "nothing is enforced");
    }
}

#[tokio::test]
async fn a_service_at_its_limit_turns_away_or_lets_wait() {
    for (over, status) in [(Over::TooMany, 429), (Over::Unavailable, 503)] {
        let step = CapacityStep {
            per_second: Some(1),
            over,
            retry_after: Some(4),
            ..CapacityStep::default()
        };
        let setup = struck(Fault::Capacity(step)).await;
        let responses = [create(&setup).await.unwrap(), create(&setup).await.unwrap()];
        assert_eq!(responses[0].status(), 200);
        // A machine that takes a second for a request shows nothing here.
        if responses[1].status() != 200 {
            assert_eq!(responses[1].status(), status);
            assert_eq!(responses[1].headers()["retry-after"], "4");
        }
    }
}
