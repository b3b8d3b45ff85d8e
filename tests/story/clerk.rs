//! The clerk's desk: the night's export, and what the customers' data really are.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::process::Command;

use rollcall::model::cell::{protect, unprotect};

use crate::bench::{bare, table};
use crate::generator::{Kinds, Plan, write};

/// Columns from which a telephone number has its country.
const COUNTRIES: [&str; 2] = ["mailing_address.country_code", "registered_address.country_code"];

pub(crate) struct Desk {
    pub(crate) export: Vec<u8>,
    /// What became of each record, by the generator: state, field that is wrong, record that it repeats.
    truth: Vec<BTreeMap<String, String>>,
    /// The same customers without a defect, by record.
    right: Vec<BTreeMap<String, String>>,
    right_csv: Vec<u8>,
}

impl Desk {
    pub(crate) fn of(rows: u64, seed: u64) -> Self {
        let make = |defects_percent| {
            let plan = Plan {
                rows,
                seed,
                defects_percent,
                kinds: Kinds::Mixed,
            };
            let (mut csv, mut truth) = (Vec::new(), Vec::new());
            write(&plan, &mut csv, Some(&mut truth)).unwrap();
            (csv, truth)
        };
        let (export, truth) = make(5.0);
        let (right, _) = make(0.0);
        let text = |bytes: &[u8]| table(std::str::from_utf8(bytes).unwrap());
        Self {
            truth: text(&truth),
            right: text(&right),
            right_csv: right,
            export,
        }
    }

    pub(crate) fn bad_records(&self) -> u64 {
        self.truth.iter().filter(|line| line["state"] == "rejected").count() as u64
    }

    /// Everybody who exists when all is done: whoever is new in the file, whatever was wrong with him.
    pub(crate) fn customers(&self) -> BTreeSet<String> {
        let new = |line: &BTreeMap<String, String>| ["accepted", "rejected"].contains(&line["state"].as_str());
        let records = self.truth.iter().zip(&self.right).filter(|(line, _)| new(line));
        records.map(|(_, right)| bare(&right["id"]).to_owned()).collect()
    }

    /// What the clerk types into the file of rejects: in each record the cell that is wrong is put right. A conflict gets
    /// the data of the record that it repeats.
    pub(crate) fn edits(&self, rejects: &str) -> Vec<Edit> {
        let mut edits = Vec::new();
        for (row, record) in (1..).zip(table(rejects)) {
            let number: usize = record["_record"].parse().unwrap();
            let truth = &self.truth[number - 1];
            let original = truth["original"].parse().unwrap_or(number);
            let mut columns = vec![truth["field"].as_str()];
            if truth["kind"] == "phone_without_country" {
                // What makes such a number readable is the country, in which nothing was found.
                columns.extend(COUNTRIES);
            }
            for column in columns {
                let text = self.right[original - 1][column].clone();
                if text != *unprotect(&record[column]) {
                    let column = column.to_owned();
                    edits.push(Edit { row, column, text });
                }
            }
        }
        edits
    }

    /// The customers of the export without a defect, as a file.
    pub(crate) fn right(&self) -> &[u8] {
        &self.right_csv
    }
}

/// A text typed into a cell.
#[derive(Clone, Debug)]
pub(crate) struct Edit {
    /// Row of the file, from 1, the header not counted.
    pub(crate) row: usize,
    pub(crate) column: String,
    pub(crate) text: String,
}

/// The file with the edits in it, by a program that changes nothing else.
pub(crate) fn by_program(rejects: &str, edits: &[Edit]) -> Vec<u8> {
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(rejects.as_bytes());
    let mut rows: Vec<Vec<String>> = reader
        .records()
        .map(|record| record.unwrap().iter().map(str::to_owned).collect())
        .collect();
    for edit in edits {
        let column = rows[0].iter().position(|name| *name == edit.column).unwrap();
        rows[edit.row][column].clone_from(&edit.text);
    }
    let mut writer = csv::Writer::from_writer(Vec::new());
    for row in &rows {
        writer.write_record(row).unwrap();
    }
    writer.into_inner().unwrap()
}

/// A spreadsheet program that types the edits: the script that has LibreOffice do it.
pub(crate) struct Spreadsheet(pub(crate) PathBuf);

impl Spreadsheet {
    /// That of the environment, outside CI.
    pub(crate) fn of_environment() -> Option<Self> {
        std::env::var_os("STORY_SPREADSHEET").map(|script| Self(script.into()))
    }

    /// Opens, edits and saves a file: as a clerk does who agrees to everything, or with every cell as text.
    pub(crate) fn edit(&self, rejects: &Path, edits: &[Edit], as_text: bool, saved: &Path) {
        let typed = saved.with_extension("edits");
        let mut writer = csv::Writer::from_path(&typed).unwrap();
        writer.write_record(["row", "column", "text"]).unwrap();
        for edit in edits {
            // Whoever is not asked for text puts an apostrophe before what would begin a formula.
            let text = if as_text {
                edit.text.as_str().into()
            } else {
                protect(&edit.text)
            };
            writer
                .write_record([&edit.row.to_string(), &edit.column, &*text])
                .unwrap();
        }
        writer.flush().unwrap();
        let mut command = Command::new(&self.0);
        command
            .arg(rejects)
            .arg("--edits")
            .arg(&typed)
            .arg("--output")
            .arg(saved);
        command.args(["--way", if as_text { "xlsx" } else { "csv" }]);
        if as_text {
            command.arg("--text");
        }
        assert!(command.status().unwrap().success());
    }
}
