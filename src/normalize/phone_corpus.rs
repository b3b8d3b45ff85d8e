//! Holds the reading of telephone numbers to libphonenumber's, on the numbers that `scripts/phones` writes in eight
//! forms. Every difference is listed in `fixtures/phones.differences.csv` with its reason, and there is no other.

use std::collections::BTreeMap;
use std::path::Path;

use super::super::notes::verdict;
use super::super::number;
use super::*;
use crate::model::field::Kind;

/// Numbers that the corpus must hold at least, in all forms together.
const LEAST_LINES: usize = 8_000;

/// Differences among a thousand lines that are too many.
const MOST_DIFFERENCES_PER_MILLE: usize = 1;

fn records(name: &str) -> Vec<csv::StringRecord> {
    let path = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures").join(name);
    let records: Vec<csv::StringRecord> = csv::Reader::from_path(path)
        .unwrap()
        .records()
        .map(Result::unwrap)
        .collect();
    assert!(!records.is_empty(), "{name}");
    records
}

/// What a cell comes to: the number in E.164, or the code of the rule that it breaks.
fn read(phones: &Phones, region: &str, written: &str) -> Result<String, &'static str> {
    let (mut to, mut notes) = (String::new(), Notes::new());
    let region = (!region.is_empty()).then_some(region);
    let result = number::tidy(Kind::Phone, written, &mut notes)
        .and_then(|value| phones.phone(&value, region, &mut to, &mut notes));
    verdict(result, &notes, &to).map(str::to_owned).map_err(Rule::code)
}

/// Region, value, what libphonenumber says and what rollcall says, for every line on which they differ.
fn differences(name: &str) -> (usize, Vec<[String; 5]>) {
    let phones = Phones::new(&PhoneRules::load().unwrap()).unwrap();
    let records = records(name);
    let mut found = Vec::new();
    for record in &records {
        let [region, form, written, expected] = [&record[0], &record[1], &record[2], &record[3]];
        let ours = read(&phones, region, written);
        if ours.as_deref().unwrap_or("-") != expected {
            let ours = ours.unwrap_or_else(str::to_owned);
            found.push([region, form, written, expected, &ours].map(str::to_owned));
        }
    }
    (records.len(), found)
}

#[test]
fn numbers_of_all_regions_in_eight_forms_are_read_as_libphonenumber_reads_them() {
    let (lines, found) = differences("phones.csv");
    let mut by_form: BTreeMap<String, usize> = BTreeMap::new();
    for record in records("phones.csv") {
        *by_form.entry(record[1].to_owned()).or_default() += 1;
    }
    println!("{lines} lines in {} forms, {} differences", by_form.len(), found.len());
    for difference in &found {
        println!("{}", difference.join(","));
    }
    assert!(lines >= LEAST_LINES && by_form.len() == 8, "{lines} {by_form:?}");
    assert!(by_form.values().all(|count| count * 8 == lines), "{by_form:?}");
    assert!(
        found.len() * 1_000 <= lines * MOST_DIFFERENCES_PER_MILLE,
        "{} of {lines}",
        found.len()
    );

    let listed: Vec<[String; 5]> = records("phones.differences.csv")
        .iter()
        .map(|record| {
            assert!(record[5].split(' ').count() > 3, "{record:?} has no reason");
            [0, 1, 2, 3, 4].map(|column| record[column].to_owned())
        })
        .collect();
    assert_eq!(found, listed);
}

/// Whether digits are a number of the region without anything put back.
fn is_national(phones: &Phones, region: &str, digits: &str) -> bool {
    let (mut to, mut notes) = (String::new(), Notes::new());
    phones.phone(digits, Some(region), &mut to, &mut notes) == Ok(()) && notes.is_empty()
}

/// Numbers of the corpus after a spreadsheet took them for numbers: without `+`, or without the zero in front.
#[test]
fn a_number_that_lost_a_sign_is_read_as_itself_or_not_at_all() {
    let phones = Phones::new(&PhoneRules::load().unwrap()).unwrap();
    for (form, sign) in [("e164", '+'), ("digits", '0')] {
        let (mut restored, mut other, mut refused) = (0, 0, BTreeMap::<&str, usize>::new());
        for record in records("phones.csv") {
            let Some(rest) = record[2].strip_prefix(sign) else {
                continue;
            };
            if &record[1] != form || record[0].is_empty() || &record[3] == "-" {
                continue;
            }
            match read(&phones, &record[0], rest) {
                Ok(number) if number == record[3] => restored += 1,
                // What is a national number as it stands is no trace of a sign, and libphonenumber reads it so too.
                Ok(_) if is_national(&phones, &record[0], rest) => other += 1,
                Ok(number) => panic!("{record:?} without {sign} is {number}"),
                Err(code) => *refused.entry(code).or_default() += 1,
            }
        }
        println!("without {sign}: {restored} as before, {other} national as they stand, refused {refused:?}");
        assert!(restored > 500 && other < 10, "{restored} {other}");
    }
}

/// National numbers of the corpus whose prefix somebody left out and whose separators are there: few of them may be taken
/// for an international number without `+`, and only in countries that have a prefix.
#[test]
fn a_number_without_its_prefix_is_seldom_two_numbers() {
    let phones = Phones::new(&PhoneRules::load().unwrap()).unwrap();
    let (mut all, mut ambiguous) = (0, BTreeMap::<String, usize>::new());
    for record in records("phones.csv") {
        let written = record[2].trim_start_matches(['0', '(']);
        if &record[1] != "national" || &record[3] == "-" || written.bytes().all(|byte| byte.is_ascii_digit()) {
            continue;
        }
        all += 1;
        if read(&phones, &record[0], written) == Err("phone.ambiguous") {
            *ambiguous.entry(record[0].to_owned()).or_default() += 1;
        }
    }
    let count: usize = ambiguous.values().sum();
    println!("{count} of {all} are ambiguous: {ambiguous:?}");
    assert!(all > 1_000 && count * 100 < all * 5, "{count} of {all}: {ambiguous:?}");
    for region in ["US", "CA", "ES", "DK", "IT", "PT", "NO", "PL", "GR", "CZ"] {
        assert_eq!(ambiguous.get(region), None);
    }
}

#[test]
fn extensions_are_findings_where_libphonenumber_drops_them() {
    let (lines, found) = differences("phones.extensions.csv");
    assert_eq!(found.len(), lines);
    assert!(
        found.iter().all(|difference| difference[4] == "phone.extension"),
        "{found:?}"
    );
}
