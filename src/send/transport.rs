//! The requests themselves: how each is built, and what an answer's headers say.
//!
//! Nothing is sent in the clear, save on this machine. One call of this module is one request on the [`Wire`].
//!
//! It deliberately does not retry, wait, count or judge.

use std::sync::Arc;
use std::time::{Duration, UNIX_EPOCH};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::header::{ACCEPT, AUTHORIZATION, CONTENT_TYPE, DATE, HeaderMap, HeaderValue, RETRY_AFTER};
use http::{Method, Request, Uri};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use secrecy::ExposeSecret;
use url::Url;

use super::error::SendError;
use super::page::PageAt;
use super::wire::{Failure, Reply, Wire};
use crate::config::settings::ApiSettings;
use crate::model::ids::RequestId;
use crate::model::operation::CREATE_CUSTOMER;
use crate::model::row::Row;

const REQUEST_ID: &str = "x-l2f-request-id";
const IDEMPOTENCY_ID: &str = "x-l2f-idempotency-id";
const JSON: HeaderValue = HeaderValue::from_static("application/json");
const FORM: HeaderValue = HeaderValue::from_static("application/x-www-form-urlencoded");
/// Everything but RFC 3986's unreserved characters is encoded in a path.
const IN_PATH: &AsciiSet = &NON_ALPHANUMERIC.remove(b'-').remove(b'.').remove(b'_').remove(b'~');
/// The contract shows the scope with its colons as they are.
const IN_SCOPE: &AsciiSet = &IN_PATH.remove(b':').remove(b'/');

/// The addresses of the service and the client's credentials, over a wire.
pub(super) struct Transport {
    wire: Arc<dyn Wire>,
    customers: Url,
    /// The same address, as a request has it.
    creates: Uri,
    token: Url,
    basic: HeaderValue,
}

impl Transport {
    /// Checks addresses and credentials.
    pub(super) fn new(wire: Arc<dyn Wire>, api: &ApiSettings) -> Result<Self, SendError> {
        let base = address("api.base-url", &api.base_url)?;
        let mut customers = base.clone();
        customers.set_path(&format!(
            "{}{}",
            base.path().trim_end_matches('/'),
            CREATE_CUSTOMER.path
        ));
        let mut token = address("api.token-url", &api.token_url)?;
        token.set_query(Some(&token_query(&api.scope)));
        let creates = (customers.as_str().parse()).map_err(|_| SendError::UrlParts {
            setting: "api.base-url",
        })?;
        Ok(Self {
            wire,
            creates,
            customers,
            token,
            basic: basic(api)?,
        })
    }

    /// Asks for an access token: OAuth 2 client credentials, the parameters in the query string and no body.
    pub(super) async fn token(&self) -> Result<Reply, Failure> {
        let mut request = request(Method::POST, &self.token, Bytes::new())?;
        let headers = request.headers_mut();
        headers.insert(AUTHORIZATION, self.basic.clone());
        headers.insert(ACCEPT, JSON);
        headers.insert(CONTENT_TYPE, FORM);
        self.wire.exchange(request).await
    }

    /// Creates the row's customer.
    pub(super) async fn create(&self, bearer: &HeaderValue, row: &Row, id: RequestId) -> Result<Reply, Failure> {
        let mut request = Request::new(row.payload.clone());
        *request.method_mut() = Method::POST;
        *request.uri_mut() = self.creates.clone();
        let headers = request.headers_mut();
        headers.insert(AUTHORIZATION, bearer.clone());
        headers.insert(REQUEST_ID, header(&id.to_string())?);
        headers.insert(IDEMPOTENCY_ID, header(&row.idempotency_id.to_string())?);
        headers.insert(ACCEPT, JSON);
        headers.insert(CONTENT_TYPE, JSON);
        self.wire.exchange(request).await
    }

    /// Reads a customer.
    pub(super) async fn read(&self, bearer: &HeaderValue, customer_id: &str, id: RequestId) -> Result<Reply, Failure> {
        self.get(bearer, &self.customer(customer_id)?, id).await
    }

    /// Reads a page of the list of customers.
    pub(super) async fn list(&self, bearer: &HeaderValue, at: PageAt, id: RequestId) -> Result<Reply, Failure> {
        let mut url = self.customers.clone();
        let query = match at.size {
            Some(size) => format!("page={}&page_size={size}", at.number),
            None => format!("page={}", at.number),
        };
        url.set_query(Some(&query));
        self.get(bearer, &url, id).await
    }

    async fn get(&self, bearer: &HeaderValue, url: &Url, id: RequestId) -> Result<Reply, Failure> {
        let mut request = request(Method::GET, url, Bytes::new())?;
        let headers = request.headers_mut();
        headers.insert(AUTHORIZATION, bearer.clone());
        headers.insert(REQUEST_ID, header(&id.to_string())?);
        headers.insert(ACCEPT, JSON);
        self.wire.exchange(request).await
    }

    /// Reads the first page of the API's customers, with one of them: the least that can be read.
    pub(super) async fn first_page(&self, bearer: &HeaderValue, id: RequestId) -> Result<Reply, Failure> {
        let mut url = self.customers.clone();
        url.set_query(Some("page=0&page_size=1"));
        let mut request = request(Method::GET, &url, Bytes::new())?;
        let headers = request.headers_mut();
        headers.insert(AUTHORIZATION, bearer.clone());
        headers.insert(REQUEST_ID, header(&id.to_string())?);
        headers.insert(ACCEPT, JSON);
        self.wire.exchange(request).await
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

fn request(method: Method, url: &Url, body: Bytes) -> Result<Request<Bytes>, Failure> {
    let request = Request::builder().method(method).uri(url.as_str()).body(body);
    request.map_err(|_| Failure::NotAddressable)
}

fn header(text: &str) -> Result<HeaderValue, Failure> {
    HeaderValue::try_from(text).map_err(|_| Failure::NotAddressable)
}

/// The `Authorization` header that gets a token. RFC 7617, section 2: a user-id has no colon, and neither part has
/// control characters.
fn basic(api: &ApiSettings) -> Result<HeaderValue, SendError> {
    let sendable = |text: &str| !text.is_empty() && !text.contains(char::is_control);
    let secret = api.client_secret.expose_secret();
    let setting = "api.client-id";
    if !sendable(&api.client_id) || api.client_id.contains(':') {
        return Err(SendError::Credential { setting });
    }
    let setting = "the client secret";
    if !sendable(secret) {
        return Err(SendError::Credential { setting });
    }
    let both = STANDARD.encode(format!("{}:{secret}", api.client_id));
    let mut basic = HeaderValue::try_from(format!("Basic {both}")).map_err(|_| SendError::Credential { setting })?;
    basic.set_sensitive(true);
    Ok(basic)
}

/// RFC 9110, section 10.2.3: seconds or a date. A date is measured from the answer's own `Date`, so a clock that
/// differs does no harm.
pub(super) fn retry_after(headers: &HeaderMap, now_ms: i64) -> Option<Duration> {
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
    use secrecy::SecretString;

    use super::*;
    use crate::config::settings::SendSettings;
    use crate::send::http::Http;
    use crate::send::testing::settings;

    fn transport(api: &ApiSettings, send: &SendSettings) -> Result<Transport, SendError> {
        Transport::new(Arc::new(Http::new(api, send)?), api)
    }

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
        let transport = transport(&api, &send).unwrap();
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
                transport(&api, &send).err(),
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
