//! The sandbox on the network: it starts, serves connections and stops.
//!
//! It accepts connections itself instead of leaving that to `axum::serve`, for two reasons: a reset must close the
//! connection with no part of an answer, and a stop must end every connection in bounded time.

use std::io;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::routing::{get, post};
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use serde_json::Value;
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::watch;
use tokio::task::JoinSet;

use super::answers::not_found;
use super::desk::Desk;
use super::faults::FaultRates;
use super::options::Options;
use super::state_file::StateFileError;
use super::store::CustomerRecord;
use super::tally::Tally;
use super::{customers, front, token};

/// How many connections are open at once; more wait to be accepted. A client of one host needs far fewer.
const CONNECTIONS_MAX: usize = 1024;

/// How long a stop lets requests that are being answered end.
const STOP_LIMIT: Duration = Duration::from_secs(1);

/// How long to wait after a connection could not be accepted, most likely for want of file descriptors.
const ACCEPT_PAUSE: Duration = Duration::from_millis(50);

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
        if let Some(problem) = options.problem() {
            return Err(SandboxError::Options { problem });
        }
        let desk = Arc::new(Desk::open(options)?);
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

    /// Changes what goes wrong with API requests from now on: an outage begins, or ends.
    pub fn set_faults(&self, faults: FaultRates) -> Result<(), SandboxError> {
        if let Some(problem) = faults.problem() {
            return Err(SandboxError::Options {
                problem: format!("faults: {problem}"),
            });
        }
        self.desk.faults().set_rates(faults);
        Ok(())
    }

    /// Stops: accepts nobody any more, lets the requests that are being answered end, one second at most, closes every
    /// connection and the state file, and says what it received and answered.
    pub async fn stop(mut self) -> Tally {
        self.stop.send_replace(true);
        while self.server.join_next().await.is_some() {}
        self.desk.tally()
    }
}

fn router(desk: Arc<Desk>) -> Router {
    Router::new()
        .route("/oauth2/token", post(token::issue))
        .route("/api/v1/customers", get(customers::list).post(customers::create))
        .route("/api/v1/customers/{id}", get(customers::read))
        .fallback(async || not_found())
        .method_not_allowed_fallback(async || not_found())
        .with_state(desk)
}

async fn serve(listener: TcpListener, desk: Arc<Desk>, mut stopped: watch::Receiver<bool>) {
    let router = router(Arc::clone(&desk));
    let mut connections = JoinSet::new();
    loop {
        tokio::select! {
            accepted = listener.accept(), if connections.len() < CONNECTIONS_MAX => match accepted {
                Ok((stream, _)) => {
                    connections.spawn(connection(stream, Arc::clone(&desk), router.clone(), stopped.clone()));
                }
                Err(error) => {
                    tracing::warn!(%error, "sandbox could not accept a connection");
                    tokio::time::sleep(ACCEPT_PAUSE).await;
                }
            },
            Some(_) = connections.join_next() => {}
            _ = stopped.changed() => break,
        }
    }
    drop(listener);
    let all_ended = async { while connections.join_next().await.is_some() {} };
    if tokio::time::timeout(STOP_LIMIT, all_ended).await.is_err() {
        connections.shutdown().await;
    }
}

async fn connection(stream: TcpStream, desk: Arc<Desk>, router: Router, mut stopped: watch::Receiver<bool>) {
    // Without this an answer may wait for the client's acknowledgment; if it can't be set, it does.
    stream.set_nodelay(true).ok();
    let service = service_fn(|request| front::answer(&desk, router.clone(), request));
    let mut connection = http1::Builder::new().serve_connection(TokioIo::new(stream), service);
    let ended = tokio::select! {
        ended = &mut connection => ended,
        _ = stopped.changed() => {
            std::pin::Pin::new(&mut connection).graceful_shutdown();
            (&mut connection).await
        }
    };
    if ended.is_err_and(|error| error.is_user()) {
        // Closing with no time to linger makes it a reset, where closing alone would look like a polite end.
        connection.into_parts().io.into_inner().set_zero_linger().ok();
    }
}
