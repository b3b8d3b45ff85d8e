//! `rollcall ledger`: whether a ledger holds, and a copy of it.

use std::path::Path;

use anyhow::Result;
use serde_json::{Value, json};

use super::damaged::{named, put_aside};
use super::run::run_for;
use crate::cli::args::ledger::{BackupArgs, LedgerCommand, VerifyArgs};
use crate::cli::args::{Format, LedgerArgs};
use crate::cli::diagnostics::say;
use crate::cli::exit::Exit;
use crate::ledger::{self, BackupError, Check, Place, Trouble, Verification};
use crate::pipeline::Aim;
use crate::report::{counted, grouped};

pub(in crate::cli) fn run(command: LedgerCommand) -> Result<Exit> {
    match command {
        LedgerCommand::Verify(args) => named(&args.ledger, verify(&args)),
        LedgerCommand::Backup(args) => named(&args.ledger, backup(&args)),
        LedgerCommand::Rebuild(args) => {
            let run = args.into_run();
            named(&run.ledger, run_for(&run, Aim::LookUp, None))
        }
    }
}

fn verify(args: &VerifyArgs) -> Result<Exit> {
    let path = super::ledger_path(&args.ledger)?;
    let found = ledger::verify(&path)?;
    let flags = super::ledger_flags(&args.ledger);
    match args.format {
        Format::Human => super::print(&text(&found, &path, &flags))?,
        Format::Json => super::print_json(&json(&found, &path, &flags))?,
    }
    Ok(exit(&found))
}

fn exit(found: &Verification) -> Exit {
    if found.is_damaged() {
        Exit::Unusable
    } else if found.is_sound() {
        Exit::Success
    } else {
        Exit::OutOfBalance
    }
}

/// A table of what was checked, a line for each trouble, and what that means.
fn text(found: &Verification, path: &Path, flags: &str) -> String {
    let mut text = format!("{}\n{:>12}{:>10}  checked\n", path.display(), "seen", "troubles");
    for check in Check::ALL {
        let (seen, troubles) = found.count(check);
        let says = if check == Check::Sums && !found.summed {
            "lines against their checksums: a ledger of an older rollcall has none yet"
        } else {
            check.says()
        };
        text.push_str(&format!("{:>12}{:>10}  {says}\n", grouped(seen), grouped(troubles)));
    }
    if found.is_sound() {
        let what = format!("{}, {}", counted(found.runs, "run"), counted(found.rows, "row"));
        text.push_str(&format!("sound: {what}, and everything holds\n"));
        return text;
    }
    text.push_str(&troubles(found, path, flags));
    text.push_str(if found.is_damaged() {
        "damaged: this ledger is not to be relied upon\n"
    } else {
        "out of balance: records and rows do not add up\n"
    });
    text
}

/// A line for each trouble, and below those that call for the same what to do next.
fn troubles(found: &Verification, path: &Path, flags: &str) -> String {
    let mut text = String::from("\n");
    let mut troubles = found.troubles.iter().peekable();
    while let Some(trouble) = troubles.next() {
        let (what, meaning) = (&trouble.what, trouble.check.meaning());
        text.push_str(&format!("{}{what}; {meaning}\n", place(&trouble.place)));
        let next_of = |trouble| next(trouble, found, path, flags);
        // Said once below troubles that call for the same.
        let says = next_of(trouble);
        if troubles.peek().is_none_or(|other| next_of(other) != says) {
            text.push_str(&format!("  next: {says}\n"));
        }
    }
    for check in Check::ALL {
        let kept = found.troubles.iter().filter(|trouble| trouble.check == check).count() as u64;
        let more = found.count(check).1.saturating_sub(kept);
        if more > 0 {
            let more = grouped(more);
            text.push_str(&format!("and {more} more of: {}\n", check.says()));
        }
    }
    text.push('\n');
    text
}

