//! The sender: everything that must be the same for all rows of a run, and the one function that sends a row.
//!
//! The permit is taken before the turn at the rate limit, so that nothing stands between a turn and its request:
//! turns that wait for permits would pile up while the service is slow, and go at once when it is not. The permit is
//! held for the request alone, never while a row backs off.
//!
//! A row that had no clear answer rests: its backoff, then its turn at the budget of retries. It rests no longer than the
//! gate stays as it was: while the run waits the gate rules, and once an outage is over nobody sleeps on. What is sent
//! again then is not charged to the budget, for the run has stood still instead.
//!
//! It deliberately has no queue or memory of rows of its own, and no task but the renewal of a token.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;
use std::time::Duration;

use tokio::time::{Instant, sleep};
use tracing::debug;

use super::answer::{Heard, hear};
use super::budget::Budget;
use super::classify::{Call, Reason, Verdict, classify};
use super::concurrency::{Concurrency, Permit};
use super::counters::{Counters, Tally};
use super::course::{Around, Course, Next, Sent};
use super::error::SendError;
use super::gate::{Asking, Gate, Pass};
use super::http::Http;
use super::quota::quota;
use super::rate_limit::{RateLimit, Turn};
use super::retry::Schedule;
use super::stop::{RunStop, Stop};
use super::token::{Bearer, Held, Standing, TokenStore};
use super::transport::Transport;
use super::wire::{Failure, Reply, Wire};
use crate::clock;
use crate::config::settings::{ApiSettings, SendSettings};
use crate::model::ids::RequestId;
use crate::model::row::{Row, RowKey};
use ended::ended;
use halt::Halt;

mod ended;
mod halt;
mod live;
mod meter;
mod probe;
mod reading;
mod renewal;

pub use live::Live;
use meter::Meter;
pub use meter::{ANSWERS, LATENCY_BOUNDS, Latencies};
pub use probe::{Looked, Probed, Said};

/// Sends rows. Clones share everything: one limit, one token, one gate.
#[derive(Clone)]
pub struct Sender(Arc<Shared>);

struct Shared {
    gate: Gate,
    concurrency: Concurrency,
    budget: Budget,
    limit: RateLimit,
    tokens: TokenStore,
    transport: Transport,
    schedule: Schedule,
    max_attempts: u32,
    row_deadline: Duration,
    tally: Tally,
    meter: Meter,
}

/// Everything that an attempt needs.
struct Ready<'shared> {
    pass: Pass<'shared>,
    permit: Permit<'shared>,
    bearer: Arc<Bearer>,
    turn: Option<Turn>,
}

/// Leaves everything out: a sender holds credentials.
impl fmt::Debug for Sender {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Sender").finish_non_exhaustive()
    }
}

impl Sender {
    /// Makes a sender. Checks the settings and makes no request.
    pub fn new(api: &ApiSettings, send: &SendSettings) -> Result<Self, SendError> {
        Self::over(Arc::new(Http::new(api, send)?), api, send)
    }

    /// Makes a sender over a wire that is there already.
    pub fn over(wire: Arc<dyn Wire>, api: &ApiSettings, send: &SendSettings) -> Result<Self, SendError> {
        let zeros = [
            ("send.rate-per-second", send.rate_per_second == Some(0)),
            ("send.burst", send.burst == Some(0)),
            ("send.max-in-flight", send.max_in_flight == 0),
            ("send.max-attempts", send.max_attempts == 0),
        ];
        if let Some((setting, _)) = zeros.into_iter().find(|(_, is_zero)| *is_zero) {
            return Err(SendError::Zero { setting });
        }
        let schedule = Schedule {
            base: send.backoff_base,
            cap: send.backoff_cap,
        };
        let limit = send.rate_per_second.and_then(NonZeroU32::new);
        Ok(Self(Arc::new(Shared {
            gate: Gate::new(schedule, send.give_up_after, limit),
            concurrency: Concurrency::new(send.max_in_flight),
            budget: Budget::new(send.retry_budget, send.rate_per_second),
            limit: RateLimit::new(limit, send.burst.and_then(NonZeroU32::new), send.give_up_after),
            tokens: TokenStore::default(),
            transport: Transport::new(wire, api)?,
            schedule,
            max_attempts: send.max_attempts,
            row_deadline: send.row_deadline,
            tally: Tally::default(),
            meter: Meter::default(),
        })))
    }

