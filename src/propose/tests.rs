//! Whole proposals from a few cells.
