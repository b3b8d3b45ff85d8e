//! The events of a run on standard output: every line is one, in order, and the last is the result.

use serde_json::Value;

use crate::bench::Bench;

const RUN: [&str; 4] = ["run", "customers.csv", "--format", "json"];

fn words<'a>(lines: &'a [Value], key: &str) -> Vec<&'a str> {
    lines.iter().filter_map(|line| line[key].as_str()).collect()
}

#[test]
fn a_run_tells_what_it_does_in_order() {
    let bench = Bench::new();
    bench.customers(40);
    let lines = bench.expect(1, &RUN).lines();
    let expected = [
        "phase", "begun", "phase", "progress", "phase", "progress", "phase", "finished",
    ];
    assert_eq!(words(&lines, "event"), expected);
    let phases = ["identifying", "checking", "checking", "sending", "sending", "balancing"];
    assert_eq!(words(&lines, "phase"), phases);
    let times = words(&lines, "at");
    assert!(times.len() == lines.len() && times.is_sorted(), "{times:?}");
    let begun = &lines[1];
    assert_eq!((&begun["run_id"], &begun["resumed"]), (&1.into(), &false.into()));
    assert_eq!(begun["files"][0], "customers.csv");
    assert_eq!(begun["target"], bench.sandbox().base_url());
    let (checked, sent) = (&lines[3], &lines[5]);
    assert_eq!((&checked["checked"], &checked["open"]), (&41.into(), &40.into()));
    assert_eq!((&sent["sent"], &sent["rows"]["created"]), (&40.into(), &40.into()));
    assert_eq!(sent["rows"]["rejected"], 1);
    let last = lines.last().unwrap();
    assert_eq!(
        (&last["exit_code"], &last["process"]["end"]),
        (&1.into(), &"finished".into())
    );
    assert_eq!(last["run"]["totals"]["created"], 40);
    // The same again has nothing to do, and says that it is the same run.
    let lines = bench.expect(1, &RUN).lines();
    assert_eq!(words(&lines, "event"), ["phase", "begun", "finished"]);
    assert_eq!(lines[1]["resumed"], true);
}

#[test]
fn a_pause_is_told_with_its_end() {
    let bench = Bench::new();
    bench.customers(40);
    bench.plan("[[fault]]\nfault = \"answer\"\nstatus = 503\nretry-after = 1\non = \"create\"\nshare = 1.0\nuntil-request = 1\n");
    let lines = bench.expect(1, &RUN).lines();
    let turns: Vec<&str> = words(&lines, "event")
        .into_iter()
        .filter(|word| ["paused", "resumed"].contains(word))
        .collect();
    assert_eq!(turns, ["paused", "resumed"], "{lines:#?}");
}

#[test]
fn an_error_is_the_last_event_where_there_is_no_result() {
    let bench = Bench::new();
    let lines = bench.expect(3, &["run", "none.csv", "--format", "json"]).lines();
    let last = lines.last().unwrap();
    assert_eq!((&last["event"], &last["exit_code"]), (&"failed".into(), &3.into()));
}

#[test]
fn a_run_that_the_api_stops_says_so_last() {
    let bench = Bench::new();
    bench.customers(40);
    bench.plan("[[fault]]\nfault = \"answer\"\nstatus = 403\non = \"create\"\nshare = 1.0\n");
    let lines = bench.expect(4, &RUN).lines();
    let last = lines.last().unwrap();
    assert_eq!((&last["event"], &last["exit_code"]), (&"stopped".into(), &4.into()));
}
