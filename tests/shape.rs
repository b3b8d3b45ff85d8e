//! The shape of the code, held: who imports whom, which file may use which crate, how long a file may be.

#![allow(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::fs;
use std::path::{Path, PathBuf};

/// Longest file, in lines. Generated tables may be longer.
const MAX_LINES: usize = 400;
const GENERATED: &str = "src/normalize/country_table.rs";

/// What each folder or file of `src` may import from the crate, beside itself.
const IMPORTS: &[(&str, &[&str])] = &[
    ("model", &[]),
    ("clock", &[]),
    ("config", &["model"]),
    ("read", &["model", "config"]),
    ("normalize", &["model", "config"]),
    ("ledger", &["model", "clock"]),
    ("send", &["model", "config", "clock"]),
    ("report", &["model", "ledger", "clock"]),
    // A double that shares the client's types shares its bugs.
    ("sandbox", &[]),
    (
        "pipeline",
        &["model", "config", "clock", "read", "normalize", "ledger", "send"],
    ),
    (
        "cli",
        &[
            "model", "config", "clock", "ledger", "pipeline", "read", "report", "sandbox", "send",
        ],
    ),
];

/// The folders and files that may use a crate: one owner for each resource.
const CRATES: &[(&str, &[&str])] = &[
    ("rusqlite", &["src/ledger/"]),
    ("reqwest", &["src/send/"]),
    ("governor", &["src/send/rate_limit.rs"]),
    ("axum", &["src/sandbox/"]),
    ("hyper", &["src/sandbox/"]),
    ("clap", &["src/cli/"]),
    ("indicatif", &["src/cli/display.rs"]),
    ("rayon", &["src/pipeline/check.rs"]),
    ("rlibphonenumber", &["src/normalize/phone.rs"]),
    ("flate2", &["src/read/"]),
    ("zstd", &["src/read/"]),
    ("encoding_rs", &["src/read/encoding.rs"]),
    ("toml", &["src/config/", "src/read/"]),
    ("anyhow", &["src/cli/"]),
];

/// The only files that speak SQL.
const SQL: &[&str] = &["src/ledger/schema.rs", "src/ledger/store.rs", "src/ledger/query.rs"];

/// Every Rust file below a folder with its text, by its path from the root of the package.
fn sources(folder: &str) -> Vec<(String, String)> {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let mut found = Vec::new();
    let mut folders: Vec<PathBuf> = vec![root.join(folder)];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let name = path.strip_prefix(root).unwrap().to_string_lossy().replace('\\', "/");
                found.push((name, fs::read_to_string(path).unwrap()));
            }
        }
    }
    found.sort();
    assert!(!found.is_empty(), "no source below {folder}");
    found
}

/// The lines of a file that are code.
fn code(text: &str) -> impl Iterator<Item = &str> {
    text.lines().filter(|line| !line.trim_start().starts_with("//"))
}

/// The module of `src` that a file belongs to.
fn module(path: &str) -> &str {
    let inside = path.strip_prefix("src/").unwrap_or(path);
    inside.split(['/', '.']).next().unwrap_or(inside)
}

/// Imports that a file may not have.
fn wrong_imports(path: &str, text: &str) -> Vec<String> {
    let own = module(path);
    let Some((_, allowed)) = IMPORTS.iter().find(|(name, _)| *name == own) else {
        return Vec::new();
    };
    let imported = code(text).flat_map(|line| line.split("crate::").skip(1)).map(|rest| {
        let end = rest.find(|character: char| !character.is_alphanumeric() && character != '_');
        rest.split_at(end.unwrap_or(rest.len())).0
    });
    imported
        .filter(|name| IMPORTS.iter().any(|(module, _)| module == name))
        .filter(|name| *name != own && !allowed.contains(name))
        .map(|name| format!("{path} imports {name}"))
        .collect()
}

/// Crates that a file may not use.
fn wrong_crates(path: &str, text: &str) -> Vec<String> {
    CRATES
        .iter()
        .filter(|(_, owners)| !owners.iter().any(|owner| path.starts_with(owner)))
        .filter(|(name, _)| {
            code(text).any(|line| {
                let line = line.trim_start();
                line.starts_with(&format!("use {name}::")) || line.contains(&format!(" {name}::"))
            })
        })
        .map(|(name, _)| format!("{path} uses {name}"))
        .collect()
}

/// SQL in a file that may not speak it.
fn wrong_sql(path: &str, text: &str) -> Vec<String> {
    let speaks = ["SELECT ", "INSERT INTO", "CREATE TABLE", "UPDATE ", "DELETE FROM"];
    let begins = |line: &str| {
        line.trim_start()
            .split('"')
            .any(|part| speaks.iter().any(|word| part.starts_with(word)))
    };
    let found = code(text).any(begins);
    if found && !SQL.contains(&path) {
        vec![format!("{path} speaks SQL")]
    } else {
        Vec::new()
    }
}

fn too_long(path: &str, text: &str) -> Vec<String> {
    let lines = text.lines().count();
    if lines > MAX_LINES && path != GENERATED {
        vec![format!("{path} has {lines} lines")]
    } else {
        Vec::new()
    }
}

fn without_docs(path: &str, text: &str) -> Vec<String> {
    if text.starts_with("//!") {
        Vec::new()
    } else {
        vec![format!("{path} does not say what it is for")]
    }
}

/// Fails with everything that a rule finds.
fn check(folders: &[&str], rule: impl Fn(&str, &str) -> Vec<String>) {
    let found: Vec<String> = folders
        .iter()
        .flat_map(|folder| sources(folder))
        .flat_map(|(path, text)| rule(&path, &text))
        .collect();
    assert!(found.is_empty(), "\n{}", found.join("\n"));
}

#[test]
fn stages_import_the_vocabulary_and_never_each_other() {
    check(&["src"], wrong_imports);
}

#[test]
fn every_resource_has_one_owner() {
    check(&["src"], wrong_crates);
}

#[test]
fn sql_stands_in_three_files() {
    check(&["src"], wrong_sql);
}

#[test]
fn files_are_short_and_say_what_they_are_for() {
    check(&["src", "tests", "fixtures"], too_long);
    check(&["src", "tests", "fixtures"], without_docs);
}

#[test]
fn a_module_without_a_rule_is_noticed() {
    for (path, _) in sources("src") {
        let known = ["main", "lib"].contains(&module(&path)) || IMPORTS.iter().any(|(name, _)| *name == module(&path));
        assert!(known, "{path} belongs to no module of the table");
    }
}

/// Each rule catches what it is for.
#[test]
fn planted_faults_are_caught() {
    assert_eq!(
        wrong_imports("src/read/x.rs", "use crate::send::Sender;"),
        ["src/read/x.rs imports send"]
    );
    assert_eq!(
        wrong_imports("src/sandbox/x.rs", "    crate::model::row::Row"),
        ["src/sandbox/x.rs imports model"]
    );
    assert!(
        wrong_imports(
            "src/read/x.rs",
            "// use crate::send::Sender;\nuse crate::model::row::Row;"
        )
        .is_empty()
    );
    assert_eq!(
        wrong_crates("src/report/x.rs", "use rusqlite::Row;"),
        ["src/report/x.rs uses rusqlite"]
    );
    assert_eq!(
        wrong_sql("src/report/x.rs", "    query(\"SELECT 1\")"),
        ["src/report/x.rs speaks SQL"]
    );
    assert_eq!(too_long("src/x.rs", &"\n".repeat(401)), ["src/x.rs has 401 lines"]);
    assert_eq!(
        without_docs("src/x.rs", "use std;"),
        ["src/x.rs does not say what it is for"]
    );
}
