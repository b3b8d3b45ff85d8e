//! The one list of figures of a run, in the tables in which people read them. Every form of a report is written from it:
//! the page and the text show the tables, JSON and CSV name each figure; so no two forms can differ.
//!
//! It computes nothing that stands in the ledger; sums, differences and shares of what it shows are the only arithmetic.
//! It knows no form: neither markup nor the width of a terminal.

use super::summary::Report;

mod control;
mod facts;
mod figure;
mod findings;
mod pace;
mod verdict;

pub(super) use self::facts::Fact;
pub(super) use self::figure::{Figure, Value};
pub(super) use self::findings::errors;
pub(super) use self::verdict::{Verdict, said};

/// Everything that a report says of a run, but for each exception.
pub(super) struct Tables {
    pub(super) verdict: Verdict,
    pub(super) facts: Vec<Fact>,
    pub(super) files: Table,
    pub(super) totals: Table,
    /// Where there are several files.
    pub(super) by_file: Option<Table>,
    pub(super) lines: Table,
    pub(super) reasons: Option<Table>,
    pub(super) standing: Option<Table>,
    pub(super) findings: Vec<Table>,
    pub(super) pace: Option<Table>,
    pub(super) spans: Option<Table>,
    pub(super) attempts: Table,
    pub(super) answers: Option<Table>,
    pub(super) course: Table,
}

/// A part of a report.
pub(super) struct Section<'tables> {
    /// The word for it in JSON and CSV.
    pub(super) key: &'static str,
    pub(super) title: &'static str,
    pub(super) tables: Vec<&'tables Table>,
}

impl Tables {
    pub(super) fn of(report: &Report) -> Self {
        let summary = &report.summary;
        let run = &summary.run;
        let was_sent = report.pace.rows > 0;
        Self {
            verdict: Verdict::of(summary),
            facts: facts::facts(report),
            files: control::files(run),
            totals: control::totals(summary),
            by_file: (run.inputs.len() > 1).then(|| control::by_file(summary)),
            lines: control::lines(run),
            reasons: (!summary.reasons.is_empty()).then(|| findings::reasons(summary)),
            standing: (summary.attention() > 0).then(|| control::standing(summary)),
            findings: findings::findings(summary),
            pace: was_sent.then(|| pace::pace(&report.pace)),
            spans: was_sent.then(|| pace::spans(&report.pace)),
            attempts: pace::attempts(summary),
            answers: (!report.pace.answers.is_empty()).then(|| pace::answers(&report.pace)),
            course: control::course(run),
        }
    }

    /// The tables in the order of the page.
    pub(super) fn sections(&self) -> [Section<'_>; 7] {
        let section = |key, title, tables| Section { key, title, tables };
        let mut totals = vec![&self.totals];
        totals.extend(&self.by_file);
        totals.push(&self.lines);
        totals.extend(&self.reasons);
        let attempts = [&self.attempts].into_iter().chain(&self.answers);
        [
            section("run", "What was run", vec![&self.files]),
            section("totals", "Control totals", totals),
            section("exceptions", "Exceptions", self.standing.iter().collect()),
            section("findings", "Findings", self.findings.iter().collect()),
            section("pace", "Pace", self.pace.iter().chain(&self.spans).collect()),
            section("attempts", "Attempts and retries", attempts.collect()),
            section("course", "Course of the run", vec![&self.course]),
        ]
    }

    /// Every figure with the word for its section, in the order of the page.
    pub(super) fn figures(&self) -> impl Iterator<Item = (&'static str, &Figure)> {
        let of = |key: &'static str| move |cell| figure_of(cell).map(|figure| (key, figure));
        let verdict = self.verdict.says.iter().filter_map(of("verdict"));
        let facts = self.facts.iter().map(|fact| &fact.value).filter_map(of("run"));
        let tables = self.sections().into_iter().flat_map(move |section| {
            let cells = section.tables.into_iter().flat_map(Table::cells);
            cells.filter_map(of(section.key))
        });
        verdict.chain(facts).chain(tables)
    }
}

fn figure_of(cell: &Cell) -> Option<&Figure> {
    match &cell.shows {
        Shows::Figure(figure) => Some(figure),
        Shows::Text(_) => None,
    }
}

/// A table with its caption.
pub(super) struct Table {
    pub(super) caption: &'static str,
    pub(super) note: String,
    pub(super) columns: Vec<Column>,
    pub(super) rows: Vec<Vec<Cell>>,
    pub(super) foot: Vec<Vec<Cell>>,
    /// Whether it is wider than a telephone and scrolls there.
    pub(super) wide: bool,
}

pub(super) struct Column {
    pub(super) name: String,
    pub(super) is_number: bool,
}

pub(super) struct Cell {
    pub(super) shows: Shows,
    pub(super) kind: Kind,
    /// What is said of it below, in smaller letters.
    pub(super) note: String,
}

/// What a cell shows.
pub(super) enum Shows {
    Figure(Figure),
    Text(String),
}

/// How a cell is read.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Plain,
    Number,
    /// A code or a digest, which may be longer than a column.
    Code,
    /// A moment, which is not broken between lines.
    Moment,
}

impl Cell {
    /// The text for people.
    pub(super) fn text(&self) -> String {
        match &self.shows {
            Shows::Figure(figure) => figure.value.shown(),
            Shows::Text(text) => text.clone(),
        }
    }

    /// The name of its figure, if it is one.
    pub(super) fn figure(&self) -> Option<&str> {
        figure_of(self).map(|figure| figure.name.as_str())
    }

    fn aligned_right(self) -> Self {
        let kind = Kind::Number;
        Self { kind, ..self }
    }
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

    fn cells(&self) -> impl Iterator<Item = &Cell> {
        self.rows.iter().chain(&self.foot).flatten()
    }
}

pub(super) fn text(text: impl Into<String>) -> Cell {
    Cell {
        shows: Shows::Text(text.into()),
        kind: Kind::Plain,
        note: String::new(),
    }
}

pub(super) fn figure(name: impl Into<String>, value: Value, unit: &'static str) -> Cell {
    let kind = match value {
        Value::Count(_) | Value::Tenths(_) | Value::Thousandths(_) => Kind::Number,
        Value::Moment(_) => Kind::Moment,
        Value::Text(_) => Kind::Plain,
    };
    Cell {
        shows: Shows::Figure(Figure::new(name, value, unit)),
        kind,
        note: String::new(),
    }
}

/// So many of something, under a name.
pub(super) fn count(name: impl Into<String>, number: u64, unit: &'static str) -> Cell {
    figure(name, Value::Count(number), unit)
}

/// A fact in words, under a name.
pub(super) fn word(name: impl Into<String>, text: impl Into<String>) -> Cell {
    figure(name, Value::Text(text.into()), "")
}

/// A code with what it means.
fn code(cell: Cell, note: impl Into<String>) -> Cell {
    Cell {
        kind: Kind::Code,
        note: note.into(),
        ..cell
    }
}

fn none() -> Cell {
    text("")
}
