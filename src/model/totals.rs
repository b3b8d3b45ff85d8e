//! Control totals: how many rows stand in each state, and whether they add up.

use super::row_state::RowState;

/// A count of rows for each state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Totals([u64; RowState::ALL.len()]);

impl Totals {
    /// Counts one row more in a state.
    pub fn add(&mut self, state: RowState) {
        self.change(state, 1);
    }

    /// Moves one row from a state to another.
    pub fn step(&mut self, from: Option<RowState>, to: RowState) {
        if let Some(count) = from.and_then(|state| self.0.get_mut(state as usize)) {
            *count = count.saturating_sub(1);
        }
        self.change(to, 1);
    }

    /// Counts `count` rows more in a state.
    pub fn change(&mut self, state: RowState, count: u64) {
        if let Some(slot) = self.0.get_mut(state as usize) {
            *slot += count;
        }
    }

    /// How many rows stand in a state.
    pub fn of(&self, state: RowState) -> u64 {
        self.0.get(state as usize).copied().unwrap_or_default()
    }

    /// How many rows there are in all.
    pub fn rows(&self) -> u64 {
        self.0.iter().sum()
    }

    /// How many rows stand in a state for which this holds.
    pub fn count(&self, holds: impl Fn(RowState) -> bool) -> u64 {
        RowState::ALL
            .into_iter()
            .filter(|state| holds(*state))
            .map(|state| self.of(state))
            .sum()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_step_moves_one_row_and_keeps_the_sum() {
        let mut totals = Totals::default();
        totals.add(RowState::Pending);
        totals.add(RowState::Rejected);
        totals.step(Some(RowState::Pending), RowState::InFlight);
        totals.step(Some(RowState::InFlight), RowState::Created);
        assert_eq!(
            (
                totals.rows(),
                totals.of(RowState::Created),
                totals.of(RowState::Pending)
            ),
            (2, 1, 0)
        );
        assert_eq!(totals.count(RowState::needs_attention), 1);
    }
}
