//! `rollcall explain`: what a rule wants, why, and how to change what it does; what became of a row, and what to do.

use anyhow::Result;
use serde_json::{Value, json};

use crate::cli::args::{ExplainArgs, Format};
use crate::cli::diagnostics::NoCode;
use crate::cli::exit::Exit;
use crate::config::{nearest, resolve};
use crate::model::field::FieldId;
use crate::model::kind::RECORD_RULES;
use crate::model::reason::{REASONS, Reason};
use crate::model::rule::{self, Rule, Severities};

pub(in crate::cli) fn run(args: &ExplainArgs) -> Result<Exit> {
    let severities = resolve(&super::layers(&args.config)?)?.severities;
    match (&args.code, args.format) {
        (Some(code), format) => explain(&code.trim().to_lowercase(), format, &severities)?,
        (None, Format::Human) => super::print(&list(&severities))?,
        (None, Format::Json) => {
            let rules = Rule::ALL.iter().map(|rule| with_severity(*rule, &severities));
            super::print_json(&rules.chain(REASONS.iter().map(reason_json)).collect())?;
        }
    }
    Ok(Exit::Success)
}

fn explain(code: &str, format: Format, severities: &Severities) -> Result<()> {
    match (Rule::from_code(code), Reason::from_code(code), format) {
        (Some(rule), _, Format::Human) => super::print(&explanation(rule, severities)),
        (Some(rule), _, Format::Json) => super::print_json(&with_severity(rule, severities)),
        (None, Some(reason), Format::Human) => super::print(&format!(
            "{}: {}\n\n  what to do  {}\n",
            reason.code, reason.says, reason.advice
        )),
        (None, Some(reason), Format::Json) => super::print_json(&reason_json(reason)),
        (None, None, _) => Err(NoCode {
            nearest: nearest_code(code),
        }
        .into()),
    }
}

/// A rule for programs, with what the configuration makes of it.
fn with_severity(rule: Rule, severities: &Severities) -> Value {
    let mut value = machine(rule);
    if let Some(object) = value.as_object_mut() {
        object.insert("severity".to_owned(), json!(severities.of(rule).word()));
    }
    value
}

/// The code that is most like this one.
fn nearest_code(code: &str) -> Option<&'static str> {
    let reasons = REASONS.iter().map(|reason| reason.code);
    nearest(code, Rule::ALL.iter().map(|rule| rule.code()).chain(reasons))
}

fn reason_json(reason: &Reason) -> Value {
    json!({ "code": reason.code, "says": reason.says, "advice": reason.advice })
}

fn list(severities: &Severities) -> String {
    let mut text = format!("{:<30}{:<10}what is wrong\n", "code", "severity");
    for rule in Rule::ALL {
        let says = rule.text().says;
        text.push_str(&format!(
            "{:<30}{:<10}{says}\n",
            rule.code(),
            severities.of(*rule).word()
        ));
    }
    text.push_str(&format!("\n{:<40}what became of a row, or of a run\n", "code"));
    for reason in REASONS {
        text.push_str(&format!("{:<40}{}\n", reason.code, reason.says));
    }
    text.push_str("\n`rollcall explain CODE` says why, and how to change what a rule does.\n");
    text
}

fn explanation(rule: Rule, severities: &Severities) -> String {
    let text = rule.text();
    let mut told = format!("{}: FIELD {}\n\n", text.code, text.says);
    for (title, content) in [
        ("what to do", text.advice),
        ("why", text.why),
        ("source", text.source),
        (if rule.is_repair() { "as written" } else { "not so" }, text.bad),
        (if rule.is_repair() { "as sent" } else { "but so" }, text.good),
        ("fields", &fields(rule).join(" ")),
        ("severity", &severity(rule, severities)),
    ] {
        told.push_str(&format!("  {title:<12}{content}\n"));
    }
    told.push_str(&change(rule, severities.of(rule)));
    told
}

fn severity(rule: Rule, severities: &Severities) -> String {
    let meaning = |severity: rule::Severity| match severity {
        rule::Severity::Error => "error: the record is rejected",
        rule::Severity::Warning => "warning: reported, and the record is sent",
        rule::Severity::Note => "note: counted and recorded, and the record is sent",
    };
    let (now, own) = (severities.of(rule), rule.text().severity);
    if now == own {
        meaning(now).to_owned()
    } else {
        format!("{} (set in [rules]; by itself {})", meaning(now), own.word())
    }
}

fn change(rule: Rule, now: rule::Severity) -> String {
    if rule.text().value == rule::Value::Lost {
        return "\nIt is always an error: a value that breaks it leaves nothing to send.\n".to_owned();
    }
    let (purpose, severity) = match now {
        rule::Severity::Error => ("send such records all the same", "warning"),
        rule::Severity::Warning | rule::Severity::Note => ("reject such records", "error"),
    };
    let code = rule.code();
    format!("\nTo {purpose}, put this into the configuration file:\n\n[rules]\n\"{code}\" = \"{severity}\"\n")
}

/// The fields that can break a rule; few words where they are all.
fn fields(rule: Rule) -> Vec<&'static str> {
    if RECORD_RULES.contains(&rule) {
        return vec!["the record as a whole"];
    }
    let of_rule: Vec<_> = FieldId::all().filter(|id| id.rules().any(|has| has == rule)).collect();
    if of_rule.len() == FieldId::COUNT {
        return vec!["all"];
    }
    of_rule.into_iter().map(FieldId::path).collect()
}

/// A rule for programs.
pub(super) fn machine(rule: Rule) -> Value {
    let text = rule.text();
    json!({
        "code": text.code,
        "fields": fields(rule),
        "default_severity": text.severity.word(),
        "may_be_lowered": text.value == rule::Value::Kept,
        "repair": rule.is_repair(),
        "says": text.says,
        "advice": text.advice,
        "why": text.why,
        "source": text.source,
        "bad": text.bad,
        "good": text.good,
    })
}
