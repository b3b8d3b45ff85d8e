//! What spreadsheets and input methods do to the signs of a value, undone before its kind is checked.
//!
//! A value is changed only where exactly one reading is possible, and every change is a note. What a number must look
//! like is for its kind, and signs that only a telephone number or a date can lose are theirs too.

use std::borrow::Cow;

use unicode_normalization::UnicodeNormalization;

use super::notes::Notes;
use super::spreadsheet::text_of_formula;
use super::text::is_margin;
use crate::model::field::Kind;
use crate::model::rule::Rule;

/// What tells a spreadsheet that a cell is text, as it is typed and as word processors set it.
const APOSTROPHES: [char; 2] = ['\'', '\u{2019}'];

/// The value as it was before a spreadsheet had it, where exactly one reading is possible.
///
/// Costs one look at each byte of an ordinary value, which is borrowed.
pub(super) fn tidy<'value>(kind: Kind, value: &'value str, notes: &mut Notes) -> Result<Cow<'value, str>, Rule> {
    if kind == Kind::Text {
        Ok(Cow::Borrowed(without_text_mark(value, notes)))
    } else if is_untouched(value) {
        Ok(Cow::Borrowed(value))
    } else {
        tidy_signs(kind.traces(), value, notes)
    }
}

/// Whether nothing in a value can be the trace of a spreadsheet: it is ASCII, begins as neither an apostrophe nor a formula
/// does, has no zero behind a decimal mark, and no `E` that could begin the exponent of a number.
fn is_untouched(value: &str) -> bool {
    let could_be_scientific = || {
        value.starts_with(|first: char| first.is_ascii_digit() || matches!(first, '+' | '-'))
            && value.bytes().any(|byte| byte | 0x20 == b'e')
    };
    value.is_ascii() && !value.starts_with(['\'', '=']) && !has_decimal_zeros(value) && !could_be_scientific()
}

fn tidy_signs<'value>(traces: &[Rule], value: &'value str, notes: &mut Notes) -> Result<Cow<'value, str>, Rule> {
    let can_be = |rule: Rule| traces.contains(&rule);
    let mut note = |rule: Rule| {
        if !notes.contains(&rule) {
            notes.push(rule);
        }
    };
    let mut tidied = Cow::Borrowed(value);
    if can_be(Rule::TextWidthFolded) {
        tidied = folded(value);
        if tidied != value {
            note(Rule::TextWidthFolded);
        }
    }
    // A formula may stand behind an apostrophe and an apostrophe in a formula: what is sent has neither.
    loop {
        if let Some(rest) = without_marks(&tidied) {
            note(Rule::TextApostropheRemoved);
            tidied = Cow::Owned(rest.to_owned());
        } else if let Some(text) = text_of_formula(&tidied) {
            // Of ordinary signs it was seen when the cell was cleaned.
            note(Rule::TextFormulaRemoved);
            tidied = Cow::Owned(text.trim_matches(is_margin).to_owned());
        } else {
            break;
        }
    }
    if can_be(Rule::NumberDigitsLost) && is_scientific(&tidied) {
        return Err(Rule::NumberDigitsLost);
    }
    if let Some(whole) = whole_number(&tidied) {
        if can_be(Rule::IdDecimal) {
            note(Rule::IdDecimal);
        } else if can_be(Rule::NumberDecimalRemoved) {
            note(Rule::NumberDecimalRemoved);
            tidied = Cow::Owned(whole.to_owned());
        }
    }
    Ok(tidied)
}

