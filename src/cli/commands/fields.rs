//! `rollcall fields`: the table of fields.

use anyhow::Result;
use serde_json::{Value, json};

use super::explain;
use crate::cli::args::{FieldsArgs, Format};
use crate::cli::exit::Exit;
use crate::model::field::{FIELDS, FieldId, Need};
use crate::model::kind::RECORD_RULES;
use crate::model::rule::Rule;

pub(in crate::cli) fn run(args: &FieldsArgs) -> Result<Exit> {
    match args.format {
        Format::Human => super::print(&human())?,
        Format::Json => super::print_json(&schema())?,
    }
    Ok(Exit::Success)
}

fn human() -> String {
    let mut text = format!(
        "{:<58}{:<15}{:<12}{:<13}about\n",
        "field", "kind", "individual", "corporation"
    );
    for field in &FIELDS {
        text.push_str(&format!(
            "{:<58}{:<15}{:<12}{:<13}{}\n",
            field.path,
            field.kind.name(),
            need(field.individual),
            need(field.corporation),
            field.about
        ));
        if !field.kind.choices().is_empty() {
            text.push_str(&format!("    {}\n", field.kind.choices().join(" ")));
        }
    }
    text.push_str(
        "\nA header may write these in any case, with spaces, dashes or underscores, and by the last part alone\n",
    );
    text.push_str("where that is unambiguous. Lists in one cell are separated by ; or |.\n");
    text
}

/// Everything that decides what becomes of a record: fields, kinds and rules.
fn schema() -> Value {
    let codes = |rules: &[Rule]| rules.iter().map(|rule| rule.code()).collect::<Vec<_>>();
    json!({
        "fields": FieldId::all().map(machine).collect::<Vec<_>>(),
        "list_separators": [";", "|"],
        "rules": Rule::ALL.iter().map(|rule| explain::machine(*rule)).collect::<Vec<_>>(),
        "rules_of_the_record": codes(RECORD_RULES),
    })
}

fn machine(id: FieldId) -> Value {
    let field = id.field();
    json!({
        "path": field.path,
        "kind": field.kind.name(),
        "individual": need(field.individual),
        "corporation": need(field.corporation),
        "personal": field.personal,
        "choices": field.kind.choices(),
        "list": field.kind.is_list(),
        "normal_form": field.kind.normal_form(),
        "described_by": id.description().map(FieldId::path),
        "rules": id.rules().map(Rule::code).collect::<Vec<_>>(),
        "about": field.about,
    })
}

fn need(need: Need) -> &'static str {
    match need {
        Need::Required => "required",
        Need::Optional => "optional",
        Need::Never => "-",
    }
}
