//! Rows against records, by the state and the findings that the records have.

use super::*;
use crate::model::position::Position;
use crate::model::row::RowKey;

fn mapping(names: &[&str]) -> Mapping {
    let target = |name: &&str| {
        let field = FieldId::all().find(|field| field.path() == *name);
        field.map_or(Target::Ignored, Target::Field)
    };
    Mapping {
        names: names.iter().map(|name| (*name).to_owned()).collect(),
        columns: names.iter().map(target).collect(),
        constants: Vec::new(),
    }
}

const SOURCE: [&str; 5] = ["id", "first_name", "email_address", "Branch", "Branch"];
const RECORD: [&str; 5] = ["I1", "Ann", "ann@example.com", "007", "north"];

fn finding(code: &str, column: Option<usize>) -> FindingEntry {
    FindingEntry {
        code: code.to_owned(),
        severity: Severity::Error,
        field: column
            .and_then(|column| FieldId::all().find(|field| field.path() == SOURCE[column]))
            .map(|field| field.path().to_owned()),
        column,
    }
}

fn original(state: RowState, findings: Vec<FindingEntry>) -> Original {
    let row = RowEntry {
        key: RowKey { input: 1, record: 1 },
        position: Position::default(),
        customer_id: None,
        idempotency_id: None,
        state,
        attempts: 0,
        http_status: None,
        code: None,
        detail: None,
        request_id: None,
    };
    Original::new(row, findings)
}

/// Compares with a row of these columns and cells; gives the columns that are asked about with the difference.
fn compared(original: &Original, names: &[&str], cells: &[&str]) -> (Difference, Vec<String>) {
    let columns = Columns::new(&mapping(&SOURCE), &mapping(names));
    let before = Cells::of(&ByteRecord::from(RECORD.to_vec()));
    let row = Corrected {
        cells: &ByteRecord::from(cells.to_vec()),
        misfit: (cells.len() != names.len()).then(|| cells.len() - 1),
    };
    let difference = compare(&columns, original, &before, row);
    let asked = difference.others.iter().map(|(name, ..)| name.clone()).collect();
    (difference, asked)
}

const NONE: [&str; 0] = [];

#[test]
fn the_same_cells_are_unchanged_in_whatever_order_the_columns_stand() {
    let original = original(RowState::Refused, Vec::new());
    let names = [
        "_record",
        "Branch",
        "email_address",
        "id",
        "Branch",
        "_message",
        "first_name",
    ];
    let cells = ["1", "007", "ann@example.com", "I1", "north", "anything", "Ann"];
    assert_eq!(compared(&original, &names, &cells).0, Difference::default());
    // Columns of the same name are the first and the second.
    let cells = ["1", "north", "ann@example.com", "I1", "007", "anything", "Ann"];
    let (difference, asked) = compared(&original, &names, &cells);
    assert!(difference.is_changed && asked.is_empty(), "{difference:?}");
}

#[test]
fn only_cells_with_findings_of_a_rejected_record_are_free() {
    let original = original(RowState::Rejected, vec![finding("email.not_valid", Some(2))]);
    let check = |cells: [&str; 5], expected: &[&str]| {
        let (difference, asked) = compared(&original, &SOURCE, &cells);
        assert!(difference.is_changed);
        assert_eq!(asked, expected, "{cells:?}");
    };
    check(["I1", "Ann", "other", "007", "north"], &NONE);
    check(["I1", "Anne", "other", "007", "north"], &["first_name"]);
    check(["I1", "Ann", "other", "7", "south"], &["Branch", "Branch"]);
    // A column that is gone is a cell that is empty.
    let (_, asked) = compared(&original, &SOURCE[..3], &["I1", "Ann", "other"]);
    assert_eq!(asked, ["Branch", "Branch"]);
    let more = ["id", "first_name", "email_address", "Branch", "Branch", "City"];
    let (_, asked) = compared(&original, &more, &["I1", "Ann", "other", "007", "north", "Bonn"]);
    assert_eq!(asked, ["City"]);
}

#[test]
fn any_cell_of_a_refused_record_is_free_but_for_what_spreadsheets_do() {
    for state in [RowState::Refused, RowState::Conflict, RowState::Unresolved] {
        let original = original(state, vec![finding("phone.plus_restored", Some(2))]);
        let cells = ["I1", "Anne", "other@example.com", "7", "North"];
        let (difference, asked) = compared(&original, &SOURCE, &cells);
        assert_eq!(asked, ["Branch"], "{difference:?}");
        assert_eq!(difference.others[0].1, Looks::ZerosDropped);
    }
}

