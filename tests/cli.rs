//! Holds what the program prints to the files in `tests/cmd/`, whole outputs at a time.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

const ROLLCALL: &str = env!("CARGO_BIN_EXE_rollcall");

#[test]
fn every_command_prints_what_it_printed() {
    trycmd::TestCases::new().env("COLUMNS", "100").case("tests/cmd/*.md");
}

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

#[test]
fn a_ledger_in_use_is_refused_at_once() {
    let folder = TempDir::new().unwrap();
    std::fs::write(folder.path().join("a.csv"), "id,customer_type,first_name,last_name\n").unwrap();
    let ledger = rollcall::ledger::Ledger::open(&folder.path().join("ledger.db")).unwrap();
    let run = || {
        Command::new(ROLLCALL)
            .args(["run", "a.csv", "--sandbox", "--ledger", "ledger.db"])
            .current_dir(folder.path())
            .output()
            .unwrap()
    };
    let refused = run();
    assert_eq!(refused.status.code(), Some(3));
    assert_eq!(
        String::from_utf8(refused.stderr).unwrap(),
        "a.csv: comma-separated, LF, 4 columns\n\
         error: another rollcall is working on the ledger ledger.db\n\
         hint: wait until it has ended, or use another ledger with --ledger\n"
    );
    drop(ledger);
    assert_eq!(run().status.code(), Some(0));
}

#[test]
#[cfg(unix)]
fn a_reader_that_has_enough_is_no_error() {
    let folder = TempDir::new().unwrap();
    let shell = |command: &str| {
        let output = Command::new("bash")
            .args(["-c", &format!("set -o pipefail; {command}")])
            .env("ROLLCALL", ROLLCALL)
            .env("FIXTURE", root().join("fixtures/customers.csv"))
            .current_dir(folder.path())
            .output()
            .unwrap();
        (output.status.code(), String::from_utf8(output.stderr).unwrap())
    };
    shell("$ROLLCALL run $FIXTURE --sandbox");
    for (command, code) in [
        ("$ROLLCALL report --sandbox --format csv | head -1", 0),
        // Whoever reads the output has enough of it; the file still has rejects.
        ("$ROLLCALL validate $FIXTURE --format json 2>/dev/null | head -1", 1),
        ("$ROLLCALL fields | true", 0),
    ] {
        assert_eq!(shell(command), (Some(code), String::new()), "{command}");
    }
}

#[test]
fn the_readme_s_exit_codes_are_those_of_the_help() {
    let help = Command::new(ROLLCALL).arg("--help").output().unwrap();
    let help = String::from_utf8(help.stdout).unwrap();
    let readme = std::fs::read_to_string(root().join("README.md")).unwrap();
    let (_, codes) = help.split_once("Exit codes:\n").unwrap();
    assert_eq!(codes.lines().count(), 7);
    for line in codes.lines() {
        let (code, meaning) = line.trim().split_once(' ').unwrap();
        let row = format!("| {code} | {} |", meaning.trim());
        assert!(readme.contains(&row), "{row}");
    }
}
