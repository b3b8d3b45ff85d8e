//! The first hour with an export: `init` looks at it, a person answers the questions and nothing else, `validate` accepts
//! what is meant to be accepted. Also what `init` must never do: take a doubt for sure, leak a value, overwrite a file.

#![expect(
    clippy::unwrap_used,
    clippy::format_collect,
    clippy::panic,
    clippy::indexing_slicing,
    reason = "a test's helpers fail as tests do, and its files are small"
)]

use std::fs;
use std::path::{Path, PathBuf};
use std::process::Command;

use tempfile::TempDir;

mod columns;
mod doubts;

fn root() -> &'static Path {
    Path::new(env!("CARGO_MANIFEST_DIR"))
}

/// Runs the binary in a folder: exit code, standard output, standard error.
fn rollcall(folder: &Path, arguments: &[&str]) -> (i32, String, String) {
    let output = Command::new(env!("CARGO_BIN_EXE_rollcall"))
        .args(arguments)
        .current_dir(folder)
        .output()
        .unwrap();
    let text = |bytes| String::from_utf8(bytes).unwrap();
    (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
}

/// What `init` writes for a text.
fn proposed(text: impl AsRef<[u8]>) -> String {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("export.csv"), text).unwrap();
    let (code, written, told) = rollcall(folder.path(), &["init", "export.csv", "--output", "-"]);
    assert_eq!(code, 0, "{told}");
    written
        .parse::<toml::Table>()
        .unwrap_or_else(|error| panic!("{error}: {written}"));
    written
}

/// Whether a line is written that begins with this code; its comment does not count.
fn has(written: &str, code: &str) -> bool {
    written.lines().any(|line| {
        line == code
            || line
                .strip_prefix(code)
                .is_some_and(|rest| rest.trim_start().starts_with('#'))
    })
}

/// Takes the `#` away from the line of an answer, or puts it in the place of a `?`.
fn answer(config: &str, answer: &str) -> String {
    let (key, _) = answer.split_once(" = ").unwrap();
    let open = [format!("#{answer}"), format!("#{key} = \"?\"")];
    let asked = |line: &&str| open.iter().any(|code| has(line, code));
    assert!(
        config.lines().any(|line| asked(&line)),
        "nobody asked for `{answer}`: {config}"
    );
    let mut answered = false;
    let lines = config.lines().map(|line| {
        let is_it = !answered && asked(&line);
        answered |= is_it;
        if is_it { answer } else { line }
    });
    lines.collect::<Vec<_>>().join("\n")
}

/// The figures of a validation, and what was said beside them.
fn validated(folder: &Path, export: &Path, config: &str) -> (u64, u64, String) {
    fs::write(folder.join("answered.toml"), config).unwrap();
    let export = export.to_str().unwrap();
    let (_, out, told) = rollcall(
        folder,
        &["validate", export, "--config", "answered.toml", "--format", "json"],
    );
    let summary: serde_json::Value =
        serde_json::from_str(out.lines().last().unwrap_or_else(|| panic!("{told}"))).unwrap();
    let figure = |name: &str| summary["summary"][name].as_u64().unwrap();
    (figure("accepted"), figure("rejected"), told)
}

/// From an export to figures, by the answers of its file alone.
fn first_hour(name: &str, questions: usize) {
    let folder = TempDir::new().unwrap();
    let export = root().join(format!("fixtures/exports/first-hour/{name}.csv"));
    let truth = fs::read_to_string(export.with_file_name(format!("{name}.answers.toml"))).unwrap();
    let truth: toml::Table = truth.parse().unwrap();
    let (code, _, told) = rollcall(folder.path(), &["init", export.to_str().unwrap()]);
    assert_eq!(code, 0, "{told}");
    let config = fs::read_to_string(folder.path().join("rollcall.toml")).unwrap();
    assert_eq!(config.matches("# QUESTION ").count(), questions, "{config}");
    no_value_stands_in(&export, &config);
    let answers = truth["answers"].as_array().unwrap();
    let answered = answers
        .iter()
        .fold(config, |config, one| answer(&config, one.as_str().unwrap()));
    let (accepted, rejected, told) = validated(folder.path(), &export, &answered);
    let expected = ["accepted", "rejected"].map(|key| u64::try_from(truth[key].as_integer().unwrap()).unwrap());
    assert_eq!([accepted, rejected], expected, "{told}");
}

