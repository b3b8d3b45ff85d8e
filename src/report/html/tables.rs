//! The tables of the page: figures with a name each, by which a test compares them with the ledger.
//!
//! It computes nothing that stands in the ledger; sums and differences of what it shows are the only arithmetic.

use askama::Template;

use super::view::{length, moment, plain};
use crate::ledger::{FindingCount, RunEntry};
use crate::model::figures::grouped;
use crate::model::reason::Reason;
use crate::model::row_state::RowState;
use crate::model::rule::{Rule, Severity};
use crate::model::totals::Totals;
use crate::report::figures::exceptions::Standing;
use crate::report::figures::histogram::Latency;
use crate::report::figures::pace::Pace;
use crate::report::summary::{MOST_ATTEMPTS, Summary};
use crate::report::text::tenths;

/// Bars of the chart of findings: more could not be told apart, and the table has them all.
pub(super) const MOST_BARS: usize = 15;

/// A table with its caption.
#[derive(Template)]
#[template(path = "report/table.html")]
pub(super) struct Table {
    caption: &'static str,
    note: String,
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
    foot: Vec<Vec<Cell>>,
    /// Whether it is wider than a telephone and scrolls there.
    wide: bool,
}

struct Column {
    name: String,
    is_number: bool,
}

struct Cell {
    class: &'static str,
    figure: Option<String>,
    text: String,
}

impl Table {
    /// A table; `#` before a column's name says that numbers stand in it.
    fn new(caption: &'static str, columns: &[&str], rows: Vec<Vec<Cell>>) -> Self {
        let columns = columns.iter().map(|name| Column {
            name: name.trim_start_matches('#').to_owned(),
            is_number: name.starts_with('#'),
        });
        Self {
            caption,
            note: String::new(),
            columns: columns.collect(),
            rows,
            foot: Vec::new(),
            wide: false,
        }
    }
}

fn text(text: impl Into<String>) -> Cell {
    let text = text.into();
    let (class, figure) = ("", None);
    Cell { class, figure, text }
}

fn code(name: impl Into<String>) -> Cell {
    Cell {
        class: "code",
        ..text(name)
    }
}

/// A number under a name.
fn number(name: impl Into<String>, number: u64) -> Cell {
    figure(name, grouped(number))
}

fn figure(name: impl Into<String>, shown: impl Into<String>) -> Cell {
    Cell {
        class: "n",
        figure: Some(name.into()),
        ..text(shown)
    }
}

/// A share of a whole, which follows from figures beside it.
fn share(part: u64, whole: u64) -> Cell {
    let tenths_of_percent = (part * 1000 + whole / 2).checked_div(whole).unwrap_or_default();
    Cell {
        class: "n",
        ..text(format!("{}%", tenths(tenths_of_percent)))
    }
}

fn none() -> Cell {
    text("")
}

pub(super) fn files(run: &RunEntry) -> Table {
    let rows = (1..).zip(&run.inputs).map(|(index, input): (u64, _)| {
        vec![
            text(plain(&input.name)),
            number(format!("input.{index}.bytes"), input.bytes),
            code(input.digest.to_string()),
        ]
    });
    Table::new("Files", &["name", "#bytes", "SHA-256"], rows.collect())
}

/// What a state means.
fn meaning(state: RowState) -> &'static str {
    match state {
        RowState::Created => "the API confirmed that it created the customer",
        RowState::Existing => "the API had this very customer already; it was read back",
        RowState::Duplicate => "same customer and data as an earlier record; not sent",
        RowState::Rejected => "broke a rule; not sent",
        RowState::Conflict => "same customer, other data than at the API or in an earlier record",
        RowState::Refused => "the API said no, for good",
        RowState::Unresolved => "no clear answer; sending it again is safe",
        RowState::Pending => "not sent yet",
        RowState::InFlight => "sent, and no outcome yet",
    }
}

