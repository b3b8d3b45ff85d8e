//! A reconciliation for people at a terminal: the figures of each file, the three sides, and what is to be looked at.
//!
//! Lists are cut, and say so; the table of `csv` has all of them.

use std::collections::BTreeMap;
use std::fmt::{Result, Write};

use super::class::Class;
use super::figures::{FileFigures, Reconciliation, Trailer};
use super::item::{Exception, Item, RecordItem};
use super::totals::{Side, Sides};
use crate::clock::rfc3339;
use crate::ledger::Disposition;
use crate::model::figures::{counted, grouped};
use crate::model::row_state::RowState;

/// Lines of a list: whoever has more to look at wants a table.
const LINES: usize = 1000;

/// What a list is about.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
enum Kind {
    Of(Class),
    Gone,
    Lost,
    Strangers,
    Exceptions,
    Decided,
}

impl Kind {
    fn title(self) -> String {
        match self {
            Self::Of(class) => format!("{}: {}", class.word(), class.says()),
            Self::Gone => "gone: rows whose record is not in the file any more".to_owned(),
            Self::Lost => {
                "lost: read in another run of these files or their corrections, and the ledger lacks the row".to_owned()
            }
            Self::Strangers => "strangers: at the API, and the ledger knows nothing about them".to_owned(),
            Self::Exceptions => "open exceptions of other runs".to_owned(),
            Self::Decided => "exceptions about which a person decided, in other runs".to_owned(),
        }
    }
}

/// What is to be named, a bounded number of lines of each kind and a count of the rest.
#[derive(Debug, Default)]
pub struct Lists(BTreeMap<Kind, (Vec<String>, u64)>);

impl Lists {
    /// Takes a line for whatever is to be looked at.
    pub fn add(&mut self, item: &Item) {
        let kind = match item {
            Item::Record(record) if matches!(record.class, Class::Matched | Class::Duplicate) => return,
            Item::Record(record) => Kind::Of(record.class),
            Item::Gone(_) => Kind::Gone,
            Item::Lost(_) => Kind::Lost,
            Item::Stranger(_) => Kind::Strangers,
            // Its record is in a list of its class.
            Item::Exception(exception) if exception.compared => return,
            Item::Exception(exception) if exception.disposition.is_some() => Kind::Decided,
            Item::Exception(_) => Kind::Exceptions,
        };
        let (lines, more) = self.0.entry(kind).or_default();
        if lines.len() < LINES {
            lines.push(line(item));
        } else {
            *more += 1;
        }
    }
}

fn line(item: &Item) -> String {
    match item {
        Item::Record(record) | Item::Gone(record) => record_line(record),
        Item::Lost(lost) => format!("run {}: {}: record {}", lost.run_id, lost.file, lost.record),
        Item::Stranger(customer_id) => format!("customer {customer_id}"),
        Item::Exception(exception) => exception_line(exception),
    }
}

fn record_line(item: &RecordItem) -> String {
    let mut line = format!("{}:{}: record {}", item.file, item.position.line, item.position.record);
    if let Some(customer_id) = &item.customer_id {
        line.push_str(&format!(", customer {customer_id}"));
    }
    if let (Some(run_id), Some(record)) = (item.run_id, item.record)
        && record != item.position.record
    {
        line.push_str(&format!(", record {record} of run {run_id}"));
    }
    if let Some(state) = item.state {
        line.push_str(&format!(": {}", state.word()));
    }
    if let Some(code) = item.code.as_deref().filter(|code| !code.is_empty()) {
        line.push_str(&format!(" ({code})"));
    }
    if let Some(by) = item.by {
        line.push_str(&format!("; see record {} of run {}", by.record, by.run_id));
    }
    if let Some(fields) = &item.fields {
        line.push_str(&format!("; differs in {fields}"));
    }
    line + &decided(item.disposition.as_ref())
}

fn exception_line(item: &Exception) -> String {
    let mut line = format!(
        "run {}: {}:{}: record {}: {}",
        item.run_id,
        item.file,
        item.position.line,
        item.position.record,
        item.state.word()
    );
    if let Some(code) = item.code.as_deref().filter(|code| !code.is_empty()) {
        line.push_str(&format!(" ({code})"));
    }
    line.push_str(&format!(", since {}", rfc3339(item.since_ms)));
    if item.of_these_files && item.disposition.is_none() {
        line.push_str(", of these files");
    }
    line + &decided(item.disposition.as_ref())
}

fn decided(disposition: Option<&Disposition>) -> String {
    disposition.map_or_else(String::new, |disposition| {
        format!(
            "; {} by {}: {}",
            rfc3339(disposition.at_ms),
            disposition.who,
            disposition.reason
        )
    })
}

