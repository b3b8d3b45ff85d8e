//! The sandbox on the network: it starts, serves connections and stops.
//!
//! It accepts connections itself instead of leaving that to `axum::serve`, for two reasons: a reset must close the
//! connection with no part of an answer, and a stop must end every connection in bounded time.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::body::{Body, to_bytes};
use axum::http::Request;
use axum::response::Response;
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::io::AsyncWriteExt;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;
use tokio::time::Instant;

use super::arrivals::Arrival;
use super::desk::Desk;
use super::options::Options;
use super::plan::FaultPlan;
use super::rates::FaultRates;
use super::service::{self, Call, Ending};
use super::state_file::StateFileError;
use super::store::CustomerRecord;
use super::tally::Tally;

/// How many connections are open at once; more wait to be accepted. A client of one host needs far fewer.
const CONNECTIONS_MAX: usize = 1024;

/// How long a stop lets requests that are being answered end.
const STOP_LIMIT: Duration = Duration::from_secs(1);

/// How long to wait after a connection could not be accepted, most likely for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

/// The largest body read to its end: a client that is still writing would not see a refusal, only a broken connection.
const BODY_READ_LIMIT_BYTES: usize = 1024 * 1024;

/// The size of one header among those without end: fewer than any client takes, so that their number is what breaks it.
const HEADER_BYTES: usize = 1024;

/// Why a sandbox does not start.
#[derive(Debug, thiserror::Error)]
pub enum SandboxError {
    /// It holds personal data and knows no TLS, so nobody else may reach it.
    #[error("{address} is not a loopback address")]
    NotLoopback {
        /// The address it should have listened on.
        address: SocketAddr,
    },
    /// The options contradict themselves.
    #[error("sandbox options: {problem}")]
    Options {
        /// What is wrong with them.
        problem: String,
    },
    /// The address can't be listened on.
    #[error("can't listen on {address}")]
    Listen {
        /// The address it should have listened on.
        address: SocketAddr,
        /// What the operating system says.
        source: io::Error,
    },
    /// The state file can't be used.
    #[error(transparent)]
    State(#[from] StateFileError),
}

/// A running sandbox. Dropping it ends it at once; [`Sandbox::stop`] lets requests end first.
#[derive(Debug)]
pub struct Sandbox {
    address: SocketAddr,
    desk: Arc<Desk>,
    stop: watch::Sender<bool>,
    /// The one task that accepts connections and owns theirs, in a set because a set ends its tasks when dropped.
    server: JoinSet<()>,
}

impl Sandbox {
    /// Starts a sandbox on a loopback address; port 0 takes a free port. It serves on the Tokio runtime it is started
    /// on, from the moment this returns.
    pub async fn start(options: Options, address: SocketAddr) -> Result<Sandbox, SandboxError> {
        if !address.ip().is_loopback() {
            return Err(SandboxError::NotLoopback { address });
        }
        let source = uuid::Uuid::now_v7().simple().to_string();
        let desk = Arc::new(Desk::open(options, &source)?);
        let listen_error = |source| SandboxError::Listen { address, source };
        let listener = TcpListener::bind(address).await.map_err(listen_error)?;
        let address = listener.local_addr().map_err(listen_error)?;
        let (stop, stopped) = watch::channel(false);
        let mut server = JoinSet::new();
        server.spawn(serve(listener, Arc::clone(&desk), stopped));
        tracing::debug!(%address, "sandbox listens");
        Ok(Sandbox {
            address,
            desk,
            stop,
            server,
        })
    }

    /// The address it listens on.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The base of the API, to which `/v1/customers` is added.
    pub fn base_url(&self) -> String {
        format!("http://{}/api", self.address)
    }

    /// The token endpoint.
    pub fn token_url(&self) -> String {
        format!("http://{}/oauth2/token", self.address)
    }

    /// What it received and answered so far.
    pub fn tally(&self) -> Tally {
        self.desk.tally()
    }

    /// Every customer it holds, oldest first, those from the state file included.
    pub fn customers(&self) -> Vec<CustomerRecord> {
        self.desk.records()
    }

    /// The payload of a customer, as it was sent.
    pub fn customer(&self, customer_id: &str) -> Option<Value> {
        self.desk.store().customer(customer_id)
    }

    /// Loses a customer, as if somebody had deleted him over there; says whether he was there. A state file keeps him.
    pub fn remove(&self, customer_id: &str) -> bool {
        self.desk.store().remove(customer_id)
    }

    /// Changes what it holds of a customer, as if somebody had done so over there; says whether he was there. A state
    /// file keeps what it has.
    pub fn alter(&self, customer_id: &str, change: impl FnOnce(&mut Value)) -> bool {
        self.desk.store().alter(customer_id, change)
    }

