//! The access token: where it is kept, for how long it is good, and who renews it.
//!
//! It lives in memory only. Its life is what the token endpoint says, on the monotonic clock, counted from before it
//! was asked for. It is renewed ahead of its end by one caller, while the others go on with the old one: a new token
//! does not end the old one. When the API refuses it, it is forgotten, but only if it is still the current one: a
//! hundred refusals of one token make one new token. The clock stands still on some systems while the machine sleeps:
//! then a token that is over is refused once and renewed.
//!
//! It deliberately makes no request and knows no retry: [`sender`](super::sender) asks the endpoint, as it sends
//! everything else, through gate, permit and rate limit.

use std::fmt;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use reqwest::header::HeaderValue;
use serde::Deserialize;
use serde_json::Value;
use tokio::sync::{Mutex, OwnedMutexGuard};
use tokio::time::Instant;

use super::retry::up_to;

/// Longest life that is believed; a token that is good for longer is renewed all the same.
const LONGEST_LIFE: Duration = Duration::from_secs(24 * 3_600);
/// A shorter life would be over before the token could be used even once.
const SHORTEST_LIFE: Duration = Duration::from_secs(1);
/// Renewal starts a tenth of the life before its end, but not more than this (and up to half as much again, so that
/// several processes do not come at once): enough for a few attempts at a token endpoint that is not well.
const LONGEST_MARGIN: Duration = Duration::from_secs(60);
/// How long the old token is used before renewal is tried again.
const AGAIN_AFTER: Duration = Duration::from_secs(5);

/// One access token, ready to be sent.
pub(super) struct Bearer {
    header: HeaderValue,
    renew_at: Option<Instant>,
    ends_at: Option<Instant>,
    worked: AtomicBool,
}

/// Leaves the token out.
impl fmt::Debug for Bearer {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Bearer")
            .field("ends_at", &self.ends_at)
            .finish_non_exhaustive()
    }
}

impl Bearer {
    /// The `Authorization` header, marked as sensitive.
    pub(super) fn header(&self) -> &HeaderValue {
        &self.header
    }

    /// When its life is over, if that is known.
    pub(super) fn ends_at(&self) -> Option<Instant> {
        self.ends_at
    }

    /// The token itself, to be kept out of texts.
    pub(super) fn token(&self) -> &str {
        let header = self.header.to_str().unwrap_or_default();
        header.strip_prefix("Bearer ").unwrap_or(header)
    }

    /// Remembers that the API took the token.
    fn worked(&self) {
        self.worked.store(true, Ordering::Relaxed);
    }

    /// Whether the API ever took the token.
    pub(super) fn has_worked(&self) -> bool {
        self.worked.load(Ordering::Relaxed)
    }
}

/// What a refusal of a token says, by what tokens did before.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Standing {
    /// The API has never taken any token of this process: the refusal is about the client.
    Unproven,
    /// It took earlier tokens, and not this one yet: it may be a moment's trouble of the service.
    Fresh,
    /// It took this very token for other requests.
    Proven,
}

/// What the store has.
#[derive(Debug)]
pub(super) enum Held {
    /// A token that is good for a while.
    Good(Arc<Bearer>),
    /// A token that is good and should be renewed by whoever gets the turn.
    Ending(Arc<Bearer>),
    /// No token, or one whose life is over.
    Nothing,
}

/// Keeps the current token.
#[derive(Debug, Default)]
pub(super) struct TokenStore {
    current: RwLock<Option<Arc<Bearer>>>,
    turn: Arc<Mutex<()>>,
    any_worked: AtomicBool,
}

impl TokenStore {
    /// Looks at the current token. Costs a read lock.
    pub(super) fn look(&self) -> Held {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        let Some(bearer) = &*current else {
            return Held::Nothing;
        };
        let now = Instant::now();
        let past = |moment: Option<Instant>| moment.is_some_and(|moment| now >= moment);
        if past(bearer.ends_at) {
            Held::Nothing
        } else if past(bearer.renew_at) {
            Held::Ending(Arc::clone(bearer))
        } else {
            Held::Good(Arc::clone(bearer))
        }
    }

    /// Waits for the turn to renew. Whoever gets it looks again first.
    pub(super) async fn turn(&self) -> OwnedMutexGuard<()> {
        Arc::clone(&self.turn).lock_owned().await
    }

