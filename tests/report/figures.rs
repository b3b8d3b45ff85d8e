//! Every figure of every form of a report, against plain SQL, and the forms against each other.

use serde_json::Value;

use crate::ledger::{Figures, Ledger};
use crate::shown::{collapsed, exceptions_in_csv, exceptions_in_json, in_csv, in_json, in_text, on_the_page, plain};
use crate::story::Story;

/// Takes the percentiles under a name out of the figures and holds them against the durations.
fn hold_latency(figures: &mut Figures, name: &str, durations: &[u64]) {
    for (percentile, percent) in [("p50", 50), ("p95", 95), ("p99", 99), ("longest", 100)] {
        let shown = figures.remove(&format!("{name}.{percentile}"));
        if durations.is_empty() {
            assert_eq!(shown, None, "{name}");
            continue;
        }
        let shown: u64 = shown.unwrap().parse().unwrap();
        let exact = durations[(durations.len() * percent).div_ceil(100) - 1];
        let most = if percent == 100 { exact } else { exact + exact / 32 };
        assert!(
            exact <= shown && shown <= most,
            "{name}.{percentile}: {shown}, and exactly {exact}"
        );
    }
}

/// Takes the figures of pace out and holds them against the events.
fn hold_pace(figures: &mut Figures, ledger: &Ledger) {
    let (from, until) = ledger.times();
    let mut take = |name: &str| figures.remove(name).unwrap();
    let span: u64 = take("pace.span").parse().unwrap();
    let moment = |at_ms: u64| rollcall::clock::rfc3339(i64::try_from(at_ms).unwrap());
    assert_eq!([take("pace.from"), take("pace.until")], [from, until].map(moment));
    let spans = (until - from) / span + 1;
    assert!(spans <= 60, "{spans}");
    let rows = ledger.number("SELECT count(*) FROM outcome JOIN mine USING (input_id)");
    assert_eq!(
        take("pace.rate").replace('.', "").parse(),
        Ok((rows * 10_000 + (until - from) / 2) / (until - from))
    );
    hold_latency(figures, "pace", &ledger.durations(0, u64::MAX >> 1));
    let mut most = 0;
    for index in 0..spans {
        let (begin, end) = (from + index * span, from + (index + 1) * span);
        let rows = ledger.number(&format!(
            "SELECT count(*) FROM outcome JOIN mine USING (input_id) WHERE at_ms >= {begin} AND at_ms < {end}"
        ));
        most = most.max(rows);
        let since = index * span;
        let expected = [
            ("rows", rows.to_string()),
            ("from", moment(begin)),
            ("since", format!("{}.{:03}", since / 1000, since % 1000)),
        ];
        for (name, expected) in expected {
            let name = format!("span.{index}.{name}");
            assert_eq!(figures.remove(&name), Some(expected), "{name}");
        }
        hold_latency(figures, &format!("span.{index}"), &ledger.durations(begin, end));
    }
    if let Some(shown) = figures.remove("chart.throughput.most") {
        assert_eq!(shown, most.to_string());
    }
}

/// Every figure but those of pace, by SQL.
fn expected(ledger: &Ledger) -> Figures {
    let mut expected = ledger.counts();
    for more in [ledger.facts(), ledger.shares(), ledger.verdict()] {
        for (name, value) in more {
            assert_eq!(expected.insert(name.clone(), value), None, "{name}");
        }
    }
    // States in which no row is have a share, too.
    for state in crate::ledger::STATES {
        let share = expected.entry(format!("totals.{state}.share"));
        share.or_insert_with(|| "0.0".to_owned());
    }
    // A table for each file is there where there are several.
    if !expected.contains_key("input.2.name") {
        expected.retain(|name, _| !name.starts_with("all.") && !name.starts_with("input.1.totals."));
    }
    // Neither is a table of exceptions where there is none.
    if expected["exceptions.all.sum"] == "0" {
        expected.retain(|name, _| !name.starts_with("exceptions."));
    }
    expected
}

/// What two lists of figures say differently: name, the one, the other.
fn differences(one: &Figures, other: &Figures) -> Vec<(String, Option<String>, Option<String>)> {
    let names: std::collections::BTreeSet<&String> = one.keys().chain(other.keys()).collect();
    let both = names
        .into_iter()
        .map(|name| (name.clone(), one.get(name).cloned(), other.get(name).cloned()));
    both.filter(|(_, one, other)| one != other).collect()
}

fn hold_equal(one: &Figures, other: &Figures, about: &str) {
    let wrong = differences(one, other);
    assert!(wrong.is_empty(), "{about}: {wrong:#?}");
    assert!(one.len() > 50, "{about}");
}

/// The figures that stand on the page alone: those of each exception, and those that a chart says once more.
fn of_the_page_alone(name: &str) -> bool {
    name.starts_with("exception.") || name.starts_with("chart.")
}

