//! The way between a process and the sandbox: latency, patience, and requests that outlive whoever sent them.
//!
//! A request that left goes its way on the runtime, whether its process still waits, gave up or died: it may arrive at
//! once, minutes later, or never. It deliberately judges nothing that comes back.

use std::pin::Pin;
use std::sync::Arc;
use std::time::Duration;

use axum::body::Body;
use axum::http::Response;
use bytes::Bytes;
use fastrand::Rng;
use http::{Method, Request};
use hyper::body::Body as _;
use rollcall::config::settings::SendSettings;
use rollcall::sandbox::NoAnswer;
use rollcall::send::{Exchange, Failure, Payload, Reply, Wire};
use tokio::sync::oneshot;
use tokio::time::{sleep, timeout};

use crate::bugs::Bug;
use crate::case::{Kind, Network};
use crate::judge;
use crate::world::{Departure, World};

/// Most bytes of a body that are read, as over the network.
const MOST_BODY_BYTES: usize = 64 * 1024;
const STRANGE_WORDS: &[u8] = br#"{"errors":[{"description":"the request cannot be processed"}]}"#;

/// A process's end of the network.
pub(crate) struct Simulated {
    world: Arc<World>,
    connect_timeout: Duration,
    request_timeout: Duration,
    bug: Option<Bug>,
}

/// What becomes of a request, drawn as it leaves.
#[derive(Debug)]
enum Way {
    Refused,
    Hanging,
    Goes(Trip),
}

#[derive(Debug)]
struct Trip {
    out: Duration,
    back: Duration,
    held: Option<Duration>,
    lost: bool,
    answer_lost: bool,
    /// When it arrives after all if its process is gone by then; `None` for never.
    ghost: Option<Duration>,
}

impl Simulated {
    pub(crate) fn new(world: &Arc<World>, send: &SendSettings, bug: Option<Bug>) -> Simulated {
        Simulated {
            world: Arc::clone(world),
            connect_timeout: send.connect_timeout,
            request_timeout: send.request_timeout,
            bug,
        }
    }

    async fn go(&self, request: Request<Bytes>) -> Result<Reply, Failure> {
        let row = self.world.row_of(&request);
        match depart(&self.world, row, &request) {
            Way::Refused => {
                let latency = self.world.inner().network.latency;
                sleep(latency).await;
                Err(Failure::NotReached)
            }
            Way::Hanging => {
                sleep(self.connect_timeout).await;
                Err(Failure::NotReached)
            }
            Way::Goes(trip) => {
                let (answer, waiting) = oneshot::channel();
                self.world.inner().under_way += 1;
                if let Some(row) = row {
                    self.world.inner().seen[row].under_way += 1;
                }
                tokio::spawn(travel(Arc::clone(&self.world), row, request, trip, answer));
                match timeout(self.request_timeout, waiting).await {
                    Ok(Ok(heard)) => heard,
                    Ok(Err(_)) => Err(Failure::Reset),
                    Err(_) => Err(Failure::Timeout),
                }
            }
        }
    }

    async fn once(&self, request: Request<Bytes>) -> Result<Reply, Failure> {
        let row = self.world.row_of(&request);
        let method = request.method().clone();
        let heard = self.go(request).await;
        // That somebody is refused who is not there is no clear answer: his id may be used up. How he ends is judged at the end.
        let is_new = row.is_some_and(|row| matches!(self.world.kinds[row], Kind::New | Kind::Invalid));
        let refused = matches!(&heard, Ok(reply) if method == Method::POST && reply.status >= 400);
        let clear = judge::is_clear(&method, &heard) && !(is_new && refused);
        if let Some(row) = row.filter(|_| !clear) {
            let told = matches!(&heard, Ok(reply) if reply.status == 503 && reply.headers.contains_key("retry-after"));
            let held_off = match &heard {
                Ok(reply) => told || matches!(reply.status, 401 | 429),
                Err(failure) => *failure == Failure::NotReached,
            };
            let mut inner = self.world.inner();
            inner.held_off += u64::from(held_off);
            inner.seen[row].troubled = true;
            inner.seen[row].told_to_wait |= told;
        }
        self.world.note(row, || match &heard {
            Ok(reply) if clear || row.is_none() => format!("heard {}", reply.status),
            Ok(reply) => format!("heard {}, which settles nothing", reply.status),
            Err(failure) => format!("heard nothing: {failure:?}"),
        });
        heard
    }
}

