//! A proposal as a configuration file for people.
//!
//! One line for each decision, in the order of the file that was looked at, with its reason beside it; questions stand
//! where their answers go. It writes text and no file.

use std::fmt::Write;

use super::{Item, Line, Proposal};
use crate::model::naming::quoted;

/// Longest line of a comment, in characters.
const WIDTH: usize = 118;

/// Widest line beside which reasons are aligned; a longer one pushes only its own reason.
const ALIGNED: usize = 64;

/// What stands at the head of the file.
#[derive(Clone, Copy, Debug)]
pub struct Letter<'a> {
    /// The name of the file that was looked at, escaped.
    pub source: &'a str,
    /// How it is written: `comma-separated, LF`.
    pub dialect: &'a str,
    /// What was looked at: `12 records`.
    pub records: &'a str,
    /// Whether there are any.
    pub has_records: bool,
    /// Whether there are no more.
    pub is_whole: bool,
    /// The command to type next.
    pub next: &'a str,
}

/// The text of the configuration.
pub fn written(proposal: &Proposal, letter: &Letter<'_>) -> String {
    let mut writer = Writer {
        text: String::new(),
        asked: 0,
    };
    writer.head(proposal, letter);
    writer.table("[input]", &proposal.input);
    writer.table("[columns]", &proposal.columns);
    writer.table("[columns.constants]", &proposal.constants);
    for (id, items) in &proposal.synonyms {
        let path = if id.path().contains('.') {
            quoted(id.path())
        } else {
            id.path().to_owned()
        };
        writer.table(&format!("[synonyms.{path}]"), items);
    }
    writer.text
}

struct Writer {
    text: String,
    /// Questions so far.
    asked: usize,
}

impl Writer {
    fn head(&mut self, proposal: &Proposal, letter: &Letter<'_>) {
        let looked_at = if !letter.has_records {
            "the header alone: no record was looked at, so that nothing is known of the values".to_owned()
        } else if letter.is_whole {
            format!("all {}", letter.records)
        } else {
            format!(
                "the first {}; what stands behind them was not looked at",
                letter.records
            )
        };
        self.comment(&format!("How rollcall reads {}: {}.", letter.source, letter.dialect));
        self.comment(&format!("Proposed by `rollcall init` from {looked_at}."));
        self.text.push_str("#\n");
        let questions = match proposal.questions() {
            0 => "Nothing is left to be answered; read it all the same.".to_owned(),
            count => format!(
                "What is sure is written. What is not is a QUESTION ({}): take the # away from the line that is right, or \
                 replace its ?, or write another. A column without an answer stops `rollcall validate`, which names it.",
                if count == 1 {
                    "there is one".to_owned()
                } else {
                    format!("there are {count}")
                }
            ),
        };
        self.comment(&questions);
        self.text.push_str("#\n");
        self.comment(&format!("Then type: {}", letter.next));
        self.text.push_str("#\n");
        self.comment(
            "No value of a customer stands in here: only names of columns, figures, and the words of short lists. To send, \
             add [api] and [send] from config/production.toml.",
        );
    }

    fn table(&mut self, name: &str, items: &[Item]) {
        if items.is_empty() {
            return;
        }
        self.text.push_str(&format!("\n{name}\n"));
        let lines = items.iter().flat_map(|item| &item.lines);
        let width = lines
            .map(|line| code(line).chars().count() + 1)
            .filter(|width| *width <= ALIGNED)
            .max()
            .unwrap_or(0);
        for (index, item) in items.iter().enumerate() {
            match &item.question {
                Some(question) => {
                    if index > 0 {
                        self.text.push('\n');
                    }
                    self.asked += 1;
                    self.comment(&format!("QUESTION {}: {question}", self.asked));
                    item.lines.iter().for_each(|line| self.line("#", line, width));
                    if index + 1 < items.len() {
                        self.text.push('\n');
                    }
                }
                None => item.lines.iter().for_each(|line| self.line("", line, width)),
            }
        }
        // A question that follows a question needs one blank line and not two.
        while self.text.contains("\n\n\n") {
            self.text = self.text.replace("\n\n\n", "\n\n");
        }
    }

    fn line(&mut self, mark: &str, line: &Line, width: usize) {
        let code = format!("{mark}{}", code(line));
        if line.why.is_empty() {
            self.text.push_str(&format!("{code}\n"));
        } else {
            // Writing into a string cannot fail.
            writeln!(self.text, "{code:<width$}  # {}", on_one_line(&line.why)).unwrap_or_default();
        }
    }

    /// A comment, broken between words.
    fn comment(&mut self, text: &str) {
        let text = on_one_line(text);
        let mut line = String::from("#");
        for word in text.split(' ') {
            if line.chars().count() + 1 + word.chars().count() > WIDTH && line.len() > 1 {
                self.text.push_str(&format!("{line}\n"));
                line = String::from("#");
            }
            line.push(' ');
            line.push_str(word);
        }
        self.text.push_str(&format!("{line}\n"));
    }
}

fn code(line: &Line) -> String {
    format!("{} = {}", line.key, line.value)
}

/// A comment ends with its line: what is in a name of the outside must not begin another.
fn on_one_line(text: &str) -> String {
    let blank = |character: char| if character.is_control() { ' ' } else { character };
    text.chars().map(blank).collect()
}
