//! How fast it went, how often it was tried, and what answered.
//!
//! It rounds nothing but the rate.

use super::{Cell, Table, Value, count, figure, none, text};
use crate::report::figures::histogram::Latency;
use crate::report::figures::pace::Pace;
use crate::report::summary::{MOST_ATTEMPTS, Summary};
use crate::report::words::length;

fn latency_cells(name: &str, latency: Option<Latency>) -> Vec<Cell> {
    let Some(latency) = latency else {
        return std::iter::repeat_with(|| text("–").aligned_right()).take(4).collect();
    };
    [
        ("p50", latency.p50_ms),
        ("p95", latency.p95_ms),
        ("p99", latency.p99_ms),
        ("longest", latency.longest_ms),
    ]
    .map(|(percentile, ms)| count(format!("{name}.{percentile}"), ms, "ms"))
    .into()
}

pub(in crate::report) fn pace(pace: &Pace) -> Table {
    let rate = pace.tenths_of_rows_a_second();
    let moment = |name: &str, at_ms| figure(name, Value::Moment(at_ms), "");
    let mut values = vec![
        moment("pace.from", pace.from_ms),
        moment("pace.until", pace.until_ms),
        count("pace.rows", pace.rows, "records"),
        rate.map_or_else(
            || text("–"),
            |rate| figure("pace.rate", Value::Tenths(rate), "records/s"),
        ),
    ];
    values.extend(latency_cells("pace", pace.latency));
    values.push(count(
        "pace.span",
        u64::try_from(pace.span_ms).unwrap_or_default(),
        "ms",
    ));
    let words = [
        "First claim",
        "Last event",
        "Rows with an outcome",
        "Rows a second, between the two",
        "From claim to outcome: half within, ms",
        "95% within, ms",
        "99% within, ms",
        "The longest, ms",
        "Span of time of each bar and line, ms",
    ];
    let rows = words
        .into_iter()
        .zip(values)
        .map(|(word, value)| vec![text(word), value.aligned_right()]);
    Table::new(
        "Throughput, and time from claim to outcome",
        &["figure", "#value"],
        rows.collect(),
    )
}

pub(in crate::report) fn spans(pace: &Pace) -> Table {
    let rows = (0_u64..).zip(&pace.spans).map(|(index, span)| {
        let behind = u64::try_from(span.from_ms - pace.from_ms).unwrap_or_default();
        let mut cells = vec![
            figure(format!("span.{index}.from"), Value::Moment(span.from_ms), ""),
            figure(format!("span.{index}.since"), Value::Thousandths(behind), "s"),
            count(format!("span.{index}.rows"), span.rows, "records"),
        ];
        cells.extend(latency_cells(&format!("span.{index}"), span.latency));
        cells
    });
    let columns = [
        "from",
        "#since the first claim, s",
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

pub(in crate::report) fn attempts(summary: &Summary) -> Table {
    let counts = summary.by_attempts.iter().enumerate().filter(|(_, rows)| **rows > 0);
    let rows = counts.map(|(made, rows)| {
        let more = if made == MOST_ATTEMPTS { " or more" } else { "" };
        vec![
            text(format!("{made}{more}")),
            count(format!("attempts.{made}"), *rows, "records"),
        ]
    });
    let mut table = Table::new(
        "Rows by the requests made for them",
        &["requests", "#rows"],
        rows.collect(),
    );
    table.foot.push(vec![
        text("Requests in all"),
        count("requests", summary.attempts, "requests"),
    ]);
    table.foot.push(vec![
        text("of which retries"),
        count("retries", summary.retries, "requests"),
    ]);
    table
}

pub(in crate::report) fn answers(pace: &Pace) -> Table {
    let rows = pace.answers.iter().map(|(status, times)| {
        let (class, name) = match status {
            None => ("no answer".to_owned(), "none".to_owned()),
            Some(status) => (format!("{}xx", status / 100), status.to_string()),
        };
        let shown = status.map_or_else(|| "–".to_owned(), |status| status.to_string());
        vec![
            text(shown),
            text(class),
            count(format!("answers.{name}"), *times, "times"),
        ]
    });
    let mut table = Table::new(
        "Answers that decided",
        &["HTTP status", "class", "#times"],
        rows.collect(),
    );
    table.note =
        String::from("One for each time that a row was taken up and requests were made; later retries included.");
    let sum = count("answers.sum", pace.answers.values().sum(), "times");
    table.foot.push(vec![text("Sum"), none(), sum]);
    table
}
