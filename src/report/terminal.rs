//! A report for people at a terminal: the tables of the page in columns, none of them wider than [`WIDTH`] by itself.
//!
//! It draws no chart, which the table beside each has the figures of, and lists no exception: there can be a million.

use std::fmt::Write;

use super::summary::Report;
use super::tables::{Cell, Table, Tables};

/// Columns that a terminal is taken to have. What is one word and longer, such as the name of a file, runs over.
const WIDTH: usize = 100;
const INDENT: usize = 2;
const GAP: usize = 2;
/// The name of a column of numbers has at least so much room in a line, if it has so many letters.
const NAME: usize = 10;

/// A run with every figure that the page has, but for its exceptions.
pub fn report_text(report: &Report) -> Result<String, std::fmt::Error> {
    let tables = Tables::of(report);
    let mut text = String::new();
    let run = &report.summary.run;
    writeln!(text, "run {}: {}", run.run_id, report.summary.status())?;
    wrapped(&mut text, 0, &tables.verdict.sentence())?;
    for section in tables.sections() {
        writeln!(text, "\n{}", section.title)?;
        if section.key == "run" {
            for fact in &tables.facts {
                writeln!(text, "  {:<18}{}", fact.label, fact.value.text())?;
            }
        }
        if section.tables.is_empty() {
            let says = match section.key {
                "exceptions" => "No record needs anybody’s attention.",
                "findings" => "No rule was broken.",
                _ => "No row was sent.",
            };
            writeln!(text, "  {says}")?;
        }
        for (index, table) in section.tables.into_iter().enumerate() {
            if index > 0 || section.key == "run" {
                text.push('\n');
            }
            write_table(&mut text, table)?;
        }
    }
    Ok(text)
}

/// Writes a text, broken between words.
fn wrapped(text: &mut String, indent: usize, says: &str) -> std::fmt::Result {
    let mut line = String::new();
    for word in says.split_whitespace() {
        if !line.is_empty() && indent + length(&line) + 1 + length(word) > WIDTH {
            writeln!(text, "{:indent$}{line}", "")?;
            line.clear();
        }
        if !line.is_empty() {
            line.push(' ');
        }
        line.push_str(word);
    }
    writeln!(text, "{:indent$}{line}", "")
}

fn length(text: &str) -> usize {
    text.chars().count()
}

/// How wide the columns of a table are, and which way their cells lean.
struct Layout {
    widths: Vec<(usize, bool)>,
    /// Whether the first cell of a line stands above the others, since not all of them fit beside it.
    is_tall: bool,
}

impl Layout {
    fn of(table: &Table) -> Self {
        let lines = || table.rows.iter().chain(&table.foot);
        let columns = table.columns.iter().enumerate().map(|(index, column)| {
            let longest = |texts: &mut dyn Iterator<Item = usize>| texts.max().unwrap_or_default();
            let head = if column.is_number {
                let words = longest(&mut column.name.split_whitespace().map(length));
                words.max(length(&column.name).min(NAME))
            } else {
                length(&column.name)
            };
            let cells = longest(
                &mut lines()
                    .filter_map(|line| line.get(index))
                    .map(|cell| length(&cell.text())),
            );
            (head.max(cells), column.is_number)
        });
        let widths: Vec<(usize, bool)> = columns.collect();
        let whole: usize = widths.iter().map(|(width, _)| width + GAP).sum();
        let is_tall = INDENT + whole.saturating_sub(GAP) > WIDTH;
        Self { widths, is_tall }
    }

    /// Writes a line of cells.
    fn line<'cells>(&self, text: &mut String, cells: impl IntoIterator<Item = &'cells str>) -> std::fmt::Result {
        let mut line = " ".repeat(INDENT);
        for (index, ((width, is_number), cell)) in self.widths.iter().zip(cells).enumerate() {
            if index == 0 && self.is_tall {
                if !cell.is_empty() {
                    writeln!(text, "{line}{cell}")?;
                }
                line.push_str(&" ".repeat(INDENT));
                continue;
            }
            if *is_number {
                write!(line, "{cell:>width$}")?;
            } else {
                write!(line, "{cell:<width$}")?;
            }
            line.push_str(&" ".repeat(GAP));
        }
        writeln!(text, "{}", line.trim_end())
    }

    /// Writes a line below each column.
    fn rule(&self, text: &mut String, dashes: &[String]) -> std::fmt::Result {
        let above = usize::from(self.is_tall);
        let dashes = dashes.iter().enumerate();
        self.line(
            text,
            dashes.map(|(index, dashes)| if index < above { "" } else { dashes.as_str() }),
        )
    }

    /// Writes a line of figures, and below it what is said of them.
    fn cells(&self, text: &mut String, cells: &[Cell]) -> std::fmt::Result {
        let texts = cells.iter().map(Cell::text);
        let texts: Vec<String> = texts.collect();
        self.line(text, texts.iter().map(String::as_str))?;
        for cell in cells.iter().filter(|cell| !cell.note.is_empty()) {
            wrapped(text, INDENT * 4, &cell.note)?;
        }
        Ok(())
    }

    /// Writes the names of the columns; those of numbers are broken between words.
    fn head(&self, text: &mut String, table: &Table) -> std::fmt::Result {
        let names = self
            .widths
            .iter()
            .zip(&table.columns)
            .map(|((width, is_number), column)| {
                if *is_number {
                    broken(&column.name, *width)
                } else {
                    vec![column.name.clone()]
                }
            });
        let names: Vec<Vec<String>> = names.collect();
        let lines = names.iter().map(Vec::len).max().unwrap_or_default();
        for index in 0..lines {
            // Shorter names stand at the bottom.
            let word = |name: &Vec<String>| {
                let at = (index + name.len()).checked_sub(lines);
                at.and_then(|at| name.get(at)).cloned().unwrap_or_default()
            };
            let words: Vec<String> = names.iter().map(word).collect();
            self.line(text, words.iter().map(String::as_str))?;
        }
        Ok(())
    }
}

/// A text in lines that are no longer than this, broken between words.
fn broken(text: &str, width: usize) -> Vec<String> {
    let mut lines: Vec<String> = Vec::new();
    for word in text.split_whitespace() {
        match lines.last_mut() {
            Some(line) if length(line) + 1 + length(word) <= width => {
                line.push(' ');
                line.push_str(word);
            }
            Some(_) | None => lines.push(word.to_owned()),
        }
    }
    lines
}

fn write_table(text: &mut String, table: &Table) -> std::fmt::Result {
    writeln!(text, "  {}", table.caption)?;
    if !table.note.is_empty() {
        wrapped(text, INDENT, &table.note)?;
    }
    let layout = Layout::of(table);
    layout.head(text, table)?;
    let dashes = layout.widths.iter().map(|(width, _)| "-".repeat(*width));
    let dashes: Vec<String> = dashes.collect();
    layout.rule(text, &dashes)?;
    for line in &table.rows {
        layout.cells(text, line)?;
    }
    if !table.foot.is_empty() {
        layout.rule(text, &dashes)?;
    }
    for line in &table.foot {
        layout.cells(text, line)?;
    }
    Ok(())
}
