//! What is wrong with a plan: keys that no fault has, values that can't be, faults on requests that can't meet them.
//!
//! It says everything about one entry at a time, in words that name the key; the caller adds which entry it was.

use serde::Deserialize;

use super::{CapacityStep, Fault, FaultEntry, FaultPlan, PlanError};
use crate::sandbox::tally::RequestKind;

/// A longer time is a slip of the fingers, and beyond the clock's range it could not even be counted.
const LONGEST_SECONDS: f64 = 366.0 * 24.0 * 3_600.0;

/// The keys that every entry may have; the others are its fault's.
const COMMON_KEYS: [&str; 8] = [
    "name",
    "on",
    "from",
    "until",
    "from-request",
    "until-request",
    "tries",
    "share",
];

#[derive(Debug, Default, Deserialize)]
#[serde(rename_all = "kebab-case", deny_unknown_fields)]
struct Common {
    name: Option<String>,
    on: Option<On>,
    from: Option<f64>,
    until: Option<f64>,
    from_request: Option<u64>,
    until_request: Option<u64>,
    tries: Option<u64>,
    share: Option<f64>,
}

#[derive(Debug, Deserialize)]
#[serde(untagged, expecting = "a kind of request or a list of them was expected")]
enum On {
    One(String),
    Many(Vec<String>),
}

impl On {
    fn kinds(self) -> Result<Vec<RequestKind>, String> {
        let names = match self {
            On::One(name) if name == "any" => return Ok(Vec::new()),
            On::One(name) => vec![name],
            On::Many(names) if names.is_empty() => return Err("on: the list is empty".to_owned()),
            On::Many(names) => names,
        };
        let kind = |name: &String| {
            RequestKind::named(name)
                .ok_or_else(|| format!("on: {name:?} is not one of token, create, read, list, other, any"))
        };
        names.iter().map(kind).collect()
    }
}

/// Reads one entry.
pub(super) fn entry(table: toml::Table) -> Result<FaultEntry, String> {
    let (common, own): (toml::Table, toml::Table) = table
        .into_iter()
        .partition(|(key, _)| COMMON_KEYS.contains(&key.as_str()));
    if !own.contains_key("fault") {
        return Err("`fault` is missing, which says what happens".to_owned());
    }
    let common: Common = common.try_into().map_err(|error| one_line(&error))?;
    let fault: Fault = own.try_into().map_err(|error| one_line(&error))?;
    Ok(FaultEntry {
        name: common.name,
        on: common.on.map(On::kinds).transpose()?.unwrap_or_default(),
        from: common.from.unwrap_or_default(),
        until: common.until,
        from_request: common.from_request,
        until_request: common.until_request,
        tries: common.tries,
        share: common.share.unwrap_or(1.0),
        fault,
    })
}

fn one_line(error: &toml::de::Error) -> String {
    error.to_string().lines().collect::<Vec<_>>().join("; ")
}

impl FaultPlan {
    /// Says what is wrong with the first entry that can't be used, if there is one.
    pub fn check(&self) -> Result<(), PlanError> {
        for (index, entry) in self.entries.iter().enumerate() {
            if let Some(problem) = problem(entry) {
                return Err(PlanError::Entry {
                    number: index + 1,
                    name: entry.name.clone(),
                    problem,
                });
            }
        }
        Ok(())
    }
}

fn problem(entry: &FaultEntry) -> Option<String> {
    if !(0.0..=1.0).contains(&entry.share) {
        return Some(format!("share: {} is not between 0 and 1", entry.share));
    }
    let until = entry.until.unwrap_or(LONGEST_SECONDS);
    seconds("from", entry.from)
        .or_else(|| seconds("until", until))
        .or_else(|| (until <= entry.from).then(|| format!("until: {until} is not after from, which is {}", entry.from)))
        .or_else(|| requests(entry))
        .or_else(|| target(entry))
        .or_else(|| values(&entry.fault))
}

fn seconds(key: &str, value: f64) -> Option<String> {
    (!(0.0..=LONGEST_SECONDS).contains(&value))
        .then(|| format!("{key}: {value} is not a time in seconds, a year at most"))
}

fn requests(entry: &FaultEntry) -> Option<String> {
    let first = entry.from_request.unwrap_or(1);
    if first == 0 {
        Some("from-request: requests are counted from 1".to_owned())
    } else if entry.until_request.is_some_and(|last| last < first) {
        Some(format!(
            "until-request: is before the first request meant, which is {first}"
        ))
    } else if entry.tries == Some(0) {
        Some("tries: 0 tries are nobody's".to_owned())
    } else {
        None
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "most faults can strike any request")]
/// The faults that only one kind of request can meet.
fn target(entry: &FaultEntry) -> Option<String> {
    let only = |kind| entry.on == [kind];
    let name = entry.fault.name();
    match &entry.fault {
        Fault::ExpiresIn { .. } if !only(RequestKind::Token) => Some(format!("on: {name} needs \"token\"")),
        Fault::Duplicate(_) if !only(RequestKind::Create) => Some(format!("on: {name} needs \"create\"")),
        Fault::Answer(answer) if answer.save == Some(true) && !only(RequestKind::Create) => {
            Some("on: an answer that is saved needs \"create\"".to_owned())
        }
        Fault::RevokeToken {} if entry.on.contains(&RequestKind::Token) => {
            Some(format!("on: {name} needs requests that carry a token"))
        }
        _ => None,
    }
}

#[expect(clippy::wildcard_enum_match_arm, reason = "most values can be anything")]
fn values(fault: &Fault) -> Option<String> {
    match fault {
        Fault::Slow { interval } => seconds("interval", *interval),
        Fault::Stall { seconds: value, .. } => seconds("seconds", *value),
        Fault::Answer(answer) if answer.retry_after.is_some() && answer.retry_after_date.is_some() => {
            Some("retry-after-date: retry-after is given too".to_owned())
        }
        Fault::Answer(answer)
            if answer
                .retry_after_date
                .is_some_and(|after| f64_of(after) > LONGEST_SECONDS) =>
        {
            Some("retry-after-date: is more than a year".to_owned())
        }
        Fault::Answer(answer) => status(answer.status, 200, 599),
        Fault::Redirect {
            status: value,
            location,
        } => status(*value, 300, 399).or_else(|| {
            let plain = !location.is_empty() && location.bytes().all(|byte| byte.is_ascii_graphic());
            (!plain).then(|| "location: is not a URL".to_owned())
        }),
        Fault::Duplicate(style) => status(style.status, 400, 499),
        Fault::Capacity(step) => capacity(step),
        Fault::RateLimit(headers) => (headers.window == 0).then(|| "window: is 0 seconds long".to_owned()),
        Fault::ExpiresIn {
            value: Some(toml::Value::Datetime(_) | toml::Value::Array(_) | toml::Value::Table(_)),
        } => Some("value: is not a number or a text".to_owned()),
        _ => None,
    }
}

#[expect(clippy::cast_precision_loss, reason = "compared with a bound of seven digits")]
fn f64_of(value: u64) -> f64 {
    value as f64
}

fn status(value: u16, first: u16, last: u16) -> Option<String> {
    (!(first..=last).contains(&value)).then(|| format!("status: {value} is not from {first} to {last}"))
}

fn capacity(step: &CapacityStep) -> Option<String> {
    match (step.concurrent, step.per_second) {
        (None, None) => Some("concurrent or per-second is required".to_owned()),
        (Some(0), _) | (_, Some(0)) => Some("a capacity of 0 answers nobody; use refuse or stall".to_owned()),
        _ => seconds("work", step.work),
    }
}
