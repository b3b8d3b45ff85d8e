//! The ledger: one SQLite file that knows what became of every row.
//!
//! A row is in the ledger before it can be sent, a claim is in it before an attempt, and an outcome before it is shown.
//! Events are appended and never overwritten; the current state of a row is its events folded through
//! [`crate::model::row_state::next`]. One thread writes, in group commits; readers are short and see committed rows only.
//!
//! It stores customer ids, idempotency ids, positions, states, codes, times and attempts: no names, telephone numbers,
//! dates or other values. Any failure to write is fatal: the run stops, and the next process reads from disk.
//!
//! `schema` holds the tables and their versions, `store` every statement that writes, `query` every statement that only
//! reads, `verify/sql` those by which a ledger is verified; no other file speaks SQL. `sum` is the checksum that each line
//! of `row` and `event` bears. `open` opens the file, `writer` is the thread, `place` says where a ledger may be, `lock` keeps a second process
//! out, `examine` asks what a run would find. `verify` holds everything in a ledger against everything else, `backup` copies it.

mod addition;
mod backup;
mod balance;
mod clearing;
mod entry;
mod error;
mod examine;
mod lock;
mod open;
mod place;
mod query;
mod schema;
mod stay;
mod store;
mod sum;
mod verify;
mod writer;

pub use addition::{Addition, ComparisonEntry, Correction, Disposition, NewComparison, Observation, Seen};
pub use backup::{Backup, BackupError, backup};
pub use balance::{Balance, InputTotals};
pub use clearing::Clearing;
pub use entry::{
    Claim, Claimed, FindingCount, FindingEntry, InputEntry, NewInput, NewRun, Planned, PlannedFinding, RowEntry,
    RunEntry, RunEventEntry,
};
pub use error::LedgerError;
pub use examine::{Examined, examine};
pub use place::Unfit;
pub use query::{Moment, Reader, Standing};
pub use verify::{Check, Place, Trouble, Verification, verify};
pub use writer::{Ledger, Pending, make_private_folder};
