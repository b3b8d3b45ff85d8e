//! Whether the values of a column agree with what its name promises.
//!
//! It reads counters and no values. That values agree proves nothing for free text, so only kinds with a form of their own
//! can be proven; every kind can be contradicted.

use super::Words;
use crate::model::field::{FieldId, Kind};
use crate::profile::Column;

/// Share of the filled cells, in hundredths, that must have a form for the column to be said to have it. Exports have
/// broken cells; a fifth of them is more than most.
const MOST: u64 = 80;

/// Share, in hundredths, from which another form contradicts.
const MANY: u64 = 50;

/// Share of the cells, in hundredths, that must differ for a column to tell customers apart; duplicates are ordinary.
const APART: u64 = 80;

/// Share of the cells, in hundredths, that may be empty in a column of identifiers: each is a finding of its record.
const LOST: u64 = 5;

/// Unknown words that a column of a closed list may have: no list of an export is longer.
const MOST_WORDS: usize = 40;

/// What is said of a column that holds words of the API's own list only.
pub(super) const EVERY_WORD: &str = "every value is a word of the list";

/// What the values say.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Agreement {
    /// They have the form of the field and of no other.
    Proven(String),
    /// Nothing speaks against it.
    Fitting,
    /// They are something else.
    Contradicted(String),
}

/// The share of a part in a whole, in hundredths, rounded down.
pub(super) fn share(part: u64, whole: u64) -> u64 {
    (part * 100).checked_div(whole).unwrap_or(0)
}

/// Holds a column against a field.
pub(super) fn agreement(id: FieldId, column: &Column, words: &Words) -> Agreement {
    let filled = column.told();
    if filled == 0 {
        return Agreement::Fitting;
    }
    if let Some(other) = other_form(id.field().kind, column) {
        return Agreement::Contradicted(other);
    }
    let traits = &column.traits;
    let most = |count: u64, what: &str| {
        let figures = format!("{count} of {filled} {what}");
        if share(count, filled) >= MOST {
            Agreement::Proven(figures)
        } else {
            Agreement::Contradicted(format!("only {figures}"))
        }
    };
    match id.field().kind {
        Kind::Email => most(traits.emails, "are e-mail addresses"),
        Kind::Phone => most(traits.phones + traits.nationals, "look like telephone numbers"),
        Kind::Country => most(traits.countries, "are countries"),
        Kind::Date | Kind::BirthDate => most(traits.dates, "are dates"),
        Kind::CustomerId => identifier(column),
        Kind::Choice(_) | Kind::ChoiceList(_) => choice(id, column, words),
        Kind::PostalCode | Kind::DocumentNumber | Kind::TaxNumber | Kind::Naics => {
            match most(traits.with_digit, "hold digits") {
                // Digits are in too much to prove anything.
                Agreement::Proven(_) | Agreement::Fitting => Agreement::Fitting,
                contradicted @ Agreement::Contradicted(_) => contradicted,
            }
        }
        Kind::Text if is_name(id) && share(traits.with_digit, filled) >= MANY => {
            Agreement::Contradicted(format!("{} of {filled} hold digits", traits.with_digit))
        }
        Kind::Text | Kind::State if traits.with_letter == 0 => {
            Agreement::Contradicted("no value holds a letter".to_owned())
        }
        Kind::Text | Kind::State | Kind::Website | Kind::CountryList => Agreement::Fitting,
    }
}

/// What most values are, if it is nothing that a field of this kind holds.
fn other_form(kind: Kind, column: &Column) -> Option<String> {
    let (traits, filled) = (&column.traits, column.told());
    let dates = if kind.is_date() {
        0
    } else {
        // Digits alone may be a number, a date of `%Y%m%d` and a spreadsheet's day: only written dates speak against it.
        written_dates(column)
    };
    let emails = if kind == Kind::Email { 0 } else { traits.emails };
    let forms = [(dates, "are dates"), (emails, "are e-mail addresses")];
    let found = forms.into_iter().find(|(count, _)| share(*count, filled) >= MANY);
    found.map(|(count, what)| format!("{count} of {filled} {what}"))
}

/// Cells that are dates with separators.
fn written_dates(column: &Column) -> u64 {
    use crate::model::fit::DATE_FORMATS;
    let traits = &column.traits;
    let written = DATE_FORMATS.iter().zip(traits.by_format);
    let written = written.filter(|((format, _), _)| format.contains(['/', '.', '-', ' ']) && format.starts_with('%'));
    traits.iso_dates + written.map(|(_, count)| count).max().unwrap_or(0)
}

fn identifier(column: &Column) -> Agreement {
    let (distinct, filled) = (column.distinct.count(), column.filled);
    if share(column.cells - filled, column.cells) > LOST {
        return Agreement::Contradicted(format!("{} of {} are empty", column.cells - filled, column.cells));
    }
    // An estimate may be a little too low.
    if share(distinct, filled) < APART && !(column.distinct.is_estimate() && share(distinct, filled) + 5 >= APART) {
        return Agreement::Contradicted(format!("{filled} cells hold only {} different values", column.distinct));
    }
    Agreement::Proven(format!("{} of {filled} differ", column.distinct))
}

fn choice(id: FieldId, column: &Column, words: &Words) -> Agreement {
    let many = || Agreement::Contradicted("the values are too many or too long for words of a list".to_owned());
    let Some(texts) = column.texts() else {
        return many();
    };
    let unknown = texts.keys().filter(|text| !words.known(id, text)).count();
    if unknown == 0 {
        return Agreement::Proven(EVERY_WORD.to_owned());
    }
    if unknown > MOST_WORDS {
        return many();
    }
    if !column.repeats() {
        return Agreement::Contradicted("the values hardly repeat, as words of a list would".to_owned());
    }
    Agreement::Fitting
}

/// Whether a field holds names of people and places, which hold no digits.
fn is_name(id: FieldId) -> bool {
    ["first_name", "last_name", "middle_name"].contains(&id.path()) || id.path().ends_with("city")
}

/// The field that values of an unknown column speak for.
pub(super) fn by_values(column: &Column) -> Option<(FieldId, String)> {
    let (traits, filled) = (&column.traits, column.told());
    let forms = [
        (traits.emails, "email_address", "are e-mail addresses"),
        (traits.phones, "telephone_number", "are telephone numbers with +"),
        (traits.websites, "website_address", "are addresses of web sites"),
    ];
    let (count, path, what) = forms.into_iter().find(|(count, ..)| share(*count, filled) >= MOST)?;
    Some((FieldId::from_path(path)?, format!("{count} of {filled} {what}")))
}
