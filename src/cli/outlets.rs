//! Where a run is told to others while it works: events on standard output, OpenMetrics at an address and in a file.
//!
//! One thread looks at the run now and then, as the display does. The file and the port are tried before anything is read
//! or sent: figures that nobody gets are noticed in the evening and not in the morning. Once the run works, nothing here
//! stops it: a file that can no longer be written is warned of, once.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};
use std::thread::JoinHandle;
use std::time::Duration;

use anyhow::Result;
use serde_json::{Value, json};

use super::args::Format;
use super::args::operator::MetricsArgs;
use super::commands::print_json;
use super::diagnostics::{exit_of, say};
use super::events::{Teller, event};
use super::exit::Exit;
use crate::clock;
use crate::metrics::{Finished, Latencies, Listener, Snapshot, Source, Textfile};
use crate::pipeline::{Happening, Phase, Progress};
use crate::send::{ANSWERS, LATENCY_BOUNDS};

/// Between two looks: what happened is told as good as at once.
const LOOK: Duration = Duration::from_millis(200);
/// Between two writings of the file: node_exporter is asked every 15 seconds or more rarely.
const FILE_EVERY_MS: i64 = 10_000;

/// Everything that is told of one run.
#[derive(Debug)]
pub(super) struct Outlets {
    /// Where the run says how far it is.
    pub(super) progress: Arc<Progress>,
    has_events: bool,
    file: Arc<Option<Textfile>>,
    listener: Option<Listener>,
    done: Arc<AtomicBool>,
    thread: Mutex<Option<JoinHandle<()>>>,
}

impl Outlets {
    /// Takes port and file, and begins to tell.
    pub(super) fn open(args: &MetricsArgs, format: Format) -> Result<Self> {
        let progress = Arc::new(Progress::default());
        let file = match &args.metrics_file {
            Some(path) => Some(Textfile::open(path, &snapshot(&progress))?),
            None => None,
        };
        let seen = Arc::clone(&progress);
        let source: Source = Arc::new(move || snapshot(&seen));
        let listen = |address| Listener::start(address, source);
        let listener = args.metrics_listen.map(listen).transpose()?;
        if let Some(listener) = &listener {
            say(&format!("metrics: http://{}/metrics\n", listener.address()));
        }
        let outlets = Self {
            progress,
            has_events: format == Format::Json,
            file: Arc::new(file),
            listener,
            done: Arc::default(),
            thread: Mutex::default(),
        };
        outlets.watch();
        Ok(outlets)
    }

    fn watch(&self) {
        let (progress, done, file) = (
            Arc::clone(&self.progress),
            Arc::clone(&self.done),
            Arc::clone(&self.file),
        );
        if !self.has_events && file.is_none() {
            return;
        }
        let has_events = self.has_events;
        let watch = move || {
            let mut teller = Teller::default();
            let mut written_ms = clock::now_ms();
            let mut is_written = true;
            loop {
                // Asked before the look, so that the last look sees everything.
                let is_over = done.load(Ordering::Acquire);
                let now_ms = clock::now_ms();
                if has_events {
                    tell(&teller.look(&progress, now_ms));
                }
                // Also where the clock was set back.
                if (now_ms - written_ms).abs() >= FILE_EVERY_MS {
                    written_ms = now_ms;
                    is_written = write(file.as_ref().as_ref(), &snapshot(&progress), is_written);
                }
                if is_over {
                    return;
                }
                std::thread::park_timeout(LOOK);
            }
        };
        if let (Ok(thread), Ok(mut place)) = (
            std::thread::Builder::new().name("outlets".to_owned()).spawn(watch),
            self.thread.lock(),
        ) {
            *place = Some(thread);
        }
    }

    /// Tells what is left to be told. The result comes after this.
    pub(super) fn settle(&self) {
        self.done.store(true, Ordering::Release);
        let thread = self.thread.lock().ok().and_then(|mut thread| thread.take());
        if let Some(thread) = thread {
            thread.thread().unpark();
            // One that panicked has nothing to say any more.
            drop(thread.join());
        }
    }

    /// Tells how it ended, whether with a result or an error.
    pub(super) fn close(self, done: Result<Exit>) -> Result<Exit> {
        self.settle();
        let exit = done.as_ref().map_or_else(exit_of, |exit| *exit);
        if let (true, Err(error)) = (self.has_events, &done) {
            let now_ms = clock::now_ms();
            tell(&[event(
                "failed",
                now_ms,
                json!({ "exit_code": exit.code(), "message": error.to_string() }),
            )]);
        }
        let finished = Finished {
            at_seconds: clock::now_ms() / 1_000,
            exit_code: exit.code(),
        };
        let snapshot = Snapshot {
            finished: Some(finished),
            phases: phases(None),
            in_flight: 0,
            is_paused: false,
            ..snapshot(&self.progress)
        };
        write(self.file.as_ref().as_ref(), &snapshot, true);
        drop(self.listener);
        done
    }
}

/// Where nobody takes the events any more, the run goes on all the same; its result says what became of it.
fn tell(events: &[Value]) {
    for event in events {
        drop(print_json(event));
    }
}

/// Writes the file; warns where it could be written before.
fn write(file: Option<&Textfile>, snapshot: &Snapshot, was_written: bool) -> bool {
    let Some(Err(error)) = file.map(|file| file.write(snapshot)) else {
        return true;
    };
    if was_written {
        tracing::warn!(error = %error, "metrics are not up to date");
    }
    false
}

/// Every phase, and whether it is this one.
fn phases(now: Option<Phase>) -> Vec<(&'static str, bool)> {
    Phase::ALL.map(|phase| (phase.word(), now == Some(phase))).to_vec()
}

/// A run's figures.
fn snapshot(progress: &Progress) -> Snapshot {
    let live = progress.live();
    let counters = live.map(|live| live.counters).unwrap_or_default();
    let answers = live.map(|live| live.answers).unwrap_or_default();
    let latencies = live.map(|live| live.latencies).unwrap_or_default();
    let bounds = LATENCY_BOUNDS.into_iter().chain([f64::INFINITY]);
    let (mut run_id, mut phase, mut since_ms) = (None, None, 0);
    for (at_ms, happening) in progress.happenings(0) {
        match happening {
            Happening::Entered(entered, _) => (phase, since_ms) = (Some(entered), at_ms),
            Happening::Begun(begun) => run_id = Some(begun.run_id),
        }
    }
    let turns = live.map_or(0, |live| live.turns);
    Snapshot {
        version: env!("CARGO_PKG_VERSION"),
        run_id,
        phases: phases(phase),
        totals: progress.totals(),
        checked: progress.checked(),
        outcomes: progress.sent(),
        outcomes_per_second: if phase == Some(Phase::Sending) {
            rate(progress.sent(), clock::now_ms() - since_ms)
        } else {
            0.0
        },
        answers: ANSWERS.into_iter().zip(answers).collect(),
        token_requests: counters.token_requests,
        retries: counters.retries,
        pauses: turns.div_ceil(2),
        is_paused: live.is_some_and(|live| live.is_paused()),
        in_flight: live.map_or(0, |live| live.in_flight),
        latencies: Latencies {
            counts: bounds.zip(latencies.counts).collect(),
            sum_seconds: latencies.sum_seconds,
        },
        finished: None,
    }
}

/// So many in a second, to a tenth.
fn rate(count: u64, milliseconds: i64) -> f64 {
    let milliseconds = u64::try_from(milliseconds).unwrap_or_default().max(1);
    let tenths = u32::try_from(count.saturating_mul(10_000) / milliseconds).unwrap_or(u32::MAX);
    f64::from(tenths) / 10.0
}
