//! What holds for the definitions of all commands.

use std::path::{Path, PathBuf};

use clap::{Command, CommandFactory, Parser};

use super::Args;

/// Every command with the words that call it, those alone that can be typed.
fn commands() -> Vec<(String, Command)> {
    fn walk(command: &Command, name: &str, found: &mut Vec<(String, Command)>) {
        if command.has_subcommands() {
            for below in command.get_subcommands() {
                walk(below, &format!("{name} {}", below.get_name()), found);
            }
        } else {
            found.push((name.to_owned(), command.clone()));
        }
    }
    let mut found = Vec::new();
    walk(&Args::command(), "rollcall", &mut found);
    found
}

#[test]
fn every_command_shows_examples_of_itself() {
    let commands = commands();
    assert!(commands.len() > 12, "{}", commands.len());
    for (name, command) in commands {
        let below = command.get_after_help().map(ToString::to_string).unwrap_or_default();
        let examples = below.strip_prefix("Examples:\n").unwrap_or_default();
        let shown = examples.lines().take_while(|line| line.starts_with("  "));
        let mut shown = shown.filter(|line| line.contains(&name));
        assert!(shown.next().is_some(), "{name} has no example of itself:\n{below}");
    }
}

#[test]
fn the_definitions_hold_together() {
    Args::command().debug_assert();
}

/// The words of a command as a shell, or systemd, takes them apart: single quotes are all that the examples use.
fn words(line: &str) -> Vec<String> {
    let mut words = Vec::new();
    for (index, part) in line.split('\'').enumerate() {
        if index % 2 == 1 {
            words.push(part.to_owned());
        } else {
            words.extend(part.split_whitespace().map(str::to_owned));
        }
    }
    words
}

/// The commands of the program in a file of the examples, in words.
fn typed(path: &Path) -> Vec<Vec<String>> {
    let text = std::fs::read_to_string(path).unwrap();
    let mut found = Vec::new();
    let mut arguments: Option<Vec<String>> = None;
    for line in text.lines().map(str::trim) {
        if let Some(arguments) = &mut arguments {
            match line.strip_prefix("- ") {
                Some(word) => arguments.push(word.trim_matches('"').to_owned()),
                None if line.starts_with('#') => continue,
                None => {}
            }
        }
        if !line.starts_with("- ") {
            found.extend(arguments.take());
        }
        if line == "args:" {
            arguments = Some(vec!["rollcall".to_owned()]);
        }
        let command = line
            .strip_prefix("ExecStart=/usr/local/bin/")
            .or(line.strip_prefix("$ "));
        if let Some(command) = command.filter(|command| command.starts_with("rollcall ")) {
            found.push(words(command.split(" >").next().unwrap_or_default()));
        }
    }
    found
}

#[test]
fn every_command_of_the_examples_for_operators_is_taken() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("docs/operations");
    let mut files: Vec<PathBuf> = vec![folder.join("kubernetes/cronjob.yaml")];
    files.extend(std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()));
    let mut taken = 0;
    for file in files.iter().filter(|file| file.is_file()) {
        for command in typed(file) {
            taken += 1;
            let parsed = Args::try_parse_from(&command);
            assert!(
                parsed.is_ok(),
                "{}: {command:?}\n{}",
                file.display(),
                parsed.unwrap_err()
            );
        }
    }
    // Two units, the cron job, and what the page tells to type.
    assert_eq!(taken, 5);
    assert!(Args::try_parse_from(words("rollcall run 'a b.csv' --metrics-files x.prom")).is_err());
}

#[test]
fn the_rules_for_alerts_name_metrics_that_exist() {
    let text = crate::metrics::Snapshot {
        finished: Some(crate::metrics::Finished {
            at_seconds: 1,
            exit_code: 0,
        }),
        phases: vec![("sending", true)],
        ..crate::metrics::Snapshot::default()
    }
    .classic();
    let rules = include_str!("../../../docs/operations/alerts.yml");
    let named: Vec<&str> = rules
        .split(|character: char| !character.is_ascii_lowercase() && character != '_')
        .filter(|word| word.starts_with("rollcall_"))
        .collect();
    assert!(named.len() > 5, "{named:?}");
    for name in named {
        assert!(
            text.lines().any(|line| line.split(['{', ' ']).next() == Some(name)),
            "{name} is no metric:\n{text}"
        );
    }
}
