//! Each check of `rollcall doctor`, where all is well and where it is not.

use std::os::unix::fs::PermissionsExt;

use rollcall::ledger::Ledger;

use crate::bench::Bench;

/// The checks by name, as `status: says; hint`.
fn examine(bench: &Bench, code: i32, flags: &[&str]) -> Vec<(String, String)> {
    let done = bench.expect(code, &[&["doctor", "--format", "json"], flags].concat());
    let lines = done.lines();
    assert_eq!(lines.len(), 1);
    assert_eq!(lines[0]["exit_code"], code);
    let text = |value: &serde_json::Value| value.as_str().unwrap_or_default().to_owned();
    let checks = lines[0]["checks"].as_array().unwrap().iter();
    let said = |check: &serde_json::Value| {
        let all = [&check["status"], &check["says"], &check["hint"]].map(text);
        (text(&check["check"]), format!("{}: {}; {}", all[0], all[1], all[2]))
    };
    checks.map(said).collect()
}

fn holds(found: &[(String, String)], check: &str, parts: &[&str]) {
    let fits = |said: &str| parts.iter().all(|part| said.contains(part)) && said.starts_with(parts[0]);
    let any = found.iter().any(|(name, said)| name == check && fits(said));
    assert!(any, "{check} {parts:?} in {found:#?}");
}

fn chmod(bench: &Bench, name: &str, mode: u32) {
    std::fs::set_permissions(bench.path(name), std::fs::Permissions::from_mode(mode)).unwrap();
}

#[test]
fn a_healthy_place_is_found_healthy_and_nothing_is_made() {
    let bench = Bench::new();
    let found = examine(&bench, 0, &[]);
    for check in [
        "configuration",
        "credentials",
        "rate",
        "data",
        "ledger",
        "lock",
        "connection",
        "token",
        "api",
        "clock",
    ] {
        holds(&found, check, &["ok: "]);
    }
    assert!(!bench.path(".rollcall").exists());
    assert_eq!(bench.sandbox().customers().len(), 0);
    let human = bench.expect(0, &["doctor"]).stdout;
    assert!(human.contains("ok       token"), "{human}");
}

#[test]
fn what_is_wrong_with_the_configuration_ends_with_2() {
    let mut bench = Bench::new();
    bench.unset("ROLLCALL_API_CLIENT_SECRET");
    let found = examine(&bench, 2, &[]);
    holds(
        &found,
        "credentials",
        &["problem: ", "api.client-secret", "ROLLCALL_API_CLIENT_SECRET"],
    );
    bench.write("secret", "s3cret");
    chmod(&bench, "secret", 0o644);
    bench.set("ROLLCALL_API_CLIENT_SECRET_FILE", "secret");
    let found = examine(&bench, 2, &[]);
    holds(
        &found,
        "configuration",
        &["problem: ", "can be read by others: chmod 600 it"],
    );
    chmod(&bench, "secret", 0o600);
    holds(&examine(&bench, 0, &["--offline"]), "credentials", &["ok: "]);

    for (setting, value) in [
        ("date-formats = [\"%Q\"]", "input.date-formats"),
        ("default-region = \"XX\"", "input.default-region"),
        ("encoding = \"klingon\"", "klingon"),
    ] {
        let bench = Bench::new();
        bench.write("rollcall.toml", format!("[input]\n{setting}\n"));
        let found = examine(&bench, 2, &["--offline"]);
        holds(&found, "configuration", &["problem: ", value]);
    }

    let mut bench = Bench::new();
    bench.unset("ROLLCALL_API_NAMESPACE");
    let found = examine(&bench, 2, &[]);
    holds(&found, "namespace", &["problem: ", "[api]\nnamespace = "]);

    let mut bench = Bench::new();
    bench.set("ROLLCALL_API_CA_FILE", "none.pem");
    let found = examine(&bench, 2, &[]);
    holds(
        &found,
        "connection",
        &["problem: ", "none.pem cannot be read", "CERTIFICATE"],
    );

    let bench = Bench::new();
    bench.write("rollcall.toml", "[send]\nrate = 1\n");
    holds(&examine(&bench, 2, &[]), "configuration", &["problem: ", "send.rate"]);
}

