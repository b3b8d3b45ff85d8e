//! What the end of a request says about how many there may be on the wire.

use crate::send::classify::{Reason, Verdict};
use crate::send::concurrency::Ended;

/// What the end of a request says about how many there may be. A probe goes nearly alone, and says nothing.
pub(super) fn ended(verdict: Verdict, probe: bool) -> Ended {
    match verdict {
        _ if probe => Ended::Otherwise,
        Verdict::Wait(_) => Ended::TooMuch,
        Verdict::Unknown(Reason::ServerError | Reason::Timeout | Reason::RequestTimeout | Reason::Reset) => {
            Ended::Badly
        }
        Verdict::Unknown(_) | Verdict::NotReached | Verdict::NotTrusted => Ended::Otherwise,
        Verdict::Created
        | Verdict::ReadBack
        | Verdict::Existing
        | Verdict::Conflict
        | Verdict::Refused
        | Verdict::Unreadable
        | Verdict::RefreshToken
        | Verdict::NotPermitted => Ended::Well,
    }
}
