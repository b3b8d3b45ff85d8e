//! Properties of checking, for any record: it never panics, what it sends is its own normal form, and what it finds is a
//! rule that the field has. Cells are real ones of the fixtures with slips of fingers, encodings and spreadsheets, and
//! cells of nothing but noise.

#![expect(
    clippy::unwrap_used,
    clippy::indexing_slicing,
    reason = "helpers of tests fail as tests do"
)]

mod judge;

use std::sync::LazyLock;

use proptest::prelude::*;

use judge::{check, judge};
use rollcall::model::field::FieldId;
use rollcall::model::row::Checked;

/// Records of the fixture, a cell for each field.
static SEEDS: LazyLock<Vec<Vec<String>>> = LazyLock::new(|| {
    let mut reader = csv::Reader::from_path(concat!(env!("CARGO_MANIFEST_DIR"), "/fixtures/customers.csv")).unwrap();
    let header: Vec<String> = reader.headers().unwrap().iter().map(str::to_owned).collect();
    let records = reader
        .records()
        .filter_map(Result::ok)
        .filter(|record| record.len() == header.len());
    let cell = |record: &csv::StringRecord, id: FieldId| {
        let column = header.iter().position(|name| name == id.path());
        column.map(|column| record[column].to_owned()).unwrap_or_default()
    };
    records
        .map(|record| FieldId::all().map(|id| cell(&record, id)).collect())
        .collect()
});

/// What fingers, encodings and spreadsheets put into cells.
const NOISE: &[&str] = &[
    "'",
    "\u{2019}",
    ".0",
    ",00",
    "E+11",
    "+",
    "0",
    "00",
    "-",
    " ",
    "\u{a0}",
    "\u{200b}",
    "\u{feff}",
    "\u{301}",
    "ß",
    "İ",
    "Ã",
    "©",
    "\u{fffd}",
    "\0",
    "\n",
    "\"",
    ";",
    "|",
    "/",
    "１",
    "Ａ",
    "＋",
    "ext. 5",
    "tel:",
    "NULL",
    "NONE",
    "OTHER",
    "http://",
    "@",
    ".",
    "9",
    "D-",
    "US",
    "\u{1f600}",
    "\u{202e}",
    "=\"",
    "=",
    "＝＂",
    "＂",
    "\u{ad}",
    "\u{3164}",
    "(0)",
    "49 ",
    "#REF!",
];

/// A cell after slips: each puts a piece of noise somewhere, or takes a character away.
fn slip(cell: &str, slips: &[(usize, usize)]) -> String {
    let mut characters: Vec<char> = cell.chars().collect();
    for (place, noise) in slips {
        let at = place % (characters.len() + 1);
        if noise % 4 == 0 && at < characters.len() {
            characters.remove(at);
        } else {
            let piece = NOISE[noise % NOISE.len()].chars();
            characters.splice(at..at, piece);
        }
    }
    characters.into_iter().collect()
}

/// A record of the fixture in which some cells slipped and one may be any text at all.
fn record() -> impl Strategy<Value = Vec<String>> {
    let slips = proptest::collection::vec(
        (any::<usize>(), proptest::collection::vec(any::<(usize, usize)>(), 1..4)),
        0..4,
    );
    let wild = proptest::option::of((any::<usize>(), ".{0,40}"));
    (any::<usize>(), slips, wild).prop_map(|(seed, slips, wild)| {
        let mut cells = SEEDS[seed % SEEDS.len()].clone();
        let filled: Vec<usize> = (0..cells.len()).filter(|index| !cells[*index].is_empty()).collect();
        for (place, slips) in slips {
            let index = filled[place % filled.len()];
            cells[index] = slip(&cells[index], &slips);
        }
        if let Some((place, text)) = wild {
            let index = place % cells.len();
            cells[index] = text;
        }
        cells
    })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 20_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn what_is_sent_is_its_own_normal_form_and_what_is_found_is_a_rule_of_the_field(cells in record()) {
        prop_assert_eq!(judge(&cells), Ok(()));
    }
}

/// What fuzzing found, and what slips meet too seldom: marks of spreadsheets, one behind the other.
#[test]
fn a_value_behind_several_marks_is_its_own_normal_form() {
    let seed = SEEDS
        .iter()
        .find(|cells| matches!(check(cells), Checked::Row(_)))
        .unwrap();
    for path in [
        "id",
        "first_name",
        "passport_number",
        "mailing_address.state",
        "website_address",
        "nationality",
    ] {
        let index = FieldId::from_path(path).unwrap().index();
        for cell in [
            "''.",
            "''1001",
            "'\u{2019}1001",
            "'\u{200b}4030",
            "' \u{3164}'4030",
            "''",
            "'\u{200b}'",
            "=\"''1001\"",
            "＝＂'\u{3164}1＂",
            "＇＇ＧＢ",
            "''+1",
            "'=\"'1\"",
            "'1.0.0",
        ] {
            let mut cells = seed.clone();
            cells[index] = cell.to_owned();
            assert_eq!(judge(&cells), Ok(()), "{path} {cell:?}");
        }
    }
}

/// The property is about something: real records come through, and slips are found.
#[test]
fn records_of_the_fixture_are_accepted_and_slips_are_found() {
    let accepted = SEEDS
        .iter()
        .filter(|cells| matches!(check(cells), Checked::Row(_)))
        .count();
    assert!(accepted * 10 > SEEDS.len() * 8, "{accepted} of {}", SEEDS.len());
    let slipped = SEEDS.iter().filter(|cells| {
        let email = FieldId::from_path("email_address").unwrap().index();
        let mut cells = (*cells).clone();
        cells[email] = cells[email].replace('@', " at ");
        !cells[email].is_empty() && matches!(check(&cells), Checked::Reject(_))
    });
    assert!(slipped.count() > 100);
}
