//! What the values of a column look like, counted while they pass by.
//!
//! Every counter has a bound, so a column costs the same memory in a file of a thousand records and of ten million.
//! Shapes are masked. The distinct texts of a column with few of them are kept in memory, for words of closed lists; no
//! report prints them. It judges nothing: `propose` draws conclusions, `normalize` checks.

mod column;
mod distinct;
mod shapes;

pub use column::{Column, LONGEST_TEXT, Traits};
pub use distinct::Distinct;
pub use shapes::Shapes;
