//! `rollcall profile`: what each column of a file holds, masked.

use std::sync::Arc;

use anyhow::Result;
use serde_json::{Value, json};

use crate::cli::args::{Format, ProfileArgs};
use crate::cli::display::Display;
use crate::cli::exit::Exit;
use crate::clock;
use crate::config::resolve;
use crate::model::field::FieldId;
use crate::model::rule::Severity;
use crate::pipeline::{self, ColumnReport, Profiled, Progress};
use crate::read::Source;
use crate::report::{counted, grouped};

/// Shapes shown for a column.
const SHAPES: usize = 3;

/// Widest name that is shown whole; with the figures a line has 80 characters.
const NAME: usize = 22;

/// Widest path that is shown whole.
const FIELD: usize = 22;

/// Width at which lines of shapes and findings are broken.
const WIDTH: usize = 80;

pub(in crate::cli) fn run(args: &ProfileArgs) -> Result<Exit> {
    let settings = resolve(&super::layers(&args.config)?)?;
    if args.files.iter().any(|file| !file.is_file()) {
        super::make_data_dir(&settings)?;
    }
    for (index, file) in args.files.iter().enumerate() {
        let source = Source::from_argument(file, &settings.data_dir)?;
        let progress = Arc::new(Progress::default());
        let display = Display::start(&progress);
        let profiled = pipeline::profile(source, &settings, clock::today(), &progress);
        drop(display);
        let profiled = profiled?;
        super::show_notices(&progress);
        match args.format {
            Format::Human if index > 0 => super::print(&format!("\n{}", human(&profiled)))?,
            Format::Human => super::print(&human(&profiled))?,
            Format::Json => super::print_json(&machine(&profiled))?,
        }
    }
    Ok(Exit::Success)
}

fn human(profiled: &Profiled) -> String {
    let encoding = if profiled.encoding == "UTF-8" {
        String::new()
    } else {
        format!("{}, ", profiled.encoding)
    };
    let mut text = format!(
        "{}: {encoding}{}, {}, {}\n",
        profiled.name,
        profiled.dialect,
        counted(profiled.columns.len() as u64, "column"),
        counted(profiled.tally.records, "record")
    );
    if profiled.uneven > 0 {
        let uneven = counted(profiled.uneven, "record");
        text.push_str(&format!(
            "{uneven} with another number of fields than the header: not counted below\n"
        ));
    }
    text.push_str(&format!(
        "\n{:<NAME$} {:<FIELD$} {:>11} {:>6} {:>15}\n",
        "column", "field", "filled", "", "distinct"
    ));
    profiled.columns.iter().for_each(|column| text.push_str(&lines(column)));
    text
}

/// The figures of a column, then its shapes and its findings, indented.
fn lines(column: &ColumnReport) -> String {
    let profile = &column.profile;
    let path = column.field.map_or("–", FieldId::path);
    let about = if profile.distinct.is_estimate() { "about " } else { "" };
    let mut text = format!(
        "{:<NAME$} {:<FIELD$} {:>11} {:>6} {:>15}\n",
        cut(&column.name.escape_debug().to_string(), NAME),
        cut_front(path, FIELD),
        grouped(profile.filled),
        percent(profile.filled, profile.cells),
        format!("{about}{}", grouped(profile.distinct.count()))
    );
    let mut shapes: Vec<_> = profile
        .shapes
        .top(SHAPES)
        .iter()
        .map(|(shape, count)| format!("{shape} ×{}", grouped(*count)))
        .collect();
    if profile.shapes.count().is_none_or(|count| count > SHAPES) {
        shapes.push("…".to_owned());
    }
    wrap(&mut text, &shapes);
    let findings = column
        .findings
        .iter()
        .rev()
        .map(|((severity, rule), count)| match severity {
            Severity::Error => format!("{} ×{}", rule.code(), grouped(*count)),
            Severity::Warning | Severity::Note => format!("{} {} ×{}", severity.word(), rule.code(), grouped(*count)),
        });
    wrap(
        &mut text,
        &findings.map(|finding| format!("! {finding}")).collect::<Vec<_>>(),
    );
    text
}

/// Appends items three spaces apart, on lines of their own.
fn wrap(text: &mut String, items: &[String]) {
    let mut line = String::new();
    for item in items {
        if !line.is_empty() && line.chars().count() + 3 + item.chars().count() > WIDTH {
            text.push_str(&format!("{line}\n"));
            line.clear();
        }
        line.push_str(if line.is_empty() { "    " } else { "   " });
        line.push_str(item);
    }
    if !line.is_empty() {
        text.push_str(&format!("{line}\n"));
    }
}

fn cut(text: &str, width: usize) -> String {
    if text.chars().count() <= width {
        return text.to_owned();
    }
    text.chars().take(width - 1).chain(['…']).collect()
}

/// The end of a path says more than its beginning.
fn cut_front(text: &str, width: usize) -> String {
    let length = text.chars().count();
    if length <= width {
        return text.to_owned();
    }
    std::iter::once('…')
        .chain(text.chars().skip(length + 1 - width))
        .collect()
}

/// A share of a hundred with one decimal; a share that is nearly all is never shown as all.
fn percent(part: u64, whole: u64) -> String {
    match (part.saturating_mul(1000)).checked_div(whole) {
        Some(1000) => "100 %".to_owned(),
        Some(share) => format!("{}.{} %", share / 10, share % 10),
        None => String::new(),
    }
}

fn machine(profiled: &Profiled) -> Value {
    let columns: Vec<_> = profiled.columns.iter().map(column_json).collect();
    json!({
        "file": profiled.name,
        "encoding": profiled.encoding,
        "delimiter": char::from(profiled.dialect.delimiter).to_string(),
        "records": profiled.tally.records,
        "uneven_records": profiled.uneven,
        "columns": columns,
    })
}

fn column_json(column: &ColumnReport) -> Value {
    let profile = &column.profile;
    let shapes = profile.shapes.top(SHAPES);
    let shapes: Vec<_> = shapes
        .iter()
        .map(|(shape, count)| json!({ "shape": shape, "count": count }))
        .collect();
    let findings = column.findings.iter().rev();
    let findings: Vec<_> = findings
        .map(|((severity, rule), count)| json!({ "code": rule.code(), "severity": severity.word(), "count": count }))
        .collect();
    json!({
        "name": column.name,
        "field": column.field.map(FieldId::path),
        "filled": profile.filled,
        "empty": profile.cells - profile.filled,
        "distinct": profile.distinct.count(),
        "distinct_is_estimate": profile.distinct.is_estimate(),
        "shortest": profile.lengths.map(|(shortest, _)| shortest),
        "longest": profile.lengths.map(|(_, longest)| longest),
        "shapes": shapes,
        "findings": findings,
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nearly_all_is_not_all() {
        let check = |part: u64, whole: u64, expected: &str| assert_eq!(percent(part, whole), expected);
        check(1000, 1000, "100 %");
        check(9_999, 10_000, "99.9 %");
        check(1, 3, "33.3 %");
        check(0, 0, "");
    }

    #[test]
    fn names_are_cut_to_the_table() {
        assert_eq!(cut("Kundennummer", 6), "Kunde…");
        assert_eq!(cut_front("mailing_address.city", 6), "….city");
    }
}