/// Everything but what to type next.
pub fn summary_text(all: &Reconciliation, lists: &Lists) -> std::result::Result<String, std::fmt::Error> {
    let mut text = String::new();
    for file in &all.files {
        write_file(&mut text, file, all.comparison.is_some())?;
    }
    if let Some(comparison) = &all.comparison {
        let ended = match comparison.ended_ms {
            Some(ended_ms) => format!("ended {}", rfc3339(ended_ms)),
            None => "not ended yet".to_owned(),
        };
        let at = rfc3339(comparison.at_ms);
        writeln!(text, "API: comparison {} of {at}, {ended}", comparison.comparison_id)?;
        writeln!(text, "  strangers     {:>12}", grouped(all.strangers))?;
    } else {
        writeln!(
            text,
            "API: not asked; its side is what it confirmed when rows were sent"
        )?;
    }
    if all.files.len() > 1 || all.strangers > 0 {
        writeln!(text, "all files")?;
        write_sides(&mut text, &all.sides)?;
    }
    for (kind, (lines, more)) in &lists.0 {
        writeln!(text, "\n{}", kind.title())?;
        for line in lines {
            writeln!(text, "  {line}")?;
        }
        if *more > 0 {
            writeln!(text, "  and {} more: --format csv has all of them", grouped(*more))?;
        }
    }
    writeln!(
        text,
        "\nexceptions in all runs: {} open, {} of them of these files in other runs; {} disposed of",
        grouped(all.open),
        grouped(all.open_of_these_files),
        grouped(all.disposed)
    )?;
    Ok(text)
}

fn write_file(text: &mut String, file: &FileFigures, asked: bool) -> Result {
    writeln!(text, "{}: {}", file.name, counted(file.records(), "record"))?;
    writeln!(text, "  sha256 {}", file.digest)?;
    match &file.compared {
        Some(compared) if compared.same_file => {
            writeln!(
                text,
                "  compared with run {}, which read this very file",
                compared.run_id
            )?;
        }
        Some(compared) => {
            writeln!(
                text,
                "  the file is not what run {} read: digest {}; compared record by record",
                compared.run_id, compared.digest
            )?;
        }
        None => writeln!(text, "  no run has read this file, or one of its name")?,
    }
    if let Some(compared) = &file.compared {
        if compared.other_settings {
            writeln!(
                text,
                "  note: the configuration is not that of run {}, so values may be understood otherwise",
                compared.run_id
            )?;
        }
        if !compared.complete {
            writeln!(text, "  note: run {} has not read it to its end", compared.run_id)?;
        }
    }
    match &file.trailer {
        Trailer::Undeclared => {}
        Trailer::Fits { declared } => writeln!(text, "  trailer: counts {}, as read", grouped(*declared))?,
        Trailer::Wrong(problem) => writeln!(text, "  trailer: the file {problem}")?,
    }
    writeln!(text)?;
    for class in Class::ALL {
        let count = file.of(class);
        if count > 0 || class == Class::Matched {
            writeln!(text, "  {:<20}{:>12}  {}", class.word(), grouped(count), class.says())?;
        }
        for ((state, code), count) in file.failed.iter().filter(|_| class == Class::Failed) {
            writeln!(text, "    {:<18}{:>12}  {code}", state.word(), grouped(*count))?;
        }
    }
    writeln!(text, "  {}", "-".repeat(32))?;
    writeln!(text, "  {:<20}{:>12}", "records", grouped(file.records()))?;
    if file.gone > 0 {
        let gone = grouped(file.gone);
        writeln!(
            text,
            "  {:<20}{gone:>12}  rows whose record is not in the file any more",
            "gone"
        )?;
    }
    writeln!(text)?;
    write_counts(text, file, asked)?;
    write_sides(text, &file.sides)
}

/// Counts of records by state, from each side.
fn write_counts(text: &mut String, file: &FileFigures, asked: bool) -> Result {
    let (accepted, rejected) = (grouped(file.accepted), grouped(file.rejected));
    writeln!(text, "  source   {accepted} accepted, {rejected} rejected")?;
    let states = RowState::ALL.into_iter().filter(|state| file.rows.of(*state) > 0);
    let states: Vec<String> = states
        .map(|state| format!("{} {}", grouped(file.rows.of(state)), state.word()))
        .collect();
    let rows = counted(file.rows.rows(), "row");
    match states.as_slice() {
        [] => writeln!(text, "  ledger   {rows}")?,
        states => writeln!(text, "  ledger   {rows}: {}", states.join(", "))?,
    }
    if asked {
        let (same, absent) = (grouped(file.api.same), grouped(file.api.absent));
        let other = grouped(file.api.other_data);
        writeln!(
            text,
            "  API      {same} the same, {absent} absent, {other} with other data"
        )?;
    }
    writeln!(text)
}

/// The hash totals, side by side.
fn write_sides(text: &mut String, sides: &Sides) -> Result {
    let verdict = |agree: bool| if agree { "agree" } else { "DIFFER" };
    let all = [&sides.source, &sides.ledger, &sides.api];
    let [source, ledger, api] = all;
    writeln!(
        text,
        "  {:<16}{:>18}{:>18}{:>18}",
        "to be at the API", "source", "ledger", "API"
    )?;
    let mut line = |name: &str, of: &dyn Fn(&Side) -> String| {
        let cells = [of(source), of(ledger), of(api)];
        let [a, b, c] = &cells;
        let agree = verdict(a == b && b == c);
        writeln!(text, "  {name:<16}{a:>18}{b:>18}{c:>18}  {agree}")
    };
    line("customers", &|side| grouped(side.count))?;
    line("customer ids", &|side| side.customers.to_string())?;
    line("payloads", &|side| side.payloads.to_string())?;
    writeln!(text)
}
