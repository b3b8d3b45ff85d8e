//! What people and machines do wrong: bad files, bad settings, bad places. Each case runs the program and says with which
//! code it ends and what it says. Whatever the case: no panic, no raw escape sequence, no secret, and nothing lost.

#![expect(clippy::unwrap_used, reason = "helpers of tests fail as tests do")]
#![cfg(unix)]

use std::fs;
use std::path::Path;
use std::process::{Command, Output, Stdio};

const SECRET: &str = "hunter2-is-a-secret";
const HEADER: &str = "id,customer_type,first_name,last_name\n";
const GOOD: &str = "id,customer_type,first_name,last_name\n1,INDIVIDUAL,Ada,Byron\n2,INDIVIDUAL,Grace,Hopper\n";
const BAD: &str = "id,customer_type,first_name,last_name\n1,INDIVIDUAL,Ada,Byron\n2,INDIVIDUAL,,\n";

fn command(folder: &Path, arguments: &[&str]) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_rollcall"));
    command.args(arguments).current_dir(folder).stdin(Stdio::null());
    for (name, _) in std::env::vars_os() {
        if name.to_string_lossy().starts_with("ROLLCALL_") {
            command.env_remove(name);
        }
    }
    command
}

/// Everything that the program said, held against what it may never say.
fn said(output: &Output) -> String {
    let text = [output.stdout.as_slice(), &output.stderr].concat();
    let text = String::from_utf8_lossy(&text).into_owned();
    let acts =
        |character: char| (character.is_control() && character != '\n') || matches!(character, '\u{202a}'..='\u{202e}');
    assert!(!text.contains("panicked"), "{text}");
    assert!(!text.contains(acts), "{}", text.escape_debug());
    assert!(!text.contains(SECRET), "{text}");
    text
}

/// Runs the program in a folder with these files, and checks its exit code and some of its words.
fn check(files: &[(&str, &str)], variables: &[(&str, &str)], arguments: &str, code: i32, words: &[&str]) {
    let folder = tempfile::tempdir().unwrap();
    for (name, text) in files {
        fs::write(folder.path().join(name), text).unwrap();
    }
    let arguments: Vec<&str> = arguments.split(' ').collect();
    let output = command(folder.path(), &arguments)
        .envs(variables.iter().copied())
        .output()
        .unwrap();
    let text = said(&output);
    assert_eq!(output.status.code(), Some(code), "{arguments:?} {variables:?}\n{text}");
    for word in words {
        assert!(
            text.contains(word),
            "{arguments:?} {variables:?}: no {word:?} in\n{text}"
        );
    }
}

#[test]
fn bad_files_are_refused_or_rejected_with_their_place() {
    let with = |rows: &str| format!("{HEADER}{rows}");
    let one = "1,INDIVIDUAL,Ada,Byron\n";
    let cases: [(String, i32, &[&str]); 16] = [
        (with(one), 0, &["accepted                                 1"]),
        (
            with("1,INDIVIDUAL,Ada,\"Byron\n2,INDIVIDUAL,Grace,Hopper\n"),
            1,
            &[
                "f.csv:2: record 1: record.quote_open: the record [quote on line 2]",
                "accepted                                 1",
            ],
        ),
        (
            with("1,INDIVIDUAL,\"Ada,x\n2,INDIVIDUAL,\"Grace,Hopper\n"),
            1,
            &[
                "f.csv:2: record 1: record.quote_open: the record [quote on line 2]",
                "f.csv: 1 record,",
            ],
        ),
        (
            with("1,INDIVIDUAL,\"A\"da,Byron\n2,INDIVIDUAL,G\"race,Hopper\n"),
            1,
            &["f.csv:2: record 1: record.stray_quote: the record [quote on line 2]"],
        ),
        (
            with("1,INDIVIDUAL,A\0da,Byron\n"),
            1,
            &["text.control_character", "[A?aa]"],
        ),
        (
            with("1,INDIVIDUAL,\u{1b}]0;x\u{7},Byron\n"),
            1,
            &["text.control_character"],
        ),
        (with("1,INDIVIDUAL,Ada\n"), 1, &["record.field_count"]),
        (
            with("..,INDIVIDUAL,Ada,Byron\na\u{3164}b,INDIVIDUAL,Ada,Byron\n"),
            1,
            &["id.not_addressable", "id.not_visible"],
        ),
        (
            with(&format!("1,INDIVIDUAL,{},Byron\n", "x".repeat(1 << 20))),
            3,
            &["record 1", "longer than 1048576 bytes"],
        ),
        (with(one).replace('\n', "\r"), 0, &["CR, 4 columns"]),
        (with(one).replace(',', "|"), 0, &["pipe-separated"]),
        (HEADER.to_owned(), 0, &["0 records", "a header and no record"]),
        ("\n\r\n".to_owned(), 3, &["no header"]),
        (String::new(), 3, &["is empty"]),
        (
            with(one).replace("id,", "\"i\u{1b}[31m\u{202e}d\","),
            3,
            &["i\\u{1b}[31m\\u{202e}d"],
        ),
        ("PK\u{3}\u{4}".to_owned(), 3, &["Excel", "hint:"]),
    ];
    for (text, code, words) in &cases {
        check(&[("f.csv", text)], &[], "validate f.csv", *code, words);
    }
}

