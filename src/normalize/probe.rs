//! What a cell of an unknown column fits, found out with the code that checks records.
//!
//! A probe asks every kind that has a test of its own and says which would take the cell. It makes no row and no finding.
//! It is for samples: a cell costs some microseconds, and a number without `+` is tried in every region of
//! [`REGIONS`] while the caller asks for it.

use std::borrow::Cow;

use jiff::civil::Date;

use super::country::country;
use super::date::Dates;
use super::notes::{Notes, has_error};
use super::phone::Phones;
use super::phone_rules::PhoneRules;
use super::{email, number, text};
use crate::model::field::{FieldId, Kind};
use crate::model::fit::{DATE_FORMATS, Fit, REGIONS};

/// Digits that a telephone number without `+` has at least and at most; ITU-T E.164 allows 15.
const NATIONAL_DIGITS: std::ops::RangeInclusive<usize> = 6..=15;

/// Longest text that can be a date, in bytes.
const LONGEST_DATE: usize = 32;

/// Asks which candidate formats read a date.
pub struct DateProbe {
    iso: Dates,
    /// A format with its number; those that cannot be used are left out.
    dates: Vec<(usize, Dates)>,
}

impl DateProbe {
    /// Makes a probe. `today` is the latest day that a date may name.
    pub fn new(today: Date) -> Option<Self> {
        let dates = |format: &str| Dates::new(&[format.to_owned()], today).ok();
        let formats = DATE_FORMATS.iter().enumerate();
        Some(Self {
            iso: Dates::new(&[], today).ok()?,
            dates: formats
                .filter_map(|(number, (format, _))| Some((number, dates(format)?)))
                .collect(),
        })
    }

    /// Whether ISO 8601 reads a cell, and the candidate formats that do: bit n is [`DATE_FORMATS`]\[n\].
    /// The cell is tidied as the check does.
    pub fn fits(&self, cell: &str) -> (bool, u32) {
        let cell = &*tidied(Kind::Date, cell);
        if cell.len() > LONGEST_DATE || !cell.contains(|character: char| character.is_ascii_digit()) {
            return (false, 0);
        }
        let reads = |dates: &Dates| dates.past(cell, &mut String::new(), &mut Notes::new()).is_ok();
        if reads(&self.iso) {
            return (true, 0);
        }
        let reading = self.dates.iter().filter(|(_, dates)| reads(dates));
        (false, reading.fold(0, |set, (bit, _)| set | 1 << bit))
    }
}

/// Asks what cells fit.
pub struct Probe {
    phones: Phones,
    dates: DateProbe,
}

impl Probe {
    /// Makes a probe; `None` if the telephone library cannot read its own metadata.
    pub fn new(today: Date) -> Option<Self> {
        Some(Self {
            phones: Phones::new(&PhoneRules::load()?)?,
            dates: DateProbe::new(today)?,
        })
    }

    /// A cell as it is seen by the checks: trimmed, with one space between words; empty if it cannot be cleaned.
    pub fn clean(cell: &str) -> String {
        let mut cleaned = String::with_capacity(cell.len());
        // A cell with a control character is a finding later and fits nothing.
        text::clean(cell, text::Marks::Removed, &mut cleaned, &mut Notes::new()).unwrap_or_default();
        cleaned
    }

    /// What a cleaned cell fits. `try_regions` says whether a number without `+` is tried in every region.
    pub fn look(&self, cell: &str, try_regions: bool) -> Fit {
        let mut fit = Fit {
            email: cell.contains('@')
                && fits(|to, notes| {
                    email::email(&tidied(Kind::Email, cell), to, notes);
                    Ok(())
                }),
            country: country(&tidied(Kind::Country, cell)).ok(),
            website: is_website(&tidied(Kind::Website, cell)),
            ..Fit::default()
        };
        (fit.iso_date, fit.dates) = self.dates.fits(cell);
        let cell = &*tidied(Kind::Phone, cell);
        if cell.contains(|character: char| character.is_ascii_digit()) {
            fit.phone = cell.contains('+') && self.is_phone(cell, None);
            fit.national = !fit.phone && looks_national(cell);
            if try_regions && fit.national && !fit.is_date() {
                let regions = REGIONS.iter().enumerate();
                let valid = regions.filter(|(_, region)| self.is_phone(cell, Some(region)));
                fit.regions = valid.fold(0, |set, (bit, _)| set | 1 << bit);
            }
        }
        fit
    }

    fn is_phone(&self, cell: &str, region: Option<&str>) -> bool {
        fits(|to, notes| self.phones.phone(cell, region, to, notes))
    }

