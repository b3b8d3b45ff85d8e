//! Whether a whole ledger holds: every line against its checksum, every row's events against the states, every total
//! against the rows.
//!
//! It reads only, in one transaction, so that it sees one moment also while a run is writing; as long as it reads, the
//! writer's log beside the ledger grows instead of being folded into it. It goes through one input after the other and
//! keeps one row in memory, and `KEPT` troubles of each kind.
//!
//! What it cannot see: whoever can write the file can write checksums too. `run`, `run_event`, `input`, `input_total`,
//! `finding`, `customer`, `comparison` and `comparison_event` bear none. Of these, what the rows or another column say as
//! well is held against it: numbers and references, namespaces (by the customers that were claimed under them), days,
//! operations, what a run corrects (by its corrections), the order of what happened to a run and to a comparison, counts
//! of records and lines, findings of rejects, codes, fields. Not seen is a change of a target, of a program's version, of
//! who gave a command, of a time within its day, of a digest, of an input's name or size, of one known code into another,
//! of a finding's column, of how many pages a comparison has read; the loss of a warning, of a reject's last finding but
//! one, of the last thing that happened to a run or to a comparison, of a row's last outcome while its run is not finished
//! (it is sent again under its id), of a correction, of the last decision about a record, of an observation or a stranger;
//! and of whole runs and comparisons with all that belongs to them. Lines of versions before 3 have no checksums at all,
//! and a reader is told so.

mod additions;
mod rows;
mod runs;
mod sql;

use std::path::Path;

use self::sql::Snapshot;
use super::{LedgerError, Reader};

/// Troubles of one kind that are kept in words; all are counted. A ledger that lost a page has thousands of one kind.
const KEPT: usize = 20;

/// What is held against what.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Check {
    /// SQLite's own check of pages, indexes, types: `integrity_check`.
    Pages,
    /// Lines whose run or input must exist.
    References,
    /// Runs: their columns, and their sources in order.
    Runs,
    /// What happened to runs, in order.
    RunEvents,
    /// Checksums of lines.
    Sums,
    /// Rows: what they hold fits how they were planned, and their events follow each other.
    Rows,
    /// Events: numbered without a gap, each of a row that is there.
    Events,
    /// Findings: numbered without a gap, of a row that is there; each reject has its errors, and nothing else has one.
    Findings,
    /// Codes of rows, events, findings and runs.
    Codes,
    /// The index of customers, where every row must be that was ever claimed.
    Customers,
    /// What was added to rows: corrections, decisions of people, comparisons with the API and what they saw.
    Additions,
    /// Records: from 1 on without a gap, at places that grow.
    Records,
    /// Control totals: rows in their states against what the reader counted, and against what reports show.
    Totals,
    /// Lines of the sources, where they were counted.
    Lines,
}

impl Check {
    /// Every check, in the order of reports.
    pub const ALL: [Self; 14] = [
        Self::Pages,
        Self::References,
        Self::Runs,
        Self::RunEvents,
        Self::Sums,
        Self::Rows,
        Self::Events,
        Self::Findings,
        Self::Codes,
        Self::Customers,
        Self::Additions,
        Self::Records,
        Self::Totals,
        Self::Lines,
    ];

    /// The word for programs.
    pub fn word(self) -> &'static str {
        match self {
            Self::Pages => "pages",
            Self::References => "references",
            Self::Runs => "runs",
            Self::RunEvents => "run_events",
            Self::Sums => "checksums",
            Self::Rows => "rows",
            Self::Events => "events",
            Self::Findings => "findings",
            Self::Codes => "codes",
            Self::Customers => "customers",
            Self::Additions => "additions",
            Self::Records => "records",
            Self::Totals => "totals",
            Self::Lines => "lines",
        }
    }

    /// What is counted, for people.
    pub fn says(self) -> &'static str {
        match self {
            Self::Pages => "pages, checked by SQLite",
            Self::References => "tables, whose lines belong to others",
            Self::Runs => "runs with their sources",
            Self::RunEvents => "events of runs, in order",
            Self::Sums => "lines against their checksums",
            Self::Rows => "rows, from event to event",
            Self::Events => "events, numbered, of known rows",
            Self::Findings => "findings, of known rows",
            Self::Codes => "codes with a meaning",
            Self::Customers => "claimed customers in the index",
            Self::Additions => "corrections, decisions and comparisons",
            Self::Records => "records without a gap",
            Self::Totals => "totals, added up again",
            Self::Lines => "sources whose lines add up",
        }
    }

    /// Whether a trouble means that records and rows do not add up; any other means that the file is damaged.
    pub fn is_balance(self) -> bool {
        matches!(self, Self::Records | Self::Totals | Self::Lines)
    }

    /// What a trouble means to whoever relies on the ledger.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Pages | Self::References => "the file is damaged, and what it says of rows may be missing",
            Self::Runs | Self::RunEvents => "what the ledger says of the run as a whole is not to be relied upon",
            Self::Sums => "the line is not what was written, and is never used",
            Self::Rows | Self::Events => "what became of the row is not known for sure",
            Self::Findings => "what was wrong with the record is not known in full",
            Self::Codes => "damage, or a newer rollcall wrote it",
            Self::Customers => "a later run may send the customer again; its id keeps it from being created twice",
            Self::Additions => "how a record was corrected, decided about or compared is not known for sure",
            Self::Records | Self::Totals => "not every record that was read is answered for",
            Self::Lines => "what was read of the source is not known for sure",
        }
    }
}

