//! Holds what the program prints to the files in `tests/cmd/`, whole outputs at a time, and what the README shows to
//! what happens when it is typed.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail as tests do")]

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

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

/// A command that the README shows, with what it shows of its output.
struct Shown {
    line: usize,
    command: String,
    output: Vec<String>,
}

impl Shown {
    /// `# exit code N` behind a command; without it, it ends with 0, or with 1 where records are to be looked at.
    fn may_end_with(&self, code: i32) -> bool {
        match self.command.split_once("# exit code ") {
            Some((_, expected)) => expected.parse() == Ok(code),
            None => code == 0 || code == 1 && self.output.iter().any(|line| line.ends_with("to be looked at")),
        }
    }
}

/// The commands of every `console` block.
fn shown(text: &str) -> Vec<Shown> {
    let mut commands: Vec<Shown> = Vec::new();
    let mut inside = false;
    for (number, line) in text.lines().enumerate() {
        if line.starts_with("```") {
            inside = line == "```console";
        } else if !inside {
        } else if let Some(command) = line.strip_prefix("$ ") {
            commands.push(Shown {
                line: number + 1,
                command: command.to_owned(),
                output: Vec::new(),
            });
        } else if let Some(last) = commands.last_mut() {
            last.output.push(line.to_owned());
        }
    }
    commands
}

/// A sandbox in a process of its own, as somebody who follows the README would have.
struct Sandbox(Child, String);

impl Sandbox {
    fn start(folder: &Path) -> Self {
        let mut child = Command::new(ROLLCALL)
            .args(["sandbox", "--port", "0"])
            .current_dir(folder)
            .stderr(Stdio::piped())
            .stdout(Stdio::null())
            .spawn()
            .unwrap();
        let mut lines = BufReader::new(child.stderr.take().unwrap()).lines();
        let first = lines.next().unwrap().unwrap();
        let url = first.split_whitespace().last().unwrap().to_owned();
        std::thread::spawn(move || lines.for_each(drop));
        Self(child, url)
    }

    /// The configuration that the README calls `bank.toml`.
    fn configuration(&self) -> String {
        let host = self.1.trim_end_matches("/api");
        format!(
            "[api]\nbase-url = \"{}\"\ntoken-url = \"{host}/oauth2/token\"\nclient-id = \"sandbox\"\n\
             namespace = \"5a17db0c-0000-5000-8000-73616e64626f\"\n[send]\nrate-per-second = 0\n",
            self.1
        )
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// Types every command of the README in its order, in a folder of its own, and looks for every line that it shows.
#[test]
#[cfg(unix)]
fn the_readme_is_true() {
    let folder = TempDir::new().unwrap();
    for shared in ["fixtures", "config"] {
        std::os::unix::fs::symlink(root().join(shared), folder.path().join(shared)).unwrap();
    }
    std::fs::copy(
        root().join("fixtures/customers.csv"),
        folder.path().join("customers.csv"),
    )
    .unwrap();
    let sandbox = Sandbox::start(folder.path());
    std::fs::write(folder.path().join("bank.toml"), sandbox.configuration()).unwrap();
    let repaired = "id,customer_type,first_name,last_name,_file,_record,_line,_state,_codes,_message\n\
                    R-1,INDIVIDUAL,Ada,Beispiel,customers.csv,39,45,rejected,email.not_valid,repaired\n";
    std::fs::write(folder.path().join("repaired.csv"), repaired).unwrap();
    let commands = shown(&std::fs::read_to_string(root().join("README.md")).unwrap());
    let path = std::env::join_paths(
        std::iter::once(PathBuf::from(ROLLCALL).parent().unwrap().to_owned())
            .chain(std::env::split_paths(&std::env::var_os("PATH").unwrap())),
    );
    let path = path.unwrap();
    let mut typed = Vec::new();
    for shown in &commands {
        let command = shown.command.replace("cargo run --release -- ", "rollcall ");
        if command.starts_with("cargo ") {
            continue;
        }
        let output = Command::new("bash")
            .args(["-c", &format!("set -o pipefail; exec 2>&1; {command}")])
            .env("PATH", &path)
            .env("ROLLCALL_API_CLIENT_SECRET", "sandbox")
            .current_dir(folder.path())
            .output()
            .unwrap();
        let text = String::from_utf8(output.stdout).unwrap();
        let place = format!("README.md:{}: {command}\n{text}", shown.line);
        assert!(
            output.status.code().is_some_and(|code| shown.may_end_with(code)),
            "{place}"
        );
        let mut lines = text.lines();
        for expected in &shown.output {
            assert!(
                lines.any(|line| matches(expected, line)),
                "`{expected}` is not shown by {place}"
            );
        }
        typed.push(command);
    }
    // The harness itself can fail, and the two commands for a fresh machine are there to the letter.
    assert!(typed.len() > 10, "{typed:?}");
    for fresh in [
        "cargo run --release -- run fixtures/customers.csv --sandbox",
        "cargo test",
    ] {
        assert!(commands.iter().any(|shown| shown.command == fresh), "{fresh}");
    }
    assert!(!matches("1 record", "2 records") && matches("a [..] c", "a b c") && matches("a", "a"));
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

/// Whether a line is the one shown; `[..]` stands for anything.
fn matches(expected: &str, line: &str) -> bool {
    let Some((start, end)) = expected.split_once("[..]") else {
        return expected == line;
    };
    line.strip_prefix(start).is_some_and(|rest| {
        (0..=rest.len())
            .filter(|at| rest.is_char_boundary(*at))
            .any(|at| rest.get(at..).is_some_and(|rest| matches(end, rest)))
    })
}
