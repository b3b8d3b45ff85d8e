//! How a run ended, in a sentence whose numbers are figures.
//!
//! It advises nothing: what to type next is the command's.

use super::{Cell, count, text};
use crate::model::row_state::RowState;
use crate::report::summary::Summary;

/// How it ended, in a sentence.
pub(in crate::report) struct Verdict {
    pub(in crate::report) class: &'static str,
    pub(in crate::report) says: Vec<Cell>,
}

impl Verdict {
    pub(in crate::report) fn of(summary: &Summary) -> Self {
        let says = if summary.balance.adds_up() {
            how_it_stands(summary)
        } else {
            let records = summary.balance.records;
            vec![
                text("The control totals do not add up: "),
                count("verdict.records", records, "records"),
                text(format!(" {} read, and ", plural(records, "record"))),
                count("verdict.rows", summary.balance.totals.rows(), "records"),
                text(" answered for."),
            ]
        };
        let is_good = summary.balance.complete && summary.left() == 0;
        let class = match (summary.balance.adds_up(), is_good) {
            (false, _) => "bad",
            (true, true) => "good",
            (true, false) => "attention",
        };
        Self { class, says }
    }

    /// The sentence.
    pub(in crate::report) fn sentence(&self) -> String {
        self.says.iter().map(Cell::text).collect()
    }
}

fn plural(count: u64, thing: &str) -> String {
    format!("{thing}{}", if count == 1 { "" } else { "s" })
}

/// The word for a state, as people write it.
pub(in crate::report) fn said(state: RowState) -> String {
    state.word().replace('_', " ")
}

fn how_it_stands(summary: &Summary) -> Vec<Cell> {
    let totals = &summary.balance.totals;
    let rows = totals.rows();
    let known = count("verdict.rows", rows, "records");
    let records = plural(rows, "record");
    let mut says = if summary.balance.complete {
        vec![text("All "), known, text(format!(" {records} read are answered for: "))]
    } else {
        let begins = text("The files are not read to their end yet; ");
        vec![begins, known, text(format!(" {records} known so far: "))]
    };
    let states = RowState::ALL.into_iter();
    for state in states.filter(|state| !state.needs_attention() && totals.of(*state) > 0) {
        says.push(count(format!("verdict.{}", state.word()), totals.of(state), "records"));
        says.push(text(format!(" {}, ", said(state))));
    }
    let (all, cleared) = (summary.attention(), summary.cleared());
    if all == 0 {
        says.push(text("no exceptions."));
        return says;
    }
    says.push(count("verdict.exceptions", all, "records"));
    let exceptions = plural(all, "exception");
    match cleared {
        0 => says.push(text(format!(" {exceptions}, all open."))),
        _ if cleared == all => says.push(text(format!(" {exceptions}, all cleared since."))),
        _ => says.extend([
            text(format!(" {exceptions}, of which ")),
            count("verdict.cleared", cleared, "records"),
            text(if cleared == 1 {
                " is cleared since and "
            } else {
                " are cleared since and "
            }),
            count("verdict.open", all - cleared, "records"),
            text(" open."),
        ]),
    }
    says
}
