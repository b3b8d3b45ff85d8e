//! The life of a row: its states, the events that move it, and the one function that says which is next.
//!
//! The ledger appends events and never overwrites one; the current state of a row is its events folded through
//! [`next`]. Recovery after a crash, reports and the running pipeline all use this same function.

/// Where a row stands.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RowState {
    /// Broke a rule; never sent.
    Rejected,
    /// Same customer, same data as an earlier row or an earlier run's customer; not sent.
    Duplicate,
    /// Same customer id as an earlier row or a customer at the API, other data; not sent.
    Conflict,
    /// Accepted, in the ledger, not yet sent.
    Pending,
    /// Claimed for sending, no outcome yet. After a crash: in doubt, sent again under the same id.
    InFlight,
    /// The API confirmed it.
    Created,
    /// The API already had this very customer, confirmed by reading it back.
    Existing,
    /// The API said no, for good: final until a person asks that the row be sent again.
    Refused,
    /// Attempts ran out with no clear answer; it may or may not exist, and sending it again is safe.
    Unresolved,
}

/// Something that happened to a row.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum RowEvent {
    /// The check passed.
    Accepted,
    /// The check found something.
    Rejected,
    /// An earlier row or run has the same customer with the same data.
    Duplicate,
    /// An earlier row, an earlier run or the API has the same customer id with other data.
    Conflict,
    /// Taken for sending; it may be on the wire from now on.
    Claimed,
    /// Given back by a clean stop before any attempt.
    Released,
    /// The API confirmed it.
    Created,
    /// Read back: the API has this very customer.
    Existing,
    /// The API refused it for good.
    Refused,
    /// Attempts ran out with no clear answer.
    Unresolved,
    /// Stopped between attempts, and none of them had a clear answer: it stays in flight, and its attempts are counted.
    Attempted,
    /// Somebody asked that a refused row be sent again as it is.
    Retried,
}

impl RowState {
    /// Every state, in the order of reports.
    pub const ALL: [Self; 9] = [
        Self::Created,
        Self::Existing,
        Self::Duplicate,
        Self::Rejected,
        Self::Conflict,
        Self::Refused,
        Self::Unresolved,
        Self::Pending,
        Self::InFlight,
    ];

    /// The state's word in reports and in the ledger's documentation.
    pub fn word(self) -> &'static str {
        match self {
            Self::Rejected => "rejected",
            Self::Duplicate => "duplicate",
            Self::Conflict => "conflict",
            Self::Pending => "pending",
            Self::InFlight => "in_flight",
            Self::Created => "created",
            Self::Existing => "existing",
            Self::Refused => "refused",
            Self::Unresolved => "unresolved",
        }
    }

    /// Whether the row is still to be sent, or sent again, by the same command.
    pub fn is_open(self) -> bool {
        matches!(self, Self::Pending | Self::InFlight | Self::Unresolved)
    }

    /// Whether a finished run may hold the state: it has no pending row and none in flight.
    pub fn may_end(self) -> bool {
        !matches!(self, Self::Pending | Self::InFlight)
    }

    /// Whether the customer exists as far as the ledger knows.
    pub fn is_at_api(self) -> bool {
        matches!(self, Self::Created | Self::Existing)
    }

    /// Whether a request about it may have gone out.
    pub fn was_sent(self) -> bool {
        self.is_at_api() || self.is_in_doubt() || self == Self::Refused
    }

    /// Whether the customer may exist: sent, and no clear answer.
    pub fn is_in_doubt(self) -> bool {
        matches!(self, Self::InFlight | Self::Unresolved)
    }

    /// Whether somebody must look at the row: exit code 1.
    pub fn needs_attention(self) -> bool {
        matches!(self, Self::Rejected | Self::Conflict | Self::Refused | Self::Unresolved)
    }
}

impl RowEvent {
    /// Every event; the index is its code in the ledger, so the order never changes.
    pub const ALL: [Self; 12] = [
        Self::Accepted,
        Self::Rejected,
        Self::Duplicate,
        Self::Conflict,
        Self::Claimed,
        Self::Released,
        Self::Created,
        Self::Existing,
        Self::Refused,
        Self::Unresolved,
        Self::Attempted,
        Self::Retried,
    ];
}

