//! A folder with an environment, in which the binary works.

use std::collections::BTreeMap;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use tempfile::TempDir;

pub(crate) const SECRET: &str = "Qx7canarySecret0f-the-client";

pub(crate) struct Bench {
    folder: TempDir,
    pub(crate) environment: BTreeMap<String, String>,
}

#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

/// One customer that every service takes.
pub(crate) const ONE: &str = "id,customer_type,first_name,last_name\nC-1,INDIVIDUAL,Anna,Petrosyan\n";

impl Bench {
    pub(crate) fn new() -> Self {
        let environment = [
            ("PATH", "/usr/bin:/bin"),
            ("ROLLCALL_SEND_RATE_PER_SECOND", "0"),
            ("ROLLCALL_SEND_BACKOFF_BASE", "1ms"),
            ("ROLLCALL_SEND_BACKOFF_CAP", "10ms"),
            ("ROLLCALL_SEND_RETRY_BUDGET", "100%"),
            ("ROLLCALL_SEND_MAX_ATTEMPTS", "2"),
            ("ROLLCALL_SEND_GIVE_UP_AFTER", "20s"),
            ("ROLLCALL_API_CLIENT_ID", "client"),
            ("ROLLCALL_API_CLIENT_SECRET", SECRET),
            ("ROLLCALL_API_NAMESPACE", "0c9a1f0e-6b52-4b5e-9a5f-2f7d1c3b4a59"),
        ];
        let pairs = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let bench = Self {
            folder: tempfile::tempdir().unwrap(),
            environment: pairs.into_iter().collect(),
        };
        bench.write("one.csv", ONE);
        bench
    }

    /// A bench that works against a service.
    pub(crate) fn against(url: &str) -> Self {
        let mut bench = Self::new();
        bench.set("ROLLCALL_API_BASE_URL", &format!("{url}/api"));
        bench.set("ROLLCALL_API_TOKEN_URL", &format!("{url}/token"));
        bench
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.environment.insert(name.to_owned(), value.to_owned());
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) -> String {
        let path = self.path(name);
        std::fs::write(&path, content).unwrap();
        path.to_str().unwrap().to_owned()
    }

    /// Everything below the folder, names as they are.
    pub(crate) fn names(&self) -> Vec<String> {
        let mut names: Vec<String> = std::fs::read_dir(self.folder.path())
            .unwrap()
            .map(|entry| entry.unwrap().file_name().to_string_lossy().into_owned())
            .collect();
        names.sort();
        names
    }

    /// The binary as a shell with this umask starts it.
    pub(crate) fn command(&self, umask: &str, arguments: &[&str]) -> Command {
        let mut command = Command::new("/bin/sh");
        let binary = env!("CARGO_BIN_EXE_rollcall");
        command.args(["-c", &format!("umask {umask}; exec \"$0\" \"$@\""), binary]);
        command.args(arguments).current_dir(self.folder.path());
        command.env_clear().envs(&self.environment).stdin(Stdio::null());
        command
    }

    pub(crate) fn start(&self, arguments: &[&str]) -> Child {
        self.command("022", arguments)
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    pub(crate) fn run(&self, arguments: &[&str]) -> Done {
        self.run_with("022", arguments)
    }

    pub(crate) fn run_with(&self, umask: &str, arguments: &[&str]) -> Done {
        done(self.command(umask, arguments).output().unwrap())
    }

    /// Runs the binary and holds it to an exit code.
    pub(crate) fn expect(&self, code: i32, arguments: &[&str]) -> Done {
        let done = self.run(arguments);
        assert_eq!(done.code, Some(code), "{arguments:?}: {done:#?}");
        done
    }
}

pub(crate) fn done(output: std::process::Output) -> Done {
    Done {
        code: output.status.code(),
        stdout: String::from_utf8(output.stdout).unwrap(),
        stderr: String::from_utf8(output.stderr).unwrap(),
    }
}

/// Waits a moment before the next look, on Tokio's clock.
pub(crate) fn pause(time: Duration) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build();
    runtime.unwrap().block_on(async { tokio::time::sleep(time).await });
}
