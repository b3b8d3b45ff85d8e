//! A process: what the pipeline's second pass does with the sender and the ledger, without its files.
//!
//! Rows are claimed before they are sent, and their outcomes count once the ledger has them. A process dies by being
//! dropped, at any moment; what is on its way then goes on. It deliberately judges nothing.

use std::sync::Arc;
use std::time::Duration;

use rollcall::model::row::RowKey;
use rollcall::model::row_state::{RowEvent, RowState};
use rollcall::send::{RunStop, Sender, Sent, Stop};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio::task::JoinSet;
use tokio::time::{sleep, timeout};

use crate::bugs::Bug;
use crate::case::{Case, api};
use crate::judge::{self, Rule};
use crate::wire::Simulated;
use crate::world::World;

/// Rows under way for each request that may be on the wire.
const ROWS_PER_PERMIT: usize = 3;
/// A life that is longer has no end.
const LONGEST_RUN: Duration = Duration::from_secs(48 * 3_600);

/// How a life is to end, if not by itself.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Death {
    pub(crate) killed_after: Option<Duration>,
    pub(crate) asked_to_stop_after: Option<Duration>,
}

/// How it ended.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum End {
    Finished,
    Stopped(RunStop),
    Asked,
    Killed,
}

struct Crew {
    world: Arc<World>,
    sender: Sender,
    stop: Stop,
    commit: Duration,
    bug: Option<Bug>,
    stopped: std::sync::Mutex<Option<RunStop>>,
}

/// Lives once.
pub(crate) async fn live(world: &Arc<World>, case: &Case, death: Death, bug: Option<Bug>) -> End {
    let mut send = case.send.clone();
    if bug == Some(Bug::IgnoresTheLimit) {
        send.rate_per_second = None;
    }
    let wire = Simulated::new(world, &send, bug);
    let crew = Arc::new(Crew {
        world: Arc::clone(world),
        sender: Sender::over(Arc::new(wire), &api(), &send).unwrap(),
        stop: Stop::new(),
        commit: case.commit,
        bug,
        stopped: std::sync::Mutex::default(),
    });
    world.inner().life += 1;
    world.note(None, || format!("a process starts: {death:?}"));
    let asked = async {
        match death.asked_to_stop_after {
            Some(after) => sleep(after).await,
            None => std::future::pending().await,
        }
        crew.stop.request();
        std::future::pending::<()>().await;
    };
    let killed = async {
        match death.killed_after {
            Some(after) => sleep(after).await,
            None => std::future::pending().await,
        }
    };
    let end = tokio::select! {
        biased;
        () = killed => End::Killed,
        () = asked => End::Asked,
        worked = timeout(LONGEST_RUN, crew.send_all(case)) => {
            if worked.is_err() {
                world.breach(Rule::Ends, None, format!("a run did not end within {LONGEST_RUN:?}"));
            }
            crew.end()
        }
    };
    // The dropped tasks are gone before anything else happens.
    while Arc::strong_count(&crew) > 1 {
        tokio::task::yield_now().await;
    }
    world.note(None, || format!("the process ends: {end:?}"));
    judge::end(world, &end);
    end
}

impl Crew {
    fn end(&self) -> End {
        match self.stopped.lock().unwrap().take() {
            Some(stop) => End::Stopped(stop),
            None if self.stop.is_requested() => End::Asked,
            None => End::Finished,
        }
    }

    async fn send_all(self: &Arc<Self>, case: &Case) {
        let slots = Arc::new(Semaphore::new(case.send.max_in_flight * ROWS_PER_PERMIT));
        let mut under_way = JoinSet::new();
        for row in 0..self.world.rows.len() {
            if !self.world.inner().ledger.state(row).is_open() {
                continue;
            }
            if !case.pace.is_zero() {
                sleep(self.world.draw(case.pace)).await;
            }
            let slot = tokio::select! {
                biased;
                () = self.stop.requested() => break,
                slot = Arc::clone(&slots).acquire_owned() => slot.unwrap(),
            };
            self.commit().await;
            let in_doubt = if self.bug == Some(Bug::ForgetsTheClaim) {
                false
            } else {
                self.claim(row)
            };
            under_way.spawn(Arc::clone(self).send_row(row, in_doubt, slot));
            while under_way.try_join_next().is_some() {}
        }
        while let Some(done) = under_way.join_next().await {
            done.unwrap();
        }
    }

    /// The time that the ledger takes.
    async fn commit(&self) {
        if !self.commit.is_zero() {
            sleep(self.world.draw(self.commit)).await;
        }
    }

    /// Claims a row and says whether it may have been sent before.
    fn claim(&self, row: usize) -> bool {
        let before = self.world.inner().ledger.state(row);
        judge::event(&self.world, row, RowEvent::Claimed);
        before.is_in_doubt()
    }

    async fn send_row(self: Arc<Self>, row: usize, in_doubt: bool, slot: OwnedSemaphorePermit) {
        let key = RowKey {
            input: 1,
            record: row as u64 + 1,
        };
        let customer = &self.world.rows[row];
        let sent = if in_doubt {
            self.sender.send_again(key, customer, &self.stop).await
        } else {
            self.sender.send(key, customer, &self.stop).await
        };
        let event = self.event_of(sent, in_doubt);
        if let Some(event) = event {
            if self.bug == Some(Bug::LosesAnOutcome) {
                judge::show(&self.world, row, event);
            }
            self.commit().await;
            if self.bug == Some(Bug::ForgetsTheClaim) {
                self.claim(row);
            }
            judge::event(&self.world, row, event);
            judge::show(&self.world, row, event);
        }
        drop(slot);
    }

    fn event_of(&self, sent: Result<Sent, RunStop>, in_doubt: bool) -> Option<RowEvent> {
        let careless = self.bug == Some(Bug::ReleasesWhatItSent);
        match sent {
            Ok(Sent::Outcome(outcome)) => Some(outcome.event),
            Ok(Sent::NotAttempted) => (!in_doubt).then_some(RowEvent::Released),
            Ok(Sent::InDoubt { .. }) if careless => Some(RowEvent::Released),
            Ok(Sent::InDoubt { .. } | Sent::Absent { .. }) => Some(RowEvent::Attempted),
            Err(run_stop) => {
                let release = careless || (!run_stop.in_doubt && !in_doubt);
                self.stopped.lock().unwrap().get_or_insert(run_stop);
                self.stop.request();
                release.then_some(RowEvent::Released)
            }
        }
    }
}

/// Whether every row of a ledger may stand in a finished run.
pub(crate) fn all_may_end(states: &[RowState]) -> bool {
    states.iter().all(|state| state.may_end())
}