/// Holds every cell of an export against a configuration: none of more than three characters stands in it, save words of
/// lists, which repeat and are asked about.
fn no_value_stands_in(export: &Path, config: &str) {
    let bytes = fs::read(export).unwrap();
    let text = String::from_utf8(bytes)
        .unwrap_or_else(|error| error.into_bytes().iter().map(|byte| char::from(*byte)).collect());
    let head = text.lines().next().unwrap().to_owned();
    let separator = if head.contains(';') { b';' } else { b',' };
    let mut reader = csv::ReaderBuilder::new()
        .delimiter(separator)
        .from_reader(text.as_bytes());
    let mut looked_at = 0;
    for record in reader.records() {
        for cell in record
            .unwrap()
            .iter()
            .filter(|cell| cell.chars().count() > 3 && *cell != "SARL")
        {
            looked_at += 1;
            let quoted = [format!("\"{cell}\""), format!(" {cell} "), format!("`{cell}`")];
            assert!(
                quoted.iter().all(|form| !config.contains(form)),
                "{cell} stands in {config}"
            );
        }
    }
    assert!(looked_at > 100);
}

#[test]
fn an_english_crm_export_needs_two_answers() {
    first_hour("crm", 2);
}

#[test]
fn a_french_bank_s_export_of_firms_needs_the_words_of_its_legal_forms() {
    first_hour("banque", 1);
}

#[test]
fn a_polish_export_of_persons_and_firms_needs_four_answers() {
    first_hour("klienci", 4);
}

#[test]
fn the_northwind_sample_needs_no_answer() {
    let sample: PathBuf = root().join("../shared/data/northwind-customers.csv");
    let Ok(sample) = sample.canonicalize() else {
        println!("skipped: the sample is not there");
        return;
    };
    let folder = TempDir::new().unwrap();
    rollcall(folder.path(), &["init", sample.to_str().unwrap()]);
    let config = fs::read_to_string(folder.path().join("rollcall.toml")).unwrap();
    assert!(!config.contains("QUESTION "), "{config}");
    no_value_stands_in(&sample, &config);
    let (_, _, told) = validated(folder.path(), &sample, &config);
    let own = fs::read_to_string(root().join("config/northwind.toml")).unwrap();
    let by_hand = validated(folder.path(), &sample, &own);
    let by_init = validated(folder.path(), &sample, &config);
    assert_eq!((by_init.0, by_init.1), (by_hand.0, by_hand.1), "{told}");
    assert_eq!(by_init.0, 48);
}

#[test]
fn a_column_without_an_answer_stops_at_the_header() {
    let folder = TempDir::new().unwrap();
    let export = root().join("fixtures/exports/first-hour/klienci.csv");
    rollcall(folder.path(), &["init", export.to_str().unwrap()]);
    let (code, out, told) = rollcall(folder.path(), &["validate", export.to_str().unwrap()]);
    assert_eq!((code, out.as_str()), (3, ""), "{told}");
    assert!(told.contains("`Kraj`") && told.contains("`Zgoda RODO`"), "{told}");
}

#[test]
fn values_that_contradict_a_name_are_never_sure() {
    let rows: String = (10..30)
        .map(|n| format!("C{n},Ada,Muster,19{n}-01-{n},a{n}@example.org\n"))
        .collect();
    let written = proposed(format!("id,first name,last name,phone,e-mail\n{rows}"));
    assert!(has(&written, "\"e-mail\" = \"email_address\""), "{written}");
    assert!(
        has(&written, "#\"phone\" = \"telephone_number\"") && has(&written, "#\"phone\" = \"ignore\""),
        "{written}"
    );
    assert!(!has(&written, "\"phone\" = \"telephone_number\""), "{written}");
    let swapped = proposed(format!("id,first name,last name,e-mail,phone\n{rows}"));
    assert!(
        !has(&swapped, "\"e-mail\" = \"email_address\"") && !has(&swapped, "\"phone\" = \"telephone_number\""),
        "{swapped}"
    );
}

