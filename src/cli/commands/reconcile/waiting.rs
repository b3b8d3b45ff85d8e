//! Says on standard error that a comparison with the API goes on, and that it waits while the service is down: since when,
//! and what can be done.
//!
//! It only looks; how long is waited is the sender's to decide.

use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::Duration;

use indicatif::HumanDuration;
use tokio::time::Instant;

use crate::cli::beside::Beside;
use crate::cli::diagnostics::say;
use crate::clock::{now_ms, rfc3339};
use crate::pipeline::CompareProgress;
use crate::report::{counted, grouped};

/// How often it looks: nobody who watches waits longer to be told.
const LOOK: Duration = Duration::from_millis(200);
/// How often the same is said again: a night's log stays readable.
const LINE: Duration = Duration::from_secs(30);

/// Tells until what it returns is dropped; the service is waited for so long.
pub(super) fn watch(progress: &Arc<CompareProgress>, give_up_after: Duration) -> Beside {
    let progress = Arc::clone(progress);
    Beside::start("waiting", move |ended| {
        let mut teller = Teller::new(give_up_after);
        let mut said = Instant::now();
        loop {
            // Asked before the look, so that the last look sees everything.
            let is_over = ended.load(Ordering::Acquire);
            let again = said.elapsed() >= LINE;
            if let Some(line) = teller.look(&Look::at(&progress), again) {
                said = Instant::now();
                say(&line);
            }
            if is_over {
                return;
            }
            std::thread::park_timeout(LOOK);
        }
    })
}

/// What there is to say at one moment.
struct Look {
    now_ms: i64,
    is_paused: bool,
    pages: u64,
    rows: u64,
    observed: u64,
}

impl Look {
    fn at(progress: &CompareProgress) -> Self {
        Self {
            now_ms: now_ms(),
            is_paused: progress.is_paused(),
            pages: progress.pages(),
            rows: progress.rows(),
            observed: progress.observed(),
        }
    }
}

/// Remembers since when it waits.
struct Teller {
    give_up_after: Duration,
    since_ms: Option<i64>,
}

impl Teller {
    fn new(give_up_after: Duration) -> Self {
        Self {
            give_up_after,
            since_ms: None,
        }
    }

    /// A line where something has changed, or is to be said `again`.
    fn look(&mut self, look: &Look, again: bool) -> Option<String> {
        match (self.since_ms, look.is_paused) {
            (None, true) => {
                self.since_ms = Some(look.now_ms);
                let give_up = HumanDuration(self.give_up_after);
                Some(format!(
                    "the service takes no requests: waiting for it since {}, up to {give_up} (send.give-up-after)\n\
                     hint: nothing is to be done; Ctrl-C stops, and the same command goes on later\n",
                    rfc3339(look.now_ms)
                ))
            }
            (Some(since_ms), true) => {
                again.then(|| format!("still waiting for the service, since {}\n", rfc3339(since_ms)))
            }
            (Some(_), false) => {
                self.since_ms = None;
                Some("the service takes requests again\n".to_owned())
            }
            (None, false) => again.then(|| {
                format!(
                    "asking the API: {} of its list, {} of {}\n",
                    counted(look.pages, "page"),
                    grouped(look.observed),
                    counted(look.rows, "customer")
                )
            }),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn waiting_is_said_once_again_and_when_it_is_over() {
        let mut teller = Teller::new(Duration::from_secs(900));
        let mut look = |seconds: i64, is_paused, again| {
            let look = Look {
                now_ms: seconds * 1000,
                is_paused,
                pages: 1,
                rows: 2000,
                observed: 17,
            };
            teller.look(&look, again).unwrap_or_default()
        };
        assert_eq!(look(0, false, false), "");
        assert_eq!(
            look(30, false, true),
            "asking the API: 1 page of its list, 17 of 2,000 customers\n"
        );
        let begins = "the service takes no requests: waiting for it since 1970-01-01T00:00:31Z, up to 15 minutes (send.give-up-after)\n";
        let said = look(31, true, false);
        assert!(said.starts_with(begins) && said.contains("hint: "), "{said}");
        assert_eq!(look(32, true, false), "");
        assert_eq!(
            look(61, true, true),
            "still waiting for the service, since 1970-01-01T00:00:31Z\n"
        );
        assert_eq!(look(62, false, false), "the service takes requests again\n");
        assert_eq!(look(63, false, false), "");
        assert!(look(64, true, false).contains("since 1970-01-01T00:01:04Z"));
    }
}
