//! `rollcall fields`: the table of fields.

use anyhow::Result;
use serde_json::json;

use crate::cli::args::{FieldsArgs, Format};
use crate::cli::exit::Exit;
use crate::model::field::{FIELDS, Field, Need};

pub(in crate::cli) fn run(args: &FieldsArgs) -> Result<Exit> {
    match args.format {
        Format::Human => super::print(&human())?,
        Format::Json => super::print_json(&FIELDS.iter().map(machine).collect())?,
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

fn machine(field: &Field) -> serde_json::Value {
    json!({
        "path": field.path,
        "kind": field.kind.name(),
        "individual": need(field.individual),
        "corporation": need(field.corporation),
        "personal": field.personal,
        "choices": field.kind.choices(),
        "list": field.kind.is_list(),
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
