//! What is said of whole columns: `profile` by shapes, `validate` and `run` where a column looks wrong.

use std::fs;

use tempfile::TempDir;

use super::{rollcall, root};

#[test]
fn a_whole_column_that_looks_wrong_is_said_of_the_column() {
    let folder = TempDir::new().unwrap();
    let rows: String = (0..40u32)
        .map(|n| {
            format!(
                "C{n},INDIVIDUAL,Ada,Muster,{:02}/{:02}/19{},0{n} 12345{n},x{n}\n",
                n % 28 + 1,
                n % 12 + 1,
                50 + n
            )
        })
        .collect();
    let text = format!("id,customer_type,first_name,last_name,date_of_birth,telephone_number,email_address\n{rows}");
    fs::write(folder.path().join("a.csv"), text).unwrap();
    fs::write(
        folder.path().join("a.toml"),
        "[input]\ndate-formats = [\"%m/%d/%Y\"]\nmax-rejects = \"100%\"\n",
    )
    .unwrap();
    for command in [
        ["validate", "a.csv", "--config", "a.toml"].as_slice(),
        &["run", "a.csv", "--config", "a.toml", "--sandbox"],
    ] {
        let (_, _, told) = rollcall(folder.path(), command);
        for said in [
            "date_of_birth (column `date_of_birth`): 16 of 40 do not fit %m/%d/%Y, all fit %d/%m/%Y; set input.date-formats\n",
            "telephone_number (column `telephone_number`): 40 of 40 name no country, and neither do their records; set input.default-region\n",
            "email_address (column `email_address`): 40 of 40 are email.not_valid; is it the right column?\n",
        ] {
            assert!(told.contains(&format!("note: a.csv: {said}")), "{told}");
        }
    }
    // With the right format, nothing is said of dates.
    fs::write(
        folder.path().join("a.toml"),
        "[input]\ndate-formats = [\"%d/%m/%Y\"]\ndefault-region = \"DE\"\n",
    )
    .unwrap();
    let (_, _, told) = rollcall(folder.path(), &["validate", "a.csv", "--config", "a.toml"]);
    assert!(
        !told.contains("do not fit") && !told.contains("name no country"),
        "{told}"
    );
}

/// What `validate` says of a column of dates: forty cells made of a day, the fifteenth of some month of 1980.
fn said_of_dates(date: &str, declared: &str) -> String {
    let folder = TempDir::new().unwrap();
    let rows: String = (0..40u32)
        .map(|n| {
            let cell = date.replace("MM", &format!("{:02}", n % 12 + 1));
            format!("C{n},INDIVIDUAL,Ada,Muster,{cell}\n")
        })
        .collect();
    let text = format!("id,customer_type,first_name,last_name,date_of_birth\n{rows}");
    fs::write(folder.path().join("a.csv"), text).unwrap();
    let settings = format!("[input]\ndate-formats = [{declared}]\nmax-rejects = \"100%\"\n");
    fs::write(folder.path().join("a.toml"), settings).unwrap();
    let (_, _, told) = rollcall(folder.path(), &["validate", "a.csv", "--config", "a.toml"]);
    let notes = told.lines().filter(|line| line.contains("date_of_birth (column"));
    let said = notes.filter_map(|line| Some(line.split_once("note: a.csv: ")?.1.to_owned()));
    said.collect::<Vec<_>>().join("\n")
}

#[test]
fn columns_of_dates_are_looked_at_as_they_are_checked() {
    let unread = "date_of_birth (column `date_of_birth`): 40 of 40 do not fit ISO 8601, all fit %d/%m/%Y; set input.date-formats";
    for cell in [
        "15/MM/1980",
        "'15/MM/1980",
        "=\"15/MM/1980\"",
        "15/MM/1980 00:00:00",
        "15/MM/1980 0:00",
    ] {
        assert_eq!(said_of_dates(cell, ""), unread, "{cell}");
        assert_eq!(said_of_dates(cell, "\"%d/%m/%Y\""), "", "{cell}");
    }
    assert_eq!(
        said_of_dates("15/MM/80", "\"%d/%m/%Y\""),
        "date_of_birth (column `date_of_birth`): 40 of 40 have a year of two digits; export the column with four"
    );
}

#[test]
fn a_profile_shows_no_value() {
    let folder = TempDir::new().unwrap();
    let export = root().join("fixtures/exports/first-hour/klienci.csv");
    for format in ["human", "json"] {
        let (code, out, told) = rollcall(
            folder.path(),
            &["profile", export.to_str().unwrap(), "--format", format],
        );
        assert_eq!(code, 0, "{told}");
        for value in ["Łucja", "Wzorcow", "klient1@", "70001", "Polska", "WAW"] {
            assert!(!out.contains(value), "{value} stands in {out}");
        }
    }
}
