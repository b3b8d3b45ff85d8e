//! What answers say about a limit: the RateLimit headers in the forms that servers use.
//!
//! The sandbox counts in fixed windows from the plan's beginning and enforces nothing: what it says may well be untrue.

use super::plan::{HeaderStyle, RateLimitHeaders};

/// The count of one entry.
#[derive(Debug)]
pub(super) struct Quota {
    told: RateLimitHeaders,
    window: u64,
    asked: u64,
}

impl Quota {
    pub(super) fn new(told: RateLimitHeaders) -> Quota {
        Quota {
            told,
            window: 0,
            asked: 0,
        }
    }

    /// Counts a request, that many seconds after the plan began, and says what its answer is to carry.
    pub(super) fn headers(&mut self, seconds: f64) -> Vec<(&'static str, String)> {
        let RateLimitHeaders {
            style, limit, window, ..
        } = self.told;
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "seconds since a beginning, whole ones wanted"
        )]
        let passed = seconds as u64;
        let (number, within) = (passed / window.max(1), passed % window.max(1));
        if number != self.window {
            (self.window, self.asked) = (number, 0);
        }
        self.asked += 1;
        let left = self.told.remaining.unwrap_or(limit.saturating_sub(self.asked));
        let reset = self.told.reset.unwrap_or(window.saturating_sub(within));
        match style {
            HeaderStyle::Draft03 => vec![
                ("ratelimit-limit", limit.to_string()),
                ("ratelimit-remaining", left.to_string()),
                ("ratelimit-reset", reset.to_string()),
            ],
            HeaderStyle::Draft10 => vec![
                ("ratelimit-policy", format!("\"default\";q={limit};w={window}")),
                ("ratelimit", format!("\"default\";r={left};t={reset}")),
            ],
            HeaderStyle::XSeconds => old(limit, left, i128::from(reset)),
            HeaderStyle::XUnix => {
                let now = jiff::Timestamp::now().as_second();
                old(limit, left, i128::from(now) + i128::from(reset))
            }
        }
    }
}

fn old(limit: u64, left: u64, reset: i128) -> Vec<(&'static str, String)> {
    vec![
        ("x-ratelimit-limit", limit.to_string()),
        ("x-ratelimit-remaining", left.to_string()),
        ("x-ratelimit-reset", reset.to_string()),
    ]
}
