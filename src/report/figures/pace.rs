//! How fast a run went: rows with an outcome over time, how long each took, and what answered.
//!
//! It goes over the events twice, first for when they began and ended, and keeps a fixed number of counters. A row counts
//! once, at its latest outcome.

use std::collections::BTreeMap;

use super::histogram::{Histogram, Latency};
use crate::ledger::{LedgerError, Reader, RunEntry};
use crate::model::row_state::RowEvent;

/// Most spans of time that are told apart: as many bars as a page is wide enough for.
const MOST_SPANS: i64 = 60;
/// Lengths of a span, in milliseconds, of which people can make something; above a day it is days.
#[rustfmt::skip]
const LENGTHS_MS: [i64; 25] = [
    1, 2, 5, 10, 20, 50, 100, 200, 500, SECOND, 2 * SECOND, 5 * SECOND, 10 * SECOND, 15 * SECOND, 30 * SECOND,
    MINUTE, 2 * MINUTE, 5 * MINUTE, 10 * MINUTE, 15 * MINUTE, 30 * MINUTE, HOUR, 2 * HOUR, 6 * HOUR, DAY,
];
const SECOND: i64 = 1000;
const MINUTE: i64 = 60 * SECOND;
const HOUR: i64 = 60 * MINUTE;
const DAY: i64 = 24 * HOUR;

/// How fast a run went.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pace {
    /// When the first row was claimed, in milliseconds since 1970, UTC; 0 where none was.
    pub from_ms: i64,
    /// When the last thing happened to a row.
    pub until_ms: i64,
    /// Length of a span, in milliseconds.
    pub span_ms: i64,
    /// Spans from the first claim on, without a gap.
    pub spans: Vec<Span>,
    /// Rows that have an outcome.
    pub rows: u64,
    /// From the claim of a row to its outcome, waits included; `None` where no row has both.
    pub latency: Option<Latency>,
    /// Statuses of the answers that decided, each time that a row was taken up and requests were made; `None` where no
    /// answer came.
    pub answers: BTreeMap<Option<u16>, u64>,
}

/// What happened in a span of time.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Span {
    /// When it began.
    pub from_ms: i64,
    /// Rows with their outcome in it.
    pub rows: u64,
    /// From claim to outcome, of those rows.
    pub latency: Option<Latency>,
}

impl Pace {
    /// Looks at all events of a run.
    pub(in crate::report) fn of(reader: &Reader, run: &RunEntry) -> Result<Self, LedgerError> {
        let (mut from_ms, mut until_ms) = (i64::MAX, i64::MIN);
        for input in &run.inputs {
            reader.events(input.input_id, |_, _, at_ms, _, _| {
                from_ms = from_ms.min(at_ms);
                until_ms = until_ms.max(at_ms);
                Ok::<_, LedgerError>(())
            })?;
        }
        if from_ms > until_ms {
            return Ok(Self::default());
        }
        let mut counting = Counting::between(from_ms, until_ms);
        for input in &run.inputs {
            reader.events(input.input_id, |record, event, at_ms, attempts, status| {
                counting.event((input.input_id, record), event, at_ms);
                if attempts > 0 {
                    *counting.answers.entry(status).or_default() += 1;
                }
                Ok::<_, LedgerError>(())
            })?;
        }
        Ok(counting.done())
    }

    /// Rows with an outcome in a second, from the first claim to the last event, in tenths; `None` where nothing was sent
    /// or it took no time.
    pub fn tenths_of_rows_a_second(&self) -> Option<u64> {
        let took = u64::try_from(self.until_ms - self.from_ms)
            .ok()
            .filter(|took| *took > 0)?;
        (self.rows > 0).then(|| (self.rows * 10_000 + took / 2) / took)
    }
}

/// The shortest length of which at most [`MOST_SPANS`] cover a time.
fn length_ms(took: i64) -> i64 {
    let covers = |length: &i64| took / length < MOST_SPANS;
    let found = LENGTHS_MS.into_iter().find(covers);
    found.unwrap_or_else(|| (took / MOST_SPANS / DAY + 1) * DAY)
}

/// The pass in which rows are counted.
struct Counting {
    from_ms: i64,
    until_ms: i64,
    span_ms: i64,
    spans: Vec<(u64, Histogram)>,
    all: Histogram,
    answers: BTreeMap<Option<u16>, u64>,
    row: (i64, u64),
    claimed_ms: Option<i64>,
    /// When the row got the outcome that is its latest event, and how long that took.
    outcome: Option<(i64, Option<u64>)>,
}

