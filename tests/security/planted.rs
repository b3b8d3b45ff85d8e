//! What is planted: customers whose every value stands nowhere else, and services that repeat what they were sent.

use std::collections::BTreeSet;
use std::fmt::Write;

use rollcall::model::field::{FIELDS, Field, Need};
use rollcall::model::kind::Kind;

use crate::looking::{Canary, canary, forms};
use crate::server::{Stream, answer, send};

pub(crate) const RECORDS: usize = 12;
pub(crate) const IGNORED: &str = "Left out";

/// The value of a field in a record that is accepted; empty where the type of customer has none.
fn value(path: &str, kind: Kind, record: usize) -> String {
    let word = format!("Zq{record}x{}", path.replace(['_', '.'], ""));
    let is_firm = record % 2 == 1;
    match kind {
        Kind::CustomerId => format!("C-{record}"),
        Kind::Choice(choices) if path == "customer_type" => choices[usize::from(is_firm)].to_owned(),
        Kind::Choice(choices) if choices.contains(&"OTHER") => String::from("OTHER"),
        Kind::Choice(choices) => choices[0].to_owned(),
        Kind::ChoiceList(_) => String::new(),
        Kind::Country | Kind::CountryList => String::from("LI"),
        Kind::Email => format!("zq{record}.mail@zq-canary{record}.example"),
        Kind::Phone => format!("+1212555{:04}", 1000 + record),
        Kind::BirthDate => format!("19{}-07-{:02}", 31 + record % 40, 1 + record % 28),
        Kind::Date => format!("19{}-11-{:02}", 41 + record % 40, 1 + record % 28),
        Kind::Naics => String::from("541713"),
        Kind::PostalCode => format!("{}", 9485 + record % 14),
        Kind::TaxNumber => format!("{}", 7_301_940_000_u64 + record as u64),
        Kind::Website => format!("https://zq{record}-site.example/zqpath{record}"),
        Kind::DocumentNumber => format!("ZQ{record}D{}", path.len() * 7919),
        Kind::State => format!("Zqstate{record}"),
        Kind::Text => format!("{word} d'Or & Söhne"),
    }
}

/// A file and every value in it that may be found nowhere.
pub(crate) struct Planted {
    pub(crate) csv: String,
    pub(crate) canaries: BTreeSet<Canary>,
}

impl Planted {
    fn keep(&mut self, place: String, value: &str) {
        if value.chars().count() > 5 {
            self.canaries.insert(canary(place, value));
        }
    }

    fn cell(&mut self, value: &str) {
        write!(self.csv, "\"{}\",", value.replace('"', "\"\"")).unwrap();
    }

    /// A record that is accepted.
    fn good(&mut self, record: usize) {
        for field in &FIELDS {
            let need = if record % 2 == 1 {
                field.corporation
            } else {
                field.individual
            };
            let value = if need == Need::Never {
                String::new()
            } else {
                value(field.path, field.kind, record)
            };
            if field.personal && !matches!(field.kind, Kind::CustomerId | Kind::Naics) {
                self.keep(format!("{} of {record}", field.path), &value);
            }
            self.cell(&value);
        }
        let ignored = format!("Zqignored-{record}");
        self.keep(format!("ignored of {record}"), &ignored);
        writeln!(self.csv, "{ignored}").unwrap();
    }

    /// A record whose every value is wrong.
    fn bad(&mut self, record: usize) {
        for field in &FIELDS {
            let value = wrong(field, record);
            if value.starts_with('=') {
                let inner = value.trim_start_matches('=').trim_end_matches("\u{1b}[31m");
                self.keep(format!("{} of rejected {record}", field.path), inner);
            }
            self.cell(&value);
        }
        writeln!(self.csv).unwrap();
    }
}

fn wrong(field: &Field, record: usize) -> String {
    if field.kind == Kind::CustomerId {
        format!("R-{record}")
    } else if field.path == "customer_type" {
        String::from("INDIVIDUAL")
    } else {
        let path = field.path.replace(['_', '.'], "");
        format!("=Zqwrong{record}x{path}\u{1b}[31m")
    }
}

pub(crate) fn plant() -> Planted {
    let mut planted = Planted {
        csv: String::new(),
        canaries: BTreeSet::new(),
    };
    for field in &FIELDS {
        write!(planted.csv, "{},", field.path).unwrap();
    }
    writeln!(planted.csv, "{IGNORED}").unwrap();
    (0..RECORDS).for_each(|record| planted.good(record));
    (0..4).for_each(|record| planted.bad(record));
    // And one with a quote that is wrong.
    let broken = ["Zqbroken-first", "Zqbroken-second", "Zqbroken-third"];
    writeln!(planted.csv, "\"{}\" {},\"{}", broken[0], broken[1], broken[2]).unwrap();
    for word in broken {
        planted.keep(String::from("broken"), word);
    }
    planted
}

/// Repeats the request in the way of its turn, or breaks off.
pub(crate) fn echo(turn: usize, head: &str, body: &[u8], stream: &mut dyn Stream) -> Option<()> {
    if head.starts_with("GET") {
        // Not there, or somebody with other data.
        let errors = serde_json::json!({"errors": [{"description": head, "code": "zq"}]});
        return answer(stream, 404, &errors.to_string());
    }
    let customer: serde_json::Value = serde_json::from_slice(body).ok()?;
    let mut values = Vec::new();
    collect(&customer, &mut values);
    let form = turn / 5 % 4;
    let said: Vec<_> = values
        .iter()
        .skip(turn % 5 * 6)
        .map(|value| {
            let value = forms(value)[form].1.clone();
            serde_json::json!({"description": format!("{value} is not accepted"), "code": value})
        })
        .collect();
    let errors = serde_json::json!({ "errors": said }).to_string();
    match turn % 6 {
        0 => answer(stream, 400, &errors),
        1 => answer(stream, 409, &errors),
        2 => answer(stream, 422, &errors),
        3 => answer(
            stream,
            500,
            &format!("<html><p>{}</p>", String::from_utf8_lossy(body).replace('\'', "&#39;")),
        ),
        4 => None,
        _ => {
            // The body ends before its end, and nobody waits for the rest.
            let (reason, header) = (&values[1], &values[2]);
            let head = format!("HTTP/1.1 500 {reason}\r\ncontent-length: 99999\r\nx-echo: {header}\r\n\r\n");
            send(stream, &format!("{head}{errors}"))?;
            None
        }
    }
}

pub(crate) fn collect(value: &serde_json::Value, values: &mut Vec<String>) {
    if let Some(members) = value.as_object() {
        members.values().for_each(|member| collect(member, values));
    } else if let Some(text) = value.as_str() {
        values.push(text.to_owned());
    }
}
