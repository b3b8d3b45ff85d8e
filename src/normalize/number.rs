//! What spreadsheets and input methods do to the signs of a value, undone before its kind is checked.
//!
//! A value is changed only where exactly one reading is possible, and every change is a note. What a number must look
//! like is for its kind, and signs that only a telephone number or a date can lose are theirs too.

use std::borrow::Cow;

use super::notes::Notes;
use super::spreadsheet::text_of_formula;
use crate::model::field::Kind;
use crate::model::rule::Rule;

/// The value as it was before a spreadsheet had it, where exactly one reading is possible.
///
/// Costs one look at each byte of an ordinary value, which is borrowed.
pub(super) fn tidy<'value>(kind: Kind, value: &'value str, notes: &mut Notes) -> Result<Cow<'value, str>, Rule> {
    match kind {
        Kind::Text => Ok(Cow::Borrowed(without_text_mark(value, notes))),
        Kind::CustomerId
        | Kind::Phone
        | Kind::PostalCode
        | Kind::TaxNumber
        | Kind::DocumentNumber
        | Kind::Naics
        | Kind::Date
        | Kind::BirthDate => {
            if is_untouched(value) {
                Ok(Cow::Borrowed(value))
            } else {
                tidy_digits(kind, value, notes)
            }
        }
        Kind::Email
        | Kind::Country
        | Kind::CountryList
        | Kind::State
        | Kind::Website
        | Kind::Choice(_)
        | Kind::ChoiceList(_) => Ok(Cow::Borrowed(value)),
    }
}

/// Whether nothing in a value can be the trace of a spreadsheet: it is ASCII, has no apostrophe in front, no `E` that
/// could begin an exponent, and no zero behind a decimal mark.
fn is_untouched(value: &str) -> bool {
    // Without a branch on each byte: a value is short, and is nearly always looked at to its end.
    let odd = |odd: u8, byte: u8| odd | (byte & 0x80) | u8::from(byte | 0x20 == b'e');
    value.bytes().fold(0, odd) == 0 && !value.starts_with('\'') && !has_decimal_zeros(value)
}

fn tidy_digits<'value>(kind: Kind, value: &'value str, notes: &mut Notes) -> Result<Cow<'value, str>, Rule> {
    // An identifier is opaque: in full width it is another one.
    let mut tidied = if kind == Kind::CustomerId {
        Cow::Borrowed(value)
    } else {
        folded(value)
    };
    if tidied != value {
        notes.push(Rule::TextWidthFolded);
    }
    let marked = tidied.strip_prefix(['\'', '\u{2019}']).map(str::trim_start);
    if let Some(rest) = marked.filter(|rest| !rest.is_empty()) {
        notes.push(Rule::TextApostropheRemoved);
        tidied = Cow::Owned(rest.to_owned());
    }
    // Of ordinary signs it was seen when the cell was cleaned.
    if let Some(text) = text_of_formula(&tidied) {
        notes.push(Rule::TextFormulaRemoved);
        tidied = Cow::Owned(text.into_owned());
    }
    if is_scientific(&tidied) {
        return Err(Rule::NumberDigitsLost);
    }
    match (kind, whole_number(&tidied)) {
        (Kind::CustomerId, Some(_)) => notes.push(Rule::IdDecimal),
        (Kind::Phone | Kind::PostalCode | Kind::TaxNumber | Kind::DocumentNumber | Kind::Naics, Some(whole)) => {
            notes.push(Rule::NumberDecimalRemoved);
            tidied = Cow::Owned(whole.to_owned());
        }
        // Whether a date may be a number is known where the declared formats are.
        _ => {}
    }
    Ok(tidied)
}

/// The digits before `.0`, `,0`, `.00` or `,00`, if there is nothing else. Three zeros would be a group of a thousand,
/// and a number that a spreadsheet took for one has no leading zero.
pub(super) fn whole_number(value: &str) -> Option<&str> {
    let (whole, zeros) = value.rsplit_once(['.', ','])?;
    let is_whole = whole.bytes().all(|byte| byte.is_ascii_digit()) && !whole.is_empty() && !whole.starts_with('0');
    (is_whole && matches!(zeros, "0" | "00")).then_some(whole)
}

