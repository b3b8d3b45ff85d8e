//! Holds the fixtures to what they claim: the committed files are the generator's, its good rows are good by the
//! libraries' own judgment, its bad ones are bad, and its duplicates say the same as their originals.

#![expect(clippy::unwrap_used, clippy::panic, reason = "a test's helpers fail as tests do")]

#[path = "../fixtures/generator/mod.rs"]
mod generator;

use std::collections::{BTreeMap, HashMap};
use std::fs;

use csv::StringRecord;
use email_address::EmailAddress;
use fastrand::Rng;
use generator::defect::{BAD_EMAILS, BAD_PHONES, DEFECTS};
use generator::phone::write_phone;
use generator::places::{World, filled};
use generator::row::HEADER;
use generator::{Kinds, Plan, write};
use rlibphonenumber::enums::Region;
use rlibphonenumber::{PHONE_NUMBER_UTIL, PhoneNumber, PhoneNumberFormat};
use unicode_normalization::UnicodeNormalization as _;

fn plan(rows: u64, seed: u64) -> Plan {
    Plan {
        rows,
        seed,
        defects_percent: 5.0,
        kinds: Kinds::Mixed,
    }
}

fn generate(plan: &Plan) -> (String, String) {
    let (mut customers, mut truth) = (Vec::new(), Vec::new());
    write(plan, &mut customers, Some(&mut truth)).unwrap();
    (String::from_utf8(customers).unwrap(), String::from_utf8(truth).unwrap())
}

fn records(text: &str) -> Vec<StringRecord> {
    csv::Reader::from_reader(text.as_bytes())
        .records()
        .map(Result::unwrap)
        .collect()
}

fn cell<'record>(record: &'record StringRecord, column: &str) -> &'record str {
    let text = &record[HEADER.iter().position(|header| *header == column).unwrap()];
    let text = text.trim_matches(|char: char| char.is_whitespace() || matches!(char, '\u{200b}' | '\u{200f}'));
    if matches!(text, "NULL" | "N/A") { "" } else { text }
}

/// Every way the fixtures write a country, in lower case, to its alpha-2 code.
fn countries() -> HashMap<String, String> {
    let world = World::load().unwrap();
    let places = world.places().into_iter();
    places
        .flat_map(|(_, place)| {
            place
                .countries
                .iter()
                .map(|text| (text.to_lowercase(), place.alpha2().to_owned()))
                .collect::<Vec<_>>()
        })
        .collect()
}

fn region(alpha2: &str) -> Region {
    alpha2.parse().unwrap()
}

/// The number if it is valid, read with the region of the record's address.
fn valid_phone(text: &str, region: Option<Region>) -> Option<PhoneNumber> {
    PHONE_NUMBER_UTIL.parse(text, region).ok().filter(PhoneNumber::is_valid)
}

fn e164(number: &PhoneNumber) -> String {
    number.format_as(PhoneNumberFormat::E164).into_owned()
}

/// What a record says, apart from how it is written.
fn meaning(record: &StringRecord, countries: &HashMap<String, String>) -> BTreeMap<&'static str, String> {
    let address = ["mailing_address.country_code", "registered_address.country_code"];
    let address = address
        .iter()
        .find_map(|column| countries.get(&cell(record, column).to_lowercase()));
    let mut meaning = BTreeMap::new();
    for column in HEADER {
        let text = cell(record, column);
        let said = match column {
            "telephone_number" if !text.is_empty() => {
                let number = valid_phone(text, address.map(|alpha2| region(alpha2)));
                e164(&number.unwrap_or_else(|| panic!("{text} is not valid in {address:?}")))
            }
            "date_of_birth" | "established_on" => text.chars().take(10).collect(),
            "email_address" => text.split_once('@').map_or(String::new(), |(local, domain)| {
                assert!(EmailAddress::is_valid(text), "{text}");
                format!("{local}@{}", domain.to_lowercase())
            }),
            "kyc_profile.funds_send_receive_jurisdictions" | "kyc_profile.engage_in_activities" => text
                .split([';', '|'])
                .map(|item| word(item, countries))
                .collect::<Vec<_>>()
                .join(";"),
            _ if column.ends_with("country_code") || column.starts_with("country") || column == "nationality" => {
                word(text, countries)
            }
            _ if column.ends_with("type") || column.ends_with("status") || column.starts_with("investment") => {
                word(text, countries)
            }
            _ => text
                .nfc()
                .collect::<String>()
                .split_whitespace()
                .collect::<Vec<_>>()
                .join(" "),
        };
        meaning.insert(column, said);
    }
    meaning
}

/// A country's alpha-2 code, or a choice as the API writes it.
fn word(text: &str, countries: &HashMap<String, String>) -> String {
    let text = text.trim();
    countries
        .get(&text.to_lowercase())
        .cloned()
        .unwrap_or_else(|| text.to_uppercase().replace([' ', '-'], "_"))
}

