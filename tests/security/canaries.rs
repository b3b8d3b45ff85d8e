//! Personal data and secrets are planted everywhere, and nothing of them may be found where they do not belong.
//!
//! Every field of every record, rejected and broken ones too, has a value that stands nowhere else; a service repeats all
//! that it was sent, in several forms; everything is logged that can be. Then ledger, logs, messages, reports, temporary
//! files, names of files and command lines are searched.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rollcall::model::field::FIELDS;
use rollcall::model::kind::Kind;

use crate::bench::{Bench, Done, SECRET, done, pause};
use crate::looking::{Canary, canary, forms, hits};
use crate::planted::{IGNORED, Planted, RECORDS, collect, echo, plant};
use crate::server::{Server, Stream, TOKEN, answer, well};

/// Every file below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in std::fs::read_dir(folder).into_iter().flatten().flatten() {
        let path = entry.path();
        if path.is_dir() {
            found.extend(files(&path));
        } else {
            found.push(path);
        }
    }
    found
}

/// What was seen of runs from outside: places with what stood there.
#[derive(Default)]
struct Seen(BTreeSet<(String, Vec<u8>)>);

impl Seen {
    /// Looks at files but those of the test itself, their names, and the command line.
    fn look(&mut self, bench: &Bench, process: Option<u32>) {
        for path in files(&bench.path("")) {
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            self.0
                .insert((String::from("the name of a file"), name.clone().into_bytes()));
            // What a process says grows: it is looked at when it has ended.
            let is_said = process.is_some() && name.starts_with("said.");
            if !["customers.csv", "headless.csv"].contains(&name.as_str()) && !is_said {
                // It may be gone again.
                self.0.insert((name, std::fs::read(&path).unwrap_or_default()));
            }
        }
        if let Some(process) = process {
            let line = std::fs::read(format!("/proc/{process}/cmdline")).unwrap_or_default();
            self.0.insert((String::from("the command line"), line));
        }
    }

    /// Whether something stood in a file of this name.
    fn saw(&self, name: &str) -> bool {
        self.0.iter().any(|(place, bytes)| place == name && !bytes.is_empty())
    }

    fn leaks(&self, canaries: &BTreeSet<Canary>) -> BTreeSet<String> {
        let leaks = self.0.iter().flat_map(|(place, bytes)| {
            let found = hits(bytes, canaries);
            found
                .into_iter()
                .map(move |canary| format!("{} in {place}", canary.place))
        });
        leaks.collect()
    }
}

/// Runs the binary and looks from time to time.
fn watched(bench: &Bench, seen: &mut Seen, arguments: &[&str], stdin: Option<&str>) -> Done {
    let mut command = bench.command("022", arguments);
    if let Some(name) = stdin {
        command.stdin(std::fs::File::open(bench.path(name)).unwrap());
    }
    let (out, error) = (bench.path("said.stdout"), bench.path("said.stderr"));
    command
        .stdout(std::fs::File::create(&out).unwrap())
        .stderr(std::fs::File::create(&error).unwrap());
    let mut child = command.spawn().unwrap();
    let status = loop {
        seen.look(bench, Some(child.id()));
        if let Some(status) = child.try_wait().unwrap() {
            break status;
        }
        pause(Duration::from_millis(100));
    };
    seen.look(bench, None);
    let read = |path: &Path| std::fs::read(path).unwrap();
    let output = std::process::Output {
        status,
        stdout: read(&out),
        stderr: read(&error),
    };
    done(output)
}

fn ground(url: &str, planted: &Planted) -> Bench {
    let mut bench = Bench::against(url);
    std::fs::create_dir(bench.path("tmp")).unwrap();
    let temporary = bench.path("tmp").to_str().unwrap().to_owned();
    bench.set("TMPDIR", &temporary);
    bench.set("ROLLCALL_LOG", "trace");
    bench.set("ROLLCALL_SEND_RATE_PER_SECOND", "60");
    bench.set("ROLLCALL_SEND_CANARY", "0");
    bench.set("ROLLCALL_SEND_MAX_FAILURES", "100%");
    bench.write("rollcall.toml", format!("[columns]\nignore = [\"{IGNORED}\"]\n"));
    bench.write("customers.csv", &planted.csv);
    bench
}

