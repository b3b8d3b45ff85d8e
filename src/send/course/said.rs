//! What an answer said, kept until it is told.

use crate::model::ids::RequestId;
use crate::send::answer::Heard;
use crate::send::classify::Reason;

/// What an answer said, to be told later.
#[derive(Clone, Debug, Default)]
pub(super) struct Said {
    pub(super) status: Option<u16>,
    pub(super) detail: Option<String>,
    pub(super) request_id: Option<RequestId>,
    pub(super) reason: Option<Reason>,
}

/// Keeps what was heard.
pub(super) fn said(heard: Heard, request_id: RequestId, reason: Option<Reason>) -> Said {
    Said {
        status: heard.status,
        detail: heard.detail,
        request_id: Some(request_id),
        reason,
    }
}
