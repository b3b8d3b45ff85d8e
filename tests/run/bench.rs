//! A folder with an environment, in which the binary works against an API.

use std::collections::BTreeMap;
use std::fs::File;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Output, Stdio};
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::Duration;

use rollcall::ledger::Reader;
use rollcall::sandbox::{Options, Sandbox};
use serde_json::Value;
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use crate::generator::{Kinds, Plan, write};

/// Any namespace that is not the one of `run --sandbox`.
pub(crate) const NAMESPACE: &str = "0c9a1f0e-6b52-4b5e-9a5f-2f7d1c3b4a59";

/// Longest that anything in these tests may take: a broken program fails them instead of holding them up.
const LONGEST: Duration = Duration::from_secs(240);

/// Between two looks at what is waited for.
const TICK: Duration = Duration::from_millis(1);

pub(crate) struct Bench {
    folder: TempDir,
    environment: BTreeMap<&'static str, String>,
    started: AtomicU32,
}

/// How the binary ended.
#[derive(Debug)]
pub(crate) struct Done {
    /// `None` when it was killed.
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// A binary that works; killed with its handle, so that a failed test leaves nothing behind.
pub(crate) struct Working {
    child: Child,
    stdout: PathBuf,
    stderr: PathBuf,
}

impl Bench {
    /// A bench with no API. Retries are quick, and there is no rate limit. Nor is there a budget of retries: these tests
    /// provoke storms of faults that no service has, in which a tenth of the traffic would make every row wait in vain.
    pub(crate) fn new() -> Self {
        let environment = [
            ("ROLLCALL_SEND_RATE_PER_SECOND", "0"),
            ("ROLLCALL_SEND_BACKOFF_BASE", "1ms"),
            ("ROLLCALL_SEND_BACKOFF_CAP", "10ms"),
            ("ROLLCALL_SEND_MAX_ATTEMPTS", "50"),
            ("ROLLCALL_SEND_RETRY_BUDGET", "100%"),
        ];
        Self {
            folder: tempfile::tempdir().unwrap(),
            environment: environment
                .map(|(name, value)| (name, value.to_owned()))
                .into_iter()
                .collect(),
            started: AtomicU32::new(0),
        }
    }

    /// A bench that works against a sandbox.
    pub(crate) fn against(sandbox: &Sandbox) -> Self {
        let mut bench = Self::new();
        bench.turn_to(&sandbox.base_url(), &sandbox.token_url());
        bench
    }

    /// Works against this API from now on.
    pub(crate) fn turn_to(&mut self, base_url: &str, token_url: &str) {
        self.set("ROLLCALL_API_BASE_URL", base_url);
        self.set("ROLLCALL_API_TOKEN_URL", token_url);
        self.set("ROLLCALL_API_CLIENT_ID", "sandbox");
        self.set("ROLLCALL_API_CLIENT_SECRET", "sandbox");
        self.set("ROLLCALL_API_NAMESPACE", NAMESPACE);
    }

    pub(crate) fn set(&mut self, name: &'static str, value: &str) {
        self.environment.insert(name, value.to_owned());
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), content).unwrap();
    }

    pub(crate) fn ledger(&self) -> PathBuf {
        self.path(".rollcall/ledger.db")
    }

    /// Loses the ledger, as a broken disk would.
    pub(crate) fn lose_ledger(&self) {
        for end in ["", "-wal", "-shm"] {
            drop(std::fs::remove_file(self.path(&format!(".rollcall/ledger.db{end}"))));
        }
    }

    /// Records of the first run that are in the ledger, and whether the plan is complete.
    pub(crate) fn planned(&self) -> (u64, bool) {
        let read = || {
            let reader = Reader::open(&self.ledger()).ok()?;
            let run = reader.run(1).ok()??;
            let planned = run.inputs.iter().map(|input| reader.planned(input.input_id).ok());
            Some((planned.sum::<Option<u64>>()?, run.is_planned()))
        };
        // While the first process makes the ledger, there is nothing to read.
        read().unwrap_or_default()
    }

    /// Starts the binary.
    pub(crate) fn start(&self, arguments: &[&str]) -> Working {
        self.start_with(arguments, Stdio::null())
    }

    fn start_with(&self, arguments: &[&str], stdin: Stdio) -> Working {
        let number = self.started.fetch_add(1, Ordering::Relaxed);
        let path = |name| self.path(&format!("{number}.{name}"));
        let (stdout, stderr) = (path("stdout"), path("stderr"));
        let child = self
            .command(arguments)
            .stdin(stdin)
            .stdout(File::create(&stdout).unwrap())
            .stderr(File::create(&stderr).unwrap())
            .spawn()
            .unwrap();
        Working { child, stdout, stderr }
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rollcall"));
        command.args(arguments).current_dir(self.folder.path());
        command.env_clear().envs(&self.environment);
        command
    }

    /// Runs the binary to its end.
    pub(crate) async fn run(&self, arguments: &[&str]) -> Done {
        self.start(arguments).end().await
    }

    /// Runs the binary to its end with a file as its standard input.
    pub(crate) async fn run_on(&self, stdin: &Path, arguments: &[&str]) -> Done {
        self.start_with(arguments, File::open(stdin).unwrap().into())
            .end()
            .await
    }

    /// Runs the binary for somebody who closes its standard output before it says anything.
    pub(crate) fn run_unheard(&self, arguments: &[&str]) -> Output {
        let mut child = self
            .command(arguments)
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap();
        drop(child.stdout.take());
        child.wait_with_output().unwrap()
    }

    /// Runs the binary to its end and holds it to an exit code.
    pub(crate) async fn expect(&self, code: i32, arguments: &[&str]) -> Done {
        let done = self.run(arguments).await;
        assert_eq!(done.code, Some(code), "{arguments:?}: {done:#?}");
        done
    }

    /// The latest run as `report --format json` has it.
    pub(crate) async fn report(&self, flags: &[&str]) -> Value {
        let done = self.expect(0, &[&["report", "--format", "json"], flags].concat()).await;
        serde_json::from_str(&done.stdout).unwrap()
    }

    /// The latest run as `report --format csv` has it: each record's columns by name.
    pub(crate) async fn records(&self, flags: &[&str]) -> Vec<BTreeMap<String, String>> {
        let done = self.expect(0, &[&["report", "--format", "csv"], flags].concat()).await;
        let lines = table(&done.stdout).into_iter();
        lines.filter(|line| line["section"] == "record").collect()
    }
}

