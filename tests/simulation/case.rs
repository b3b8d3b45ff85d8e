//! What a seed stands for: the settings of the client, the kind of server, the network, the faults and the kills.
//!
//! Everything is drawn here, before anything runs, so that a failure can be printed whole. It decides nothing about what
//! is right: that is `judge`.

use std::time::Duration;

use bytes::Bytes;
use fastrand::Rng;
use rollcall::config::settings::{ApiSettings, SendSettings};
use rollcall::model::ids::IdempotencyId;
use rollcall::model::operation::CREATE_CUSTOMER;
use rollcall::model::position::Position;
use rollcall::model::row::Row;
use rollcall::sandbox::{Fault, FaultAnswer, FaultEntry, FaultPlan, HeaderStyle, Options, RequestKind, ServerKind};
use secrecy::SecretString;
use uuid::Uuid;

/// One simulation.
#[derive(Clone, Debug)]
pub(crate) struct Case {
    pub(crate) seed: u64,
    pub(crate) send: SendSettings,
    pub(crate) server: Server,
    pub(crate) network: Network,
    pub(crate) plan: FaultPlan,
    /// When the faults end.
    pub(crate) storm: Duration,
    /// What each row is.
    pub(crate) kinds: Vec<Kind>,
    /// The longest pause of the source between two rows.
    pub(crate) pace: Duration,
    /// The longest time of a commit of the ledger.
    pub(crate) commit: Duration,
    /// The longest life of a process that is killed.
    pub(crate) longest_life: Duration,
    /// The longest time until the next process starts.
    pub(crate) longest_pause: Duration,
    /// How often processes are killed or stopped at most.
    pub(crate) most_ends: u32,
}

/// What the sandbox is told.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Server {
    pub(crate) kind: ServerKind,
    pub(crate) duplicate_status: u16,
    pub(crate) burned_status: u16,
    /// Whether it refuses a burned id in words from which nobody guesses that the customer may exist.
    pub(crate) strange_words: bool,
    pub(crate) token_life: Duration,
    pub(crate) rate_per_second: Option<u32>,
}

/// What the network does. Shares are from 0 to 1.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Network {
    /// One way.
    pub(crate) latency: Duration,
    pub(crate) jitter: Duration,
    /// No connection, at once.
    pub(crate) refused: f64,
    /// No connection, after the client's patience.
    pub(crate) hanging: f64,
    /// The request never arrives.
    pub(crate) lost: f64,
    /// The request arrives, the answer does not.
    pub(crate) answer_lost: f64,
    /// The request arrives after up to this time, whoever still waits for it.
    pub(crate) held: f64,
    pub(crate) held_for: Duration,
    /// What was about to leave when its process died still arrives, within this time.
    pub(crate) ghosts: f64,
    pub(crate) ghost_after: Duration,
}

impl Network {
    /// The same without faults.
    pub(crate) fn calm(self) -> Network {
        Network {
            latency: self.latency,
            jitter: self.jitter,
            ..Network::default()
        }
    }
}

/// What a row is, and so how it may end.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Kind {
    /// A customer whom nobody has created yet.
    New,
    /// Somebody created the same customer before, under another id.
    ThereAlready,
    /// Somebody created a customer with this id and other data.
    ThereOtherwise,
    /// The service refuses it for good.
    Invalid,
}

impl Case {
    pub(crate) fn draw(seed: u64) -> Case {
        let mut rng = Rng::with_seed(seed);
        let storm = rng.u64(20..=900);
        let rows = rng.usize(20..=60);
        let kinds = (0..rows).map(|_| kind(&mut rng)).collect();
        let settings = settings(&mut rng);
        let rate = settings.rate_per_second.unwrap_or(10);
        let server = server(&mut rng, rate);
        Case {
            seed,
            network: network(&mut rng),
            plan: plan(&mut rng, server),
            server,
            storm: Duration::from_secs(storm),
            kinds,
            pace: Duration::from_millis(one_of(&mut rng, &[0, 20, 1_000, 20_000])),
            commit: Duration::from_millis(one_of(&mut rng, &[0, 5, 50, 500])),
            longest_life: Duration::from_millis(one_of(&mut rng, &[300, 3_000, 30_000, 300_000])),
            longest_pause: Duration::from_millis(one_of(&mut rng, &[1, 2_000, 120_000])),
            most_ends: rng.u32(0..=10),
            send: settings,
        }
    }

    pub(crate) fn rows(&self) -> Vec<Row> {
        let rows = self.kinds.iter().enumerate();
        rows.map(|(number, kind)| row(self.seed, number, *kind)).collect()
    }

    pub(crate) fn options(&self) -> Options {
        Options {
            seed: self.seed,
            kind: self.server.kind,
            duplicate_status: self.server.duplicate_status,
            burned_status: self.server.burned_status,
            token_life: self.server.token_life,
            rate_per_second: self.server.rate_per_second,
            ..Options::default()
        }
    }
}

pub(crate) fn one_of<T: Copy>(rng: &mut Rng, from: &[T]) -> T {
    from[rng.usize(0..from.len())]
}

fn kind(rng: &mut Rng) -> Kind {
    match rng.u8(0..100) {
        0..8 => Kind::ThereAlready,
        8..16 => Kind::ThereOtherwise,
        16..21 => Kind::Invalid,
        _ => Kind::New,
    }
}

