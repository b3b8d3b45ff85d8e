//! Holds what becomes of every file in `fixtures/exports/` to the `.expected` file beside it: payloads, findings, totals
//! and messages, and that they add up to the file.
//!
//! `EXPORTS=write cargo test --test exports` writes the `.expected` files anew; each is read by a person before it is
//! committed.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail as tests do")]

use std::collections::BTreeMap;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::process::Command;

use serde_json::Value;
use tempfile::TempDir;

fn exports_folder() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/exports")
}

/// The exports: every file but the configurations and the expectations.
fn exports() -> Vec<PathBuf> {
    let files = std::fs::read_dir(exports_folder())
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let is_export = |path: &PathBuf| {
        let extension = path.extension().and_then(|extension| extension.to_str());
        path.is_file() && !matches!(extension, Some("toml" | "expected" | "md"))
    };
    let mut exports: Vec<PathBuf> = files.filter(is_export).collect();
    exports.sort();
    exports
}

/// The file beside an export: `a.csv.gz` → `a.toml`.
fn beside(export: &Path, extension: &str) -> PathBuf {
    let name = export.file_name().unwrap().to_str().unwrap();
    let stem = name.split('.').next().unwrap();
    export.with_file_name(format!("{stem}.{extension}"))
}

/// What a validation gives.
struct Outcome {
    exit: i32,
    accepted: String,
    rejects: Option<String>,
    results: Vec<Value>,
    said: String,
}

fn validate(export: &Path) -> Outcome {
    let place = TempDir::new().unwrap();
    let name = export.file_name().unwrap();
    std::fs::copy(export, place.path().join(name)).unwrap();
    let mut command = Command::new(env!("CARGO_BIN_EXE_rollcall"));
    command.current_dir(place.path()).arg("validate").arg(name);
    command.args([
        "--format",
        "json",
        "--accepted",
        "accepted.jsonl",
        "--rejects",
        "rejects.csv",
    ]);
    // Of an example that the documentation shows, the configuration is with the other examples.
    let example = exports_folder()
        .join("../../config")
        .join(beside(export, "toml").file_name().unwrap());
    let config = [beside(export, "toml"), example]
        .into_iter()
        .find(|config| config.exists());
    if let Some(config) = config {
        command.arg("--config").arg(config);
    }
    let output = command.output().unwrap();
    let results = String::from_utf8(output.stdout).unwrap();
    let said = String::from_utf8(output.stderr).unwrap();
    Outcome {
        exit: output.status.code().unwrap(),
        accepted: std::fs::read_to_string(place.path().join("accepted.jsonl")).unwrap_or_default(),
        rejects: std::fs::read_to_string(place.path().join("rejects.csv")).ok(),
        results: results
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect(),
        // The speed is another each time, and what to type next says nothing of the export.
        said: said
            .lines()
            .filter(|line| !line.starts_with("checked ") && !line.starts_with("hint: correct the cells"))
            .fold(String::new(), |said, line| said + line + "\n"),
    }
}

fn text<'value>(value: &'value Value, key: &str) -> &'value str {
    value.get(key).and_then(Value::as_str).unwrap_or_default()
}

fn number(value: &Value, key: &str) -> u64 {
    value.get(key).and_then(Value::as_u64).unwrap()
}

fn list<'value>(value: &'value Value, key: &str) -> &'value [Value] {
    value
        .get(key)
        .and_then(Value::as_array)
        .map(Vec::as_slice)
        .unwrap_or_default()
}

/// An outcome as the `.expected` file holds it.
fn written(outcome: &Outcome) -> String {
    let mut written = format!("exit {}\n{}", outcome.exit, outcome.said);
    let summary = outcome.results.iter().find_map(|line| line.get("summary"));
    for record in outcome.results.iter().filter(|line| line.get("summary").is_none()) {
        let (line, number) = (number(record, "line"), number(record, "record"));
        writeln!(written, "line {line}, record {number}: {}", text(record, "state")).unwrap();
        for finding in list(record, "findings") {
            let part = |key| text(finding, key);
            let (severity, code, field, column, shape) = (
                part("severity"),
                part("code"),
                part("field"),
                part("column"),
                part("shape"),
            );
            let said = format!("    {severity:<8} {code:<28} {field} ({column}) [{shape}]");
            writeln!(written, "{}", said.replace(" ()", "").replace(" []", "")).unwrap();
        }
    }
    written.push_str(&outcome.accepted);
    if let Some(summary) = summary {
        let file = list(summary, "files").first().unwrap();
        let of = |value: &Value| -> Vec<String> {
            let numbers = value.as_object().unwrap().iter();
            numbers
                .filter(|(_, value)| value.is_u64())
                .map(|(key, value)| format!("{key} {value}"))
                .collect()
        };
        writeln!(written, "rows: {}", of(summary).join(", ")).unwrap();
        writeln!(written, "file: {}", of(file).join(", ")).unwrap();
    }
    written
}

