//! Headers and configurations: what they map to, and every problem that is found in them.

use super::*;

/// `from=to` maps, `-name` ignores, `field:value` is a constant.
fn settings(text: &str) -> ColumnSettings {
    let mut settings = ColumnSettings::default();
    for part in text.split(", ").filter(|part| !part.is_empty()) {
        if let Some((column, path)) = part.split_once('=') {
            settings.map.insert(column.into(), path.into());
        } else if let Some((path, value)) = part.split_once(':') {
            settings.constants.insert(path.into(), value.into());
        } else {
            settings.ignore.push(part.trim_start_matches('-').into());
        }
    }
    settings
}

fn mapped(header: &str, columns: &str) -> Result<Mapping, ReadError> {
    let header: Vec<String> = header.split(',').map(str::to_owned).collect();
    map("a.csv", &header, &settings(columns))
}

/// The targets of a header that fits.
fn check(header: &str, columns: &str, expected: &str) {
    let mapping = mapped(header, columns).unwrap_or_else(|error| panic!("{header}: {error}"));
    let targets = mapping.columns.iter().map(|target| match target {
        Target::Field(id) => id.path(),
        Target::Ignored => "-",
    });
    assert_eq!(targets.collect::<Vec<_>>().join(" "), expected, "{header}");
}

/// Every problem of a header that does not fit.
fn refuse(header: &str, columns: &str, expected: &[&str]) {
    let error = mapped(header, columns).unwrap_err();
    let ReadError::Header { problems, .. } = error else {
        panic!("{header}: {error:?}")
    };
    let problems: Vec<_> = problems.iter().map(ToString::to_string).collect();
    assert_eq!(problems, expected, "{header}");
}

const PERSON: &str = "customer_type:INDIVIDUAL";

#[test]
fn names_are_mapped_by_path_leaf_and_configuration() {
    check(
        "id,customer_type,First Name,LAST-NAME",
        "",
        "id customer_type first_name last_name",
    );
    check(
        "id,first_name,last_name,City",
        PERSON,
        "id first_name last_name mailing_address.city",
    );
    check(
        "Customer Id,Firm,fax",
        "customer id=ID, Firm=registered_name, -FAX, customer_type:CORPORATION",
        "id registered_name -",
    );
    check(
        "id,first_name,last_name,x,x",
        "customer_type:Individual, -x",
        "id first_name last_name - -",
    );
    check(
        "id,first_name,last_name,",
        "customer_type:INDIVIDUAL, -",
        "id first_name last_name -",
    );
}

#[test]
fn a_rejects_file_is_read_as_it_was_written() {
    check(
        "id,first_name,last_name,city,_state,_codes",
        PERSON,
        "id first_name last_name mailing_address.city - -",
    );
}

#[test]
fn constants_come_along() {
    let mapping = mapped("id,first_name,last_name", PERSON).unwrap();
    assert_eq!(mapping.constants, [(FieldId::CUSTOMER_TYPE, "INDIVIDUAL".to_owned())]);
    assert_eq!(mapping.names, ["id", "first_name", "last_name"]);
}

#[test]
fn unknown_ambiguous_and_nameless_columns_are_refused() {
    refuse(
        "id,customer_type,fist_name,last_name,registered_name,city,,qqq",
        "",
        &[
            "column 3 `fist_name` is no field; the nearest is first_name",
            "column 6 `city` could be mailing_address.city or registered_address.city",
            "column 7 has no name",
            "column 8 `qqq` is no field",
        ],
    );
}

#[test]
fn duplicates_and_second_sources_are_refused() {
    refuse(
        "id,ID,customer_type,first_name,last_name,city,mailing_address.city,town",
        "customer_type:INDIVIDUAL, town=city",
        &[
            "columns 1 and 2 have the same name `id`",
            "customer_type has more than one source: column `customer_type` and its constant in [columns]",
            "mailing_address.city has more than one source: column `city` and column `mailing_address.city` and \
             column `town`",
        ],
    );
}

