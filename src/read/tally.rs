//! The figures of a reading.
//!
//! It counts nothing itself: that is for the layers, each of which sees a part.

/// What was read so far; final once [`super::Records::fill`] gave `false`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Tally {
    /// Records, the header not counted.
    pub records: u64,
    /// Lines between records that hold nothing at all.
    pub blank_lines: u64,
    /// Lines, the header's and the blank ones included.
    pub lines: u64,
    /// Bytes of decoded text, without a byte order mark.
    pub bytes: u64,
}