#[test]
fn bad_settings_of_a_file_are_named_with_their_place() {
    let cases = [
        (
            "[input]\nworkers = 100000\n",
            "c.toml: `input.workers` must be at most 256",
        ),
        ("[input]\nencoding = \"latin0\"\n", "`latin0` is no encoding"),
        ("[input]\ndefault-region = \"\\u001b[31m\"\n", "input.default-region"),
        ("[input]\ndate-formats = [\"\\u001b%d\"]\n", "input.date-formats"),
        ("[input]\n\"x\\u001b[31m\" = 1\n", "there is no setting"),
        ("[columns]\nid = \"idd\"\n", "`idd` in [columns] is no field"),
        ("[columns]\nignore = \"fax\"\n", "must be a list of column names"),
        (
            "[api]\nclient-secret = \"hunter2-is-a-secret\"\n",
            "is a secret and may not stand here",
        ),
        ("[api]\nclient-secret = hunter2-is-a-secret\n", "not TOML: line 2"),
    ];
    for (config, word) in cases {
        let files = [("f.csv", GOOD), ("c.toml", config)];
        check(&files, &[], "validate f.csv --config c.toml", 2, &[word]);
    }
    let constant = "[columns.constants]\nnationality = \"Atlantis\"\n";
    let files = [("f.csv", GOOD), ("c.toml", constant)];
    check(
        &files,
        &[],
        "validate f.csv --config c.toml",
        1,
        &["(constant in [columns])"],
    );
}

#[test]
fn bad_settings_of_the_environment_are_named_and_never_leak() {
    let secret_url = format!("https://me:{SECRET}@host/api");
    let cases = [
        (
            "ROLLCALL_API_BASE_URL",
            secret_url.as_str(),
            2,
            "must be a plain address",
        ),
        (
            "ROLLCALL_SEND_RATE_PER_SECOND",
            "fast",
            2,
            "ROLLCALL_SEND_RATE_PER_SECOND",
        ),
        ("ROLLCALL_DATA_DRI", "x", 2, "did you mean ROLLCALL_DATA_DIR"),
        ("ROLLCALL_API_CLIENT_SECRET", SECRET, 0, "(secret)"),
        ("ROLLCALL_LOG", "x=[[", 0, "warning: ROLLCALL_LOG"),
    ];
    for (name, value, code, word) in cases {
        check(&[], &[(name, value)], "settings", code, &[word]);
    }
}

#[test]
fn a_secret_in_the_environment_that_cannot_be_read_is_no_absent_one() {
    use std::os::unix::ffi::OsStrExt;
    let folder = tempfile::tempdir().unwrap();
    let output = command(folder.path(), &["settings"])
        .env("ROLLCALL_API_CLIENT_SECRET", std::ffi::OsStr::from_bytes(b"\xff"))
        .output()
        .unwrap();
    assert!(said(&output).contains("ROLLCALL_API_CLIENT_SECRET` must be UTF-8"));
    assert_eq!(output.status.code(), Some(2));
}

#[test]
fn logs_hold_no_data_and_no_secret() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(
        folder.path().join("f.csv"),
        format!("{HEADER}1,INDIVIDUAL,{SECRET},Byron\n"),
    )
    .unwrap();
    let output = command(folder.path(), &["run", "f.csv", "--sandbox"])
        .env("ROLLCALL_LOG", "trace")
        .output()
        .unwrap();
    let text = said(&output);
    assert_eq!(output.status.code(), Some(0), "{text}");
    assert!(text.contains("attempt ended"), "{text}");
    // base64 of sandbox:sandbox
    for word in ["Byron", "Bearer ", "c2FuZGJveDpzYW5kYm94"] {
        assert!(!text.contains(word), "{word}");
    }
}