/// Whether a value may end in what `whole_number` takes away, by its last bytes alone.
fn has_decimal_zeros(value: &str) -> bool {
    matches!(
        value.as_bytes(),
        [.., b'.' | b',', b'0'] | [.., b'.' | b',', b'0', b'0']
    )
}

/// Whether a value is a number as spreadsheets and programs write large ones: `4.42079E+11`, `4,4E+11`, `4E+11`,
/// `4.42079E11`.
///
/// One digit stands before the exponent's mark or before a decimal mark, always. Without a decimal mark the exponent
/// must have its sign: `1E5` and `12E45` are good identifiers, postal codes and passport numbers.
fn is_scientific(value: &str) -> bool {
    let Some((mantissa, exponent)) = value.split_once(['e', 'E']) else {
        return false;
    };
    let digits = |text: &str, most: usize| {
        !text.is_empty() && text.len() <= most && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    let signed = exponent.strip_prefix('+');
    match mantissa.split_once(['.', ',']) {
        Some((whole, decimals)) => {
            let exponent = signed.or_else(|| exponent.strip_prefix('-')).unwrap_or(exponent);
            digits(whole, 1) && digits(decimals, usize::MAX) && digits(exponent, 3)
        }
        None => digits(mantissa, 1) && signed.is_some_and(|exponent| digits(exponent, 3)),
    }
}

/// A value with its full-width signs (U+FF01–U+FF5E, and the space U+3000) as the ASCII signs that they are the wide
/// forms of: Unicode Standard Annex 15, compatibility mapping `<wide>`.
fn folded(value: &str) -> Cow<'_, str> {
    let is_wide = |character: char| matches!(character, '\u{ff01}'..='\u{ff5e}' | '\u{3000}');
    if !value.contains(is_wide) {
        return Cow::Borrowed(value);
    }
    let fold = |character: char| match character {
        '\u{3000}' => ' ',
        '\u{ff01}'..='\u{ff5e}' => char::from_u32(u32::from(character) - 0xfee0).unwrap_or(character),
        other => other,
    };
    Cow::Owned(value.chars().map(fold).collect())
}

