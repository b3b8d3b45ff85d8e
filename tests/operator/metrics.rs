//! The metrics of a run, as it serves them and as it leaves them.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};

use crate::bench::{Bench, NAME, keeps_secrets};
use crate::open_metrics;

fn get(address: &str) -> String {
    let mut stream = TcpStream::connect(address).unwrap();
    stream.write_all(b"GET /metrics HTTP/1.1\r\nhost: x\r\n\r\n").unwrap();
    let mut answer = String::new();
    stream.read_to_string(&mut answer).unwrap();
    let (head, body) = answer.split_once("\r\n\r\n").unwrap();
    assert!(head.starts_with("HTTP/1.1 200"), "{head}");
    body.to_owned()
}

#[test]
fn a_run_serves_its_figures_while_it_works() {
    let bench = Bench::new();
    bench.customers(40);
    // Long enough to be asked, and ended by the test.
    bench.plan("[[fault]]\nfault = \"answer\"\nstatus = 503\nretry-after = 600\non = \"create\"\nshare = 1.0\n");
    let mut child = bench.start(&["run", "customers.csv", "--metrics-listen", "0"]);
    let mut said = BufReader::new(child.stderr.take().unwrap());
    let mut line = String::new();
    said.read_line(&mut line).unwrap();
    let address = line.trim().strip_prefix("metrics: http://").unwrap();
    let address = address.strip_suffix("/metrics").unwrap().to_owned();
    assert!(address.starts_with("127.0.0.1:"), "{address}");
    let look = || {
        let text = get(&address);
        keeps_secrets(&text);
        open_metrics::read(&text).unwrap_or_else(|problem| panic!("{problem}\n{text}"))
    };
    while look()["rollcall_paused"] == 0.0 {}
    // One figure is read after the other: those read before the pause may be of the moment before it.
    let paused = look();
    let figure = |name: &str| paused.get(name).copied();
    assert_eq!(figure("rollcall_phase{phase=\"sending\"}"), Some(1.0));
    assert_eq!(figure("rollcall_rows{state=\"rejected\"}"), Some(1.0));
    assert_eq!(figure("rollcall_records_checked_total"), Some(41.0));
    assert_eq!(figure("rollcall_pauses_total"), Some(1.0));
    assert_eq!(figure("rollcall_token_requests_total"), Some(1.0));
    assert!(
        figure("rollcall_requests_total{answer=\"throttled\"}") >= Some(1.0),
        "{paused:?}"
    );
    child.kill().unwrap();
    child.wait().unwrap();
}

#[test]
fn a_port_in_use_ends_the_run_before_anything_is_read() {
    let bench = Bench::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = taken.local_addr().unwrap().to_string();
    let done = bench.expect(2, &["run", "none.csv", "--metrics-listen", &address]);
    assert!(
        done.stderr.contains(&format!("cannot serve metrics at {address}")),
        "{done:?}"
    );
    assert!(done.stderr.contains("hint: choose another port"), "{done:?}");
}

#[test]
fn a_file_for_node_exporter_tells_how_the_run_ended() {
    let bench = Bench::new();
    bench.customers(40);
    let figures = || {
        let text = std::fs::read_to_string(bench.path("night.prom")).unwrap();
        keeps_secrets(&text);
        text
    };
    let has = |line: &str| assert!(figures().lines().any(|found| found == line), "{line}\n{}", figures());
    bench.expect(1, &["run", "customers.csv", "--metrics-file", "night.prom"]);
    has("rollcall_rows{state=\"created\"} 40");
    has("rollcall_outcomes_total 40");
    has("rollcall_requests_total{answer=\"created\"} 40");
    has("rollcall_request_duration_seconds_count 40");
    has("rollcall_phase{phase=\"balancing\"} 0");
    has("rollcall_last_exit_code 1");
    // One that cannot even begin has ended too.
    bench.expect(3, &["run", "none.csv", "--metrics-file", "night.prom"]);
    has("rollcall_last_exit_code 3");
    let done = bench.expect(2, &["run", "customers.csv", "--metrics-file", "night.txt"]);
    assert!(done.stderr.contains("must end in .prom"), "{done:?}");
    let done = bench.expect(3, &["run", "customers.csv", "--metrics-file", "none/night.prom"]);
    assert!(done.stderr.contains("--collector.textfile.directory"), "{done:?}");
    // The name is in the file that was read, so the search can fail.
    assert!(
        std::fs::read_to_string(bench.path("customers.csv"))
            .unwrap()
            .contains(NAME)
    );
}
