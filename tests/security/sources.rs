//! What the source code must not hold.

use std::path::{Path, PathBuf};

/// Ways to trust without verifying, to write down a connection's keys, and to read a proxy from the environment.
const NEVER: [&str; 8] = [
    "danger_accept_invalid",
    "danger_configuration",
    "dangerous()",
    "connection_verbose",
    "sslkeylogfile",
    "KeyLogFile",
    "Proxy::system",
    "preconfigured",
];

fn found(text: &str) -> Vec<&'static str> {
    NEVER.into_iter().filter(|word| text.contains(word)).collect()
}

#[test]
fn no_source_file_names_a_way_around_verification() {
    let mut folders = vec![PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("src")];
    let mut files = 0;
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
                continue;
            }
            files += 1;
            let text = std::fs::read(&path).unwrap();
            assert!(found(&String::from_utf8_lossy(&text)).is_empty(), "{}", path.display());
        }
    }
    assert!(files > 100);
    // The check can fail.
    assert_eq!(
        found("builder.danger_accept_invalid_certs(true)"),
        ["danger_accept_invalid"]
    );
}

/// No feature of a crate unpacks answers, speaks HTTP/2 or asks the system for a proxy.
#[test]
fn the_client_is_built_without_what_it_does_not_use() {
    let manifest = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.toml")).unwrap();
    let manifest: toml::Table = manifest.parse().unwrap();
    let reqwest = &manifest["dependencies"]["reqwest"];
    assert_eq!(reqwest["default-features"].as_bool(), Some(false));
    let features: Vec<&str> = reqwest["features"]
        .as_array()
        .unwrap()
        .iter()
        .filter_map(toml::Value::as_str)
        .collect();
    assert_eq!(features, ["rustls"]);
    let lock = std::fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("Cargo.lock")).unwrap();
    assert!(!lock.contains("name = \"h2\""));
}
