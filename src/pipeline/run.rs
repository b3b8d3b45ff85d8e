//! The main job, from files to a balanced ledger.

use std::sync::Arc;

use tokio::runtime::Runtime;

use super::brake::{self, Braked, Deadline, Failures};
use super::check::Checker;
use super::correct::{Corrections, Corrects};
use super::error::PipelineError;
use super::identity::{ABANDONED, describe, known_run, named_run, refuse_other_target};
use super::inputs::Inputs;
use super::outset::Outset;
use super::progress::{Phase, Progress};
use super::retry::Retry;
use crate::config::settings::Settings;
use crate::ledger::{Balance, Ledger, LedgerError, NewRun, Reader, RunEntry};
use crate::model::row_state::RowState;
use crate::normalize::Normalizer;
use crate::read::ReadError;
use crate::send::{RunStop, Sender, Stop};

/// What is to be done with the rows of a run.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Aim {
    /// Create their customers.
    #[default]
    Create,
    /// Look which of their customers the API has, and create nobody: for a ledger that was lost.
    LookUp,
}

/// What a run needs beside its sources.
#[derive(Debug)]
pub struct RunRequest<'a> {
    /// The settings.
    pub settings: &'a Settings,
    /// What is to be done with the rows.
    pub aim: Aim,
    /// The run whose records are corrected by these.
    pub corrects: Option<Corrects>,
    /// The run that is taken up by its number, and not by its sources.
    pub retry: Option<Retry>,
    /// What the ledger calls the API: its base URL, or the sandbox.
    pub target: String,
    /// Where the asynchronous part runs.
    pub runtime: &'a Runtime,
    /// Set by whoever wants the run to stop.
    pub stop: Stop,
    /// Where the run says how far it is.
    pub progress: Arc<Progress>,
}

/// How a run ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum RunEnd {
    /// An earlier invocation had done everything.
    NothingToDo,
    /// Every row has its outcome.
    Finished,
    /// Too many rows went wrong.
    Braked(Braked),
    /// The service stopped it.
    Stopped(RunStop),
    /// Every row was looked for, and so many of their customers the API does not have.
    Absent(u64),
    /// Its time was over.
    Deadline,
    /// Somebody asked it to stop.
    Interrupted,
}

/// A run that came to an end of some kind.
#[derive(Clone, Debug)]
pub struct Ran {
    /// Number of the run.
    pub run_id: i64,
    /// Whether an earlier invocation had begun it.
    pub resumed: bool,
    /// How it ended.
    pub end: RunEnd,
    /// Whether records and rows add up.
    pub adds_up: bool,
    /// HTTP requests of this process.
    pub requests: u64,
}

/// Runs the main job. The same sources with the same settings go on with the run that they began.
///
/// Must not be called from within the asynchronous runtime: it blocks.
pub fn run(inputs: &Inputs, request: &RunRequest<'_>) -> Result<Ran, PipelineError> {
    let settings = request.settings;
    let deadline = Deadline::start(request.runtime, settings.send.run_deadline, &request.stop);
    request.progress.enter(Phase::Identifying);
    let sender = Sender::new(&settings.api, &settings.send)?;
    request.progress.watch(&sender);
    // The lock first: a second process is refused before it reads a night's files.
    let ledger = Arc::new(Ledger::open(&settings.ledger_path)?);
    request
        .progress
        .note(&settings.ledger_path.display().to_string(), ledger.notices());
    let new = describe(inputs, request)?;
    let job = Job::take_up(inputs, request, &ledger, &sender, &new)?;
    match job.proceed(&deadline) {
        // Nothing was sent for a plan that did not come to its end, so another can be made.
        Err(PipelineError::PlanVoid) => Job::take_up(inputs, request, &ledger, &sender, &new)?.proceed(&deadline),
        ran => ran,
    }
}

/// The rules of a run: its own namespace and day, so that every pass derives the same ids.
pub(super) fn checker(settings: &Settings, run: &RunEntry) -> Result<Checker, PipelineError> {
    let mut rules = settings.clone();
    rules.api.namespace = run.namespace;
    let damaged = |_| LedgerError::Damaged(format!("run {} has no day", run.run_id));
    let today = run.today.parse().map_err(damaged)?;
    Checker::new(Normalizer::new(&rules, today)?, &settings.input)
}

/// A run at work, with everything that its passes use. Each pass is in a file of its own: `plan` and `deliver`.
pub(super) struct Job<'a> {
    pub(super) request: &'a RunRequest<'a>,
    pub(super) inputs: &'a Inputs,
    pub(super) ledger: Arc<Ledger>,
    pub(super) reader: Reader,
    pub(super) checker: Checker,
    pub(super) sender: Sender,
    /// The run as it was when this process took it up.
    pub(super) run: RunEntry,
    /// What its records correct; `None` where they correct nothing, or the plan already says so.
    pub(super) corrections: Option<Corrections>,
    /// Whether an earlier process had begun it.
    resumed: bool,
}

