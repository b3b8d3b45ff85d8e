//! From layers of values to typed settings: every value is checked here, once, with its key and origin in the error.

use std::path::{Path, PathBuf};
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};
use toml::Value;
use uuid::Uuid;

use super::ConfigError;
use super::columns::{columns, synonyms, texts};
use super::layers::{Layers, Origin, SECRET, SECRET_FILE};
use super::rules::severities;
use super::settings::{ApiSettings, InputSettings, SendSettings, Settings, Threshold};
use super::trailer::trailer;
use crate::private::{Readers, read_secret};

/// Workers by default: one a core up to here, which is about as many as one reader can keep at work.
const MOST_DEFAULT_WORKERS: usize = 8;

/// Workers at most, whoever asks for them: more threads than any machine has cores only take its memory.
const MOST_WORKERS: u32 = 256;

/// Checks every value and makes the settings.
pub fn resolve(layers: &Layers) -> Result<Settings, ConfigError> {
    let values = Values(layers);
    let data_dir = PathBuf::from(values.text("data.dir")?);
    let ledger_path = values
        .optional("ledger.path")?
        .map_or_else(|| data_dir.join("ledger.db"), PathBuf::from);
    Ok(Settings {
        api: api(&values)?,
        send: send(&values)?,
        input: input(&values)?,
        columns: columns(layers)?,
        synonyms: synonyms(layers)?,
        severities: severities(layers)?,
        ledger_path,
        data_dir,
    })
}

/// Refuses settings with which nothing can be sent.
pub fn require_target(settings: &Settings) -> Result<(), ConfigError> {
    let api = &settings.api;
    let keys: Vec<&'static str> = [
        ("api.base-url", api.base_url.is_empty()),
        ("api.token-url", api.token_url.is_empty()),
        ("api.client-id", api.client_id.is_empty()),
        ("api.client-secret", api.client_secret.expose_secret().is_empty()),
    ]
    .into_iter()
    .filter_map(|(key, missing)| missing.then_some(key))
    .collect();
    if !keys.is_empty() {
        return Err(ConfigError::Missing { keys });
    }
    if api.namespace.is_nil() {
        return Err(ConfigError::MissingNamespace { fresh: Uuid::now_v7() });
    }
    Ok(())
}

fn api(values: &Values<'_>) -> Result<ApiSettings, ConfigError> {
    let namespace = values.optional("api.namespace")?.unwrap_or_default();
    let namespace = if namespace.is_empty() {
        Uuid::nil()
    } else {
        namespace
            .parse()
            .map_err(|_| values.wrong("api.namespace", "must be a UUID"))?
    };
    Ok(ApiSettings {
        base_url: address(values, "api.base-url")?.trim_end_matches('/').to_owned(),
        token_url: address(values, "api.token-url")?,
        client_id: values.optional("api.client-id")?.unwrap_or_default(),
        client_secret: secret(values)?,
        scope: values.text("api.scope")?,
        ca_file: values.optional("api.ca-file")?.map(PathBuf::from),
        client_certificate_file: values.optional("api.client-certificate-file")?.map(PathBuf::from),
        proxy: Some(address(values, "api.proxy")?).filter(|proxy| !proxy.is_empty()),
        namespace,
    })
}

/// An address that is shown, logged and kept in the ledger, and so must not carry a secret.
fn address(values: &Values<'_>, key: &str) -> Result<String, ConfigError> {
    let address = values.optional(key)?.unwrap_or_default();
    if address.contains(['@', '?', '#']) {
        return Err(values.wrong(
            key,
            "must be a plain address: no user, no password, no query, no fragment",
        ));
    }
    Ok(address)
}