#[test]
fn every_figure_of_the_page_is_a_query_on_the_ledger() {
    let story = Story::whole();
    for run in [1, 2, 3] {
        let ledger = Ledger::open(&story, run);
        let mut figures = on_the_page(&story.report(run, "html"));
        let latency = figures.remove("chart.latency.p95");
        assert_eq!(latency.as_ref(), figures.get("pace.p95"));
        hold_pace(&mut figures, &ledger);
        let mut expected = expected(&ledger);
        for (name, value) in ledger.each_exception() {
            // The page says it in words of its own.
            let value = match value.as_str() {
                "later_run" => "brought by a later run".to_owned(),
                "disposed" => "disposed of".to_owned(),
                _ => value,
            };
            expected.insert(name, value);
        }
        for (name, same) in [
            ("chart.pareto.findings", "finding.error.sum"),
            ("chart.throughput.rows", "pace.rows"),
        ] {
            if let Some(value) = expected.get(same).cloned() {
                expected.insert(name.to_owned(), value);
            }
        }
        for value in expected.values_mut() {
            *value = value.replace('\u{202e}', "\u{fffd}");
        }
        hold_equal(&figures, &expected, &format!("the page of run {run} and the ledger"));
    }
}

#[test]
fn all_forms_carry_the_same_figures_and_they_are_the_ledger_s() {
    let story = Story::whole();
    for run in [1, 2, 3] {
        let page = story.report(run, "html");
        let report: Value = serde_json::from_str(&story.report(run, "json")).unwrap();
        let json = in_json(&report);
        let table = story.report(run, "csv");
        let csv = in_csv(&table);
        hold_equal(&csv, &json, &format!("CSV and JSON of run {run}"));
        let mut on_page = on_the_page(&page);
        on_page.retain(|name, _| !of_the_page_alone(name));
        let mut for_people = json.clone();
        for value in for_people.values_mut() {
            *value = value.replace('\u{202e}', "\u{fffd}");
        }
        hold_equal(&on_page, &for_people, &format!("page and JSON of run {run}"));
        let text = in_text(&story.report(run, "text"), &page);
        hold_equal(&text, &for_people, &format!("text and JSON of run {run}"));
        let ledger = Ledger::open(&story, run);
        let each = ledger.each_exception();
        assert_eq!(
            differences(&exceptions_in_json(&report), &each),
            [],
            "JSON of run {run}"
        );
        assert_eq!(differences(&exceptions_in_csv(&table), &each), [], "CSV of run {run}");
        let mut figures = json;
        hold_pace(&mut figures, &ledger);
        hold_equal(
            &figures,
            &expected(&ledger),
            &format!("JSON of run {run} and the ledger"),
        );
    }
}

#[test]
fn no_number_of_the_page_stands_outside_of_a_figure() {
    let page = Story::whole().report(1, "html");
    let body = page.split_once("<main>").unwrap().1.split_once("</main>").unwrap().0;
    let mut rest = String::new();
    for part in body.split("<svg") {
        rest.push_str(part.rsplit_once("</svg>").map_or(part, |(_, behind)| behind));
    }
    // What is said of rules, columns and units is no figure, nor is what a code or the API says.
    let mut outside = String::new();
    for part in rest.split('<') {
        let (tag, text) = part.split_once('>').unwrap_or(("", part));
        let is_said = [
            "th scope=\"col\"",
            "span class=\"note\"",
            "p class=\"said\"",
            "/span",
            "code",
        ];
        if !tag.contains("data-figure") && !is_said.iter().any(|said| tag.starts_with(said)) {
            outside.push_str(&plain(text));
            outside.push('\n');
        }
    }
    let lines = outside.lines().map(collapsed);
    let numbers: Vec<String> = lines
        .filter(|line| line.bytes().any(|byte| byte.is_ascii_digit()))
        .collect();
    // The length of a span is said in words.
    let each = format!(
        "Rows that got their outcome in each {} milliseconds, at most",
        on_the_page(&page)["pace.span"]
    );
    let labels = [
        "95% within",
        "95% within, ms",
        "99% within, ms",
        "Milliseconds from claim to outcome, waits included; over the whole run 95% within",
        "2xx",
        "4xx",
        "5xx",
        "10 or more",
    ];
    // The requests of a row and the status of an answer name their lines.
    let known = |line: &str| labels.contains(&line) || line == each || line.bytes().all(|byte| byte.is_ascii_digit());
    let unknown: Vec<&String> = numbers.iter().filter(|line| !known(line)).collect();
    assert!(unknown.is_empty(), "{unknown:#?}");
    assert!(!numbers.is_empty());
}

/// The figures of the page as far as JSON has them under names of its own.
fn told(report: &Value) -> Figures {
    let mut figures = Figures::new();
    let mut put = |name: String, number: &Value| {
        figures.insert(name, number.to_string());
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
fn json_has_the_same_figures_in_places_of_their_own() {
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
        assert_eq!(exceptions.len().to_string(), expected["exceptions.all.sum"]);
        for standing in ["corrected", "later_run", "disposed"] {
            let with = exceptions
                .iter()
                .filter(|exception| exception["cleared_by"]["standing"] == standing);
            assert_eq!(
                with.count().to_string(),
                expected[&format!("exceptions.all.{standing}")]
            );
        }
    }
}
