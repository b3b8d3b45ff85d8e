//! How a run stops: asked to from outside, or because going on would be wrong.

use std::fmt;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use tokio::sync::Notify;

use crate::model::reason::Reason;

/// A wish to stop, shared by whoever asks and whoever obeys. Once asked, always asked.
///
/// Nothing is broken off: an attempt on the wire is finished, the next one is not begun.
#[derive(Clone, Debug, Default)]
pub struct Stop(Arc<Flag>);

#[derive(Debug, Default)]
struct Flag {
    requested: AtomicBool,
    changed: Notify,
}

impl Stop {
    /// Makes a wish that nobody has uttered yet.
    pub fn new() -> Self {
        Self::default()
    }

    /// Asks everyone to stop.
    pub fn request(&self) {
        self.0.requested.store(true, Ordering::Release);
        self.0.changed.notify_waiters();
    }

    /// Whether somebody asked to stop.
    pub fn is_requested(&self) -> bool {
        self.0.requested.load(Ordering::Acquire)
    }

    /// Waits until somebody asks to stop.
    pub async fn requested(&self) {
        let changed = self.0.changed.notified();
        if !self.is_requested() {
            changed.await;
        }
    }
}

/// Why the whole run must stop, seen while a row was being sent. Rows are never marked for such a reason.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("{}{}", reason.says(), Said(*status, detail.as_deref()))]
pub struct RunStop {
    /// The reason.
    pub reason: StopReason,
    /// Status of the answer that decided; `None` where no answer came.
    pub status: Option<u16>,
    /// What the service said, without values of the row.
    pub detail: Option<String>,
    /// Whether an earlier attempt for the row may have been carried out: it stays in flight. Otherwise the row can be
    /// released.
    pub in_doubt: bool,
}

impl RunStop {
    /// Stable code of the reason.
    pub fn code(&self) -> &'static str {
        self.reason.code()
    }

    /// What to do next.
    pub fn hint(&self) -> &'static str {
        self.reason.advice()
    }
}

/// The reasons for which a whole run stops.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StopReason {
    /// The API says that this client may not do this, or that there is no such path.
    NotPermitted,
    /// The API does not let this client read customers, or has no list of them.
    ReadNotPermitted,
    /// The API refuses tokens, a freshly made one too.
    Unauthorized,
    /// The token endpoint refuses the client.
    TokenRefused,
    /// One of the two sides does not trust the other's certificate.
    NotTrusted,
    /// The service could not take anything for longer than the run waits.
    GaveUp,
}

impl StopReason {
    fn code(self) -> &'static str {
        match self {
            Self::NotPermitted => "api.not_permitted",
            Self::ReadNotPermitted => "api.read_not_permitted",
            Self::Unauthorized => "api.unauthorized",
            Self::TokenRefused => "token.refused",
            Self::NotTrusted => "http.not_trusted",
            Self::GaveUp => "run.gave_up",
        }
    }

    fn says(self) -> &'static str {
        Reason::from_code(self.code()).map_or("", |reason| reason.says)
    }

    fn advice(self) -> &'static str {
        Reason::from_code(self.code()).map_or("", |reason| reason.advice)
    }
}

/// The end of the message: what the service said.
struct Said<'a>(Option<u16>, Option<&'a str>);

impl fmt::Display for Said<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(status) = self.0 {
            write!(f, " (HTTP {status})")?;
        }
        self.1.map_or(Ok(()), |detail| write!(f, ": {detail}"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_request_to_stop_wakes_whoever_waits_and_stays() {
        let stop = Stop::new();
        let waiting = tokio::spawn({
            let stop = stop.clone();
            async move { stop.requested().await }
        });
        tokio::task::yield_now().await;
        assert!(!stop.is_requested());
        stop.request();
        waiting.await.unwrap();
        stop.requested().await;
        assert!(stop.is_requested());
    }

    #[test]
    fn a_run_stop_says_what_the_service_said() {
        let stop = RunStop {
            reason: StopReason::NotPermitted,
            status: Some(403),
            detail: Some(String::from("FORBIDDEN")),
            in_doubt: false,
        };
        assert_eq!(
            stop.to_string(),
            "the API does not permit this client to create customers (HTTP 403): FORBIDDEN"
        );
        assert_eq!(stop.code(), "api.not_permitted");
        assert!(stop.hint().contains("applications"));
    }
}