fn settings(rng: &mut Rng) -> SendSettings {
    let rate = one_of(rng, &[2, 5, 10, 25, 50, 100]);
    SendSettings {
        rate_per_second: Some(rate),
        burst: rng.bool().then(|| rng.u32(1..=rate.div_ceil(4))),
        max_in_flight: rng.usize(1..=16),
        max_attempts: rng.u32(2..=6),
        connect_timeout: Duration::from_secs(rng.u64(1..=10)),
        request_timeout: Duration::from_secs(rng.u64(2..=30)),
        backoff_base: Duration::from_millis(rng.u64(100..=1_000)),
        backoff_cap: Duration::from_secs(rng.u64(2..=30)),
        retry_budget: one_of(rng, &[0.1, 0.3, 1.0]),
        row_deadline: Duration::from_secs(rng.u64(60..=900)),
        run_deadline: None,
        max_failures: None,
        canary: 0,
        give_up_after: Duration::from_secs(rng.u64(20..=600)),
    }
}

fn server(rng: &mut Rng, rate: u32) -> Server {
    let kinds = [ServerKind::SavesAll, ServerKind::SavesSuccesses, ServerKind::Burns];
    let kind = one_of(rng, &kinds);
    Server {
        kind,
        duplicate_status: one_of(rng, &[400, 409, 422]),
        burned_status: one_of(rng, &[400, 409, 422]),
        strange_words: rng.bool() && kind == ServerKind::Burns,
        token_life: Duration::from_secs(one_of(rng, &[15, 60, 900])),
        // Now and then the service allows less than the client was told.
        rate_per_second: (rng.u8(0..4) == 0).then(|| rng.u32(1..=rate)),
    }
}

fn network(rng: &mut Rng) -> Network {
    let trouble = one_of(rng, &[0.0, 0.01, 0.05, 0.15]);
    let mut share = || trouble * rng.f64();
    Network {
        refused: share(),
        hanging: share(),
        lost: share(),
        answer_lost: share(),
        held: share(),
        latency: Duration::from_millis(rng.u64(1..=150)),
        jitter: Duration::from_millis(rng.u64(0..=200)),
        held_for: Duration::from_secs(rng.u64(1..=300)),
        ghosts: rng.f64(),
        ghost_after: Duration::from_secs(one_of(rng, &[1, 10, 300])),
    }
}

/// A plan of the sandbox's own drawing. What would be told by the date of today is told in seconds, so that a seed stands
/// for one history; and its times are brought to where the run is.
fn plan(rng: &mut Rng, server: Server) -> FaultPlan {
    let mut plan = FaultPlan::from_seed(rng.u64(..));
    let pace = one_of(rng, &[1.0, 0.2, 0.02]);
    for entry in &mut plan.entries {
        entry.from *= pace;
        entry.until = entry.until.map(|until| until * pace);
        if let Fault::Answer(answer) = &mut entry.fault {
            answer.retry_after = answer.retry_after.or(answer.retry_after_date.take());
            // Who hears of no effect where there was one, and then a refusal in strange words, must believe both.
            let misleads = answer.status == 503 && answer.retry_after.is_some();
            answer.after_effect &= !(misleads && server.strange_words);
        }
        if let Fault::RateLimit(headers) = &mut entry.fault
            && headers.style == HeaderStyle::XUnix
        {
            headers.style = HeaderStyle::XSeconds;
        }
    }
    if rng.u8(0..3) == 0 {
        plan.entries.insert(0, conflict(rng));
    }
    plan
}

/// A conflict with nobody, as servers say while an earlier request is at work.
fn conflict(rng: &mut Rng) -> FaultEntry {
    let answer = FaultAnswer {
        status: 409,
        after_effect: rng.bool(),
        save: Some(false),
        ..FaultAnswer::default()
    };
    let entry = FaultEntry::new(Fault::Answer(answer)).on(&[RequestKind::Create]);
    entry.tries(rng.u64(1..=2)).share(0.3)
}

/// A row, the same for the same seed and number.
pub(crate) fn row(seed: u64, number: usize, kind: Kind) -> Row {
    let customer_id = format!("S{seed}-{number}");
    let last_name = if kind == Kind::Invalid { "" } else { "Lovelace" };
    let payload = payload(&customer_id, "Ada", last_name);
    Row {
        position: Position::default(),
        idempotency_id: IdempotencyId::derive(Uuid::nil(), &CREATE_CUSTOMER, &payload),
        customer_id,
        payload,
        notes: Vec::new(),
    }
}

/// A customer as canonical JSON.
pub(crate) fn payload(customer_id: &str, first_name: &str, last_name: &str) -> Bytes {
    let text = format!(
        r#"{{"customer_type":"INDIVIDUAL","first_name":"{first_name}","id":"{customer_id}","last_name":"{last_name}"}}"#
    );
    Bytes::from(text)
}

pub(crate) fn api() -> ApiSettings {
    ApiSettings {
        base_url: String::from("http://127.0.0.1/api"),
        token_url: String::from("http://127.0.0.1/oauth2/token"),
        client_id: String::from("sandbox"),
        client_secret: SecretString::from("sandbox"),
        scope: String::from("customers:read customers:write"),
        ca_file: None,
        client_certificate_file: None,
        proxy: None,
        namespace: Uuid::nil(),
    }
}
