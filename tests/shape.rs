//! Holds the shape of the code: who imports whom, which part may use which crate, who speaks SQL, how long a file is,
//! and that the tests that ARCHITECTURE.md names exist.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail as tests do")]

use std::fs;
use std::path::{Path, PathBuf};

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Every Rust file below a folder, as its path from the root, and its text.
fn files(folder: &str) -> Vec<(String, String)> {
    let mut folders: Vec<PathBuf> = vec![root().join(folder)];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root()).unwrap().to_string_lossy().into_owned();
                files.push((name, fs::read_to_string(&path).unwrap()));
            }
        }
    }
    files.sort();
    assert!(!files.is_empty(), "{folder}");
    files
}

/// The part of the program that a file belongs to: `src/read/header.rs` → `read`, `src/clock.rs` → `clock`.
fn part(name: &str) -> &str {
    let below = name.strip_prefix("src/").unwrap_or(name);
    below.split(['/', '.']).next().unwrap_or(below)
}

/// Whether a text names a path that begins with these words, as code and not as a part of a longer word.
fn names(text: &str, path: &str) -> bool {
    let word = |character: char| character.is_alphanumeric() || character == '_';
    text.lines()
        .filter(|line| !line.trim_start().starts_with("//"))
        .flat_map(|line| line.match_indices(path).map(move |(at, _)| (line, at)))
        .any(|(line, at)| {
            let before = line.get(..at).and_then(|before| before.chars().next_back());
            let after = line.get(at + path.len()..).and_then(|after| after.chars().next());
            !before.is_some_and(word) && !after.is_some_and(word)
        })
}

/// What each part may import; `pipeline` and `cli` may import everything below them.
const ARROWS: &[(&str, &[&str])] = &[
    ("clock", &[]),
    ("model", &[]),
    ("private", &[]),
    ("config", &["model", "private"]),
    ("read", &["model", "config"]),
    ("normalize", &["model", "config"]),
    ("profile", &["model"]),
    ("propose", &["model", "config", "profile"]),
    ("account", &[]),
    ("ledger", &["model", "clock", "account"]),
    ("send", &["model", "config", "clock", "private"]),
    ("report", &["model", "ledger", "clock"]),
    ("reconcile", &["model", "ledger", "clock"]),
    ("sandbox", &[]),
    ("metrics", &["model"]),
    (
        "pipeline",
        &[
            "model",
            "config",
            "clock",
            "private",
            "read",
            "normalize",
            "profile",
            "ledger",
            "reconcile",
            "send",
        ],
    ),
    (
        "cli",
        &[
            "account",
            "model",
            "config",
            "clock",
            "private",
            "read",
            "propose",
            "ledger",
            "send",
            "report",
            "reconcile",
            "sandbox",
            "metrics",
            "pipeline",
        ],
    ),
];

/// The parts that a text imports and may not.
fn forbidden(of: &str, text: &str) -> Vec<&'static str> {
    let allowed = ARROWS
        .iter()
        .find(|(part, _)| *part == of)
        .map_or(&[][..], |(_, allowed)| allowed);
    let parts = ARROWS.iter().map(|(part, _)| *part);
    parts
        .filter(|part| *part != of && !allowed.contains(part) && names(text, &format!("crate::{part}")))
        .collect()
}

#[test]
fn stages_import_the_model_and_never_each_other() {
    for (name, text) in files("src") {
        let found = forbidden(part(&name), &text);
        assert!(
            found.is_empty() || ["lib", "main"].contains(&part(&name)),
            "{name} imports {found:?}"
        );
    }
    // The check itself can fail.
    assert_eq!(forbidden("read", "use crate::ledger::Ledger;"), ["ledger"]);
    assert_eq!(forbidden("sandbox", "    crate::model::field::FIELDS"), ["model"]);
    assert!(forbidden("read", "// use crate::ledger\nuse crate::model::row;").is_empty());
}

/// Crates that belong to one part; what serves HTTP to two.
const OWNERS: &[(&str, &str)] = &[
    ("askama", "report"),
    ("axum", "sandbox metrics"),
    ("bzip2", "read"),
    ("clap", "cli"),
    ("encoding_rs", "read"),
    ("flate2", "read"),
    ("glob", "read"),
    ("governor", "send"),
    ("hyper", "sandbox metrics"),
    ("lzma_rust2", "read"),
    ("indicatif", "cli"),
    ("plotters", "report"),
    ("clap_mangen", "cli"),
    ("prometheus_client", "metrics"),
    ("anyhow", "cli"),
    ("rayon", "pipeline"),
    ("regex", "normalize"),
    ("reqwest", "send"),
    ("rlibphonenumber", "normalize"),
    ("rusqlite", "ledger"),
    ("rustls", "send"),
    ("zstd", "read"),
];

#[test]
fn a_crate_stays_with_the_part_that_needs_it() {
    for (name, text) in files("src") {
        for (krate, owner) in OWNERS {
            let used = names(&text, &format!("{krate}::")) || names(&text, &format!("use {krate}"));
            assert!(
                !used || owner.split(' ').any(|owner| part(&name) == owner),
                "{name} uses {krate}, which is {owner}'s"
            );
        }
    }
    assert!(names("use reqwest::Url;", "reqwest::") || names("use reqwest::Url;", "use reqwest"));
}