impl Wire for Simulated {
    fn exchange(&self, request: Request<Bytes>) -> Exchange<'_> {
        Box::pin(async move {
            let Some(bug) = self.bug else {
                return self.once(request).await;
            };
            let row = self.world.row_of(&request);
            let again = row.is_some_and(|row| !self.world.inner().seen[row].ids.is_empty());
            let is_create = row.is_some() && request.method() == Method::POST;
            let customer = row.map(|row| self.world.rows[row].customer_id.clone());
            let request = bug.bend_request(request, is_create && again);
            let mut heard = self.once(request.clone()).await;
            for _ in 0..bug.tries_at_once() {
                if matches!(&heard, Ok(reply) if reply.status < 500) {
                    break;
                }
                heard = self.once(request.clone()).await;
            }
            bug.bend_reply(heard, customer.as_deref(), is_create)
        })
    }
}

/// Writes the departure down, holds it to the rules, and draws what becomes of it.
fn depart(world: &World, row: Option<usize>, request: &Request<Bytes>) -> Way {
    judge::departure(world, row, request);
    let at = world.now();
    let mut inner = world.inner();
    let life = inner.life;
    inner.departures.push(Departure { at, life });
    inner.row_requests += u64::from(row.is_some());
    let network = inner.network;
    let way = draw(&mut inner.rng, &network);
    drop(inner);
    world.note(row, || {
        format!("{} {} leaves: {way:?}", request.method(), request.uri().path())
    });
    way
}

fn draw(rng: &mut Rng, network: &Network) -> Way {
    if rng.f64() < network.refused {
        return Way::Refused;
    }
    if rng.f64() < network.hanging {
        return Way::Hanging;
    }
    let some = |rng: &mut Rng, most: Duration| most.mul_f64(rng.f64());
    Way::Goes(Trip {
        out: network.latency + some(rng, network.jitter),
        back: network.latency + some(rng, network.jitter),
        held: (rng.f64() < network.held).then(|| some(rng, network.held_for)),
        lost: rng.f64() < network.lost,
        answer_lost: rng.f64() < network.answer_lost,
        ghost: (rng.f64() < network.ghosts).then(|| some(rng, network.ghost_after)),
    })
}

/// The way of one request, to its end, whoever waits.
async fn travel(
    world: Arc<World>,
    row: Option<usize>,
    request: Request<Bytes>,
    trip: Trip,
    mut answer: oneshot::Sender<Result<Reply, Failure>>,
) {
    let heard = arrive(&world, row, request, &trip, &answer).await;
    world.inner().under_way -= 1;
    if let Some(row) = row {
        world.inner().seen[row].under_way -= 1;
    }
    match heard {
        Some(heard) if !trip.answer_lost => {
            sleep(trip.back).await;
            drop(answer.send(heard));
        }
        // Nobody will ever say anything.
        _ => answer.closed().await,
    }
}

async fn arrive(
    world: &World,
    row: Option<usize>,
    request: Request<Bytes>,
    trip: &Trip,
    answer: &oneshot::Sender<Result<Reply, Failure>>,
) -> Option<Result<Reply, Failure>> {
    sleep(trip.out + trip.held.unwrap_or_default()).await;
    if answer.is_closed() && trip.held.is_none() {
        let after = trip.ghost?;
        world.note(row, || format!("its process is gone; it arrives in {after:?}"));
        sleep(after).await;
    }
    if trip.lost {
        world.note(row, || String::from("lost on the way"));
        return None;
    }
    let answered = world.sandbox.call(request).await;
    world.note(row, || match &answered {
        Ok(response) => format!("the service answers {}", response.status()),
        Err(none) => format!("the service: {none}"),
    });
    Some(match answered {
        Ok(response) => Ok(in_its_words(world, reply(response).await)),
        Err(NoAnswer::Refused) => Err(Failure::NotReached),
        Err(NoAnswer::Reset) => Err(Failure::Reset),
    })
}

/// A server of strange words says no to a burned id as if it were about something else.
fn in_its_words(world: &World, reply: Reply) -> Reply {
    match &reply.payload {
        Payload::Whole(body) if world.strange_words && contains(body, b"idempotency_id_used") => Reply {
            payload: Payload::Whole(Bytes::from_static(STRANGE_WORDS)),
            ..reply
        },
        _ => reply,
    }
}

fn contains(text: &[u8], word: &[u8]) -> bool {
    text.windows(word.len()).any(|window| window == word)
}

async fn reply(response: Response<Body>) -> Reply {
    let (parts, mut body) = response.into_parts();
    let mut whole = Vec::new();
    let payload = loop {
        match std::future::poll_fn(|context| Pin::new(&mut body).poll_frame(context)).await {
            None => break Payload::Whole(Bytes::from(whole)),
            Some(Err(_)) => break Payload::Broken,
            Some(Ok(frame)) => {
                let part = frame.into_data().unwrap_or_default();
                if whole.len() + part.len() > MOST_BODY_BYTES {
                    break Payload::TooLarge;
                }
                whole.extend_from_slice(&part);
            }
        }
    };
    Reply {
        status: parts.status.as_u16(),
        headers: parts.headers,
        payload,
    }
}
