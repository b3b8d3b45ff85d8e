//! What to type next about a run: the one place where such commands are made.
//!
//! A command that is suggested can be typed as it stands. So it names the ledger, what a run's files are now where they are
//! not where they were (`FILE` where only the user knows), and a new file where it writes one. It decides nothing about a
//! run: when which command is of use is for whoever asks.

use std::path::{Path, PathBuf};
use std::time::UNIX_EPOCH;

use super::run::SANDBOX_TARGET;
use crate::cli::args::LedgerArgs;
use crate::config::resolve;
use crate::ledger::{InputEntry, Reader, RunEntry};
use crate::model::digest::Digest;
use crate::pipeline::{located, same_settings};
use crate::read::{STANDARD_INPUT, Source};

/// What stands for a file that only the user knows.
const FILE: &str = "FILE";

/// Files of which the bytes are compared, at most this long: a blink of an eye. A longer one is taken for what it was if
/// its size is the same and nobody wrote to it since the run began.
const COMPARED_BYTES: u64 = 64 << 20;

/// Most files of rejects that are made of one run before their names are not looked for any longer.
const MOST_FILES: u32 = 1000;

/// Commands about one run.
#[derive(Debug)]
pub(super) struct Next<'a> {
    run: &'a RunEntry,
    ledger: &'a LedgerArgs,
    /// Where each source is now, as an argument; `None` where the run's own names will do.
    sources: Option<Vec<String>>,
    looks: bool,
}

impl<'a> Next<'a> {
    /// For a command that has the run's sources before it: where they were `named`, they are named again.
    pub(super) fn of(run: &'a RunEntry, ledger: &'a LedgerArgs, named: &[PathBuf]) -> Self {
        let sources = if named.is_empty() {
            elsewhere(run, is_as_it_was, |_| None)
        } else {
            Some(named.iter().map(|file| argument(file)).collect())
        };
        Self {
            run,
            ledger,
            sources,
            looks: true,
        }
    }

    /// For a command that has files before it, with their digests: some of them may be the run's sources.
    pub(super) fn beside(run: &'a RunEntry, ledger: &'a LedgerArgs, files: &[(Digest, PathBuf)]) -> Self {
        let place = |input: &InputEntry| {
            let found = files.iter().find(|(digest, _)| *digest == input.digest);
            found.map(|(_, file)| argument(file))
        };
        Self {
            run,
            ledger,
            sources: elsewhere(run, is_as_it_was, place),
            looks: true,
        }
    }

    /// By the ledger alone, whatever became of files since: what is said of an old run is the same each time.
    pub(super) fn by_ledger(run: &'a RunEntry, ledger: &'a LedgerArgs) -> Self {
        Self {
            run,
            ledger,
            sources: elsewhere(run, |_, _| true, |_| None),
            looks: false,
        }
    }

    /// Writes what is to be fixed into a file.
    pub(super) fn rejects(&self) -> String {
        let run_id = self.run.run_id;
        let file = super::typed(&self.to_fix());
        format!("rollcall rejects {run_id} -o {file}{}{}", self.source(), self.flags())
    }

    /// The file that is proposed for what is to be fixed; none that is there.
    pub(super) fn to_fix(&self) -> PathBuf {
        let stem = format!("to-fix-{}", self.run.run_id);
        if self.looks {
            free(&stem)
        } else {
            PathBuf::from(stem + ".csv")
        }
    }

    /// Runs a file of corrections of the run.
    pub(super) fn correct(&self, file: &Path) -> String {
        let (file, run_id) = (argument(file), self.run.run_id);
        format!(
            "rollcall run {file} --corrects {run_id}{}{}",
            self.source(),
            self.flags()
        )
    }

    /// Sends what needs no correction once more.
    pub(super) fn retry(&self) -> String {
        format!("rollcall retry {}{}{}", self.run.run_id, self.source(), self.flags())
    }

    /// What stands for the files that only the user knows; `None` where a command names every file itself.
    pub(super) fn note(&self) -> Option<String> {
        let sources = self.sources.as_ref()?.iter().zip(&self.run.inputs);
        let unknown = sources.filter(|(source, _)| *source == FILE);
        let names: Vec<&str> = unknown.map(|(_, input)| input.name.as_str()).collect();
        let (run_id, names) = (self.run.run_id, names.join(", "));
        (!names.is_empty())
            .then(|| format!("{FILE} is a file as run {run_id} read it, which is not there now: {names}"))
    }

    /// Goes on with the run.
    pub(super) fn run(&self) -> String {
        if self.sources.is_some() {
            // Under a name that means something else by now it would be another run.
            return self.retry();
        }
        let names: Vec<String> = self.run.inputs.iter().map(|input| as_named(&input.name)).collect();
        let names = names.join(" ");
        format!("rollcall run {names}{}{}", self.corrects(), self.flags())
    }

