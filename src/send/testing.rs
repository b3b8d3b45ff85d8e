//! A service for tests: it answers as a script says and remembers what it was asked.
//!
//! Plain threads and blocking sockets, so that it shares neither code nor clock with what it tests.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use bytes::Bytes;
use secrecy::SecretString;
use tokio::time::Instant;
use uuid::Uuid;

use crate::config::settings::{ApiSettings, SendSettings};
use crate::model::ids::IdempotencyId;
use crate::model::operation::CREATE_CUSTOMER;
use crate::model::position::Position;
use crate::model::row::Row;

pub(super) const TOKEN_PATH: &str = "/oauth2/v1/token";
pub(super) const SECRET: &str = "s3cret-of-the-client";

/// A request as it arrived.
#[derive(Clone, Debug)]
pub(super) struct Request {
    pub(super) at: Instant,
    /// Method and target.
    pub(super) line: String,
    pub(super) headers: Vec<(String, String)>,
    pub(super) body: Vec<u8>,
}

impl Request {
    pub(super) fn header(&self, name: &str) -> Option<&str> {
        let found = self.headers.iter().find(|header| header.0 == name);
        found.map(|header| header.1.as_str())
    }

    pub(super) fn is_token(&self) -> bool {
        self.line.contains(TOKEN_PATH)
    }
}

/// What the script answers with.
#[derive(Clone, Debug)]
pub(super) enum Answer {
    /// Status, further header lines, body.
    Full(u16, &'static str, String),
    /// These bytes, then the end of the connection.
    Raw(String),
    /// The end of the connection.
    Close,
    /// Nothing, for as long as the client waits.
    Silence,
}

pub(super) fn ok(body: &str) -> Answer {
    Answer::Full(200, "", body.to_owned())
}

pub(super) fn created() -> Answer {
    ok(r#"{"data":{"id":"C-1"}}"#)
}

pub(super) fn refused(status: u16, description: &str) -> Answer {
    let body = serde_json::json!({"errors": [{"description": description}]});
    Answer::Full(status, "", body.to_string())
}

pub(super) fn token(name: &str, expires_in: u32) -> Answer {
    let body = serde_json::json!({"token_type": "Bearer", "expires_in": expires_in, "access_token": name});
    ok(&body.to_string())
}

type Script = dyn Fn(&Request, usize) -> Answer + Send + Sync;

/// The service. Its script is called with each request and the number of requests before it of the same kind: tokens
/// and all others are counted apart.
pub(super) struct Service {
    pub(super) address: SocketAddr,
    seen: Arc<Mutex<Vec<Request>>>,
}

impl Service {
    pub(super) fn start(script: impl Fn(&Request, usize) -> Answer + Send + Sync + 'static) -> Self {
        Self::start_on(TcpListener::bind("127.0.0.1:0").unwrap(), script)
    }

    pub(super) fn start_on(
        listener: TcpListener,
        script: impl Fn(&Request, usize) -> Answer + Send + Sync + 'static,
    ) -> Self {
        let address = listener.local_addr().unwrap();
        let seen = Arc::new(Mutex::new(Vec::new()));
        let script: Arc<Script> = Arc::new(script);
        let remembered = Arc::clone(&seen);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (script, seen) = (Arc::clone(&script), Arc::clone(&remembered));
                std::thread::spawn(move || serve(&stream, &*script, &seen));
            }
        });
        Self { address, seen }
    }

    /// A service that grants the token `t1` and answers a row's requests in the order of this list, the last for ever.
    pub(super) fn answering(answers: Vec<Answer>) -> Self {
        Self::start(move |request, before| {
            if request.is_token() {
                return token("t1", 900);
            }
            answers[before.min(answers.len() - 1)].clone()
        })
    }

    pub(super) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    /// Every request but those for tokens.
    pub(super) fn requests(&self) -> Vec<Request> {
        let seen = self.seen.lock().unwrap();
        seen.iter().filter(|request| !request.is_token()).cloned().collect()
    }

    pub(super) fn token_requests(&self) -> Vec<Request> {
        let seen = self.seen.lock().unwrap();
        seen.iter().filter(|request| request.is_token()).cloned().collect()
    }
}

