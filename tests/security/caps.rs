//! Services that never come to an end: every one of them costs a bounded time, and settles nothing.

use std::os::unix::fs::PermissionsExt;
use std::time::Duration;

use crate::bench::Bench;
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
        std::thread::park_timeout(Duration::from_millis(100));
        send(stream, "x")?;
    }
}

/// The row is unresolved for this reason, whatever the service would go on to say.
fn check(code: &str, script: impl Fn(&mut dyn Stream) -> Option<()> + Send + Sync + 'static) {
    let server = Server::behind_a_token(move |_, _, stream| script(stream));
    let mut bench = Bench::against(&server.url("http"));
    bench.set("ROLLCALL_SEND_REQUEST_TIMEOUT", "2s");
    bench.set("ROLLCALL_SEND_CANARY", "0");
    bench.set("ROLLCALL_SEND_MAX_FAILURES", "100%");
    let done = bench.run(&["run", "one.csv"]);
    assert_eq!(server.count("/api/v1/customers"), 2, "{code}: {done:#?}");
    let records = bench.expect(0, &["report", "--format", "csv"]).stdout;
    assert!(
        records.contains("unresolved") && records.contains(code),
        "{code}: {records}"
    );
}

#[test]
fn no_answer_is_read_beyond_its_limits() {
    let ok = "HTTP/1.1 200 x\r\n";
    check("http.body_too_large", move |stream| {
        endless(
            stream,
            &format!("{ok}transfer-encoding: chunked\r\n\r\n"),
            &format!("1000\r\n{}\r\n", "x".repeat(4096)),
        )
    });
    check("http.body_too_large", move |stream| {
        endless(
            stream,
            &format!("{ok}content-length: 1000000000000\r\n\r\n"),
            &"x".repeat(4096),
        )
    });
    check("http.body_too_large", move |stream| {
        endless(stream, &format!("{ok}\r\n"), &"x".repeat(4096))
    });
    // More than 100 headers, and one header without an end.
    check("http.reset", move |stream| {
        endless(stream, ok, "x-more: of the same\r\n")
    });
    check("http.reset", move |stream| {
        endless(stream, &format!("{ok}x-long: "), &"x".repeat(4096))
    });
    check("http.reset", |stream| {
        endless(stream, "HTTP/1.1 200 ", &"x".repeat(4096))
    });
    // A flood of answers before the answer.
    check("http.timeout", |stream| {
        endless(stream, "", "HTTP/1.1 103 x\r\nlink: y\r\n\r\n")
    });
    check("http.timeout", move |stream| {
        dripping(stream, &format!("{ok}content-length: 60000\r\n\r\n"))
    });
    check("http.timeout", move |stream| dripping(stream, &format!("{ok}x-long: ")));
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
    assert_eq!(server.count("/api/v1/customers"), 2);
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
    // The folder of what was written meanwhile is private.
    let bench = Bench::against(&elsewhere.url("http"));
    bench.run(&["run", "one.csv"]);
    let mode = bench.path(".rollcall").metadata().unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o700);
}
