//! Reads for a comparison with the API: one customer, or one page of the list of them.
//!
//! Every read goes the way that a row goes: gate, permit, token, turn, request; under the same rate limit, budget of
//! retries and patience. Nothing is created, and what a customer's data are never leaves this stage.

use std::time::Duration;

use tokio::time::Instant;
use tracing::debug;
use uuid::Uuid;

use super::ended::ended;
use super::{Halt, Ready, Rested, Sender, Shared};
use crate::clock;
use crate::model::ids::RequestId;
use crate::send::answer::Heard;
use crate::send::classify::{Body, Call, Reason, Signal, Verdict, classify};
use crate::send::gate::Asking;
use crate::send::page::{self, Listed, PageAt};
use crate::send::patience::{Patience, Step};
use crate::send::rebuild::{self, Observed};
use crate::send::stop::{RunStop, Stop, StopReason};
use crate::send::transport::retry_after;
use crate::send::wire::{Failure, Payload, Reply};

/// What is read.
#[derive(Clone, Copy)]
enum Wanted<'a> {
    Customer(&'a str),
    Page(PageAt),
}

/// What came of it.
enum Read<T> {
    Answered(T),
    /// The API says no, with this status.
    No(Option<u16>),
    Unclear(&'static str),
    Stopped,
}

impl Sender {
    /// Reads what the API has of a customer, and creates nobody. With a payload it names the fields that differ.
    ///
    /// The id of the data is derived under the namespace. An error says that every other read would fail as well.
    pub async fn observe(
        &self,
        customer_id: &str,
        namespace: Uuid,
        payload: Option<&[u8]>,
        stop: &Stop,
    ) -> Result<Observed, RunStop> {
        let understand = |body: &[u8]| rebuild::understand(customer_id, namespace, payload, body);
        Ok(
            match self.read(Wanted::Customer(customer_id), understand, stop).await? {
                Read::Answered((payload_id, differs)) => Observed::There { payload_id, differs },
                Read::No(_) => Observed::Absent,
                Read::Unclear(code) => Observed::Unclear(code),
                Read::Stopped => Observed::Stopped,
            },
        )
    }

    /// Reads a page of the list of customers. Behind the last page there is none, which some services call an error: it
    /// is an empty page.
    pub async fn list(&self, at: PageAt, stop: &Stop) -> Result<Listed, RunStop> {
        let understand = |body: &[u8]| page::understand(at, body);
        Ok(match self.read(Wanted::Page(at), understand, stop).await? {
            Read::Answered((customers, next)) => Listed::Page { customers, next },
            Read::No(Some(404)) if at.number > 0 => Listed::Page {
                customers: Vec::new(),
                next: None,
            },
            Read::No(Some(404)) => return Err(stopped(StopReason::ReadNotPermitted, Some(404))),
            Read::No(_) => Listed::NotThisSize,
            Read::Unclear(code) => Listed::Unclear(code),
            Read::Stopped => Listed::Stopped,
        })
    }

