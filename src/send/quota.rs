//! What an answer's headers say about the rate that the service still takes.
//!
//! Three ways of saying it: `RateLimit-Limit`, `-Remaining` and `-Reset` (draft-ietf-httpapi-ratelimit-headers-03,
//! the reset in seconds from now), the structured `RateLimit: "default";r=50;t=30` with `RateLimit-Policy`
//! (the later drafts), and the common `X-RateLimit-…`, whose reset is seconds from now with some services and Unix time
//! with others. What cannot be read, or cannot be meant, says nothing.
//!
//! It deliberately holds nothing back: that is the [`rate_limit`](super::rate_limit)'s.

use std::time::{Duration, UNIX_EPOCH};

use http::HeaderMap;
use http::header::DATE;

/// A reset that is further away cannot be waited for by a run, and is most likely a misunderstanding.
const LONGEST_RESET: u64 = 24 * 3_600;
/// From here on a number of seconds is a moment of Unix time: 2001, or thirty years from now.
const UNIX_TIME_FROM: u64 = 1_000_000_000;

/// Remaining, reset and limit, where each has a header of its own.
const PLAIN: [[&str; 3]; 3] = [
    ["ratelimit-remaining", "ratelimit-reset", "ratelimit-limit"],
    ["x-ratelimit-remaining", "x-ratelimit-reset", "x-ratelimit-limit"],
    ["x-rate-limit-remaining", "x-rate-limit-reset", "x-rate-limit-limit"],
];

/// What a service still takes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Quota {
    /// Requests that it takes before the reset.
    pub(super) remaining: u64,
    /// Time until it takes more.
    pub(super) reset: Duration,
    /// Requests that it takes in a whole window, where it says so.
    pub(super) limit: Option<u64>,
}

/// Reads an answer's headers. Where they speak of several quotas, the one counts that is nearest to its end.
pub(super) fn quota(headers: &HeaderMap, now_ms: i64) -> Option<Quota> {
    structured(headers).or_else(|| PLAIN.iter().find_map(|names| plain(headers, names, now_ms)))
}

fn text<'a>(headers: &'a HeaderMap, name: &str) -> Option<&'a str> {
    headers.get(name)?.to_str().ok()
}

/// A whole number at the beginning of a value: `100, 100;w=60` is a limit of 100.
fn number(value: &str) -> Option<u64> {
    let first = value.split([',', ';']).next()?.trim();
    let whole = first.split_once('.').map_or(first, |(whole, _)| whole);
    let digits = !whole.is_empty() && whole.bytes().all(|byte| byte.is_ascii_digit());
    digits.then(|| whole.parse().ok()).flatten()
}

fn plain(headers: &HeaderMap, [remaining, reset, limit]: &[&str; 3], now_ms: i64) -> Option<Quota> {
    let part = |name: &str| text(headers, name).and_then(number);
    let reset = part(reset)?;
    let seconds = if reset < UNIX_TIME_FROM {
        reset
    } else {
        reset.saturating_sub(unix_time(headers, now_ms))
    };
    checked(part(remaining)?, seconds, part(limit))
}

/// The service's own time, where it says it: its clock and ours may differ.
fn unix_time(headers: &HeaderMap, now_ms: i64) -> u64 {
    let theirs = text(headers, DATE.as_str())
        .and_then(|date| httpdate::parse_http_date(date).ok())
        .and_then(|date| date.duration_since(UNIX_EPOCH).ok());
    theirs.map_or_else(
        || u64::try_from(now_ms).unwrap_or_default() / 1_000,
        |theirs| theirs.as_secs(),
    )
}

/// `"name";r=50;t=30, "other";r=5;t=600`; an older draft has `limit=100, remaining=50, reset=30`.
fn structured(headers: &HeaderMap) -> Option<Quota> {
    let value = text(headers, "ratelimit")?;
    let policy = text(headers, "ratelimit-policy").unwrap_or_default();
    if parameter(value, "remaining").is_some() {
        let flat = value.replace(',', ";");
        let limit = parameter(&flat, "limit");
        return checked(parameter(&flat, "remaining")?, parameter(&flat, "reset")?, limit);
    }
    let quotas = value.split(',').filter_map(|item| {
        let name = item.split(';').next()?.trim();
        let policy = policy
            .split(',')
            .find(|policy| policy.split(';').next().map(str::trim) == Some(name));
        let limit = policy.and_then(|policy| parameter(policy, "q"));
        checked(parameter(item, "r")?, parameter(item, "t")?, limit)
    });
    quotas.min_by_key(|quota| quota.remaining)
}

/// The value of `name=` among the parts of an item.
fn parameter(item: &str, name: &str) -> Option<u64> {
    item.split([';', ','])
        .filter_map(|part| part.split_once('='))
        .find(|(found, _)| found.trim().eq_ignore_ascii_case(name))
        .and_then(|(_, value)| number(value))
}

