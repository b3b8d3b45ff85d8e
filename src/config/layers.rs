//! Where each value comes from: flag before environment before file before default.

use std::collections::BTreeMap;
use std::fmt;
use std::path::{Path, PathBuf};

use secrecy::SecretString;
use toml::{Table, Value};

use super::ConfigError;
use super::table::{self, SETTINGS};

/// Where a value was written.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Origin {
    /// Built in.
    Default,
    /// The configuration file.
    File(PathBuf),
    /// An environment variable.
    Environment(String),
    /// A command line flag.
    Flag(&'static str),
    /// A credential that systemd hands over.
    Credential(PathBuf),
    /// The sandbox of this process.
    Sandbox,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Default => f.write_str("default"),
            Self::File(path) | Self::Credential(path) => path.display().fmt(f),
            Self::Environment(name) => f.write_str(name),
            Self::Flag(name) => f.write_str(name),
            Self::Sandbox => f.write_str("--sandbox"),
        }
    }
}

/// The value of every key that has one, with its origin. A secret is kept apart and never shown: in its place stands
/// `HIDDEN`.
#[derive(Clone, Debug, Default)]
pub struct Layers {
    values: BTreeMap<String, (Value, Origin)>,
    /// The client's secret, where the environment or this process gives it.
    pub(super) secret: Option<SecretString>,
    /// `[columns]` of the file.
    pub(super) columns: Table,
    /// `[synonyms]` of the file.
    pub(super) synonyms: Table,
    /// `[rules]` of the file.
    pub(super) rules: Table,
    /// The file, if there is one.
    pub(super) file: Option<PathBuf>,
}

impl Layers {
    /// Lays file and environment over the defaults. `environment` gives the variables to look at.
    pub fn load(file: Option<&Path>, environment: impl Iterator<Item = (String, String)>) -> Result<Self, ConfigError> {
        let mut layers = Self::default();
        for setting in SETTINGS.iter().filter(|setting| !setting.default.is_empty()) {
            layers
                .values
                .insert(setting.key.to_owned(), (literal(setting.default), Origin::Default));
        }
        if let Some(path) = file {
            layers.add_file(path)?;
        }
        let credentials = layers.add_environment(environment)?;
        layers.add_credential(credentials.as_deref());
        Ok(layers)
    }

    /// Sets a value that overrides all that is there.
    pub fn set(&mut self, key: &'static str, value: impl Into<Value>, origin: Origin) {
        debug_assert!(table::find(key).is_some(), "{key} is not in the table of settings");
        match (key, value.into()) {
            (SECRET, Value::String(secret)) => self.set_secret(secret, origin),
            (_, value) => drop(self.values.insert(key.to_owned(), (value, origin))),
        }
    }

    fn set_secret(&mut self, secret: String, origin: Origin) {
        self.secret = Some(SecretString::from(secret));
        self.values
            .insert(SECRET.to_owned(), (Value::String(HIDDEN.to_owned()), origin));
    }

    /// Takes the secret from a credential where neither the environment nor a file gives one.
    fn add_credential(&mut self, folder: Option<&Path>) {
        let path = folder.map(|folder| folder.join(SECRET)).filter(|path| path.exists());
        let is_set = |key| {
            self.get(key)
                .is_some_and(|(value, _)| value.as_str().is_none_or(|text| !text.is_empty()))
        };
        if let Some(path) = path
            && !is_set(SECRET)
            && !is_set(SECRET_FILE)
        {
            let value = Value::String(HIDDEN.to_owned());
            self.values.insert(SECRET.to_owned(), (value, Origin::Credential(path)));
        }
    }

    /// Every key of the table with its value, if it has one, and where that came from.
    pub fn entries(&self) -> impl Iterator<Item = (&'static table::Setting, Option<&(Value, Origin)>)> {
        SETTINGS.iter().map(|setting| (setting, self.values.get(setting.key)))
    }

    /// A key's value and origin.
    pub(super) fn get(&self, key: &str) -> Option<&(Value, Origin)> {
        self.values.get(key)
    }

    /// Where a key's value was written, whether set or not.
    pub fn origin(&self, key: &str) -> Origin {
        self.get(key).map_or(Origin::Default, |(_, origin)| origin.clone())
    }

