//! Asking for tokens: the first and every later one.
//!
//! A renewal ahead of a token's end goes beside the rows, which go on with the token that they have: an endpoint that is
//! slow holds nobody up. Where there is no token, one caller asks and the others wait for what it gets; but not behind a
//! request that hangs: after as long as a probe is waited for, the next one asks beside it.
//!
//! It deliberately takes no permit, since there is never more than one request for a token, and does not heed the rate
//! headers of the token endpoint, which is another service with limits of its own.

use std::sync::Arc;

use tokio::sync::OwnedMutexGuard;
use tokio::time::{Instant, timeout_at};
use tracing::debug;

use super::{Halt, Shared};
use crate::clock;
use crate::send::gate::{PROBE_EVERY, Pass};
use crate::send::token::{Bearer, Granted, Held};
use crate::send::transport::retry_after;
use crate::send::wire::{Failure, Payload, Reply};

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

impl Shared {
    /// Gets a token where there is none.
    pub(super) async fn renew(&self, pass: Pass<'_>) -> Result<(), Halt> {
        let turn = self.tokens.turn().await;
        if !matches!(self.tokens.look(), Held::Nothing) || !pass.holds() {
            return Ok(());
        }
        self.limit.turn().await;
        self.renew_now(pass, turn).await
    }

    /// The same with the turn to renew and a turn at the limit.
    pub(super) async fn renew_now(&self, pass: Pass<'_>, turn: OwnedMutexGuard<()>) -> Result<(), Halt> {
        match self.ask_with(turn, None).await {
            Asked::Granted => {}
            Asked::Refused(status) => return Err(Halt::TokenRefused(status)),
            Asked::NotTrusted(why) => return Err(Halt::NotTrusted(why)),
            Asked::Later(reply) => {
                let asked = reply.and_then(|reply| retry_after(&reply.headers, clock::now_ms()));
                self.tally.wait_if(pass.told_to_wait(asked));
            }
        }
        Ok(())
    }

    /// Renews a token that is still good, unless somebody does, with the caller's turn at the limit; whether it took that.
    /// Whatever goes wrong, the old token serves on and it is tried again later.
    pub(super) fn renew_ahead(self: &Arc<Self>, bearer: &Arc<Bearer>) -> bool {
        let Some(turn) = self.tokens.try_turn() else {
            return false;
        };
        // Somebody may have had the turn since the token was looked at.
        if !matches!(self.tokens.look(), Held::Ending(_)) {
            return false;
        }
        let (shared, bearer) = (Arc::clone(self), Arc::clone(bearer));
        tokio::spawn(async move {
            match shared.ask_with(turn, bearer.ends_at()).await {
                Asked::Granted => {}
                Asked::Refused(_) | Asked::NotTrusted(_) | Asked::Later(_) => shared.tokens.put_off(&bearer),
            }
        });
        true
    }

    /// Asks for a token, after a turn at the limit like every request. The turn to renew is given back when the request
    /// hangs for long, but not before this.
    async fn ask_with(&self, turn: OwnedMutexGuard<()>, not_before: Option<Instant>) -> Asked {
        let patience = Instant::now() + PROBE_EVERY;
        let until = not_before.map_or(patience, |not_before| patience.max(not_before));
        let mut asking = std::pin::pin!(self.ask_for_token());
        if let Ok(asked) = timeout_at(until, asking.as_mut()).await {
            return asked;
        }
        drop(turn);
        asking.await
    }

    async fn ask_for_token(&self) -> Asked {
        self.tally.token_request();
        let asked_at = Instant::now();
        let reply = self.transport.token().await;
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
            (None, Some(status)) if refuses(status) => Asked::Refused(status),
            (None, _) => Asked::Later(reply.ok()),
        }
    }
}

/// Whether a token endpoint that answers so does not know this client, or is no token endpoint.
pub(super) fn refuses(status: u16) -> bool {
    matches!(status, 400 | 401 | 403..=405 | 410)
}
