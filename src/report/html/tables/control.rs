//! What was read, what became of it, and whether that adds up.
//!
//! It judges nothing: the verdict is said elsewhere.

use super::{Cell, Table, code, figure, moment, none, number, plain, share, text};
use crate::ledger::RunEntry;
use crate::model::figures::grouped;
use crate::model::reason::Reason;
use crate::model::row_state::RowState;
use crate::model::totals::Totals;
use crate::report::figures::exceptions::Standing;
use crate::report::summary::Summary;

pub(in crate::report::html) fn files(run: &RunEntry) -> Table {
    let rows = (1..).zip(&run.inputs).map(|(index, input): (u64, _)| {
        vec![
            text(plain(&input.name)),
            number(format!("input.{index}.bytes"), input.bytes),
            code(input.digest.to_string(), ""),
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
        RowState::Conflict => "same customer, other data than at the API or in an earlier record",
        RowState::Refused => "the API said no, for good",
        RowState::Unresolved => "no clear answer; sending it again is safe",
        RowState::Pending => "not sent yet",
        RowState::InFlight => "sent, and no outcome yet",
    }
}

pub(in crate::report::html) fn totals(summary: &Summary) -> Table {
    let totals = &summary.balance.totals;
    let rows = RowState::ALL.into_iter().map(|state| {
        vec![
            text(state.word().replace('_', " ")),
            text(meaning(state)),
            number(format!("totals.{}", state.word()), totals.of(state)),
            share(totals.of(state), totals.rows()),
        ]
    });
    let mut table = Table::new(
        "Records by what became of them",
        &["state", "meaning", "#records", "#share"],
        rows.collect(),
    );
    table.foot.push(vec![
        text("Sum of the states"),
        none(),
        number("totals.rows", totals.rows()),
        none(),
    ]);
    if summary.balance.complete {
        let records = summary.balance.records;
        table.foot.push(vec![
            text("Records read from the files"),
            none(),
            number("totals.records", records),
            none(),
        ]);
        let difference = figure("totals.difference", grouped(records.abs_diff(totals.rows())));
        table.foot.push(vec![text("Difference"), none(), difference, none()]);
    } else {
        table.note =
            String::from("The files are not read to their end yet, so the sum has nothing to be held against.");
    }
    table
}

pub(in crate::report::html) fn by_file(summary: &Summary) -> Table {
    let words = RowState::ALL.map(|state| format!("#{}", state.word().replace('_', " ")));
    let columns: Vec<&str> = ["file"]
        .into_iter()
        .chain(words.iter().map(String::as_str))
        .chain(["#sum"])
        .collect();
    let line = |first: Cell, name: String, totals: &Totals| {
        let mut cells = vec![first];
        cells.extend(RowState::ALL.map(|state| number(format!("{name}.{}", state.word()), totals.of(state))));
        cells.push(number(format!("{name}.rows"), totals.rows()));
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

pub(in crate::report::html) fn lines(run: &RunEntry) -> Table {
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
            .map(|(name, count)| number(format!("input.{index}.{name}"), count)),
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

pub(in crate::report::html) fn standing(summary: &Summary) -> Table {
    let line = |first: &str, name: &str, of: &dyn Fn(Standing) -> u64| {
        let mut cells = vec![text(first.replace('_', " "))];
        cells.extend(
            Standing::ALL.map(|standing| number(format!("exceptions.{name}.{}", standing.word()), of(standing))),
        );
        let sum = Standing::ALL.into_iter().map(of).sum();
        cells.push(number(format!("exceptions.{name}.sum"), sum));
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

pub(in crate::report::html) fn course(run: &RunEntry) -> Table {
    let rows = run.events.iter().map(|event| {
        let reason = event.reason.as_deref().unwrap_or_default();
        let says = Reason::from_code(reason).map_or_else(|| plain(reason), |known| format!("{reason}: {}", known.says));
        vec![
            text(moment(event.at_ms)),
            text(plain(&event.kind)),
            text(event.who.as_deref().map(plain).unwrap_or_default()),
            text(says),
        ]
    });
    Table::new(
        "What happened to the run",
        &["when", "event", "account", "reason"],
        rows.collect(),
    )
}