fn checked(remaining: u64, seconds: u64, limit: Option<u64>) -> Option<Quota> {
    (seconds <= LONGEST_RESET).then_some(Quota {
        remaining,
        reset: Duration::from_secs(seconds),
        limit,
    })
}

#[cfg(test)]
mod tests {
    use http::{HeaderName, HeaderValue};

    use super::*;

    const NOW_MS: i64 = 1_700_000_000_000;

    /// Header lines, and remaining, reset and limit that they mean.
    fn check(lines: &str, expected: Option<(u64, u64, Option<u64>)>) {
        let mut headers = HeaderMap::new();
        for (name, value) in lines.lines().filter_map(|line| line.split_once(": ")) {
            let name = HeaderName::from_bytes(name.trim().as_bytes()).unwrap();
            headers.insert(name, HeaderValue::from_str(value).unwrap());
        }
        let found = quota(&headers, NOW_MS).map(|quota| (quota.remaining, quota.reset.as_secs(), quota.limit));
        assert_eq!(found, expected, "{lines}");
    }

    #[test]
    fn every_way_of_saying_it_is_understood() {
        check(
            "RateLimit-Limit: 100\nRateLimit-Remaining: 50\nRateLimit-Reset: 30",
            Some((50, 30, Some(100))),
        );
        check(
            "RateLimit-Limit: 10, 10;w=1, 1000;w=3600\nRateLimit-Remaining: 0\nRateLimit-Reset: 1",
            Some((0, 1, Some(10))),
        );
        check("RateLimit: \"default\";r=50;t=30", Some((50, 30, None)));
        check(
            "RateLimit: \"default\";r=50;t=30\nRateLimit-Policy: \"burst\";q=5;w=1, \"default\";q=100;w=60",
            Some((50, 30, Some(100))),
        );
        check(
            "RateLimit: \"burst\";r=40;t=1, \"day\";r=3;t=6000;pk=:ZGVm:",
            Some((3, 6_000, None)),
        );
        check("RateLimit: default; t=30 ;r=7", Some((7, 30, None)));
        check("RateLimit: limit=100, remaining=50, reset=5", Some((50, 5, Some(100))));
        check("X-RateLimit-Remaining: 7\nX-RateLimit-Reset: 12.5", Some((7, 12, None)));
        check(
            "X-RateLimit-Remaining: 0\nX-RateLimit-Reset: 1700000042",
            Some((0, 42, None)),
        );
        check(
            "X-Rate-Limit-Limit: 60\nX-Rate-Limit-Remaining: 0\nX-Rate-Limit-Reset: 1699999000",
            Some((0, 0, Some(60))),
        );
        // The service's clock decides about its own moments.
        check(
            "Date: Tue, 14 Nov 2023 22:23:20 GMT\nX-RateLimit-Remaining: 0\nX-RateLimit-Reset: 1700000610",
            Some((0, 10, None)),
        );
    }

    #[test]
    fn what_cannot_be_meant_says_nothing() {
        for lines in [
            "",
            "RateLimit-Remaining: 5",
            "RateLimit-Reset: 5",
            "RateLimit-Remaining: -1\nRateLimit-Reset: 5",
            "RateLimit-Remaining: five\nRateLimit-Reset: 5",
            "RateLimit-Remaining: 0\nRateLimit-Reset: 86401",
            "RateLimit-Remaining: 0\nRateLimit-Reset: 99999999999999999999999999",
            "X-RateLimit-Remaining: 0\nX-RateLimit-Reset: 1700086401",
            "X-RateLimit-Remaining: 0\nX-RateLimit-Reset: 1700000042000",
            "X-RateLimit-Remaining: 0\nX-RateLimit-Reset: Tue, 14 Nov 2023 22:13:30 GMT",
            "RateLimit: \"default\"",
            "RateLimit: \"default\";r=5",
            "RateLimit: ;;;,,==",
            "RateLimit: \"default\";r=;t=",
        ] {
            check(lines, None);
        }
    }

    #[test]
    fn any_text_at_all_is_survived() {
        let seed = fastrand::u64(..);
        println!("seed {seed}");
        let mut random = fastrand::Rng::with_seed(seed);
        let letters = b"\"default;,=rt0123456789 limit-remaining.\xff";
        for _ in 0..20_000 {
            let value: Vec<u8> = (0..random.usize(0..30))
                .map(|_| letters[random.usize(0..letters.len())])
                .collect();
            let mut headers = HeaderMap::new();
            for name in [
                "ratelimit",
                "ratelimit-reset",
                "ratelimit-remaining",
                "ratelimit-policy",
            ] {
                if random.bool() {
                    headers.insert(name, HeaderValue::from_bytes(&value).unwrap());
                }
            }
            if let Some(quota) = quota(&headers, NOW_MS) {
                assert!(quota.reset.as_secs() <= LONGEST_RESET, "seed {seed}");
            }
        }
    }
}