    /// Sends one row until its outcome is known, its attempts run out, or `stop` is requested.
    ///
    /// An attempt on the wire is always finished; `stop` is looked at before each. Dropping the future breaks off an
    /// attempt and leaves the row in doubt, so don't. An error says that the whole run must stop.
    pub async fn send(&self, key: RowKey, row: &Row, stop: &Stop) -> Result<Sent, RunStop> {
        let course = Course::new(key, self.0.schedule.waits(), self.0.max_attempts);
        self.follow(course, key, row, stop).await
    }

    /// Sends a row that an earlier process left in doubt, exactly like [`send`](Self::send), save that a refusal is
    /// not believed before the customer was looked for: it may be what the API says to a customer that exists.
    pub async fn send_again(&self, key: RowKey, row: &Row, stop: &Stop) -> Result<Sent, RunStop> {
        let course = Course::new(key, self.0.schedule.waits(), self.0.max_attempts).in_doubt();
        self.follow(course, key, row, stop).await
    }

    /// Looks whether the row's customer is there, and creates nobody.
    pub async fn look_up(&self, key: RowKey, row: &Row, stop: &Stop) -> Result<Sent, RunStop> {
        let course = Course::new(key, self.0.schedule.waits(), self.0.max_attempts).looking();
        self.follow(course, key, row, stop).await
    }

    async fn follow(&self, mut course: Course, key: RowKey, row: &Row, stop: &Stop) -> Result<Sent, RunStop> {
        let shared = &self.0;
        // On the clock that stands still while the gate is closed.
        let mut over_at = None;
        loop {
            if stop.is_requested() {
                return Ok(course.left());
            }
            let ready = tokio::select! {
                biased;
                ready = shared.ready(course.asking()) => ready.map_err(|halt| halt.stop(&course))?,
                () = stop.requested() => return Ok(course.left()),
            };
            let over_at = *over_at.get_or_insert_with(|| shared.gate.open_time() + shared.row_deadline);
            let epoch = ready.pass.epoch();
            let mut next = shared.attempt(ready, key, row, &mut course).await;
            if let Next::After(wait) = next {
                next = match shared.rest(wait, epoch, over_at, stop).await {
                    Rested::Stopped => return Ok(course.left()),
                    Rested::Over => course.over(),
                    Rested::Ready => Next::Again,
                };
            }
            match next {
                Next::Done(outcome) => return Ok(Sent::Outcome(outcome)),
                Next::Absent => {
                    return Ok(Sent::Absent {
                        attempts: course.requests(),
                    });
                }
                Next::Stop(stop) => return Err(stop),
                Next::Again | Next::After(_) => {}
            }
        }
    }

    /// What was done so far.
    pub fn counters(&self) -> Counters {
        self.0.tally.read(self.0.concurrency.lowest())
    }
}

/// How a row's rest ended.
enum Rested {
    Ready,
    Stopped,
    /// The row's time is over.
    Over,
}

