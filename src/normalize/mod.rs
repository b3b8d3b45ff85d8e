//! Turns records into rows that can be sent, or into findings.

#[cfg_attr(
    not(test),
    expect(dead_code, reason = "the normalizer of rows, which calls it, is not here yet")
)]
pub mod country;
mod country_table;