/// The client's secret: from the environment, else from a file of its own, else from a credential of systemd's.
fn secret(values: &Values<'_>) -> Result<SecretString, ConfigError> {
    if let Some(secret) = &values.0.secret {
        return Ok(secret.clone());
    }
    let read = |key: &str, path: &Path, readers: Readers, problem: fn(&str) -> String| {
        let secret = read_secret(path, readers).map_err(|what| values.wrong(key, &problem(what)))?;
        Ok(SecretString::from(secret.as_str()))
    };
    if let Some(file) = values.optional(SECRET_FILE)? {
        let problem = |what: &str| format!("names a file that {what}");
        return read(SECRET_FILE, Path::new(&file), Readers::Owner, problem);
    }
    if let Origin::Credential(path) = values.0.origin(SECRET) {
        return read(SECRET, &path, Readers::Granted, |what| {
            format!("is a credential that {what}")
        });
    }
    Ok(SecretString::default())
}

fn send(values: &Values<'_>) -> Result<SendSettings, ConfigError> {
    let rate = values.number("send.rate-per-second")?;
    Ok(SendSettings {
        rate_per_second: (rate > 0).then_some(rate),
        burst: values.optional_number("send.burst")?,
        max_in_flight: values.size("send.max-in-flight")?,
        max_attempts: values.at_least_one("send.max-attempts")?,
        connect_timeout: values.duration("send.connect-timeout")?,
        request_timeout: values.duration("send.request-timeout")?,
        backoff_base: values.duration("send.backoff-base")?,
        backoff_cap: values.duration("send.backoff-cap")?,
        retry_budget: share(values, "send.retry-budget")?,
        row_deadline: values.duration("send.row-deadline")?,
        run_deadline: values.optional_duration("send.run-deadline")?,
        max_failures: threshold(values, "send.max-failures")?,
        canary: values.number("send.canary")?.into(),
        give_up_after: values.duration("send.give-up-after")?,
    })
}

fn input(values: &Values<'_>) -> Result<InputSettings, ConfigError> {
    let null_words = values.list("input.null-words")?;
    if null_words.iter().any(|word| word.eq_ignore_ascii_case("NA")) {
        return Err(values.wrong("input.null-words", "may not hold NA, which is Namibia"));
    }
    let workers = match values.number("input.workers")? {
        0 => std::thread::available_parallelism()
            .map_or(1, usize::from)
            .min(MOST_DEFAULT_WORKERS),
        workers if workers > MOST_WORKERS => {
            return Err(values.wrong("input.workers", &format!("must be at most {MOST_WORKERS}")));
        }
        workers => usize::try_from(workers).unwrap_or(MOST_DEFAULT_WORKERS),
    };
    Ok(InputSettings {
        delimiter: delimiter(values)?,
        encoding: values.optional("input.encoding")?,
        default_region: values.optional("input.default-region")?,
        date_formats: values.list("input.date-formats")?,
        null_words,
        max_record_bytes: values.size("input.max-record-bytes")?,
        max_field_bytes: values.size("input.max-field-bytes")?,
        max_columns: values.size("input.max-columns")?,
        max_unpacked_bytes: values.bytes("input.max-unpacked-bytes")?,
        max_unpack_ratio: values.at_least_one("input.max-unpack-ratio")?.into(),
        trailer: trailer(values.0)?,
        max_rejects: threshold(values, "input.max-rejects")?,
        workers,
    })
}

fn delimiter(values: &Values<'_>) -> Result<Option<u8>, ConfigError> {
    let Some(text) = values.optional("input.delimiter")? else {
        return Ok(None);
    };
    match text.as_bytes() {
        [byte @ (b',' | b';' | b'\t' | b'|')] => Ok(Some(*byte)),
        b"\\t" => Ok(Some(b'\t')),
        _ => Err(values.wrong("input.delimiter", "must be one of , ; | or a tab")),
    }
}

