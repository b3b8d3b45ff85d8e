//! Tests of tax numbers: the file of numbers that another implementation judged, which countries apply, and the page
//! that shows the table.

use std::collections::BTreeSet;

use proptest::prelude::*;

use super::*;
use crate::normalize::country::country;

const ROOT: &str = env!("CARGO_MANIFEST_DIR");

/// The number that is sent for a resident of these countries, and whether it was found wrong.
fn sent(value: &str, countries: &[&'static str], with_residence: bool) -> (String, bool) {
    let mut applicable = Applicable {
        with_residence,
        ..Applicable::default()
    };
    for (place, country) in applicable.countries.iter_mut().zip(countries) {
        *place = Some(country);
    }
    let (mut to, mut notes) = ("before ".to_owned(), Notes::new());
    tax(value, &applicable, &mut to, &mut notes);
    (to.strip_prefix("before ").unwrap().to_owned(), !notes.is_empty())
}

fn check(value: &str, countries: &[&'static str], expected: &str, wrong: bool) {
    assert_eq!(
        sent(value, countries, true),
        (expected.to_owned(), wrong),
        "{value:?} in {countries:?}"
    );
}

/// The code as text that lives as long as the table's.
fn code(alpha2: &str) -> &'static str {
    country(alpha2).unwrap()
}

fn cases() -> Vec<csv::StringRecord> {
    let mut file = csv::Reader::from_path(format!("{ROOT}/fixtures/tax_numbers.csv")).unwrap();
    file.records().map(Result::unwrap).collect()
}

#[test]
fn the_table_and_another_implementation_agree_or_the_file_says_why() {
    let mut differences = Vec::new();
    let mut judged: BTreeSet<(&str, bool)> = BTreeSet::new();
    for case in cases() {
        let [country, written, valid, normal, stdnum, why] = [0, 1, 2, 3, 4, 5].map(|column| &case[column]);
        let expected = if valid == "yes" { normal } else { written };
        let (said, wrong) = sent(written, &[code(country)], true);
        if (said.as_str(), wrong) != (expected, valid == "no") {
            differences.push(format!(
                "{country} {written:?}: {said:?}, wrong: {wrong}; the file: {valid}, {normal:?}"
            ));
        }
        assert_eq!(valid != stdnum, !why.is_empty(), "{country} {written}: {why:?}");
        judged.insert((code(country), valid == "yes"));
    }
    assert!(
        differences.is_empty(),
        "{}\n{}",
        differences.len(),
        differences.join("\n")
    );
    for number in TAX_NUMBERS {
        for valid in [true, false] {
            assert!(judged.contains(&(number.country, valid)), "{}: {valid}", number.country);
        }
    }
}

#[test]
fn every_kind_of_the_table_takes_a_number_of_the_file_before_any_other_does() {
    let cases = cases();
    for number in TAX_NUMBERS {
        let taken = |case: &&csv::StringRecord| {
            let mut to = String::new();
            number.write(&case[1], &mut to);
            (number.fits)(&to) == Some(true)
        };
        let own = cases
            .iter()
            .filter(|case| &case[0] == number.country && &case[2] == "yes");
        assert!(own.filter(taken).count() > 0, "{} {}", number.country, number.name);
    }
}

#[test]
fn the_normal_form_is_its_own_normal_form() {
    for case in cases().iter().filter(|case| &case[2] == "yes") {
        check(&case[3], &[code(&case[0])], &case[3], false);
    }
}

#[test]
fn the_same_number_in_any_writing_is_sent_alike() {
    for written in [
        "123-45-6789",
        "123456789",
        "123 45 6789",
        "123\u{2011}45\u{2013}6789",
        " 123-45-6789 ",
    ] {
        check(written, &["US"], "123456789", false);
    }
    check("ab 12 34 56 c", &["GB"], "AB123456C", false);
    check("131052a308t", &["FI"], "131052A308T", false);
    check("131052\u{2013}308t", &["FI"], "131052-308T", false);
}

#[test]
fn the_countries_are_asked_in_their_order_and_any_of_them_may_own_the_number() {
    check("12-3456789", &["US", "NL"], "12-3456789", false);
    check("046 454 286", &["GB", "CA"], "046454286", false);
    check("AB 12 34 56 C", &["US", "GB"], "AB123456C", false);
    check("AB 12 34 56 C", &["US", "CA"], "AB 12 34 56 C", true);
}

#[test]
fn what_nobody_can_judge_stands_as_it_is() {
    assert_eq!(sent("no-such 1", &[], false), ("no-such 1".to_owned(), false));
    for countries in [&["TH"][..], &["US", "TH"], &["TH", "US"]] {
        check("no-such 1", countries, "no-such 1", false);
    }
    // The country without a rule does not keep the other from its own.
    check("123-45-6789", &["TH", "US"], "123456789", false);
    assert_eq!(sent("no-such 1", &["US"], false), ("no-such 1".to_owned(), false));
    assert_eq!(sent("123-45-6789", &["US"], false), ("123456789".to_owned(), false));
    check("no-such 1", &["US"], "no-such 1", true);
}

#[test]
fn zeros_alone_are_nobodys_number() {
    for number in TAX_NUMBERS {
        for count in 1..20 {
            check(&"0".repeat(count), &[number.country], &"0".repeat(count), true);
        }
    }
}

#[test]
fn the_table_is_in_order_and_every_country_is_one() {
    let countries: Vec<&str> = TAX_NUMBERS.iter().map(|number| number.country).collect();
    assert!(countries.is_sorted());
    for number in TAX_NUMBERS {
        assert_eq!(country(number.country).ok(), Some(number.country));
        assert!(
            !number.source.is_empty() && !number.checks.is_empty(),
            "{}",
            number.name
        );
        assert!(number.padded.0 <= number.padded.1, "{}", number.name);
    }
}

#[test]
fn the_page_shows_the_table() {
    let row = |number: &TaxNumber| {
        let TaxNumber {
            country,
            name,
            form,
            checks,
            source,
            ..
        } = number;
        format!("| {country} | {name} | `{form}` | {checks} | {source} |\n")
    };
    let rows: String = TAX_NUMBERS.iter().map(row).collect();
    let page = std::fs::read_to_string(format!("{ROOT}/docs/tax-numbers.md")).unwrap();
    assert!(
        page.contains(&format!("| --- | --- | --- | --- | --- |\n{rows}\n")),
        "the table must be\n{rows}"
    );
    let countries: BTreeSet<&str> = TAX_NUMBERS.iter().map(|number| number.country).collect();
    assert!(page.contains(&format!(
        "{} kinds of numbers of {} countries",
        TAX_NUMBERS.len(),
        countries.len()
    )));
}

#[test]
fn one_wrong_digit_is_found_where_a_check_digit_finds_all() {
    // Their formulas find every single wrong digit; the others' do not, or the number has another reading.
    let thorough = ["CA", "CH", "FI", "IL", "NO"];
    for case in cases()
        .iter()
        .filter(|case| thorough.contains(&&case[0]) && &case[2] == "yes")
    {
        for (at, digit) in case[3].char_indices().filter(|(_, sign)| sign.is_ascii_digit()) {
            for other in ('0'..='9').filter(|other| *other != digit) {
                let damaged = format!("{}{other}{}", &case[3][..at], &case[3][at + 1..]);
                check(&damaged, &[code(&case[0])], &damaged, true);
            }
        }
    }
}

proptest! {
    #[test]
    fn any_text_is_judged_and_what_is_sent_is_final(
        value in "\\PC{0,20}|[0-9A-Z./ +-]{0,22}|[0-9]{7,18}",
        kind in 0..TAX_NUMBERS.len(),
    ) {
        let country = TAX_NUMBERS[kind].country;
        let (once, wrong) = sent(&value, &[country], true);
        prop_assert_eq!(sent(&once, &[country], true), (once.clone(), wrong));
        if wrong {
            prop_assert_eq!(once, value);
        }
    }
}