pub(super) fn totals(summary: &Summary) -> Table {
    let totals = &summary.balance.totals;
    let rows = RowState::ALL.into_iter().map(|state| {
        vec![
            text(state.word().replace('_', " ")),
            text(meaning(state)),
            number(format!("totals.{}", state.word()), totals.of(state)),
            share(totals.of(state), totals.rows()),
        ]
    });
    let mut table = Table::new(
        "Records by what became of them",
        &["state", "meaning", "#records", "#share"],
        rows.collect(),
    );
    table.foot.push(vec![
        text("Sum of the states"),
        none(),
        number("totals.rows", totals.rows()),
        none(),
    ]);
    if summary.balance.complete {
        let records = summary.balance.records;
        table.foot.push(vec![
            text("Records read from the files"),
            none(),
            number("totals.records", records),
            none(),
        ]);
        let difference = figure("totals.difference", grouped(records.abs_diff(totals.rows())));
        table.foot.push(vec![text("Difference"), none(), difference, none()]);
    } else {
        table.note = "The files are not read to their end yet, so the sum has nothing to be held against.".to_owned();
    }
    table
}

pub(super) fn by_file(summary: &Summary) -> Table {
    let words = RowState::ALL.map(|state| format!("#{}", state.word().replace('_', " ")));
    let columns: Vec<&str> = ["file"]
        .into_iter()
        .chain(words.iter().map(String::as_str))
        .chain(["#sum"])
        .collect();
    let line = |first: Cell, name: String, totals: &Totals| {
        let mut cells = vec![first];
        cells.extend(RowState::ALL.map(|state| number(format!("{name}.{}", state.word()), totals.of(state))));
        cells.push(number(format!("{name}.rows"), totals.rows()));
        cells
    };
    let files = (1..).zip(summary.run.inputs.iter().zip(&summary.by_input));
    let rows = files.map(|(index, (input, totals)): (u64, _)| {
        line(text(plain(&input.name)), format!("input.{index}.totals"), totals)
    });
    let mut table = Table::new("Records of each file by what became of them", &columns, rows.collect());
    table.foot.push(line(
        text("All files"),
        "all.totals".to_owned(),
        &summary.balance.totals,
    ));
    table.wide = true;
    table
}

pub(super) fn lines(run: &RunEntry) -> Table {
    let columns = [
        "file",
        "#header",
        "#records",
        "#blank",
        "#separators",
        "#repeated header",
        "#trailer",
        "#all lines",
        "#records read",
    ];
    let rows = (1..).zip(&run.inputs).map(|(index, input): (u64, _)| {
        let mut cells = vec![text(plain(&input.name))];
        let Some(totals) = input.totals else {
            cells.push(text("not read to its end yet"));
            cells.extend(std::iter::repeat_with(none).take(columns.len() - 2));
            return cells;
        };
        let others = totals.blank_lines + totals.separator_lines + totals.header_lines + totals.trailer_lines;
        let header = totals.lines.saturating_sub(totals.record_lines + others);
        cells.extend(
            [
                ("header_line", header),
                ("record_lines", totals.record_lines),
                ("blank_lines", totals.blank_lines),
                ("separator_lines", totals.separator_lines),
                ("header_lines", totals.header_lines),
                ("trailer_lines", totals.trailer_lines),
                ("lines", totals.lines),
                ("records", totals.records),
            ]
            .map(|(name, count)| number(format!("input.{index}.{name}"), count)),
        );
        cells
    });
    let mut table = Table::new("Lines of the files", &columns, rows.collect());
    table.note =
        "Every line is a record’s, the header’s, or counted as what it is; a record can have several lines.".to_owned();
    table.wide = true;
    table
}

