//! What `init` must never write as sure: that a column holds nothing of use, that a name is a firm's, that a country is
//! everybody's.

use std::fs;

use tempfile::TempDir;

use super::{has, proposed, rollcall};

/// A file of twenty persons with one more column of these values.
fn persons_with(name: &str, values: &[&str]) -> String {
    let value = |n: usize| values[n % values.len()];
    let rows: String = (0..20)
        .map(|n| format!("C{n},Ada,Muster,19{}-01-31,{}\n", 50 + n, value(n)))
        .collect();
    proposed(format!("id,first name,last name,date of birth,{name}\n{rows}"))
}

/// Whether a column is asked about, with these answers among others, and never written as sure.
fn asks(written: &str, name: &str, answers: &[&str]) -> bool {
    let line = |answer: &&str| has(written, &format!("#\"{name}\" = \"{answer}\""));
    let is_sure = written.lines().any(|line| line.starts_with(&format!("\"{name}\" = ")));
    !is_sure && answers.iter().all(line)
}

#[test]
fn what_a_person_does_is_never_left_out_as_a_form_of_address() {
    for jobs in [["Chief Financial Officer", "Teacher"], ["Dr.", "Nurse"]] {
        let written = persons_with("Title", &jobs);
        assert!(asks(&written, "Title", &["occupation", "ignore"]), "{written}");
    }
    let written = persons_with("Job Title", &["Teacher", "Nurse"]);
    assert!(has(&written, "\"Job Title\" = \"occupation\""), "{written}");
    for forms in [["Mr.", "Prof. Dr."], ["Herr", "Frau"], ["M.", "Mme"]] {
        let written = persons_with("Title", &forms);
        assert!(has(&written, "\"Title\" = \"ignore\""), "{written}");
    }
    let rows: String = (10..30).map(|n| format!("C{n},Muster GmbH {n},Director\n")).collect();
    let written = proposed(format!("id,company,Job Title\n{rows}"));
    assert!(asks(&written, "Job Title", &["occupation", "ignore"]), "{written}");
}

#[test]
fn a_column_that_may_be_a_field_is_never_left_out_as_sure() {
    let written = persons_with("Contact Name", &["Ada Muster", "Ben Muster"]);
    assert!(asks(&written, "Contact Name", &["ignore"]), "{written}");
    // The name says nothing of the API, but the values are words of one of its lists.
    let written = persons_with("Status", &["EMPLOYEE", "RETIRED"]);
    assert!(asks(&written, "Status", &["employment_status", "ignore"]), "{written}");
    let written = persons_with("Status", &["open", "closed"]);
    assert!(has(&written, "\"Status\" = \"ignore\""), "{written}");
    let rows: String = (10..30).map(|n| format!("DE{n},Ada,Muster\n")).collect();
    let written = proposed(format!("Account Number,first name,last name\n{rows}"));
    assert!(asks(&written, "Account Number", &["id", "ignore"]), "{written}");
    let written = persons_with("Source of wealth", &["Salary", "Inheritance"]);
    assert!(asks(&written, "Source of wealth", &["?", "ignore"]), "{written}");
}

#[test]
fn one_cell_says_nothing_of_the_country_of_all_numbers() {
    let file = |with_country: usize| {
        let country = |n: usize| if n < with_country { "Germany" } else { "" };
        let rows: String = (0..40)
            .map(|n| format!("C{n},Ada,Muster,030 90182{n:03},{}\n", country(n)))
            .collect();
        proposed(format!("id,first name,last name,phone,country\n{rows}"))
    };
    let line = "default-region = \"DE\"";
    for few in [1, 37] {
        let written = file(few);
        assert!(
            has(&written, &format!("#{line}")) && !has(&written, line),
            "{few}: {written}"
        );
    }
    let written = file(38);
    assert!(has(&written, line), "{written}");
}

