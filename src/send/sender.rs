//! The sender: everything that must be the same for all rows of a run, and the one function that sends a row.
//!
//! The permit is taken before the turn at the rate limit, so that nothing stands between a turn and its request:
//! turns that wait for permits would pile up while the service is slow, and go at once when it is not. The permit is
//! held for the request alone, never while a row backs off.
//!
//! It deliberately has no task, queue or memory of rows of its own. Room is left, and nothing built, for what slows a
//! run by what it sees: a retry budget, concurrency that adapts, a service's rate headers.

use std::fmt;
use std::num::NonZeroU32;
use std::sync::Arc;

use tokio::sync::{Semaphore, SemaphorePermit};
use tokio::time::{Instant, sleep};
use tracing::debug;

use super::answer::{Heard, hear};
use super::classify::{Call, Verdict, classify};
use super::counters::{Counters, Tally};
use super::course::{Course, Next, Sent};
use super::error::SendError;
use super::gate::{Gate, GaveUp, Pass};
use super::http::Http;
use super::rate_limit::RateLimit;
use super::retry::Schedule;
use super::stop::{RunStop, Stop, StopReason};
use super::token::{Bearer, Granted, Held, Standing, TokenStore};
use super::transport::{Transport, retry_after};
use super::wire::{Failure, Payload, Reply, Wire};
use crate::clock;
use crate::config::settings::{ApiSettings, SendSettings};
use crate::model::ids::RequestId;
use crate::model::row::{Row, RowKey};

/// Sends rows. Clones share everything: one limit, one token, one gate.
#[derive(Clone)]
pub struct Sender(Arc<Shared>);

struct Shared {
    gate: Gate,
    permits: Semaphore,
    limit: RateLimit,
    tokens: TokenStore,
    transport: Transport,
    schedule: Schedule,
    max_attempts: u32,
    tally: Tally,
}

/// Everything that an attempt needs.
struct Ready<'shared> {
    pass: Pass<'shared>,
    permit: Permit<'shared>,
    bearer: Arc<Bearer>,
}

/// `None` would mean that the semaphore is closed, which it never is.
type Permit<'shared> = Option<SemaphorePermit<'shared>>;

/// Why no attempt can be made.
enum Halt {
    GaveUp,
    TokenRefused(u16),
    NotTrusted(&'static str),
}

impl From<GaveUp> for Halt {
    fn from(_: GaveUp) -> Self {
        Self::GaveUp
    }
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
            gate: Gate::new(schedule, send.give_up_after, most_unclear(send.max_in_flight)),
            permits: Semaphore::new(send.max_in_flight.min(Semaphore::MAX_PERMITS)),
            limit: RateLimit::new(limit, send.burst.and_then(NonZeroU32::new)),
            tokens: TokenStore::default(),
            transport: Transport::new(wire, api)?,
            schedule,
            max_attempts: send.max_attempts,
            tally: Tally::default(),
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

    async fn follow(&self, mut course: Course, key: RowKey, row: &Row, stop: &Stop) -> Result<Sent, RunStop> {
        let shared = &*self.0;
        loop {
            if stop.is_requested() {
                return Ok(course.left());
            }
            let ready = tokio::select! {
                biased;
                ready = shared.ready() => ready.map_err(|halt| halt.stop(&course))?,
                () = stop.requested() => return Ok(course.left()),
            };
            match shared.attempt(ready, key, row, &mut course).await {
                Next::Done(outcome) => return Ok(Sent::Outcome(outcome)),
                Next::Stop(stop) => return Err(stop),
                Next::Again => {}
                Next::After(wait) => tokio::select! {
                    () = sleep(wait) => {}
                    () = stop.requested() => return Ok(course.left()),
                },
            }
        }
    }

    /// What was done so far.
    pub fn counters(&self) -> Counters {
        self.0.tally.read()
    }
}

impl Halt {
    fn stop(self, course: &Course) -> RunStop {
        match self {
            Self::GaveUp => course.stopped(StopReason::GaveUp, None, None),
            Self::TokenRefused(status) => course.stopped(StopReason::TokenRefused, Some(status), None),
            Self::NotTrusted(why) => course.stopped(StopReason::NotTrusted, None, Some(why.to_owned())),
        }
    }
}

impl Shared {
    /// Gate, permit, access token, turn: in this order, and from the start whenever one of them did not hold.
    async fn ready(&self) -> Result<Ready<'_>, Halt> {
        loop {
            let pass = self.gate.pass().await?;
            let permit = self.permit().await;
            let bearer = match self.tokens.look() {
                Held::Good(bearer) => bearer,
                Held::Ending(bearer) => match self.tokens.try_turn() {
                    None => bearer,
                    Some(_turn) => {
                        drop(permit);
                        self.renew_ahead(&bearer).await;
                        continue;
                    }
                },
                Held::Nothing => {
                    drop(permit);
                    self.renew(pass).await?;
                    continue;
                }
            };
            self.limit.turn().await;
            // The gate may have closed while this row waited for its permit and its turn.
            if pass.holds() {
                return Ok(Ready { pass, permit, bearer });
            }
        }
    }