#[test]
fn no_output_takes_the_place_of_an_input_a_device_or_another_output() {
    let taken = "would be overwritten";
    let folder = tempfile::tempdir().unwrap();
    let path = |name: &str| folder.path().join(name);
    fs::write(path("f.csv"), BAD).unwrap();
    std::os::unix::fs::symlink("f.csv", path("link.csv")).unwrap();
    std::os::unix::fs::symlink("/dev/null", path("null")).unwrap();
    fs::write(path("old.csv"), "old").unwrap();
    std::os::unix::fs::symlink("old.csv", path("to-old.csv")).unwrap();
    let check = |arguments: &str, code, word: &str| {
        let arguments: Vec<&str> = arguments.split(' ').collect();
        let output = command(folder.path(), &arguments).output().unwrap();
        let text = said(&output);
        assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{text}");
        assert!(text.contains(word), "{arguments:?}\n{text}");
        assert_eq!(fs::read_to_string(path("f.csv")).unwrap(), BAD);
    };
    check("validate f.csv --rejects f.csv", 2, taken);
    check("validate f.csv --rejects ./f.csv", 2, taken);
    check("validate f.csv --accepted link.csv", 2, taken);
    check("validate f.csv --accepted new --rejects ./new", 2, taken);
    check("validate f.csv --accepted .", 3, "cannot write .");
    check("validate f.csv --accepted none/new", 3, "cannot write none/new");
    check(
        "validate f.csv --accepted /dev/null --rejects /dev/null",
        1,
        "rejected                                 1",
    );
    let not_followed = "neither followed nor replaced";
    check("validate f.csv --rejects null", 3, not_followed);
    assert!(path("null").is_symlink());
    check("validate f.csv --rejects to-old.csv", 3, not_followed);
    assert!(path("to-old.csv").is_symlink());
    assert_eq!(fs::read_to_string(path("old.csv")).unwrap(), "old");
}

#[test]
fn a_reader_that_has_enough_changes_neither_files_nor_exit_code() {
    let folder = tempfile::tempdir().unwrap();
    let many = format!("{HEADER}{}", "1,INDIVIDUAL,,\n".repeat(20_000));
    fs::write(folder.path().join("f.csv"), many).unwrap();
    let mut child = command(folder.path(), &["validate", "f.csv", "--rejects", "r.csv"])
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .unwrap();
    drop(child.stdout.take());
    assert_eq!(child.wait().unwrap().code(), Some(1));
    let rejects = fs::read_to_string(folder.path().join("r.csv")).unwrap();
    assert_eq!(rejects.lines().count(), 20_001);
}

#[test]
fn names_that_a_terminal_would_act_upon_are_shown_escaped() {
    let name = "a \u{1b}[31m\u{202e}b.csv";
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join(name), BAD).unwrap();
    let ledger = "l\u{1b}[31m.db";
    let cases: [(&[&str], i32); 9] = [
        (&["validate", name], 1),
        (&["validate", "none\u{1b}[31m"], 3),
        (&["validate", name, "--config", "none\u{1b}[31m"], 2),
        (&["validate", name, "--accepted", "none\u{1b}[31m/x"], 3),
        (&["status", "--ledger", ledger], 3),
        (&["run", name, "--sandbox", "--ledger", ledger], 4),
        (&["status", "--ledger", ledger], 0),
        (&["report", "--ledger", ledger, "--format", "csv"], 0),
        (&["validate", "--none\u{1b}[31m"], 2),
    ];
    for (arguments, code) in cases {
        let output = command(folder.path(), arguments).output().unwrap();
        assert_eq!(output.status.code(), Some(code), "{arguments:?}\n{}", said(&output));
    }
}

