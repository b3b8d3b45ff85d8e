//! The text held to the rules of OpenMetrics and to what it should tell.

use super::*;

#[path = "../../../tests/operator/open_metrics.rs"]
mod open_metrics;

fn snapshot() -> Snapshot {
    let mut totals = Totals::default();
    totals.change(RowState::Created, 7);
    totals.change(RowState::Pending, 2);
    Snapshot {
        version: "1.2.3",
        run_id: Some(12),
        phases: vec![("checking", false), ("sending", true)],
        totals,
        checked: 9,
        outcomes: 7,
        outcomes_per_second: 3.5,
        answers: vec![("created", 7), ("unclear", 1)],
        token_requests: 1,
        retries: 1,
        pauses: 2,
        is_paused: true,
        in_flight: 3,
        latencies: Latencies {
            counts: vec![(0.1, 5), (1.0, 2), (f64::INFINITY, 1)],
            sum_seconds: 3.25,
        },
        finished: Some(Finished {
            at_seconds: 1_700_000_000,
            exit_code: 4,
        }),
    }
}

#[test]
fn the_text_keeps_the_rules_and_tells_every_figure() {
    let text = snapshot().open_metrics();
    let found = open_metrics::read(&text).unwrap_or_else(|problem| panic!("{problem}\n{text}"));
    let check = |name: &str, expected: f64| assert_eq!(found.get(name), Some(&expected), "{name}\n{text}");
    check("rollcall_run_info{version=\"1.2.3\",run=\"12\"}", 1.0);
    check("rollcall_rows{state=\"created\"}", 7.0);
    check("rollcall_rows{state=\"rejected\"}", 0.0);
    check("rollcall_phase{phase=\"sending\"}", 1.0);
    check("rollcall_records_checked_total", 9.0);
    check("rollcall_outcomes_total", 7.0);
    check("rollcall_outcomes_per_second", 3.5);
    check("rollcall_requests_total{answer=\"unclear\"}", 1.0);
    check("rollcall_token_requests_total", 1.0);
    check("rollcall_retries_total", 1.0);
    check("rollcall_pauses_total", 2.0);
    check("rollcall_paused", 1.0);
    check("rollcall_requests_in_flight", 3.0);
    check("rollcall_request_duration_seconds_bucket{le=\"1.0\"}", 7.0);
    check("rollcall_request_duration_seconds_bucket{le=\"+Inf\"}", 8.0);
    check("rollcall_request_duration_seconds_count", 8.0);
    check("rollcall_request_duration_seconds_sum", 3.25);
    check("rollcall_last_finished_timestamp_seconds", 1_700_000_000.0);
    check("rollcall_last_exit_code", 4.0);
}

#[test]
fn a_run_that_has_not_begun_has_a_text_too() {
    let text = Snapshot::default().open_metrics();
    let found = open_metrics::read(&text).unwrap_or_else(|problem| panic!("{problem}\n{text}"));
    assert!(!found.keys().any(|name| name.contains("last_")), "{text}");
}

#[test]
fn the_older_format_names_families_as_their_samples() {
    let text = snapshot().classic();
    for line in [
        "# TYPE rollcall_run_info gauge",
        "# TYPE rollcall_outcomes_total counter",
        "# HELP rollcall_outcomes_total Rows that got an outcome in this process",
        "rollcall_outcomes_total 7",
        "# TYPE rollcall_request_duration_seconds histogram",
        "rollcall_last_exit_code 4",
    ] {
        assert!(text.lines().any(|found| found == line), "{line}\n{text}");
    }
    assert!(!text.contains("# EOF") && !text.contains("# UNIT"), "{text}");
}

#[test]
fn the_reader_can_fail() {
    let sound = "# HELP a_seconds x\n# TYPE a_seconds gauge\n# UNIT a_seconds seconds\na_seconds 1\n# EOF\n";
    assert!(open_metrics::read(sound).is_ok());
    for (from, to) in [
        ("# EOF\n", ""),
        ("gauge", "counter"),
        ("# UNIT a_seconds seconds\n", ""),
        ("a_seconds 1\n", "a_seconds 1\na_seconds 2\n"),
        ("a_seconds 1", "b 1"),
        ("a_seconds 1", "a_seconds one"),
        ("a_seconds 1", "a_seconds{A=1} 1"),
    ] {
        assert!(open_metrics::read(&sound.replacen(from, to, 1)).is_err(), "{to}");
    }
}