#[test]
fn a_name_that_only_resembles_is_never_sure() {
    let rows: String = (10..30)
        .map(|n| format!("C{n},Ada,Muster,a{n}@example.org\n"))
        .collect();
    let written = proposed(format!("id,frist name,last name,emial address\n{rows}"));
    assert!(
        has(&written, "#\"frist name\" = \"first_name\"") && !has(&written, "\"frist name\" = \"first_name\""),
        "{written}"
    );
    assert!(has(&written, "#\"emial address\" = \"email_address\""), "{written}");
    assert!(!has(&written, "\"emial address\" = \"email_address\""), "{written}");
}

#[test]
fn an_identifier_that_repeats_is_a_question() {
    let rows: String = (10..30).map(|n| format!("C{},Ada,Muster\n", n % 3)).collect();
    let written = proposed(format!("id,first name,last name\n{rows}"));
    assert!(
        has(&written, "#\"id\" = \"id\"") && !has(&written, "\"id\" = \"id\""),
        "{written}"
    );
}

#[test]
fn a_date_format_is_written_only_if_the_column_proves_it() {
    let file = |dates: &[&str]| {
        let rows = dates
            .iter()
            .enumerate()
            .map(|(n, date)| format!("C{n},Ada,Muster,{date}\n"));
        proposed(format!("id,first name,last name,DOB\n{}", rows.collect::<String>()))
    };
    let us = "date-formats = [\"%m/%d/%Y\"]";
    let eu = "date-formats = [\"%d/%m/%Y\"]";
    let proven = file(&["01/02/1980", "03/25/1981", "12/12/1982"]);
    assert!(has(&proven, us), "{proven}");
    let ambiguous = file(&["01/02/1980", "03/05/1981", "12/12/1982"]);
    assert!(
        has(&ambiguous, &format!("#{us}")) && has(&ambiguous, &format!("#{eu}")),
        "{ambiguous}"
    );
    assert!(!has(&ambiguous, us) && !has(&ambiguous, eu), "{ambiguous}");
    let mixed = file(&["13/02/1980", "03/25/1981", "12/12/1982"]);
    assert!(!has(&mixed, us) && !has(&mixed, eu), "{mixed}");
    let iso = file(&["1980-02-13", "1981-03-25"]);
    assert!(!iso.contains("date-formats"), "{iso}");
}

#[test]
fn no_value_is_taken_for_a_word_of_a_list() {
    // Names in a column of statuses, each once; and a column of one name in every record.
    let rows: String = ["Ada", "Ben", "Cora"]
        .iter()
        .enumerate()
        .map(|(n, name)| format!("C{n},{name},Muster,{name} Geheim\n"))
        .collect();
    let written = proposed(format!("id,first name,last name,employment status\n{rows}"));
    assert!(!written.contains("Geheim"), "{written}");
    assert!(
        !has(&written, "\"employment status\" = \"employment_status\""),
        "{written}"
    );
    // A shifted record has a name where a word should be.
    let word = |n: u32| if n == 7 { "Geheim" } else { "Rentner" };
    let rows: String = (0..40).map(|n| format!("C{n},Ada,Muster,{}\n", word(n))).collect();
    let written = proposed(format!("id,first name,last name,employment status\n{rows}"));
    assert!(
        has(&written, "#\"Rentner\" = \"?\"") && !written.contains("Geheim"),
        "{written}"
    );
}

#[test]
fn a_file_without_a_header_shows_nothing_of_its_first_customer() {
    let folder = TempDir::new().unwrap();
    let text = "4711,Ada Geheim,ada@example.org,1980-01-31\n4712,Ben Geheim,ben@example.org,1981-01-31\n";
    fs::write(folder.path().join("a.csv"), text).unwrap();
    let (code, out, told) = rollcall(folder.path(), &["init", "a.csv"]);
    assert_eq!((code, out.as_str()), (3, ""), "{told}");
    assert!(
        !told.contains("Geheim") && !told.contains("ada@") && !folder.path().join("rollcall.toml").exists(),
        "{told}"
    );
}

