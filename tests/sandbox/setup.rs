//! A sandbox with a client, and the requests the tests make of it.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests fail as tests do, by a panic"
)]

use std::net::SocketAddr;

use reqwest::{Method, RequestBuilder, Response};
use rollcall::sandbox::{FaultRates, Options, Sandbox};
use serde_json::{Value, json};

pub(crate) const NO_FAULTS: FaultRates = FaultRates {
    error_500: 0.0,
    error_500_after_commit: 0.0,
    reset_before: 0.0,
    reset_after: 0.0,
    unavailable_503: 0.0,
    html_502: 0.0,
    token_expired_early: 0.0,
};

const FORM: &str = "application/x-www-form-urlencoded";

pub(crate) fn loopback() -> SocketAddr {
    SocketAddr::from(([127, 0, 0, 1], 0))
}

/// A sandbox with a client that holds a token.
pub(crate) struct Setup {
    pub(crate) sandbox: Sandbox,
    pub(crate) client: reqwest::Client,
    pub(crate) token: String,
}

impl Setup {
    pub(crate) async fn new(options: Options) -> Setup {
        let sandbox = Sandbox::start(options, loopback()).await.unwrap();
        let client = reqwest::Client::builder().no_proxy().build().unwrap();
        let mut setup = Setup {
            sandbox,
            client,
            token: String::new(),
        };
        setup.renew_token("customers:read+customers:write").await;
        setup
    }

    pub(crate) async fn renew_token(&mut self, scope: &str) {
        let query = format!("grant_type=client_credentials&scope={scope}");
        let (status, answer) = read(self.ask_for_token(&query, "sandbox").send().await.unwrap()).await;
        assert_eq!(status, 200, "{answer}");
        self.token = String::from(answer["access_token"].as_str().unwrap());
    }

    pub(crate) fn ask_for_token(&self, query: &str, secret: &str) -> RequestBuilder {
        self.client
            .post(format!("{}?{query}", self.sandbox.token_url()))
            .basic_auth("sandbox", Some(secret))
            .header("accept", "application/json")
            .header("content-type", FORM)
    }

    pub(crate) fn request(&self, method: Method, path: &str) -> RequestBuilder {
        self.client
            .request(method, format!("{}{path}", self.sandbox.base_url()))
            .bearer_auth(&self.token)
            .header("x-l2f-request-id", uuid::Uuid::now_v7().to_string())
    }

    pub(crate) fn get(&self, path: &str) -> RequestBuilder {
        self.request(Method::GET, path)
    }

    pub(crate) fn create(&self, idempotency_id: &str, customer: &Value) -> RequestBuilder {
        self.request(Method::POST, "/v1/customers")
            .header("x-l2f-idempotency-id", idempotency_id)
            .header("content-type", "application/json")
            .body(customer.to_string())
    }

    pub(crate) async fn check_create(&self, idempotency_id: &str, customer: &Value, expected: (u16, Value)) {
        let response = self.create(idempotency_id, customer).send().await.unwrap();
        assert_eq!(read(response).await, expected, "{idempotency_id}: {customer}");
    }

    pub(crate) fn created_customers(&self) -> Vec<(String, u64)> {
        self.sandbox
            .customers()
            .into_iter()
            .map(|customer| (customer.customer_id, customer.creates))
            .collect()
    }
}

pub(crate) async fn read(response: Response) -> (u16, Value) {
    let status = response.status().as_u16();
    let text = response.text().await.unwrap();
    (status, serde_json::from_str(&text).unwrap_or(Value::String(text)))
}

pub(crate) async fn send(request: RequestBuilder) -> (u16, Value) {
    read(request.send().await.unwrap()).await
}

pub(crate) fn ada(customer_id: &str) -> Value {
    json!({"id": customer_id, "customer_type": "INDIVIDUAL", "first_name": "Ada", "last_name": "Lovelace"})
}

pub(crate) fn created(customer_id: &str) -> (u16, Value) {
    (200, json!({"data": {"id": customer_id}}))
}

pub(crate) fn with_faults(faults: FaultRates) -> Options {
    Options {
        faults,
        ..Options::default()
    }
}
