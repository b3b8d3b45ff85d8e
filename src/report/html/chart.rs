//! Charts as SVG to stand within a page.
//!
//! Text stays text, in whatever sans-serif the reader's machine has. A chart has a title and a description for whom it
//! cannot be seen; the figures themselves stand in a table beside it.

use plotters::coord::Shift;
use plotters::coord::types::{RangedCoordf64, RangedCoordu64};
use plotters::prelude::*;

use super::HtmlError;
use crate::model::figures::grouped;
use crate::report::figures::pace::{Pace, Span};
use crate::report::tables::{Cell, count, text};

/// Width and height in the chart's own units: at this width letters are readable on a telephone, too.
const SIZE: (u32, u32) = (560, 280);
const LETTERS: f64 = 14.0;
// The page's style knows these colors by their text, to show others on a dark screen.
const INK: RGBColor = RGBColor(0x1d, 0x23, 0x29);
const AXIS: RGBColor = RGBColor(0x55, 0x60, 0x6b);
const GRID: RGBColor = RGBColor(0xd5, 0xda, 0xe0);
const BLUE: RGBColor = RGBColor(0x2f, 0x5d, 0x8a);
const RUST: RGBColor = RGBColor(0xa8, 0x48, 0x1a);

type Area<'svg> = DrawingArea<SVGBackend<'svg>, Shift>;

/// A chart with what is said below it, whose numbers are figures.
pub(super) struct Chart {
    pub(super) svg: String,
    pub(super) caption: Vec<Cell>,
}

impl Chart {
    fn draw(
        name: &str,
        title: &str,
        caption: Vec<Cell>,
        draw: impl FnOnce(&Area<'_>) -> Result<(), Box<dyn std::error::Error>>,
    ) -> Result<Self, HtmlError> {
        let mut drawn = String::new();
        {
            let area = SVGBackend::with_string(&mut drawn, SIZE).into_drawing_area();
            let done = draw(&area).and_then(|()| Ok(area.present()?));
            done.map_err(|error| HtmlError::Chart(error.to_string()))?;
        }
        // Its own opening tag has a width in pixels and no name.
        let body = drawn.split_once('>').map_or("", |(_, body)| body);
        let says: String = caption.iter().map(Cell::text).collect();
        let svg = format!(
            "<svg role=\"img\" aria-labelledby=\"{name}-title {name}-desc\" viewBox=\"0 0 {} {}\">\
             <title id=\"{name}-title\">{title}</title><desc id=\"{name}-desc\">{says} \
             The table has the figures.</desc>{body}",
            SIZE.0, SIZE.1
        );
        Ok(Self { svg, caption })
    }
}

fn letters() -> TextStyle<'static> {
    ("sans-serif", LETTERS).into_font().color(&INK)
}

/// Bars of a chart of findings: more could not be told apart, and the table has them all.
const MOST_BARS: usize = 15;

fn pareto_caption(shown: usize, codes: usize, total: u64) -> Vec<Cell> {
    let mut caption = vec![text("Findings that reject records, by their rank in the table, ")];
    if shown < codes {
        caption.extend([
            text("the "),
            count("chart.pareto.shown", shown as u64, "codes"),
            text(" most frequent of "),
            count("chart.pareto.codes", codes as u64, "codes"),
        ]);
    } else {
        caption.push(text("the most frequent first"));
    }
    caption.extend([
        text("; "),
        count("chart.pareto.findings", total, "findings"),
        text(if total == 1 {
            " finding in all."
        } else {
            " findings in all."
        }),
    ]);
    caption
}