/// Serves one connection until it ends.
fn serve(stream: &TcpStream, script: &Script, seen: &Mutex<Vec<Request>>) -> Option<()> {
    let mut reader = BufReader::new(stream);
    loop {
        let request = read(&mut reader)?;
        let before = {
            let mut seen = seen.lock().unwrap();
            let before = seen
                .iter()
                .filter(|other| other.is_token() == request.is_token())
                .count();
            seen.push(request.clone());
            before
        };
        let mut writer = stream;
        match script(&request, before) {
            Answer::Full(status, headers, body) => {
                let length = body.len();
                let text = format!("HTTP/1.1 {status} x\r\ncontent-length: {length}\r\n{headers}\r\n{body}");
                writer.write_all(text.as_bytes()).ok()?;
            }
            Answer::Raw(text) => {
                writer.write_all(text.as_bytes()).ok()?;
                return None;
            }
            Answer::Close => return None,
            // The client goes away when it has waited long enough.
            Answer::Silence => {
                let _: usize = reader.read(&mut [0]).ok()?;
                return None;
            }
        }
    }
}

fn read(reader: &mut BufReader<&TcpStream>) -> Option<Request> {
    let mut lines = Vec::new();
    loop {
        let mut line = String::new();
        if reader.read_line(&mut line).ok()? == 0 {
            return None;
        }
        match line.trim_end() {
            "" => break,
            text => lines.push(text.to_owned()),
        }
    }
    let at = Instant::now();
    let headers: Vec<(String, String)> = lines
        .iter()
        .skip(1)
        .filter_map(|line| line.split_once(": "))
        .map(|(name, value)| (name.to_lowercase(), value.to_owned()))
        .collect();
    let length = headers.iter().find(|header| header.0 == "content-length");
    let mut body = vec![0; length.map_or(0, |header| header.1.parse().unwrap())];
    reader.read_exact(&mut body).ok()?;
    Some(Request {
        at,
        line: lines.first()?.trim_end_matches(" HTTP/1.1").to_owned(),
        headers,
        body,
    })
}

/// Settings for a service: short waits, and limits that only a test that is about them ever meets.
pub(super) fn settings(url: &str) -> (ApiSettings, SendSettings) {
    let api = ApiSettings {
        base_url: format!("{url}/api"),
        token_url: format!("{url}{TOKEN_PATH}"),
        client_id: String::from("client"),
        client_secret: SecretString::from(SECRET),
        scope: String::from("customers:read customers:write"),
        ca_file: None,
        client_certificate_file: None,
        proxy: None,
        namespace: Uuid::nil(),
    };
    let send = SendSettings {
        rate_per_second: None,
        burst: None,
        max_in_flight: 8,
        max_attempts: 4,
        connect_timeout: Duration::from_secs(30),
        request_timeout: Duration::from_secs(30),
        backoff_base: Duration::from_millis(2),
        backoff_cap: Duration::from_millis(20),
        retry_budget: 1.0,
        row_deadline: Duration::from_secs(600),
        run_deadline: None,
        max_failures: None,
        canary: 0,
        give_up_after: Duration::from_secs(60),
    };
    (api, send)
}

/// The customer C-1.
pub(super) fn row() -> Row {
    let payload = br#"{"customer_type":"INDIVIDUAL","first_name":"Anna","id":"C-1","last_name":"Petrosyan"}"#;
    Row {
        position: Position::default(),
        customer_id: String::from("C-1"),
        idempotency_id: IdempotencyId::derive(Uuid::nil(), &CREATE_CUSTOMER, payload),
        payload: Bytes::from_static(payload),
        notes: Vec::new(),
    }
}