/// Everything that was read is answered for, three times over: records by state, lines by what stands on them, findings
/// by code.
fn check_sums(name: &str, outcome: &Outcome) {
    let Some(summary) = outcome.results.iter().find_map(|line| line.get("summary")) else {
        assert!(outcome.exit > 1, "{name} ends without a summary");
        assert_eq!(
            outcome.accepted, "",
            "{name} is not checked to its end and has payloads"
        );
        return;
    };
    let states = ["accepted", "rejected", "duplicate", "conflict"];
    let rows: u64 = states.iter().map(|state| number(summary, state)).sum();
    assert_eq!(rows, number(summary, "records"), "{name}: records by state");
    assert_eq!(
        outcome.accepted.lines().count() as u64,
        number(summary, "accepted"),
        "{name}: payloads"
    );
    let file = list(summary, "files").first().unwrap();
    assert_eq!(number(file, "records"), rows, "{name}: records of the file");
    let parts = [
        "first_header_lines",
        "record_lines",
        "blank_lines",
        "separator_lines",
        "header_lines",
        "trailer_lines",
    ];
    let lines: u64 = parts.iter().map(|part| number(file, part)).sum();
    assert_eq!(lines, number(file, "lines"), "{name}: lines by what stands on them");
    let mut found: BTreeMap<(&str, &str), u64> = BTreeMap::new();
    for finding in outcome.results.iter().flat_map(|line| list(line, "findings")) {
        *found
            .entry((text(finding, "severity"), text(finding, "code")))
            .or_default() += 1;
    }
    let counted = list(summary, "findings").iter();
    let counted = counted.map(|count| ((text(count, "severity"), text(count, "code")), number(count, "count")));
    assert_eq!(found, counted.collect(), "{name}: findings by code");
    check_rejects(name, outcome, number(summary, "rejected") + number(summary, "conflict"));
}

/// A rejects file has a line for each record that is not sent, under the columns of the source.
fn check_rejects(name: &str, outcome: &Outcome, expected: u64) {
    let rejects = outcome.rejects.as_deref().unwrap_or_default();
    let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(rejects.as_bytes());
    assert_eq!(
        reader.records().map(Result::unwrap).count() as u64,
        expected,
        "{name}: rejects"
    );
}

#[test]
fn every_export_gives_its_expected_result() {
    let write = std::env::var_os("EXPORTS").is_some_and(|value| value == "write");
    let mut differences = Vec::new();
    let exports = exports();
    for export in &exports {
        let name = export.file_name().unwrap().to_str().unwrap();
        let outcome = validate(export);
        check_sums(name, &outcome);
        let (found, file) = (written(&outcome), beside(export, "expected"));
        if write {
            std::fs::write(&file, &found).unwrap();
        }
        let expected = std::fs::read_to_string(&file).unwrap_or_default();
        if found != expected {
            differences.push(format!("{name} gives\n{found}\nin place of\n{expected}"));
        }
    }
    assert!(differences.is_empty(), "{}", differences.join("\n"));
    assert!(exports.len() > 40, "{} exports", exports.len());
}

/// Each rule is met by an export, or is named here with what else holds it.
#[test]
fn every_rule_is_met_by_an_export() {
    // A repair file is read beside the run that it corrects: tests/repair.
    let elsewhere = [
        "text.too_long",
        "correction.unknown_record",
        "correction.repeated",
        "correction.unchanged",
    ];
    let files = std::fs::read_dir(exports_folder())
        .unwrap()
        .map(|entry| entry.unwrap().path());
    let expected: String = files
        .filter(|path| path.extension().is_some_and(|extension| extension == "expected"))
        .map(|path| std::fs::read_to_string(path).unwrap())
        .collect();
    let missing: Vec<&str> = rollcall::model::rule::Rule::ALL
        .iter()
        .map(|rule| rule.code())
        .filter(|code| !expected.contains(&format!(" {code} ")) && !elsewhere.contains(code))
        .collect();
    assert!(missing.is_empty(), "{missing:?}");
}

/// The sums can fail: a payload that is lost, a line that nobody counted, a finding that is not in the summary.
#[test]
fn what_does_not_add_up_is_noticed() {
    let sound = || validate(&exports_folder().join("ragged.csv"));
    check_sums("ragged.csv", &sound());
    let fails = |change: &dyn Fn(&mut Outcome)| {
        let mut outcome = sound();
        change(&mut outcome);
        std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| check_sums("ragged.csv", &outcome))).is_err()
    };
    assert!(!fails(&|_| ()));
    assert!(fails(&|outcome| outcome.accepted.clear()));
    assert!(fails(&|outcome| drop(outcome.results.remove(0))));
    assert!(fails(&|outcome| outcome.rejects = None));
    assert!(fails(&|outcome| {
        for line in &mut outcome.results {
            if let Some(lines) = line.pointer_mut("/summary/files/0/lines") {
                *lines = Value::from(1);
            }
        }
    }));
}