impl Working {
    pub(crate) fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it has written to standard error so far.
    pub(crate) fn said(&self) -> String {
        std::fs::read_to_string(&self.stderr).unwrap()
    }

    /// Waits until it ends by itself.
    pub(crate) async fn end(mut self) -> Done {
        self.end_or(|_| false).await;
        self.done()
    }

    /// Waits until it ends by itself or until `met` holds; says whether it was the latter.
    pub(crate) async fn end_or(&mut self, mut met: impl FnMut(&Self) -> bool) -> bool {
        let begun = Instant::now();
        while self.child.try_wait().unwrap().is_none() {
            if met(self) {
                return true;
            }
            assert!(begun.elapsed() < LONGEST, "{:?} does not end", self.child);
            sleep(TICK).await;
        }
        false
    }

    /// Kills it as `kill -9` does, in the middle of whatever it does.
    pub(crate) fn kill(mut self) -> Done {
        self.child.kill().unwrap();
        self.done()
    }

    fn done(&mut self) -> Done {
        let code = self.child.wait().unwrap().code();
        let read = |path: &Path| String::from_utf8(std::fs::read(path).unwrap()).unwrap();
        Done {
            code,
            stdout: read(&self.stdout),
            stderr: read(&self.stderr),
        }
    }
}

impl Drop for Working {
    fn drop(&mut self) {
        // It may have ended long ago.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// A number from the environment, for the long forms of harnesses.
pub(crate) fn number(name: &str) -> Option<u64> {
    std::env::var(name).ok()?.parse().ok()
}

pub(crate) async fn sandbox(options: Options) -> Sandbox {
    sandbox_at(options, 0).await
}

pub(crate) async fn sandbox_at(options: Options, port: u16) -> Sandbox {
    Sandbox::start(options, SocketAddr::from((Ipv4Addr::LOCALHOST, port)))
        .await
        .unwrap()
}

/// A CSV file of fictitious customers.
#[derive(Clone, Debug)]
pub(crate) struct Customers {
    pub(crate) csv: Vec<u8>,
    /// What each record is expected to become: accepted, rejected, duplicate, conflict.
    pub(crate) truth: Vec<String>,
    /// The ids of those that are accepted.
    pub(crate) accepted: Vec<String>,
}

/// Makes a file of this many records, so many of a hundred of them with a defect.
pub(crate) fn customers(rows: u64, seed: u64, defects_percent: f64) -> Customers {
    let plan = Plan {
        rows,
        seed,
        defects_percent,
        kinds: Kinds::Mixed,
    };
    let (mut csv, mut truth) = (Vec::new(), Vec::new());
    write(&plan, &mut csv, Some(&mut truth)).unwrap();
    known(csv, &truth)
}

/// A file with the truth about it.
pub(crate) fn known(csv: Vec<u8>, truth: &[u8]) -> Customers {
    let column = |text: &[u8], name: &str| -> Vec<String> {
        table(std::str::from_utf8(text).unwrap())
            .into_iter()
            .map(|mut record| record.remove(name).unwrap())
            .collect()
    };
    let truth = column(truth, "state");
    let accepted = column(&csv, "id")
        .into_iter()
        .zip(&truth)
        .filter(|(_, state)| *state == "accepted")
        .map(|(id, _)| bare(&id).to_owned())
        .collect();
    Customers { csv, truth, accepted }
}

/// A value without the white space and invisible marks around it.
pub(crate) fn bare(text: &str) -> &str {
    text.trim_matches(|char: char| {
        char.is_whitespace() || matches!(char, '\u{200b}'..='\u{200f}' | '\u{2060}' | '\u{feff}')
    })
}

/// The records of a CSV text by the names of their columns.
pub(crate) fn table(text: &str) -> Vec<BTreeMap<String, String>> {
    csv::Reader::from_reader(text.as_bytes())
        .deserialize()
        .map(Result::unwrap)
        .collect()
}
