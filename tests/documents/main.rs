//! Holds what the documents show to what happens when it is typed.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test's helpers fail as tests do")]

mod typed;

use std::path::Path;

use typed::{follow, matches, root, shown};

#[test]
fn the_readme_is_true() {
    let repaired = "id,customer_type,first_name,last_name,_file,_record,_line,_state,_codes,_message\n\
                    R-1,INDIVIDUAL,Ada,Beispiel,customers.csv,39,45,rejected,email.not_valid,repaired\n";
    let prepare = |folder: &Path| std::fs::write(folder.join("repaired.csv"), repaired).unwrap();
    let typed = follow("README.md", prepare);
    // The harness itself can fail, and the two commands for a fresh machine are there to the letter.
    assert!(typed.len() > 10, "{typed:?}");
    let commands = shown(&std::fs::read_to_string(root().join("README.md")).unwrap());
    for fresh in [
        "cargo run --release -- run fixtures/customers.csv --sandbox",
        "cargo test",
    ] {
        assert!(commands.iter().any(|shown| shown.command == fresh), "{fresh}");
    }
    assert!(!matches("1 record", "2 records") && matches("a [..] c", "a b c") && matches("a", "a"));
}

#[test]
fn the_operator_s_night_is_true() {
    assert!(follow("docs/operator.md", |_| ()).len() > 8);
}

#[test]
fn the_clerk_s_morning_is_true() {
    assert!(follow("docs/clerk.md", |_| ()).len() > 6);
}

#[test]
fn the_auditor_s_question_is_answered() {
    assert!(follow("docs/auditor.md", |_| ()).len() > 6);
}
