//! `rollcall man`: a manual page for each command, from the same definitions as its help.
//!
//! `clap_mangen` renders names, synopses and options. What stands below a command's help is rendered here: its examples
//! keep their lines, and exit codes have the section where readers of manuals look for them.

use std::path::Path;

use anyhow::{Context, Result};
use clap::{Command, CommandFactory};
use clap_mangen::Man;

use crate::cli::args::operator::ManArgs;
use crate::cli::args::{Args, EXIT_CODES};
use crate::cli::exit::Exit;

pub(in crate::cli) fn run(args: &ManArgs) -> Result<Exit> {
    let pages = pages()?;
    match &args.folder {
        Some(folder) => write(folder, &pages)?,
        // The first page is the program's own.
        None => super::write_result(pages.first().map_or("", |(_, page)| page))?,
    }
    Ok(Exit::Success)
}

/// Pages of manuals are there for everybody, so they get the mode that the umask gives.
fn write(folder: &Path, pages: &[(String, String)]) -> Result<()> {
    std::fs::create_dir_all(folder).with_context(|| format!("cannot make the folder {}", folder.display()))?;
    for (name, page) in pages {
        let path = folder.join(name);
        std::fs::write(&path, page).with_context(|| format!("cannot write {}", path.display()))?;
    }
    crate::cli::diagnostics::say(&format!("{} pages in {}\n", pages.len(), folder.display()));
    Ok(())
}

/// Every page by its file name, the program's own first.
fn pages() -> Result<Vec<(String, String)>> {
    let mut program = Args::command().disable_help_subcommand(true);
    program.build();
    let mut pages = Vec::new();
    add(&program, &mut pages)?;
    Ok(pages)
}

fn add(command: &Command, pages: &mut Vec<(String, String)>) -> Result<()> {
    let name = command.get_display_name().unwrap_or_else(|| command.get_name());
    let name = name.to_owned();
    pages.push((
        format!("{name}.1"),
        page(command).context("cannot render a manual page")?,
    ));
    for below in command.get_subcommands().filter(|below| below.get_name() != "help") {
        add(below, pages)?;
    }
    Ok(())
}

fn page(command: &Command) -> Result<String> {
    let man = Man::new(command.clone())
        .date("")
        .source(concat!("rollcall ", env!("CARGO_PKG_VERSION")))
        .manual("rollcall");
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    man.render_synopsis_section(&mut page)?;
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    if command.has_subcommands() {
        man.render_subcommands_section(&mut page)?;
    }
    let mut page = String::from_utf8(page)?;
    let below = command.get_after_help().map(ToString::to_string).unwrap_or_default();
    for (title, lines) in sections(&below) {
        page.push_str(&format!(".SH {title}\n.nf\n"));
        for line in lines {
            page.push_str(&verbatim(line));
        }
        page.push_str(".fi\n");
    }
    Ok(page)
}

/// The parts of what stands below a help. What a command says of its exit codes stands before what is true of all.
fn sections(below: &str) -> Vec<(&'static str, Vec<&str>)> {
    let (mut examples, mut notes) = (Vec::new(), Vec::new());
    let mut codes: Vec<&str> = Vec::new();
    let mut is_example = false;
    let mut is_code = false;
    for line in below.lines().map(str::trim_end) {
        match line {
            "Examples:" => (is_example, is_code) = (true, false),
            "Exit codes:" => (is_example, is_code) = (false, true),
            "" => is_example = false,
            line if line.starts_with("Exit codes: ") => {
                is_code = true;
                codes.push(line);
            }
            line if is_example => examples.push(line.strip_prefix("  ").unwrap_or(line)),
            line if is_code && below != EXIT_CODES => codes.push(line),
            _ if is_code => {}
            line => notes.push(line),
        }
    }
    codes.extend(
        EXIT_CODES
            .lines()
            .filter(|line| *line != "Exit codes:" && line.starts_with("  ")),
    );
    let sections = [("NOTES", notes), ("EXAMPLES", examples), ("EXIT STATUS", codes)];
    sections.into_iter().filter(|(_, lines)| !lines.is_empty()).collect()
}

/// A line as it stands, with everything escaped that roff would act upon: groff_char(7), roff(7).
fn verbatim(line: &str) -> String {
    let mut text = String::with_capacity(line.len() + 2);
    if line.starts_with(['.', '\'']) {
        text.push_str("\\&");
    }
    for character in line.chars() {
        match character {
            '\\' => text.push_str("\\e"),
            '-' => text.push_str("\\-"),
            '\'' => text.push_str("\\(aq"),
            '`' => text.push_str("\\(ga"),
            '^' => text.push_str("\\(ha"),
            '~' => text.push_str("\\(ti"),
            other => text.push(other),
        }
    }
    text.push('\n');
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    fn walk(command: &Command, name: &str, check: &mut dyn FnMut(&Command, &str)) {
        check(command, name);
        for below in command.get_subcommands() {
            walk(below, &format!("{name}-{}", below.get_name()), check);
        }
    }

    #[test]
    fn every_command_has_a_page_with_its_examples_and_exit_codes() {
        let pages = pages().unwrap();
        let find = |name: &str| &pages.iter().find(|(file, _)| file == name).unwrap().1;
        let mut seen = 0;
        walk(&Args::command(), "rollcall", &mut |command, name| {
            seen += 1;
            let page = find(&format!("{name}.1"));
            assert!(
                page.contains(".SH \"EXIT STATUS\"") || page.contains(".SH EXIT STATUS"),
                "{name}"
            );
            let help = command.get_after_help().map(ToString::to_string).unwrap_or_default();
            let examples = help
                .lines()
                .filter(|line| line.starts_with("  ") && line.contains("rollcall "));
            for example in examples {
                assert!(page.contains(&verbatim(example.trim())), "{name}: {example}\n{page}");
            }
        });
        assert_eq!(seen, pages.len());
        assert!(find("rollcall-ledger-verify.1").contains("rollcall ledger verify"));
    }

    #[test]
    fn nothing_of_an_example_is_taken_for_a_request() {
        assert_eq!(verbatim(".x"), "\\&.x\n");
        assert_eq!(
            verbatim("'x' --y \\ `z` ~"),
            "\\&\\(aqx\\(aq \\-\\-y \\e \\(gaz\\(ga \\(ti\n"
        );
    }
}
