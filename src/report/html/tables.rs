//! The tables of the page: figures with a name each, by which a test compares them with the ledger.
//!
//! It computes nothing that stands in the ledger; sums and differences of what it shows are the only arithmetic.

use askama::Template;

use super::view::{length, moment, plain};
use crate::model::figures::grouped;
use crate::report::text::tenths;

mod control;
mod findings;
mod pace;

pub(super) use control::{by_file, course, files, lines, standing, totals};
pub(super) use findings::{errors, findings, reasons};
pub(super) use pace::{answers, attempts, pace, spans};

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
    /// What is said of it below, in smaller letters.
    note: String,
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
    Cell {
        class: "",
        figure: None,
        text: text.into(),
        note: String::new(),
    }
}

/// A code with what it means.
fn code(name: impl Into<String>, note: impl Into<String>) -> Cell {
    Cell {
        class: "code long",
        note: note.into(),
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
