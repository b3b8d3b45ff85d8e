//! What waits for the writer, and when it is worth a commit.
//!
//! A commit costs as much for one row as for a hundred, and to wake a thread costs more than to write a row. So claims and
//! outcomes wait for each other: until they are a third of the rows that are claimed, and never longer than
//! [`LONGEST_WAIT`]. Three times as many rows are claimed as may be on the wire, so nothing on the wire is held up by it.
//! Everything else is written as it comes.
//!
//! It has no bound of its own: whoever plans or sends waits for answers, and has only so many to wait for.

use std::fmt;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use super::Command;

/// Longest that a claim or an outcome waits for company: forty commits a second at most, where rows come one by one.
const LONGEST_WAIT: Duration = Duration::from_millis(25);
/// So many times the rows that wait must be the rows that are claimed, for a commit to be worth it.
const WAITING_SHARE: usize = 3;

/// Commands in the order in which they came. One thread takes them.
#[derive(Default)]
pub(super) struct Queue {
    waiting: Mutex<Waiting>,
    changed: Condvar,
}

#[derive(Default)]
struct Waiting {
    commands: Vec<Command>,
    /// Rows on their way to the API that the commands are about.
    rows: usize,
    /// Whether one of them is not to wait.
    urgent: bool,
    /// Rows that are claimed on disk.
    claimed: usize,
    end: Option<End>,
}

/// Leaves the commands out: they hold what is not for logs.
impl fmt::Debug for Queue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Queue").finish_non_exhaustive()
    }
}

/// Why nothing goes on.
#[derive(Clone, Copy, PartialEq, Eq)]
enum End {
    /// Nobody will ask any more.
    Asking,
    /// Nobody will answer any more.
    Answering,
}

impl Queue {
    /// Adds a command; `false` if nobody will answer it.
    pub(super) fn ask(&self, command: Command) -> bool {
        let mut waiting = self.lock();
        if waiting.end.is_some() {
            return false;
        }
        let (was_empty, was_ripe) = (waiting.commands.is_empty(), waiting.is_ripe());
        match sends(&command) {
            Some(rows) => waiting.rows += rows,
            None => waiting.urgent = true,
        }
        waiting.commands.push(command);
        // The thread is woken to begin to wait, and when it need not wait any longer.
        if was_empty || (!was_ripe && waiting.is_ripe()) {
            self.changed.notify_one();
        }
        true
    }

    /// Waits for what is worth a commit while so many rows are claimed, and takes it; `None` when nobody will ask any more.
    pub(super) fn take(&self, claimed: usize) -> Option<Vec<Command>> {
        let mut waiting = self.lock();
        waiting.claimed = claimed;
        let is_idle = |waiting: &mut Waiting| waiting.commands.is_empty() && waiting.end.is_none();
        let idle = self.changed.wait_while(waiting, is_idle);
        let waiting = idle.unwrap_or_else(PoisonError::into_inner);
        let is_green = |waiting: &mut Waiting| !waiting.is_ripe() && waiting.end.is_none();
        let wait = self.changed.wait_timeout_while(waiting, LONGEST_WAIT, is_green);
        let (mut waiting, _) = wait.unwrap_or_else(PoisonError::into_inner);
        (waiting.rows, waiting.urgent) = (0, false);
        let commands = std::mem::take(&mut waiting.commands);
        (!commands.is_empty()).then_some(commands)
    }

    /// Nobody will ask any more. What was asked is still taken.
    pub(super) fn close(&self) {
        self.end(End::Asking);
    }

    /// Nobody will answer any more: whoever waits is let go.
    pub(super) fn stop(&self) {
        self.end(End::Answering);
        // Dropped outside of the lock: a caller may do anything when its answer goes.
        let left = std::mem::take(&mut self.lock().commands);
        drop(left);
    }

    fn end(&self, end: End) {
        self.lock().end.get_or_insert(end);
        self.changed.notify_one();
    }

    fn lock(&self) -> MutexGuard<'_, Waiting> {
        self.waiting.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn is_ripe(&self) -> bool {
        self.urgent || self.rows * WAITING_SHARE >= self.claimed
    }
}

/// How many rows of those on their way to the API a command is about; `None` for what does not wait for company.
fn sends(command: &Command) -> Option<usize> {
    match command {
        Command::Claim(claims, ..) => Some(claims.len()),
        Command::Outcome(..) => Some(1),
        Command::Begin(..)
        | Command::RunEvent { .. }
        | Command::Plan(..)
        | Command::EndInput(..)
        | Command::Index { .. }
        | Command::Retry(..)
        | Command::BeginComparison(..)
        | Command::Add(..) => None,
    }
}

#[cfg(test)]
mod tests {
    use tokio::sync::oneshot;
    use tokio::time::Instant;

    use super::*;
    use crate::model::outcome::Outcome;
    use crate::model::row::RowKey;
    use crate::model::row_state::RowEvent;

    fn outcome() -> Command {
        let outcome = Outcome::plain(RowKey { input: 1, record: 1 }, RowEvent::Created, 1);
        Command::Outcome(Box::new(outcome), oneshot::channel().0)
    }

    fn urgent() -> Command {
        Command::Retry(Vec::new(), oneshot::channel().0)
    }

    #[test]
    fn outcomes_are_taken_together_once_they_are_a_third_of_what_is_claimed() {
        let queue = Queue::default();
        queue.lock().claimed = 24;
        let mut ripe = Vec::new();
        for _ in 0..9 {
            assert!(queue.ask(outcome()));
            ripe.push(queue.lock().is_ripe());
        }
        assert_eq!(ripe, [false, false, false, false, false, false, false, true, true]);
        assert_eq!(queue.take(24).map(|taken| taken.len()), Some(9));
        assert!(queue.ask(outcome()));
        assert!(!queue.lock().is_ripe(), "those that were taken do not count");
    }

    #[test]
    fn what_waits_for_company_is_taken_after_a_while_and_what_does_not_at_once() {
        let queue = Queue::default();
        assert!(queue.ask(outcome()));
        let begun = Instant::now();
        assert_eq!(queue.take(1000).map(|taken| taken.len()), Some(1));
        assert!(begun.elapsed() >= LONGEST_WAIT, "it has waited for others");
        for command in [outcome(), urgent(), outcome()] {
            assert!(queue.ask(command));
        }
        assert!(queue.lock().is_ripe());
        assert_eq!(queue.take(1000).map(|taken| taken.len()), Some(3));
        assert!(queue.ask(outcome()));
        assert!(!queue.lock().is_ripe());
        // Whatever is claimed, one of it is enough where few are.
        queue.lock().claimed = 3;
        assert!(queue.lock().is_ripe());
    }

    #[test]
    fn what_was_asked_before_the_end_is_taken_and_nothing_afterwards() {
        let queue = Queue::default();
        assert!(queue.ask(outcome()));
        queue.close();
        assert!(!queue.ask(outcome()));
        assert_eq!(queue.take(1000).map(|taken| taken.len()), Some(1));
        assert!(queue.take(1000).is_none());
    }

    #[test]
    fn whoever_waits_is_let_go_when_nobody_will_answer() {
        let queue = Queue::default();
        let (answer, answered) = oneshot::channel();
        assert!(queue.ask(Command::Retry(Vec::new(), answer)));
        queue.stop();
        assert!(answered.blocking_recv().is_err());
        assert!(!queue.ask(urgent()));
    }
}
