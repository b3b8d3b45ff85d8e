//! The vocabulary: plain data that every stage speaks.
//!
//! Positions, fields, findings, rows, ids, the states of a row and the events that move it. Nothing here does I/O,
//! asks for the time or knows a stage; stages import `model` and never each other.

pub mod cell;
pub mod choices;
pub mod chunk;
pub mod digest;
pub mod field;
pub mod figures;
pub mod finding;
pub mod fit;
pub mod ids;
pub mod kind;
pub mod mapping;
pub mod naming;
pub mod operation;
pub mod outcome;
pub mod position;
pub mod reason;
pub mod row;
pub mod row_state;
pub mod rule;
mod rules;
pub mod totals;
