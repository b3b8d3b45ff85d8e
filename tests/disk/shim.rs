//! The library that is loaded into the program before the system's own: how it is built, told what to do, and read.

use std::path::{Path, PathBuf};
use std::process::Command;
use std::sync::OnceLock;

use crate::bench::Bench;

/// Error numbers of Linux.
pub(crate) const EIO: i32 = 5;
pub(crate) const ENOSPC: i32 = 28;
pub(crate) const EROFS: i32 = 30;

/// Builds the library, once in a process. Others may build the same at the same time: it gets its name when it is whole,
/// and whoever has loaded the one before keeps that.
pub(crate) fn library() -> &'static Path {
    static BUILT: OnceLock<PathBuf> = OnceLock::new();
    BUILT.get_or_init(|| {
        let source = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/disk/shim.c");
        let folder = Path::new(env!("CARGO_TARGET_TMPDIR"));
        let part = folder.join(format!("shim.{}.part", std::process::id()));
        let built = Command::new("cc")
            .args(["-O1", "-Wall", "-Wextra", "-shared", "-fPIC", "-o"])
            .args([&part, &source])
            .status()
            .unwrap();
        assert!(built.success(), "the C compiler cannot build {}", source.display());
        let whole = folder.join("shim.so");
        std::fs::rename(&part, &whole).unwrap();
        whole
    })
}

/// What the library is to do.
#[derive(Clone, Copy, Debug, Default)]
pub(crate) struct Fault {
    /// A word that `shim.c` explains.
    pub(crate) mode: &'static str,
    /// Error number of the modes that refuse.
    pub(crate) errno: i32,
    /// The call that it strikes, from 1.
    pub(crate) at: u64,
    /// Whether syncs keep nothing.
    pub(crate) lies: bool,
    /// Whether the other files of the data folder are meant, and not the ledger's.
    pub(crate) spool: bool,
}

impl Fault {
    /// Only counts.
    pub(crate) const COUNT: Self = Self {
        mode: "count",
        errno: 0,
        at: 0,
        lies: false,
        spool: false,
    };

    /// Whether the process does not outlive it.
    pub(crate) fn kills(self) -> bool {
        ["kill", "kill-after", "torn", "cut", "cut-some"].contains(&self.mode)
    }
}

/// What a process with the library did.
#[derive(Clone, Debug, Default)]
pub(crate) struct Trace {
    /// Calls that changed a watched file or synced it.
    pub(crate) calls: u64,
    /// The line of the call that the fault struck.
    pub(crate) struck: Option<String>,
    /// Whether a journal or log was written after that.
    pub(crate) written_after: bool,
    /// Whether the time of day has jumped.
    pub(crate) stepped: bool,
}

/// Loads the library into every process of a bench from now on.
pub(crate) fn arm(bench: &mut Bench, fault: Fault) {
    for name in ["shim.log", "gate.at", "gate.go"] {
        // Most often there is none.
        drop(std::fs::remove_file(bench.path(name)));
    }
    let path = |name: &str| bench.path(name).to_str().unwrap().to_owned();
    let (log, gate) = (path("shim.log"), path("gate"));
    bench.set("LD_PRELOAD", library().to_str().unwrap());
    bench.set("SHIM_MODE", fault.mode);
    bench.set("SHIM_AT", &fault.at.to_string());
    bench.set("SHIM_ERRNO", &fault.errno.to_string());
    bench.set("SHIM_SEED", &fault.at.to_string());
    bench.set("SHIM_LIE", if fault.lies { "1" } else { "" });
    bench.set("SHIM_FILES", if fault.spool { "spool" } else { "" });
    bench.set("SHIM_LOG", &log);
    bench.set("SHIM_GATE", &gate);
}

/// Whether the library waits for [`let_strike`].
pub(crate) fn waits(bench: &Bench) -> bool {
    bench.path("gate.at").exists()
}

/// Lets the fault strike.
pub(crate) fn let_strike(bench: &Bench) {
    bench.write("gate.go", "");
}

/// Lets the time of day jump by so many seconds when there is a file `step`.
pub(crate) fn arm_clock(bench: &mut Bench, seconds: i64) {
    arm(bench, Fault::COUNT);
    let when = bench.path("step").to_str().unwrap().to_owned();
    bench.set("SHIM_STEP", &seconds.to_string());
    bench.set("SHIM_STEP_WHEN", &when);
}

/// Leaves later processes as they are.
pub(crate) fn disarm(bench: &mut Bench) {
    for name in ["LD_PRELOAD", "SHIM_MODE", "SHIM_STEP_WHEN"] {
        bench.set(name, "");
    }
}

/// What the last process with the library did.
pub(crate) fn trace(bench: &Bench) -> Trace {
    let text = std::fs::read_to_string(bench.path("shim.log")).unwrap_or_default();
    let mut trace = Trace::default();
    for line in text.lines() {
        match line.split(' ').nth(1) {
            Some("struck") => trace.struck = Some(line.to_owned()),
            Some("stepped") => trace.stepped = true,
            word => {
                trace.calls += 1;
                let journal = line.contains("ledger.db-wal ") || line.contains("ledger.db-journal ");
                trace.written_after |= trace.struck.is_some() && word == Some("write") && journal;
            }
        }
    }
    trace
}
