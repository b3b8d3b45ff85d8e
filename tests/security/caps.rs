//! Services that never come to an end: every one of them costs a bounded time, and settles nothing.

use std::time::Duration;

use crate::bench::{Bench, pause};
use crate::server::{Server, Stream, answer, send};

/// A head, then the same again and again for as long as it is taken.
fn endless(stream: &mut dyn Stream, head: &str, part: &str) -> Option<()> {
    send(stream, head)?;
    loop {
        send(stream, part)?;
    }
}

/// A head, then a byte at a time, ten a second.
fn dripping(stream: &mut dyn Stream, head: &str) -> Option<()> {
    send(stream, head)?;
    loop {
        pause(Duration::from_millis(100));
        send(stream, "x")?;
    }
}

/// The row is unresolved for this reason, whatever the service would go on to say.
fn check(code: &str, timeout: &str, script: impl Fn(&mut dyn Stream) -> Option<()> + Send + Sync + 'static) {
    let server = Server::behind_a_token(move |_, _, stream| script(stream));
    let mut bench = Bench::against(&server.url("http"));
    bench.set("ROLLCALL_SEND_REQUEST_TIMEOUT", timeout);
    bench.set("ROLLCALL_SEND_CANARY", "0");
    bench.set("ROLLCALL_SEND_MAX_FAILURES", "100%");
    let done = bench.run(&["run", "one.csv"]);
    assert_eq!(server.count("POST /api/v1/customers"), 2, "{code}: {done:#?}");
    let records = bench.expect(0, &["report", "--format", "csv"]).stdout;
    assert!(
        records.contains("unresolved") && records.contains(code),
        "{code}: {records}"
    );
}

const OK: &str = "HTTP/1.1 200 x\r\n";

#[test]
fn no_answer_is_read_beyond_its_limits() {
    let much = "x".repeat(4096);
    let chunks = format!("{OK}transfer-encoding: chunked\r\n\r\n");
    let chunk = format!("1000\r\n{much}\r\n");
    check("http.body_too_large", "1m", move |stream| {
        endless(stream, &chunks, &chunk)
    });
    for length in ["content-length: 1000000000000\r\n", ""] {
        let (head, much) = (format!("{OK}{length}\r\n"), much.clone());
        check("http.body_too_large", "1m", move |stream| endless(stream, &head, &much));
    }
    // More than 100 headers, one header without an end, and a first line without one.
    for (head, part) in [
        (OK.to_owned(), "x-more: of the same\r\n"),
        (format!("{OK}x-long: "), &much),
        (String::from("HTTP/1.1 200 "), &much),
    ] {
        let part = part.to_owned();
        check("http.reset", "1m", move |stream| endless(stream, &head, &part));
    }
}

/// A body that is all that is asked for, and one byte more of it than is ever read.
#[test]
fn a_body_of_64_kib_is_read_and_one_byte_more_is_not() {
    for (length, state) in [(65_536, ",created,"), (65_537, "http.body_too_large")] {
        let server = Server::behind_a_token(move |_, _, stream| {
            let body = r#"{"data":{"id":"C-1"}}"#;
            let padding = " ".repeat(length - body.len());
            answer(stream, 200, &format!("{body}{padding}"))
        });
        let bench = Bench::against(&server.url("http"));
        bench.run(&["run", "one.csv"]);
        let records = bench.expect(0, &["report", "--format", "csv"]).stdout;
        assert!(records.contains(state), "{length}: {records}");
    }
}

#[test]
fn no_answer_is_waited_for_beyond_its_time() {
    // A flood of answers before the answer.
    check("http.timeout", "300ms", |stream| {
        endless(stream, "", "HTTP/1.1 103 x\r\nlink: y\r\n\r\n")
    });
    for rest in ["content-length: 60000\r\n\r\n", "x-long: "] {
        check("http.timeout", "300ms", move |stream| {
            dripping(stream, &format!("{OK}{rest}"))
        });
    }
}

#[test]
fn nothing_is_unpacked_and_nothing_is_spoken_but_http_1_1() {
    let server = Server::behind_a_token(|head, _, stream| {
        let head = head.to_lowercase();
        assert!(
            !head.contains("accept-encoding") && head.contains(" http/1.1"),
            "{head}"
        );
        send(
            stream,
            "HTTP/1.1 200 x\r\ncontent-encoding: gzip\r\ncontent-length: 20\r\n\r\n01234567890123456789",
        )
    });
    let bench = Bench::against(&server.url("http"));
    bench.run(&["run", "one.csv"]);
    let records = bench.expect(0, &["report", "--format", "csv"]).stdout;
    assert!(records.contains("http.foreign_body"), "{records}");
    assert_eq!(server.count("POST /api/v1/customers"), 2);
}

#[test]
fn a_redirect_takes_neither_customer_nor_token_elsewhere() {
    let elsewhere = Server::start(None, |_, _, stream| answer(stream, 200, "{}"));
    for status in [301, 302, 303, 307, 308] {
        let to = elsewhere.url("http");
        let server = Server::behind_a_token(move |_, _, stream| {
            send(
                stream,
                &format!("HTTP/1.1 {status} x\r\nlocation: {to}/api\r\ncontent-length: 0\r\n\r\n"),
            )
        });
        let bench = Bench::against(&server.url("http"));
        bench.run(&["run", "one.csv"]);
        let records = bench.expect(0, &["report", "--format", "csv"]).stdout;
        assert!(records.contains("http.redirect"), "{records}");
    }
    assert_eq!(elsewhere.count(""), 0);
}
