//! The reference model: what is true, written from the contract and the promises and from nothing else.
//!
//! The truth is the sandbox's own record of effects. Every departure, every event of the ledger, every end of a process
//! and the end of the whole are held against it. It deliberately knows nothing of how the client decides.
//!
//! What may stay unresolved, and only this: a row whose idempotency id the service has spoiled for ever, by a saved 5xx
//! or, at a server that burns, by a first try that failed. At the latter such a row may also be refused, for the service
//! will never create it under its id. Whoever exists must be found even so, save behind a saved 5xx.

use std::collections::BTreeMap;
use std::fmt;
use std::time::Duration;

use bytes::Bytes;
use http::{Method, Request};
use rollcall::model::row_state::{RowEvent, RowState, next};
use rollcall::sandbox::{CustomerRecord, Fault, ServerKind};
use rollcall::send::{Failure, Payload, Reply, StopReason};
use serde_json::Value;
use tokio::time::sleep;

use crate::case::{Case, Kind};
use crate::client::{End, all_may_end};
use crate::world::World;

/// What must always hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Rule {
    /// Every accepted customer exists exactly once, under the row's own id.
    Once,
    /// Every row ends in a state in which a finished run may hold it.
    Accounted,
    /// An outcome says what is so.
    TrueOutcome,
    /// An outcome that was shown is in the ledger.
    NothingLost,
    /// An event can happen to the row in its state.
    Legal,
    /// What is on the wire is in flight in the ledger.
    Claimed,
    /// A row is sent under one id.
    OneId,
    /// A row is sent with one body.
    OneBody,
    /// No request id is used twice.
    RequestIds,
    /// What is given back was not carried out and never will be.
    Released,
    /// A row is unresolved only after trouble, and stays so only with a spoiled id.
    Unresolved,
    /// No window holds more requests than the limit.
    Rate,
    /// A run stops only for a reason that there is.
    Stops,
    /// Every run ends.
    Ends,
    /// Requests are bounded.
    Amplification,
}

#[derive(Clone, Debug)]
pub(crate) struct Breach {
    pub(crate) rule: Rule,
    pub(crate) row: Option<usize>,
    pub(crate) what: String,
}

impl fmt::Display for Breach {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let row = self.row.map_or(String::new(), |row| format!(" of row {row}"));
        write!(f, "{:?}{row}: {}", self.rule, self.what)
    }
}

/// Whether an answer settles what happened.
pub(crate) fn is_clear(method: &Method, heard: &Result<Reply, Failure>) -> bool {
    let Ok(Reply {
        status,
        payload: Payload::Whole(body),
        ..
    }) = heard
    else {
        return false;
    };
    let body = serde_json::from_slice::<Value>(body).unwrap_or_default();
    match status {
        200 => body.get("data").is_some(),
        404 => method == Method::GET,
        400 | 422 => body.get("errors").is_some(),
        _ => false,
    }
}

/// A request leaves.
pub(crate) fn departure(world: &World, row: Option<usize>, request: &Request<Bytes>) {
    let Some(row) = row else { return };
    let state = world.inner().ledger.state(row);
    if state != RowState::InFlight {
        world.breach(Rule::Claimed, Some(row), format!("on the wire while {}", state.word()));
    }
    if request.method() != Method::POST {
        return;
    }
    let id = request.headers().get("x-l2f-idempotency-id");
    let id = id.and_then(|id| id.to_str().ok()).unwrap_or_default().to_owned();
    let ours = &world.rows[row];
    if id != ours.idempotency_id.to_string() {
        world.breach(Rule::OneId, Some(row), format!("sent under the id {id}"));
    }
    if *request.body() != ours.payload {
        world.breach(Rule::OneBody, Some(row), "sent with other bytes");
    }
    let mut inner = world.inner();
    inner.seen[row].ids.insert(id);
    inner.seen[row].bodies.insert(request.body().clone());
}

