//! Ledgers from another time: yesterday's backup, and a newer program's.

use std::path::Path;
use std::time::Duration;

use rollcall::sandbox::{Options, ServerKind};

use crate::bench::{Bench, customers, sandbox};
use crate::judge::signal;
use crate::verdict::Evidence;

/// The files of a ledger, each with its bytes.
fn copy(folder: &Path) -> Vec<(std::path::PathBuf, Vec<u8>)> {
    let files = ["ledger.db", "ledger.db-wal"].map(|name| folder.join(name));
    let there = files.into_iter().filter(|path| path.exists());
    there
        .map(|path| {
            let bytes = std::fs::read(&path).unwrap();
            (path, bytes)
        })
        .collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_from_yesterdays_backup_creates_nobody_twice() {
    for kind in [ServerKind::SavesAll, ServerKind::SavesSuccesses, ServerKind::Burns] {
        for killed in [false, true] {
            let sandbox = sandbox(Options {
                latency: Duration::from_millis(4),
                kind,
                ..Options::default()
            })
            .await;
            let mut bench = Bench::against(&sandbox);
            bench.set("ROLLCALL_SEND_MAX_IN_FLIGHT", "4");
            let file = customers(200, 36, 5.0);
            bench.write("customers.csv", &file.csv);
            let run = ["run", "customers.csv", "--max-rejects", "100%"];
            let mut working = bench.start(&run);
            assert!(working.end_or(|_| sandbox.tally().requests.create >= 60).await);
            if killed {
                working.kill();
            } else {
                signal(working.id(), "INT");
                assert_eq!(working.end().await.code, Some(130));
            }
            let backup = copy(bench.ledger().parent().unwrap());
            bench.expect(1, &run).await;
            let about = format!("{kind:?}, killed {killed}");
            Evidence::gather(&bench, &sandbox, &file.accepted).await.hold(&about);
            let replays = sandbox.tally().replays;

            bench.lose_ledger();
            for (path, bytes) in &backup {
                std::fs::write(path, bytes).unwrap();
            }
            bench.expect(1, &run).await;
            Evidence::gather(&bench, &sandbox, &file.accepted)
                .await
                .hold(&format!("{about}, from the backup"));
            assert!(
                sandbox.tally().replays > replays + 50,
                "{about}: the backup was not in use"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_ledger_of_a_newer_program_is_refused_and_no_byte_of_it_changes() {
    let sandbox = sandbox(Options::default()).await;
    let bench = Bench::against(&sandbox);
    let file = customers(30, 37, 0.0);
    bench.write("customers.csv", &file.csv);
    bench.expect(0, &["run", "customers.csv"]).await;
    let newer = rusqlite::Connection::open(bench.ledger()).unwrap();
    newer.pragma_update(None, "user_version", 99).unwrap();
    newer
        .query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |_| Ok(()))
        .unwrap();
    drop(newer);
    let before = std::fs::read(bench.ledger()).unwrap();
    let requests = sandbox.tally().requests;
    for arguments in [&["run", "customers.csv"][..], &["report"], &["status"]] {
        let done = bench.expect(3, arguments).await;
        let said = done.stderr.contains("has version 99") && done.stderr.contains("hint: use the newer rollcall");
        assert!(said, "{arguments:?}: {done:#?}");
        let log = std::fs::read(bench.path(".rollcall/ledger.db-wal")).unwrap_or_default();
        assert!(log.is_empty(), "{arguments:?} has written a log");
        assert!(
            std::fs::read(bench.ledger()).unwrap() == before,
            "{arguments:?} has written"
        );
    }
    assert_eq!(sandbox.tally().requests, requests, "nothing was asked of the API");
}
