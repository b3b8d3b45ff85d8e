//! Personal data and secrets are planted everywhere, and nothing of them may be found where they do not belong.
//!
//! Every field of every record, rejected and broken ones too, has a value that stands nowhere else; a service repeats all
//! that it was sent, in several forms; everything is logged that can be. Then ledger, logs, messages, reports, temporary
//! files, names of files and command lines are searched.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::path::{Path, PathBuf};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use rollcall::model::field::FIELDS;
use rollcall::model::kind::Kind;

use crate::bench::{Bench, Done, SECRET, done};
use crate::looking::{Canary, canary, forms, hits};
use crate::server::{Server, Stream, TOKEN, answer, send};

const RECORDS: usize = 12;
const IGNORED: &str = "Left out";

/// The value of a field in a record that is accepted; empty where the type of customer has none.
fn value(path: &str, kind: Kind, record: usize) -> String {
    let word = format!("Zq{record}x{}", path.replace(['_', '.'], ""));
    let is_firm = record % 2 == 1;
    match kind {
        Kind::CustomerId => format!("C-{record}"),
        Kind::Choice(choices) if path == "customer_type" => choices[usize::from(is_firm)].to_owned(),
        Kind::Choice(choices) if choices.contains(&"OTHER") => String::from("OTHER"),
        Kind::Choice(choices) => choices[0].to_owned(),
        Kind::ChoiceList(_) => String::new(),
        Kind::Country | Kind::CountryList => String::from("LI"),
        Kind::Email => format!("zq{record}.mail@zq-canary{record}.example"),
        Kind::Phone => format!("+1212555{:04}", 1000 + record),
        Kind::BirthDate => format!("19{}-07-{:02}", 31 + record % 40, 1 + record % 28),
        Kind::Date => format!("19{}-11-{:02}", 41 + record % 40, 1 + record % 28),
        Kind::Naics => String::from("541713"),
        Kind::PostalCode => format!("{}", 9485 + record % 14),
        Kind::TaxNumber => format!("{}", 7_301_940_000_u64 + record as u64),
        Kind::Website => format!("https://zq{record}-site.example/zqpath{record}"),
        Kind::DocumentNumber => format!("ZQ{record}D{}", path.len() * 7919),
        Kind::State => format!("Zqstate{record}"),
        Kind::Text => format!("{word} d'Or & Söhne"),
    }
}

/// A file and every value in it that may be found nowhere.
struct Planted {
    csv: String,
    canaries: BTreeSet<Canary>,
}

fn quoted(value: &str) -> String {
    format!("\"{}\"", value.replace('"', "\"\""))
}

fn plant() -> Planted {
    let mut csv: String = FIELDS.iter().map(|field| format!("{},", field.path)).collect();
    writeln!(csv, "{IGNORED}").unwrap();
    let mut canaries = BTreeSet::new();
    let mut keep = |place: String, value: &str| {
        if value.chars().count() > 5 {
            canaries.insert(canary(place, value));
        }
    };
    for record in 0..RECORDS {
        for field in &FIELDS {
            let need = if record % 2 == 1 {
                field.corporation
            } else {
                field.individual
            };
            let value = if need == rollcall::model::field::Need::Never {
                String::new()
            } else {
                value(field.path, field.kind, record)
            };
            if field.personal && !matches!(field.kind, Kind::CustomerId | Kind::Naics) {
                keep(format!("{} of {record}", field.path), &value);
            }
            write!(csv, "{},", quoted(&value)).unwrap();
        }
        let ignored = format!("Zqignored-{record}");
        keep(format!("ignored of {record}"), &ignored);
        writeln!(csv, "{}", quoted(&ignored)).unwrap();
    }
    // Records whose every value is wrong, and one with a quote that is.
    for record in 0..4 {
        for field in &FIELDS {
            let value = match field.kind {
                Kind::CustomerId => format!("R-{record}"),
                Kind::Choice(_) if field.path == "customer_type" => String::from("INDIVIDUAL"),
                _ => format!("=Zqwrong{record}x{}\u{1b}[31m", field.path.replace(['_', '.'], "")),
            };
            if field.kind != Kind::CustomerId && field.path != "customer_type" {
                keep(
                    format!("{} of rejected {record}", field.path),
                    value.trim_start_matches('=').trim_end_matches("\u{1b}[31m"),
                );
            }
            write!(csv, "{},", quoted(&value)).unwrap();
        }
        writeln!(csv).unwrap();
    }
    writeln!(csv, "\"Zqbroken-first\" Zqbroken-second,\"Zqbroken-third").unwrap();
    for word in ["Zqbroken-first", "Zqbroken-second", "Zqbroken-third"] {
        keep(String::from("broken"), word);
    }
    Planted { csv, canaries }
}