/// The state after an event; `None` where the event cannot happen to a row in this state. `None` as the state before
/// means that the ledger does not know the row yet.
#[expect(clippy::match_same_arms, reason = "one line for each event that happens")]
pub fn next(state: Option<RowState>, event: RowEvent) -> Option<RowState> {
    use RowEvent as E;
    use RowState as S;
    match (state, event) {
        (None, E::Accepted) => Some(S::Pending),
        (None, E::Rejected) => Some(S::Rejected),
        (None | Some(S::Pending | S::InFlight | S::Unresolved), E::Duplicate) => Some(S::Duplicate),
        (None | Some(S::Pending | S::InFlight), E::Conflict) => Some(S::Conflict),
        (Some(S::Pending | S::InFlight | S::Unresolved), E::Claimed) => Some(S::InFlight),
        (Some(S::InFlight), E::Attempted) => Some(S::InFlight),
        (Some(S::InFlight), E::Released) => Some(S::Pending),
        (Some(S::InFlight), E::Created) => Some(S::Created),
        (Some(S::InFlight), E::Existing) => Some(S::Existing),
        (Some(S::InFlight), E::Refused) => Some(S::Refused),
        (Some(S::InFlight), E::Unresolved) => Some(S::Unresolved),
        (Some(S::Refused), E::Retried) => Some(S::Pending),
        // Only what is refused is asked for again.
        (
            None
            | Some(
                S::Rejected
                | S::Duplicate
                | S::Conflict
                | S::Pending
                | S::InFlight
                | S::Created
                | S::Existing
                | S::Unresolved,
            ),
            E::Retried,
        )
        | (None, E::Claimed | E::Released | E::Created | E::Existing | E::Refused | E::Unresolved | E::Attempted)
        | (Some(_), E::Accepted | E::Rejected)
        | (Some(S::Pending), E::Released | E::Created | E::Existing | E::Refused | E::Unresolved | E::Attempted)
        | (
            Some(S::Unresolved),
            E::Released | E::Conflict | E::Created | E::Existing | E::Refused | E::Unresolved | E::Attempted,
        )
        | (
            Some(S::Rejected | S::Duplicate | S::Conflict | S::Created | S::Existing | S::Refused),
            E::Duplicate
            | E::Conflict
            | E::Claimed
            | E::Released
            | E::Created
            | E::Existing
            | E::Refused
            | E::Unresolved
            | E::Attempted,
        ) => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The whole table, a line a state, so that any change of the life of a row is seen in review.
    #[test]
    fn the_whole_state_table() {
        use std::fmt::Write;
        let mut table = String::new();
        let states = std::iter::once(None).chain(RowState::ALL.into_iter().map(Some));
        for state in states {
            write!(table, "{:<11}", state.map_or("(new)", RowState::word)).unwrap();
            for event in RowEvent::ALL {
                if let Some(after) = next(state, event) {
                    write!(table, " {event:?}→{}", after.word()).unwrap();
                }
            }
            table.push('\n');
        }
        insta::assert_snapshot!(table);
    }

    #[test]
    fn final_states_take_no_event() {
        for state in RowState::ALL.into_iter().filter(|state| !state.is_open()) {
            for event in RowEvent::ALL {
                // A refusal is final until a person asks again.
                let expected = ((state, event) == (RowState::Refused, RowEvent::Retried)).then_some(RowState::Pending);
                assert_eq!(next(Some(state), event), expected, "{state:?} {event:?}");
            }
        }
    }

    #[test]
    fn every_list_names_every_member() {
        for (index, event) in RowEvent::ALL.into_iter().enumerate() {
            assert_eq!(event as usize, index);
        }
        let mut words: Vec<_> = RowState::ALL.map(RowState::word).into();
        words.sort_unstable();
        words.dedup();
        assert_eq!(words.len(), 9);
    }
}
