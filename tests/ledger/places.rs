//! What stands where a ledger should be, who may write it, and under how many names it is reached.

use std::fs::Permissions;
use std::os::unix::fs::{PermissionsExt, symlink};

use super::*;

fn mode(path: &Path) -> u32 {
    fs::symlink_metadata(path).unwrap().permissions().mode() & 0o777
}

fn set_mode(path: &Path, mode: u32) {
    fs::set_permissions(path, Permissions::from_mode(mode)).unwrap();
}

fn unfit(error: &LedgerError) -> &Unfit {
    let LedgerError::Unfit(unfit) = error else {
        unreachable!("{error:?}")
    };
    unfit
}

#[test]
fn a_link_is_not_followed_whether_it_leads_to_a_ledger_or_nowhere() {
    let (folder, ledger) = closed();
    let link = folder.path().join("link.db");
    symlink(&ledger, &link).unwrap();
    for error in refused(folder.path(), &link) {
        assert!(matches!(unfit(&error), Unfit::Link { .. }), "{error:?}");
        let hint = error.hint().unwrap();
        assert!(hint.contains("made/for/it/ledger.db"), "{hint}");
    }
    let nowhere = folder.path().join("nowhere.db");
    let target = folder.path().join("target.db");
    symlink(&target, &nowhere).unwrap();
    for error in refused(folder.path(), &nowhere) {
        assert!(matches!(unfit(&error), Unfit::Link { target: None, .. }), "{error:?}");
    }
    assert!(!target.exists() && nowhere.is_symlink());
    // Nor is one that stands beside a ledger, the lock included.
    for suffix in ["-wal", "-shm", "-journal", ".lock"] {
        let (folder, ledger) = closed();
        let name = beside(&ledger, suffix);
        drop(fs::remove_file(&name));
        let victim = folder.path().join("victim");
        fs::write(&victim, "somebody's").unwrap();
        symlink(&victim, &name).unwrap();
        for error in refused(folder.path(), &ledger) {
            assert!(matches!(unfit(&error), Unfit::Link { .. }), "{suffix}: {error:?}");
        }
        assert_eq!(fs::read(&victim).unwrap(), b"somebody's");
    }
}

/// Opening a pipe waits for whoever writes it, for ever.
#[test]
fn a_pipe_a_socket_a_device_and_a_folder_are_refused_at_once() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    let made = std::process::Command::new("mkfifo")
        .args([at("pipe"), at("ledger.db.lock")])
        .status();
    assert!(made.unwrap().success());
    let _socket = std::os::unix::net::UnixListener::bind(at("socket")).unwrap();
    fs::create_dir(at("folder")).unwrap();
    for (path, kind) in [
        (at("pipe"), "a pipe"),
        (at("socket"), "a socket"),
        ("/dev/null".into(), "a device"),
    ] {
        for error in refused(folder.path(), &path) {
            assert!(error.to_string().contains(kind), "{error}");
        }
    }
    for error in refused(folder.path(), &at("folder")) {
        assert!(matches!(error, LedgerError::Open { .. }), "{error:?}");
    }
    let error = Ledger::open(&at("ledger.db")).map(drop).unwrap_err();
    assert!(error.to_string().contains("ledger.db.lock is a pipe"), "{error}");
    assert!(!at("ledger.db").exists());
}

#[test]
fn a_ledger_with_two_names_is_refused_under_both() {
    let (folder, ledger) = closed();
    let other = folder.path().join("other.db");
    fs::hard_link(&ledger, &other).unwrap();
    for path in [&ledger, &other] {
        for error in refused(folder.path(), path) {
            assert!(matches!(unfit(&error), Unfit::Names { names: 2, .. }), "{error:?}");
        }
    }
    fs::remove_file(&other).unwrap();
    drop(Ledger::open(&ledger).unwrap());
}

#[test]
fn two_ways_to_one_folder_lead_to_one_lock() {
    let (folder, ledger) = closed();
    let way = folder.path().join("way");
    symlink(ledger.parent().unwrap(), &way).unwrap();
    let other = way.join("ledger.db");
    let open = Ledger::open(&ledger).unwrap();
    let second = Ledger::open(&other);
    assert!(matches!(second, Err(LedgerError::Locked { .. })), "{second:?}");
    assert_eq!(Reader::open(&other).unwrap().latest().unwrap(), Some(1));
    drop(open);
    let open = Ledger::open(&other).unwrap();
    assert!(matches!(Ledger::open(&ledger), Err(LedgerError::Locked { .. })));
    drop(open);
}