pub(super) fn standing(summary: &Summary) -> Table {
    let line = |first: &str, name: &str, of: &dyn Fn(Standing) -> u64| {
        let mut cells = vec![text(first.replace('_', " "))];
        cells.extend(
            Standing::ALL.map(|standing| number(format!("exceptions.{name}.{}", standing.word()), of(standing))),
        );
        let sum = Standing::ALL.into_iter().map(of).sum();
        cells.push(number(format!("exceptions.{name}.sum"), sum));
        cells
    };
    let states = RowState::ALL.into_iter().filter(|state| state.needs_attention());
    let rows = states.map(|state| {
        line(state.word(), state.word(), &|standing| {
            summary.exceptions.of(state, standing)
        })
    });
    let columns = ["state", "#open", "#corrected", "#later run", "#disposed of", "#sum"];
    let mut table = Table::new("Exceptions by what became of them since", &columns, rows.collect());
    let all = |standing| summary.exceptions.count(|_, other| other == standing);
    table.foot.push(line("All exceptions", "all", &all));
    table
}

pub(super) fn reasons(summary: &Summary) -> Table {
    let rows = summary.reasons.iter().map(|((state, reason), count)| {
        let says = Reason::from_code(reason).map_or("", |reason| reason.says);
        let name = format!("reason.{}.{reason}", state.word());
        vec![
            code(plain(reason)),
            text(state.word().replace('_', " ")),
            text(says),
            number(name, *count),
        ]
    });
    Table::new(
        "Why rows are in their state, where a code says so",
        &["code", "state", "meaning", "#rows"],
        rows.collect(),
    )
}

/// What rejects records, the most frequent first.
pub(super) fn errors(summary: &Summary) -> Vec<&FindingCount> {
    of_severity(summary, Severity::Error)
}

fn of_severity(summary: &Summary, severity: Severity) -> Vec<&FindingCount> {
    summary
        .findings
        .iter()
        .filter(|finding| finding.severity == severity)
        .collect()
}

pub(super) fn findings(summary: &Summary) -> Vec<Table> {
    let captions = [
        (Severity::Error, "Findings that reject records"),
        (Severity::Warning, "Warnings: the record is sent"),
        (Severity::Note, "Notes: repairs, and what was lowered to a note"),
    ];
    let all = captions.map(|(severity, caption)| (severity, caption, of_severity(summary, severity)));
    all.into_iter()
        .filter(|(.., findings)| !findings.is_empty())
        .map(|(severity, caption, findings)| findings_table(severity, caption, &findings))
        .collect()
}

fn findings_table(severity: Severity, caption: &'static str, findings: &[&FindingCount]) -> Table {
    let total: u64 = findings.iter().map(|finding| finding.count).sum();
    let mut so_far = 0;
    let rows = (1_u64..).zip(findings).map(|(rank, finding)| {
        so_far += finding.count;
        let field = finding.field.as_deref();
        let name = format!("finding.{}.{}.{}", severity.word(), finding.code, field.unwrap_or("-"));
        let says = Rule::from_code(&finding.code).map_or("", |rule| rule.text().says);
        vec![
            Cell {
                class: "n",
                ..text(rank.to_string())
            },
            code(plain(&finding.code)),
            field.map_or_else(|| text("the record"), |field| code(plain(field))),
            text(says),
            number(name, finding.count),
            share(so_far, total),
        ]
    });
    let columns = ["#rank", "code", "field", "what is wrong", "#findings", "#cumulative"];
    let mut table = Table::new(caption, &columns, rows.collect());
    let sum = number(format!("finding.{}.sum", severity.word()), total);
    table.foot.push(vec![text("Sum"), none(), none(), none(), sum, none()]);
    table.wide = true;
    table
}

fn latency_cells(name: &str, latency: Option<Latency>) -> Vec<Cell> {
    let Some(latency) = latency else {
        return std::iter::repeat_with(none).take(4).collect();
    };
    [
        ("p50", latency.p50_ms),
        ("p95", latency.p95_ms),
        ("p99", latency.p99_ms),
        ("longest", latency.longest_ms),
    ]
    .map(|(percentile, ms)| number(format!("{name}.{percentile}"), ms))
    .into()
}

