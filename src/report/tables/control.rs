//! What was read, what became of it, and whether that adds up.
//!
//! It judges nothing: the verdict is said elsewhere.

use super::figure::share;
use super::{Cell, Table, Value, code, count, figure, none, said, text, word};
use crate::ledger::RunEntry;
use crate::model::reason::Reason;
use crate::model::row_state::RowState;
use crate::model::totals::Totals;
use crate::report::figures::exceptions::Standing;
use crate::report::summary::Summary;
use crate::report::words::plain;

pub(in crate::report) fn files(run: &RunEntry) -> Table {
    let rows = (1..).zip(&run.inputs).map(|(index, input): (u64, _)| {
        vec![
            word(format!("input.{index}.name"), &input.name),
            count(format!("input.{index}.bytes"), input.bytes, "bytes"),
            code(word(format!("input.{index}.sha256"), input.digest.to_string()), ""),
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
        RowState::Conflict => "same customer as the API or an earlier record, other data",
        RowState::Refused => "the API said no, for good",
        RowState::Unresolved => "no clear answer; sending it again is safe",
        RowState::Pending => "not sent yet",
        RowState::InFlight => "sent, and no outcome yet",
    }
}

pub(in crate::report) fn totals(summary: &Summary) -> Table {
    let totals = &summary.balance.totals;
    let rows = RowState::ALL.into_iter().map(|state| {
        vec![
            text(said(state)),
            text(meaning(state)),
            count(format!("totals.{}", state.word()), totals.of(state), "records"),
            figure(
                format!("totals.{}.share", state.word()),
                share(totals.of(state), totals.rows()),
                "%",
            ),
        ]
    });
    let mut table = Table::new(
        "Records by what became of them",
        &["state", "meaning", "#records", "#share, %"],
        rows.collect(),
    );
    table.foot.push(vec![
        text("Sum of the states"),
        none(),
        count("totals.rows", totals.rows(), "records"),
        none(),
    ]);
    if summary.balance.complete {
        let records = summary.balance.records;
        table.foot.push(vec![
            text("Records read"),
            none(),
            count("totals.records", records, "records"),
            none(),
        ]);
        let difference = count("totals.difference", records.abs_diff(totals.rows()), "records");
        table.foot.push(vec![text("Difference"), none(), difference, none()]);
    } else {
        table.note =
            String::from("The files are not read to their end yet, so the sum has nothing to be held against.");
    }
    table
}

pub(in crate::report) fn by_file(summary: &Summary) -> Table {
    let words = RowState::ALL.map(|state| format!("#{}", said(state)));
    let columns: Vec<&str> = ["file"]
        .into_iter()
        .chain(words.iter().map(String::as_str))
        .chain(["#sum"])
        .collect();
    let line = |first: Cell, name: String, totals: &Totals| {
        let mut cells = vec![first];
        cells.extend(RowState::ALL.map(|state| count(format!("{name}.{}", state.word()), totals.of(state), "records")));
        cells.push(count(format!("{name}.rows"), totals.rows(), "records"));
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

pub(in crate::report) fn lines(run: &RunEntry) -> Table {
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
            .map(|(name, number)| {
                let unit = if name == "records" { "records" } else { "lines" };
                count(format!("input.{index}.{name}"), number, unit)
            }),
        );
        cells
    });
    let mut table = Table::new("Lines of the files", &columns, rows.collect());
    table.note = String::from(
        "Every line is a record’s, the header’s, or counted as what it is; a record can have several lines.",
    );
    table.wide = true;
    table
}

pub(in crate::report) fn standing(summary: &Summary) -> Table {
    let line = |first: &str, name: &str, of: &dyn Fn(Standing) -> u64| {
        let mut cells = vec![text(first.replace('_', " "))];
        cells.extend(Standing::ALL.map(|standing| {
            count(
                format!("exceptions.{name}.{}", standing.word()),
                of(standing),
                "records",
            )
        }));
        let sum = Standing::ALL.into_iter().map(of).sum();
        cells.push(count(format!("exceptions.{name}.sum"), sum, "records"));
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

pub(in crate::report) fn course(run: &RunEntry) -> Table {
    let rows = (1_u64..).zip(&run.events).map(|(index, event)| {
        let named = |name: &str, said: &str| word(format!("event.{index}.{name}"), said);
        let optional = |name: &str, said: Option<&str>| said.map_or_else(none, |said| named(name, said));
        let reason = optional("reason", event.reason.as_deref());
        let known = event.reason.as_deref().and_then(Reason::from_code);
        vec![
            figure(format!("event.{index}.at"), Value::Moment(event.at_ms), ""),
            named("event", &event.kind),
            optional("who", event.who.as_deref()),
            code(reason, known.map_or("", |known| known.says)),
        ]
    });
    Table::new(
        "What happened to the run",
        &["when", "event", "account", "reason"],
        rows.collect(),
    )
}
