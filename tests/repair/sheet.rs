//! A table as a clerk has it before her: cells by record and by the name of their column.

use rollcall::ledger::{Reader, RowEntry, RunEntry};
use rollcall::model::row::RowKey;
use rollcall::sandbox::{Fault, FaultEntry, FaultPlan, RequestKind, Sandbox};

use crate::bench::{Bench, customers};

/// A CSV file, edited by hand.
#[derive(Clone, Debug)]
pub(crate) struct Sheet {
    pub(crate) header: Vec<String>,
    pub(crate) rows: Vec<Vec<String>>,
}

impl Sheet {
    pub(crate) fn read(text: impl AsRef<[u8]>) -> Self {
        let mut reader = csv::ReaderBuilder::new().flexible(true).from_reader(text.as_ref());
        let cells = |record: csv::StringRecord| record.iter().map(str::to_owned).collect::<Vec<_>>();
        Self {
            header: cells(reader.headers().unwrap().clone()),
            rows: reader.records().map(|record| cells(record.unwrap())).collect(),
        }
    }

    /// Fictitious customers without a defect.
    pub(crate) fn customers(rows: u64, seed: u64) -> Self {
        Self::read(customers(rows, seed, 0.0).csv)
    }

    pub(crate) fn column(&self, name: &str) -> usize {
        self.header.iter().position(|column| column == name).unwrap()
    }

    /// A cell of a record, counted from 1.
    pub(crate) fn get(&self, record: usize, name: &str) -> &str {
        &self.rows[record - 1][self.column(name)]
    }

    /// The first of these columns that is filled: persons and firms fill different ones.
    pub(crate) fn filled<'name>(&self, record: usize, names: [&'name str; 2]) -> &'name str {
        let is_filled = |name: &&&str| !self.get(record, name).trim().is_empty();
        names.iter().find(is_filled).unwrap()
    }

    pub(crate) fn set(&mut self, record: usize, name: &str, cell: &str) {
        let column = self.column(name);
        cell.clone_into(&mut self.rows[record - 1][column]);
    }

    pub(crate) fn text(&self) -> String {
        let mut writer = csv::WriterBuilder::new().flexible(true).from_writer(Vec::new());
        for row in std::iter::once(&self.header).chain(&self.rows) {
            writer.write_record(row).unwrap();
        }
        String::from_utf8(writer.into_inner().unwrap()).unwrap()
    }

    /// Some records of a source with the columns behind them by which they are tied.
    pub(crate) fn repair(&self, file: &str, records: &[usize]) -> Self {
        let extra = ["_file", "_record", "_line", "_state", "_codes", "_message"].map(str::to_owned);
        let row = |record: &usize| {
            let extra = [file, &record.to_string(), "", "", "", ""].map(str::to_owned);
            [self.rows[record - 1].clone(), extra.to_vec()].concat()
        };
        Self {
            header: [self.header.clone(), extra.to_vec()].concat(),
            rows: records.iter().map(row).collect(),
        }
    }
}

/// The ledger of a bench.
pub(crate) fn ledger(bench: &Bench) -> Reader {
    Reader::open(&bench.ledger()).unwrap()
}

pub(crate) fn run(bench: &Bench, run_id: i64) -> RunEntry {
    ledger(bench).run(run_id).unwrap().unwrap()
}

/// The key of a record of a run's first source.
pub(crate) fn key(bench: &Bench, run_id: i64, record: u64) -> RowKey {
    RowKey {
        input: run(bench, run_id).inputs[0].input_id,
        record,
    }
}

pub(crate) fn row(bench: &Bench, run_id: i64, record: u64) -> RowEntry {
    ledger(bench).row(key(bench, run_id, record)).unwrap().unwrap()
}

/// State and findings of every record of a run's first source.
pub(crate) fn ends(bench: &Bench, run_id: i64) -> Vec<String> {
    let reader = ledger(bench);
    let mut ends = Vec::new();
    let visit = |row: RowEntry| {
        let codes: Vec<_> = reader
            .findings(row.key)?
            .into_iter()
            .map(|finding| finding.code)
            .collect();
        let words = [&[row.state.word().to_owned()][..], &codes].concat();
        ends.push(words.join(" "));
        Ok::<_, rollcall::ledger::LedgerError>(())
    };
    reader
        .rows(run(bench, run_id).inputs[0].input_id, 1, u64::MAX, visit)
        .unwrap();
    ends
}

/// From now on the API refuses whoever is created.
pub(crate) fn refuse(sandbox: &Sandbox) {
    let refusal = FaultEntry::new(Fault::answer(422)).on(&[RequestKind::Create]);
    sandbox.set_plan(FaultPlan { entries: vec![refusal] }).unwrap();
}

/// From now on the API takes whoever is created.
pub(crate) fn take(sandbox: &Sandbox) {
    sandbox.set_plan(FaultPlan::default()).unwrap();
}

pub(crate) fn assert_sound(bench: &Bench) {
    let troubles = rollcall::ledger::verify(&bench.ledger()).unwrap().troubles;
    assert!(troubles.is_empty(), "{troubles:?}");
}
