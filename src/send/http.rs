//! HTTP over TLS: the wire in earnest.
//!
//! TLS 1.2 or 1.3 through rustls, always verified. Redirects are never followed: an answer from elsewhere is no answer
//! of the API, and a create must not be repeated by a library. Only HTTP/1.1 is offered, and nothing is unpacked: a body
//! is read up to a limit, as it comes; a head has at most 100 headers and 408 KiB (hyper's own limits), and the time for
//! the whole request ends whatever does not end by itself.
//!
//! It deliberately does not retry, wait, count or judge, and reads no proxy from the environment.

use std::sync::{Mutex, PoisonError};

use bytes::{Bytes, BytesMut};
use http::{Request, Uri};
use reqwest::redirect::Policy;
use reqwest::tls::Version;
use reqwest::{Client, Proxy, Response};
use url::Url;

use super::error::SendError;
use super::tls::{authorities, distrust, identity, unusable};
use super::wire::{Exchange, Failure, Payload, Reply, Wire};
use crate::config::settings::{ApiSettings, SendSettings};

/// Most bytes of a body that are read: a customer with every field filled has some 4 KiB.
const MOST_BODY_BYTES: usize = 64 * 1024;
const USER_AGENT: &str = concat!("rollcall/", env!("CARGO_PKG_VERSION"));

/// A client with its connections.
pub(super) struct Http {
    client: Client,
    /// The address of the last request, read: nearly all creates are alike, and to read it takes longer than the rest.
    last: Mutex<Option<(Uri, Url)>>,
}

impl Http {
    /// Makes the client; makes no connection.
    pub(super) fn new(api: &ApiSettings, send: &SendSettings) -> Result<Self, SendError> {
        let mut builder = Client::builder()
            .user_agent(USER_AGENT)
            .no_proxy()
            .redirect(Policy::none())
            .referer(false)
            .http1_only()
            .tls_version_min(Version::TLS_1_2)
            .retry(reqwest::retry::never())
            .connect_timeout(send.connect_timeout)
            .timeout(send.request_timeout)
            .pool_max_idle_per_host(send.max_in_flight);
        let urls = [&api.base_url, &api.token_url];
        if urls.iter().all(|url| url.starts_with("http://")) {
            // Nothing will be verified, so a machine without certificates can still talk to itself.
            builder = builder.tls_certs_only([]);
        }
        if let Some(path) = &api.ca_file {
            builder = builder.tls_certs_merge(authorities(path)?);
        }
        if let Some(path) = &api.client_certificate_file {
            builder = builder.identity(identity(path)?);
        }
        if let Some(proxy) = &api.proxy {
            builder = builder.proxy(through(proxy)?);
        }
        Ok(Self {
            client: builder.build().map_err(|error| unusable(error, api))?,
            last: Mutex::default(),
        })
    }

    fn url(&self, uri: Uri) -> Result<Url, Failure> {
        let mut last = self.last.lock().unwrap_or_else(PoisonError::into_inner);
        if let Some((_, url)) = last.as_ref().filter(|(known, _)| *known == uri) {
            return Ok(url.clone());
        }
        let url = Url::parse(&uri.to_string()).map_err(|_| Failure::NotAddressable)?;
        *last = Some((uri, url.clone()));
        Ok(url)
    }
}

impl Wire for Http {
    fn exchange(&self, request: Request<Bytes>) -> Exchange<'_> {
        Box::pin(async move {
            let (parts, body) = request.into_parts();
            let mut request = reqwest::Request::new(parts.method, self.url(parts.uri)?);
            *request.headers_mut() = parts.headers;
            *request.body_mut() = Some(body.into());
            let mut response = (self.client.execute(request).await).map_err(|error| failure(&error))?;
            Ok(Reply {
                status: response.status().as_u16(),
                // The body's length, if it has one, is known to the connection by now.
                headers: std::mem::take(response.headers_mut()),
                payload: payload(response).await?,
            })
        })
    }
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

/// A proxy for what leaves this machine: what is sent in the clear never does, and never meets it.
fn through(proxy: &str) -> Result<Proxy, SendError> {
    let url = Url::parse(proxy).map_err(|_| SendError::Proxy)?;
    let is_plain = url.username().is_empty() && url.password().is_none() && url.path() == "/";
    let is_plain = is_plain && url.query().is_none() && url.fragment().is_none();
    if !["http", "https"].contains(&url.scheme()) || !is_plain {
        return Err(SendError::Proxy);
    }
    Proxy::https(url).map_err(|_| SendError::Proxy)
}

/// Only a failure to connect is certain: whatever else went wrong, the request may have arrived.
fn failure(error: &reqwest::Error) -> Failure {
    if let Some(why) = distrust(error) {
        Failure::NotTrusted(why)
    } else if error.is_connect() {
        Failure::NotReached
    } else if error.is_timeout() {
        Failure::Timeout
    } else {
        Failure::Reset
    }
}
