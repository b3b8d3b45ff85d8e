//! Holds what the documents show to what happens when it is typed.

#![cfg(unix)]
#![expect(clippy::unwrap_used, reason = "a test's helpers fail as tests do")]

mod typed;

use std::path::Path;

use typed::{Night, follow, follow_after, matches, root, shown};

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

/// One row is refused by a service that was wrong, and one gets no clear answer: so that there is something to send again.
const NIGHT: Night = Night {
    plan: "[[fault]]\nfault = \"answer\"\nstatus = 422\non = \"create\"\nuntil-request = 1\nsave = false\n\
           [[fault]]\nfault = \"answer\"\nstatus = 500\non = \"create\"\nfrom-request = 2\nuntil-request = 2\nsave = false\n",
    send: "max-attempts = 1\ncanary = 0\nmax-failures = \"100%\"\n",
};

#[test]
fn the_clerk_s_morning_is_true() {
    assert!(follow_after(&NIGHT, "docs/clerk.md", |_| ()).len() > 6);
}

#[test]
fn the_auditor_s_question_is_answered() {
    assert!(follow("docs/auditor.md", |_| ()).len() > 6);
}