/// Bars from the most frequent to the least, and a line of their cumulative share of all.
pub(super) fn pareto(all: &[u64]) -> Result<Option<Chart>, HtmlError> {
    let total: u64 = all.iter().sum();
    let counts = all.get(..MOST_BARS).unwrap_or(all);
    let Some(last) = u32::try_from(counts.len()).ok().filter(|last| *last > 0) else {
        return Ok(None);
    };
    let caption = pareto_caption(counts.len(), all.len(), total);
    let draw = |area: &Area<'_>| {
        let ranks = (1..last).into_segmented();
        let mut chart = ChartBuilder::on(area)
            .margin(6)
            .x_label_area_size(44)
            .y_label_area_size(72)
            .right_y_label_area_size(58)
            .build_cartesian_2d(ranks.clone(), 0..total.max(1))?
            .set_secondary_coord(ranks, 0_u64..100);
        chart
            .configure_mesh()
            .disable_x_mesh()
            .light_line_style(TRANSPARENT)
            .bold_line_style(GRID)
            .axis_style(AXIS)
            .label_style(letters())
            .x_labels(counts.len())
            .y_labels(5)
            .x_label_formatter(&|rank| match rank {
                SegmentValue::CenterOf(rank) => rank.to_string(),
                SegmentValue::Exact(_) | SegmentValue::Last => String::new(),
            })
            .y_label_formatter(&|count| grouped(*count))
            .x_desc("rank")
            .y_desc("findings")
            .draw()?;
        chart
            .configure_secondary_axes()
            .axis_style(AXIS)
            .label_style(letters())
            .y_labels(6)
            .y_label_formatter(&|share| format!("{share}%"))
            .draw()?;
        let ranked = || (1_u32..).zip(counts);
        chart.draw_series(ranked().map(|(rank, count)| {
            let end = if rank == last {
                SegmentValue::Last
            } else {
                SegmentValue::Exact(rank + 1)
            };
            let mut bar = Rectangle::new([(SegmentValue::Exact(rank), 0), (end, *count)], BLUE.filled());
            bar.set_margin(0, 0, 3, 3);
            bar
        }))?;
        let cumulative: Vec<_> = ranked()
            .scan(0, |sum, (rank, count)| {
                *sum += count;
                Some((SegmentValue::CenterOf(rank), *sum * 100 / total.max(1)))
            })
            .collect();
        chart.draw_secondary_series(LineSeries::new(cumulative.clone(), RUST.stroke_width(2)))?;
        chart.draw_secondary_series(cumulative.into_iter().map(|at| Circle::new(at, 3, RUST.filled())))?;
        Ok(())
    };
    Chart::draw("pareto", "Findings by field and code", caption, draw).map(Some)
}

/// The unit in which the time of a run is shown, and its milliseconds.
fn unit(took_ms: i64) -> (&'static str, f64) {
    match took_ms / 1000 {
        ..=180 => ("seconds", 1000.0),
        181..=10_800 => ("minutes", 60_000.0),
        10_801..=259_200 => ("hours", 3_600_000.0),
        259_201.. => ("days", 86_400_000.0),
    }
}

/// A time since the first claim in a unit.
#[expect(
    clippy::cast_precision_loss,
    reason = "a place on a chart: 52 bits of milliseconds are 142,000 years"
)]
fn since(from_ms: i64, at_ms: i64, unit_ms: f64) -> f64 {
    (at_ms - from_ms) as f64 / unit_ms
}

type Plane<'area, 'svg> = ChartContext<'area, SVGBackend<'svg>, Cartesian2d<RangedCoordf64, RangedCoordu64>>;

/// Axes for something over the time of a run.
fn over_time<'area, 'svg>(
    area: &'area Area<'svg>,
    pace: &Pace,
    most: u64,
    y: &str,
) -> Result<Plane<'area, 'svg>, Box<dyn std::error::Error>> {
    let (name, unit_ms) = unit_of(pace);
    let until_ms = end_ms(pace);
    let mut chart = ChartBuilder::on(area)
        .margin(6)
        .margin_right(14)
        .x_label_area_size(44)
        .y_label_area_size(72)
        .build_cartesian_2d(0.0..since(pace.from_ms, until_ms, unit_ms), 0..most + most / 12 + 1)?;
    chart
        .configure_mesh()
        .disable_x_mesh()
        .light_line_style(TRANSPARENT)
        .bold_line_style(GRID)
        .axis_style(AXIS)
        .label_style(letters())
        .x_labels(6)
        .y_labels(5)
        .x_label_formatter(&|at| rounded(*at))
        .y_label_formatter(&|count| grouped(*count))
        .x_desc(format!("{name} since the first claim"))
        .y_desc(y)
        .draw()?;
    Ok(chart)
}