/// Something happens to a row, in the ledger.
pub(crate) fn event(world: &World, row: usize, event: RowEvent) {
    world.note(Some(row), || format!("the ledger: {event:?}"));
    let before = world.inner().ledger.state(row);
    if world.inner().ledger.append(row, event).is_none() {
        world.breach(Rule::Legal, Some(row), format!("{event:?} while {}", before.word()));
    }
    let customer = world.sandbox.customer(&world.rows[row].customer_id);
    let there = customer.is_some();
    let kind = world.kinds[row];
    let is_so = match event {
        RowEvent::Claimed => {
            let mut inner = world.inner();
            inner.claims += 1;
            inner.seen[row].troubled = false;
            true
        }
        RowEvent::Created => there && kind == Kind::New,
        RowEvent::Existing => customer == serde_json::from_slice(&world.rows[row].payload).ok(),
        RowEvent::Conflict => kind == Kind::ThereOtherwise,
        // To whoever is somebody else's, a server of strange words may say no without a hint that he exists.
        RowEvent::Refused => !there || (world.strange_words && kind != Kind::New),
        _ => true,
    };
    if !is_so {
        let there = if there { "exists" } else { "does not exist" };
        world.breach(
            Rule::TrueOutcome,
            Some(row),
            format!("{event:?}, but {kind:?} and {there}"),
        );
    }
    let inner = world.inner();
    let (troubled, forgotten) = (inner.seen[row].troubled, inner.seen[row].forgotten);
    let (under_way, told_to_wait) = (inner.seen[row].under_way, inner.seen[row].told_to_wait);
    drop(inner);
    if event == RowEvent::Unresolved && !troubled {
        world.breach(Rule::Unresolved, Some(row), "unresolved without an unclear answer");
    }
    let may_be_carried_out = under_way > 0 || (there && kind == Kind::New);
    if event == RowEvent::Released && !forgotten && may_be_carried_out {
        // A 503 with `Retry-After` means that nothing was done: whoever says so after an effect misleads any client. Its
        // customer is still created once, since the row is sent again under its id.
        if told_to_wait && under_way == 0 {
            world.inner().misled += 1;
            return;
        }
        world.breach(
            Rule::Released,
            Some(row),
            "given back, and it was or may yet be carried out",
        );
    }
}

/// An outcome is shown to whoever watches.
pub(crate) fn show(world: &World, row: usize, event: RowEvent) {
    let state = next(Some(RowState::InFlight), event).filter(|state| !state.is_open());
    if state.is_some() {
        world.inner().seen[row].shown = state;
    }
}

/// The ledger forgets: what was shown is no promise any more, and what was sent is not known.
pub(crate) fn forget(world: &World) {
    for seen in &mut world.inner().seen {
        seen.forgotten |= !seen.ids.is_empty();
        seen.shown = None;
    }
}

/// A process ends.
pub(crate) fn end(world: &World, end: &End) {
    let inner = world.inner();
    let states = inner.ledger.states().to_vec();
    let shown: Vec<Option<RowState>> = inner.seen.iter().map(|seen| seen.shown).collect();
    let weather = inner.weather;
    drop(inner);
    for (row, (state, shown)) in states.iter().zip(shown).enumerate() {
        if let Some(shown) = shown.filter(|shown| shown != state) {
            let what = format!("shown as {}, in the ledger {}", shown.word(), state.word());
            world.breach(Rule::NothingLost, Some(row), what);
        }
    }
    match end {
        End::Finished if !all_may_end(&states) => {
            let row = states.iter().position(|state| !state.may_end());
            world.breach(Rule::Accounted, row, "a run finished without it");
        }
        End::Stopped(stop) => {
            let fits = match stop.reason {
                StopReason::GaveUp => !weather.calm,
                StopReason::Unauthorized => !weather.calm && weather.tokens_end,
                StopReason::NotPermitted
                | StopReason::ReadNotPermitted
                | StopReason::TokenRefused
                | StopReason::NotTrusted => false,
            };
            if !fits {
                world.breach(Rule::Stops, None, format!("{stop}, calm: {}", weather.calm));
            }
        }
        End::Finished | End::Asked | End::Killed => {}
    }
}

/// Whether a plan, or a short life, ends tokens before their time.
pub(crate) fn tokens_end(case: &Case) -> bool {
    let ends = |fault: &Fault| matches!(fault, Fault::RevokeToken {} | Fault::ExpiresIn { .. });
    case.server.token_life <= Duration::from_secs(60) || case.plan.entries.iter().any(|entry| ends(&entry.fault))
}

