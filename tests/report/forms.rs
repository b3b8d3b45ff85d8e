//! What the forms of a report promise beside their figures: the page escapes and loads nothing, is the same each time, and
//! the schema describes every object.

use std::collections::BTreeMap;

use rollcall::model::row_state::RowEvent::{Accepted, Rejected};
use serde_json::{Value, json};

use crate::shown::{collapsed, plain};
use crate::story::{SAID, SCRIPT, Story, key, row};

/// A run that has begun and nothing else, one over an empty file, one that the source left behind, and one that is out of
/// balance.
fn odd_runs() -> Story {
    let story = Story::new();
    story.begin(&["begun.csv"], None);
    let (run, inputs) = story.begin(&["empty.csv"], None);
    story.end(inputs[0], 0);
    story.event(run, "planned", None);
    story.event(run, "finished", None);
    let (run, _) = story.begin(&["changed.csv"], None);
    story.event(run, "abandoned", Some("source.changed"));
    let (run, inputs) = story.begin(&["short.csv"], None);
    story.plan(vec![row(key(inputs[0], 1), Rejected)]);
    story.end(inputs[0], 2);
    story.event(run, "finished", None);
    story.close()
}

fn all_runs() -> Vec<(Story, i64)> {
    let runs = |make: fn() -> Story, last| (1..=last).map(move |run| (make(), run));
    runs(Story::whole, 3).chain(runs(odd_runs, 4)).collect()
}

/// What a command prints, however it ends.
fn printed(story: &Story, run: i64, format: &str) -> String {
    let output = story.rollcall(&["report", &run.to_string(), "--format", format]);
    assert!(
        [Some(0), Some(5)].contains(&output.status.code()),
        "{:?}",
        String::from_utf8(output.stderr)
    );
    String::from_utf8(output.stdout).unwrap()
}

#[test]
fn the_schema_describes_every_report_and_nothing_else() {
    let schema: Value = serde_json::from_str(include_str!("../../docs/report.schema.json")).unwrap();
    jsonschema::draft202012::meta::validate(&schema).unwrap();
    let validator = jsonschema::draft202012::new(&schema).unwrap();
    for (story, run) in all_runs() {
        let mut report: Value = serde_json::from_str(&printed(&story, run, "json")).unwrap();
        let wrong: Vec<String> = validator.iter_errors(&report).map(|error| error.to_string()).collect();
        assert!(wrong.is_empty(), "run {run}: {wrong:#?}");
        // It notices what is missing and what is too much, also within.
        report["pace"]["more"] = json!(1);
        assert!(!validator.is_valid(&report));
        report["pace"].as_object_mut().unwrap().remove("more");
        assert!(validator.is_valid(&report));
        report.as_object_mut().unwrap().remove("exceptions");
        assert!(!validator.is_valid(&report));
    }
}

#[test]
fn the_page_escapes_the_words_of_others() {
    let page = Story::whole().report(1, "html");
    for word in [
        "<script",
        "<img",
        "<b>",
        "\u{202e}",
        "http-equiv=\"refresh",
        "javascript:",
    ] {
        assert!(!page.contains(word), "{word}");
    }
    // They are there all the same.
    for text in [SCRIPT, SAID, "left the bank <b>in May</b>"] {
        let escaped = text.replace('&', "&#38;").replace('<', "&#60;").replace('>', "&#62;");
        let escaped = escaped
            .replace('"', "&#34;")
            .replace('\'', "&#39;")
            .replace('\u{202e}', "\u{fffd}");
        assert!(page.contains(&escaped), "{escaped}");
    }
}

#[test]
fn the_page_loads_nothing_and_names_no_customer() {
    let page = Story::whole().report(1, "html");
    assert!(page.contains("content=\"default-src 'none'; style-src 'unsafe-inline'\""));
    for word in [
        " src=", " href=", "url(", "@import", "<link", "<iframe", " on", "C-1-", "C-2-",
    ] {
        let found = page
            .match_indices(word)
            .map(|(at, _)| page.get(at..at + 40).unwrap_or_default());
        let found: Vec<&str> = found
            .filter(|text| word != " on" || text.split(' ').nth(1).unwrap().contains('='))
            .collect();
        assert!(
            found.is_empty()
                || found
                    .iter()
                    .all(|text| text.contains("onerror=alert(1)&#62;") || text.starts_with(" src=x")),
            "{found:?}"
        );
    }
    // Each chart has a name and a description, and every id that is referred to is there once.
    assert_eq!(page.matches("<svg role=\"img\"").count(), 3);
    for labels in page.split("aria-labelledby=\"").skip(1) {
        for id in labels.split('"').next().unwrap().split(' ') {
            assert_eq!(page.matches(&format!("id=\"{id}\"")).count(), 1, "{id}");
        }
    }
}

