//! Every figure of the page, and the same ones of the other forms, against plain SQL.

use serde_json::Value;

use crate::ledger::{Figures, Ledger, grouped};
use crate::story::Story;

/// The figures that a page names.
fn shown(page: &str) -> Figures {
    let mut figures = Figures::new();
    for part in page.split("data-figure=\"").skip(1) {
        let (name, rest) = part.split_once('"').unwrap();
        let text = rest.split_once('>').unwrap().1.split_once('<').unwrap().0;
        assert_eq!(figures.insert(name.to_owned(), text.to_owned()), None, "{name} twice");
    }
    figures
}

/// Takes the percentiles under a name out of the figures and holds them against the durations.
fn hold_latency(figures: &mut Figures, name: &str, durations: &[u64]) {
    for (percentile, percent) in [("p50", 50), ("p95", 95), ("p99", 99), ("longest", 100)] {
        let shown = figures.remove(&format!("{name}.{percentile}"));
        if durations.is_empty() {
            assert_eq!(shown, None, "{name}");
            continue;
        }
        let shown: u64 = shown.unwrap().replace(',', "").parse().unwrap();
        let exact = durations[(durations.len() * percent).div_ceil(100) - 1];
        let most = if percent == 100 { exact } else { exact + exact / 32 };
        assert!(
            exact <= shown && shown <= most,
            "{name}.{percentile}: {shown}, and exactly {exact}"
        );
    }
}

#[test]
fn every_figure_of_the_page_is_a_query_on_the_ledger() {
    let story = Story::whole();
    for run in [1, 2, 3] {
        let ledger = Ledger::open(&story, run);
        let mut figures = shown(&story.report(run, "html"));
        let report: Value = serde_json::from_str(&story.report(run, "json")).unwrap();
        let (from, until) = ledger.times();
        let span = report["pace"]["span_ms"].as_u64().unwrap();
        hold_latency(&mut figures, "pace", &ledger.durations(0, u64::MAX >> 1));
        let spans = (until - from) / span + 1;
        assert!(spans <= 60 && report["pace"]["spans"].as_array().unwrap().len() as u64 == spans);
        for index in 0..spans {
            let (begin, end) = (from + index * span, from + (index + 1) * span);
            let rows = ledger.number(&format!(
                "SELECT count(*) FROM outcome JOIN mine USING (input_id) WHERE at_ms >= {begin} AND at_ms < {end}"
            ));
            assert_eq!(
                figures.remove(&format!("span.{index}.rows")),
                Some(grouped(rows)),
                "{index}"
            );
            hold_latency(&mut figures, &format!("span.{index}"), &ledger.durations(begin, end));
        }
        let mut expected = ledger.counts();
        let rate = figures.remove("pace.rate").unwrap();
        let rows = ledger.number("SELECT count(*) FROM outcome JOIN mine USING (input_id)");
        assert_eq!(
            rate.replace([',', '.'], "").parse(),
            Ok((rows * 10_000 + (until - from) / 2) / (until - from))
        );
        // A table for each file is there where there are several.
        if run > 1 {
            expected.retain(|name, _| !name.starts_with("all.") && !name.starts_with("input.1.totals."));
        }
        // Neither is a table of exceptions where there is none.
        if expected["exceptions.all.sum"] == "0" {
            expected.retain(|name, _| !name.starts_with("exceptions."));
        }
        assert_eq!(figures, expected, "run {run}");
    }
}

/// The figures of the page as far as JSON has them under names of its own.
fn told(report: &Value) -> Figures {
    let mut figures = Figures::new();
    let mut put = |name: String, number: &Value| {
        figures.insert(name, grouped(number.as_u64().unwrap()));
    };
    let text = |value: &Value| value.as_str().unwrap_or("-").to_owned();
    let list = |name: &str| report[name].as_array().unwrap().clone();
    for (state, count) in report["totals"].as_object().unwrap() {
        put(format!("totals.{state}"), count);
    }
    for (index, input) in list("inputs").iter().enumerate() {
        for name in ["bytes", "records", "lines", "record_lines", "header_lines"] {
            put(format!("input.{}.{name}", index + 1), &input[name]);
        }
        for (state, count) in input["totals"].as_object().unwrap() {
            put(format!("input.{}.totals.{state}", index + 1), count);
        }
    }
    for finding in list("findings") {
        let [severity, code, field] = ["severity", "code", "field"].map(|name| text(&finding[name]));
        put(format!("finding.{severity}.{code}.{field}"), &finding["count"]);
    }
    for reason in list("reasons") {
        put(
            format!("reason.{}.{}", text(&reason["state"]), text(&reason["code"])),
            &reason["count"],
        );
    }
    for count in list("exception_counts") {
        put(
            format!("exceptions.{}.{}", text(&count["state"]), text(&count["standing"])),
            &count["count"],
        );
    }
    for rows in list("rows_by_requests").iter().filter(|rows| rows["rows"] != 0) {
        put(format!("attempts.{}", rows["requests"]), &rows["rows"]);
    }
    for answer in list("answers") {
        let status = answer["http_status"]
            .as_u64()
            .map_or("none".to_owned(), |status| status.to_string());
        put(format!("answers.{status}"), &answer["count"]);
    }
    for name in ["requests", "retries"] {
        put(name.to_owned(), &report[name]);
    }
    for (name, key) in [("totals.rows", "rows"), ("totals.records", "records")] {
        put(name.to_owned(), &report[key]);
    }
    put("pace.rows".to_owned(), &report["pace"]["rows"]);
    figures
}

#[test]
fn the_same_figures_stand_in_json() {
    let story = Story::whole();
    for run in [1, 2, 3] {
        let expected = Ledger::open(&story, run).counts();
        let report: Value = serde_json::from_str(&story.report(run, "json")).unwrap();
        let figures = told(&report);
        for (name, number) in &figures {
            assert_eq!(expected.get(name), Some(number), "run {run}: {name}");
        }
        // None of those is missing that are not 0 and not a sum.
        let is_said = |name: &str| {
            let kinds = ["totals.", "finding.", "reason.", "attempts.", "answers."];
            !name.contains(".sum") && name != "totals.difference" && kinds.iter().any(|kind| name.starts_with(kind))
        };
        for name in expected.keys().filter(|name| is_said(name)) {
            assert!(figures.contains_key(name), "run {run}: {name}");
        }
        let sum: u64 = ["done", "open", "to_fix", "cleared"]
            .iter()
            .map(|name| report[*name].as_u64().unwrap())
            .sum();
        assert_eq!(report["rows"], sum);
        let exceptions = report["exceptions"].as_array().unwrap();
        assert_eq!(grouped(exceptions.len() as u64), expected["exceptions.all.sum"]);
        for standing in ["corrected", "later_run", "disposed"] {
            let with = exceptions
                .iter()
                .filter(|exception| exception["cleared_by"]["standing"] == standing);
            assert_eq!(
                grouped(with.count() as u64),
                expected[&format!("exceptions.all.{standing}")]
            );
        }
    }
}
