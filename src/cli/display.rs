//! Shows how far a command is: a bar on a terminal, a line now and then elsewhere.

use std::io::IsTerminal;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use indicatif::{HumanDuration, ProgressBar, ProgressDrawTarget, ProgressStyle};
use tokio::time::Instant;

use super::beside::Beside;
use super::diagnostics::say;
use crate::model::row_state::RowState;
use crate::pipeline::{Phase, Progress};
use crate::report::grouped;

/// Redraws on a terminal often enough to look alive.
const TICK: Duration = Duration::from_millis(200);
/// A line this often where nobody watches: a night's log stays readable.
const LINE: Duration = Duration::from_secs(30);

/// Shows progress until what it returns is dropped.
pub(super) fn show(progress: &Arc<Progress>) -> Beside {
    let progress = Arc::clone(progress);
    Beside::start("display", move |ended| {
        if std::io::stderr().is_terminal() {
            draw(&progress, ended);
        } else {
            log(&progress, ended);
        }
    })
}

fn draw(progress: &Progress, ended: &AtomicBool) {
    let bar = ProgressBar::with_draw_target(Some(0), ProgressDrawTarget::stderr());
    let spinner = ProgressStyle::with_template("{spinner} {msg}").unwrap_or_else(|_| ProgressStyle::default_spinner());
    let sending =
        ProgressStyle::with_template("[{bar:30}] {percent}% {msg}").unwrap_or_else(|_| ProgressStyle::default_bar());
    bar.set_style(spinner);
    let mut clock = Clock::new(progress);
    while !ended.load(Ordering::Acquire) {
        let seen = clock.look(progress);
        if seen.phase == Phase::Sending {
            bar.set_style(sending.clone());
            bar.set_length(seen.to_send());
            bar.set_position(seen.sent);
        }
        bar.set_message(seen.message());
        bar.tick();
        std::thread::park_timeout(TICK);
    }
    bar.finish_and_clear();
}

fn log(progress: &Progress, ended: &AtomicBool) {
    let mut clock = Clock::new(progress);
    loop {
        let begun = Instant::now();
        while begun.elapsed() < LINE && !ended.load(Ordering::Acquire) {
            // Looked at more often than said, so that the clock knows when a phase began.
            std::thread::park_timeout(TICK);
            clock.look(progress);
        }
        if ended.load(Ordering::Acquire) {
            return;
        }
        let seen = clock.look(progress);
        say(&format!("{}\n", seen.message()));
    }
}

/// Remembers when each phase began, for rates.
struct Clock {
    phase: Phase,
    since: Instant,
}

/// What there is to show at one moment.
struct Seen {
    phase: Phase,
    elapsed: Duration,
    checked: u64,
    sent: u64,
    open: u64,
    created: u64,
    attention: u64,
}

impl Clock {
    fn new(progress: &Progress) -> Self {
        Self {
            phase: progress.phase(),
            since: Instant::now(),
        }
    }

    fn look(&mut self, progress: &Progress) -> Seen {
        let phase = progress.phase();
        if phase != self.phase {
            *self = Self {
                phase,
                since: Instant::now(),
            };
        }
        let totals = progress.totals();
        Seen {
            phase,
            elapsed: self.since.elapsed(),
            checked: progress.checked(),
            sent: progress.sent(),
            open: totals.count(RowState::is_open),
            created: totals.of(RowState::Created),
            attention: totals.count(RowState::needs_attention),
        }
    }
}

impl Seen {
    fn to_send(&self) -> u64 {
        self.sent + self.open
    }

    fn message(&self) -> String {
        match self.phase {
            Phase::Identifying => "reading the sources".to_owned(),
            Phase::Checking => format!(
                "checked {} records, {}/s",
                grouped(self.checked),
                grouped(self.rate(self.checked))
            ),
            Phase::Sending => {
                let rate = self.rate(self.sent);
                let left = self.open.checked_div(rate).map(Duration::from_secs);
                let left = left.map_or_else(|| "?".to_owned(), |left| HumanDuration(left).to_string());
                format!(
                    "sent {} of {}, {}/s, {left} left; {} created, {} to fix",
                    grouped(self.sent),
                    grouped(self.to_send()),
                    grouped(rate),
                    grouped(self.created),
                    grouped(self.attention)
                )
            }
            Phase::Balancing => "adding up".to_owned(),
        }
    }

    /// Whole things a second since the phase began.
    fn rate(&self, count: u64) -> u64 {
        let milliseconds = u64::try_from(self.elapsed.as_millis()).unwrap_or(u64::MAX).max(1);
        count.saturating_mul(1000) / milliseconds
    }
}