#[test]
fn only_the_ledgers_files_of_statements_speak_sql() {
    let speakers = [
        "schema.rs",
        "schema/tables.rs",
        "store.rs",
        "store/additions.rs",
        "store/customers.rs",
        "query.rs",
        "query/additions.rs",
        "query/rows.rs",
        "verify/additions.rs",
        "verify/sql.rs",
    ]
    .map(|name| format!("src/ledger/{name}"));
    let words = [
        "INSERT INTO",
        "INSERT OR",
        "UPDATE ",
        "DELETE FROM",
        "CREATE TABLE",
        " INTO ?",
    ];
    let mut found = 0;
    for (name, text) in files("src")
        .into_iter()
        .filter(|(name, _)| !name.ends_with("/tests.rs"))
    {
        let speaks = words.iter().any(|word| text.contains(word)) || text.contains("SELECT ");
        found += usize::from(speaks);
        assert!(!speaks || speakers.contains(&name), "{name} speaks SQL");
        // What happened is appended and never overwritten.
        assert!(!text.contains("UPDATE ") && !text.contains("DELETE FROM"), "{name}");
    }
    assert_eq!(found, speakers.len());
}

/// The codes of rows and runs that a text writes down: `area.words` between quotes, settings left out.
fn codes(text: &str) -> Vec<&str> {
    let areas = ["row", "customer", "http", "api", "token", "run", "brake", "source"];
    let is_code = |quoted: &&str| {
        let plain = |words: &str| words.chars().all(|letter| letter.is_ascii_lowercase() || letter == '_');
        let parts = quoted.split_once('.');
        parts.is_some_and(|(area, words)| areas.contains(&area) && !words.is_empty() && plain(words))
            && rollcall::config::table::find(quoted).is_none()
    };
    text.split('"').skip(1).step_by(2).filter(is_code).collect()
}

#[test]
fn every_code_of_a_row_or_a_run_is_explained() {
    let mut found = std::collections::BTreeSet::new();
    let folders = ["src/send", "src/ledger", "src/pipeline"].map(files);
    for (name, text) in folders.iter().flatten() {
        for code in codes(text) {
            let known = rollcall::model::reason::Reason::from_code(code).is_some();
            assert!(known, "{name}: model/reason.rs does not explain {code}");
            found.insert(code);
        }
    }
    // None is explained that nothing says, and the check itself can fail.
    assert_eq!(found.len(), rollcall::model::reason::REASONS.len());
    assert_eq!(
        codes("(\"http.nonsense\", \"api.scope\", \"send.burst\")"),
        ["http.nonsense"]
    );
}

#[test]
fn files_are_short_and_say_what_they_are_for() {
    let folders = ["src", "tests", "fixtures"];
    for (name, text) in folders.iter().flat_map(|folder| files(folder)) {
        assert!(text.starts_with("//!"), "{name} does not begin with its documentation");
        let lines = text.lines().count();
        assert!(
            lines <= 400 || (name.ends_with("_table.rs") && text.contains("\n//! @generated by")),
            "{name} has {lines} lines"
        );
    }
}

#[test]
fn the_architecture_is_short_and_names_tests_that_exist() {
    let text = fs::read_to_string(root().join("ARCHITECTURE.md")).unwrap();
    assert!(text.lines().count() <= 250, "{} lines", text.lines().count());
    let code: String = ["src", "tests"]
        .iter()
        .flat_map(|folder| files(folder))
        .map(|(_, text)| text)
        .collect();
    let quoted: Vec<&str> = text.split('`').skip(1).step_by(2).collect();
    let mut cited = 0;
    for name in &quoted {
        let whole_run = name.strip_prefix("run::");
        if whole_run.is_none() && !is_sentence(name) {
            continue;
        }
        let name = whole_run.unwrap_or(name);
        cited += 1;
        assert!(code.contains(&format!("fn {name}(")), "ARCHITECTURE.md names {name}");
    }
    assert!(cited > 15, "{cited}");
    for path in quoted
        .iter()
        .filter(|name| Path::new(name).extension().is_some_and(|extension| extension == "rs") || name.ends_with('/'))
    {
        let exists = root().join(path).exists() || root().join("src").join(path).exists();
        assert!(exists, "ARCHITECTURE.md names {path}");
    }
    let manifest: toml::Table = fs::read_to_string(root().join("Cargo.toml")).unwrap().parse().unwrap();
    for table in ["dependencies", "dev-dependencies"] {
        for name in manifest.get(table).and_then(toml::Value::as_table).unwrap().keys() {
            assert!(
                quoted.contains(&name.as_str()),
                "ARCHITECTURE.md does not say what {name} is for"
            );
        }
    }
}

/// A name of a test is a sentence: at least four words.
fn is_sentence(name: &str) -> bool {
    name.split('_').count() >= 4
        && name
            .chars()
            .all(|character| character.is_ascii_lowercase() || "_0123456789".contains(character))
}
