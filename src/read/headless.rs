//! Whether the first record is a customer already and no header, so that no message may show a cell of it.
//!
//! A cell is rather a value than a name if it is an e-mail address, a word of a closed list of the API in capitals, or
//! mostly figures, as dates, telephone numbers and identifiers are. The first record is a customer if as many of its cells
//! are values as are known names: one cell that happens to be called like a field does not make a header of the others. It
//! may be one, too, if not one name is known and none resembles a field; then nobody can tell, and nothing is shown. It
//! looks at the first record only, and a header in another language without a configuration is the price:
//! `rollcall init` knows such names.

use super::names::{self, Meaning};
use crate::config::settings::ColumnSettings;
use crate::model::choices;
use crate::model::field::FieldId;
use crate::model::mapping::REJECT_COLUMNS;

/// Figures from which a cell with letters may be a value: `Addr 1` and `Q4` are names.
const FIGURES: usize = 3;

/// Length from which the beginning of a field's word is like it (`addr`).
const WORD_BYTES: usize = 4;

/// Names that are compared with every field: the first of a header tell enough, and each comparison costs.
const COMPARED_NAMES: usize = 64;

/// Whether the first record looks like data, if so many of its cells are known names.
pub fn looks_like_data(header: &[String], known: usize) -> bool {
    let values = header.iter().filter(|cell| is_value(cell)).count();
    values > 0 && values >= known
}

/// Whether the first record looks like data, or holds nothing that could be a name.
pub(super) fn has_no_names(header: &[String], settings: &ColumnSettings) -> bool {
    let configured: Vec<String> = settings
        .map
        .keys()
        .chain(&settings.ignore)
        .map(|name| names::fold(name))
        .collect();
    let is_known = |cell: &&String| {
        configured.contains(&names::fold_column(cell))
            || REJECT_COLUMNS.contains(&cell.as_str())
            || names::meaning(cell, None) != Meaning::Unknown
    };
    let (known, others): (Vec<&String>, Vec<&String>) = header.iter().partition(is_known);
    let others: Vec<String> = others.into_iter().cloned().collect();
    looks_like_data(&others, known.len())
        || (known.is_empty() && !others.iter().take(COMPARED_NAMES).any(|name| resembles(name)))
}

/// Whether a cell is rather a value than the name of a column.
fn is_value(cell: &str) -> bool {
    let cell = cell.trim_matches(|character: char| character.is_whitespace() || character == '\u{feff}');
    let count = |is: fn(char) -> bool| cell.chars().filter(|character| is(*character)).count();
    let (figures, letters) = (count(char::is_numeric), count(char::is_alphabetic));
    (figures > 0 && letters == 0) || (figures >= FIGURES && figures >= letters) || is_address(cell) || is_choice(cell)
}

/// A local part, an at sign and a domain, without a space.
fn is_address(cell: &str) -> bool {
    let parts = cell.split_once('@');
    parts.is_some_and(|(local, domain)| !local.is_empty() && !domain.is_empty()) && !cell.contains(char::is_whitespace)
}

/// A word of a closed list, in capitals; the type of customer in any case, since nothing else is called so.
fn is_choice(cell: &str) -> bool {
    let lists = || FieldId::all().map(|id| id.field().kind.choices());
    lists().flatten().any(|word| *word == cell)
        || choices::CUSTOMER_TYPE
            .iter()
            .any(|word| word.eq_ignore_ascii_case(cell))
}

/// Whether a name resembles a field, shares the beginning of a word with one, or is written as programs write names.
fn resembles(name: &str) -> bool {
    let folded = names::fold(name);
    let begins = |word: &str| {
        let mut fields = FieldId::all();
        word.len() >= WORD_BYTES && fields.any(|id| id.path().split(['.', '_']).any(|part| part.starts_with(word)))
    };
    let is_written_by_a_program = name.contains('_') && !name.contains(char::is_whitespace);
    is_written_by_a_program || folded.split('_').any(begins) || names::nearest(name, None, |_| true).is_some()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cells(header: &str) -> Vec<String> {
        header.split(';').map(str::to_owned).collect()
    }

    #[test]
    fn a_customer_is_told_from_a_header() {
        let check = |header: &str, expected: bool| {
            let found = has_no_names(&cells(header), &ColumnSettings::default());
            assert_eq!(found, expected, "{header}");
        };
        for header in [
            "C-1001;INDIVIDUAL;Annabel;Muellersecret;Hauptstr. 5",
            "C-1001;INDIVIDUAL;Annabel;Muellersecret;Occupation",
            "C-1001;INDIVIDUAL;Annabel;City;Occupation",
            "A-1;individual;Ann;Probe",
            "Ann;Probe;ann@localhost",
            "Ann;Probe;1980-01-31",
            "Ann;Probe;31 Jan 1980",
            "Ann;Probe;+49 30 1234567",
            "Ann;Probe;SW1A 1AA;US_CITIZEN",
            "Ann;Probe;4711",
            "Annabel;Muellersecret;Hauptstr. 5",
            "\u{feff}7;Ann",
            "佐藤;花子",
        ] {
            check(header, true);
        }
        for header in [
            "id;customer_type;first_name;last_name",
            "id;Umsatz 2023;Ort",
            "Umsatz 2023;Addr 1;E-Mail @work",
            "Addr 1;Addr 2;Q4",
            "Kundennummer;Type;E-Mail @work",
            "KUNDEN_NR;VORNAME;NACHNAME",
            "id;first_name;last_name;2023",
            "Customer ID;Company;Trust",
            "Fist Name;Umsatz",
            "id;_codes;4711",
        ] {
            check(header, false);
        }
    }

    #[test]
    fn a_name_of_the_configuration_is_a_name() {
        let mut settings = ColumnSettings::default();
        assert!(has_no_names(&cells("Ort;2023-01;PLZ"), &settings));
        settings.map.insert("ort".into(), "id".into());
        settings.ignore.push("2023-01".into());
        assert!(!has_no_names(&cells("Ort;2023-01;PLZ"), &settings));
        assert!(!has_no_names(&cells("Ort;PLZ"), &settings));
        assert!(looks_like_data(&cells("Ort;2023-01;PLZ"), 1));
        assert!(!looks_like_data(&cells("Ort;2023-01;PLZ"), 2));
    }
}
