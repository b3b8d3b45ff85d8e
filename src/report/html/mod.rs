//! A run as one page for people: to be read in a browser, printed, and kept.
//!
//! The page is one file that loads nothing and runs nothing. It names no customer, and whoever made the run is the only
//! person in it besides those who disposed of exceptions. It holds at most [`MOST_EXCEPTIONS`] of them in memory; all
//! else that grows with a run is counted.

mod chart;
mod tables;
mod view;

use askama::Template;

use self::chart::Chart;
use self::tables::Table;
use self::view::{ExceptionView, Verdict};
use super::figures::exceptions::{Exception, exceptions};
use super::summary::Report;
use crate::ledger::{LedgerError, Reader};
use crate::model::figures::grouped;

/// Exceptions that a page shows: as many as somebody can scroll through, in 3 MB.
const MOST_EXCEPTIONS: u64 = 5000;

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
    verdict: Verdict,
    facts: Vec<(&'static str, String)>,
    files: Table,
    totals: Table,
    by_file: Option<Table>,
    lines: Table,
    standing: Option<Table>,
    reasons: Option<Table>,
    pareto: Option<Chart>,
    findings: Vec<Table>,
    pace: Option<PaceView>,
    attempts: Table,
    answers: Option<Table>,
    course: Table,
    several_files: bool,
    exceptions: Vec<ExceptionView>,
    /// How many exceptions the page leaves out.
    more: Option<String>,
}

struct PaceView {
    throughput: Chart,
    latency: Option<Chart>,
    summary: Table,
    spans: Table,
}

/// Makes the page of a run: the same bytes for the same ledger.
pub fn html(reader: &Reader, report: &Report) -> Result<String, HtmlError> {
    let summary = &report.summary;
    let run = &summary.run;
    let mut shown: Vec<ExceptionView> = Vec::new();
    exceptions(reader, run, MOST_EXCEPTIONS, |exception: Exception| {
        shown.push(exception.into());
        Ok::<_, LedgerError>(())
    })?;
    let more = summary.attention().saturating_sub(MOST_EXCEPTIONS);
    let rejecting = tables::errors(summary);
    let counts: Vec<u64> = rejecting.iter().map(|finding| finding.count).collect();
    let pace = (report.pace.rows > 0).then(|| pace(report)).transpose()?;
    let whole = Page {
        run_id: run.run_id,
        title: view::title(run),
        verdict: Verdict::of(summary),
        facts: view::facts(report),
        files: tables::files(run),
        totals: tables::totals(summary),
        by_file: (run.inputs.len() > 1).then(|| tables::by_file(summary)),
        lines: tables::lines(run),
        standing: (summary.attention() > 0).then(|| tables::standing(summary)),
        reasons: (!summary.reasons.is_empty()).then(|| tables::reasons(summary)),
        pareto: chart::pareto(&counts)?,
        findings: tables::findings(summary),
        pace,
        attempts: tables::attempts(summary),
        answers: (!report.pace.answers.is_empty()).then(|| tables::answers(&report.pace)),
        course: tables::course(run),
        several_files: run.inputs.len() > 1,
        exceptions: shown,
        more: (more > 0).then(|| grouped(more)),
    };
    // Askama takes the last line end of a template away.
    Ok(whole.render()? + "\n")
}

fn pace(report: &Report) -> Result<PaceView, HtmlError> {
    let pace = &report.pace;
    Ok(PaceView {
        throughput: chart::throughput(pace, &view::length(pace.span_ms))?,
        latency: chart::latency(pace)?,
        summary: tables::pace(pace),
        spans: tables::spans(pace),
    })
}
