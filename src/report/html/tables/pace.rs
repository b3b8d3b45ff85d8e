//! How fast it went, how often it was tried, and what answered.
//!
//! It rounds nothing but the rate.

use super::{Cell, Table, figure, grouped, length, moment, none, number, tenths, text};
use crate::report::figures::histogram::Latency;
use crate::report::figures::pace::Pace;
use crate::report::summary::{MOST_ATTEMPTS, Summary};

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

pub(in crate::report::html) fn pace(pace: &Pace) -> Table {
    let rate = pace.tenths_of_rows_a_second().map_or_else(|| "–".to_owned(), tenths);
    let mut values = vec![
        text(moment(pace.from_ms)),
        text(moment(pace.until_ms)),
        number("pace.rows", pace.rows),
        figure("pace.rate", rate),
    ];
    values.extend(latency_cells("pace", pace.latency));
    let words = [
        "First claim",
        "Last event",
        "Rows with an outcome",
        "Rows a second, between the two",
        "From claim to outcome: half within, ms",
        "95% within, ms",
        "99% within, ms",
        "The longest, ms",
    ];
    let rows = words
        .into_iter()
        .zip(values)
        .map(|(word, value)| vec![text(word), Cell { class: "n", ..value }]);
    Table::new(
        "Throughput, and time from claim to outcome",
        &["figure", "#value"],
        rows.collect(),
    )
}

pub(in crate::report::html) fn spans(pace: &Pace) -> Table {
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

pub(in crate::report::html) fn attempts(summary: &Summary) -> Table {
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

pub(in crate::report::html) fn answers(pace: &Pace) -> Table {
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
    table.note =
        String::from("One for each time that a row was taken up and requests were made; later retries included.");
    let sum = number("answers.sum", pace.answers.values().sum());
    table.foot.push(vec![text("Sum"), none(), sum]);
    table
}
