//! A folder with an environment, in which the binary works against a sandbox.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};

use rollcall::sandbox::{FaultPlan, Options, Sandbox};
use serde_json::Value;
use tempfile::TempDir;
use tokio::runtime::Runtime;

/// What must not be in any output: the secret, and a name of a customer.
pub(crate) const SECRET: &str = "Qx7canarySecret0f-the-client";
pub(crate) const NAME: &str = "Zwetelinowa";

pub(crate) struct Bench {
    folder: TempDir,
    environment: BTreeMap<String, String>,
    sandbox: Sandbox,
    /// Serves the sandbox, and ends after it.
    _runtime: Runtime,
}

#[derive(Debug)]
pub(crate) struct Done {
    pub(crate) code: Option<i32>,
    pub(crate) stdout: String,
    pub(crate) stderr: String,
}

impl Done {
    /// A JSON object for each line of the output.
    pub(crate) fn lines(&self) -> Vec<Value> {
        self.stdout
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

impl Bench {
    pub(crate) fn new() -> Self {
        let runtime = Runtime::new().unwrap();
        let address = SocketAddr::from((Ipv4Addr::LOCALHOST, 0));
        let options = Options {
            client_secret: SECRET.to_owned(),
            ..Options::default()
        };
        let sandbox = runtime.block_on(Sandbox::start(options, address)).unwrap();
        let environment = [
            ("PATH", "/usr/bin:/bin"),
            ("ROLLCALL_SEND_RATE_PER_SECOND", "1000"),
            ("ROLLCALL_SEND_BACKOFF_BASE", "1ms"),
            ("ROLLCALL_SEND_BACKOFF_CAP", "10ms"),
            ("ROLLCALL_API_CLIENT_ID", "sandbox"),
            ("ROLLCALL_API_CLIENT_SECRET", SECRET),
            ("ROLLCALL_API_NAMESPACE", "0c9a1f0e-6b52-4b5e-9a5f-2f7d1c3b4a59"),
        ];
        let pairs = environment.map(|(name, value)| (name.to_owned(), value.to_owned()));
        let mut bench = Self {
            folder: tempfile::tempdir().unwrap(),
            environment: pairs.into_iter().collect(),
            sandbox,
            _runtime: runtime,
        };
        let (base, token) = (bench.sandbox.base_url(), bench.sandbox.token_url());
        bench.set("ROLLCALL_API_BASE_URL", &base);
        bench.set("ROLLCALL_API_TOKEN_URL", &token);
        bench.write("rollcall.toml", "[input]\nmax-rejects = \"50%\"\n");
        bench
    }

    pub(crate) fn set(&mut self, name: &str, value: &str) {
        self.environment.insert(name.to_owned(), value.to_owned());
    }

    pub(crate) fn unset(&mut self, name: &str) {
        self.environment.remove(name);
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    pub(crate) fn write(&self, name: &str, content: impl AsRef<[u8]>) {
        std::fs::write(self.path(name), content).unwrap();
    }

    /// A file of so many customers and one reject.
    pub(crate) fn customers(&self, rows: u32) {
        let mut text = String::from("id,customer_type,first_name,last_name\n");
        for row in 0..rows {
            text.push_str(&format!("C-{row},INDIVIDUAL,Anna,{NAME}\n"));
        }
        text.push_str(&format!("C-x,INDIVIDUAL,,{NAME}\n"));
        self.write("customers.csv", text);
    }

    pub(crate) fn plan(&self, toml: &str) {
        self.sandbox.set_plan(FaultPlan::from_toml(toml).unwrap()).unwrap();
    }

    pub(crate) fn sandbox(&self) -> &Sandbox {
        &self.sandbox
    }

    fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_rollcall"));
        command.args(arguments).current_dir(self.folder.path());
        command.env_clear().envs(&self.environment).stdin(Stdio::null());
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        command
    }

    pub(crate) fn start(&self, arguments: &[&str]) -> Child {
        self.command(arguments).spawn().unwrap()
    }

    /// Runs the binary, holds it to an exit code, and to telling no secret and no customer's name.
    pub(crate) fn expect(&self, code: i32, arguments: &[&str]) -> Done {
        let output = self.command(arguments).output().unwrap();
        let done = Done {
            code: output.status.code(),
            stdout: String::from_utf8(output.stdout).unwrap(),
            stderr: String::from_utf8(output.stderr).unwrap(),
        };
        assert_eq!(done.code, Some(code), "{arguments:?}: {done:#?}");
        keeps_secrets(&done.stdout);
        keeps_secrets(&done.stderr);
        done
    }
}

/// Holds a text to telling no secret and no customer's name.
pub(crate) fn keeps_secrets(text: &str) {
    for secret in [SECRET, NAME] {
        assert!(!text.contains(secret), "{secret} in {text}");
    }
}
