//! One simulation from its seed to its verdict: storms, deaths, lost ledgers, and then quiet.

use std::sync::Arc;
use std::time::Duration;

use rollcall::model::row_state::RowState;
use tokio::time::{sleep, sleep_until};

use crate::bugs::Bug;
use crate::case::{Case, Kind, payload};
use crate::client::{Death, End, all_may_end, live};
use crate::judge::{self, Breach, Ending, Rule};
use crate::limits;
use crate::world::{Weather, World};

/// Lives in quiet after which there is no hope.
const MOST_QUIET_LIVES: u32 = 12;

/// What a simulation gives.
#[derive(Debug)]
pub(crate) struct Report {
    pub(crate) case: Case,
    pub(crate) hash: u64,
    pub(crate) breaches: Vec<Breach>,
    pub(crate) story: String,
    pub(crate) requests: u64,
    pub(crate) kills: u64,
    pub(crate) ledgers_lost: u64,
    pub(crate) ending: Ending,
    /// Rows given back though the customer exists, for the service had said that it did nothing.
    pub(crate) misled: u64,
    /// Of the limit, in 1, 10 and 60 s: the worst of a process, and of all together.
    pub(crate) alone: [f64; 3],
    pub(crate) together: [f64; 3],
    pub(crate) simulated: Duration,
}

impl Report {
    /// Everything that it takes to understand a failure.
    pub(crate) fn tell(&self) -> String {
        let breaches: Vec<String> = self.breaches.iter().map(|breach| format!("  {breach}\n")).collect();
        format!(
            "seed {}\n{}{}\n{:?}\n{}",
            self.case.seed,
            breaches.concat(),
            self.case.plan.to_toml(),
            Case {
                plan: rollcall::sandbox::FaultPlan::default(),
                ..self.case.clone()
            },
            self.story,
        )
    }
}

/// Runs on paused time, to the same history for the same seed.
pub(crate) fn on_paused_time<T>(seed: u64, work: impl Future<Output = T>) -> T {
    fastrand::seed(seed);
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_time()
        .start_paused(true)
        .build();
    runtime.unwrap().block_on(work)
}

pub(crate) fn simulate(seed: u64, bug: Option<Bug>) -> Report {
    on_paused_time(seed, storm(Case::draw(seed), bug))
}

async fn storm(case: Case, bug: Option<Bug>) -> Report {
    let world = Arc::new(World::new(&case, true));
    plant(&world).await;
    world.sandbox.set_plan(case.plan.clone()).unwrap();
    world.set_network(case.network);
    world.inner().weather = Weather {
        calm: false,
        tokens_end: judge::tokens_end(&case),
    };
    let until = tokio::time::Instant::now() + case.storm;
    let clearing = tokio::spawn({
        let world = Arc::clone(&world);
        async move {
            sleep_until(until).await;
            world.calm_down();
        }
    });
    let (kills, ledgers_lost) = endure(&world, &case, bug).await;
    clearing.await.unwrap();
    rest(&world, &case, bug).await;
    let ending = judge::finish(&world, &case).await;
    let (alone, together) = limits::rates(&world, case.send.rate_per_second.unwrap_or(u32::MAX));
    limits::amplification(&world, &case);
    let inner = world.inner();
    let breaches = inner.breaches.clone();
    let (requests, misled) = (inner.departures.len() as u64, inner.misled);
    drop(inner);
    let row = breaches.iter().find_map(|breach| breach.row);
    Report {
        hash: world.hash(),
        story: if breaches.is_empty() {
            String::new()
        } else {
            world.story(row)
        },
        breaches,
        requests,
        kills,
        ledgers_lost,
        ending,
        misled,
        alone,
        together,
        simulated: world.now(),
        case,
    }
}

/// Somebody else creates the customers that are there already.
async fn plant(world: &World) {
    for (row, kind) in world.rows.iter().zip(&world.kinds) {
        let body = match kind {
            Kind::ThereAlready => row.payload.clone(),
            Kind::ThereOtherwise => payload(&row.customer_id, "Grace", "Hopper"),
            Kind::New | Kind::Invalid => continue,
        };
        let id = format!("somebody-{}", row.customer_id);
        while world.ask(body.clone(), &id).await == 429 {
            sleep(Duration::from_secs(1)).await;
        }
    }
}

/// Lives that are killed, stopped or end by themselves, for as long as there are ends left to die.
async fn endure(world: &Arc<World>, case: &Case, bug: Option<Bug>) -> (u64, u64) {
    let (mut kills, mut lost) = (0, 0);
    for _ in 0..case.most_ends {
        if world.now() > case.storm || !is_anything_open(world) {
            break;
        }
        let after = Some(world.draw(case.longest_life));
        let asked = world.inner().rng.u8(0..5) == 0;
        let death = Death {
            killed_after: after.filter(|_| !asked),
            asked_to_stop_after: after.filter(|_| asked),
        };
        let end = live(world, case, death, bug).await;
        kills += u64::from(end == End::Killed);
        world.inner().ledger.back_up();
        sleep(world.draw(case.longest_pause)).await;
        lost += u64::from(lose(world));
    }
    // Nobody dies any more, but the faults go on.
    while world.now() < case.storm && is_anything_open(world) {
        live(world, case, Death::default(), bug).await;
        sleep(Duration::from_secs(30)).await;
    }
    (kills, lost)
}

/// Now and then the ledger is gone, or an old copy comes back; but not where it is the only memory of what was sent: a
/// server of strange words that burned an id says no to whoever exists under it.
fn lose(world: &World) -> bool {
    if world.strange_words {
        return false;
    }
    let mut inner = world.inner();
    let copies = inner.ledger.copies();
    let copy = match inner.rng.u8(0..20) {
        0 => None,
        1 => Some(inner.rng.usize(0..copies)),
        _ => return false,
    };
    inner.ledger.restore(copy);
    drop(inner);
    judge::forget(world);
    world.note(None, || format!("the ledger is as in copy {copy:?}"));
    true
}

fn is_anything_open(world: &World) -> bool {
    world.inner().ledger.states().iter().any(|state| state.is_open())
}

/// Nothing goes wrong any more: one more life for what arrived late, and as many as it takes before.
async fn rest(world: &Arc<World>, case: &Case, bug: Option<Bug>) {
    world.inner().weather.calm = true;
    live_until_all_ends(world, case, bug).await;
    while world.inner().under_way > 0 {
        sleep(Duration::from_secs(10)).await;
        if world.now() > case.storm + Duration::from_secs(24 * 3_600) {
            world.breach(Rule::Ends, None, "a request is under way for a day");
            break;
        }
    }
    let unresolved = |state: &RowState| *state == RowState::Unresolved;
    if world.inner().ledger.states().iter().any(unresolved) {
        live_until_all_ends(world, case, bug).await;
    }
}

/// The same command again until a run has nothing left, or there is no hope.
async fn live_until_all_ends(world: &Arc<World>, case: &Case, bug: Option<Bug>) {
    for _ in 0..MOST_QUIET_LIVES {
        live(world, case, Death::default(), bug).await;
        if all_may_end(world.inner().ledger.states()) {
            break;
        }
    }
}