pub(super) fn pace(pace: &Pace) -> Table {
    let rate = pace.tenths_of_rows_a_second().map_or_else(|| "–".to_owned(), tenths);
    let mut cells = vec![
        text(format!("{} to {}", moment(pace.from_ms), moment(pace.until_ms))),
        number("pace.rows", pace.rows),
        figure("pace.rate", rate),
    ];
    cells.extend(latency_cells("pace", pace.latency));
    let columns = [
        "first claim to last event",
        "#rows with an outcome",
        "#rows a second",
        "#half within, ms",
        "#95% within, ms",
        "#99% within, ms",
        "#longest, ms",
    ];
    let mut table = Table::new("Throughput, and time from claim to outcome", &columns, vec![cells]);
    table.wide = true;
    table
}

pub(super) fn spans(pace: &Pace) -> Table {
    let rows = (0_u64..).zip(&pace.spans).map(|(index, span)| {
        let behind = span.from_ms - pace.from_ms;
        let mut cells = vec![
            text(moment(span.from_ms)),
            Cell {
                class: "n",
                ..text(format!("+{}", length_since(behind)))
            },
            number(format!("span.{index}.rows"), span.rows),
        ];
        cells.extend(latency_cells(&format!("span.{index}"), span.latency));
        cells
    });
    let columns = [
        "from",
        "#since the first claim",
        "#rows",
        "#half within, ms",
        "#95% within, ms",
        "#99% within, ms",
        "#longest, ms",
    ];
    let mut table = Table::new("Rows and times over the run", &columns, rows.collect());
    table.note = format!("A line for each {}.", length(pace.span_ms));
    table.wide = true;
    table
}

/// Time since the first claim: seconds with three decimals, which are exact.
fn length_since(ms: i64) -> String {
    format!(
        "{}.{:03} s",
        grouped(u64::try_from(ms / 1000).unwrap_or_default()),
        ms % 1000
    )
}

pub(super) fn attempts(summary: &Summary) -> Table {
    let counts = summary.by_attempts.iter().enumerate().filter(|(_, rows)| **rows > 0);
    let rows = counts.map(|(made, rows)| {
        let more = if made == MOST_ATTEMPTS { " or more" } else { "" };
        vec![text(format!("{made}{more}")), number(format!("attempts.{made}"), *rows)]
    });
    let mut table = Table::new(
        "Rows by the requests made for them",
        &["requests", "#rows"],
        rows.collect(),
    );
    table
        .foot
        .push(vec![text("Requests in all"), number("requests", summary.attempts)]);
    table
        .foot
        .push(vec![text("of which retries"), number("retries", summary.retries)]);
    table
}

pub(super) fn answers(pace: &Pace) -> Table {
    let rows = pace.answers.iter().map(|(status, count)| {
        let (class, name) = match status {
            None => ("no answer".to_owned(), "none".to_owned()),
            Some(status) => (format!("{}xx", status / 100), status.to_string()),
        };
        let shown = status.map_or_else(|| "–".to_owned(), |status| status.to_string());
        vec![text(shown), text(class), number(format!("answers.{name}"), *count)]
    });
    let mut table = Table::new(
        "Answers that decided",
        &["HTTP status", "class", "#times"],
        rows.collect(),
    );
    table.note = "One for each time that a row was taken up and requests were made; later retries included.".to_owned();
    let sum = number("answers.sum", pace.answers.values().sum());
    table.foot.push(vec![text("Sum"), none(), sum]);
    table
}

pub(super) fn course(run: &RunEntry) -> Table {
    let rows = run.events.iter().map(|event| {
        let reason = event.reason.as_deref().unwrap_or_default();
        let says = Reason::from_code(reason).map_or_else(|| plain(reason), |known| format!("{reason}: {}", known.says));
        vec![
            text(moment(event.at_ms)),
            text(plain(&event.kind)),
            text(event.who.as_deref().map(plain).unwrap_or_default()),
            text(says),
        ]
    });
    Table::new(
        "What happened to the run",
        &["when", "event", "account", "reason"],
        rows.collect(),
    )
}