fn threshold(values: &Values<'_>, key: &'static str) -> Result<Option<Threshold>, ConfigError> {
    let wrong = || {
        values.wrong(
            key,
            "must be a whole number, or a share from 0% to 100% such as \"2.5%\"",
        )
    };
    match values.0.get(key).map(|(value, _)| value) {
        None => Ok(None),
        Some(Value::Integer(count)) => Ok(Some(Threshold::Count(u64::try_from(*count).map_err(|_| wrong())?))),
        Some(Value::String(text)) => match text.strip_suffix('%') {
            Some(percent) => match percent.trim().parse::<f64>() {
                Ok(percent) if (0.0..=100.0).contains(&percent) => Ok(Some(Threshold::Percent(percent))),
                Ok(_) | Err(_) => Err(wrong()),
            },
            None => text
                .trim()
                .parse()
                .map(|count| Some(Threshold::Count(count)))
                .map_err(|_| wrong()),
        },
        Some(_) => Err(wrong()),
    }
}

/// A share of a whole, from 0 to 1.
fn share(values: &Values<'_>, key: &'static str) -> Result<f64, ConfigError> {
    match threshold(values, key)? {
        Some(Threshold::Percent(percent)) => Ok(percent / 100.0),
        Some(Threshold::Count(_)) | None => Err(values.wrong(key, "must be a share such as \"10%\"")),
    }
}

/// Typed look-ups that name key and origin where a value does not fit.
struct Values<'a>(&'a Layers);

