//! What holds for the definitions of all commands.

use clap::{Command, CommandFactory};

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
