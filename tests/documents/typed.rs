//! Types the commands of a document in their order, in a folder of its own, and looks for every line that it shows.

use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use tempfile::TempDir;

pub(crate) const ROLLCALL: &str = env!("CARGO_BIN_EXE_rollcall");

pub(crate) fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// A command that a document shows, with what it shows of its output.
pub(crate) struct Shown {
    pub(crate) line: usize,
    pub(crate) command: String,
    pub(crate) output: Vec<String>,
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
pub(crate) fn shown(text: &str) -> Vec<Shown> {
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

/// A sandbox in a process of its own, as somebody who follows the document would have.
struct Sandbox(Child, String);

impl Sandbox {
    fn start(folder: &Path, night: &Night) -> Self {
        let mut command = Command::new(ROLLCALL);
        command.args(["sandbox", "--port", "0"]);
        if !night.plan.is_empty() {
            let plan = folder.join("night.toml");
            std::fs::write(&plan, night.plan).unwrap();
            command.arg("--plan").arg(plan);
        }
        let mut child = command
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

    /// The configuration that the documents call `bank.toml`.
    fn configuration(&self, night: &Night) -> String {
        let host = self.1.trim_end_matches("/api");
        format!(
            "[api]\nbase-url = \"{}\"\ntoken-url = \"{host}/oauth2/token\"\nclient-id = \"sandbox\"\n\
             namespace = \"5a17db0c-0000-5000-8000-73616e64626f\"\n[send]\nrate-per-second = 0\n{}",
            self.1, night.send
        )
    }
}

impl Drop for Sandbox {
    fn drop(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

/// What goes wrong while a document's commands are typed.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Night {
    /// The sandbox's fault plan.
    pub(crate) plan: &'static str,
    /// Lines for the section `[send]` of `bank.toml`.
    pub(crate) send: &'static str,
}

/// The same where nothing goes wrong.
pub(crate) fn follow(document: &str, prepare: impl FnOnce(&Path)) -> Vec<String> {
    follow_after(&Night::default(), document, prepare)
}

/// Types every command of a document; gives them as they were typed.
///
/// The folder has `fixtures` and `config`, the 1,000 fictitious customers as `customers.csv`, a `bank.toml` for a sandbox in a
/// process of its own, and whatever `prepare` puts there.
pub(crate) fn follow_after(night: &Night, document: &str, prepare: impl FnOnce(&Path)) -> Vec<String> {
    let folder = TempDir::new().unwrap();
    for shared in ["fixtures", "config"] {
        std::os::unix::fs::symlink(root().join(shared), folder.path().join(shared)).unwrap();
    }
    std::fs::copy(
        root().join("fixtures/customers.csv"),
        folder.path().join("customers.csv"),
    )
    .unwrap();
    let sandbox = Sandbox::start(folder.path(), night);
    std::fs::write(folder.path().join("bank.toml"), sandbox.configuration(night)).unwrap();
    prepare(folder.path());
    let commands = shown(&std::fs::read_to_string(root().join(document)).unwrap());
    let own = PathBuf::from(ROLLCALL).parent().unwrap().to_owned();
    let before = std::env::var_os("PATH").unwrap();
    let path = std::env::join_paths(std::iter::once(own).chain(std::env::split_paths(&before))).unwrap();
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
        let place = format!("{document}:{}: {command}\n{text}", shown.line);
        assert!(
            output.status.code().is_some_and(|code| shown.may_end_with(code)),
            "{:?}: {place}",
            output.status.code()
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
    typed
}

/// Whether a line is the one shown; `[..]` stands for anything.
pub(crate) fn matches(expected: &str, line: &str) -> bool {
    let Some((start, end)) = expected.split_once("[..]") else {
        return expected == line;
    };
    line.strip_prefix(start).is_some_and(|rest| {
        (0..=rest.len())
            .filter(|at| rest.is_char_boundary(*at))
            .any(|at| rest.get(at..).is_some_and(|rest| matches(end, rest)))
    })
}
