//! Turned bits in a whole ledger, held against what is shown of it.

use std::path::Path;

use rollcall::ledger::{LedgerError, Reader, RowEntry, RunEntry, verify};

use crate::filled::sound;

/// Everything that is shown of a ledger: its runs and its rows.
type Shown = (Vec<(RunEntry, Vec<Row>)>, Vec<String>);
/// A row and the codes of its findings.
type Row = (RowEntry, [Vec<String>; 2]);

fn shown(path: &Path) -> Result<Shown, LedgerError> {
    let reader = Reader::open(path)?;
    let mut shown = Vec::new();
    for run in reader.runs()? {
        let mut rows = Vec::new();
        for input in &run.inputs {
            reader.rows(input.input_id, 1, u64::MAX, |row| {
                rows.push(row);
                Ok::<_, LedgerError>(())
            })?;
        }
        let rows = rows
            .into_iter()
            .map(|row| Ok((row.clone(), reader.finding_codes(row.key)?)));
        shown.push((run, rows.collect::<Result<_, LedgerError>>()?));
    }
    let added = added(&reader, &shown)?;
    Ok((shown, added))
}

/// Everything that is shown of what was added to rows, but for what bears no checksum and nothing else says.
fn added(reader: &Reader, runs: &[(RunEntry, Vec<Row>)]) -> Result<Vec<String>, LedgerError> {
    let mut added = Vec::new();
    for (row, _) in runs.iter().flat_map(|(_, rows)| rows) {
        let key = row.key;
        let (of, by) = (reader.correction(key)?, reader.corrected_by(key)?);
        added.push(format!("{of:?} {by:?} {:?}", reader.dispositions(key)?));
    }
    for comparison in reader.comparisons()? {
        let number = comparison.comparison_id;
        added.push(format!(
            "{number} {} {:?}",
            comparison.namespace,
            comparison.ended_ms.is_some()
        ));
        for input in runs.iter().flat_map(|(run, _)| &run.inputs) {
            reader.observations(number, input.input_id, 1, u64::MAX, |observation| {
                added.push(format!("{observation:?}"));
                Ok::<_, LedgerError>(())
            })?;
        }
        reader.strangers(number, |stranger| {
            added.push(stranger);
            Ok::<_, LedgerError>(())
        })?;
    }
    Ok(added)
}

/// Takes out of a run what bears no checksum and what nothing else in the ledger says as well: `verify` names these.
fn without_the_unseen(mut shown: Shown) -> Shown {
    for (run, _) in &mut shown.0 {
        run.target.clear();
        run.tool_version.clear();
        run.config_digest.0 = [0; 32];
        // The moment of its beginning is held against its day, give or take a day: what passes is within two of it.
        run.created_ms = 0;
        run.today.clear();
        for event in &mut run.events {
            event.at_ms = 0;
            event.who = None;
        }
        for input in &mut run.inputs {
            input.name.clear();
            input.digest.0 = [0; 32];
            input.bytes = 0;
        }
    }
    shown
}

/// Bits are turned at seeded places, one at a time, in copies: each is named, or harmless, or one of the few columns of
/// which the module says that it cannot see them; never does it change a row, its state, its findings or a total.
///
/// `ROLLCALL_FLIPS` is how many are turned, in the long form 20,000.
#[test]
fn no_bit_that_a_disk_turns_changes_what_is_shown_of_rows_and_totals_unnoticed() {
    let (folder, path) = sound();
    let whole = std::fs::read(&path).unwrap();
    let before = shown(&path).unwrap();
    let named = std::env::var("ROLLCALL_SEED").ok().and_then(|seed| seed.parse().ok());
    let seed = named.unwrap_or_else(|| fastrand::u64(..));
    println!("seed {seed}");
    let mut random = fastrand::Rng::with_seed(seed);
    let copy = folder.path().join("copy.db");
    let (mut noticed, mut harmless, mut unseen, mut missed) = (0, 0, 0, Vec::new());
    // Most of the small pages is empty: of the places that hold something every other is turned as well.
    let filled: Vec<usize> = (0..whole.len()).filter(|at| whole[*at] != 0).collect();
    let turns = std::env::var("ROLLCALL_FLIPS").map_or(400, |turns| turns.parse().expect("a number"));
    for turn in 0..turns {
        let at = if turn % 3 == 0 {
            random.usize(..whole.len())
        } else {
            filled[random.usize(..filled.len())]
        };
        let bit = random.u32(..8);
        let mut damaged = whole.clone();
        damaged[at] ^= 1 << bit;
        std::fs::write(&copy, &damaged).unwrap();
        if !verify(&copy).is_ok_and(|found| found.is_sound()) {
            noticed += 1;
            continue;
        }
        match shown(&copy) {
            Ok(after) if after == before => harmless += 1,
            Ok(after) if without_the_unseen(after.clone()) == without_the_unseen(before.clone()) => unseen += 1,
            after => missed.push(format!("byte {at}, bit {bit}: {after:?}")),
        }
    }
    println!(
        "{noticed} noticed, {harmless} harmless, {unseen} in columns that nothing is held against, {} missed",
        missed.len()
    );
    println!("reliability: bits of a ledger turned = {turns}");
    println!(
        "reliability: turned bits that change what is shown unnoticed = {}",
        missed.len()
    );
    assert!(missed.is_empty(), "{missed:#?}");
    assert!(noticed > turns / 4 && harmless > 0, "{noticed} {harmless}");
}
