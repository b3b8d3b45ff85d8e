//! What stops a run from within: thresholds on rows that went wrong, and its deadline.
//!
//! It deliberately stops nothing itself: it counts and says so. `run` holds the first brake before anything is sent,
//! `deliver` the others while rows are sent.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use tokio::runtime::Runtime;
use tokio::task::AbortHandle;

use crate::config::settings::{SendSettings, Threshold};
use crate::ledger::RunEntry;
use crate::model::row_state::RowState;
use crate::model::totals::Totals;
use crate::send::Stop;

/// Answers before a share of them is judged: of fewer, a handful of bad rows is a large share.
const JUDGED_ANSWERS: u64 = 100;
/// One canary row of so many may fail.
const CANARY_TOLERANCE: u64 = 10;
const CANARY: &str = "brake.canary";
/// Why a look-up ended that left rows to be created.
pub(super) const LOOKED_UP: &str = "run.looked_up";

/// A brake that stopped a run.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Braked {
    /// More records were rejected than the brake allows; nothing was sent.
    Rejects {
        /// Rejected records.
        rejects: u64,
        /// The most that would have been allowed.
        limit: u64,
    },
    /// More rows failed than the brake allows.
    Failures {
        /// Rows refused, in conflict at the API or unresolved.
        failures: u64,
        /// Rows that were answered, those included.
        answered: u64,
        /// The most that would have been allowed.
        limit: u64,
    },
    /// Too many of the rows that were sent alone first failed.
    Canary {
        /// Rows refused, in conflict at the API or unresolved.
        failures: u64,
        /// Rows that were sent.
        rows: u64,
    },
}

impl Braked {
    /// Stable code of the reason.
    pub fn code(&self) -> &'static str {
        match self {
            Self::Rejects { .. } => "brake.max_rejects",
            Self::Failures { .. } => "brake.max_failures",
            Self::Canary { .. } => CANARY,
        }
    }
}

/// Whether so many records were rejected that nothing may be sent.
pub(super) fn rejects(totals: &Totals, threshold: Option<Threshold>) -> Option<Braked> {
    let rejects = totals.of(RowState::Rejected);
    let limit = most(threshold?, totals.rows());
    (rejects > limit).then_some(Braked::Rejects { rejects, limit })
}

/// How many of `whole` a threshold allows.
fn most(threshold: Threshold, whole: u64) -> u64 {
    match threshold {
        Threshold::Count(count) => count,
        #[expect(
            clippy::cast_precision_loss,
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "a share of a count of records, far below 2^52"
        )]
        Threshold::Percent(percent) => (whole as f64 * percent / 100.0) as u64,
    }
}

/// Counts the rows that the service answered, and says when too many of them failed.
#[derive(Debug)]
pub(super) struct Failures {
    threshold: Option<Threshold>,
    /// Rows that are still to be sent alone.
    canary: u64,
    /// Whether the canary stopped the run before and is not called off.
    failed_before: bool,
    counts: Mutex<Counts>,
}

#[derive(Clone, Copy, Debug, Default)]
struct Counts {
    answered: u64,
    failed: u64,
}

impl Failures {
    /// Begins with the rows that earlier processes of the run sent. A refusal is for good and still counts, as a
    /// conflict at the API does; what was unresolved is sent again.
    ///
    /// `conflicts` are the rows of whom the API said that they are there with other data.
    pub(super) fn new(settings: &SendSettings, run: &RunEntry, before: &Totals, conflicts: u64) -> Self {
        let mut stops = run.events.iter().rev().filter_map(|event| event.reason.as_deref());
        // A look-up sends nobody, and so it does not lift the brake.
        let stopped = stops.find(|reason| *reason != LOOKED_UP) == Some(CANARY);
        Self {
            failed_before: stopped && settings.canary > 0,
            ..Self::with(settings.max_failures, settings.canary, before, conflicts)
        }
    }

    /// No brake at all.
    pub(super) fn unlimited() -> Self {
        Self::with(None, 0, &Totals::default(), 0)
    }

    fn with(threshold: Option<Threshold>, canary: u64, before: &Totals, conflicts: u64) -> Self {
        let failed = before.of(RowState::Refused) + conflicts;
        let answered = failed + before.count(RowState::is_at_api);
        Self {
            threshold,
            canary: canary.saturating_sub(answered),
            failed_before: false,
            counts: Mutex::new(Counts { answered, failed }),
        }
    }

    /// How many rows are to be sent alone before the others.
    pub(super) fn canary(&self) -> u64 {
        self.canary
    }

    /// Counts a row that was sent and is now in this state; gives the brake that it trips.
    pub(super) fn count(&self, state: RowState) -> Option<Braked> {
        let failed = matches!(state, RowState::Refused | RowState::Conflict | RowState::Unresolved);
        if !failed && !state.is_at_api() {
            return None;
        }
        {
            let mut counts = self.counts.lock().ok()?;
            counts.answered += 1;
            counts.failed += u64::from(failed);
        }
        self.judge()
    }

    /// The brake that the rows so far trip.
    pub(super) fn judge(&self) -> Option<Braked> {
        let Counts { answered, failed } = *self.counts.lock().ok()?;
        let judged = match self.threshold? {
            Threshold::Count(_) => true,
            Threshold::Percent(_) => answered >= JUDGED_ANSWERS,
        };
        let limit = most(self.threshold?, answered);
        (judged && failed > limit).then_some(Braked::Failures {
            failures: failed,
            answered,
            limit,
        })
    }

