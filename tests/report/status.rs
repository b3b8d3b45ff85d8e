//! What `status` counts, and what it says to type next.

use rollcall::model::row_state::RowEvent::{Accepted, Created, Refused, Unresolved};
use serde_json::Value;

use crate::story::{Story, key, row};

/// A run over three rows that ended with these outcomes; the last of them waits.
fn ended(outcomes: &[rollcall::model::row_state::RowEvent], kind: &'static str, reason: Option<&str>) -> Story {
    let story = Story::new();
    let (run, inputs) = story.begin(&["customers.csv"], None);
    story.plan((1..=3).map(|record| row(key(inputs[0], record), Accepted)).collect());
    story.end(inputs[0], 3);
    story.event(run, "planned", None);
    for (record, event) in (1..).zip(outcomes) {
        story.send(key(inputs[0], record), *event, 5, (1, Some(200), None));
    }
    story.event(run, kind, reason);
    story.close()
}

/// What follows a run in the list: its figures behind the status, and the lines below.
fn said(story: &Story) -> (Vec<String>, Vec<String>) {
    let text = story.says(&["status"]);
    let mut lines = text.lines();
    let header = lines.next().unwrap();
    let of_run: Vec<String> = lines
        .next()
        .unwrap()
        .split_whitespace()
        .skip(3)
        .map(str::to_owned)
        .collect();
    let rest: Vec<String> = lines
        .skip_while(|line| !line.is_empty())
        .skip(1)
        .map(str::to_owned)
        .collect();
    // The column is there where something was cleared.
    assert_eq!(
        header.contains("fixed"),
        of_run.get(4).is_some_and(|count| count.parse::<u64>().is_ok()),
        "{text}"
    );
    (of_run, rest)
}

#[test]
fn each_row_is_counted_once_and_what_to_type_follows() {
    let check = |outcomes: &[_], (kind, reason), figures: &[&str], next: &[&str]| {
        let (found, rest) = said(&ended(outcomes, kind, reason));
        assert_eq!(found, figures);
        assert_eq!(rest, next);
    };
    let finished = ("finished", None);
    // No such file is there.
    let run = "next: rollcall retry 1 --source FILE --ledger ledger.db";
    let note = "note: FILE is a file as run 1 read it, which is not there now: customers.csv";
    check(
        &[Created, Created, Created],
        finished,
        &["3", "3", "0", "0", "customers.csv"],
        &["nothing is open"],
    );
    // An unresolved row is open, and not to be fixed as well.
    check(
        &[Created, Unresolved, Refused],
        finished,
        &["3", "1", "1", "1", "customers.csv"],
        &[run, note],
    );
    let rejects = "next: rollcall rejects 1 -o to-fix-1.csv --source FILE --ledger ledger.db";
    check(
        &[Created, Created, Refused],
        finished,
        &["3", "2", "0", "1", "customers.csv"],
        &[rejects, note],
    );
    check(
        &[Created, Refused],
        ("stopped", Some("brake.max_failures")),
        &["3", "1", "1", "1", "customers.csv"],
        &[
            "next: rollcall report 1 --format csv --ledger ledger.db",
            "  or: rollcall retry 1 --source FILE --ledger ledger.db --max-failures 100%",
            note,
        ],
    );
    check(
        &[],
        ("stopped", Some("run.looked_up")),
        &["3", "0", "3", "0", "customers.csv"],
        &["3 customers are not at the API, and this creates them:", run, note],
    );
}

#[test]
fn what_was_cleared_is_neither_open_nor_to_be_fixed() {
    let story = Story::whole();
    let (figures, rest) = said(&story);
    // Of 79 exceptions 6 are cleared: one of them unresolved, and one unresolved row is left.
    assert_eq!(figures[..5], ["1,240", "75", "1,087", "72", "6"].map(str::to_owned));
    assert!(rest[0].starts_with("next: rollcall retry 1 --source FILE"), "{rest:?}");
    assert!(rest[1].contains("which is not there now: <script>alert"), "{rest:?}");
    let runs: Value = serde_json::from_str(&story.says(&["status", "--format", "json"])).unwrap();
    for run in runs.as_array().unwrap() {
        let sum = |names: &[&str]| names.iter().map(|name| run[*name].as_u64().unwrap()).sum::<u64>();
        let done = ["created", "existing", "duplicate"].map(|state| run["totals"][state].as_u64().unwrap());
        assert_eq!(
            run["rows"],
            done.iter().sum::<u64>() + sum(&["open", "to_fix", "cleared"])
        );
    }
}

#[test]
fn a_run_that_corrects_goes_on_as_one() {
    let story = Story::new();
    story.begin(&["customers.csv"], None);
    let (run, inputs) = story.begin(&["to-fix.csv"], Some(1));
    story.plan(vec![row(key(inputs[0], 1), Accepted)]);
    story.end(inputs[0], 1);
    story.event(run, "planned", None);
    story.event(run, "stopped", Some("run.deadline"));
    let (_, rest) = said(&story.close());
    assert_eq!(
        rest,
        [
            "next: rollcall retry 2 --source FILE --ledger ledger.db",
            "note: FILE is a file as run 2 read it, which is not there now: to-fix.csv",
        ]
    );
}
