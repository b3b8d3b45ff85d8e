//! `rollcall profile`: what each column of a file holds, masked.

use std::sync::Arc;

use anyhow::Result;
use serde_json::{Value, json};

use crate::cli::args::{Format, ProfileArgs};
use crate::cli::display;
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

/// Widest name that is shown whole: most names are shorter, and paths need the room.
const NAME: usize = 22;

/// Widest line: that of a terminal that nobody has made wider.
const WIDTH: usize = 80;

pub(in crate::cli) fn run(args: &ProfileArgs) -> Result<Exit> {
    let settings = resolve(&super::layers(&args.config)?)?;
    if args.files.iter().any(|file| !file.is_file()) {
        super::make_data_dir(&settings)?;
    }
    for (index, file) in args.files.iter().enumerate() {
        let source = Source::from_argument(file, &settings.data_dir)?;
        let progress = Arc::new(Progress::default());
        let display = display::show(&progress);
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
    let rows: Vec<_> = profiled.columns.iter().map(figures).collect();
    let titles = ["column", "field", "filled", "", "distinct"].map(str::to_owned);
    let widths = widths(std::iter::once(&titles).chain(&rows));
    text.push_str(&format!("\n{}", row(&titles, widths)));
    for (column, figures) in profiled.columns.iter().zip(&rows) {
        text.push_str(&row(figures, widths));
        text.push_str(&details(column));
    }
    text
}

/// Name, path, filled, its share, distinct.
type Figures = [String; 5];

fn figures(column: &ColumnReport) -> Figures {
    let profile = &column.profile;
    let about = if profile.distinct.is_estimate() { "about " } else { "" };
    [
        column.name.escape_debug().to_string(),
        column.field.map_or("–", FieldId::path).to_owned(),
        grouped(profile.filled),
        percent(profile.filled, profile.cells),
        format!("{about}{}", grouped(profile.distinct.count())),
    ]
}

/// The widths that the texts need; what is too much for a line is taken from names first and then from paths.
fn widths<'rows>(rows: impl Iterator<Item = &'rows Figures>) -> [usize; 5] {
    let widest = |widths: [usize; 5], row: &Figures| {
        let mut lengths = row.iter().map(|text| text.chars().count());
        widths.map(|width| width.max(lengths.next().unwrap_or(0)))
    };
    let [name, path, filled, share, distinct] = rows.fold([0; 5], widest);
    let name = name.min(NAME);
    let spaces = 4;
    let path = path.min(WIDTH.saturating_sub(name + filled + share + distinct + spaces));
    [name, path, filled, share, distinct]
}

fn row([name, path, filled, share, distinct]: &Figures, widths: [usize; 5]) -> String {
    let [wide, path_wide, filled_wide, share_wide, distinct_wide] = widths;
    // The name of a column may be a path too.
    let name = if name.contains('.') {
        short(name, wide)
    } else {
        cut(name, wide)
    };
    let path = short(path, path_wide);
    format!("{name:<wide$} {path:<path_wide$} {filled:>filled_wide$} {share:>share_wide$} {distinct:>distinct_wide$}\n")
}

/// The shapes and the findings of a column, indented.
fn details(column: &ColumnReport) -> String {
    let mut text = String::new();
    let profile = &column.profile;
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

/// A path, if need be with the first word of its object and its last part: `registered….postal_code`.
fn short(path: &str, width: usize) -> String {
    let length = path.chars().count();
    if length <= width {
        return path.to_owned();
    }
    let parts = path
        .split_once('.')
        .map(|(object, leaf)| (object.split('_').next().unwrap_or(object), leaf));
    let short = parts.map(|(object, leaf)| format!("{object}….{leaf}"));
    let short = short.filter(|short| short.chars().count() <= width);
    short.unwrap_or_else(|| {
        std::iter::once('…')
            .chain(path.chars().skip(length + 1 - width))
            .collect()
    })
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
        assert_eq!(short("mailing_address.city", 20), "mailing_address.city");
        assert_eq!(short("mailing_address.city", 16), "mailing….city");
        assert_eq!(short("mailing_address.city", 6), "….city");
    }
}
