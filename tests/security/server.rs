//! A service on loopback that says whatever a test wants, byte by byte, in the clear or over TLS.
//!
//! Plain threads and blocking sockets: it shares neither code nor clock with what it tests. A connection ends when the
//! other side has gone away.

use std::io::{Read, Write};
use std::net::TcpListener;
use std::sync::{Arc, Mutex};
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

pub(crate) trait Stream: Read + Write {}
impl<T: Read + Write> Stream for T {}

/// Answers a request: its head, its body, and where the answer goes. `None` ends the connection.
pub(crate) type Script = dyn Fn(&str, &[u8], &mut dyn Stream) -> Option<()> + Send + Sync;

pub(crate) struct Server {
    pub(crate) port: u16,
    /// The first line of every request.
    pub(crate) seen: Arc<Mutex<Vec<String>>>,
}

impl Server {
    pub(crate) fn start(
        tls: Option<Arc<ServerConfig>>,
        script: impl Fn(&str, &[u8], &mut dyn Stream) -> Option<()> + Send + Sync + 'static,
    ) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let port = listener.local_addr().unwrap().port();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let (script, log): (Arc<Script>, _) = (Arc::new(script), Arc::clone(&seen));
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (script, tls, log) = (Arc::clone(&script), tls.clone(), Arc::clone(&log));
                std::thread::spawn(move || {
                    stream.set_read_timeout(Some(Duration::from_secs(60))).unwrap();
                    match tls {
                        Some(config) => {
                            let connection = ServerConnection::new(config).unwrap();
                            serve(&mut StreamOwned::new(connection, stream), &*script, &log)
                        }
                        None => serve(&mut { stream }, &*script, &log),
                    }
                });
            }
        });
        Self { port, seen }
    }

    /// Grants tokens, and answers all else by the script.
    pub(crate) fn behind_a_token(
        script: impl Fn(&str, &[u8], &mut dyn Stream) -> Option<()> + Send + Sync + 'static,
    ) -> Self {
        Self::start(None, move |head, body, stream| {
            if head.contains("/token") {
                return token(stream);
            }
            script(head, body, stream)
        })
    }

    pub(crate) fn url(&self, scheme: &str) -> String {
        format!("{scheme}://127.0.0.1:{}", self.port)
    }

    pub(crate) fn count(&self, word: &str) -> usize {
        self.seen
            .lock()
            .unwrap()
            .iter()
            .filter(|line| line.contains(word))
            .count()
    }
}

/// Answers every request as a service without faults does.
pub(crate) fn well(head: &str, body: &[u8], stream: &mut dyn Stream) -> Option<()> {
    if head.contains("/token") {
        return token(stream);
    }
    let customer: serde_json::Value = serde_json::from_slice(body).ok()?;
    answer(
        stream,
        200,
        &serde_json::json!({"data": {"id": customer["id"]}}).to_string(),
    )
}

pub(crate) const TOKEN: &str = "Zk9canaryToken-of-the-service";

fn token(stream: &mut dyn Stream) -> Option<()> {
    let body = serde_json::json!({"token_type": "Bearer", "expires_in": 900, "access_token": TOKEN, "scope": "x"});
    answer(stream, 200, &body.to_string())
}

pub(crate) fn answer(stream: &mut dyn Stream, status: u16, body: &str) -> Option<()> {
    let length = body.len();
    send(
        stream,
        &format!("HTTP/1.1 {status} x\r\ncontent-length: {length}\r\n\r\n{body}"),
    )
}

pub(crate) fn send(stream: &mut dyn Stream, text: &str) -> Option<()> {
    stream.write_all(text.as_bytes()).and_then(|()| stream.flush()).ok()
}

fn serve(stream: &mut impl Stream, script: &Script, seen: &Mutex<Vec<String>>) -> Option<()> {
    loop {
        let mut head = Vec::new();
        while !head.ends_with(b"\r\n\r\n") {
            let mut byte = [0];
            if stream.read(&mut byte).ok()? == 0 {
                return None;
            }
            head.push(byte[0]);
        }
        let head = String::from_utf8(head).unwrap();
        let length = head
            .lines()
            .find_map(|line| line.to_lowercase().strip_prefix("content-length: ")?.parse().ok());
        let mut body = vec![0; length.unwrap_or(0)];
        stream.read_exact(&mut body).ok()?;
        seen.lock().unwrap().push(head.lines().next()?.to_owned());
        script(&head, &body, stream)?;
    }
}