    async fn read<T>(
        &self,
        wanted: Wanted<'_>,
        understand: impl Fn(&[u8]) -> Result<T, Body>,
        stop: &Stop,
    ) -> Result<Read<T>, RunStop> {
        let shared = &self.0;
        let mut patience = Patience::new(shared.schedule.waits(), shared.max_attempts);
        // On the clock that stands still while the gate is closed.
        let mut over_at: Option<Duration> = None;
        loop {
            if stop.is_requested() {
                return Ok(Read::Stopped);
            }
            let ready = tokio::select! {
                biased;
                ready = shared.ready(Asking::OnlyLook) => ready.map_err(|halt| halted(&halt))?,
                () = stop.requested() => return Ok(Read::Stopped),
            };
            let over_at = *over_at.get_or_insert_with(|| shared.gate.open_time() + shared.row_deadline);
            let epoch = ready.pass.epoch();
            let (follows, status, value) = shared.read_once(ready, wanted, &understand, &mut patience).await;
            match (follows, value) {
                (Step::Answered, Some(value)) => return Ok(Read::Answered(value)),
                (Step::No, _) => return Ok(Read::No(status)),
                (Step::Unclear(code), _) => return Ok(Read::Unclear(code)),
                (Step::Stop(reason), _) => return Err(stopped(reason, status)),
                (Step::Again | Step::Answered, _) => {}
                (Step::After(wait), _) => match shared.rest(wait, epoch, over_at, stop).await {
                    Rested::Stopped => return Ok(Read::Stopped),
                    Rested::Over => return Ok(Read::Unclear(Reason::RowDeadline.code())),
                    Rested::Ready => {}
                },
            }
        }
    }
}

impl Shared {
    /// Makes one request and says what follows: with the status, and with what was understood.
    async fn read_once<T>(
        &self,
        ready: Ready<'_>,
        wanted: Wanted<'_>,
        understand: &impl Fn(&[u8]) -> Result<T, Body>,
        patience: &mut Patience,
    ) -> (Step, Option<u16>, Option<T>) {
        let Ready {
            pass,
            mut permit,
            bearer,
            turn,
        } = ready;
        let attempt = patience.begin();
        self.count(Call::Read, attempt);
        let request_id = RequestId::new(clock::now_ms());
        permit.start();
        let sent_at = Instant::now();
        let reply = match wanted {
            Wanted::Customer(customer_id) => self.transport.read(bearer.header(), customer_id, request_id).await,
            Wanted::Page(at) => self.transport.list(bearer.header(), at, request_id).await,
        };
        self.limit.answered(turn);
        self.heed_quota(reply.as_ref(), sent_at);
        let (heard, value) = hear(reply, understand);
        let verdict = judge(wanted, &heard);
        let probe = pass.is_probe();
        permit.end(ended(verdict, probe));
        debug!(
            attempt,
            call = ?Call::Read,
            status = heard.status,
            code = verdict.code(),
            request_id = %request_id,
            "attempt ended"
        );
        self.tell(pass, &bearer, Call::Read, verdict, &heard);
        let standing = self.tokens.standing(&bearer);
        let step = patience.take(verdict, standing, self.tally.passed(), probe);
        (step, heard.status, value)
    }
}

/// What an answer means. That a page is not given in this size is a clear answer: 4xx that speak of the request, or more
/// than is ever read.
fn judge(wanted: Wanted<'_>, heard: &Heard) -> Verdict {
    let verdict = classify(Call::Read, heard.signal);
    let sized = matches!(wanted, Wanted::Page(PageAt { size: Some(_), .. }));
    let too_much = verdict == Verdict::Unknown(Reason::BodyTooLarge);
    let no =
        verdict == Verdict::Unknown(Reason::UnexpectedStatus) && matches!(heard.status, Some(400 | 413 | 414 | 422));
    let about_size = too_much || no;
    if sized && about_size { Verdict::Refused } else { verdict }
}

/// Understands a reply. What the API says in words is not kept: it may hold values of any customer.
fn hear<T>(reply: Result<Reply, Failure>, understand: impl Fn(&[u8]) -> Result<T, Body>) -> (Heard, Option<T>) {
    let reply = match reply {
        Ok(reply) => reply,
        Err(failure) => {
            let heard = Heard {
                signal: Signal::Failed(failure),
                status: None,
                retry_after: None,
                detail: failure.detail(),
            };
            return (heard, None);
        }
    };
    let (body, value) = match &reply.payload {
        Payload::Broken => (Body::Broken, None),
        Payload::TooLarge => (Body::TooLarge, None),
        Payload::Whole(bytes) if reply.status < 300 => match understand(bytes) {
            Ok(value) => (Body::Ours, Some(value)),
            Err(body) => (body, None),
        },
        Payload::Whole(bytes) => (errors(bytes), None),
    };
    let retry_after = retry_after(&reply.headers, clock::now_ms());
    let heard = Heard {
        signal: Signal::Answer {
            status: reply.status,
            body,
            retry_after: retry_after.is_some(),
        },
        status: Some(reply.status),
        retry_after,
        detail: None,
    };
    (heard, value)
}

/// Whether a no has the API's shape, or is a page of somebody on the way.
fn errors(bytes: &[u8]) -> Body {
    let body: serde_json::Value = serde_json::from_slice(bytes).unwrap_or_default();
    match body.get("errors") {
        Some(serde_json::Value::Array(_)) => Body::Errors,
        Some(_) | None => Body::Foreign,
    }
}

fn stopped(reason: StopReason, status: Option<u16>) -> RunStop {
    RunStop {
        reason,
        status,
        detail: None,
        in_doubt: false,
    }
}

fn halted(halt: &Halt) -> RunStop {
    match halt {
        Halt::GaveUp => stopped(StopReason::GaveUp, None),
        Halt::TokenRefused(status) => stopped(StopReason::TokenRefused, Some(*status)),
        Halt::NotTrusted(why) => RunStop {
            detail: Some((*why).to_owned()),
            ..stopped(StopReason::NotTrusted, None)
        },
    }
}
