//! Holds the files in `config/` to the table of settings and to what they are for.

#![expect(clippy::unwrap_used, reason = "a test's helpers fail as tests do")]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use rollcall::config::table::{SETTINGS, environment_name};
use rollcall::config::{Layers, require_target, resolve};
use serde_json::Value;
use tempfile::TempDir;

fn file(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("config").join(name)
}

fn load(name: &str, environment: &[(&str, &str)]) -> Layers {
    let owned = |(name, value): &(&str, &str)| ((*name).to_owned(), (*value).to_owned());
    Layers::load(Some(&file(name)), environment.iter().map(owned)).unwrap()
}

#[test]
fn the_example_has_every_setting_with_its_meaning_and_its_default() {
    let text = std::fs::read_to_string(file("example.toml")).unwrap();
    let example = load("example.toml", &[]);
    resolve(&example).unwrap();
    let defaults = Layers::load(None, std::iter::empty()).unwrap();
    for ((setting, found), (_, default)) in example.entries().zip(defaults.entries()) {
        let value = |layer: Option<&(toml::Value, rollcall::config::Origin)>| layer.map(|(value, _)| value.clone());
        assert_eq!(value(found), value(default), "{}", setting.key);
        let (section, key) = setting.key.split_once('.').unwrap();
        let section = text.split(&format!("\n[{section}]\n")).nth(1).unwrap();
        let section = section.split("\n[").next().unwrap();
        let (_, after) = section
            .split_once(&format!("# {}\n", setting.about))
            .unwrap_or_else(|| panic!("the meaning of {} is not there", setting.key));
        if setting.secret {
            assert!(after.contains(&environment_name(setting.key)), "{}", setting.key);
            continue;
        }
        let line = after.lines().find(|line| !line.starts_with("# ")).unwrap();
        let mark = if setting.default.is_empty() { "#" } else { "" };
        assert!(line.starts_with(&format!("{mark}{key} = ")), "{}: {line}", setting.key);
    }
    assert!(SETTINGS.len() > 20);
}

#[test]
fn the_vendor_profiles_lack_nothing_but_the_client_and_its_namespace() {
    for (name, host) in [("production.toml", "platform"), ("sandbox.toml", "sandbox")] {
        let client = [("ROLLCALL_API_CLIENT_ID", "bank"), ("ROLLCALL_API_CLIENT_SECRET", "x")];
        let settings = resolve(&load(name, &client)).unwrap();
        assert_eq!(settings.api.base_url, format!("https://{host}.layer2financial.com/api"));
        assert!(
            settings
                .api
                .token_url
                .starts_with("https://auth.layer2financial.com/oauth2/")
        );
        assert!(
            require_target(&settings)
                .unwrap_err()
                .to_string()
                .contains("api.namespace")
        );
        let namespace = ("ROLLCALL_API_NAMESPACE", "0b8f8a52-5a5b-4a0c-9a35-2f1f7a1f2c11");
        let whole = [client.as_slice(), &[namespace]].concat();
        require_target(&resolve(&load(name, &whole)).unwrap()).unwrap();
    }
}

/// The summary of a validation, and each finding as `record code column`, with its severity if it is no error.
fn validate(input: &Path, config: &str) -> (Value, Vec<String>) {
    let folder = TempDir::new().unwrap();
    let output = Command::new(env!("CARGO_BIN_EXE_rollcall"))
        .args(["validate", "--format", "json", "--config"])
        .args([file(config).as_path(), input])
        .current_dir(folder.path())
        .output()
        .unwrap();
    let text = String::from_utf8(output.stdout).unwrap();
    let mut lines: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
    let summary = lines.pop().unwrap().get("summary").cloned().unwrap();
    let findings = lines.iter().flat_map(|line| {
        let findings = line.get("findings").and_then(Value::as_array).into_iter().flatten();
        findings.map(|finding| {
            let part = |key: &str| finding.get(key).and_then(Value::as_str).unwrap_or_default().to_owned();
            let severity = if part("severity") == "error" {
                String::new()
            } else {
                format!(" {}", part("severity"))
            };
            format!(
                "{} {} {}{severity}",
                line.get("record").unwrap(),
                part("code"),
                part("column")
            )
        })
    });
    (summary, findings.collect())
}

fn check_counts(summary: &Value, expected: [u64; 5]) {
    let states = ["records", "accepted", "rejected", "duplicate", "conflict"];
    let found = states.map(|state| summary.get(state).and_then(Value::as_u64).unwrap());
    assert_eq!(found, expected, "{states:?}");
}

#[test]
fn a_german_export_is_understood() {
    let input = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/exports/kernbank.csv");
    let (summary, findings) = validate(&input, "kernbank.toml");
    check_counts(&summary, [14, 6, 6, 1, 1]);
    let expected = [
        "7 date.impossible Geburtsdatum",
        "8 date.two_digit_year Geburtsdatum",
        "9 country.withdrawn Staatsangehörigkeit",
        "10 phone.extension Telefon",
        "11 email.not_valid E-Mail",
        "11 field.not_described Beschäftigung",
        "11 choice.unknown Mittelherkunft",
        "14 field.required Vorname",
    ];
    assert_eq!(findings, expected);
}

#[test]
fn a_tax_number_is_judged_where_the_record_says_where_its_owner_lives() {
    let folder = TempDir::new().unwrap();
    let (input, config) = (folder.path().join("customers.csv"), folder.path().join("none.toml"));
    let header = "id,customer_type,first_name,last_name,tax_reference_number,mailing_address.country_code,nationality,us_residency_status";
    let customers = [
        "123-45-6789,US,,US citizen",
        "666-45-6789,US,,US citizen",
        "666-45-6789,US,,non-resident alien",
        "666-45-6789,,US,US citizen",
        "046 454 286,US,CA,",
        "123-00-4567,US,CA,",
        "123-00-4567,TH,CA,",
    ];
    let record = |(number, customer): (usize, &&str)| format!("\n{number},INDIVIDUAL,Ann,Lee,{customer}");
    let records: String = customers.iter().enumerate().map(record).collect();
    fs::write(&input, [header, &records].concat()).unwrap();
    fs::write(&config, "").unwrap();
    let (summary, findings) = validate(&input, config.to_str().unwrap());
    check_counts(&summary, [7, 5, 2, 0, 0]);
    let expected = [2, 6].map(|record| format!("{record} tax.not_valid tax_reference_number"));
    assert_eq!(findings, expected);
}

/// The sample is public and not part of the project: where it is not at hand, there is nothing to hold.
#[test]
fn the_northwind_sample_is_understood() {
    let input = Path::new(env!("CARGO_MANIFEST_DIR")).join("../shared/data/northwind-customers.csv");
    if !input.is_file() {
        println!("skipped: {} is not there", input.display());
        return;
    }
    let (summary, findings) = validate(&input, "northwind.toml");
    check_counts(&summary, [91, 48, 43, 0, 0]);
    let (errors, others): (Vec<_>, Vec<_>) = findings
        .iter()
        .partition(|finding| finding.ends_with(" phone.not_valid phone"));
    assert_eq!(errors.len(), 43);
    let expected = [
        "5 postal.prefix_removed postalCode note",
        "10 postal.not_valid postalCode warning",
        "16 postal.not_valid postalCode warning",
        "19 postal.not_valid postalCode warning",
        "24 postal.prefix_removed postalCode note",
        "28 postal.not_valid postalCode warning",
        "42 postal.not_valid postalCode warning",
        "50 postal.prefix_removed postalCode note",
        "60 postal.not_valid postalCode warning",
        "76 postal.prefix_removed postalCode note",
    ];
    assert_eq!(others, expected);
}
