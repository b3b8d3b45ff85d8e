//! What can be asked of this machine: folders, the ledger, its disk, the clock.

use std::path::Path;

use tokio::time::Instant;

use super::Finding;
use crate::cli::commands::typed;
use crate::cli::exit::Exit;
use crate::clock;
use crate::ledger::{Examined, examine};
use crate::report::grouped;

/// Below this much free space a large night's run is at risk: some two million rows, and the spool of standard input.
const LITTLE_BYTES: u64 = 1024 * 1024 * 1024;
/// Below this, a run would soon stop for want of space: four of the ledger's logs.
const TOO_LITTLE_BYTES: u64 = 64 * 1024 * 1024;
/// A clock that differs by so much was not set lately: times in the ledger are then hard to hold against the API's.
const DIFFERS_MS: u64 = 30_000;
/// One that differs by so much breaks certificates and dates in the data.
const DIFFERS_MUCH_MS: u64 = 5 * 60_000;
/// How far the two clocks of a machine drift apart while a doctor looks, where nobody sets one.
const DRIFT_MS: u64 = 1_000;
/// No machine's clock is earlier than this program, 2026-01-01.
const EARLIEST_MS: i64 = 1_767_225_600_000;

/// The time of day and the clock that never goes back, at one moment.
pub(super) struct Clocks {
    at: Instant,
    at_ms: i64,
}

impl Clocks {
    pub(super) fn read() -> Self {
        Self {
            at: Instant::now(),
            at_ms: clock::now_ms(),
        }
    }
}

/// Permissions of a file; `None` where there are none to be known.
#[cfg(unix)]
pub(super) fn mode(path: &Path) -> Option<u32> {
    use std::os::unix::fs::PermissionsExt;
    path.metadata().ok().map(|metadata| metadata.permissions().mode())
}

#[cfg(not(unix))]
pub(super) fn mode(_: &Path) -> Option<u32> {
    None
}

/// The folder for the ledger and private temporary files: there, private and writable.
pub(super) fn data_folder(folder: &Path) -> Vec<Finding> {
    let check = "data";
    let shown = folder.display();
    let hint = "make it writable for whoever runs rollcall, or name another with ROLLCALL_DATA_DIR";
    if !folder.exists() {
        let above = folder
            .ancestors()
            .skip(1)
            .find(|above| above.exists() || above.as_os_str().is_empty());
        let above = above
            .filter(|above| !above.as_os_str().is_empty())
            .unwrap_or(Path::new("."));
        return vec![if can_write(above) {
            Finding::ok(check, format!("{shown} is not there yet; the first run makes it"))
        } else {
            let says = format!("{shown} is not there and cannot be made in {}", above.display());
            Finding::problem(check, Exit::Unusable, says, hint)
        }];
    }
    if !folder.is_dir() || !can_write(folder) {
        let says = format!("{shown} is not a folder that can be written");
        return vec![Finding::problem(check, Exit::Unusable, says, hint)];
    }
    vec![match mode(folder).map(|mode| mode & 0o077) {
        Some(open) if open != 0 => Finding::warning(
            check,
            format!("{shown} is open to others (mode {:03o})", open | 0o700),
            format!("chmod 700 {}", typed(folder)),
        ),
        _ => Finding::ok(check, format!("{shown} is private and can be written")),
    }]
}

/// A file is made that has no name, or loses it at once.
fn can_write(folder: &Path) -> bool {
    tempfile::tempfile_in(folder).is_ok()
}

/// The ledger, the lock on it, and the space on its disk.
pub(super) fn ledger(path: &Path) -> Vec<Finding> {
    let found = match examine(path) {
        Ok(found) => found,
        Err(error) => return vec![Finding::error("ledger", error)],
    };
    let shown = path.display();
    let mut findings = vec![match found.version {
        None => Finding::ok("ledger", format!("{shown} is not there yet; the first run makes it")),
        Some(version) if version < found.newest => Finding::warning(
            "ledger",
            format!(
                "{shown} is of version {version}; the next run makes it one of version {}",
                found.newest
            ),
            format!(
                "copy it first: rollcall ledger backup BACKUP.db --ledger {}",
                typed(path)
            ),
        ),
        Some(version) => Finding::ok("ledger", format!("{shown} opens, version {version}")),
    }];
    for notice in &found.notices {
        findings.push(Finding::warning(
            "ledger",
            format!("{shown}: {notice}"),
            "see to it before the next run",
        ));
    }
    findings.push(if found.is_busy {
        let says = "another rollcall is working on the ledger";
        let hint = "wait until it has ended; `rollcall status` shows how far it is";
        Finding::problem("lock", Exit::Unusable, says, hint)
    } else {
        Finding::ok("lock", "nobody is working on the ledger")
    });
    findings.extend(disk(&found));
    findings
}