/// All that was planted, with the values that are sent for it.
fn all_of(planted: &Planted, bench: &Bench) -> BTreeSet<Canary> {
    let checked = bench.run(&["validate", "customers.csv", "--accepted", "accepted.jsonl"]);
    let accepted = std::fs::read_to_string(bench.path("accepted.jsonl")).unwrap();
    std::fs::remove_file(bench.path("accepted.jsonl")).unwrap();
    assert_eq!(accepted.lines().count(), RECORDS, "{}", checked.stdout);
    let mut all = planted.canaries.clone();
    for (record, line) in accepted.lines().enumerate() {
        let mut values = Vec::new();
        collect(&serde_json::from_str(line).unwrap(), &mut values);
        values.retain(|value| value.to_lowercase().contains("zq") || value.starts_with('+'));
        all.extend(
            values
                .into_iter()
                .map(|value| canary(format!("sent of {record}"), value)),
        );
    }
    for field in FIELDS.iter().filter(|field| field.personal) {
        let is_skipped = matches!(
            field.kind,
            Kind::CustomerId | Kind::Country | Kind::CountryList | Kind::PostalCode | Kind::Naics
        );
        let is_planted = all.iter().any(|canary| canary.place.starts_with(field.path));
        assert!(is_skipped || is_planted, "{}", field.path);
    }
    let basic = format!("client:{SECRET}");
    for (place, value) in [("secret", SECRET), ("token", TOKEN), ("basic", &basic)] {
        all.insert(canary(place, value));
    }
    all
}

const RUN: [&str; 4] = ["run", "customers.csv", "--max-rejects", "100%"];

#[test]
fn nothing_that_was_planted_is_found_where_it_does_not_belong() {
    let planted = plant();
    let turn = AtomicUsize::new(0);
    let server = Server::behind_a_token(move |head, body, stream| {
        echo(turn.fetch_add(1, Ordering::Relaxed), head, body, stream)
    });
    let bench = ground(&server.url("http"), &planted);
    let (all, mut seen) = (all_of(&planted, &bench), Seen::default());
    let mut look = |arguments: &[&str], stdin: Option<&str>| watched(&bench, &mut seen, arguments, stdin);
    let run = look(&RUN, None);
    for words in ["in all                17", "refused  "] {
        assert!(run.stdout.contains(words), "{run:#?}");
    }
    // The log is on, and other crates, which do not know what is personal, say nothing in it.
    let levels = [" DEBUG ", " TRACE "];
    let (own, others): (Vec<_>, Vec<_>) = run
        .stderr
        .lines()
        .filter(|line| levels.iter().any(|level| line.contains(level)))
        .partition(|line| line.contains(" rollcall::"));
    assert!(own.len() > RECORDS && others.is_empty(), "{others:#?} {run:#?}");
    look(&RUN, None);
    let spooled = ["run", "-", "--max-rejects", "100%", "--ledger", "other.db"];
    look(&spooled, Some("customers.csv"));
    for arguments in [
        &["status"][..],
        &["report"],
        &["report", "--format", "json"],
        &["report", "--format", "csv"],
        &["settings"],
        &["settings", "--format", "json"],
        &["validate", "customers.csv"],
        &["validate", "customers.csv", "--format", "json"],
        &["profile", "customers.csv"],
        &["init", "customers.csv", "--output", "-"],
    ] {
        look(arguments, None);
    }
    // A file without a header: its first customer is no list of names.
    bench.write("headless.csv", planted.csv.split_once('\n').unwrap().1);
    let headless = look(&["run", "headless.csv"], None);
    assert_eq!(headless.code, Some(3), "{headless:#?}");
    assert!(server.count("POST /api") > RECORDS && seen.0.len() > 20);
    assert!(seen.saw("ledger.db-wal"), "the write-ahead log was looked at");
    let leaks = seen.leaks(&all);
    eprintln!("reliability: canary values planted = {}", all.len());
    eprintln!("reliability: canary hits = {}", leaks.len());
    assert_eq!(leaks, BTreeSet::new());
    let caught = caught_whatever_the_form(&bench, &all);
    for control in caught.into_iter().chain(caught_wherever_it_is(&bench, &all)) {
        eprintln!("reliability: positive control {control} = caught");
    }
}

