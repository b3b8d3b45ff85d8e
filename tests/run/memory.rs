//! Memory: what a run takes at its peak does not grow with the file, save for the index of the customers seen.
//!
//! `scripts/reliability` has the long form. Linux only: the peak is what the kernel says.

#![cfg(target_os = "linux")]

use rollcall::sandbox::Options;

use crate::bench::{Bench, Working, customers, number, sandbox};

/// Bytes that a row may take: 16 in the index of customers, as many while the ledger's is sorted, and as much again for what
/// the allocator and the ledger's cache of pages add.
const BYTES_A_ROW: u64 = 128;
/// What fills up once and stays: the ledger's cache of pages (16 MiB), chunks and batches.
const BOUNDED_BYTES: u64 = 24 << 20;
/// Rows of the quick form: enough for every chunk to be in use.
const QUICK_ROWS: u64 = 6_000;

/// The peak of a process so far, in bytes.
fn peak(process: &Working) -> Option<u64> {
    let status = std::fs::read_to_string(format!("/proc/{}/status", process.id())).ok()?;
    let line = status.lines().find(|line| line.starts_with("VmHWM:"))?;
    let kib: u64 = line.split_whitespace().nth(1)?.parse().ok()?;
    Some(kib * 1024)
}

/// Whether a peak grew by more than the rows may take.
fn grows(few: (u64, u64), many: (u64, u64)) -> bool {
    many.1 > few.1 + BOUNDED_BYTES + (many.0 - few.0) * BYTES_A_ROW
}

/// The peak of a run over so many rows.
async fn peak_of_run(bench: &Bench, rows: u64, seed: u64) -> u64 {
    bench.write("customers.csv", &customers(rows, seed, 0.0).csv);
    let mut working = bench.start(&["run", "customers.csv"]);
    let mut highest = 0;
    let watched = working.end_or(|process| {
        highest = peak(process).unwrap_or_default().max(highest);
        false
    });
    assert!(!watched.await);
    assert_eq!(working.end().await.code, Some(0));
    highest
}

#[tokio::test(flavor = "multi_thread")]
async fn the_peak_of_memory_does_not_grow_with_the_file() {
    let few = 1_000;
    let many = number("ROLLCALL_MEMORY_ROWS").unwrap_or(QUICK_ROWS);
    let mut peaks = Vec::new();
    for (rows, seed) in [(few, 61), (many, 62)] {
        let sandbox = sandbox(Options::default()).await;
        let peak = peak_of_run(&Bench::against(&sandbox), rows, seed).await;
        eprintln!("reliability: peak of memory at {rows} rows, MiB = {}", peak >> 20);
        peaks.push((rows, peak));
    }
    assert!(!grows(peaks[0], peaks[1]), "{peaks:?}");
}

/// The positive control: the sandbox, which keeps every customer, is seen to grow. It takes more rows than the quick form
/// has to fill what is bounded, so there the judge alone is shown such a program.
#[tokio::test(flavor = "multi_thread")]
async fn a_program_that_keeps_every_row_is_seen_to_grow() {
    assert!(grows((1_000, 50 << 20), (100_000, 150 << 20)));
    assert!(!grows((1_000, 50 << 20), (100_000, 80 << 20)));
    let Some(many) = number("ROLLCALL_MEMORY_ROWS") else {
        return;
    };
    let mut peaks = Vec::new();
    for (rows, seed) in [(1_000, 63), (many, 64)] {
        let mut bench = Bench::new();
        let mut server = bench.start(&["sandbox", "--port", "0"]);
        assert!(server.end_or(|server| server.said().contains("Ctrl-C")).await);
        let said = server.said();
        let base = said
            .split_whitespace()
            .find(|word| word.starts_with("http://"))
            .unwrap();
        bench.turn_to(base, &base.replace("/api", "/oauth2/token"));
        peak_of_run(&bench, rows, seed).await;
        peaks.push((rows, peak(&server).unwrap()));
    }
    assert!(grows(peaks[0], peaks[1]), "{peaks:?}");
    eprintln!("reliability: positive control a program that keeps every row = caught");
}