    /// The word of a field's closed list that a text is without any synonym.
    pub fn word(id: FieldId, text: &str) -> Option<&'static str> {
        let mut to = String::new();
        let text = tidied(id.field().kind, text);
        super::choice::Synonyms::default().choice(id, &text, &mut to).ok()?;
        id.field().kind.choices().iter().copied().find(|word| *word == to)
    }
}

/// A cell without what a spreadsheet did to it, as the check of its kind sees it; empty where that is a finding.
fn tidied(kind: Kind, cell: &str) -> Cow<'_, str> {
    number::tidy(kind, cell, &mut Notes::new()).unwrap_or_default()
}

/// Whether a check takes a value without an error.
fn fits(check: impl FnOnce(&mut String, &mut Notes) -> Result<(), crate::model::rule::Rule>) -> bool {
    let mut notes = Notes::new();
    check(&mut String::new(), &mut notes).is_ok() && !has_error(&notes)
}

/// Whether a text has the digits of a telephone number and nothing that none has.
fn looks_national(cell: &str) -> bool {
    let digits = cell.chars().filter(char::is_ascii_digit).count();
    NATIONAL_DIGITS.contains(&digits)
        && cell
            .chars()
            .all(|character| character.is_ascii_digit() || " ()-./+".contains(character))
}

/// Whether a text is the address of a web site, with or without its scheme.
fn is_website(cell: &str) -> bool {
    let lower = cell.to_ascii_lowercase();
    let named = lower.starts_with("http://") || lower.starts_with("https://") || lower.starts_with("www.");
    named && !cell.contains(' ') && cell.contains('.')
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::fit::bits;

    fn look(cell: &str) -> Fit {
        Probe::new(Date::constant(2026, 1, 1)).unwrap().look(cell, true)
    }

    fn formats(cell: &str) -> Vec<&'static str> {
        bits(look(cell).dates).map(|bit| DATE_FORMATS[bit].0).collect()
    }

    #[test]
    fn dates_fit_the_formats_that_read_them() {
        assert_eq!(formats("03/04/1986"), ["%d/%m/%Y", "%m/%d/%Y"]);
        assert_eq!(formats("13/04/1986"), ["%d/%m/%Y"]);
        assert_eq!(formats("4/13/1986"), ["%m/%d/%Y"]);
        assert_eq!(formats("14.03.1968"), ["%d.%m.%Y"]);
        assert_eq!(formats("19680314"), ["%Y%m%d"]);
        assert_eq!(formats("14 Mar 1968").first(), Some(&"%d %b %Y"));
        assert_eq!(formats("March 14, 1968").last(), Some(&"%B %d, %Y"));
        assert!(formats("1968-03-14").is_empty() && look("1968-03-14").iso_date);
        assert!(formats("03/04/86").is_empty(), "a year of two digits is a guess");
    }

    #[test]
    fn cells_fit_the_kinds_that_take_them() {
        assert!(look("ada@example.org").email && !look("ada@").email);
        assert!(look("+49 30 901820").phone && !look("+49 30 901820").national);
        let regions: Vec<_> = bits(look("030 901820").regions).map(|bit| REGIONS[bit]).collect();
        assert!(regions.contains(&"DE") && !regions.contains(&"US"), "{regions:?}");
        assert_eq!(look("Deutschland").country, Some("DE"));
        assert!(look("www.example.org").website && !look("Example Inc.").website);
        assert_eq!(look("Ada"), Fit::default());
    }

    #[test]
    fn cells_fit_as_the_check_tidies_them() {
        assert_eq!(formats("'13/04/1986"), ["%d/%m/%Y"]);
        assert_eq!(formats("１３/04/1986"), ["%d/%m/%Y"]);
        assert_eq!(formats("13/04/1986 0:00"), ["%d/%m/%Y"]);
        assert!(look("'1968-03-14").iso_date && look("1968-03-14 00:00:00").iso_date);
        assert!(look("'ada@example.org").email && look("'www.example.org").website);
        assert!(look("'+49 30 901820").phone && look("'030 901820").national);
        assert_eq!((look("'GB").country, look("ＧＢ").country), (Some("GB"), Some("GB")));
        assert!(!look("4.42079E+11").national && !look("4.42079E+11").is_date());
        let id = FieldId::from_path("employment_status").unwrap();
        assert_eq!(Probe::word(id, "'ｒｅｔｉｒｅｄ"), Some("RETIRED"));
    }

    #[test]
    fn words_of_lists_are_known_in_any_case() {
        let id = FieldId::from_path("employment_status").unwrap();
        assert_eq!(Probe::word(id, "self-employed"), Some("SELF_EMPLOYED"));
        assert_eq!(Probe::word(id, "Rentner"), None);
    }
}