#[test]
fn the_committed_files_are_what_the_generator_makes() {
    let (customers, truth) = generate(&plan(1_000, 1));
    for (name, made) in [("customers.csv", customers), ("customers.truth.csv", truth)] {
        let committed = fs::read_to_string(format!("{}/fixtures/{name}", env!("CARGO_MANIFEST_DIR"))).unwrap();
        assert!(
            committed == made,
            "fixtures/{name} differs: make it again as fixtures/README.md says"
        );
    }
}

#[test]
fn the_same_seed_gives_the_same_file_and_another_seed_no_common_id() {
    assert_eq!(generate(&plan(500, 7)), generate(&plan(500, 7)));
    let ids = |seed| {
        records(&generate(&plan(500, seed)).0)
            .iter()
            .map(|record| record[0].trim().to_owned())
            .collect()
    };
    let (ours, theirs): (Vec<String>, Vec<String>) = (ids(7), ids(8));
    assert!(ours.iter().all(|id| id.is_empty() || !theirs.contains(id)));
}

#[test]
fn good_records_are_valid_duplicates_say_the_same_and_conflicts_do_not() {
    let (customers, truth) = generate(&plan(20_000, 2));
    let (customers, truth) = (records(&customers), records(&truth));
    assert_eq!(customers.len(), truth.len());
    let countries = countries();
    let mut states: BTreeMap<String, u32> = BTreeMap::new();
    let mut phones = 0;
    for (customer, verdict) in customers.iter().zip(&truth) {
        *states.entry(verdict[1].to_owned()).or_default() += 1;
        if &verdict[1] == "rejected" {
            continue;
        }
        let said = meaning(customer, &countries);
        phones += u32::from(!said["telephone_number"].is_empty());
        if let Ok(original) = verdict[4].parse::<usize>() {
            let mut first = meaning(&customers[original - 1], &countries);
            let email = first.insert("email_address", said["email_address"].clone());
            assert_eq!(said, first, "record {}", &verdict[0]);
            assert_eq!(
                email.as_ref() == Some(&said["email_address"]),
                &verdict[1] == "duplicate",
                "record {}",
                &verdict[0]
            );
            assert_eq!(&truth[original - 1][1], "accepted");
        }
    }
    println!("{states:?}, {phones} phones valid");
    assert!((900..1_100).contains(&states["rejected"]), "{states:?}");
    assert!(states["duplicate"] > 150 && states["conflict"] > 80, "{states:?}");
}

#[test]
fn bad_records_have_every_kind_of_defect_and_deserve_it() {
    let (customers, truth) = generate(&plan(20_000, 3));
    let countries = countries();
    let mut kinds: BTreeMap<String, u32> = BTreeMap::new();
    for (customer, truth) in records(&customers).iter().zip(&records(&truth)) {
        if &truth[1] != "rejected" {
            continue;
        }
        *kinds.entry(truth[2].to_owned()).or_default() += 1;
        let text = cell(customer, &truth[3]);
        let good = match &truth[2] {
            "phone_not_valid" => countries
                .values()
                .any(|alpha2| valid_phone(text, Some(region(alpha2))).is_some()),
            "phone_extension" => valid_phone(text, None).is_none_or(|number| number.extension.is_none()),
            "phone_without_country" => valid_phone(text, None).is_some(),
            "email_not_valid" => EmailAddress::is_valid(text),
            "required_missing" => !text.is_empty(),
            "id_too_long" => text.chars().count() <= 128,
            "country_unknown" | "country_withdrawn" => countries.contains_key(&text.to_lowercase()),
            "control_character" => !text.chars().any(char::is_control),
            "replacement_character" => !text.contains('\u{fffd}'),
            "choice_unknown" => text.is_empty(),
            _ => text
                .parse::<jiff::civil::Date>()
                .is_ok_and(|date| (1_900..2_100).contains(&date.year())),
        };
        // The one date that is valid but for its time of day.
        assert!(!good || text == "1984-03-09 14:30:00", "record {}: {text:?}", &truth[0]);
    }
    println!("{kinds:?}");
    assert_eq!(kinds.len(), DEFECTS.len(), "{kinds:?}");
}

#[test]
fn every_phone_pattern_is_valid_in_every_written_form() {
    let world = World::load().unwrap();
    let mut rng = Rng::with_seed(4);
    let mut checked = 0;
    for (_, place) in world.places() {
        let region = region(place.alpha2());
        for pattern in &place.phones {
            for national in [true, false].repeat(100) {
                let number = filled(&mut rng, pattern);
                let expected = valid_phone(&number, Some(region)).unwrap_or_else(|| panic!("{number} in {region:?}"));
                let mut written = String::new();
                write_phone(&mut rng, place, &number, national, &mut written);
                let read = valid_phone(&written, national.then_some(region));
                assert_eq!(
                    read.map(|read| e164(&read)),
                    Some(e164(&expected)),
                    "{written:?} for {number:?}"
                );
                checked += 1;
            }
        }
    }
    println!("{} places, {checked} phones checked", world.places().len());
    // The check itself can fail.
    assert!(
        BAD_PHONES
            .iter()
            .all(|phone| valid_phone(phone, Some(Region::GB)).is_none())
    );
    assert!(BAD_EMAILS.iter().all(|email| !EmailAddress::is_valid(email)));
}