#[test]
fn a_report_is_the_same_bytes_each_time_and_from_a_copy() {
    let story = Story::whole();
    story.says(&["ledger", "backup", "copy.db"]);
    for format in ["html", "json", "csv", "text", "line"] {
        let report = story.report(1, format);
        assert_eq!(report, story.report(1, format), "{format}");
        let file = format!("report.{format}");
        story.says(&["report", "1", "--format", format, "-o", &file]);
        let file = story.path().with_file_name(file);
        assert_eq!(report, std::fs::read_to_string(&file).unwrap(), "{format}");
        let copy = std::process::Command::new(env!("CARGO_BIN_EXE_rollcall"))
            .args(["report", "1", "--format", format, "--ledger", "copy.db"])
            .current_dir(story.path().parent().unwrap())
            .output()
            .unwrap();
        // The line names the ledger in what is typed next.
        let copy = String::from_utf8(copy.stdout)
            .unwrap()
            .replace("--ledger copy.db", "--ledger ledger.db");
        assert_eq!(report, copy, "{format}");
        #[cfg(unix)]
        {
            use std::os::unix::fs::PermissionsExt;
            assert_eq!(file.metadata().unwrap().permissions().mode() & 0o777, 0o600);
        }
    }
}

#[test]
fn a_page_of_a_run_with_nothing_in_it_is_whole() {
    let story = odd_runs();
    for (run, says) in [
        (1, "not read to their end yet"),
        (2, "All 0 records read are answered for: no exceptions."),
        (3, "source.changed"),
        (
            4,
            "The control totals do not add up: 2 records read, and 1 answered for.",
        ),
    ] {
        let page = printed(&story, run, "html");
        assert!(plain(&page).contains(says) && page.ends_with("</html>\n"), "{run}");
    }
    assert_eq!(story.rollcall(&["report", "4"]).status.code(), Some(5));
}

#[test]
fn the_table_says_what_cleared_each_exception() {
    let story = Story::whole();
    let text = story.report(1, "csv");
    let mut table = csv::Reader::from_reader(text.as_bytes());
    let columns = table.headers().unwrap().clone();
    let column = |name: &str| columns.iter().position(|column| column == name).unwrap();
    let mut found = BTreeMap::new();
    let (mut records, mut exceptions) = (0, 0);
    for line in table.records() {
        let line = line.unwrap();
        let of = |name: &str| line[column(name)].to_owned();
        if of("section") != "record" {
            continue;
        }
        records += 1;
        let needs_attention = ["rejected", "conflict", "refused", "unresolved"].contains(&of("state").as_str());
        exceptions += u64::from(needs_attention);
        assert_eq!(!of("standing").is_empty(), needs_attention, "{line:?}");
        assert!(
            !needs_attention || of("advice").contains(&of("code")) || of("code").contains(' '),
            "{line:?}"
        );
        let [file, record, by, disposition] = ["file", "record", "cleared_by", "disposition"].map(of);
        if !by.is_empty() {
            found.insert(
                (file == "customers.csv", record.parse::<u64>().unwrap()),
                (by, disposition),
            );
        }
    }
    let person = ("n.okafor at 2023-11-14T22:13:20Z", "left the bank <b>in May</b>");
    let expected = [
        ((false, 27), ("later run: run 2 record 3", "")),
        ((false, 28), person),
        ((false, 33), person),
        ((true, 5), person),
        ((true, 10), ("correction: run 2 record 1", "")),
        ((true, 15), ("correction: run 3 record 1", "")),
    ];
    let expected = expected.map(|(at, (by, disposition))| (at, (by.to_owned(), disposition.to_owned())));
    assert_eq!(found, BTreeMap::from(expected));
    // Each record has a line, and each line all columns.
    assert_eq!((records, exceptions), (1240, 79));
}

#[test]
fn no_figure_of_the_table_is_a_formula() {
    let story = Story::new();
    let (_, inputs) = story.begin(&["=HYPERLINK(A1).csv", "+1.csv"], None);
    story.plan(vec![row(key(inputs[0], 1), Rejected), row(key(inputs[1], 1), Rejected)]);
    story.end(inputs[0], 1);
    story.end(inputs[1], 1);
    let text = story.close().report(1, "csv");
    let mut names = 0;
    for line in csv::Reader::from_reader(text.as_bytes()).records() {
        for cell in &line.unwrap() {
            assert!(!cell.starts_with(['=', '+', '-', '@']), "{cell}");
            names += u64::from(["'=HYPERLINK(A1).csv", "'+1.csv"].contains(&cell));
        }
    }
    // As a figure of its own, and beside each figure and record of the file.
    assert!(names > 20, "{text}");
}