    fn add_file(&mut self, path: &Path) -> Result<(), ConfigError> {
        let text = std::fs::read_to_string(path).map_err(|source| ConfigError::Read {
            path: path.to_owned(),
            source,
        })?;
        let mut root: Table = text.parse().map_err(|error: toml::de::Error| ConfigError::Syntax {
            path: path.to_owned(),
            message: located(&text, &error),
        })?;
        let origin = Origin::File(path.to_owned());
        self.file = Some(path.to_owned());
        self.columns = take_table(&mut root, "columns", &origin)?;
        self.synonyms = take_table(&mut root, "synonyms", &origin)?;
        self.rules = take_table(&mut root, "rules", &origin)?;
        for (section, content) in root {
            let Value::Table(content) = content else {
                return Err(unknown(section, &origin));
            };
            for (name, value) in content {
                let key = format!("{section}.{name}");
                let setting = table::find(&key).ok_or_else(|| unknown(key.clone(), &origin))?;
                if setting.secret {
                    return Err(ConfigError::Secret { key, origin });
                }
                self.values.insert(key, (value, origin.clone()));
            }
        }
        Ok(())
    }

    /// Gives the folder of systemd's credentials, if there is one.
    fn add_environment(
        &mut self,
        variables: impl Iterator<Item = (String, String)>,
    ) -> Result<Option<PathBuf>, ConfigError> {
        let mut credentials = None;
        let known: BTreeMap<String, &'static table::Setting> = SETTINGS
            .iter()
            .map(|setting| (table::environment_name(setting.key), setting))
            .collect();
        for (name, text) in variables {
            if name == "CREDENTIALS_DIRECTORY" && !text.is_empty() {
                credentials = Some(PathBuf::from(&text));
            }
            if !name.starts_with("ROLLCALL_") || RESERVED.contains(&name.as_str()) || text.is_empty() {
                continue;
            }
            let origin = Origin::Environment(name.clone());
            let setting = known.get(&name).ok_or_else(|| {
                let key = name
                    .trim_start_matches("ROLLCALL_")
                    .to_lowercase()
                    .replacen('_', ".", 1)
                    .replace('_', "-");
                unknown(key, &origin)
            })?;
            if setting.secret {
                self.set_secret(text, origin);
                continue;
            }
            // A default that is not text tells that the text stands for a number or a list.
            let value = if matches!(setting.default.as_bytes().first(), Some(b'0'..=b'9' | b'[')) {
                format!("value = {text}")
                    .parse::<Table>()
                    .ok()
                    .and_then(|mut parsed| parsed.remove("value"))
            } else {
                None
            };
            self.values
                .insert(setting.key.to_owned(), (value.unwrap_or(Value::String(text)), origin));
        }
        Ok(credentials)
    }
}

/// The one secret, which is also the name of its credential.
pub(super) const SECRET: &str = "api.client-secret";
pub(super) const SECRET_FILE: &str = "api.client-secret-file";

/// What stands in the place of a secret.
const HIDDEN: &str = "(secret)";

/// Variables that are rollcall's own and no settings.
const RESERVED: [&str; 2] = ["ROLLCALL_CONFIG", "ROLLCALL_LOG"];

fn literal(text: &str) -> Value {
    let parsed = format!("value = {text}")
        .parse::<Table>()
        .ok()
        .and_then(|mut table| table.remove("value"));
    debug_assert!(parsed.is_some(), "a default that is not TOML: {text}");
    parsed.unwrap_or(Value::Boolean(false))
}

fn unknown(key: String, origin: &Origin) -> ConfigError {
    ConfigError::UnknownKey {
        nearest: table::nearest(&key),
        origin: origin.clone(),
        key,
    }
}

fn take_table(root: &mut Table, name: &str, origin: &Origin) -> Result<Table, ConfigError> {
    match root.remove(name) {
        None => Ok(Table::new()),
        Some(Value::Table(table)) => Ok(table),
        Some(_) => Err(ConfigError::Value {
            key: name.to_owned(),
            origin: origin.clone(),
            problem: format!("must be a table, [{name}]"),
        }),
    }
}

/// The parser's message with its line and column, and without the line's text, which might be a secret.
fn located(text: &str, error: &toml::de::Error) -> String {
    let line = error
        .span()
        .and_then(|span| text.get(..span.start))
        .map(|before| before.matches('\n').count() + 1);
    line.map_or_else(
        || error.message().to_owned(),
        |line| format!("line {line}: {}", error.message()),
    )
}