/// The controls: what is planted outside is found, whatever its form.
fn caught_whatever_the_form(bench: &Bench, all: &BTreeSet<Canary>) -> Vec<String> {
    let mut caught = Vec::new();
    for (name, form) in forms(SECRET) {
        bench.write("left.tmp", format!("one two {form} three"));
        let mut seen = Seen::default();
        seen.look(bench, None);
        seen.0.retain(|(place, _)| place == "left.tmp");
        assert!(seen.leaks(all).contains("secret in left.tmp"), "{form}");
        caught.push(format!("a secret in a file, {name}"));
    }
    std::fs::remove_file(bench.path("left.tmp")).unwrap();
    caught
}

/// The controls: what is planted outside is found, wherever it stands.
fn caught_wherever_it_is(bench: &Bench, all: &BTreeSet<Canary>) -> [String; 3] {
    // In the log of a database that is open, as it was found once.
    let database = rusqlite::Connection::open(bench.path("control.db")).unwrap();
    let set_up = "PRAGMA journal_mode = wal; CREATE TABLE event (text TEXT)";
    database.execute_batch(set_up).unwrap();
    database.execute("INSERT INTO event VALUES (?1)", [TOKEN]).unwrap();
    let email = all.iter().find(|canary| canary.value.contains('@')).unwrap();
    bench.write(&format!("{}.bak", email.value), "");
    bench.write("tmp/left", &email.value);
    let mut seen = Seen::default();
    seen.look(bench, None);
    let leaks = seen.leaks(all);
    let controls = [
        ("a token in a write-ahead log", "token in control.db-wal".to_owned()),
        (
            "a customer in the name of a file",
            format!("{} in the name of a file", email.place),
        ),
        ("a customer in a temporary file", format!("{} in left", email.place)),
    ];
    controls.map(|(name, leak)| {
        assert!(leaks.contains(&leak), "{leak}: {leaks:?}");
        name.to_owned()
    })
}

#[test]
fn a_run_that_was_killed_and_the_one_that_goes_on_leave_nothing_behind() {
    let planted = plant();
    let server = Server::start(None, well);
    let mut bench = ground(&server.url("http"), &planted);
    bench.set("ROLLCALL_SEND_RATE_PER_SECOND", "20");
    let (all, mut seen) = (all_of(&planted, &bench), Seen::default());
    let mut child = bench.start(&RUN);
    while server.count("POST /api") < 4 {
        assert!(child.try_wait().unwrap().is_none());
        pause(Duration::from_millis(5));
    }
    child.kill().unwrap();
    let killed = child.wait_with_output().unwrap();
    seen.look(&bench, None);
    assert!(seen.saw("ledger.db-wal"), "killed with a write-ahead log");
    seen.0.insert((String::from("killed, output"), killed.stdout));
    seen.0.insert((String::from("killed, messages"), killed.stderr));
    let done = watched(&bench, &mut seen, &RUN, None);
    assert_eq!(done.code, Some(1), "{done:#?}");
    assert!(server.count("POST /api") >= RECORDS);
    assert_eq!(seen.leaks(&all), BTreeSet::new());
}

/// A service that lets nobody in, and repeats head and body.
#[test]
fn a_service_that_refuses_the_client_with_its_secret_brings_it_nowhere() {
    let planted = plant();
    let refuse = |status: u16, head: &str, body: &[u8], stream: &mut dyn Stream| {
        let body = String::from_utf8_lossy(body);
        let errors = serde_json::json!({"errors": [{"description": head}, {"description": body, "code": head}],
            "error_description": head, "error": SECRET});
        answer(stream, status, &errors.to_string())
    };
    for server in [
        Server::start(None, move |head, body, stream| refuse(401, head, body, stream)),
        Server::behind_a_token(move |head, body, stream| refuse(401, head, body, stream)),
        Server::behind_a_token(move |head, body, stream| refuse(403, head, body, stream)),
    ] {
        let bench = ground(&server.url("http"), &planted);
        let (all, mut seen) = (all_of(&planted, &bench), Seen::default());
        let done = watched(&bench, &mut seen, &RUN, None);
        assert_eq!(seen.leaks(&all), BTreeSet::new());
        assert_eq!(done.code, Some(4), "{done:#?}");
    }
}
