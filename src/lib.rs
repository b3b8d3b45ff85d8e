//! Creates customers at a REST API from CSV exports, once and only once, and answers for every row.

pub mod normalize;