#[test]
fn a_line_says_how_a_run_stands_and_what_to_type() {
    let line = |story: &Story, run: i64| printed(story, run, "line");
    let story = Story::whole();
    assert_eq!(
        line(&story, 2),
        "rollcall run 2 finished: 2 created, 1 rejected, 1 refused of 4 records in to-fix.csv; 1 cleared since; \
         next: rollcall rejects 2 -o to-fix-2.csv --ledger ledger.db\n"
    );
    assert_eq!(
        line(&story, 3),
        "rollcall run 3 finished: 1 created of 1 record in to-fix-again.csv\n"
    );
    let stopped = line(&story, 1);
    assert!(
        stopped.starts_with("rollcall run 1 stopped (run.deadline): 25 created, 2 existing, 48 duplicate, 48 rejected"),
        "{stopped}"
    );
    assert!(
        stopped.contains("; next: rollcall run ") && stopped.ends_with(" customers.csv --ledger ledger.db\n"),
        "{stopped}"
    );
    assert!(stopped.contains("\\u{202e}") && !stopped.contains('\u{202e}'));
    assert_eq!(
        line(&odd_runs(), 1),
        "rollcall run 1 unfinished: nothing, not read to the end yet, in begun.csv; next: rollcall run begun.csv --ledger ledger.db\n"
    );
}

#[test]
fn the_text_says_how_fast_it_went_and_what_was_cleared() {
    let story = Story::whole();
    let text = story.report(1, "text");
    for says in [
        "Configuration 0909",
        "Corrected by run 2",
        "All exceptions 73 2 1 3 79",
        "of which retries 38",
        "each exception: rollcall report 1 --format csv --ledger ledger.db next: rollcall run ",
    ] {
        assert!(collapsed(&text).contains(says), "{says}: {text}");
    }
    for line in text.lines().filter(|line| !line.starts_with("next: ")) {
        assert!(line.chars().count() <= 100, "{line}");
    }
    assert!(story.report(2, "text").contains("\n  Corrects run      1\n"));
    assert!(story.report(3, "text").ends_with("\n\nnothing is open\n"));
    // Events of a run are told with who caused them, and of a line only the first is the page's.
    let report: Value = serde_json::from_str(&story.report(1, "json")).unwrap();
    assert_eq!(report["who"], report["events"][0]["who"]);
    assert_eq!(report["corrected_by"], json!([2]));
}

#[test]
fn a_run_that_a_later_one_replaced_is_not_to_be_typed_again() {
    let story = Story::new();
    for rows in [1, 0] {
        let (run, inputs) = story.begin(&["customers.csv"], None);
        story.plan((1..=rows).map(|record| row(key(inputs[0], record), Accepted)).collect());
        story.end(inputs[0], rows);
        story.event(run, "planned", None);
        story.event(run, "stopped", Some("interrupted"));
    }
    let story = story.close();
    let said =
        "\n\nrun 1 stays as it is: run 2 did the same files with other settings; what is left is answered for there\n";
    assert!(story.report(1, "text").ends_with(said));
    assert!(!story.report(1, "line").contains("next: "));
    assert!(story.report(2, "text").ends_with("\n\nnothing is open\n"));
}

#[test]
fn a_page_shows_five_thousand_exceptions_and_says_how_many_more_there_are() {
    let story = Story::new();
    let (run, inputs) = story.begin(&["many.csv"], None);
    for from in (1..=5003).step_by(1000) {
        let events = |record| if record > 5002 { Accepted } else { Rejected };
        story.plan(
            (from..from + 1000)
                .filter(|record| *record <= 5003)
                .map(|record| row(key(inputs[0], record), events(record)))
                .collect(),
        );
    }
    story.end(inputs[0], 5003);
    story.event(run, "planned", None);
    story.event(run, "stopped", Some("interrupted"));
    let story = story.close();
    let page = story.report(1, "html");
    let text = plain(&page);
    assert!(
        text.contains(
            "The page ends here, and 2 exceptions are not on it: 2 in many.csv, from record 5,001 to record 5,002. All of \
             them, with position, codes, advice and disposition, are in rollcall report 1 --format csv and in"
        ),
        "{text}"
    );
    assert_eq!(page.matches(".standing\">").count(), 5000);
    // The others carry all of them.
    let report: Value = serde_json::from_str(&story.report(1, "json")).unwrap();
    assert_eq!(report["exceptions"].as_array().unwrap().len(), 5002);
    assert_eq!(story.report(1, "csv").matches(",rejected,0,").count(), 5002);
}