#[test]
fn a_configuration_that_does_not_fit_is_refused() {
    refuse(
        "id,first_name,last_name,x,y",
        "customer_type:INDIVIDUAL, first nam=first_name, x=fist_name, -y, y=naics, shoe:44",
        &[
            "`shoe` in [columns] is no field",
            "`first nam` is mapped in [columns], and no column has that name; the nearest is `first_name`",
            "`y` stands in [columns] more than once",
            "`fist_name` in [columns] is no field; the nearest is first_name",
        ],
    );
}

#[test]
fn a_file_without_a_header_does_not_show_its_first_customer() {
    let first = "4711,Erika,Mustermann,erika@example.com,+49 30 1234567";
    refuse(
        first,
        PERSON,
        &["the first record names no column and looks like data; its content is not shown here"],
    );
    let error = mapped(first, PERSON).unwrap_err();
    assert!(!error.hint().unwrap().contains("Erika"));
}

#[test]
fn the_hint_is_configuration_to_paste() {
    let error = mapped("customerID,companyName,phone,fax,city\u{1b}", "").unwrap_err();
    let hint = error.hint().unwrap();
    let table: toml::Table = toml::from_str(hint.split_once(":\n").unwrap().1).unwrap();
    let columns = &table["columns"];
    assert_eq!(columns["customerID"].as_str(), Some("id"));
    assert_eq!(columns["city\u{1b}"].as_str(), Some("mailing_address.city"));
    assert_eq!(columns["constants"]["customer_type"].as_str(), Some("INDIVIDUAL"));
    assert!(
        columns["ignore"]
            .as_array()
            .unwrap()
            .iter()
            .any(|name| name.as_str() == Some("fax"))
    );
    assert!(!error.to_string().contains('\u{1b}') && !hint.contains('\u{1b}'));
}

#[test]
fn nothing_of_a_file_without_a_header_is_shown_whatever_is_configured() {
    let said = |header: &str, columns: &str| {
        let error = mapped(header, columns).unwrap_err();
        format!("{error}\n{}", error.hint().unwrap())
    };
    for columns in ["", PERSON, "Muellersecrex=last_name, Kunde=id", "shoe:44"] {
        for last in ["Hauptstr. 5", "Occupation", "muellersecret"] {
            let text = said(&format!("C-1001,INDIVIDUAL,Annabel,Muellersecret,{last}"), columns);
            for value in [
                "1001",
                "INDIVIDUAL,",
                "Annabel",
                "Muellersecret",
                "Hauptstr",
                "muellersecret",
            ] {
                assert!(!text.contains(value), "{columns}: {text}");
            }
            assert!(text.contains("looks like data"), "{text}");
        }
    }
    // What is wrong with the configuration for any file is said.
    assert!(said("C-1001,INDIVIDUAL,Annabel", "shoe:44").contains("`shoe` in [columns] is no field"));
    // A header with names that no field has is shown.
    let text = said("id,Umsatz 2023,Addr 1,E-Mail @work", "");
    assert!(
        text.contains("`Umsatz 2023` is no field") && text.contains("`E-Mail @work`"),
        "{text}"
    );
}

#[test]
fn a_file_that_was_quoted_twice_is_called_so() {
    let header = ["id,customer_type,first_name".to_owned()];
    let ReadError::Header { problems, .. } = map("a.csv", &header, &settings("")).unwrap_err() else {
        panic!("another error")
    };
    assert_eq!(problems, [HeaderProblem::QuotedTwice]);
}

#[test]
fn names_are_compared_composed() {
    check(
        "Ku\u{308}rzel,first_name,last_name",
        "K\u{fc}rzel=id, customer_type:INDIVIDUAL",
        "id first_name last_name",
    );
}

#[test]
fn only_the_first_unknown_names_are_compared_with_every_field() {
    let header: Vec<String> = vec!["fist_name".to_owned(); 4096];
    let (_, problems) = map_what_fits(&header, &settings(""));
    let compared = problems
        .iter()
        .filter(|problem| matches!(problem, HeaderProblem::Unknown { nearest: Some(_), .. }))
        .count();
    assert!(compared > 0 && compared <= COMPARED_NAMES, "{compared}");
}
