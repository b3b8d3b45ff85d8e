//! Tax numbers of natural persons: which country's number it is, whether it is well formed, and its normal form.
//!
//! A number is judged by the countries that apply to the customer ([`Applicable`]), and only where each of them has a
//! rule in [`TAX_NUMBERS`]: what nobody here can judge stands as it is. It proves that a number is well formed, never
//! that it was issued, or issued to this customer. A check that its authority gave up, or that no publication of it
//! settles, is left out: a true number is never refused for a guess.

mod americas;
mod arithmetic;
mod asia_pacific;
mod europe_north;
mod europe_south;
mod europe_west;
mod table;
#[cfg(test)]
mod tests;

use self::table::TAX_NUMBERS;
use super::notes::Notes;
use crate::model::rule::Rule;

/// A kind of tax number.
#[derive(Debug)]
#[cfg_attr(
    not(test),
    expect(
        dead_code,
        reason = "what is for people stands in docs/tax-numbers.md, and a test holds the two equal"
    )
)]
struct TaxNumber {
    /// The country whose authority issues it, alpha-2.
    country: &'static str,
    /// What the authority calls it.
    name: &'static str,
    /// How people write it: `9` is a digit, `A` a letter, `X` either.
    form: &'static str,
    /// Characters that may stand anywhere and mean nothing, white space among them; empty where nothing may.
    separators: &'static str,
    /// From how many characters zeros in front may be missing, and how many there are with them; zero and zero where
    /// the authority does not write the number without them.
    padded: (usize, usize),
    /// What is checked, for people.
    checks: &'static str,
    /// Where the rule is published.
    source: &'static str,
    /// Judges the number without its separators; `None` is a wrong shape and says the same as `Some(false)`.
    fits: fn(&str) -> Option<bool>,
}

impl TaxNumber {
    /// Appends the number in its normal form: no separators, capital letters, every zero in front.
    fn write(&self, value: &str, to: &mut String) {
        let start = to.len();
        let meant = |character: &char| {
            self.separators.is_empty() || !(character.is_whitespace() || self.separators.contains(*character))
        };
        to.extend(value.chars().map(hyphen).filter(meant).flat_map(char::to_uppercase));
        let written = to.get(start..).map_or(0, |number| number.chars().count());
        let (shortest, whole) = self.padded;
        if (shortest..whole).contains(&written) {
            (written..whole).for_each(|_| to.insert(start, '0'));
        }
    }
}

/// The countries whose tax numbers a customer may have, the first that decides first.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Applicable {
    /// Alpha-2 codes.
    pub(super) countries: [Option<&'static str>; 3],
    /// Whether the customer's tax residence is among them, so that a number that fits none of them is wrong.
    pub(super) with_residence: bool,
}

impl Applicable {
    /// Whether a number that fits no rule is known to be wrong: nothing is known about the numbers of a country without
    /// a rule, nor about those of a residence that the record does not name.
    fn can_refuse(&self) -> bool {
        let has_rule = |country: &&str| TAX_NUMBERS.iter().any(|number| number.country == *country);
        self.with_residence && self.countries.iter().flatten().all(has_rule)
    }
}

/// Appends the tax number in the normal form of the first kind that it fits: countries in their order, kinds in the
/// order of the table. One that fits none stands as it is, with a note if it is known to be wrong.
pub(super) fn tax(value: &str, applicable: &Applicable, to: &mut String, notes: &mut Notes) {
    let start = to.len();
    for country in applicable.countries.iter().flatten() {
        for number in TAX_NUMBERS.iter().filter(|number| number.country == *country) {
            number.write(value, to);
            if to.get(start..).and_then(number.fits) == Some(true) {
                return;
            }
            to.truncate(start);
        }
    }
    if applicable.can_refuse() {
        notes.push(Rule::TaxNotValid);
    }
    to.push_str(value);
}

/// The hyphen of the keyboard for every dash that text programs put in its place.
fn hyphen(character: char) -> char {
    match character {
        '\u{2010}'..='\u{2015}' | '\u{2212}' => '-',
        other => other,
    }
}