/// What stands behind the apostrophes of a value that begins with one; `None` where nothing does.
///
/// All of them go: a spreadsheet that reads its own export as text puts a second one before the first, and a value that
/// kept one would be tidied again the next time. What has no shape behind them was inside and is a margin now.
fn without_marks(value: &str) -> Option<&str> {
    let rest = value.strip_prefix(APOSTROPHES)?;
    let rest = rest.trim_start_matches(|character| APOSTROPHES.contains(&character) || is_margin(character));
    (!rest.is_empty()).then_some(rest)
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
/// `4.42079E11`, `442.079E+09`, `-4.4E +11`.
///
/// With a decimal mark and a sign of the exponent nothing else is meant; up to three digits stand before the mark, since
/// the format of engineers has exponents that three divides. Without the one or the other, one digit stands there, and
/// without a decimal mark the exponent must have its sign: `1E5`, `12E45` and `12.5E11` may be identifiers, postal codes
/// and passport numbers.
fn is_scientific(value: &str) -> bool {
    let Some((mantissa, exponent)) = value.split_once(['e', 'E']) else {
        return false;
    };
    let digits = |text: &str, most: usize| {
        !text.is_empty() && text.len() <= most && text.bytes().all(|byte| byte.is_ascii_digit())
    };
    let mantissa = mantissa.strip_prefix(['+', '-']).unwrap_or(mantissa).trim_end();
    let exponent = exponent.trim_start();
    let signed = exponent.strip_prefix('+');
    match mantissa.split_once(['.', ',']) {
        Some((whole, decimals)) => {
            let signed = signed.or_else(|| exponent.strip_prefix('-'));
            let most = if signed.is_some() { 3 } else { 1 };
            digits(whole, most) && digits(decimals, usize::MAX) && digits(signed.unwrap_or(exponent), 3)
        }
        None => digits(mantissa, 1) && signed.is_some_and(|exponent| digits(exponent, 3)),
    }
}

/// A value with its full-width signs (U+FF01–U+FF5E, and the space U+3000) as the ASCII signs that they are the wide
/// forms of: Unicode Standard Annex 15, compatibility mapping `<wide>`. Composed anew, for a letter may take the accent behind it
/// now.
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
    Cow::Owned(value.chars().map(fold).nfc().collect())
}

/// A text without the apostrophe that kept a spreadsheet from taking it for a number or a formula.
///
/// Before a letter an apostrophe belongs to the name (`'t Hooft`, `'s-Gravenhage`), and before a number of two digits
/// it may be a shortened year (`'47 Brand`, `'90s Diner`), which leaves two readings: nothing is taken away. Two of them
/// may be a quote (`''Bo'' Probe`), and both stay.
fn without_text_mark<'value>(value: &'value str, notes: &mut Notes) -> &'value str {
    let Some(rest) = value.strip_prefix(APOSTROPHES) else {
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

    const WORDS: [Kind; 7] = [
        Kind::Email,
        Kind::Country,
        Kind::CountryList,
        Kind::State,
        Kind::Website,
        Kind::Choice(&[]),
        Kind::ChoiceList(&[]),
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
            "442.079E+09",
            "44.2E+10",
            "12,5e-05",
            "+4.42E+11",
            "-4.4E+11",
            "-4E+11",
            "+4.42E11",
            "4.42E +11",
            "4.42 E+11",
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
                "12.5E11",
                "12E+11",
                "1234.5E+11",
                "--1.5E+11",
                "1.5E++11",
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
    fn leading_apostrophes_are_the_mark_of_a_spreadsheet_and_all_go() {
        let removed = [Rule::TextApostropheRemoved];
        for kind in DIGITS.into_iter().chain(WORDS) {
            for value in [
                "'1001",
                "\u{2019}1001",
                "' 1001",
                "''1001",
                "'\u{2019} '1001",
                "'\u{200b}1001",
                "'\u{3164}\u{a0}'1001",
            ] {
                check(kind, value, Ok(("1001", &removed)));
            }
            check(kind, "''.", Ok((".", &removed)));
            for value in ["'", "''", "'\u{200b}", "10'01"] {
                check(kind, value, Ok((value, &[])));
            }
        }
        let both = [
            Rule::TextWidthFolded,
            Rule::TextFormulaRemoved,
            Rule::TextApostropheRemoved,
        ];
        check(Kind::Phone, "＝＂''１＂", Ok(("1", &both)));
        check(Kind::State, "＝＂\u{3164}'ＣＡ＂", Ok(("CA", &both)));
    }

    #[test]
    fn words_lose_what_a_spreadsheet_added_and_nothing_else() {
        for kind in WORDS {
            check(kind, "'CA", Ok(("CA", &[Rule::TextApostropheRemoved])));
            for value in ["1.5E+11", "12.0", "see", "1E5"] {
                stays(kind, value);
            }
        }
        for kind in [
            Kind::Country,
            Kind::CountryList,
            Kind::State,
            Kind::Choice(&[]),
            Kind::ChoiceList(&[]),
        ] {
            check(kind, "ＣＡ", Ok(("CA", &[Rule::TextWidthFolded])));
            check(kind, "ＵＳ；ＣＡ", Ok(("US;CA", &[Rule::TextWidthFolded])));
            stays(kind, "Québec");
        }
        for kind in [Kind::Email, Kind::Website] {
            stays(kind, "ｗｗｗ.example.com");
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
            "''12 Main Street",
            "''Bo'' Probe",
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
        check(Kind::DocumentNumber, "Ａ\u{301}1", Ok(("Á1", &[Rule::TextWidthFolded])));
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
