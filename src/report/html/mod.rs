//! A run as one page for people: to be read in a browser, printed, and kept.
//!
//! The page is one file that loads nothing and runs nothing. It names no customer, and whoever made the run is the only
//! person in it besides those who disposed of exceptions. It holds at most [`MOST_EXCEPTIONS`] of them in memory; all
//! else that grows with a run is counted.

mod chart;
mod view;

use askama::Template;

use self::chart::Chart;
use self::view::ExceptionView;
use super::figures::exceptions::{Exception, exceptions};
use super::summary::Report;
use super::tables::{Cell, Kind, Table, Tables, count, errors, text};
use super::words::{length, plain};
use crate::ledger::{LedgerError, Reader};

/// Exceptions that a page shows: as many as somebody can scroll through, in 5 MB.
const MOST_EXCEPTIONS: u64 = 5000;

/// Lines of a table that is printed on one sheet: a third of it at most, so that little stays white before one.
const MOST_TOGETHER: usize = 12;

/// Why a page cannot be made.
#[derive(Debug, thiserror::Error)]
pub enum HtmlError {
    /// The ledger cannot be read.
    #[error(transparent)]
    Ledger(#[from] LedgerError),
    /// A chart cannot be drawn.
    #[error("cannot draw a chart: {0}")]
    Chart(String),
    /// The page cannot be put together.
    #[error("cannot write the page")]
    Page(#[from] askama::Error),
}

#[derive(Template)]
#[template(path = "report/page.html")]
struct Page {
    run_id: i64,
    title: String,
    class: &'static str,
    verdict: Markup,
    facts: Vec<(&'static str, Markup)>,
    files: Markup,
    totals: Vec<Markup>,
    standing: Option<Markup>,
    pareto: Option<ChartView>,
    findings: Vec<Markup>,
    pace: Option<PaceView>,
    attempts: Vec<Markup>,
    course: Markup,
    several_files: bool,
    exceptions: Vec<ExceptionView>,
    /// Where the exceptions are that the page leaves out.
    more: Option<Markup>,
}

/// Text of the page that is escaped already.
type Markup = String;

struct ChartView {
    svg: Markup,
    caption: Markup,
}

struct PaceView {
    throughput: ChartView,
    latency: Option<ChartView>,
    summary: Option<Markup>,
    spans: Option<Markup>,
}

#[derive(Template)]
#[template(path = "report/table.html")]
struct TableView<'table> {
    table: &'table Table,
}

fn table(table: &Table) -> Result<Markup, askama::Error> {
    TableView { table }.render()
}

fn tables(of: &[&Table]) -> Result<Vec<Markup>, askama::Error> {
    of.iter().map(|of| table(of)).collect()
}

/// Words and figures, one behind the other.
#[derive(Template)]
#[template(path = "report/sentence.html")]
struct Sentence<'pieces> {
    pieces: &'pieces [Cell],
}

fn sentence(pieces: &[Cell]) -> Result<Markup, askama::Error> {
    Sentence { pieces }.render()
}

/// What the style of the page calls a kind of cell.
fn class(kind: Kind) -> &'static str {
    match kind {
        Kind::Plain => "",
        Kind::Number => "n",
        Kind::Code => "code long",
        Kind::Moment => "t",
    }
}

/// Makes the page of a run: the same bytes for the same ledger.
pub fn html(reader: &Reader, report: &Report) -> Result<String, HtmlError> {
    let run = &report.summary.run;
    let mut shown: Vec<ExceptionView> = Vec::new();
    let mut left_out: Vec<LeftOut> = Vec::new();
    exceptions(reader, run, |exception: Exception| {
        if (shown.len() as u64) < MOST_EXCEPTIONS {
            shown.push(ExceptionView::of(exception)?);
        } else {
            leave_out(&mut left_out, exception);
        }
        Ok::<_, HtmlError>(())
    })?;
    let all = Tables::of(report);
    let [_, totals, .., attempts, _] = all.sections();
    let facts = all.facts.iter();
    let whole = Page {
        run_id: run.run_id,
        title: view::title(run),
        class: all.verdict.class,
        verdict: sentence(&all.verdict.says)?,
        facts: facts
            .map(|fact| Ok((fact.label, sentence(std::slice::from_ref(&fact.value))?)))
            .collect::<Result<_, askama::Error>>()?,
        files: table(&all.files)?,
        totals: tables(&totals.tables)?,
        standing: all.standing.as_ref().map(table).transpose()?,
        pareto: pareto(report)?,
        findings: all.findings.iter().map(table).collect::<Result<_, _>>()?,
        pace: (report.pace.rows > 0).then(|| pace(report, &all)).transpose()?,
        attempts: tables(&attempts.tables)?,
        course: table(&all.course)?,
        several_files: run.inputs.len() > 1,
        exceptions: shown,
        more: (!left_out.is_empty()).then(|| sentence(&more(&left_out))).transpose()?,
    };
    // Askama takes the last line end of a template away.
    Ok(whole.render()? + "\n")
}

fn chart(chart: Chart) -> Result<ChartView, HtmlError> {
    let caption = sentence(&chart.caption)?;
    Ok(ChartView {
        svg: chart.svg,
        caption,
    })
}

fn pareto(report: &Report) -> Result<Option<ChartView>, HtmlError> {
    let counts: Vec<u64> = errors(&report.summary).iter().map(|finding| finding.count).collect();
    chart::pareto(&counts)?.map(chart).transpose()
}

fn pace(report: &Report, all: &Tables) -> Result<PaceView, HtmlError> {
    let pace = &report.pace;
    Ok(PaceView {
        throughput: chart(chart::throughput(pace, &length(pace.span_ms))?)?,
        latency: chart::latency(pace)?.map(chart).transpose()?,
        summary: all.pace.as_ref().map(table).transpose()?,
        spans: all.spans.as_ref().map(table).transpose()?,
    })
}

/// The exceptions of a file that the page has no room for.
struct LeftOut {
    input: u64,
    file: String,
    count: u64,
    first: u64,
    last: u64,
}

fn leave_out(all: &mut Vec<LeftOut>, exception: Exception) {
    match all.last_mut().filter(|of| of.input == exception.input) {
        Some(of) => {
            of.count += 1;
            of.last = exception.record;
        }
        None => all.push(LeftOut {
            input: exception.input,
            file: exception.file,
            count: 1,
            first: exception.record,
            last: exception.record,
        }),
    }
}

/// How many are left out, and between which records of which files.
fn more(left_out: &[LeftOut]) -> Vec<Cell> {
    let all = left_out.iter().map(|of| of.count).sum();
    let mut says = vec![
        text("The page ends here, and "),
        count("exceptions.more", all, "records"),
        text(if all == 1 {
            " exception is not on it: "
        } else {
            " exceptions are not on it: "
        }),
    ];
    for (index, of) in left_out.iter().enumerate() {
        let name = |what: &str| format!("exceptions.more.{}.{what}", of.input);
        says.extend([
            text(if index == 0 { "" } else { "; " }),
            count(name("count"), of.count, "records"),
            text(format!(" in {}, from record ", plain(&of.file))),
            count(name("first"), of.first, ""),
            text(" to record "),
            count(name("last"), of.last, ""),
        ]);
    }
    says.push(text("."));
    says
}
