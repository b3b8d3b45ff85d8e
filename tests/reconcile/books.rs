//! A bench with a file that was run, and what a reconciliation of it says.

use rollcall::sandbox::{Options, Sandbox};
use rusqlite::Connection;
use serde_json::Value;

use crate::bench::{Bench, Done, sandbox};

/// Customers of the tests' files.
pub(crate) const CUSTOMERS: u64 = 12;

/// The header, and a customer a line: fictitious ones.
pub(crate) fn file(records: &[String]) -> String {
    let mut text = String::from("id,customer_type,first_name,last_name,email_address,telephone_number\n");
    for record in records {
        text.push_str(record);
        text.push('\n');
    }
    text
}

pub(crate) fn customer(number: u64) -> String {
    format!(
        "C-{number},INDIVIDUAL,Ada,Customer{},c{number}@example.org,",
        letters(number)
    )
}

/// A number as letters: names have no digits.
fn letters(number: u64) -> String {
    number
        .to_string()
        .bytes()
        .map(|digit| char::from(digit - b'0' + b'a'))
        .collect()
}

pub(crate) fn customers() -> Vec<String> {
    (1..=CUSTOMERS).map(customer).collect()
}

/// What a reconciliation said: each object that is named, and the figures.
#[derive(Debug)]
pub(crate) struct Said {
    pub(crate) named: Vec<Value>,
    pub(crate) summary: Value,
}

impl Said {
    pub(crate) fn of(done: &Done) -> Self {
        let mut named: Vec<Value> = done
            .stdout
            .lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect();
        let summary = named.pop().unwrap();
        assert_eq!(summary["what"], "summary");
        Self { named, summary }
    }

    /// What is named, as `class record` or `what record`, duplicates left out.
    pub(crate) fn names(&self) -> Vec<String> {
        let word = |value: &Value| match value["what"].as_str().unwrap() {
            "record" => value["class"].as_str().unwrap().to_owned(),
            other => other.to_owned(),
        };
        let place = |value: &Value| match value["record"].as_u64() {
            Some(record) => record.to_string(),
            None => value["customer_id"].as_str().unwrap().to_owned(),
        };
        self.named
            .iter()
            .map(|value| format!("{} {}", word(value), place(value)))
            .collect()
    }

    /// How many records of a file are of a class.
    pub(crate) fn of_class(&self, file: usize, class: &str) -> u64 {
        self.summary["files"][file]["classes"][class].as_u64().unwrap()
    }

    /// Holds that every record of every file is in one class, that the sides agree where every record is answered for and
    /// only there, and that it is in balance where nothing is named that breaks it and only there. All of it is added up
    /// here again, from the figures that are shown.
    pub(crate) fn holds(&self) {
        let count = |value: &Value| value.as_u64().unwrap_or_default();
        let (mut whole, mut sides_agree) = (true, true);
        for file in self.summary["files"].as_array().unwrap() {
            let classes = file["classes"].as_object().unwrap();
            let sum: u64 = classes.values().map(count).sum();
            assert_eq!(sum, file["source"]["records"], "{file}");
            let open = classes.iter().filter(|(class, _)| !ANSWERED.contains(&class.as_str()));
            let open = open.map(|(_, records)| count(records)).sum::<u64>() + count(&file["gone"]);
            assert_eq!(agree(&file["control_totals"]), open == 0, "{file:#}");
            sides_agree &= open == 0;
            let is_balanced = open == 0 && file["trailer"]["fits"] != false;
            assert_eq!(file["in_balance"], is_balanced, "{file:#}");
            whole &= is_balanced;
        }
        let others = [
            "strangers",
            "open_exceptions_of_these_files_in_other_runs",
            "lost_of_these_files_in_other_runs",
        ];
        let others: u64 = others.iter().map(|name| count(&self.summary[name])).sum();
        let is_balanced = whole && others == 0;
        assert_eq!(self.summary["in_balance"], is_balanced, "{:#}", self.summary);
        let agreed = sides_agree && count(&self.summary["strangers"]) == 0;
        assert_eq!(agree(&self.summary["control_totals"]), agreed, "{:#}", self.summary);
    }
}

/// Classes in which nothing is left to do.
const ANSWERED: [&str; 4] = ["matched", "duplicate", "corrected", "disposed"];

/// Whether the three sides are the same; what is said of it must be what they are.
fn agree(totals: &Value) -> bool {
    let agree = totals["source"] == totals["ledger"] && totals["ledger"] == totals["api"];
    assert_eq!(totals["agree"], agree, "{totals:#}");
    agree
}

pub(crate) struct Books {
    pub(crate) bench: Bench,
    pub(crate) sandbox: Sandbox,
}

impl Books {
    pub(crate) async fn new() -> Self {
        Self::with(Options::default()).await
    }

    pub(crate) async fn with(options: Options) -> Self {
        let sandbox = sandbox(options).await;
        let bench = Bench::against(&sandbox);
        Self { bench, sandbox }
    }

    /// A file of good customers that was run.
    pub(crate) async fn run() -> Self {
        let books = Self::new().await;
        books.write("customers.csv", &customers());
        books.bench.expect(0, &["run", "customers.csv"]).await;
        books
    }

    pub(crate) fn write(&self, name: &str, records: &[String]) {
        self.bench.write(name, file(records));
    }

    /// Reconciles and holds it to an exit code.
    pub(crate) async fn reconcile(&self, code: i32, arguments: &[&str]) -> Said {
        let all = [&["reconcile", "--format", "json"], arguments].concat();
        let done = self.bench.expect(code, &all).await;
        let said = Said::of(&done);
        said.holds();
        assert_eq!(said.summary["in_balance"], code == 0, "{said:#?}");
        said
    }

    /// Reconciles the one file and holds it to what is named.
    pub(crate) async fn names(&self, expected: &[&str]) -> Said {
        let code = i32::from(!expected.is_empty());
        let said = self.reconcile(code, &["customers.csv"]).await;
        assert_eq!(said.names(), expected, "{said:#?}");
        said
    }

    /// Does to the ledger what nobody may.
    pub(crate) fn change(&self, sql: &str) {
        let connection = Connection::open(self.bench.ledger()).unwrap();
        connection.execute_batch(sql).unwrap();
    }
}