    /// Takes the turn to renew if nobody has it.
    pub(super) fn try_turn(&self) -> Option<OwnedMutexGuard<()>> {
        Arc::clone(&self.turn).try_lock_owned().ok()
    }

    /// Keeps a new token that was asked for at `asked_at`.
    pub(super) fn keep(&self, token: Granted, asked_at: Instant) {
        let life = token.life.map(|life| life.clamp(SHORTEST_LIFE, LONGEST_LIFE));
        let margin = |life: Duration| {
            let least = (life / 10).min(LONGEST_MARGIN);
            least + up_to(least / 2)
        };
        let bearer = Bearer {
            header: token.header,
            renew_at: life.map(|life| asked_at + life.saturating_sub(margin(life))),
            ends_at: life.map(|life| asked_at + life),
            worked: AtomicBool::new(false),
        };
        *self.current.write().unwrap_or_else(PoisonError::into_inner) = Some(Arc::new(bearer));
    }

    /// Goes on with the old token for a while after renewal failed, unless it was forgotten meanwhile.
    pub(super) fn put_off(&self, old: &Arc<Bearer>) {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        if current.as_ref().is_some_and(|bearer| Arc::ptr_eq(bearer, old)) {
            *current = Some(Arc::new(Bearer {
                header: old.header.clone(),
                renew_at: Some(Instant::now() + AGAIN_AFTER),
                ends_at: old.ends_at,
                worked: AtomicBool::new(old.has_worked()),
            }));
        }
    }

    /// Remembers that the API took a token. A store on every answer would move the cache line between all cores.
    pub(super) fn worked(&self, bearer: &Bearer) {
        if !bearer.has_worked() {
            bearer.worked();
            self.any_worked.store(true, Ordering::Relaxed);
        }
    }

    /// What a refusal of this token says.
    pub(super) fn standing(&self, bearer: &Bearer) -> Standing {
        match (bearer.has_worked(), self.any_worked.load(Ordering::Relaxed)) {
            (true, _) => Standing::Proven,
            (false, true) => Standing::Fresh,
            (false, false) => Standing::Unproven,
        }
    }

    /// Forgets a token that the API refused, unless another one is current already.
    pub(super) fn refuse(&self, refused: &Bearer) {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        if current.as_ref().is_some_and(|bearer| bearer.header == refused.header) {
            *current = None;
        }
    }
}

/// What a token endpoint granted.
pub(super) struct Granted {
    header: HeaderValue,
    /// `None` where the endpoint does not say: then the token is used until the API refuses it.
    life: Option<Duration>,
}

#[derive(Deserialize)]
struct Answer {
    access_token: String,
    token_type: Option<String>,
    /// A number by the standard, which some endpoints put in quotes. What is neither is as good as missing: a token is not
    /// thrown away for its label.
    expires_in: Option<Value>,
}

impl Granted {
    /// The `Authorization` header, marked as sensitive.
    pub(super) fn header(&self) -> &HeaderValue {
        &self.header
    }

    /// Reads the answer of a token endpoint, RFC 6749 section 5.1; `None` where it grants nothing that can be used.
    pub(super) fn read(body: &[u8]) -> Option<Self> {
        let answer: Answer = serde_json::from_slice(body).ok()?;
        let bearer = answer.token_type.is_none_or(|kind| kind.eq_ignore_ascii_case("bearer"));
        if !bearer || answer.access_token.is_empty() {
            return None;
        }
        let mut header = HeaderValue::try_from(format!("Bearer {}", answer.access_token)).ok()?;
        header.set_sensitive(true);
        let life = answer.expires_in.as_ref().and_then(seconds).map(life);
        Some(Self { header, life })
    }
}

fn seconds(expires_in: &Value) -> Option<f64> {
    let number = expires_in.as_f64();
    let quoted = || expires_in.as_str().and_then(|text| text.trim().parse().ok());
    number.or_else(quoted).filter(|seconds: &f64| seconds.is_finite())
}