    /// When requests arrived, the first 4 million of them, token requests included.
    pub fn arrivals(&self) -> Vec<Arrival> {
        self.desk.counter().arrivals.kept()
    }

    /// Changes what goes wrong with API requests from now on: an outage begins, or ends.
    pub fn set_faults(&self, faults: FaultRates) -> Result<(), SandboxError> {
        self.desk.set_faults(faults)
    }

    /// Begins another plan: its times and its counts of requests and tries begin now.
    pub fn set_plan(&self, plan: FaultPlan) -> Result<(), SandboxError> {
        self.desk.set_plan(plan)
    }

    /// Stops: accepts nobody any more, lets the requests that are being answered end, one second at most, closes every
    /// connection and the state file, and says what it received and answered.
    pub async fn stop(mut self) -> Tally {
        self.stop.send_replace(true);
        while self.server.join_next().await.is_some() {}
        self.desk.tally()
    }
}

async fn serve(listener: TcpListener, desk: Arc<Desk>, mut stopped: watch::Receiver<bool>) {
    let address = listener.local_addr();
    let mut listener = Some(listener);
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = accept(listener.as_ref()), if connections.len() < CONNECTIONS_MAX => match accepted {
                Ok(stream) => {
                    connections.spawn(connection(stream, Arc::clone(&desk), stopped.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "sandbox could not accept a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
            Some(_) = connections.join_next() => {}
            () = desk.door_may_change() => {
                let is_out = desk.faults().is_out(Instant::now());
                if is_out {
                    listener = None;
                } else if let (None, Ok(address)) = (&listener, &address) {
                    // Whoever took the port meanwhile may give it back: the next turn tries again.
                    listener = TcpListener::bind(address).await.ok();
                }
            }
            _ = stopped.changed() => break,
        }
    }
    drop(listener);
    let all_ended = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(STOP_LIMIT, all_ended).await.is_err() {
        connections.shutdown().await;
    }
}

/// Accepts a connection; never one while nobody listens.
async fn accept(listener: Option<&TcpListener>) -> io::Result<TcpStream> {
    match listener {
        Some(listener) => listener.accept().await.map(|(stream, _)| stream),
        None => std::future::pending().await,
    }
}

/// What the connection has to do instead of sending an answer. As an error out of the service it keeps `hyper` from
/// sending even the head of one, and `hyper` then hands the connection back.
#[derive(Debug, thiserror::Error)]
#[error("the connection ends on purpose without an answer")]
struct Instead {
    /// The headers to send before the reset, in bytes.
    headers_bytes: u64,
}

async fn connection(stream: TcpStream, desk: Arc<Desk>, mut stopped: watch::Receiver<bool>) {
    // Without this an answer may wait for the client's acknowledgment; if it can't be set, it does.
    stream.set_nodelay(true).ok();
    let service = service_fn(|request| answer(&desk, request));
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let ended = tokio::select! {
        ended = &mut connection => ended,
        _ = stopped.changed() => {
            std::pin::Pin::new(&mut connection).graceful_shutdown();
            (&mut connection).await
        }
    };
    let Err(error) = ended else { return };
    if error.is_user() {
        let instead = std::error::Error::source(&error).and_then(|cause| cause.downcast_ref::<Instead>());
        let headers_bytes = instead.map_or(0, |instead| instead.headers_bytes);
        let mut stream = connection.into_parts().io.into_inner();
        tokio::select! {
            () = send_headers(&mut stream, headers_bytes) => {}
            _ = stopped.changed() => {}
        }
        // Closing with no time to linger makes it a reset, where closing alone would look like a polite end.
        stream.set_zero_linger().ok();
    }
}

/// Sends the head of an answer whose headers do not end, up to so many bytes or until the client has enough.
async fn send_headers(stream: &mut TcpStream, most_bytes: u64) {
    let mut sent = 0;
    let mut piece = String::from("HTTP/1.1 200 OK\r\n");
    while sent < most_bytes && stream.write_all(piece.as_bytes()).await.is_ok() {
        sent += piece.len() as u64;
        piece = format!("x-endless-{sent}: {}\r\n", "x".repeat(HEADER_BYTES));
    }
}

async fn answer(desk: &Arc<Desk>, request: Request<Incoming>) -> Result<Response, Instead> {
    let (parts, body) = request.into_parts();
    let kind = service::arrive(desk, &parts);
    let body = to_bytes(Body::new(body), BODY_READ_LIMIT_BYTES).await.ok();
    let body = body.filter(|body| body.len() <= service::BODY_LIMIT_BYTES);
    match service::answer(desk, Call { kind, parts, body }).await {
        Ending::Answer(response) => Ok(response),
        Ending::Refused | Ending::Reset => Err(Instead { headers_bytes: 0 }),
        Ending::EndlessHeaders(headers_bytes) => Err(Instead { headers_bytes }),
    }
}