    /// Holds the canary of an earlier process against the run again.
    pub(super) fn judge_canary_again(&self) -> Option<Braked> {
        self.failed_before.then(|| self.judge_canary()).flatten()
    }

    /// Judges the canary once all of its rows are answered; `None` if the others may follow.
    pub(super) fn judge_canary(&self) -> Option<Braked> {
        let Counts { answered, failed } = *self.counts.lock().ok()?;
        (failed > answered / CANARY_TOLERANCE).then_some(Braked::Canary {
            failures: failed,
            rows: answered,
        })
    }
}

/// Asks a run to stop when its time is over. Dropped, it asks no more.
#[derive(Debug)]
pub(super) struct Deadline {
    over: Arc<AtomicBool>,
    timer: Option<AbortHandle>,
}

impl Deadline {
    /// Starts to count; `None` never ends.
    pub(super) fn start(runtime: &Runtime, after: Option<Duration>, stop: &Stop) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let timer = after.map(|after| {
            let (over, stop) = (Arc::clone(&over), stop.clone());
            let task = async move {
                tokio::time::sleep(after).await;
                over.store(true, Ordering::Release);
                stop.request();
            };
            runtime.spawn(task).abort_handle()
        });
        Self { over, timer }
    }

    /// Whether it asked the run to stop.
    pub(super) fn is_over(&self) -> bool {
        self.over.load(Ordering::Acquire)
    }
}

impl Drop for Deadline {
    fn drop(&mut self) {
        if let Some(timer) = &self.timer {
            timer.abort();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn totals(states: &[(RowState, u64)]) -> Totals {
        let mut totals = Totals::default();
        for (state, count) in states {
            totals.change(*state, *count);
        }
        totals
    }

    /// The limit of a brake is tight: one more than it trips it.
    #[test]
    fn rejects_up_to_the_limit_pass() {
        let check = |rejected, threshold, expected: Option<u64>| {
            let totals = totals(&[(RowState::Rejected, rejected), (RowState::Pending, 100 - rejected)]);
            let limit = rejects(&totals, threshold).map(|braked| match braked {
                Braked::Rejects { limit, .. } => limit,
                Braked::Failures { .. } | Braked::Canary { .. } => panic!("{braked:?}"),
            });
            assert_eq!(limit, expected, "{rejected} {threshold:?}");
        };
        check(10, Some(Threshold::Percent(10.0)), None);
        check(11, Some(Threshold::Percent(10.0)), Some(10));
        check(0, Some(Threshold::Count(0)), None);
        check(1, Some(Threshold::Count(0)), Some(0));
        check(100, None, None);
    }

    #[test]
    fn a_count_of_failures_trips_at_once_and_a_share_when_there_are_enough_answers() {
        use RowState::{Conflict, Created, Existing, Refused, Unresolved};
        let check = |threshold, states: &[(RowState, u64)], expected: Option<(u64, u64)>| {
            let failures = Failures::with(threshold, 0, &Totals::default(), 0);
            let mut tripped = None;
            for (state, count) in states {
                for _ in 0..*count {
                    tripped = failures.count(*state).or(tripped);
                }
            }
            let tripped = tripped.map(|braked| match braked {
                Braked::Failures { failures, limit, .. } => (failures, limit),
                Braked::Rejects { .. } | Braked::Canary { .. } => panic!("{braked:?}"),
            });
            assert_eq!(tripped, expected, "{threshold:?} {states:?}");
        };
        let (two, tenth) = (Some(Threshold::Count(2)), Some(Threshold::Percent(10.0)));
        check(two, &[(Refused, 2), (Created, 1)], None);
        check(two, &[(Refused, 1), (Conflict, 1), (Unresolved, 1)], Some((3, 2)));
        check(tenth, &[(Refused, 99)], None);
        check(tenth, &[(Refused, 100)], Some((100, 10)));
        check(tenth, &[(Created, 50), (Existing, 40), (Refused, 10)], None);
        check(tenth, &[(Created, 89), (Refused, 11)], Some((11, 10)));
        check(None, &[(Refused, 1_000)], None);
    }

    #[test]
    fn refusals_of_earlier_processes_still_count_and_what_is_sent_again_does_not() {
        let before = totals(&[
            (RowState::Refused, 2),
            (RowState::Unresolved, 9),
            (RowState::Conflict, 9),
            (RowState::Created, 30),
        ]);
        let failures = Failures::with(Some(Threshold::Count(3)), 50, &before, 1);
        assert_eq!(failures.canary(), 17);
        assert_eq!(failures.judge(), None);
        assert_eq!(failures.count(RowState::Created), None);
        assert!(failures.count(RowState::Refused).is_some());
    }

    #[test]
    fn a_canary_may_fail_in_one_row_of_ten() {
        let check = |good, bad, expected: bool| {
            let failures = Failures::with(None, 50, &Totals::default(), 0);
            for _ in 0..good {
                failures.count(RowState::Created);
            }
            for _ in 0..bad {
                failures.count(RowState::Refused);
            }
            assert_eq!(failures.judge_canary().is_some(), expected, "{good} {bad}");
        };
        check(50, 0, false);
        check(45, 5, false);
        check(44, 6, true);
        check(9, 0, false);
        check(8, 1, true);
        check(0, 50, true);
    }
}