impl Values<'_> {
    fn wrong(&self, key: &str, problem: &str) -> ConfigError {
        ConfigError::Value {
            key: key.to_owned(),
            origin: self.0.origin(key),
            problem: problem.to_owned(),
        }
    }

    fn optional(&self, key: &str) -> Result<Option<String>, ConfigError> {
        match self.0.get(key).map(|(value, _)| value) {
            None => Ok(None),
            Some(Value::String(text)) if text.is_empty() => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err(self.wrong(key, "must be a text")),
        }
    }

    fn text(&self, key: &str) -> Result<String, ConfigError> {
        self.optional(key)?.ok_or_else(|| self.wrong(key, "must not be empty"))
    }

    fn optional_number(&self, key: &str) -> Result<Option<u32>, ConfigError> {
        let number = match self.0.get(key).map(|(value, _)| value) {
            None => return Ok(None),
            Some(Value::Integer(number)) => u32::try_from(*number).ok(),
            Some(Value::String(text)) => text.trim().parse().ok(),
            Some(_) => None,
        };
        number
            .map(Some)
            .ok_or_else(|| self.wrong(key, "must be a whole number from 0 to 4294967295"))
    }

    fn number(&self, key: &str) -> Result<u32, ConfigError> {
        self.optional_number(key)?
            .ok_or_else(|| self.wrong(key, "must not be empty"))
    }

    fn at_least_one(&self, key: &str) -> Result<u32, ConfigError> {
        match self.number(key)? {
            0 => Err(self.wrong(key, "must be at least 1")),
            number => Ok(number),
        }
    }

    fn size(&self, key: &str) -> Result<usize, ConfigError> {
        let number = self.at_least_one(key)?;
        usize::try_from(number).map_err(|_| self.wrong(key, "is too large"))
    }

    /// A number of bytes that may be larger than a memory.
    fn bytes(&self, key: &str) -> Result<u64, ConfigError> {
        let number = match self.0.get(key).map(|(value, _)| value) {
            Some(Value::Integer(number)) => u64::try_from(*number).ok(),
            Some(Value::String(text)) => text.trim().parse().ok(),
            Some(_) | None => None,
        };
        let number = number.filter(|number| *number > 0);
        number.ok_or_else(|| self.wrong(key, "must be a whole number from 1 on"))
    }

    fn duration(&self, key: &str) -> Result<Duration, ConfigError> {
        self.optional_duration(key)?
            .ok_or_else(|| self.wrong(key, "must not be empty"))
    }

    fn optional_duration(&self, key: &str) -> Result<Option<Duration>, ConfigError> {
        let Some(text) = self.optional(key)? else {
            return Ok(None);
        };
        let duration: jiff::SignedDuration = text
            .parse()
            .map_err(|_| self.wrong(key, "must be a duration such as \"30s\" or \"5m\""))?;
        let duration = Duration::try_from(duration).map_err(|_| self.wrong(key, "must not be negative"))?;
        Ok(Some(duration))
    }

    fn list(&self, key: &str) -> Result<Vec<String>, ConfigError> {
        let values = match self.0.get(key).map(|(value, _)| value) {
            None => return Ok(Vec::new()),
            Some(Value::Array(values)) => texts(values),
            Some(_) => None,
        };
        values.ok_or_else(|| self.wrong(key, "must be a list of texts"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn load(file: &str, environment: &[(&str, &str)]) -> Result<Settings, ConfigError> {
        let directory = tempfile::tempdir().unwrap();
        let path = directory.path().join("rollcall.toml");
        std::fs::write(&path, file).unwrap();
        let environment = environment
            .iter()
            .map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
        resolve(&Layers::load(Some(&path), environment)?)
    }

    #[test]
    fn environment_stands_over_file_over_default() {
        let file = "[send]\nrate-per-second = 100\nmax-in-flight = 7\n";
        let settings = load(file, &[("ROLLCALL_SEND_RATE_PER_SECOND", "200")]).unwrap();
        assert_eq!(settings.send.rate_per_second, Some(200));
        assert_eq!(settings.send.max_in_flight, 7);
        assert_eq!(settings.send.request_timeout, Duration::from_secs(30));
    }

    #[test]
    fn every_default_is_valid() {
        let settings = load("", &[]).unwrap();
        assert_eq!(settings.input.max_rejects, Some(Threshold::Percent(10.0)));
        assert!(require_target(&settings).is_err());
    }

    fn check_error(file: &str, environment: &[(&str, &str)], expected: &str) {
        let error = load(file, environment).unwrap_err();
        let text = format!("{error} {}", error.hint().unwrap_or_default());
        assert!(text.contains(expected), "{text}");
    }

    #[test]
    fn wrong_settings_are_named_with_what_to_do() {
        check_error("[send]\nrate-per-secnd = 1", &[], "did you mean `send.rate-per-second`");
        check_error(
            "",
            &[("ROLLCALL_SEND_MAX_INFLIGHT", "1")],
            "did you mean ROLLCALL_SEND_MAX_IN_FLIGHT",
        );
        check_error("", &[("ROLLCALL_SEND_RATE", "1")], "ROLLCALL_SEND_RATE_PER_SECOND");
        check_error("[api]\nclient-secret = \"x\"", &[], "ROLLCALL_API_CLIENT_SECRET");
        check_error("[send]\nrequest-timeout = \"soon\"", &[], "must be a duration");
        check_error("[input]\nnull-words = [\"NA\"]", &[], "Namibia");
        check_error("[input]\nmax-rejects = \"200%\"", &[], "share");
        check_error("[api\n", &[], "line 1");
        check_error("[columns]\nx = 1", &[], "columns.x");
        check_error("[columns]\nignore = \"fax\"", &[], "must be a list of column names");
        check_error(
            "[input]\nmax-unpacked-bytes = 0",
            &[],
            "must be a whole number from 1 on",
        );
        check_error("[input]\nmax-unpack-ratio = 0", &[], "must be at least 1");
        check_error("[input]\nworkers = 100000", &[], "must be at most 256");
        check_error(
            "",
            &[("ROLLCALL_API_BASE_URL", "https://me:secret@host/api")],
            "must be a plain address",
        );
        check_error(
            "",
            &[("ROLLCALL_API_TOKEN_URL", "https://host/token?key=secret")],
            "must be a plain address",
        );
    }

    #[test]
    fn columns_map_ignore_and_set_constants() {
        let file = "[columns]\n\"Customer Id\" = \"id\"\nignore = [\"fax\"]\n[columns.constants]\ncustomer_type = \"CORPORATION\"\n";
        let columns = load(file, &[]).unwrap().columns;
        assert_eq!(columns.map["Customer Id"], "id");
        assert_eq!(columns.ignore, ["fax"]);
        assert_eq!(columns.constants["customer_type"], "CORPORATION");
    }
}
