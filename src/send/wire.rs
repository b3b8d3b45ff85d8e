//! The way to the service: one request out, one reply back.
//!
//! [`Wire`] is the seam between what is sent and how it travels: [`Http`](super::http::Http) in earnest, anything else
//! where the service is simulated. One exchange is one request on the wire.
//!
//! It deliberately knows no customer, no token and no meaning of an answer.

use std::future::Future;
use std::pin::Pin;

use bytes::Bytes;
use http::{HeaderMap, Request};

/// What an exchange gives, later.
pub type Exchange<'a> = Pin<Box<dyn Future<Output = Result<Reply, Failure>> + Send + 'a>>;

/// Carries requests to the service.
pub trait Wire: Send + Sync {
    /// Makes one request, whole, within the time and the size that a reply may have.
    fn exchange(&self, request: Request<Bytes>) -> Exchange<'_>;
}

/// What came back.
#[derive(Debug)]
pub struct Reply {
    /// HTTP status.
    pub status: u16,
    /// The headers.
    pub headers: HeaderMap,
    /// The body.
    pub payload: Payload,
}

/// The body of a reply.
#[derive(Debug)]
pub enum Payload {
    /// To its end.
    Whole(Bytes),
    /// It ended before its end.
    Broken,
    /// Larger than is ever read.
    TooLarge,
}

/// How a request failed without an answer.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Failure {
    /// No connection: nothing was sent.
    NotReached,
    /// No whole answer in time.
    Timeout,
    /// The connection ended before an answer came.
    Reset,
    /// TLS was refused by one of the two sides, so nothing was processed: why, as the end of "the service cannot be
    /// trusted, or does not trust this client: …".
    NotTrusted(&'static str),
    /// The customer's id cannot stand in a path, so there is no address to read it from.
    NotAddressable,
}

impl Failure {
    /// What there is to say of it beyond its name.
    pub(super) fn detail(self) -> Option<String> {
        match self {
            Self::NotTrusted(why) => Some(why.to_owned()),
            Self::NotReached | Self::Timeout | Self::Reset | Self::NotAddressable => None,
        }
    }
}