impl Shared {
    /// Gate, permit, access token, turn: in this order, and from the start whenever one of them did not hold.
    async fn ready(self: &Arc<Self>, asking: Asking) -> Result<Ready<'_>, Halt> {
        loop {
            let pass = self.gate.pass(asking).await?;
            let permit = if pass.is_probe() {
                self.concurrency.permit_for_probe().await
            } else {
                self.concurrency.permit().await
            };
            if matches!(self.tokens.look(), Held::Nothing) {
                drop(permit);
                self.renew(pass).await?;
                continue;
            }
            let turn = self.limit.turn().await;
            // The gate may have closed while this row waited for its permit and its turn.
            if !pass.holds() {
                continue;
            }
            // The token may be ending, or have ended: then one turn is for a new one, which would else come after all.
            match self.tokens.look() {
                Held::Ending(bearer) if self.renew_ahead(&bearer) => {}
                Held::Good(bearer) | Held::Ending(bearer) => {
                    return Ok(Ready {
                        pass,
                        permit,
                        bearer,
                        turn,
                    });
                }
                Held::Nothing => {
                    drop(permit);
                    if let Some(turn_to_renew) = self.tokens.try_turn() {
                        self.renew_now(pass, turn_to_renew).await?;
                    }
                }
            }
        }
    }

    /// Waits before a row is sent again: see the head of this file.
    async fn rest(&self, wait: Duration, epoch: u64, over_at: Duration, stop: &Stop) -> Rested {
        let again = async {
            sleep(wait).await;
            // A probe that failed is the gate's to count.
            if epoch.is_multiple_of(2) {
                self.budget.retry().await;
            }
        };
        let over = async {
            loop {
                match over_at.saturating_sub(self.gate.open_time()) {
                    Duration::ZERO => return,
                    left => sleep(left).await,
                }
            }
        };
        tokio::select! {
            biased;
            () = stop.requested() => Rested::Stopped,
            () = over => Rested::Over,
            () = self.gate.left(epoch) => Rested::Ready,
            () = again => Rested::Ready,
        }
    }

    /// Makes one request for the row and says what follows.
    async fn attempt(&self, ready: Ready<'_>, key: RowKey, row: &Row, course: &mut Course) -> Next {
        let Ready {
            pass,
            mut permit,
            bearer,
            turn,
        } = ready;
        let call = course.call();
        let attempt = course.begin();
        self.count(call, attempt);
        let request_id = RequestId::new(clock::now_ms());
        permit.start();
        let sent_at = Instant::now();
        let reply = match call {
            Call::Create => self.transport.create(bearer.header(), row, request_id).await,
            Call::ReadBack | Call::Read => {
                let customer_id = &row.customer_id;
                self.transport.read(bearer.header(), customer_id, request_id).await
            }
        };
        self.limit.answered(turn);
        self.heed_quota(reply.as_ref(), sent_at);
        let heard = hear(call, reply, row, bearer.token());
        let verdict = classify(call, heard.signal);
        permit.end(ended(verdict, pass.is_probe()));
        self.meter.take(verdict, sent_at.elapsed());
        debug!(
            input = key.input,
            record = key.record,
            attempt,
            call = ?call,
            status = heard.status,
            code = verdict.code(),
            request_id = %request_id,
            "attempt ended"
        );
        let probe = pass.is_probe();
        if attempt == 1 {
            self.tally.first(verdict == Verdict::Unknown(Reason::ServerError));
        }
        let suspect = self.tell(pass, &bearer, call, verdict, &heard);
        if let (true, Verdict::Unknown(reason)) = (probe, verdict) {
            return course.probed_in_vain(suspect, reason, heard, request_id);
        }
        let around = Around {
            standing: self.tokens.standing(&bearer),
            passed: self.tally.passed(),
            failing: self.tally.failing(),
        };
        course.take(verdict, heard, request_id, around)
    }

    fn count(&self, call: Call, attempt: u32) {
        match call {
            Call::Create => self.tally.create(),
            Call::ReadBack | Call::Read => self.tally.read_back(),
        }
        if attempt > 1 {
            self.tally.retry();
        } else {
            self.budget.first();
        }
    }

    /// Obeys what the answer's headers say about the rate.
    fn heed_quota(&self, reply: Result<&Reply, &Failure>, sent_at: Instant) {
        let said = reply.ok().and_then(|reply| quota(&reply.headers, clock::now_ms()));
        if let Some(said) = said {
            let others = self.concurrency.on_wire().saturating_sub(1);
            self.tally.wait_if(self.limit.told(said, sent_at, others));
        }
    }

    /// Tells the gate, the token store and the counts what the answer says about the run. Returns whether the row is
    /// suspected to be what is wrong.
    fn tell(&self, pass: Pass<'_>, bearer: &Bearer, call: Call, verdict: Verdict, heard: &Heard) -> bool {
        // A read for a comparison is the work of its process as a create is that of a run.
        let work = call != Call::ReadBack;
        match verdict {
            Verdict::Created | Verdict::ReadBack | Verdict::Existing | Verdict::Conflict | Verdict::Refused => {
                self.tokens.worked(bearer);
                if work {
                    self.tally.pass();
                }
                self.answered(pass);
            }
            Verdict::NotPermitted | Verdict::NotTrusted | Verdict::Unreadable => self.answered(pass),
            Verdict::RefreshToken => {
                self.tokens.refuse(bearer);
                // A fresh token refused where others worked: everyone waits, and one probe tries with the next token.
                if work && self.tokens.standing(bearer) == Standing::Fresh {
                    self.tally.wait_if(pass.told_to_wait(None));
                } else {
                    self.answered(pass);
                }
            }
            Verdict::Wait(_) => {
                self.tally.throttled();
                self.tally.wait_if(pass.told_to_wait(heard.retry_after));
            }
            Verdict::NotReached => self.tally.wait_if(pass.not_reached()),
            // No request was made.
            Verdict::Unknown(Reason::NotAddressable) => {}
            Verdict::Unknown(_) => {
                let told = pass.unclear();
                self.tally.wait_if(told.closes);
                return told.suspect;
            }
        }
        false
    }

    fn answered(&self, pass: Pass<'_>) {
        if pass.answered() {
            self.concurrency.restart();
        }
    }
}

#[cfg(test)]
mod tests;
