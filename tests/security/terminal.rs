//! No control character of a name, a value or a service's text reaches a terminal, a log or a report.

use crate::bench::{Bench, Done};
use crate::server::{Server, answer};

/// Escape sequences, the bell, a step back, a turned direction of writing, and an 8-bit control.
const EVIL: &str = "\u{1b}[2J\u{1b}]0;x\u{7}\u{8}\u{202e}\u{9b}31m\u{2066}";

fn acts(character: char) -> bool {
    (character.is_control() && character != '\n')
        || matches!(character, '\u{200e}' | '\u{200f}' | '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn check(what: &str, done: &Done) {
    for text in [&done.stdout, &done.stderr] {
        let found = text.chars().find(|character| acts(*character));
        assert_eq!(found, None, "{what}: {done:#?}");
    }
}

#[test]
fn nothing_that_a_terminal_acts_upon_is_shown() {
    let server = Server::behind_a_token(|_, _, stream| {
        let errors = serde_json::json!({"errors": [{"description": format!("no{EVIL}\r\nforged"), "code": EVIL}]});
        answer(stream, 400, &errors.to_string())
    });
    let mut bench = Bench::against(&server.url("http"));
    bench.set("ROLLCALL_LOG", "trace");
    bench.set("ROLLCALL_SEND_MAX_FAILURES", "100%");
    let name = format!("evil{EVIL}.csv");
    let column = format!("fax{EVIL}");
    bench.write("rollcall.toml", "[input]\nmax-rejects = \"100%\"\n");
    let header = "id,customer_type,first_name,last_name";
    bench.write(
        &name,
        format!("{header}\nC-1,INDIVIDUAL,Anna,Petrosyan\nC{EVIL},INDIVIDUAL,Zoe,Roe{EVIL}\n"),
    );
    bench.write(
        "columns.csv",
        format!("{header},{column}\nC-2,INDIVIDUAL,Anna,Petrosyan,1\n"),
    );
    let commands: [&[&str]; 10] = [
        &["validate", &name],
        &["run", &name],
        &["status"],
        &["report"],
        &["report", "--format", "csv"],
        &["profile", &name],
        &["init", &name, "--output", "-"],
        &["profile", "columns.csv"],
        &["init", "columns.csv", "--output", "-"],
        &["validate", "columns.csv"],
    ];
    for command in commands {
        check(&format!("{command:?}"), &bench.run(command));
    }
    check("an unknown flag", &bench.run(&[&format!("--{EVIL}")]));
    check("a missing file", &bench.run(&["validate", &format!("none{EVIL}")]));
    assert!(
        acts('\u{1b}') && acts('\r') && !acts('\n') && !acts('é'),
        "the check can fail"
    );
}