    /// Shows every record of the run.
    pub(super) fn report(&self) -> String {
        format!("rollcall report {} --format csv{}", self.run.run_id, self.flags())
    }

    /// Decides about a record.
    pub(super) fn dispose(&self, record: u64, file: &str) -> String {
        // A number means something in one file alone.
        let file = match self.run.inputs.as_slice() {
            [_] => String::new(),
            _ => format!(" --file {}", argument(Path::new(file))),
        };
        let run_id = self.run.run_id;
        format!(
            "rollcall dispose {run_id} {record}{file} --reason TEXT --by NAME{}",
            self.flags()
        )
    }

    /// The flags that name the run's sources where they are now.
    fn source(&self) -> String {
        let flags = self.sources.iter().flatten().map(|file| format!(" --source {file}"));
        flags.collect()
    }

    /// The flags that make the run the correction that it is.
    fn corrects(&self) -> String {
        let Some(of) = self.run.corrects else {
            return String::new();
        };
        let flags = format!(" --corrects {of}");
        if !self.looks {
            return flags;
        }
        let unchanged = self.sends_unchanged();
        flags + &self.of_corrected(of) + unchanged
    }

    /// Where the sources of the corrected run are now. They are read once more while the run is not planned to its end.
    fn of_corrected(&self, of: i64) -> String {
        let corrected = || {
            let reader = Reader::open(&super::ledger_path(self.ledger).ok()?).ok()?;
            reader.run(of).ok()?
        };
        let Some(corrected) = corrected().filter(|_| !self.run.is_planned()) else {
            return String::new();
        };
        Next::of(&corrected, self.ledger, &[]).source()
    }

    /// The flag without which the run would be another one.
    fn sends_unchanged(&self) -> &'static str {
        let layers = super::ledger_layers(self.ledger).ok();
        let settings = layers.and_then(|layers| resolve(&layers).ok());
        let found = settings.and_then(|settings| same_settings(self.run, &settings).ok()?);
        let is_sent = found.is_some_and(|corrects| corrects.send_unchanged);
        if is_sent { " --send-unchanged" } else { "" }
    }

    /// The flags that name the ledger again, and the sandbox where the run was for one.
    pub(super) fn flags(&self) -> String {
        let flags = super::ledger_flags(self.ledger);
        if self.run.target == SANDBOX_TARGET && !self.ledger.sandbox {
            return format!(" --sandbox{flags}");
        }
        flags
    }
}

/// The name of a CSV file that is not there yet.
pub(super) fn free(stem: &str) -> PathBuf {
    let first = PathBuf::from(format!("{stem}.csv"));
    let names = (2..MOST_FILES).map(|count| PathBuf::from(format!("{stem}-{count}.csv")));
    let is_free = |name: &PathBuf| name.symlink_metadata().is_err();
    let free = std::iter::once(first.clone()).chain(names).find(is_free);
    free.unwrap_or(first)
}

/// A file as an argument; what was piped is known to the user alone.
pub(super) fn argument(file: &Path) -> String {
    if file.as_os_str() == "-" || file.as_os_str() == STANDARD_INPUT {
        FILE.to_owned()
    } else {
        super::typed(file)
    }
}

/// Sources of a run of which at least one is not what its name means now: each as an argument.
fn elsewhere(
    run: &RunEntry,
    is_there: impl Fn(&RunEntry, &InputEntry) -> bool,
    place: impl Fn(&InputEntry) -> Option<String>,
) -> Option<Vec<String>> {
    let is_there = |input: &InputEntry| input.name != STANDARD_INPUT && is_there(run, input);
    let there: Vec<bool> = run.inputs.iter().map(is_there).collect();
    if there.iter().all(|is_there| *is_there) {
        return None;
    }
    let arguments = run.inputs.iter().zip(there).map(|(input, is_there)| {
        if is_there {
            as_named(&input.name)
        } else {
            place(input).unwrap_or_else(|| FILE.to_owned())
        }
    });
    Some(arguments.collect())
}

/// A source's name in the ledger as an argument.
fn as_named(name: &str) -> String {
    super::typed(&located(name).unwrap_or_else(|| name.into()))
}

/// Whether a source is still what the run read.
fn is_as_it_was(run: &RunEntry, input: &InputEntry) -> bool {
    let is_same = || -> Option<bool> {
        let path = located(&input.name)?;
        let metadata = path.metadata().ok()?;
        if !metadata.is_file() || metadata.len() != input.bytes {
            return Some(false);
        }
        let written = metadata.modified().ok()?.duration_since(UNIX_EPOCH).ok()?;
        if metadata.len() > COMPARED_BYTES && i64::try_from(written.as_millis()).ok()? < run.created_ms {
            return Some(true);
        }
        let source = Source::from_argument(&path, Path::new(".")).ok()?;
        Some(source.digest().ok()?.sha256 == input.digest.0)
    };
    is_same().unwrap_or(false)
}