/// A number with at most three decimals, none of them a last 0.
fn rounded(number: f64) -> String {
    let text = format!("{number:.3}");
    text.trim_end_matches('0').trim_end_matches('.').to_owned()
}

/// Rows with their outcome in each span of time.
pub(super) fn throughput(pace: &Pace, span: &str) -> Result<Chart, HtmlError> {
    let most = pace.spans.iter().map(|span| span.rows).max().unwrap_or_default();
    let caption = vec![
        text(format!("Rows that got their outcome in each {span}, at most ")),
        count("chart.throughput.most", most, "records"),
        text("; "),
        count("chart.throughput.rows", pace.rows, "records"),
        text(" in all."),
    ];
    let draw = |area: &Area<'_>| {
        let mut chart = over_time(area, pace, most, "rows")?;
        let (_, unit_ms) = unit_of(pace);
        chart.draw_series(pace.spans.iter().filter(|span| span.rows > 0).map(|span| {
            let from = since(pace.from_ms, span.from_ms, unit_ms);
            let until = since(pace.from_ms, span.from_ms + pace.span_ms, unit_ms);
            let mut bar = Rectangle::new([(from, 0), (until, span.rows)], BLUE.filled());
            bar.set_margin(0, 0, 0, 1);
            bar
        }))?;
        Ok(())
    };
    Chart::draw("throughput", "Rows over time", caption, draw)
}

/// The end of the last span.
fn end_ms(pace: &Pace) -> i64 {
    pace.spans
        .last()
        .map_or(pace.until_ms, |span| span.from_ms + pace.span_ms)
}

fn unit_of(pace: &Pace) -> (&'static str, f64) {
    unit(end_ms(pace) - pace.from_ms)
}

/// How long rows took from claim to outcome, by the span in which they got it; `None` where none was claimed.
pub(super) fn latency(pace: &Pace) -> Result<Option<Chart>, HtmlError> {
    let Some(all) = pace.latency else {
        return Ok(None);
    };
    let most = pace
        .spans
        .iter()
        .filter_map(|span| span.latency)
        .map(|latency| latency.p95_ms)
        .max();
    let caption = vec![
        text("Milliseconds from claim to outcome, waits included; over the whole run 95% within "),
        count("chart.latency.p95", all.p95_ms, "ms"),
        text(" ms."),
    ];
    let draw = |area: &Area<'_>| {
        let mut chart = over_time(area, pace, most.unwrap_or_default(), "milliseconds")?;
        let (_, unit_ms) = unit_of(pace);
        let middle = |span: &Span| since(pace.from_ms, span.from_ms + pace.span_ms / 2, unit_ms);
        for (percentile, color) in [(true, RUST), (false, BLUE)] {
            let point = |span: &Span| {
                span.latency
                    .map(|latency| (middle(span), if percentile { latency.p95_ms } else { latency.p50_ms }))
            };
            // A span without rows interrupts the line: nothing is known of it.
            for line in pace.spans.split(|span| span.latency.is_none()) {
                let points: Vec<_> = line.iter().filter_map(point).collect();
                chart.draw_series(LineSeries::new(points.clone(), color.stroke_width(2)))?;
                chart.draw_series(points.into_iter().map(|at| Circle::new(at, 3, color.filled())))?;
            }
        }
        Ok(())
    };
    Chart::draw("latency", "Time from claim to outcome", caption, draw).map(Some)
}
