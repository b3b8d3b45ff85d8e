//! A sender as it is at this moment, for whoever shows or measures it.
//!
//! It deliberately takes no lock for longer than a copy, and keeps nothing.

use super::Sender;
use super::meter::{ANSWERS, Latencies};
use crate::send::counters::Counters;

/// What a sender does and has done.
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Live {
    /// What was done so far.
    pub counters: Counters,
    /// Requests for customers by what their answers were, in the order of [`ANSWERS`].
    pub answers: [u64; ANSWERS.len()],
    /// How long they took.
    pub latencies: Latencies,
    /// Requests on the wire.
    pub in_flight: u64,
    /// Times that the whole run paused or went on again: odd while it is paused.
    pub turns: u64,
}

impl Live {
    /// Whether the whole run waits for the service.
    pub fn is_paused(&self) -> bool {
        !self.turns.is_multiple_of(2)
    }
}

impl Sender {
    /// Looks at what is going on.
    pub fn live(&self) -> Live {
        Live {
            counters: self.counters(),
            answers: self.0.meter.answers(),
            latencies: self.0.meter.latencies(),
            in_flight: self.0.concurrency.on_wire() as u64,
            turns: self.0.gate.turns(),
        }
    }
}