/// What is left when all is quiet and nothing is under way.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Ending {
    pub(crate) not_once: u64,
    pub(crate) unaccounted: u64,
    /// Unresolved or refused, and rightly so: the service has spoiled their ids.
    pub(crate) set_aside: u64,
    /// In flight for ever: every run ended without them, and their ids are spoiled. A breach, and counted.
    pub(crate) stuck: u64,
}

pub(crate) async fn finish(world: &World, case: &Case) -> Ending {
    let records = world.sandbox.customers().into_iter();
    let records: BTreeMap<String, CustomerRecord> =
        records.map(|record| (record.customer_id.clone(), record)).collect();
    let states = world.inner().ledger.states().to_vec();
    let mut ending = Ending::default();
    for (row, state) in states.into_iter().enumerate() {
        let record = records.get(&world.rows[row].customer_id);
        if !state.may_end() {
            ending.stuck += u64::from(state == RowState::InFlight && spoiled(world, case, row).await.0);
            ending.unaccounted += 1;
            world.breach(Rule::Accounted, Some(row), format!("{} at the end", state.word()));
            continue;
        }
        if world.kinds[row] == Kind::New && !is_once(world, row, record, state) {
            ending.not_once += 1;
            let what = format!("{}, and the service has {record:?}", state.word());
            world.breach(Rule::Once, Some(row), what);
        }
        ending.set_aside += u64::from(finish_row(world, case, row, state).await);
    }
    let violations = world.sandbox.tally().violations;
    if violations.reused_request_ids > 0 {
        world.breach(Rule::RequestIds, None, format!("{violations:?}"));
    }
    if violations.changed_bodies > 0 {
        world.breach(Rule::OneBody, None, format!("{violations:?}"));
    }
    let others = records.values().filter(|record| record.creates != 1).count();
    if others > 0 {
        world.breach(
            Rule::Once,
            None,
            format!("{others} customers with more than one effect"),
        );
    }
    ending
}

/// At most one effect and under the row's id; exactly one if the row says so; none if it says not.
fn is_once(world: &World, row: usize, record: Option<&CustomerRecord>, state: RowState) -> bool {
    let ours = world.rows[row].idempotency_id.to_string();
    let sound = record.is_none_or(|record| record.creates == 1 && record.idempotency_id == ours);
    let fits = match state {
        RowState::Created | RowState::Existing => record.is_some(),
        RowState::Refused => record.is_none(),
        _ => true,
    };
    sound && fits
}

/// Holds a row's last state against what it is; gives whether it was set aside with reason.
async fn finish_row(world: &World, case: &Case, row: usize, state: RowState) -> bool {
    let right = match world.kinds[row] {
        Kind::New => matches!(state, RowState::Created | RowState::Existing),
        Kind::ThereAlready => state == RowState::Existing,
        Kind::ThereOtherwise => state == RowState::Conflict,
        Kind::Invalid => state == RowState::Refused,
    };
    if right {
        return false;
    }
    let kind = world.kinds[row];
    let (spoiled, burned, status) = spoiled(world, case, row).await;
    let excused = match state {
        RowState::Unresolved => spoiled,
        RowState::Refused => burned && (kind == Kind::New || world.strange_words),
        _ => false,
    };
    if !excused {
        let rule = if state == RowState::Unresolved {
            Rule::Unresolved
        } else {
            Rule::TrueOutcome
        };
        let what = format!(
            "{kind:?} is {} at the end, and the service answers {status}",
            state.word()
        );
        world.breach(rule, Some(row), what);
    }
    excused
}

/// Asks the service whether a row's id is spoiled for ever, and whether because it was burned; with the status.
async fn spoiled(world: &World, case: &Case, row: usize) -> (bool, bool, u16) {
    let ours = &world.rows[row];
    let mut status = 429;
    while status == 429 {
        sleep(Duration::from_secs(2)).await;
        status = world.ask(ours.payload.clone(), &ours.idempotency_id.to_string()).await;
    }
    let burned = case.server.kind == ServerKind::Burns && status == case.server.burned_status;
    let spoiled = match world.kinds[row] {
        Kind::New | Kind::Invalid => status >= 500 || burned,
        // Whoever is there can be read back.
        Kind::ThereAlready | Kind::ThereOtherwise => status >= 500,
    };
    (spoiled, burned, status)
}