fn life(seconds: f64) -> Duration {
    Duration::try_from_secs_f64(seconds.max(0.0)).unwrap_or(Duration::MAX)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn granted(token: &str, expires_in: &str) -> Granted {
        let body =
            format!(r#"{{"token_type":"Bearer","expires_in":{expires_in},"access_token":"{token}","scope":"x"}}"#);
        Granted::read(body.as_bytes()).unwrap()
    }

    fn kept(expires_in: &str) -> TokenStore {
        let store = TokenStore::default();
        store.keep(granted("t1", expires_in), Instant::now());
        store
    }

    /// What the store holds after so many seconds more.
    async fn check(store: &TokenStore, seconds: u64, expected: &str) {
        tokio::time::advance(Duration::from_secs(seconds)).await;
        let held = match store.look() {
            Held::Good(_) => "good",
            Held::Ending(_) => "ending",
            Held::Nothing => "nothing",
        };
        assert_eq!(held, expected, "after {seconds} s more");
    }

    #[tokio::test(start_paused = true)]
    async fn the_life_is_what_the_endpoint_says() {
        let store = kept("900");
        check(&store, 0, "good").await;
        check(&store, 809, "good").await;
        check(&store, 32, "ending").await;
        check(&store, 58, "ending").await;
        check(&store, 1, "nothing").await;
        let store = kept("30");
        check(&store, 25, "good").await;
        check(&store, 3, "ending").await;
        check(&store, 2, "nothing").await;
    }

    #[tokio::test(start_paused = true)]
    async fn the_life_counts_from_before_the_token_was_asked_for() {
        let store = TokenStore::default();
        let asked_at = Instant::now();
        tokio::time::advance(Duration::from_secs(20)).await;
        store.keep(granted("t1", "30"), asked_at);
        check(&store, 10, "nothing").await;
    }

    #[tokio::test(start_paused = true)]
    async fn absurd_lives_are_bounded() {
        check(&kept("0"), 0, "good").await;
        check(&kept("-5"), 2, "nothing").await;
        check(&kept("1e300"), 24 * 3_600, "nothing").await;
        for unknown in ["null", "true", "{}", "[900]", "\"soon\"", "\"\"", "\"NaN\"", "\"inf\""] {
            check(&kept(unknown), 1_000_000, "good").await;
        }
        let store = kept("\"30\"");
        check(&store, 25, "good").await;
        check(&store, 5, "nothing").await;
        let store = kept("30.9");
        check(&store, 30, "ending").await;
        check(&store, 1, "nothing").await;
    }

    #[tokio::test(start_paused = true)]
    async fn several_processes_do_not_renew_at_the_same_moment() {
        let now = Instant::now();
        let moments = (0..20).filter_map(|_| kept("1000").current.read().unwrap().as_ref()?.renew_at);
        let moments: std::collections::BTreeSet<_> = moments.map(|at| at - now).collect();
        assert!(moments.len() > 10, "{moments:?}");
        assert!(
            moments.iter().all(|at| (910..=940).contains(&at.as_secs())),
            "{moments:?}"
        );
    }

    #[tokio::test(start_paused = true)]
    async fn a_failed_renewal_keeps_the_old_token_for_its_life() {
        let store = kept("900");
        tokio::time::advance(Duration::from_secs(850)).await;
        let Held::Ending(old) = store.look() else {
            panic!("not ending");
        };
        store.put_off(&old);
        check(&store, 4, "good").await;
        check(&store, 2, "ending").await;
        check(&store, 44, "nothing").await;
    }

    #[tokio::test]
    async fn only_the_current_token_is_forgotten() {
        let store = kept("900");
        let Held::Good(old) = store.look() else {
            panic!("no token");
        };
        store.keep(granted("t2", "900"), Instant::now());
        store.refuse(&old);
        assert!(matches!(store.look(), Held::Good(_)));
        let Held::Good(current) = store.look() else {
            panic!("no token");
        };
        store.refuse(&current);
        assert!(matches!(store.look(), Held::Nothing));
    }

    #[tokio::test]
    async fn one_caller_at_a_time_has_the_turn() {
        let store = kept("900");
        let turn = store.try_turn();
        assert!(turn.is_some() && store.try_turn().is_none());
        drop(turn);
        assert!(store.try_turn().is_some());
    }

    #[test]
    fn answers_that_grant_nothing_are_no_tokens() {
        for body in [
            "",
            "{}",
            r#"{"access_token":""}"#,
            r#"{"access_token":"a\nb"}"#,
            r#"{"access_token":"a","token_type":"mac"}"#,
            r#"{"error":"temporarily_unavailable"}"#,
        ] {
            assert!(Granted::read(body.as_bytes()).is_none(), "{body}");
        }
    }

    #[tokio::test]
    async fn a_token_is_in_no_debug_text() {
        let store = kept("900");
        let text = format!("{store:?} {:?}", granted("t1", "1").header);
        assert!(!text.contains("t1"), "{text}");
    }
}