/// Where a trouble is, as far as that is known.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Place {
    /// Number of the run.
    pub run: Option<i64>,
    /// Number of the input in the ledger.
    pub input: Option<i64>,
    /// Record in the input.
    pub record: Option<i64>,
}

impl Place {
    fn run(run: i64) -> Self {
        Self {
            run: Some(run),
            ..Self::default()
        }
    }

    fn record(self, record: i64) -> Self {
        Self {
            record: Some(record),
            ..self
        }
    }
}

/// Something that does not hold.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Trouble {
    /// What was held against what.
    pub check: Check,
    /// Where.
    pub place: Place,
    /// What is wrong, without any value of a customer.
    pub what: String,
}

/// What was held against what, how often, and what does not hold.
#[derive(Clone, Debug, Default)]
pub struct Verification {
    /// Whether lines bear checksums: those of ledgers before version 3 do not.
    pub summed: bool,
    /// Runs in the ledger.
    pub runs: u64,
    /// Rows in the ledger.
    pub rows: u64,
    /// What does not hold, in the order in which it was met: at most `KEPT` for each check.
    pub troubles: Vec<Trouble>,
    /// Things seen and things that do not hold, for each check.
    counts: [(u64, u64); Check::ALL.len()],
}

impl Verification {
    /// How many things were checked, and how many of them do not hold.
    pub fn count(&self, check: Check) -> (u64, u64) {
        self.counts.get(check as usize).copied().unwrap_or_default()
    }

    /// Whether everything holds.
    pub fn is_sound(&self) -> bool {
        self.counts.iter().all(|(_, troubles)| *troubles == 0)
    }

    /// Whether the file is damaged: something does not hold that is more than a sum.
    pub fn is_damaged(&self) -> bool {
        let damage = |check: &Check| !check.is_balance() && self.count(*check).1 > 0;
        Check::ALL.iter().any(damage)
    }

    /// Counts things that were looked at.
    fn saw(&mut self, check: Check, things: u64) {
        if let Some((seen, _)) = self.counts.get_mut(check as usize) {
            *seen += things;
        }
    }

    /// Writes down what does not hold.
    fn trouble(&mut self, check: Check, place: Place, what: impl Into<String>) {
        self.count_trouble(check);
        if self.troubles.iter().filter(|trouble| trouble.check == check).count() < KEPT {
            let what = what.into();
            self.troubles.push(Trouble { check, place, what });
        }
    }

    /// Counts what does not hold, where it was said in words before.
    fn count_trouble(&mut self, check: Check) {
        if let Some((_, troubles)) = self.counts.get_mut(check as usize) {
            *troubles += 1;
        }
    }

    /// Holds something: counts it, and writes down what is said where it does not hold.
    fn hold(&mut self, check: Check, place: Place, holds: bool, what: impl FnOnce() -> String) {
        self.saw(check, 1);
        if !holds {
            self.trouble(check, place, what());
        }
    }

    /// Goes on behind what cannot be read since it is damaged. Any other error ends the verification.
    fn survive<T: Default>(
        &mut self,
        check: Check,
        place: Place,
        done: Result<T, LedgerError>,
    ) -> Result<T, LedgerError> {
        match done {
            Err(error) if error.is_damage() => {
                self.tell(check, place, &error);
                Ok(T::default())
            }
            done => done,
        }
    }

    /// Writes down an error that means damage.
    fn tell(&mut self, check: Check, place: Place, error: &LedgerError) {
        let what = if let LedgerError::Damaged(what) = error {
            what.clone()
        } else {
            let cause = std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string);
            format!("SQLite cannot read what is there: {cause}")
        };
        self.trouble(check, place, what);
    }
}

/// Verifies a ledger that exists. An error means that it could not be looked at; what does not hold is no error, and
/// neither is damage for which every other command refuses the ledger.
///
/// It takes as long as reading the file twice or three times, and waits for nobody.
pub fn verify(path: &Path) -> Result<Verification, LedgerError> {
    let (mut found, mut damage) = (Verification::default(), Vec::new());
    let opened = Reader::look(path, &mut damage);
    for error in &damage {
        found.tell(Check::Pages, Place::default(), error);
    }
    match opened {
        Ok(reader) => {
            found.summed = reader.summed;
            let whole = everything(&reader, &mut found);
            found.survive(Check::Pages, Place::default(), whole)?;
        }
        Err(error) if damage.is_empty() && !error.is_damage() => return Err(error),
        Err(error) => {
            // Nothing can be read, not even a version: no ledger of an old one is meant.
            found.summed = true;
            if damage.is_empty() {
                found.tell(Check::Pages, Place::default(), &error);
            }
        }
    }
    Ok(found)
}

fn everything(reader: &Reader, found: &mut Verification) -> Result<(), LedgerError> {
    let snapshot = Snapshot::begin(reader)?;
    let pages = snapshot.pages(found);
    found.survive(Check::Pages, Place::default(), pages)?;
    let references = snapshot.references(found);
    found.survive(Check::References, Place::default(), references)?;
    runs::verify(&snapshot, found)?;
    additions::verify(&snapshot, found)
}