#[test]
fn a_whole_name_of_a_person_is_no_name_of_a_firm() {
    let whole = ["first_name", "last_name", "registered_name", "ignore"];
    let firm = ["registered_name", "employer_name", "ignore"];
    let rows: String = (10..30)
        .map(|n| format!("C{n},Ada Muster,19{}-01-31\n", 40 + n))
        .collect();
    for name in ["Name", "Full Name"] {
        let written = proposed(format!("id,{name},Date of Birth\n{rows}"));
        assert!(asks(&written, name, &whole), "{written}");
        assert!(has(&written, "customer_type = \"INDIVIDUAL\""), "{written}");
        assert!(written.contains("must be split by"), "{written}");
    }
    let rows: String = (10..30)
        .map(|n| format!("C{n},Ada Muster,Muster GmbH,a{n}@example.org\n"))
        .collect();
    let written = proposed(format!("id,Full Name,Company,E-mail\n{rows}"));
    assert!(asks(&written, "Full Name", &whole), "{written}");
    assert!(asks(&written, "Company", &firm), "{written}");
    let written = persons_with("Company", &["Muster GmbH", "Probe AG"]);
    assert!(asks(&written, "Company", &firm), "{written}");
    // What only firms have says whose name it is.
    let rows: String = (10..30).map(|n| format!("C{n},Muster GmbH,{n}4711\n")).collect();
    let written = proposed(format!("id,Name,SIREN\n{rows}"));
    assert!(has(&written, "\"Name\" = \"registered_name\""), "{written}");
}

#[test]
fn of_a_header_alone_nothing_is_said_about_values() {
    let written = proposed("id,Name,Company\n");
    assert!(
        asks(&written, "Company", &["registered_name", "employer_name"]),
        "{written}"
    );
    let written = proposed("id,first name,last name,Title,qqq\n");
    assert!(asks(&written, "qqq", &["?", "ignore"]), "{written}");
    assert!(asks(&written, "Title", &["occupation", "ignore"]), "{written}");
    assert!(
        !written.contains("0 records") && written.contains("no record was looked at"),
        "{written}"
    );
    // With records, what is empty in all of them is left out.
    let written = proposed("id,first name,last name,qqq\n1,Ada,Muster,\n");
    assert!(has(&written, "\"qqq\" = \"ignore\""), "{written}");
}

#[test]
fn the_separator_is_said_to_fit_what_it_fits() {
    let even = "id,first name,last name\n1,Ada,Muster\n2,Ben,Muster\n";
    let written = proposed(even);
    assert!(
        written.contains("# gives 2 records the 3 columns of the header"),
        "{written}"
    );
    let written = proposed(format!("{even}3,Cora\n4,Dora,Muster,x\n"));
    assert!(
        written.contains("# gives 2 of 4 records the 3 columns of the header"),
        "{written}"
    );
}

#[test]
fn columns_of_one_name_are_no_question_that_a_line_answers() {
    let rows: String = (10..30).map(|n| format!("C{n},Ada,Muster,D{n}\n")).collect();
    let written = proposed(format!("id,first name,last name,id\n{rows}"));
    assert!(written.contains("2 columns are called `id`"), "{written}");
    assert!(!written.contains("\"id\" ="), "{written}");
    let written = proposed(format!("id,Customer No,last name,id\n{rows}"));
    assert!(
        asks(&written, "Customer No", &["id", "ignore"]) && written.contains("does `Customer No` feed id?"),
        "{written}"
    );
    // Columns that are left out may share a name.
    let written = proposed(format!("fax,first name,last name,fax\n{rows}"));
    assert!(has(&written, "\"fax\" = \"ignore\""), "{written}");
    let written = proposed(format!("qqq,first name,last name,qqq\n{rows}"));
    assert!(
        asks(&written, "qqq", &["ignore"]) && !has(&written, "#\"qqq\" = \"?\""),
        "{written}"
    );
}

#[test]
fn a_first_record_without_a_name_is_no_header() {
    let folder = TempDir::new().unwrap();
    let text = "Annabel;Geheim;Hauptstr. 5\nBen;Geheim;Hauptstr. 6\n";
    fs::write(folder.path().join("a.csv"), text).unwrap();
    let (code, out, told) = rollcall(folder.path(), &["init", "a.csv", "--output", "-"]);
    assert_eq!((code, out.as_str()), (3, ""), "{told}");
    assert!(
        !told.contains("Annabel") && !told.contains("Geheim") && !told.contains("Hauptstr"),
        "{told}"
    );
}
