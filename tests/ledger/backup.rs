//! Backups: whole, private, verified, and never over anything that is there, also under a run.

use std::path::Path;
use std::sync::atomic::{AtomicBool, Ordering};

use rollcall::ledger::{BackupError, Check, Ledger, LedgerError, Reader, backup, verify};

use crate::book::{Book, NAMESPACE, row};
use crate::filled::{DAY, change, sound};

/// The names in a folder.
fn names(folder: &Path) -> Vec<String> {
    let entries = std::fs::read_dir(folder).unwrap();
    let mut names: Vec<_> = entries
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn rows(path: &Path) -> Vec<String> {
    let reader = Reader::open(path).unwrap();
    let mut rows = Vec::new();
    for run in reader.runs().unwrap() {
        rows.push(format!("{run:?}"));
        for input in &run.inputs {
            let seen = reader.rows(input.input_id, 1, u64::MAX, |row| {
                rows.push(format!("{row:?}"));
                Ok::<_, LedgerError>(())
            });
            seen.unwrap();
        }
    }
    rows
}

#[test]
fn a_backup_holds_what_the_ledger_holds_is_private_and_goes_on_as_a_ledger() {
    let (folder, path) = sound();
    let to = folder.path().join("backup.db");
    let done = backup(&path, &to).unwrap();
    let bytes = std::fs::read(&to).unwrap();
    assert_eq!(done.bytes, bytes.len() as u64);
    assert_eq!((done.verification.runs, done.verification.rows), (2, 24));
    let digest: [u8; 32] = <sha2::Sha256 as sha2::Digest>::digest(&bytes).into();
    assert_eq!(done.digest.0, digest);
    assert_eq!(rows(&to), rows(&path));
    assert!(verify(&to).unwrap().is_sound());
    assert_eq!(names(folder.path()), ["backup.db", "made"]);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        assert_eq!(std::fs::metadata(&to).unwrap().permissions().mode() & 0o777, 0o600);
    }
    // Later runs know the customers of the earlier ones.
    let ledger = Ledger::open(&to).unwrap();
    let known = Reader::open(&to).unwrap().run(1).unwrap().unwrap();
    let (_, inputs) = ledger
        .begin_run(rollcall::ledger::NewRun {
            operation: "customers.create",
            target: known.target,
            namespace: NAMESPACE,
            config_digest: known.config_digest,
            today: known.today,
            corrects: None,
            inputs: vec![rollcall::ledger::NewInput {
                name: "again.csv".to_owned(),
                digest: rollcall::model::digest::Digest([9; 32]),
                bytes: 1,
            }],
        })
        .unwrap();
    let planned = ledger.plan(NAMESPACE, vec![row(inputs[0], 1, "C-1-1", 1)]).unwrap();
    assert_eq!(
        planned.wait().unwrap(),
        [rollcall::model::row_state::RowState::Duplicate]
    );
}

#[test]
#[cfg(unix)]
fn whatever_has_the_name_stays_as_it_is_and_no_link_is_followed() {
    let (folder, path) = sound();
    let at = |name: &str| folder.path().join(name);
    std::fs::write(at("file"), "a file").unwrap();
    std::fs::write(at("target"), "a target").unwrap();
    std::fs::create_dir(at("folder")).unwrap();
    std::os::unix::fs::symlink(at("target"), at("link")).unwrap();
    std::os::unix::fs::symlink(at("nothing"), at("dangling")).unwrap();
    std::fs::write(at("old-wal"), "another ledger's log").unwrap();
    let before = names(folder.path());
    for name in ["file", "folder", "link", "dangling", "old"] {
        let refused = backup(&path, &at(name)).unwrap_err();
        assert!(matches!(refused, BackupError::Exists { .. }), "{name}: {refused:?}");
        assert!(refused.hint().is_some());
    }
    assert!(matches!(backup(&path, &path), Err(BackupError::Exists { .. })));
    let nowhere = backup(&path, &at("no/such/folder.db")).unwrap_err();
    assert!(matches!(nowhere, BackupError::Write { .. }), "{nowhere:?}");
    assert_eq!(names(folder.path()), before);
    let text = |name: &str| std::fs::read_to_string(at(name)).unwrap();
    assert_eq!(
        (text("file"), text("target")),
        ("a file".to_owned(), "a target".to_owned())
    );
}

#[test]
fn a_damaged_ledger_is_not_copied_over_what_was_sound() {
    let (folder, path) = sound();
    change(&path, "UPDATE event SET http_status = 500 WHERE record = 3 AND seq = 2");
    let to = folder.path().join("backup.db");
    let BackupError::Unsound(found) = backup(&path, &to).unwrap_err() else {
        panic!("it was copied")
    };
    assert_eq!(found.count(Check::Sums).1, 2);
    assert_eq!(names(folder.path()), ["made"]);
    let missing = backup(&folder.path().join("none.db"), &to).unwrap_err();
    assert!(
        matches!(missing, BackupError::Ledger(LedgerError::NotFound { .. })),
        "{missing:?}"
    );
    assert_eq!(names(folder.path()), ["made"]);
}

/// Backups are made one after the other while rows are planned as fast as it goes: each is of one moment, and none
/// takes back anything of the one before it.
#[test]
fn a_backup_of_a_ledger_that_is_written_is_of_one_moment() {
    const BATCH: u64 = 50;
    let book = Book::new();
    let input = book.begin(1);
    book.ledger.run_event(1, "started", None).unwrap();
    let file = book.ledger.path().to_owned();
    change(&file, DAY);
    let (done, at) = (AtomicBool::new(false), book.folder.path().to_owned());
    let sizes = std::thread::scope(|scope| {
        let backups = scope.spawn(|| {
            let mut sizes = Vec::new();
            for number in 0..8 {
                let copied = backup(&file, &at.join(format!("{number}.db")));
                sizes.push(copied.map(|copied| copied.verification.rows));
                // The ledger itself is of one moment too while it is verified.
                let live = verify(&file).unwrap();
                assert!(live.is_sound(), "{:?}", live.troubles);
            }
            done.store(true, Ordering::Release);
            sizes
        });
        let mut first = 1;
        while !done.load(Ordering::Acquire) && !backups.is_finished() {
            let batch = (first..first + BATCH).map(|record| row(input, record, &format!("C-{record}"), 1));
            book.plan(batch.collect());
            first += BATCH;
        }
        backups.join().unwrap()
    });
    let sizes: Vec<u64> = sizes.into_iter().map(Result::unwrap).collect();
    assert!(sizes.iter().all(|size| size % BATCH == 0), "half a commit: {sizes:?}");
    assert!(sizes.is_sorted() && sizes[0] < sizes[7], "{sizes:?}");
    let names = names(book.folder.path());
    assert!(names.iter().all(|name| !name.contains("unfinished")), "{names:?}");
}
