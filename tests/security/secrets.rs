//! Where the client's secret comes from, in which order, and where it never appears.

use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;

use crate::bench::{Bench, SECRET};
use crate::server::{Server, answer, well};

/// A service that knows one secret.
fn knowing(secret: &'static str) -> Server {
    Server::start(None, move |head, body, stream| {
        let basic = format!("Basic {}", STANDARD.encode(format!("client:{secret}")));
        if head.contains("/token") && !head.contains(&basic) {
            return answer(stream, 401, "{}");
        }
        well(head, body, stream)
    })
}

/// A bench with secrets in these places: environment, file, credential.
fn ground(server: &Server, places: [Option<&str>; 3]) -> Bench {
    let mut bench = Bench::against(&server.url("http"));
    bench.environment.remove("ROLLCALL_API_CLIENT_SECRET");
    if let Some(secret) = places[0] {
        bench.set("ROLLCALL_API_CLIENT_SECRET", secret);
    }
    if let Some(secret) = places[1] {
        let path = bench.write("secret", format!("{secret}\n"));
        fs::set_permissions(&path, fs::Permissions::from_mode(0o600)).unwrap();
        bench.set("ROLLCALL_API_CLIENT_SECRET_FILE", &path);
    }
    fs::create_dir(bench.path("credentials")).unwrap();
    if let Some(secret) = places[2] {
        let path = bench.write("credentials/api.client-secret", format!("{secret}\n"));
        fs::set_permissions(path, fs::Permissions::from_mode(0o440)).unwrap();
    }
    let folder = bench.path("credentials").to_str().unwrap().to_owned();
    bench.set("CREDENTIALS_DIRECTORY", &folder);
    bench
}

#[test]
fn the_environment_stands_over_the_file_over_the_credential() {
    let check = |places: [Option<&str>; 3], from: &str| {
        let server = knowing(SECRET);
        let bench = ground(&server, places);
        bench.expect(0, &["run", "one.csv"]);
        let settings = bench.expect(0, &["settings"]).stdout;
        let line = settings
            .lines()
            .find(|line| line.starts_with("api.client-secret "))
            .unwrap();
        assert!(line.contains(from), "{line}");
        assert!(from == "(not set)" || line.contains("(secret)"), "{line}");
        let json = bench.expect(0, &["settings", "--format", "json"]).stdout;
        assert!(!settings.contains(SECRET) && !json.contains(SECRET));
    };
    check(
        [Some(SECRET), Some("other"), Some("other")],
        "ROLLCALL_API_CLIENT_SECRET",
    );
    check([None, Some(SECRET), Some("other")], "(not set)");
    check([None, None, Some(SECRET)], "credentials/api.client-secret");
    let server = knowing(SECRET);
    let done = ground(&server, [None; 3]).expect(2, &["run", "one.csv"]);
    assert!(done.stderr.contains("api.client-secret"), "{done:#?}");
}

#[test]
fn a_file_that_is_no_private_secret_is_refused_and_named() {
    let server = knowing(SECRET);
    let check = |make: &dyn Fn(&Bench), problem: &str| {
        let bench = ground(&server, [None, Some(SECRET), None]);
        make(&bench);
        let done = bench.expect(2, &["run", "one.csv"]);
        assert!(
            done.stderr.contains("api.client-secret-file") && done.stderr.contains(problem),
            "{problem}: {done:#?}"
        );
        assert!(!done.stderr.contains(SECRET), "{done:#?}");
    };
    let chmod =
        |bench: &Bench, mode| fs::set_permissions(bench.path("secret"), fs::Permissions::from_mode(mode)).unwrap();
    check(&|bench| chmod(bench, 0o640), "can be read by others: chmod 600 it");
    check(&|bench| chmod(bench, 0o604), "can be read by others: chmod 600 it");
    check(&|bench| fs::write(bench.path("secret"), " \n").unwrap(), "is empty");
    check(
        &|bench| fs::write(bench.path("secret"), format!("{SECRET}\n{SECRET}\n")).unwrap(),
        "more than one line",
    );
    check(
        &|bench| fs::write(bench.path("secret"), vec![b'x'; 70_000]).unwrap(),
        "larger than 64 KiB",
    );
    check(
        &|bench| fs::remove_file(bench.path("secret")).unwrap(),
        "cannot be read",
    );
    check(
        &|bench| {
            fs::remove_file(bench.path("secret")).unwrap();
            fs::create_dir(bench.path("secret")).unwrap();
        },
        "is not a regular file",
    );
    check(
        &|bench| {
            fs::rename(bench.path("secret"), bench.path("open")).unwrap();
            fs::set_permissions(bench.path("open"), fs::Permissions::from_mode(0o644)).unwrap();
            symlink("open", bench.path("secret")).unwrap();
        },
        "can be read by others",
    );
    assert_eq!(server.count(""), 0);
}

#[test]
fn no_debug_text_of_settings_holds_the_secret() {
    use rollcall::config::{Layers, resolve};
    let variable = (String::from("ROLLCALL_API_CLIENT_SECRET"), String::from(SECRET));
    let layers = Layers::load(None, std::iter::once(variable)).unwrap();
    let settings = resolve(&layers).unwrap();
    let text = format!("{layers:?} {layers:#?} {settings:?} {settings:#?}");
    assert!(text.contains("(secret)") && !text.contains(SECRET), "{text}");
}

#[test]
fn no_flag_takes_a_secret() {
    let bench = Bench::new();
    for command in ["run", "validate", "status", "report", "settings", "sandbox", "init"] {
        let help = bench.expect(0, &[command, "--help"]).stdout;
        assert!(
            !help.contains("--client-secret") && !help.contains("--password"),
            "{command}"
        );
    }
}
