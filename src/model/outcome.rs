//! What became of a row, as the ledger records it.

use super::ids::RequestId;
use super::row::RowKey;
use super::row_state::RowEvent;

/// One event in the life of a row, with what an auditor asks about it.
///
/// It holds codes and times, never a value of the row. `detail` is the API's own text with the row's values replaced
/// by their field names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Outcome {
    /// Which row.
    pub key: RowKey,
    /// What happened.
    pub event: RowEvent,
    /// When, in milliseconds since 1970, UTC.
    pub at_ms: i64,
    /// HTTP requests for the row in this process, this one included; 0 where none was made.
    pub attempts: u32,
    /// Status of the answer that decided; `None` where no answer came.
    pub http_status: Option<u16>,
    /// Stable code of the reason (`api.duplicate_customer`, `http.timeout`); `None` where the event says it all.
    pub code: Option<String>,
    /// What the API said, redacted.
    pub detail: Option<String>,
    /// Request that decided.
    pub request_id: Option<RequestId>,
}

impl Outcome {
    /// An event that no request caused.
    pub fn plain(key: RowKey, event: RowEvent, at_ms: i64) -> Self {
        Self {
            key,
            event,
            at_ms,
            attempts: 0,
            http_status: None,
            code: None,
            detail: None,
            request_id: None,
        }
    }

    /// The same with a code that says why.
    #[must_use]
    pub fn because(mut self, code: impl Into<String>) -> Self {
        self.code = Some(code.into());
        self
    }
}
