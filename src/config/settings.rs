//! The resolved settings, as the stages use them: typed, checked, and with no memory of where each came from.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::time::Duration;

use secrecy::SecretString;
use uuid::Uuid;

use crate::model::rule::Severities;

/// Everything a command may need.
#[derive(Clone, Debug)]
pub struct Settings {
    /// `[api]`
    pub api: ApiSettings,
    /// `[send]`
    pub send: SendSettings,
    /// `[input]`
    pub input: InputSettings,
    /// `[columns]`
    pub columns: ColumnSettings,
    /// `[synonyms]`: field path → what people write → the API's word.
    pub synonyms: BTreeMap<String, BTreeMap<String, String>>,
    /// `[rules]`: what a broken rule does.
    pub severities: Severities,
    /// `[ledger] path`
    pub ledger_path: PathBuf,
    /// `[data] dir`: where private temporary files go.
    pub data_dir: PathBuf,
}

/// Where the API is and who is calling.
#[derive(Clone, Debug)]
pub struct ApiSettings {
    /// Base of the API, without a slash at its end: `https://host/api`.
    pub base_url: String,
    /// Token endpoint of the OAuth 2 client credentials grant.
    pub token_url: String,
    /// The client's name.
    pub client_id: String,
    /// The client's secret.
    pub client_secret: SecretString,
    /// Scope to ask for, separated by spaces.
    pub scope: String,
    /// Certificates (PEM) to trust beside the system's own.
    pub ca_file: Option<PathBuf>,
    /// The client's certificate and its private key (PEM).
    pub client_certificate_file: Option<PathBuf>,
    /// Proxy to go through; `None` for none, whatever the environment says.
    pub proxy: Option<String>,
    /// Namespace of the idempotency ids, one per client and environment.
    pub namespace: Uuid,
}

/// How fast and how stubbornly rows are sent.
#[derive(Clone, Debug)]
pub struct SendSettings {
    /// Requests in any second, of whatever kind; `None` for no limit.
    pub rate_per_second: Option<u32>,
    /// Requests that may go at once after a quiet moment; `None` for about 7 ms of the rate.
    pub burst: Option<u32>,
    /// Requests on the wire at the same time.
    pub max_in_flight: usize,
    /// Attempts for one row before it is unresolved.
    pub max_attempts: u32,
    /// Time to connect.
    pub connect_timeout: Duration,
    /// Time for one whole request.
    pub request_timeout: Duration,
    /// First wait of the exponential backoff.
    pub backoff_base: Duration,
    /// Longest wait of the exponential backoff.
    pub backoff_cap: Duration,
    /// Retries as a share of all requests, from 0 to 1; 1 is no limit.
    pub retry_budget: f64,
    /// Time from a row's first attempt after which it is unresolved.
    pub row_deadline: Duration,
    /// Time after which a run takes no new rows and ends, resumable.
    pub run_deadline: Option<Duration>,
    /// Failed rows above which a run stops.
    pub max_failures: Option<Threshold>,
    /// Rows that are sent alone first; 0 for none.
    pub canary: u64,
    /// How long a run waits for a service that does not answer before it ends, resumable.
    pub give_up_after: Duration,
}

/// A threshold on a count of rows.
#[derive(Clone, Copy, Debug, PartialEq)]
pub enum Threshold {
    /// So many rows.
    Count(u64),
    /// So many of a hundred.
    Percent(f64),
}

/// How a source is read and its values are understood.
#[derive(Clone, Debug)]
pub struct InputSettings {
    /// Separator; `None` to detect it.
    pub delimiter: Option<u8>,
    /// WHATWG label of the encoding of what has no byte order mark; `None` for UTF-8.
    pub encoding: Option<String>,
    /// Country for telephone numbers without one, alpha-2.
    pub default_region: Option<String>,
    /// Formats of dates beside ISO 8601, in `strftime` notation.
    pub date_formats: Vec<String>,
    /// Words that mean an absent value, exactly as written.
    pub null_words: Vec<String>,
    /// Bytes of one record.
    pub max_record_bytes: usize,
    /// Bytes of one field.
    pub max_field_bytes: usize,
    /// Columns of one source.
    pub max_columns: usize,
    /// Bytes that an archive may unpack to.
    pub max_unpacked_bytes: u64,
    /// How many times larger an archive may unpack.
    pub max_unpack_ratio: u64,
    /// What a record that only counts the others looks like; `None` if there is none.
    pub trailer: Option<TrailerSettings>,
    /// Rejects above which nothing is sent.
    pub max_rejects: Option<Threshold>,
    /// Threads that check rows.
    pub workers: usize,
}

/// What a trailer looks like: a record that says how many records are before it.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct TrailerSettings {
    /// How its first field begins; never empty.
    pub starts_with: String,
    /// The field with the count, from 1.
    pub count_field: usize,
}

/// How columns that are not named after the API's fields are understood.
#[derive(Clone, Debug, Default)]
pub struct ColumnSettings {
    /// Column name → field path.
    pub map: BTreeMap<String, String>,
    /// Columns left out on purpose.
    pub ignore: Vec<String>,
    /// Field path → the value that every record gets.
    pub constants: BTreeMap<String, String>,
}