    /// Makes one request for the row and says what follows.
    async fn attempt(&self, ready: Ready<'_>, key: RowKey, row: &Row, course: &mut Course) -> Next {
        let Ready { pass, permit, bearer } = ready;
        let call = course.call();
        let attempt = course.begin();
        self.tally.request();
        if attempt > 1 {
            self.tally.retry();
        }
        let request_id = RequestId::new(clock::now_ms());
        let reply = match call {
            Call::Create => self.transport.create(bearer.header(), row, request_id).await,
            Call::ReadBack => self.transport.read_back(bearer.header(), row, request_id).await,
        };
        drop(permit);
        let heard = hear(call, reply, row, bearer.token());
        let verdict = classify(call, heard.signal);
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
        self.tell(pass, &bearer, verdict, &heard);
        if probe && matches!(verdict, Verdict::Unknown(_)) {
            return course.probed_in_vain();
        }
        course.take(verdict, heard, request_id, self.tokens.standing(&bearer))
    }

    /// Tells the gate and the token store what the answer says about the run.
    fn tell(&self, pass: Pass<'_>, bearer: &Bearer, verdict: Verdict, heard: &Heard) {
        match verdict {
            Verdict::Created | Verdict::ReadBack | Verdict::Existing | Verdict::Conflict | Verdict::Refused => {
                self.tokens.worked(bearer);
                pass.answered();
            }
            Verdict::NotPermitted | Verdict::NotTrusted => pass.answered(),
            Verdict::RefreshToken => {
                self.tokens.refuse(bearer);
                // A fresh token refused where others worked: everyone waits, and one probe tries with the next token.
                if self.tokens.standing(bearer) == Standing::Fresh {
                    self.tally.wait();
                    pass.told_to_wait(None);
                } else {
                    pass.answered();
                }
            }
            Verdict::Wait(_) => {
                self.tally.wait();
                pass.told_to_wait(heard.retry_after);
            }
            Verdict::NotReached => {
                self.tally.wait();
                pass.not_reached();
            }
            Verdict::Unknown(_) => pass.unclear(),
        }
    }

    async fn permit(&self) -> Permit<'_> {
        self.permits.acquire().await.ok()
    }

    /// Gets a token where there is none. One caller asks, the others wait for what it gets.
    async fn renew(&self, pass: Pass<'_>) -> Result<(), Halt> {
        let _turn = self.tokens.turn().await;
        if !matches!(self.tokens.look(), Held::Nothing) || !pass.holds() {
            return Ok(());
        }
        match self.ask_for_token().await {
            Asked::Granted => {}
            Asked::Refused(status) => return Err(Halt::TokenRefused(status)),
            Asked::NotTrusted(why) => return Err(Halt::NotTrusted(why)),
            Asked::Later(reply) => {
                self.tally.wait();
                pass.told_to_wait(reply.and_then(|reply| retry_after(&reply.headers, clock::now_ms())));
            }
        }
        Ok(())
    }

    /// Renews a token that is still good. Whatever goes wrong, the old one serves on and it is tried again later.
    async fn renew_ahead(&self, bearer: &Arc<Bearer>) {
        // Somebody may have had the turn since the token was looked at.
        if !matches!(self.tokens.look(), Held::Ending(_)) {
            return;
        }
        match self.ask_for_token().await {
            Asked::Granted => {}
            Asked::Refused(_) | Asked::NotTrusted(_) | Asked::Later(_) => self.tokens.put_off(bearer),
        }
    }

    /// Asks for a token, with a permit and a turn like every request.
    async fn ask_for_token(&self) -> Asked {
        let permit = self.permit().await;
        self.limit.turn().await;
        self.tally.request();
        let asked_at = Instant::now();
        let reply = self.transport.token().await;
        drop(permit);
        let status = reply.as_ref().ok().map(|reply| reply.status);
        debug!(status, "token asked for");
        let granted = match &reply {
            Err(Failure::NotTrusted(why)) => return Asked::NotTrusted(why),
            Ok(Reply {
                status: 200,
                payload: Payload::Whole(body),
                ..
            }) => Granted::read(body),
            Ok(_) | Err(_) => None,
        };
        match (granted, status) {
            (Some(granted), _) => {
                self.tokens.keep(granted, asked_at);
                Asked::Granted
            }
            (None, Some(status @ (400 | 401 | 403..=405 | 410))) => Asked::Refused(status),
            (None, _) => Asked::Later(reply.ok()),
        }
    }
}

/// Unclear answers in a row, over all rows, that are an outage and no longer the matter of single rows: twice what is on the
/// wire at once, and at least so many that a handful of poisoned rows does not look like one.
fn most_unclear(max_in_flight: usize) -> u32 {
    u32::try_from(max_in_flight.saturating_mul(2))
        .unwrap_or(u32::MAX)
        .max(20)
}

/// What a token endpoint did.
enum Asked {
    Granted,
    /// It does not know this client, or is no token endpoint: no waiting helps.
    Refused(u16),
    /// One of the two sides does not trust the other.
    NotTrusted(&'static str),
    /// Nothing to be used, for now.
    Later(Option<Reply>),
}

#[cfg(test)]
mod tests;
