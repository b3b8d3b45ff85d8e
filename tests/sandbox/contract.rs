//! What the API answers when nothing goes wrong.

use std::collections::BTreeMap;
use std::time::Duration;

use reqwest::{Method, RequestBuilder};
use rollcall::sandbox::{Options, ServerKind, Violations};
use serde_json::{Value, json};

use crate::setup::{Setup, ada, created, send};

#[tokio::test]
async fn a_token_is_given_for_the_right_request_only() {
    let setup = Setup::new(Options {
        token_life: Duration::from_secs(77),
        ..Options::default()
    })
    .await;
    let query = "grant_type=client_credentials&scope=customers:read+customers:write";
    let (status, answer) = send(setup.ask_for_token(query, "sandbox")).await;
    assert_eq!(
        (status, &answer["expires_in"], &answer["token_type"]),
        (200, &json!(77), &json!("Bearer"))
    );
    assert_eq!(answer["scope"], "customers:read customers:write");
    assert_ne!(answer["access_token"], setup.token, "every token is new");

    let (status, answer) = send(setup.ask_for_token(query, "wrong")).await;
    assert_eq!((status, &answer["error"]), (401, &json!("invalid_client")));
    let (status, answer) = send(setup.ask_for_token("grant_type=password&scope=customers:read", "sandbox")).await;
    assert_eq!((status, &answer["error"]), (400, &json!("unsupported_grant_type")));
    let (status, answer) = send(
        setup
            .ask_for_token(query, "sandbox")
            .body("grant_type=client_credentials"),
    )
    .await;
    assert_eq!((status, &answer["error"]), (400, &json!("invalid_request")));
    let url = format!("{}?{query}", setup.sandbox.token_url());
    let bare = setup.client.post(&url).basic_auth("sandbox", Some("sandbox"));
    assert_eq!(
        send(bare.header("accept", "application/json")).await.0,
        400,
        "no content type"
    );
    assert_eq!(send(setup.client.get(&url)).await.0, 404);
}

#[tokio::test]
async fn a_customer_is_created_once_and_read_back() {
    let setup = Setup::new(Options::default()).await;
    setup.check_create("i1", &ada("a/b c"), created("a/b c")).await;
    setup.check_create("i1", &ada("a/b c"), created("a/b c")).await;
    let mut expected = ada("a/b c");
    expected["status"] = json!("ACTIVE");
    assert_eq!(
        send(setup.get("/v1/customers/a%2Fb%20c")).await,
        (200, json!({"data": expected}))
    );
    assert_eq!(setup.sandbox.customer("a/b c"), Some(ada("a/b c")));
    assert_eq!(setup.created_customers(), [("a/b c".to_owned(), 1)]);
    let (status, answer) = send(setup.get("/v1/customers/nobody")).await;
    assert_eq!(
        (status, &answer["errors"][0]["code"]),
        (404, &json!("customer_not_found"))
    );

    let (status, answer) = send(setup.get("/v1/customers/%FF")).await;
    assert_eq!((status, &answer["errors"][0]["code"]), (400, &json!("invalid_path")));

    let tally = setup.sandbox.stop().await;
    assert_eq!(
        (tally.requests.token, tally.requests.create, tally.requests.read),
        (1, 2, 3)
    );
    assert_eq!(
        (tally.customers_created, tally.customers_in_all, tally.replays),
        (1, 1, 1)
    );
    assert_eq!(tally.answers, BTreeMap::from([(200, 4), (400, 1), (404, 1)]));
    assert_eq!(tally.violations, Violations::default());
}

#[tokio::test]
async fn a_changed_body_gets_the_saved_answer_and_is_noticed() {
    let setup = Setup::new(Options::default()).await;
    setup.check_create("i1", &ada("c1"), created("c1")).await;
    setup.check_create("i1", &ada("c2"), created("c1")).await;
    assert_eq!(setup.created_customers(), [("c1".to_owned(), 1)]);
    assert_eq!(setup.sandbox.tally().violations.changed_bodies, 1);
}

#[tokio::test]
async fn a_second_create_of_a_customer_is_refused_as_told() {
    let expected = |status: u16| {
        let description = "a customer with the id \"c1\" already exists";
        (
            status,
            json!({"errors": [{"description": description, "code": "customer_already_exists"}]}),
        )
    };
    for (kind, duplicate_status, refused, replays) in [
        (ServerKind::SavesAll, 400, 1, 1),
        (ServerKind::SavesSuccesses, 409, 2, 0),
        (ServerKind::SavesAll, 422, 1, 1),
    ] {
        let setup = Setup::new(Options {
            kind,
            duplicate_status,
            ..Options::default()
        })
        .await;
        setup.check_create("i1", &ada("c1"), created("c1")).await;
        setup.check_create("i2", &ada("c1"), expected(duplicate_status)).await;
        setup.check_create("i2", &ada("c1"), expected(duplicate_status)).await;
        let tally = setup.sandbox.tally();
        assert_eq!(
            (tally.duplicates_refused, tally.replays, tally.customers_in_all),
            (refused, replays, 1)
        );
    }
}