#[test]
fn another_id_is_another_customer_unless_the_id_was_what_was_wrong() {
    let cells = ["I2", "Bea", "7", "7", "south"];
    let stranger = |original: &Original| compared(original, &SOURCE, &cells).0.is_stranger;
    assert!(stranger(&original(RowState::Refused, Vec::new())));
    assert!(stranger(&original(
        RowState::Rejected,
        vec![finding("email.not_valid", Some(2))]
    )));
    assert!(!stranger(&original(
        RowState::Rejected,
        vec![finding("id.too_long", Some(0))]
    )));
    assert!(!stranger(&original(RowState::Conflict, Vec::new())));
    // Somebody else's cells are not asked about one by one.
    let (_, asked) = compared(&original(RowState::Refused, Vec::new()), &SOURCE, &cells);
    assert_eq!(asked, NONE);
}

#[test]
fn a_record_whose_cells_were_in_no_columns_is_compared_as_a_whole() {
    let broken = original(RowState::Rejected, vec![finding("record.field_count", None)]);
    let same = compared(&broken, &SOURCE, &RECORD);
    assert_eq!(same.0, Difference::default());
    let (difference, asked) = compared(&broken, &SOURCE, &["I2", "x", "y", "z", ""]);
    assert!(difference.is_changed && !difference.is_stranger && asked.is_empty());
    // Nor can a row be compared by column that has too many cells itself.
    let whole = original(RowState::Refused, Vec::new());
    let (difference, _) = compared(
        &whole,
        &SOURCE,
        &["I1", "Ann", "ann@example.com", "007", "north", "extra"],
    );
    assert_eq!(difference, Difference::default());
}

#[test]
fn a_record_whose_cells_were_in_no_columns_is_asked_about_where_a_spreadsheet_changed_them() {
    let broken = original(RowState::Rejected, vec![finding("record.field_count", None)]);
    let check = |names: &[&str], cells: &[&str], expected: &[(Looks, &str, &str)]| {
        let (difference, _) = compared(&broken, names, cells);
        let asked = difference.others.iter();
        let asked: Vec<_> = asked
            .map(|(name, looks, from, to)| {
                assert_eq!(name, "", "it stands in no column");
                (*looks, from.as_str(), to.as_str())
            })
            .collect();
        assert_eq!(asked, expected, "{cells:?}");
        assert!(difference.is_changed);
    };
    let zeros = [(Looks::ZerosDropped, "007", "7")];
    check(&SOURCE, &["I1", "Ann", "ann@example.com", "7", "north"], &zeros);
    // Wherever it stands now, and whatever was corrected beside it.
    check(&SOURCE, &["I1", "Anne Marie", "7", "north", ""], &zeros);
    check(
        &SOURCE[..4],
        &["I1", "Ann", "ann@example.com", "7", "north", "x"],
        &zeros,
    );
    // What a clerk types is not asked about, nor a cell that only moved.
    check(&SOURCE, &["I1", "Anne", "ann@example.com", "008", "north"], &[]);
    check(&SOURCE, &["I1", "007", "Ann", "ann@example.com", "north"], &[]);
}

#[test]
fn the_ends_of_lines_inside_a_cell_are_no_change() {
    let refused = original(RowState::Refused, Vec::new());
    let broken = original(RowState::Rejected, vec![finding("record.field_count", None)]);
    let columns = Columns::new(&mapping(&SOURCE), &mapping(&SOURCE));
    for original in [&refused, &broken] {
        let compared = |from: &str, to: &str| {
            let record = |cell: &str| ByteRecord::from(vec!["I1", cell, "a@example.com", "1", "2"]);
            let row = Corrected {
                cells: &record(to),
                misfit: None,
            };
            compare(&columns, original, &Cells::of(&record(from)), row).is_changed
        };
        assert!(!compared("one\r\ntwo\r\n", "one\ntwo\n"));
        assert!(!compared("one\ntwo", "one\r\ntwo"));
        assert!(compared("one\rtwo", "onetwo"), "a lone CR is no end of a line");
        assert!(compared("one\r\ntwo", "one two"));
        assert!(compared("one\n\ntwo", "one\ntwo"));
    }
}

#[test]
fn what_was_kept_back_as_a_correction_says_nothing_of_its_cells() {
    let kept_back = original(RowState::Rejected, vec![finding("correction.unchanged", None)]);
    assert!(kept_back.was_refused() && !kept_back.was_unknown());
    let (_, asked) = compared(&kept_back, &SOURCE, &["I1", "Anne", "ann@example.com", "7", "north"]);
    assert_eq!(asked, ["Branch"]);
    let unknown = original(RowState::Rejected, vec![finding("correction.unknown_record", None)]);
    assert!(unknown.was_unknown() && !unknown.was_refused());
}
