//! The clerk's desk: the night's export, and what the customers' data really are.

use std::collections::{BTreeMap, BTreeSet};

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

    /// The file of rejects as the clerk gives it back: in each record the cell that is wrong is put right. A conflict
    /// gets the data of the record that it repeats.
    pub(crate) fn fix(&self, rejects: &str) -> Vec<u8> {
        let mut reader = csv::Reader::from_reader(rejects.as_bytes());
        let header = reader.headers().unwrap().clone();
        let at = |name: &str| header.iter().position(|column| column == name).unwrap();
        let mut writer = csv::Writer::from_writer(Vec::new());
        writer.write_record(&header).unwrap();
        for record in reader.records() {
            let mut cells: Vec<String> = record.unwrap().iter().map(str::to_owned).collect();
            let number: usize = cells[at("_record")].parse().unwrap();
            let truth = &self.truth[number - 1];
            let original = truth["original"].parse().unwrap_or(number);
            let field = truth["field"].as_str();
            cells[at(field)].clone_from(&self.right[original - 1][field]);
            if truth["kind"] == "phone_without_country" {
                // What makes such a number readable is the country, in which nothing was found.
                for country in COUNTRIES {
                    cells[at(country)].clone_from(&self.right[original - 1][country]);
                }
            }
            writer.write_record(&cells).unwrap();
        }
        writer.into_inner().unwrap()
    }
}