/// Where a trouble is, as far as that is known, with what stands behind it.
fn place(place: &Place) -> String {
    let parts = [("run", place.run), ("input", place.input), ("record", place.record)];
    let known = parts.into_iter().filter_map(|(name, number)| Some((name, number?)));
    let known: Vec<String> = known.map(|(name, number)| format!("{name} {number}")).collect();
    if known.is_empty() {
        return String::new();
    }
    format!("{}: ", known.join(", "))
}

/// What to type next. A ledger that is damaged anywhere is put aside: a report of it may be wrong in what it leaves out.
fn next(trouble: &Trouble, found: &Verification, path: &Path, flags: &str) -> String {
    if found.is_damaged() {
        return put_aside(path);
    }
    match trouble.place.run {
        Some(run) => format!("rollcall report {run} --format csv{flags}"),
        None => format!("rollcall status{flags}"),
    }
}

fn json(found: &Verification, path: &Path, flags: &str) -> Value {
    let check = |check: Check| {
        let (seen, troubles) = found.count(check);
        json!({ "check": check.word(), "seen": seen, "troubles": troubles })
    };
    let trouble = |trouble: &Trouble| {
        json!({
            "check": trouble.check.word(),
            "run_id": trouble.place.run,
            "input_id": trouble.place.input,
            "record": trouble.place.record,
            "what": trouble.what,
            "meaning": trouble.check.meaning(),
            "next": next(trouble, found, path, flags),
        })
    };
    json!({
        "ledger": path.display().to_string(),
        "sound": found.is_sound(),
        "damaged": found.is_damaged(),
        "has_checksums": found.summed,
        "runs": found.runs,
        "rows": found.rows,
        "checks": Check::ALL.map(check),
        "troubles": found.troubles.iter().map(trouble).collect::<Vec<_>>(),
    })
}

fn backup(args: &BackupArgs) -> Result<Exit> {
    let path = super::ledger_path(&args.ledger)?;
    let copied = match ledger::backup(&path, &args.to) {
        Err(BackupError::Unsound(found)) => {
            let flags = super::ledger_flags(&args.ledger);
            say(&format!("{}\n", troubles(&found, &path, &flags).trim()));
            let exit = exit(&found);
            let ledger = path.display();
            let wrong = if found.is_damaged() {
                "it is damaged"
            } else {
                "its records and rows do not add up"
            };
            say(&format!(
                "error: no backup of the ledger {ledger} was kept: {wrong}\nhint: keep the backups that you have until \
                 `rollcall ledger verify{flags}` says that it is sound\n"
            ));
            return Ok(exit);
        }
        copied => copied?,
    };
    let (runs, rows) = (copied.verification.runs, copied.verification.rows);
    match args.format {
        Format::Human => super::print(&format!(
            "{}: {}, {}, {} bytes, verified and on disk\nsha256 {}\n{}",
            args.to.display(),
            counted(runs, "run"),
            counted(rows, "row"),
            grouped(copied.bytes),
            copied.digest,
            way_back(&args.to, &args.ledger, &path)
        ))?,
        Format::Json => super::print_json(&json!({
            "ledger": path.display().to_string(),
            "backup": args.to.display().to_string(),
            "runs": runs,
            "rows": rows,
            "bytes": copied.bytes,
            "sha256": copied.digest.to_string(),
        }))?,
    }
    Ok(Exit::Success)
}

/// How to go back to a copy, in commands that can be typed.
fn way_back(to: &Path, args: &LedgerArgs, ledger: &Path) -> String {
    let config = super::config_flags(&args.config);
    let (to, ledger) = (super::typed(to), super::typed(ledger));
    format!(
        "to look into it: rollcall status{config} --ledger {to}\n\
         to go back to it, while no run works: put {ledger} aside, with its -wal and -shm if there are any, then: cp -p {to} \
         {ledger}\n\
         an older ledger costs time and nothing else: run the same commands again, and whoever was created is recognized\n"
    )
}