#[test]
fn what_others_may_write_is_refused_and_what_they_may_read_is_said() {
    let (folder, ledger) = closed();
    for mode in [0o620, 0o602, 0o666] {
        set_mode(&ledger, mode);
        let before = bytes(folder.path());
        let error = Ledger::open(&ledger).map(drop).unwrap_err();
        assert!(matches!(unfit(&error), Unfit::Shared { .. }), "{error:?}");
        assert!(error.hint().unwrap().starts_with("chmod go-w "), "{error:?}");
        assert!(before == bytes(folder.path()));
    }
    for mode in [0o640, 0o644, 0o604] {
        set_mode(&ledger, mode);
        let open = Ledger::open(&ledger).unwrap();
        let said = open.notices().concat();
        assert!(
            said.contains("others may read it") && said.contains("chmod 600 "),
            "{said}"
        );
    }
    set_mode(&ledger, 0o600);
    assert_eq!(Ledger::open(&ledger).unwrap().notices(), <[String; 0]>::default());
    fs::write(beside(&ledger, "-wal"), "").unwrap();
    set_mode(&beside(&ledger, "-wal"), 0o666);
    let error = Ledger::open(&ledger).map(drop).unwrap_err();
    assert!(
        error.to_string().contains("ledger.db-wal may be written by others"),
        "{error}"
    );
}

#[test]
fn a_folder_that_anybody_may_write_is_refused_unless_files_in_it_are_their_owners() {
    let folder = tempfile::tempdir().unwrap();
    let ledger = folder.path().join("ledger.db");
    set_mode(folder.path(), 0o777);
    let error = Ledger::open(&ledger).map(drop).unwrap_err();
    assert!(matches!(unfit(&error), Unfit::Shared { mode: 0o777, .. }), "{error:?}");
    assert_eq!(fs::read_dir(folder.path()).unwrap().count(), 0);
    for mode in [0o1777, 0o775, 0o755] {
        set_mode(folder.path(), mode);
        drop(Ledger::open(&ledger).unwrap());
    }
}

/// A log in /tmp that somebody else has put beside the ledger. Only a privileged user can give files away.
#[test]
fn a_log_that_belongs_to_somebody_else_is_not_read() {
    let (folder, ledger) = closed();
    let log = beside(&ledger, "-wal");
    fs::write(&log, "planted").unwrap();
    set_mode(&log, 0o600);
    if std::os::unix::fs::chown(&log, Some(4321), None).is_err() {
        println!("not run as a user who may give files away");
        return;
    }
    let before = bytes(folder.path());
    let error = Ledger::open(&ledger).map(drop).unwrap_err();
    assert!(matches!(unfit(&error), Unfit::Stranger { .. }), "{error:?}");
    assert!(before == bytes(folder.path()));
}

/// What a run makes, whatever the shell's umask: a child process looks at it while the ledger is open.
#[test]
fn everything_that_is_made_is_private_under_any_umask() {
    if let Some(ledger) = std::env::var_os("OPENED_LEDGER") {
        let ledger = PathBuf::from(ledger);
        let open = Ledger::open(&ledger).unwrap();
        let new = rollcall::ledger::NewRun {
            operation: "customers.create",
            target: "https://api.example.com".to_owned(),
            namespace: NAMESPACE,
            config_digest: rollcall::model::digest::Digest([1; 32]),
            today: "2024-02-29".to_owned(),
            corrects: None,
            inputs: Vec::new(),
        };
        open.begin_run(new).unwrap();
        for suffix in ["", "-wal", "-shm", ".lock"] {
            assert_eq!(mode(&beside(&ledger, suffix)), 0o600, "{suffix}");
        }
        assert_eq!(mode(ledger.parent().unwrap()), 0o700);
        return;
    }
    for umask in ["000", "022", "077"] {
        let folder = tempfile::tempdir().unwrap();
        let test = "opening::places::everything_that_is_made_is_private_under_any_umask";
        let script = format!("umask {umask}; exec \"$0\" --exact {test} --nocapture");
        let child = std::process::Command::new("sh")
            .args(["-c", &script])
            .arg(std::env::current_exe().unwrap())
            .env("OPENED_LEDGER", folder.path().join("made/ledger.db"))
            .output()
            .unwrap();
        let said = String::from_utf8_lossy(&child.stdout).into_owned();
        assert!(
            child.status.success() && said.contains("1 passed"),
            "umask {umask}: {said}"
        );
        assert!(folder.path().join("made/ledger.db").exists());
    }
}
