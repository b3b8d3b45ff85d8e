//! The HTTP requests themselves: how each is built, and what came back, as plain data.
//!
//! TLS through rustls, and plain http only to this machine. Redirects are never followed: an answer from elsewhere is
//! no answer of the API, and a create must not be repeated by a library. Bodies are read up to a limit. One request
//! of this module is one request on the wire.
//!
//! It deliberately does not retry, wait, count or judge, uses no proxy and reads no proxy from the environment.

use std::time::{Duration, UNIX_EPOCH};

use bytes::{Bytes, BytesMut};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use reqwest::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, DATE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Client, RequestBuilder, Response, Url};
use secrecy::{ExposeSecret, SecretString};

use super::classify::Failure;
use super::error::SendError;
use crate::clock;
use crate::config::settings::{ApiSettings, SendSettings};
use crate::model::ids::RequestId;
use crate::model::operation::CREATE_CUSTOMER;
use crate::model::row::Row;

/// Most bytes of a body that are read: a customer with every field filled has some 4 KiB.
const MOST_BODY_BYTES: usize = 64 * 1024;
const USER_AGENT: &str = concat!("rollcall/", env!("CARGO_PKG_VERSION"));
const REQUEST_ID: &str = "x-l2f-request-id";
const IDEMPOTENCY_ID: &str = "x-l2f-idempotency-id";
const JSON: &str = "application/json";
const FORM: &str = "application/x-www-form-urlencoded";
/// Everything but RFC 3986's unreserved characters is encoded in a path.
const IN_PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// The contract shows the scope with its colons as they are.
const IN_SCOPE: &AsciiSet = &IN_PATH.remove(b':').remove(b'/');

/// What came back.
#[derive(Debug)]
pub(super) struct Reply {
    /// HTTP status.
    pub(super) status: u16,
    /// `Retry-After`, in either form, as a time from now.
    pub(super) retry_after: Option<Duration>,
    /// The body.
    pub(super) payload: Payload,
}

/// The body of a reply.
#[derive(Debug)]
pub(super) enum Payload {
    /// To its end.
    Whole(Bytes),
    /// It ended before its end.
    Broken,
    /// Larger than is ever read.
    TooLarge,
}

/// The client with its addresses.
pub(super) struct Transport {
    client: Client,
    customers: Url,
    token: Url,
    client_id: String,
    client_secret: SecretString,
}

impl Transport {
    /// Checks the addresses and makes the client.
    pub(super) fn new(api: &ApiSettings, send: &SendSettings) -> Result<Self, SendError> {
        let base = address("api.base-url", &api.base_url)?;
        let mut customers = base.clone();
        customers.set_path(&format!(
            "{}{}",
            base.path().trim_end_matches('/'),
            CREATE_CUSTOMER.path
        ));
        let mut token = address("api.token-url", &api.token_url)?;
        token.set_query(Some(&token_query(&api.scope)));
        // RFC 7617, section 2: a user-id has no colon; and neither part has control characters.
        let sendable = |text: &str| !text.is_empty() && !text.contains(char::is_control);
        if !sendable(&api.client_id) || api.client_id.contains(':') {
            let setting = "api.client-id";
            return Err(SendError::Credential { setting });
        }
        if !sendable(api.client_secret.expose_secret()) {
            let setting = "the client secret";
            return Err(SendError::Credential { setting });
        }
        let mut builder = Client::builder()
            .user_agent(USER_AGENT)
            .no_proxy()
            .redirect(Policy::none())
            .referer(false)
            .retry(reqwest::retry::never())
            .connect_timeout(send.connect_timeout)
            .timeout(send.request_timeout)
            .pool_max_idle_per_host(send.max_in_flight);
        if base.scheme() == "http" && token.scheme() == "http" {
            // Nothing will be verified, so a machine without certificates can still talk to itself.
            builder = builder.tls_certs_only([]);
        }
        Ok(Self {
            client: builder.build().map_err(SendError::Client)?,
            customers,
            token,
            client_id: api.client_id.clone(),
            client_secret: api.client_secret.clone(),
        })
    }

    /// Asks for an access token: OAuth 2 client credentials, the parameters in the query string and no body.
    pub(super) async fn token(&self) -> Result<Reply, Failure> {
        let request = self
            .client
            .post(self.token.clone())
            .basic_auth(&self.client_id, Some(self.client_secret.expose_secret()))
            .header(ACCEPT, JSON)
            .header(CONTENT_TYPE, FORM);
        reply(request).await
    }