impl Counting {
    fn between(from_ms: i64, until_ms: i64) -> Self {
        let span_ms = length_ms(until_ms - from_ms);
        let spans = usize::try_from((until_ms - from_ms) / span_ms + 1).unwrap_or(1);
        Self {
            from_ms,
            until_ms,
            span_ms,
            spans: vec![Default::default(); spans],
            all: Histogram::default(),
            answers: BTreeMap::new(),
            row: (0, 0),
            claimed_ms: None,
            outcome: None,
        }
    }

    fn event(&mut self, row: (i64, u64), event: RowEvent, at_ms: i64) {
        if self.row != row {
            self.end_row();
            self.row = row;
        }
        self.outcome = match event {
            RowEvent::Claimed => {
                self.claimed_ms = Some(at_ms);
                None
            }
            RowEvent::Created
            | RowEvent::Existing
            | RowEvent::Refused
            | RowEvent::Unresolved
            | RowEvent::Duplicate
            | RowEvent::Conflict => {
                // A clock that was set back makes no row faster than none.
                let took = self
                    .claimed_ms
                    .map(|claimed| u64::try_from(at_ms - claimed).unwrap_or(0));
                Some((at_ms, took))
            }
            RowEvent::Released | RowEvent::Retried => {
                self.claimed_ms = None;
                None
            }
            RowEvent::Attempted | RowEvent::Accepted | RowEvent::Rejected => None,
        };
    }

    fn end_row(&mut self) {
        self.claimed_ms = None;
        let Some((at_ms, took)) = self.outcome.take() else {
            return;
        };
        let index = usize::try_from((at_ms - self.from_ms) / self.span_ms).unwrap_or(0);
        if let Some((rows, histogram)) = self.spans.get_mut(index) {
            *rows += 1;
            if let Some(took) = took {
                histogram.add(took);
                self.all.add(took);
            }
        }
    }

    fn done(mut self) -> Pace {
        self.end_row();
        let spans: Vec<Span> = (0_i64..)
            .zip(&self.spans)
            .map(|(index, (rows, histogram))| Span {
                from_ms: self.from_ms + index * self.span_ms,
                rows: *rows,
                latency: histogram.latency(),
            })
            .collect();
        Pace {
            from_ms: self.from_ms,
            until_ms: self.until_ms,
            span_ms: self.span_ms,
            rows: spans.iter().map(|span| span.rows).sum(),
            spans,
            latency: self.all.latency(),
            answers: self.answers,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn at_most_sixty_spans_cover_any_time() {
        for (took, expected) in [
            (0, 1),
            (59, 1),
            (60, 2),
            (59 * SECOND, SECOND),
            (HOUR, 2 * MINUTE),
            (90 * DAY, 2 * DAY),
            (61 * DAY, 2 * DAY),
        ] {
            assert_eq!(length_ms(took), expected, "{took}");
            assert!(took / expected < MOST_SPANS);
        }
    }

    #[test]
    fn a_row_counts_once_at_its_latest_outcome() {
        let mut counting = Counting::between(1000, 11_000);
        let row = (1, 1);
        for (event, at_ms) in [
            (RowEvent::Claimed, 1000),
            (RowEvent::Unresolved, 2000),
            (RowEvent::Claimed, 9000),
            (RowEvent::Created, 9050),
        ] {
            counting.event(row, event, at_ms);
        }
        // In flight again: it has no outcome now.
        for (event, at_ms) in [
            (RowEvent::Claimed, 1000),
            (RowEvent::Unresolved, 3000),
            (RowEvent::Claimed, 9000),
        ] {
            counting.event((1, 2), event, at_ms);
        }
        // Settled by another run before it was claimed: an outcome that took nothing.
        counting.event((1, 3), RowEvent::Duplicate, 11_000);
        let pace = counting.done();
        let found: Vec<_> = pace
            .spans
            .iter()
            .filter(|span| span.rows > 0)
            .map(|span| (span.from_ms, span.rows))
            .collect();
        assert_eq!((pace.span_ms, found), (200, vec![(9000, 1), (11_000, 1)]));
        assert_eq!((pace.rows, pace.latency.unwrap().longest_ms), (2, 50));
        assert_eq!(pace.tenths_of_rows_a_second(), Some(2));
    }
}
