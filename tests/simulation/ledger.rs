//! A ledger in memory: the states of the rows, moved by the one public function, and copies of earlier days.
//!
//! It deliberately has no rows, no file and no opinion: an event that cannot happen is handed back.

use rollcall::model::row_state::{RowEvent, RowState, next};

#[derive(Debug)]
pub(crate) struct Ledger {
    states: Vec<RowState>,
    copies: Vec<Vec<RowState>>,
}

impl Ledger {
    /// Every row is accepted.
    pub(crate) fn new(rows: usize) -> Ledger {
        let accepted = next(None, RowEvent::Accepted).unwrap();
        Ledger {
            states: vec![accepted; rows],
            copies: Vec::new(),
        }
    }

    pub(crate) fn states(&self) -> &[RowState] {
        &self.states
    }

    pub(crate) fn state(&self, row: usize) -> RowState {
        self.states[row]
    }

    /// Appends an event; `None` if it cannot happen.
    pub(crate) fn append(&mut self, row: usize, event: RowEvent) -> Option<RowState> {
        let after = next(Some(self.states[row]), event)?;
        self.states[row] = after;
        Some(after)
    }

    /// Puts a copy aside.
    pub(crate) fn back_up(&mut self) {
        self.copies.push(self.states.clone());
    }

    /// Goes back to the copy with this number, or to one that knows the rows and nothing else.
    pub(crate) fn restore(&mut self, copy: Option<usize>) {
        let copy = copy.and_then(|number| self.copies.get(number).cloned());
        self.states = copy.unwrap_or_else(|| Ledger::new(self.states.len()).states);
    }

    pub(crate) fn copies(&self) -> usize {
        self.copies.len()
    }
}
