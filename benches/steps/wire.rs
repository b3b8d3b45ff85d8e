//! A sender over a wire that answers at once, so that what it costs is its own.

use std::sync::Arc;

use bytes::Bytes;
use http::{HeaderMap, Request};
use rollcall::config::settings::Settings;
use rollcall::model::ids::IdempotencyId;
use rollcall::model::position::Position;
use rollcall::model::row::{Row, RowKey};
use rollcall::send::{Exchange, Payload, Reply, Sender, Stop, Wire};
use tokio::runtime::{Builder, Runtime};
use tokio::task::JoinSet;

/// Rows of a measurement.
pub(crate) const ROWS: u64 = 1_000;

/// Rows under way.
const AT_ONCE: usize = 32;

/// Gives a token to whoever asks for one, and else says that the customer was created.
struct Instant;

impl Wire for Instant {
    fn exchange(&self, request: Request<Bytes>) -> Exchange<'_> {
        let is_token = request.uri().path() == "/token";
        let text = if is_token {
            r#"{"access_token":"bench","token_type":"Bearer","expires_in":3600}"#
        } else {
            r#"{"data":{"id":"bench"}}"#
        };
        let reply = Reply {
            status: 200,
            headers: HeaderMap::new(),
            payload: Payload::Whole(Bytes::from_static(text.as_bytes())),
        };
        Box::pin(async { Ok(reply) })
    }
}

pub(crate) struct Wired {
    sender: Sender,
    runtime: Runtime,
}

impl Wired {
    /// `rate_per_second` is 0 for no limit.
    pub(crate) fn new(mut settings: Settings, rate_per_second: u32) -> Self {
        settings.send.rate_per_second = (rate_per_second > 0).then_some(rate_per_second);
        Self {
            sender: Sender::over(Arc::new(Instant), &settings.api, &settings.send).unwrap(),
            runtime: Builder::new_current_thread().enable_all().build().unwrap(),
        }
    }

    pub(crate) fn send(&self) {
        self.runtime.block_on(async {
            let stop = Stop::new();
            let mut under_way = JoinSet::new();
            for record in 1..=ROWS {
                if under_way.len() >= AT_ONCE {
                    under_way.join_next().await.unwrap().unwrap();
                }
                let (sender, stop) = (self.sender.clone(), stop.clone());
                under_way.spawn(async move {
                    let row = Row {
                        position: Position::default(),
                        customer_id: "bench".to_owned(),
                        idempotency_id: IdempotencyId::from_bytes([1; 16]),
                        payload: Bytes::from_static(b"{}"),
                        notes: Vec::new(),
                    };
                    sender.send(RowKey { input: 1, record }, &row, &stop).await.unwrap();
                });
            }
            while let Some(sent) = under_way.join_next().await {
                sent.unwrap();
            }
        });
    }
}
