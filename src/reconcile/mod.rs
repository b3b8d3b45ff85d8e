//! Three truths side by side: a source as it is now, the ledger, and the API.
//!
//! `align` puts the records of a source beside the ledger's rows, `class` says of each record what it is, `totals` adds up
//! what should be at the API, and `figures` says whether all of it is in balance. `text`, `json` and `csv` only show it.
//! Nothing here reads a file, asks a ledger or the API, or decides what is sent: `pipeline` brings the facts.

mod align;
mod class;
mod csv;
mod figures;
mod item;
mod json;
mod text;
mod totals;

pub use align::{Align, Pair, Placed};
pub use class::{Api, Class, Facts, Known, Settled, classify};
pub use csv::Table;
pub use figures::{ApiCounts, Compared, FileFigures, Reconciliation, Trailer};
pub use item::{Answer, Exception, Item, LostRow, RecordItem};
pub use json::{item_json, summary_json};
pub use text::{Lists, summary_text};
pub use totals::{Hash, Side, Sides};