#[test]
fn what_nobody_would_notice_is_a_warning() {
    let mut bench = Bench::new();
    bench.set("ROLLCALL_SEND_RATE_PER_SECOND", "0");
    std::fs::create_dir(bench.path(".rollcall")).unwrap();
    chmod(&bench, ".rollcall", 0o755);
    chmod(&bench, "rollcall.toml", 0o666);
    let found = examine(&bench, 0, &[]);
    holds(&found, "rate", &["warning: ", "no limit", "send.rate-per-second"]);
    holds(&found, "data", &["warning: ", "mode 755", "chmod 700 .rollcall"]);
    holds(&found, "configuration", &["warning: ", "chmod go-w rollcall.toml"]);
    let human = bench.expect(0, &["doctor", "--offline"]).stdout;
    assert!(human.ends_with("a run can start; 3 warnings\n"), "{human}");
}

#[test]
fn what_is_wrong_with_the_ledger_ends_with_3() {
    let bench = Bench::new();
    bench.write("foreign.db", "no ledger, but some text that is longer than any header");
    let found = examine(&bench, 3, &["--ledger", "foreign.db"]);
    holds(&found, "ledger", &["problem: ", "foreign.db"]);
    let ledger = Ledger::open(&bench.path("ledger.db")).unwrap();
    let found = examine(&bench, 3, &["--ledger", "ledger.db"]);
    holds(&found, "ledger", &["ok: ", "version"]);
    holds(&found, "lock", &["problem: ", "another rollcall", "rollcall status"]);
    drop(ledger);
    holds(&examine(&bench, 0, &["--ledger", "ledger.db"]), "lock", &["ok: "]);
    bench.write("file", "");
    let mut bench = bench;
    bench.set("ROLLCALL_DATA_DIR", "file");
    let found = examine(&bench, 3, &["--ledger", "ledger.db"]);
    holds(
        &found,
        "data",
        &["problem: ", "not a folder that can be written", "ROLLCALL_DATA_DIR"],
    );
}

#[test]
fn what_is_wrong_with_the_api_ends_with_4() {
    let check = |plan: &str, check: &str, parts: &[&str]| {
        let bench = Bench::new();
        bench.plan(plan);
        holds(&examine(&bench, 4, &[]), check, parts);
        assert_eq!(bench.sandbox().customers().len(), 0);
    };
    let mut bench = Bench::new();
    bench.set("ROLLCALL_API_CLIENT_SECRET", "another");
    holds(
        &examine(&bench, 4, &[]),
        "token",
        &["problem: ", "HTTP 401", "api.client-id"],
    );
    check(
        "[[fault]]\nfault = \"answer\"\nstatus = 403\non = \"list\"\nshare = 1.0\n",
        "api",
        &["problem: ", "HTTP 403", "api.scope"],
    );
    let mut bench = Bench::new();
    bench.set("ROLLCALL_API_BASE_URL", "http://127.0.0.1:9/api");
    holds(
        &examine(&bench, 4, &[]),
        "api",
        &["problem: ", "cannot be reached", "network"],
    );
    bench.set("ROLLCALL_API_TOKEN_URL", "http://127.0.0.1:9/token");
    let found = examine(&bench, 4, &[]);
    holds(&found, "token", &["problem: ", "cannot be reached"]);
    holds(&found, "api", &["warning: ", "there is no token"]);
    // Without the network, the rest is well.
    let found = examine(&bench, 0, &["--offline"]);
    holds(&found, "api", &["ok: ", "--offline"]);
}

#[test]
fn the_lowest_code_of_several_problems_is_the_exit_code() {
    let mut bench = Bench::new();
    bench.set("ROLLCALL_API_TOKEN_URL", "http://127.0.0.1:9/token");
    bench.write("foreign.db", "no ledger, but some text that is longer than any header");
    examine(&bench, 3, &["--ledger", "foreign.db"]);
    bench.set("ROLLCALL_API_CA_FILE", "none.pem");
    examine(&bench, 2, &["--ledger", "foreign.db"]);
}