    /// Creates the row's customer.
    pub(super) async fn create(&self, bearer: &HeaderValue, row: &Row, id: RequestId) -> Result<Reply, Failure> {
        let request = self
            .client
            .post(self.customers.clone())
            .header(AUTHORIZATION, bearer)
            .header(REQUEST_ID, id.to_string())
            .header(IDEMPOTENCY_ID, row.idempotency_id.to_string())
            .header(ACCEPT, JSON)
            .header(CONTENT_TYPE, JSON)
            .body(row.payload.clone());
        reply(request).await
    }

    /// Reads the row's customer back.
    pub(super) async fn read_back(&self, bearer: &HeaderValue, row: &Row, id: RequestId) -> Result<Reply, Failure> {
        let request = self
            .client
            .get(self.customer(&row.customer_id)?)
            .header(AUTHORIZATION, bearer)
            .header(REQUEST_ID, id.to_string())
            .header(ACCEPT, JSON);
        reply(request).await
    }

    /// The address of a customer. The ids `.` and `..` have none: a URL takes them for steps, encoded or not.
    fn customer(&self, customer_id: &str) -> Result<Url, Failure> {
        let path = format!(
            "{}/{}",
            self.customers.path(),
            utf8_percent_encode(customer_id, IN_PATH)
        );
        let mut url = self.customers.clone();
        url.set_path(&path);
        if url.path() == path {
            Ok(url)
        } else {
            Err(Failure::NotAddressable)
        }
    }
}

async fn reply(request: RequestBuilder) -> Result<Reply, Failure> {
    let response = request.send().await.map_err(|error| failure(&error))?;
    let status = response.status().as_u16();
    let retry_after = retry_after(response.headers(), clock::now_ms());
    let payload = payload(response).await?;
    Ok(Reply {
        status,
        retry_after,
        payload,
    })
}

/// The first part is kept as it came: a small body is not copied.
async fn payload(mut response: Response) -> Result<Payload, Failure> {
    let mut whole = Bytes::new();
    loop {
        match response.chunk().await {
            Ok(Some(part)) if whole.len() + part.len() > MOST_BODY_BYTES => return Ok(Payload::TooLarge),
            Ok(Some(part)) if whole.is_empty() => whole = part,
            Ok(Some(part)) => {
                let mut longer = BytesMut::from(whole);
                longer.extend_from_slice(&part);
                whole = longer.freeze();
            }
            Ok(None) => return Ok(Payload::Whole(whole)),
            Err(error) if error.is_timeout() => return Err(Failure::Timeout),
            Err(_) => return Ok(Payload::Broken),
        }
    }
}

/// Only a failure to connect is certain: whatever else went wrong, the request may have arrived.
fn failure(error: &reqwest::Error) -> Failure {
    if error.is_connect() {
        Failure::NotReached
    } else if error.is_timeout() {
        Failure::Timeout
    } else {
        Failure::Reset
    }
}

/// RFC 9110, section 10.2.3: seconds or a date. A date is measured from the answer's own `Date`, so a clock that
/// differs does no harm.
fn retry_after(headers: &HeaderMap, now_ms: i64) -> Option<Duration> {
    let value = headers.get(RETRY_AFTER)?.to_str().ok()?.trim();
    if !value.is_empty() && value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Some(Duration::from_secs(value.parse().unwrap_or(u64::MAX)));
    }
    let at = httpdate::parse_http_date(value).ok()?;
    let theirs = headers.get(DATE).and_then(|date| date.to_str().ok());
    let now = theirs
        .and_then(|date| httpdate::parse_http_date(date).ok())
        .unwrap_or_else(|| UNIX_EPOCH + Duration::from_millis(u64::try_from(now_ms).unwrap_or_default()));
    Some(at.duration_since(now).unwrap_or_default())
}

/// Reads an address and makes sure that nothing is sent in the clear, save on this machine.
fn address(setting: &'static str, text: &str) -> Result<Url, SendError> {
    let url = Url::parse(text).map_err(|source| SendError::NotAUrl { setting, source })?;
    let host = url.host_str().unwrap_or_default();
    let ip = host
        .trim_start_matches('[')
        .trim_end_matches(']')
        .parse::<std::net::IpAddr>();
    let local = host == "localhost" || ip.is_ok_and(|ip| ip.is_loopback());
    if url.scheme() != "https" && !(url.scheme() == "http" && local) {
        return Err(SendError::NotHttps { setting });
    }
    let extra = !url.username().is_empty() || url.password().is_some();
    if extra || url.query().is_some() || url.fragment().is_some() {
        return Err(SendError::UrlParts { setting });
    }
    Ok(url)
}