/// Repeats the request in the way of its turn, or breaks off.
fn echo(turn: usize, head: &str, body: &[u8], stream: &mut dyn Stream) -> Option<()> {
    if head.starts_with("GET") {
        // Not there, or somebody with other data.
        let errors = serde_json::json!({"errors": [{"description": head, "code": "zq"}]});
        return answer(stream, 404, &errors.to_string());
    }
    let customer: serde_json::Value = serde_json::from_slice(body).ok()?;
    let mut values = Vec::new();
    collect(&customer, &mut values);
    let form = turn / 5 % 4;
    let said: Vec<_> = values
        .iter()
        .skip(turn % 5 * 6)
        .map(|value| {
            let value = forms(value)[form].clone();
            serde_json::json!({"description": format!("{value} is not accepted"), "code": value})
        })
        .collect();
    let errors = serde_json::json!({ "errors": said }).to_string();
    match turn % 6 {
        0 => answer(stream, 400, &errors),
        1 => answer(stream, 409, &errors),
        2 => answer(stream, 422, &errors),
        3 => answer(
            stream,
            500,
            &format!("<html><p>{}</p>", String::from_utf8_lossy(body).replace('\'', "&#39;")),
        ),
        4 => None,
        _ => send(
            stream,
            &format!(
                "HTTP/1.1 500 {}\r\ncontent-length: 99999\r\nx-echo: {}\r\n\r\n{errors}",
                values[1], values[2]
            ),
        ),
    }
}

fn collect(value: &serde_json::Value, values: &mut Vec<String>) {
    if let Some(members) = value.as_object() {
        members.values().for_each(|member| collect(member, values));
    } else if let Some(text) = value.as_str() {
        values.push(text.to_owned());
    }
}

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
        std::thread::park_timeout(Duration::from_millis(250));
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

#[test]
fn nothing_that_was_planted_is_found_where_it_does_not_belong() {
    let mut planted = plant();
    let turn = AtomicUsize::new(0);
    let server = Server::behind_a_token(move |head, body, stream| {
        echo(turn.fetch_add(1, Ordering::Relaxed), head, body, stream)
    });
    let bench = ground(&server.url("http"), &planted);
    // Every personal field stands in a record that is accepted, so that all of it is sent.
    bench.run(&["validate", "customers.csv", "--accepted", "/dev/null"]);
    let checked = bench.run(&["validate", "customers.csv", "--accepted", "accepted.jsonl"]);
    let accepted = std::fs::read_to_string(bench.path("accepted.jsonl")).unwrap();
    assert_eq!(accepted.lines().count(), RECORDS, "{}", checked.stdout);
    for (record, line) in accepted.lines().enumerate() {
        let mut values = Vec::new();
        collect(&serde_json::from_str(line).unwrap(), &mut values);
        let values = values
            .into_iter()
            .filter(|value| value.to_lowercase().contains("zq") || value.starts_with('+'));
        planted
            .canaries
            .extend(values.map(|value| canary(format!("sent of {record}"), value)));
    }
    std::fs::remove_file(bench.path("accepted.jsonl")).unwrap();
    for field in FIELDS.iter().filter(|field| field.personal) {
        let skipped = matches!(
            field.kind,
            Kind::CustomerId | Kind::Country | Kind::CountryList | Kind::PostalCode | Kind::Naics
        );
        let is_planted = planted
            .canaries
            .iter()
            .any(|canary| canary.place.starts_with(field.path));
        assert!(skipped || is_planted, "{}", field.path);
    }
    for (place, value) in [("secret", SECRET), ("token", TOKEN)] {
        planted.canaries.insert(canary(place, value));
    }
    planted.canaries.insert(canary("basic", format!("client:{SECRET}")));

    let (all, mut seen) = (&planted.canaries, Seen::default());
    let mut look = |arguments: &[&str], stdin: Option<&str>| watched(&bench, &mut seen, arguments, stdin);
    let run = look(&["run", "customers.csv", "--max-rejects", "100%"], None);
    assert!(
        run.stderr.contains("DEBUG") && run.stdout.contains("in all                17"),
        "{run:#?}"
    );
    assert!(run.stdout.contains("refused  "), "{}", run.stdout);
    look(&["run", "customers.csv", "--max-rejects", "100%"], None);
    look(
        &["run", "-", "--max-rejects", "100%", "--ledger", "other.db"],
        Some("customers.csv"),
    );
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
    assert!(
        server.count("POST /api") > RECORDS && seen.0.len() > 20,
        "{}",
        seen.0.len()
    );
    assert_eq!(seen.leaks(all), BTreeSet::new());

    // The positive control: what is planted outside is found, whatever its form.
    for form in forms(SECRET) {
        bench.write("left.tmp", format!("one two {form} three"));
        let mut seen = Seen::default();
        seen.look(&bench, None);
        seen.0.retain(|(place, _)| place == "left.tmp");
        assert!(seen.leaks(all).contains("secret in left.tmp"), "{form}");
    }
    println!("reliability: canary values planted = {}", all.len());
    println!("reliability: canary hits = 0");
}

#[test]
fn a_service_that_refuses_the_client_with_its_secret_brings_it_nowhere() {
    let planted = plant();
    let server = Server::start(None, |head, _, stream| {
        let errors = serde_json::json!({"errors": [{"description": head}], "error_description": head, "error": SECRET});
        answer(stream, 401, &errors.to_string())
    });
    let mut canaries = planted.canaries.clone();
    canaries.insert(canary("secret", SECRET));
    canaries.insert(canary("basic", format!("client:{SECRET}")));
    let bench = ground(&server.url("http"), &planted);
    let mut seen = Seen::default();
    let done = watched(
        &bench,
        &mut seen,
        &["run", "customers.csv", "--max-rejects", "100%"],
        None,
    );
    assert_eq!(seen.leaks(&canaries), BTreeSet::new());
    assert_eq!(done.code, Some(4), "{done:#?}");
}