#[tokio::test]
async fn a_create_that_breaks_the_rules_is_refused_with_every_problem() {
    let setup = Setup::new(Options::default()).await;
    let mut customer = ada("c1");
    customer["telephone_number"] = json!("0171 5550100");
    customer["shoe_size"] = json!("43");
    let (status, answer) = send(setup.create("i1", &customer)).await;
    assert_eq!(status, 400);
    assert_eq!(
        answer,
        json!({"errors": [
            {
                "description": "telephone_number: \"0171 5550100\" is not an E.164 telephone number",
                "code": "invalid_field",
            },
            {"description": "shoe_size is not a field of the API", "code": "unknown_field"},
        ]})
    );
    setup.check_create("i1", &ada("c1"), created("c1")).await;
    let (status, answer) = send(setup.create("i2", &ada(&"x".repeat(64 * 1024)))).await;
    assert_eq!((status, &answer["errors"][0]["code"]), (413, &json!("body_too_large")));
    assert_eq!(setup.sandbox.tally().customers_in_all, 1);
}

#[tokio::test]
async fn headers_are_required() {
    async fn check(request: RequestBuilder, expected: (u16, &str)) {
        let (status, answer) = send(request).await;
        assert_eq!(
            (status, answer["errors"][0]["code"].as_str().unwrap_or_default()),
            expected,
            "{answer}"
        );
    }
    let setup = Setup::new(Options::default()).await;
    let customers = format!("{}/v1/customers", setup.sandbox.base_url());
    let post = || {
        setup
            .client
            .post(&customers)
            .body(ada("c1").to_string())
            .header("content-type", "application/json")
    };
    check(post(), (401, "missing_token")).await;
    check(post().bearer_auth("forged"), (401, "invalid_token")).await;
    check(post().basic_auth("sandbox", Some("sandbox")), (401, "missing_token")).await;
    check(post().bearer_auth(&setup.token), (400, "missing_header")).await;
    check(
        post().bearer_auth(&setup.token).header("x-l2f-request-id", "r1"),
        (400, "missing_header"),
    )
    .await;
    check(
        post().bearer_auth(&setup.token).header("x-l2f-idempotency-id", "i1"),
        (400, "missing_header"),
    )
    .await;
    check(
        setup.client.get(&customers).bearer_auth(&setup.token),
        (400, "missing_header"),
    )
    .await;
    let twice = setup.create("i1", &ada("c1")).header("x-l2f-idempotency-id", "i2");
    check(twice, (400, "missing_header")).await;
    let text = setup
        .request(Method::POST, "/v1/customers")
        .header("x-l2f-idempotency-id", "i1")
        .header("content-type", "text/plain")
        .body(ada("c1").to_string());
    check(text, (400, "invalid_content_type")).await;
    check(setup.request(Method::DELETE, "/v1/customers/c1"), (404, "not_found")).await;
    check(setup.request(Method::POST, "/v1/applications"), (404, "not_found")).await;
    assert_eq!(setup.sandbox.tally().customers_in_all, 0);
    assert_eq!(setup.sandbox.tally().violations.reused_request_ids, 0);
    for _ in 0..2 {
        let get = setup
            .client
            .get(&customers)
            .bearer_auth(&setup.token)
            .header("x-l2f-request-id", "r1");
        assert_eq!(send(get).await.0, 200, "reuse is counted, not refused");
    }
    assert_eq!(setup.sandbox.tally().violations.reused_request_ids, 2);
}

#[tokio::test]
async fn a_token_is_good_for_its_scopes_and_its_life() {
    let mut setup = Setup::new(Options::default()).await;
    setup.renew_token("customers:read").await;
    assert_eq!(send(setup.get("/v1/customers")).await.0, 200);
    let (status, answer) = send(setup.create("i1", &ada("c1"))).await;
    assert_eq!(
        (status, &answer["errors"][0]["code"]),
        (403, &json!("insufficient_scope"))
    );

    let setup = Setup::new(Options {
        token_life: Duration::ZERO,
        ..Options::default()
    })
    .await;
    let (status, answer) = send(setup.create("i1", &ada("c1"))).await;
    assert_eq!((status, &answer["errors"][0]["code"]), (401, &json!("token_expired")));
}

#[tokio::test]
async fn lists_are_read_page_by_page_along_their_links() {
    let setup = Setup::new(Options::default()).await;
    for number in 0..5 {
        let id = format!("c{number}");
        setup.check_create(&id, &ada(&id), created(&id)).await;
    }
    let acme = json!({"id": "acme", "customer_type": "CORPORATION", "registered_name": "Acme"});
    setup.check_create("acme", &acme, created("acme")).await;

    let host = setup.sandbox.base_url().replace("/api", "");
    let mut seen = Vec::new();
    let mut next = Some("/api/v1/customers?page=0&page_size=2&type=INDIVIDUAL&status=ACTIVE".to_owned());
    while let Some(path) = next {
        let request = setup.client.get(format!("{host}{path}")).bearer_auth(&setup.token);
        let (status, answer) = send(request.header("x-l2f-request-id", &path)).await;
        assert_eq!((status, answer["links"]["self"].as_str()), (200, Some(path.as_str())));
        seen.extend(answer["data"]["customers"].as_array().unwrap().clone());
        next = answer["links"]["next"].as_str().map(str::to_owned);
    }
    let expected: Vec<Value> = (0..5)
        .map(|number| json!({"id": format!("c{number}"), "customer_type": "INDIVIDUAL", "status": "ACTIVE"}))
        .collect();
    assert_eq!(seen, expected);
    let (_, answer) = send(setup.get("/v1/customers?type=CORPORATION")).await;
    assert_eq!(
        answer["data"]["customers"],
        json!([{"id": "acme", "customer_type": "CORPORATION", "status": "ACTIVE"}])
    );
    let (_, answer) = send(setup.get("/v1/customers?status=CLOSED")).await;
    assert_eq!(answer["data"]["customers"], json!([]));
    assert_eq!(send(setup.get("/v1/customers?page_size=101")).await.0, 400);
}