impl<'a> Job<'a> {
    /// Finds the run that the same sources and settings began, or begins one.
    fn take_up(
        inputs: &'a Inputs,
        request: &'a RunRequest<'a>,
        ledger: &Arc<Ledger>,
        sender: &Sender,
        new: &NewRun,
    ) -> Result<Self, PipelineError> {
        let reader = Reader::open(ledger.path())?;
        refuse_other_target(&reader, new)?;
        let known = match request.retry {
            Some(retry) => Some(named_run(&reader, retry, new, request.settings)?),
            None => known_run(&reader, new)?,
        };
        let resumed = known.is_some();
        let is_planned = known.as_ref().is_some_and(RunEntry::is_planned);
        let corrections = match &request.corrects {
            Some(asked) if !is_planned => {
                // A run that was begun was not begun before its other changes were accepted.
                let accept = asked.accept_other_changes || resumed;
                let world = (request.settings, &request.stop);
                Some(Corrections::read(inputs, asked, &reader, world, accept)?)
            }
            Some(_) | None => None,
        };
        let run_id = match known {
            Some(run) => run.run_id,
            None => ledger.begin_run(new.clone())?.0,
        };
        let run = reader.run(run_id)?.ok_or(PipelineError::Worker)?;
        request.progress.begin(&run, resumed);
        Ok(Self {
            request,
            inputs,
            ledger: Arc::clone(ledger),
            checker: checker(request.settings, &run)?,
            sender: sender.clone(),
            reader,
            run,
            corrections,
            resumed,
        })
    }

    /// Brings the run to an end of some kind.
    fn proceed(&self, deadline: &Deadline) -> Result<Ran, PipelineError> {
        if self.request.retry.is_some_and(|retry| retry.refused) {
            self.open_refused()?;
        }
        let outset = self.outset()?;
        self.request.progress.set_totals(outset.totals);
        if self.run.is_finished() && outset.totals.count(RowState::is_open) == 0 {
            return Ok(self.ran(RunEnd::NothingToDo, &Balance::with(outset.totals, &self.run)));
        }
        self.ledger.run_event(self.run.run_id, "started", None)?;
        let mut end = self.work(outset)?;
        if end == RunEnd::Interrupted && deadline.is_over() {
            end = RunEnd::Deadline;
        }
        self.close(end)
    }

    /// Plans what is not planned, holds the brake against it, and sends what is open.
    fn work(&self, mut outset: Outset) -> Result<RunEnd, PipelineError> {
        let RunRequest {
            settings,
            stop,
            progress,
            ..
        } = self.request;
        if !self.run.is_planned() {
            progress.enter(Phase::Checking);
            let planned = self.plan();
            if let Err(PipelineError::PlanVoid | PipelineError::Read(ReadError::Changed { .. })) = planned {
                self.ledger
                    .run_event(self.run.run_id, ABANDONED, Some("source.changed".to_owned()))?;
            }
            if !planned? {
                return Ok(RunEnd::Interrupted);
            }
            self.ledger.run_event(self.run.run_id, "planned", None)?;
            outset = self.outset()?;
        }
        let failures = match self.request.aim {
            Aim::Create => Failures::new(&settings.send, &self.run, &progress.totals(), outset.conflicts),
            // Whoever creates nobody needs no brake.
            Aim::LookUp => Failures::unlimited(),
        };
        let rejected = brake::rejects(&progress.totals(), settings.input.max_rejects);
        // It is for the moment before anything is sent: whoever let the first row go has decided.
        let has_sent = progress.totals().count(RowState::was_sent) > 0;
        let rejected = rejected.filter(|_| self.request.aim == Aim::Create && !has_sent);
        if let Some(braked) = rejected
            .or_else(|| failures.judge_canary_again())
            .or_else(|| failures.judge())
        {
            return Ok(RunEnd::Braked(braked));
        }
        progress.enter(Phase::Sending);
        let ended = self.deliver(failures, &outset.sources)?;
        let unasked = if stop.is_requested() {
            RunEnd::Interrupted
        } else {
            RunEnd::Finished
        };
        Ok(ended.unwrap_or(unasked))
    }

    /// Where its rows stand now.
    fn outset(&self) -> Result<Outset, PipelineError> {
        Outset::of(self.ledger.path(), &self.reader, &self.run, self.checker.threads())
    }

    /// Writes down how the run ended. A run that has nothing left to send is finished, whoever asked it to stop.
    fn close(&self, end: RunEnd) -> Result<Ran, PipelineError> {
        self.request.progress.enter(Phase::Balancing);
        let run = self.reader.run(self.run.run_id)?.ok_or(PipelineError::Worker)?;
        let balance = Balance::with(self.outset()?.totals, &run);
        let done = run.is_planned() && balance.complete && balance.is_settled();
        let absent = balance.totals.count(|state| !RowState::may_end(state));
        let end = match (end, self.request.aim) {
            (RunEnd::Finished, Aim::LookUp) if absent > 0 => RunEnd::Absent(absent),
            (end, _) => end,
        };
        let asked_for_less = matches!(end, RunEnd::Interrupted | RunEnd::Deadline | RunEnd::Braked(_));
        let end = if done && asked_for_less { RunEnd::Finished } else { end };
        let (kind, reason) = match &end {
            RunEnd::NothingToDo => return Ok(self.ran(end, &balance)),
            RunEnd::Finished => ("finished", None),
            RunEnd::Braked(braked) => ("stopped", Some(braked.code().to_owned())),
            RunEnd::Stopped(stop) => ("stopped", Some(stop.code().to_owned())),
            RunEnd::Absent(_) => ("stopped", Some(brake::LOOKED_UP.to_owned())),
            RunEnd::Deadline => ("stopped", Some("run.deadline".to_owned())),
            RunEnd::Interrupted => ("stopped", Some("interrupted".to_owned())),
        };
        self.ledger.run_event(run.run_id, kind, reason)?;
        Ok(self.ran(end, &balance))
    }

    fn ran(&self, end: RunEnd, balance: &Balance) -> Ran {
        Ran {
            run_id: self.run.run_id,
            resumed: self.resumed,
            adds_up: balance.adds_up() && (balance.is_settled() || end != RunEnd::Finished),
            end,
            requests: self.sender.counters().requests,
        }
    }
}