/// A text without the apostrophe that kept a spreadsheet from taking it for a number or a formula.
///
/// Before a letter an apostrophe belongs to the name (`'t Hooft`, `'s-Gravenhage`), and before a number of two digits
/// it may be a shortened year (`'47 Brand`, `'90s Diner`), which leaves two readings: nothing is taken away.
fn without_text_mark<'value>(value: &'value str, notes: &mut Notes) -> &'value str {
    let Some(rest) = value.strip_prefix(['\'', '\u{2019}']) else {
        return value;
    };
    let digits = rest.bytes().take_while(u8::is_ascii_digit).count();
    if rest.starts_with(['=', '+', '-', '@']) || !matches!(digits, 0 | 2) {
        notes.push(Rule::TextApostropheRemoved);
        return rest;
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    const DIGITS: [Kind; 8] = [
        Kind::CustomerId,
        Kind::Phone,
        Kind::PostalCode,
        Kind::TaxNumber,
        Kind::DocumentNumber,
        Kind::Naics,
        Kind::Date,
        Kind::BirthDate,
    ];

    fn check(kind: Kind, value: &str, expected: Result<(&str, &[Rule]), Rule>) {
        let mut notes = Notes::new();
        let tidied = tidy(kind, value, &mut notes);
        let tidied = tidied.as_deref().map(|value| (value, notes.as_slice()));
        assert_eq!(tidied, expected.as_ref().copied(), "{kind:?} {value:?}");
    }

    fn stays(kind: Kind, value: &str) {
        check(kind, value, Ok((value, &[])));
        let tidied = tidy(kind, value, &mut Notes::new());
        assert!(matches!(tidied, Ok(Cow::Borrowed(_))), "{value:?} was copied");
    }

    #[test]
    fn numbers_in_scientific_notation_have_lost_their_digits() {
        let lost = [
            "4.42079E+11",
            "4,42079E+11",
            "4.42E11",
            "4.42079e+11",
            "4E+11",
            "1.0E7",
            "'4.42079E+11",
            "1.5E-05",
            "9.99E+102",
        ];
        for kind in DIGITS {
            for value in lost {
                check(kind, value, Err(Rule::NumberDigitsLost));
            }
        }
        check(Kind::Phone, "４.４２Ｅ＋１１", Err(Rule::NumberDigitsLost));
    }

    #[test]
    fn codes_with_an_e_are_no_numbers() {
        for kind in DIGITS {
            for value in [
                "1E5",
                "12E45",
                "E11",
                "1E",
                "1E+",
                "AE1234567",
                "12.5E+11",
                "1.E+11",
                "4.42E+1111",
                "1E-5",
                "1.5E+1A",
            ] {
                check(kind, value, Ok((value, &[])));
            }
        }
    }

    #[test]
    fn one_leading_apostrophe_is_the_mark_of_a_spreadsheet() {
        for kind in DIGITS {
            for value in ["'1001", "\u{2019}1001", "' 1001"] {
                check(kind, value, Ok(("1001", &[Rule::TextApostropheRemoved])));
            }
            check(kind, "''1", Ok(("'1", &[Rule::TextApostropheRemoved])));
            check(kind, "'", Ok(("'", &[])));
            stays(kind, "10'01");
        }
    }

    #[test]
    fn apostrophes_that_belong_to_a_name_stay() {
        for value in [
            "'t Hooft",
            "'s-Gravenhage",
            "\u{2019}t Zand",
            "'47 Brand",
            "'90s Diner",
            "'",
            "O'Neill",
            "' 12",
        ] {
            stays(Kind::Text, value);
        }
        for (value, expected) in [
            ("'1 Main Street", "1 Main Street"),
            ("'=SUM", "=SUM"),
            ("'+1", "+1"),
            ("'-", "-"),
        ] {
            check(Kind::Text, value, Ok((expected, &[Rule::TextApostropheRemoved])));
        }
        check(
            Kind::Text,
            "\u{2019}@x 100",
            Ok(("@x 100", &[Rule::TextApostropheRemoved])),
        );
        check(
            Kind::Text,
            "'100 High St",
            Ok(("100 High St", &[Rule::TextApostropheRemoved])),
        );
        stays(Kind::Email, "'1@example.com");
    }

    #[test]
    fn full_width_signs_become_ordinary_ones_except_in_an_identifier() {
        for kind in DIGITS.into_iter().skip(1) {
            check(
                kind,
                "１００\u{3000}－０００１Ａ＋",
                Ok(("100 -0001A+", &[Rule::TextWidthFolded])),
            );
        }
        check(
            Kind::TaxNumber,
            "＇１",
            Ok(("1", &[Rule::TextWidthFolded, Rule::TextApostropheRemoved])),
        );
        stays(Kind::CustomerId, "Ｋ１");
        stays(Kind::Text, "Ｋ１");
        stays(Kind::Phone, "٠٣٠ ٩٠١");
        stays(Kind::DocumentNumber, "É1");
    }

    #[test]
    fn point_zero_behind_a_whole_number_is_taken_away_except_from_an_identifier() {
        let removed = [Rule::NumberDecimalRemoved];
        for kind in [
            Kind::Phone,
            Kind::PostalCode,
            Kind::TaxNumber,
            Kind::DocumentNumber,
            Kind::Naics,
        ] {
            for value in ["123.0", "123,0", "123.00"] {
                check(kind, value, Ok(("123", &removed)));
            }
            let all = [
                Rule::TextWidthFolded,
                Rule::TextApostropheRemoved,
                Rule::NumberDecimalRemoved,
            ];
            check(kind, "'１２.0", Ok(("12", &all)));
            for value in ["1.000", "1.2.0", "HRB 1.0", "012.0", ".0", "+12.0", "12.10", "120"] {
                check(kind, value, Ok((value, &[])));
            }
        }
        check(Kind::CustomerId, "1001.0", Ok(("1001.0", &[Rule::IdDecimal])));
        check(Kind::CustomerId, "1001,00", Ok(("1001,00", &[Rule::IdDecimal])));
        stays(Kind::CustomerId, "v1001.5");
        check(Kind::Date, "31505.0", Ok(("31505.0", &[])));
    }
}
