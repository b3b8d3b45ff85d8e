//! What a cell looks like: the vocabulary in which values are spoken of before it is known which field they feed.
//!
//! `normalize` says what a cell fits, `profile` counts it, `propose` reads the counts. It holds no value.

/// How a candidate format orders its parts. Formats of one order that both read a cell read the same day.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub enum DateOrder {
    /// Day, month, year.
    DayFirst,
    /// Month, day, year.
    MonthFirst,
    /// Year, month, day.
    YearFirst,
    /// A number of days.
    Serial,
}

/// The formats of dates that columns are held against, in the notation of `input.date-formats`: what exports of this
/// world write beside ISO 8601. One that cannot be used is passed over.
pub const DATE_FORMATS: [(&str, DateOrder); 15] = [
    ("%d/%m/%Y", DateOrder::DayFirst),
    ("%m/%d/%Y", DateOrder::MonthFirst),
    ("%d.%m.%Y", DateOrder::DayFirst),
    ("%m.%d.%Y", DateOrder::MonthFirst),
    ("%d-%m-%Y", DateOrder::DayFirst),
    ("%m-%d-%Y", DateOrder::MonthFirst),
    ("%Y/%m/%d", DateOrder::YearFirst),
    ("%Y.%m.%d", DateOrder::YearFirst),
    ("%Y%m%d", DateOrder::YearFirst),
    ("%d %b %Y", DateOrder::DayFirst),
    ("%d %B %Y", DateOrder::DayFirst),
    ("%d-%b-%Y", DateOrder::DayFirst),
    ("%b %d, %Y", DateOrder::MonthFirst),
    ("%B %d, %Y", DateOrder::MonthFirst),
    ("serial-1900", DateOrder::Serial),
];

/// The countries in which numbers without `+` are tried where nothing says their country: those of most exports.
pub const REGIONS: [&str; 24] = [
    "US", "GB", "DE", "FR", "ES", "IT", "NL", "BE", "PL", "PT", "BR", "MX", "CA", "AT", "CH", "SE", "DK", "NO", "FI",
    "IE", "CZ", "AU", "IN", "ZA",
];

/// Cells that people write where nothing is known, beside what `input.null-words` knows: compared without regard to case.
pub const ABSENT_WORDS: [&str; 16] = [
    "-",
    "--",
    "---",
    ".",
    "?",
    "none",
    "nil",
    "unknown",
    "not available",
    "k.a.",
    "k. a.",
    "keine angabe",
    "s/o",
    "néant",
    "b.d.",
    "brak",
];

/// What one cell fits.
#[expect(
    clippy::struct_excessive_bools,
    reason = "each answers a question of its own, and a cell may fit several"
)]
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub struct Fit {
    /// An e-mail address.
    pub email: bool,
    /// A valid telephone number with `+`.
    pub phone: bool,
    /// Digits as a telephone number without `+` has them.
    pub national: bool,
    /// The country that it names, alpha-2.
    pub country: Option<&'static str>,
    /// An ISO 8601 date.
    pub iso_date: bool,
    /// The candidate formats that read it: bit n is [`DATE_FORMATS`]\[n\].
    pub dates: u32,
    /// The regions in which it is a valid number: bit n is [`REGIONS`]\[n\].
    pub regions: u32,
    /// The address of a web site.
    pub website: bool,
}

impl Fit {
    /// Whether any candidate format, or ISO 8601, reads it.
    pub fn is_date(&self) -> bool {
        self.iso_date || self.dates != 0
    }
}

/// The numbers of the bits that are set.
pub fn bits(set: u32) -> impl Iterator<Item = usize> {
    (0..32).filter(move |bit| set & (1 << bit) != 0)
}
