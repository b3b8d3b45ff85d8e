//! A body that takes its time, breaks off or does not end.
//!
//! It plays a list of steps: wait, send, send again and again, break off. Waiting is on Tokio's clock.

use std::collections::VecDeque;
use std::pin::Pin;
use std::task::{Context, Poll};
use std::time::Duration;

use axum::body::Body;
use bytes::Bytes;
use hyper::body::{Body as HttpBody, Frame};
use tokio::time::Sleep;

/// How long a body waits before it breaks off: what it said before is then on the wire.
const BEFORE_BREAKING: Duration = Duration::from_millis(20);

/// The size of one piece of an endless body.
const PIECE_BYTES: usize = 64 * 1024;

/// The body breaks off here, and the connection with it.
#[derive(Debug, thiserror::Error)]
#[error("the body is broken off on purpose")]
pub(super) struct BrokenOff;

#[derive(Debug)]
enum Step {
    Wait(Duration),
    Send(Bytes),
    Repeat(Bytes, u64),
    Break,
}

/// What is still to be played.
#[derive(Debug)]
pub(super) struct Script {
    steps: VecDeque<Step>,
    waits: Option<Pin<Box<Sleep>>>,
}

impl Script {
    fn body(steps: impl IntoIterator<Item = Step>) -> Body {
        Body::new(Script {
            steps: steps.into_iter().collect(),
            waits: None,
        })
    }

    /// The first half, then the end of the connection.
    pub(super) fn half(whole: &Bytes) -> Body {
        let half = whole.slice(..whole.len() / 2);
        Script::body([Step::Send(half), Step::Wait(BEFORE_BREAKING), Step::Break])
    }

    /// Byte by byte.
    pub(super) fn slow(whole: &Bytes, interval: Duration) -> Body {
        let byte = |at| [Step::Wait(interval), Step::Send(whole.slice(at..=at))];
        Script::body((0..whole.len()).flat_map(byte).collect::<Vec<_>>())
    }

    /// The beginning of an answer, and then the same letter for so many bytes.
    pub(super) fn huge(beginning: &'static str, bytes: u64) -> Body {
        let piece = Bytes::from(vec![b'x'; PIECE_BYTES]);
        Script::body([
            Step::Send(Bytes::from_static(beginning.as_bytes())),
            Step::Repeat(piece, bytes),
        ])
    }
}

impl HttpBody for Script {
    type Data = Bytes;
    type Error = BrokenOff;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, BrokenOff>>> {
        loop {
            if let Some(waits) = &mut self.waits {
                std::task::ready!(waits.as_mut().poll(context));
                self.waits = None;
            }
            match self.steps.pop_front() {
                None => return Poll::Ready(None),
                Some(Step::Wait(time)) => self.waits = Some(Box::pin(tokio::time::sleep(time))),
                Some(Step::Send(bytes)) => return Poll::Ready(Some(Ok(Frame::data(bytes)))),
                Some(Step::Break) => return Poll::Ready(Some(Err(BrokenOff))),
                Some(Step::Repeat(piece, left)) => {
                    let most = usize::try_from(left).unwrap_or(usize::MAX).min(piece.len());
                    let left = left - most as u64;
                    let sent = piece.slice(..most);
                    if left > 0 {
                        self.steps.push_front(Step::Repeat(piece, left));
                    }
                    return Poll::Ready(Some(Ok(Frame::data(sent))));
                }
            }
        }
    }
}