#[test]
fn names_of_the_outside_cannot_write_configuration() {
    let rows: String = (10..30).map(|n| format!("C{n},Ada,Muster,x,x,x\n")).collect();
    let written = proposed(format!(
        "id,first name,last name,\"a\n[api]\",\"quote\"\" # x\",ignore\n{rows}"
    ));
    let table: toml::Table = written.parse().unwrap();
    assert!(!table.contains_key("api"), "{written}");
    let folder = TempDir::new().unwrap();
    let name = "a\n[api]\nscope = \"x\" #.csv";
    fs::write(folder.path().join(name), "id,first name,last name\n1,Ada,Muster\n").unwrap();
    rollcall(folder.path(), &["init", name]);
    let written = fs::read_to_string(folder.path().join("rollcall.toml")).unwrap();
    assert!(
        !written.parse::<toml::Table>().unwrap().contains_key("api"),
        "{written}"
    );
}

#[test]
fn a_file_that_is_there_is_never_overwritten_and_a_new_one_is_private() {
    let folder = TempDir::new().unwrap();
    fs::write(folder.path().join("a.csv"), "id,first name,last name\n1,Ada,Muster\n").unwrap();
    let (code, ..) = rollcall(folder.path(), &["init", "a.csv", "--output", "new.toml"]);
    assert_eq!(code, 0);
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt;
        let mode = fs::metadata(folder.path().join("new.toml"))
            .unwrap()
            .permissions()
            .mode();
        assert_eq!(mode & 0o077, 0);
    }
    fs::write(folder.path().join("mine.toml"), "# mine\n").unwrap();
    let (code, _, told) = rollcall(folder.path(), &["init", "a.csv", "--output", "mine.toml"]);
    assert_eq!(code, 2, "{told}");
    assert!(told.contains("hint: "), "{told}");
    assert_eq!(fs::read_to_string(folder.path().join("mine.toml")).unwrap(), "# mine\n");
}

#[test]
fn persons_and_firms_without_a_type_are_a_question() {
    let person: String = (10..30).map(|n| format!("C{n},Ada,Muster,,Berlin\n")).collect();
    let firm: String = (30..50).map(|n| format!("C{n},,,Muster GmbH {n},Berlin\n")).collect();
    let written = proposed(format!("id,Vorname,Nachname,Firma,Ort\n{person}{firm}"));
    assert!(
        has(&written, "#customer_type = \"INDIVIDUAL\"") && has(&written, "#customer_type = \"CORPORATION\""),
        "{written}"
    );
    assert!(
        !written.lines().any(|line| line.starts_with("customer_type")),
        "{written}"
    );
    assert!(has(&written, "#\"Ort\" = \"registered_address.city\""), "{written}");
}

#[test]
fn an_encoding_is_written_only_if_no_other_reads_words() {
    let file = |bytes: &[u8]| {
        let mut text = b"id,first name,last name\n".to_vec();
        (0..5).for_each(|n| text.extend([format!("{n},").as_bytes(), bytes, b",x\n"].concat()));
        proposed(text)
    };
    assert!(has(
        &file(b"Ren\xe9e Fran\xe7ois \xe0 l\xe8ve"),
        "encoding = \"windows-1252\""
    ));
    // Russian in windows-1251: several encodings of Cyrillic read letters.
    let doubtful = file(b"\xc8\xe2\xe0\xed\xee\xe2");
    assert!(
        doubtful.contains("#encoding = \"windows-1251\"") && !doubtful.contains("\nencoding"),
        "{doubtful}"
    );
    assert!(!doubtful.contains("Иван"), "{doubtful}");
}

#[test]
fn a_last_record_that_counts_the_others_is_asked_about() {
    let rows: String = (10..30).map(|n| format!("C{n};Ada;Muster\n")).collect();
    let line = "#trailer = { starts-with = \"TRL\", count-field = 2 }";
    let written = proposed(format!("id;first name;last name\n{rows}TRL;20\n"));
    assert!(has(&written, line), "{written}");
    let written = proposed(format!("id;first name;last name\n{rows}TRL;19\n"));
    assert!(!written.contains("trailer"), "{written}");
}

#[test]
fn of_a_long_file_the_first_part_is_looked_at_and_it_is_said() {
    let rows: String = (0..10_001).map(|n| format!("{n},Ada,Muster,\n")).collect();
    let written = proposed(format!("id,first name,last name,qqq\n{rows}"));
    assert!(written.contains("the first 10,000 records"), "{written}");
    // What is empty in a part may be filled in the rest.
    assert!(
        has(&written, "#\"qqq\" = \"ignore\"") && !has(&written, "\"qqq\" = \"ignore\""),
        "{written}"
    );
}
