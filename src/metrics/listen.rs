//! `GET /metrics` while a run works.
//!
//! It has a thread and a runtime of its own, so that whoever asks too often takes no time from what is sent. Everything is
//! bounded: connections, the head of a request, the time for it. A connection serves one request.
//!
//! It deliberately serves one address and knows no TLS and no password: what it tells holds no value of a customer, and
//! unless it is told otherwise it listens on this machine alone.

use std::convert::Infallible;
use std::net::{SocketAddr, TcpListener};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use axum::body::Body;
use axum::http::header::{ALLOW, CACHE_CONTROL, CONTENT_TYPE};
use axum::http::{HeaderValue, Method, Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::server::conn::http1;
use hyper::service::service_fn;
use hyper_util::rt::TokioIo;
use tokio::net::TcpStream;
use tokio::sync::{Semaphore, oneshot};

use super::{MetricsError, Snapshot};

/// Connections at the same time: two servers that scrape, and a person who looks.
const MOST_CONNECTIONS: usize = 8;
/// Time for one connection: a server that scrapes waits for ten seconds by default.
const CONNECTION_TIME: Duration = Duration::from_secs(10);
/// Bytes that are kept of a request: what scrapes has a head of some 300. It is the least that hyper takes.
const MOST_HEAD_BYTES: usize = 8 * 1024;
/// Wait after a connection that could not be accepted, for want of file handles for example.
const ACCEPT_PAUSE: Duration = Duration::from_millis(100);
const OPEN_METRICS: HeaderValue =
    HeaderValue::from_static("application/openmetrics-text; version=1.0.0; charset=utf-8");

/// Gives the figures of the moment.
pub type Source = Arc<dyn Fn() -> Snapshot + Send + Sync>;

/// Serves figures until it is dropped.
#[derive(Debug)]
pub struct Listener {
    address: SocketAddr,
    stop: Option<oneshot::Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Listener {
    /// Begins to serve; port 0 takes any that is free.
    pub fn start(address: SocketAddr, source: Source) -> Result<Self, MetricsError> {
        let fail = |source| MetricsError::Listen { address, source };
        let listener = TcpListener::bind(address).map_err(fail)?;
        listener.set_nonblocking(true).map_err(fail)?;
        let bound = listener.local_addr().map_err(fail)?;
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(fail)?;
        let (stop, stopped) = oneshot::channel();
        let serve = move || {
            runtime.block_on(async move {
                tokio::select! {
                    () = serve(listener, source) => {}
                    _ = stopped => {}
                }
            });
            // Connections end here, where the runtime does.
        };
        let thread = std::thread::Builder::new().name("metrics".to_owned()).spawn(serve);
        Ok(Self {
            address: bound,
            stop: Some(stop),
            thread: Some(thread.map_err(fail)?),
        })
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Listener {
    fn drop(&mut self) {
        // Whoever has stopped by itself needs no word.
        if let Some(stop) = self.stop.take() {
            stop.send(()).ok();
        }
        if let Some(thread) = self.thread.take() {
            drop(thread.join());
        }
    }
}

async fn serve(listener: TcpListener, source: Source) {
    let listener = match tokio::net::TcpListener::from_std(listener) {
        Ok(listener) => listener,
        Err(error) => {
            tracing::warn!(%error, "metrics are not served");
            return;
        }
    };
    let places = Arc::new(Semaphore::new(MOST_CONNECTIONS));
    loop {
        let Ok(place) = Arc::clone(&places).acquire_owned().await else {
            return;
        };
        match listener.accept().await {
            Ok((stream, _)) => {
                let source = Arc::clone(&source);
                tokio::spawn(async move {
                    // Who takes too long is left, and need not be told.
                    drop(tokio::time::timeout(CONNECTION_TIME, connection(stream, source)).await);
                    drop(place);
                });
            }
            Err(error) => {
                tracing::warn!(%error, "a connection for metrics could not be accepted");
                tokio::time::sleep(ACCEPT_PAUSE).await;
            }
        }
    }
}

async fn connection(stream: TcpStream, source: Source) {
    let service = service_fn(move |request: Request<Incoming>| {
        let response = answer(request.method(), request.uri().path(), &source);
        async move { Ok::<_, Infallible>(response) }
    });
    let connection = http1::Builder::new()
        .keep_alive(false)
        .max_buf_size(MOST_HEAD_BYTES)
        .serve_connection(TokioIo::new(stream), service);
    if let Err(error) = connection.await {
        tracing::debug!(%error, "a connection for metrics broke off");
    }
}

fn answer(method: &Method, path: &str, source: &Source) -> Response<Body> {
    let (status, body) = match (method, path) {
        (&Method::GET | &Method::HEAD, "/metrics") => (StatusCode::OK, source().open_metrics()),
        (_, "/metrics") => (StatusCode::METHOD_NOT_ALLOWED, String::new()),
        _ => (StatusCode::NOT_FOUND, "figures are at /metrics\n".to_owned()),
    };
    let mut response = Response::new(Body::from(body));
    *response.status_mut() = status;
    let headers = response.headers_mut();
    headers.insert(CACHE_CONTROL, HeaderValue::from_static("no-store"));
    match status {
        StatusCode::OK => headers.insert(CONTENT_TYPE, OPEN_METRICS),
        StatusCode::METHOD_NOT_ALLOWED => headers.insert(ALLOW, HeaderValue::from_static("GET, HEAD")),
        _ => headers.insert(CONTENT_TYPE, HeaderValue::from_static("text/plain; charset=utf-8")),
    };
    response
}

#[cfg(test)]
mod tests {
    use std::io::{Read, Write};

    use super::*;

    fn ask(address: SocketAddr, request: &str) -> String {
        let mut stream = std::net::TcpStream::connect(address).unwrap();
        stream.write_all(request.as_bytes()).unwrap();
        let mut answer = String::new();
        // Whoever is refused for its head may be cut off.
        drop(stream.read_to_string(&mut answer));
        answer
    }

    fn listener() -> Listener {
        Listener::start("127.0.0.1:0".parse().unwrap(), Arc::new(Snapshot::default)).unwrap()
    }

    #[test]
    fn figures_are_served_at_one_path_and_to_readers_alone() {
        let listener = listener();
        let check = |request: &str, expected: &str| {
            let answer = ask(listener.address(), &format!("{request} HTTP/1.1\r\nhost: x\r\n\r\n"));
            assert!(answer.starts_with(expected), "{request}: {answer}");
            answer
        };
        let found = check("GET /metrics", "HTTP/1.1 200");
        assert!(found.contains("content-type: application/openmetrics-text"), "{found}");
        assert!(found.ends_with("# EOF\n"), "{found}");
        check("POST /metrics", "HTTP/1.1 405");
        check("GET /", "HTTP/1.1 404");
        check("GET /metrics/../secret", "HTTP/1.1 404");
        let long = format!(
            "GET /metrics HTTP/1.1\r\nx: {}\r\n\r\n",
            "y".repeat(4 * MOST_HEAD_BYTES)
        );
        assert!(!ask(listener.address(), &long).starts_with("HTTP/1.1 200"));
    }

    #[test]
    fn a_port_in_use_is_refused_and_is_free_again_afterwards() {
        let first = listener();
        let address = first.address();
        let again = || Listener::start(address, Arc::new(Snapshot::default));
        let refused = again().unwrap_err();
        assert_eq!(refused.to_string(), format!("cannot serve metrics at {address}"));
        assert!(refused.hint().contains("another port"), "{}", refused.hint());
        drop(first);
        drop(again().unwrap());
    }

    #[test]
    fn whoever_holds_connections_open_does_not_keep_the_run_from_ending() {
        let listener = listener();
        let held: Vec<_> = (0..MOST_CONNECTIONS + 2)
            .map(|_| std::net::TcpStream::connect(listener.address()).unwrap())
            .collect();
        drop(listener);
        drop(held);
    }
}