fn token_query(scope: &str) -> String {
    let words: Vec<_> = scope
        .split_whitespace()
        .map(|word| utf8_percent_encode(word, IN_SCOPE).to_string())
        .collect();
    if words.is_empty() {
        String::from("grant_type=client_credentials")
    } else {
        format!("grant_type=client_credentials&scope={}", words.join("+"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::send::testing::settings;

    fn check_address(text: &str, expected: Option<&str>) {
        let hint = address("api.base-url", text).err().map(|error| error.to_string());
        assert_eq!(hint.as_deref(), expected, "{text}");
    }

    #[test]
    fn only_this_machine_is_spoken_to_in_the_clear() {
        for text in [
            "https://a.example/api",
            "http://localhost:1",
            "http://127.0.0.2",
            "http://[::1]:80/",
        ] {
            check_address(text, None);
        }
        for text in [
            "http://a.example/api",
            "http://localhost.a.example",
            "http://128.0.0.1",
            "http://0.0.0.0",
            "ftp://localhost",
        ] {
            check_address(text, Some("api.base-url is not https"));
        }
        check_address("a.example", Some("api.base-url is not a URL"));
        let parts = "api.base-url must be a plain address: no user, no password, no query, no fragment";
        for text in ["https://me@a.example", "https://a.example?x=1", "https://a.example#x"] {
            check_address(text, Some(parts));
        }
    }

    #[test]
    fn a_customer_id_is_encoded_in_its_address() {
        let (api, send) = settings("http://127.0.0.1:9");
        let transport = Transport::new(&api, &send).unwrap();
        let check = |id: &str, expected: Option<&str>| {
            let url = transport.customer(id).ok().map(|url| url.to_string());
            let expected = expected.map(|id| format!("http://127.0.0.1:9/api/v1/customers/{id}"));
            assert_eq!(url, expected, "{id}");
        };
        check("C-1_a.b~", Some("C-1_a.b~"));
        check("a/../b?c#d%2f", Some("a%2F..%2Fb%3Fc%23d%252f"));
        check("Zoë+1", Some("Zo%C3%AB%2B1"));
        check("..", None);
        check(".", None);
    }

    #[test]
    fn the_token_query_is_the_contract_s() {
        assert_eq!(
            token_query("customers:read customers:write"),
            "grant_type=client_credentials&scope=customers:read+customers:write"
        );
        assert_eq!(token_query(" a&b "), "grant_type=client_credentials&scope=a%26b");
        assert_eq!(token_query(""), "grant_type=client_credentials");
    }

    #[test]
    fn credentials_that_cannot_be_sent_are_refused() {
        let check = |change: fn(&mut ApiSettings)| {
            let (mut api, send) = settings("http://127.0.0.1:9");
            change(&mut api);
            assert!(matches!(
                Transport::new(&api, &send).err(),
                Some(SendError::Credential { .. })
            ));
        };
        check(|api| api.client_id.clear());
        check(|api| api.client_id = String::from("a:b"));
        check(|api| api.client_secret = SecretString::from(""));
        check(|api| api.client_secret = SecretString::from("a\nb"));
    }

    #[test]
    fn retry_after_is_understood_in_both_forms() {
        let check = |value: &'static str, date: Option<&'static str>, expected: Option<u64>| {
            let mut headers = HeaderMap::new();
            headers.insert(RETRY_AFTER, HeaderValue::from_static(value));
            if let Some(date) = date {
                headers.insert(DATE, HeaderValue::from_static(date));
            }
            let now_ms = 784_111_777_000; // Sun, 06 Nov 1994 08:49:37 GMT
            let expected = expected.map(Duration::from_secs);
            assert_eq!(retry_after(&headers, now_ms), expected, "{value}");
        };
        check("7", None, Some(7));
        check("0", None, Some(0));
        check("99999999999999999999999", None, Some(u64::MAX));
        check("Sun, 06 Nov 1994 08:49:47 GMT", None, Some(10));
        check("Sun, 06 Nov 1994 08:49:07 GMT", None, Some(0));
        check(
            "Sun, 06 Nov 1994 08:49:47 GMT",
            Some("Sun, 06 Nov 1994 08:49:17 GMT"),
            Some(30),
        );
        check("-1", None, None);
        check("soon", None, None);
        check("", None, None);
    }
}