fn disk(found: &Examined) -> Option<Finding> {
    let free = found.free_bytes?;
    let rows = found.rows_that_fit().unwrap_or_default();
    let says = format!(
        "{} MiB free, room for about {} rows",
        grouped(free >> 20),
        grouped(rows)
    );
    let hint = "free space on the ledger's disk, or name a ledger on another with --ledger";
    Some(if free < TOO_LITTLE_BYTES {
        Finding::problem("disk", Exit::Unusable, says, hint)
    } else if free < LITTLE_BYTES {
        Finding::warning("disk", says, hint)
    } else {
        Finding::ok("disk", says)
    })
}

/// This machine's clock, against the API's where that is known, and against itself since the beginning.
pub(super) fn clock(started: &Clocks, ahead_ms: Option<i64>) -> Finding {
    let now = Clocks::read();
    let passed_ms = i64::try_from((now.at - started.at).as_millis()).unwrap_or(i64::MAX);
    judge_clock(now.at_ms, (now.at_ms - started.at_ms) - passed_ms, ahead_ms)
}

fn judge_clock(now_ms: i64, drift_ms: i64, ahead_ms: Option<i64>) -> Finding {
    let check = "clock";
    let hint = "let the machine keep its time by NTP: `timedatectl set-ntp true` where systemd keeps it";
    let now = clock::rfc3339(now_ms);
    if now_ms < EARLIEST_MS {
        let says = format!("it is {now} by this machine, which is before this program was made");
        return Finding::problem(check, Exit::Unusable, says, hint);
    }
    let differs_ms = ahead_ms.unwrap_or_default().unsigned_abs();
    let which = if ahead_ms.unwrap_or_default() > 0 {
        "behind"
    } else {
        "ahead of"
    };
    let says = format!(
        "it is {now} by this machine, {} s {which} the API's clock",
        differs_ms / 1_000
    );
    if differs_ms > DIFFERS_MUCH_MS {
        return Finding::problem(check, Exit::Unusable, says, hint);
    }
    if differs_ms > DIFFERS_MS {
        return Finding::warning(check, says, hint);
    }
    if drift_ms.unsigned_abs() > DRIFT_MS {
        let says = format!(
            "somebody set this machine's clock by {} s while it was looked at",
            drift_ms / 1_000
        );
        return Finding::warning(check, says, hint);
    }
    Finding::ok(
        check,
        match ahead_ms {
            Some(_) => format!("it is {now}, which agrees with the API's clock"),
            None => format!("it is {now} by this machine; there is no other clock to hold it against"),
        },
    )
}

#[cfg(test)]
mod tests {
    use super::*;

    const NOW: i64 = EARLIEST_MS + 1;

    #[test]
    fn a_clock_is_judged_by_the_service_and_by_itself() {
        let check = |now_ms: i64, drift_ms: i64, ahead_ms: Option<i64>, expected: &str, says: &str| {
            let found = judge_clock(now_ms, drift_ms, ahead_ms);
            assert_eq!(found.status.word(), expected, "{found:?}");
            assert!(found.says.contains(says), "{found:?}");
        };
        check(NOW, 0, Some(30_000), "ok", "agrees");
        check(NOW, 0, Some(31_000), "warning", "31 s behind the API");
        check(NOW, 0, Some(-31_000), "warning", "31 s ahead of the API");
        check(NOW, 0, Some(300_000), "warning", "300 s behind");
        check(NOW, 0, Some(-301_000), "problem", "301 s ahead of");
        check(NOW, 1_000, None, "ok", "no other clock");
        check(NOW, -2_000, Some(0), "warning", "set this machine's clock by -2 s");
        check(0, 0, None, "problem", "1970-01-01");
    }

    #[test]
    fn a_disk_is_judged_by_what_fits() {
        let check = |free_bytes: u64, expected: &str, says: &str| {
            let found = disk(&Examined {
                version: None,
                newest: 4,
                is_busy: false,
                notices: Vec::new(),
                free_bytes: Some(free_bytes),
            })
            .unwrap();
            assert_eq!(found.status.word(), expected, "{found:?}");
            assert!(found.says.contains(says), "{found:?}");
        };
        check(0, "problem", "about 0 rows");
        check(TOO_LITTLE_BYTES, "warning", "64 MiB free, room for about 125,829 rows");
        check(LITTLE_BYTES, "ok", "1,024 MiB free");
    }
}
