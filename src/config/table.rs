//! The one table of settings: every key with its default and its meaning.

/// One setting.
#[derive(Debug)]
pub struct Setting {
    /// `section.key`.
    pub key: &'static str,
    /// Default as a TOML value; empty where there is none.
    pub default: &'static str,
    /// What it does, with its unit and form.
    pub about: &'static str,
    /// Whether it is a secret: never printed, and taken from the environment or a file of its own only.
    pub secret: bool,
}

const fn setting(key: &'static str, default: &'static str, about: &'static str) -> Setting {
    Setting {
        key,
        default,
        about,
        secret: false,
    }
}

/// Every setting but the tables `[columns]` and `[synonyms]`, whose keys are names in the data, and `[rules]`, whose keys
/// are the codes of rules.
#[rustfmt::skip]
pub static SETTINGS: &[Setting] = &[
    setting("api.base-url", "", "base of the API, https; http for loopback only"),
    setting("api.token-url", "", "OAuth 2 token endpoint (client credentials)"),
    setting("api.client-id", "", "OAuth 2 client id"),
    Setting { key: "api.client-secret", default: "", about: "OAuth 2 client secret", secret: true },
    setting("api.client-secret-file", "", "file that holds the client secret and nothing else"),
    setting("api.scope", "\"customers:read customers:write\"", "scopes to ask for, separated by spaces"),
    setting("api.ca-file", "", "file of certificates (PEM) to trust beside the system's own, for a private CA"),
    setting("api.client-certificate-file", "", "file with the client's certificate and its private key (PEM), readable by you only"),
    setting("api.proxy", "", "proxy to go through, such as http://proxy:3128; none is used unless it stands here"),
    setting("api.namespace", "", "UUID from which idempotency ids are derived; one per client and environment, never changed"),
    setting("send.rate-per-second", "10", "requests in any second, of whatever kind; 0 for no limit"),
    setting("send.burst", "", "requests that may go at once after a quiet moment; about 7 ms of the rate if not set"),
    setting("send.max-in-flight", "32", "requests on the wire at the same time"),
    setting("send.max-attempts", "6", "attempts for one row before it is unresolved"),
    setting("send.connect-timeout", "\"10s\"", "time to connect"),
    setting("send.request-timeout", "\"30s\"", "time for one whole request"),
    setting("send.backoff-base", "\"500ms\"", "first wait before a retry; it doubles, with full jitter"),
    setting("send.backoff-cap", "\"30s\"", "longest wait before a retry"),
    setting("send.retry-budget", "\"10%\"", "retries as a share of the rate limit, beside a few in reserve; rows beyond it wait their turn"),
    setting("send.row-deadline", "\"10m\"", "time from a row's first attempt after which it is unresolved"),
    setting("send.run-deadline", "", "time after which a run takes no new rows and ends, resumable, such as \"6h\"; none if not set"),
    setting("send.max-failures", "\"10%\"", "rows refused, in conflict at the API or unresolved above which a run stops: a number, or a share of those answered"),
    setting("send.canary", "50", "rows that are sent alone first; the run stops if more than a tenth of them fail; 0 for none"),
    setting("send.give-up-after", "\"15m\"", "how long a run waits for a service that takes nothing before it ends, resumable"),
    setting("input.delimiter", "", "separator: one of , ; | or \"\\t\"; detected if not set"),
    setting("input.encoding", "", "encoding of input without a byte order mark, a WHATWG label; UTF-8, strictly, if not set"),
    setting("input.default-region", "", "country of telephone numbers that have none, alpha-2"),
    setting("input.date-formats", "[]", "formats of dates beside ISO 8601, strftime notation, serial-1900 or serial-1904, tried in this order"),
    setting("input.null-words", "[\"NULL\", \"null\", \"(null)\", \"N/A\", \"n/a\", \"#N/A\", \"\\\\N\"]", "cells that mean an absent value, exactly as written"),
    setting("input.max-record-bytes", "1048576", "bytes of one record; more is a quote that was never closed"),
    setting("input.max-field-bytes", "65536", "bytes of one field"),
    setting("input.max-columns", "4096", "columns of one source"),
    setting("input.max-unpacked-bytes", "68719476736", "bytes that an archive may unpack to; ten times the largest export that is known of"),
    setting("input.max-unpack-ratio", "200", "how many times larger an archive may unpack; tables pack to a third or a fiftieth, bombs to a thousandth"),
    setting("input.trailer", "", "how a record begins that only counts the records before it, and the field that holds the count"),
    setting("input.max-rejects", "\"10%\"", "rejects above which nothing is sent: a number, or a share of the records"),
    setting("input.workers", "0", "threads that check rows; 0 for one a core, at most 8"),
    setting("ledger.path", "", "the ledger, one file; ledger.db in data.dir if not set"),
    setting("data.dir", "\".rollcall\"", "folder for the ledger and private temporary files"),
];

/// The setting with this key.
pub fn find(key: &str) -> Option<&'static Setting> {
    SETTINGS.iter().find(|setting| setting.key == key)
}

/// The environment variable of a key: `api.base-url` → `ROLLCALL_API_BASE_URL`.
pub fn environment_name(key: &str) -> String {
    format!("ROLLCALL_{}", key.replace(['.', '-'], "_").to_uppercase())
}

/// The existing key that resembles one that does not exist: one that it begins, else the one most like it.
pub(super) fn nearest(key: &str) -> Option<&'static str> {
    let begun = SETTINGS
        .iter()
        .find(|setting| key.contains('.') && setting.key.starts_with(key));
    if let Some(setting) = begun {
        return Some(setting.key);
    }
    super::nearest(key, SETTINGS.iter().map(|setting| setting.key))
}