#[test]
fn commands_that_are_suggested_can_be_typed_and_stay_in_the_sandbox() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("two words.csv"), GOOD.replace("Ada", "")).unwrap();
    fs::write(folder.path().join("c.toml"), "").unwrap();
    let run = |arguments: &[&str]| said(&command(folder.path(), arguments).output().unwrap());
    let text = run(&["run", "two words.csv", "--sandbox", "--config=c.toml", "--ledger=l.db"]);
    assert!(
        text.contains("`rollcall validate 'two words.csv' --config c.toml`"),
        "{text}"
    );
    assert!(
        text.contains("rollcall run 'two words.csv' --sandbox --config c.toml --ledger l.db --max-rejects 1"),
        "{text}"
    );
    let text = run(&["status", "--ledger", "l.db"]);
    assert!(
        text.contains("or: rollcall run 'two words.csv' --sandbox --ledger l.db --max-rejects 1"),
        "{text}"
    );
    let spooled = command(folder.path(), &["run", "-", "--sandbox", "--ledger", "s.db"])
        .stdin(fs::File::open(folder.path().join("two words.csv")).unwrap())
        .output()
        .unwrap();
    assert_eq!(spooled.status.code(), Some(4), "{}", said(&spooled));
    let text = run(&["status", "--ledger", "s.db"]);
    assert!(text.contains(" --source FILE --sandbox --ledger s.db"), "{text}");
}

#[test]
fn what_is_no_ledger_is_told_and_left_alone() {
    let text = "some text\n".repeat(100);
    let cases = [
        (
            "run f.csv --sandbox --ledger t.txt",
            3,
            "t.txt is not a ledger of rollcall",
        ),
        ("status --ledger t.txt", 3, "t.txt is not a ledger of rollcall"),
        ("status --ledger .", 3, "cannot open the ledger ."),
        ("run f.csv --sandbox --ledger none/../.", 3, "hint:"),
        ("status --ledger none.db", 3, "there is no ledger at none.db"),
        ("run f.csv --sandbox --ledger f.csv", 3, "f.csv is not a ledger"),
    ];
    for (arguments, code, word) in cases {
        check(&[("f.csv", GOOD), ("t.txt", &text)], &[], arguments, code, &[word]);
    }
}

#[test]
fn a_ledger_is_one_whole_file_whatever_its_name() {
    for name in ["l.db", ":memory:", "file:l?mode=memory"] {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("f.csv"), GOOD).unwrap();
        let run = |arguments: &[&str]| {
            let output = command(folder.path(), arguments).output().unwrap();
            (output.status.code(), said(&output))
        };
        let (code, text) = run(&["run", "f.csv", "--sandbox", "--ledger", name]);
        assert_eq!(code, Some(0), "{text}");
        // A copy of the file alone, as a backup makes it.
        fs::copy(folder.path().join(name), folder.path().join("copy.db")).unwrap();
        let (_, text) = run(&["report", "--ledger", "copy.db"]);
        assert!(
            text.contains("\nAll 2 records read are answered for: 2 created, no exceptions.\n"),
            "{text}"
        );
        let (code, text) = run(&["report", "9", "--ledger", "copy.db"]);
        assert_eq!(
            (code, text.contains("hint: `rollcall status`")),
            (Some(2), true),
            "{text}"
        );
    }
}

#[test]
fn validating_needs_no_folder_of_its_own() {
    let folder = tempfile::tempdir().unwrap();
    fs::write(folder.path().join("f.csv"), GOOD).unwrap();
    said(&command(folder.path(), &["validate", "f.csv"]).output().unwrap());
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 1);
}

#[test]
fn every_record_of_a_hundred_files_is_answered_for() {
    let folder = tempfile::tempdir().unwrap();
    let names: Vec<String> = (0..100).map(|number| format!("{number}.csv")).collect();
    for (number, name) in names.iter().enumerate() {
        // Every customer twice, and one defect a file.
        let customer = number / 2;
        let rows = format!("{HEADER}{customer},INDIVIDUAL,Ada,Byron\nX{number},INDIVIDUAL,,\n\n");
        fs::write(folder.path().join(name), rows).unwrap();
    }
    let mut arguments = vec!["run", "--sandbox", "--max-rejects", "100", "--format", "json"];
    arguments.extend(names.iter().map(String::as_str));
    let output = command(folder.path(), &arguments).output().unwrap();
    said(&output);
    assert_eq!(output.status.code(), Some(1));
    // Events, an object a line, and the result as the last.
    let stdout = String::from_utf8(output.stdout).unwrap();
    let result: serde_json::Value = serde_json::from_str(stdout.lines().last().unwrap()).unwrap();
    let totals = &result["run"]["totals"];
    let found = ["created", "duplicate", "rejected"].map(|state| totals[state].as_u64().unwrap());
    assert_eq!((found, result["run"]["records"].as_u64()), ([50, 50, 100], Some(200)));
}
