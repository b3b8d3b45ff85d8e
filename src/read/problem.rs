//! What is wrong with a header, and the lines of configuration that would put it right.
//!
//! Names of columns are data of the file: they are escaped and cut before they come here.

use std::collections::BTreeSet;

use super::names;
use crate::model::field::FieldId;

/// Problems that one message lists; the rest is counted. A screen holds as many.
const LISTED: usize = 40;

/// Longest name that is proposed for the configuration, in characters; what is longer is no name.
const PROPOSED_CHARACTERS: usize = 256;

/// One reason why a header does not fit the fields of the API.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum HeaderProblem {
    /// The first record seems to be a customer already.
    #[error("the first record names no column and looks like data; its content is not shown here")]
    LooksLikeData,
    /// One column whose name holds separators: each record was written as one quoted cell.
    #[error("the first record is one quoted cell that holds separators: the file was written as CSV twice")]
    QuotedTwice,
    /// A column without a name.
    #[error("column {column} has no name")]
    NoName {
        /// Number of the column, from 1.
        column: usize,
    },
    /// A column that is no field and is neither mapped nor ignored.
    #[error("column {column} {} is no field{}", names::shown(.name), nearest_text(*.nearest))]
    Unknown {
        /// Number of the column, from 1.
        column: usize,
        /// Its name, as the source writes it.
        name: String,
        /// The field whose name is most like it.
        nearest: Option<FieldId>,
    },
    /// The last part of several paths.
    #[error("column {column} {} could be {}", names::shown(.name), either(.fields))]
    Ambiguous {
        /// Number of the column, from 1.
        column: usize,
        /// Its name, as the source writes it.
        name: String,
        /// The fields that it could be.
        fields: Vec<FieldId>,
    },
    /// Columns of the same name.
    #[error("columns {} have the same name {}", numbers(.columns), names::shown(.name))]
    Duplicate {
        /// Numbers of the columns, from 1.
        columns: Vec<usize>,
        /// The name of the first.
        name: String,
    },
    /// Columns, or a column and a constant, for one field.
    #[error("{} has more than one source: {}", .field.path(), .sources.join(" and "))]
    SeveralForField {
        /// The field.
        field: FieldId,
        /// The columns and the constant, ready to be shown.
        sources: Vec<String>,
    },
    /// A column of the configuration that the source does not have.
    #[error("{} is mapped in [columns], and no column has that name{}", names::shown(.name), nearest_column(.nearest.as_ref()))]
    MappedColumnMissing {
        /// The name in the configuration.
        name: String,
        /// The column whose name is most like it.
        nearest: Option<String>,
    },
    /// A field of the configuration that there is not, or of which there are several.
    #[error("{} in [columns] is no field{}", names::shown(.path), nearest_text(*.nearest))]
    FieldUnknown {
        /// The path in the configuration.
        path: String,
        /// The field whose name is most like it.
        nearest: Option<FieldId>,
    },
    /// A column of the configuration that is to be both read and left out, or read twice.
    #[error("{} stands in [columns] more than once", names::shown(.name))]
    Contradiction {
        /// The column's name.
        name: String,
    },
    /// A required field without a column or a constant.
    #[error("no column gives {}, which {} must have", .field.path(), .owner)]
    Missing {
        /// The field.
        field: FieldId,
        /// Who needs it: `every customer`, `an INDIVIDUAL`.
        owner: &'static str,
    },
    /// Neither the fields of a person nor those of a corporation.
    #[error("no columns give {}", .groups.join(", or else "))]
    NoCompleteType {
        /// What each type of customer needs, ready to be shown.
        groups: Vec<String>,
    },
}

impl HeaderProblem {
    /// Whether the configuration is wrong for any header.
    pub(super) fn is_configuration(&self) -> bool {
        matches!(self, Self::FieldUnknown { .. } | Self::Contradiction { .. })
    }
}

/// Every problem on a line of its own.
pub(super) fn list(problems: &[HeaderProblem]) -> String {
    let mut lines: Vec<_> = problems
        .iter()
        .take(LISTED)
        .map(|problem| format!("\n  - {problem}"))
        .collect();
    if let Some(more) = problems.len().checked_sub(LISTED).filter(|more| *more > 0) {
        lines.push(format!("\n  - and {more} more"));
    }
    lines.concat()
}

/// What to do about the problems: advice, and the lines of configuration to paste.
pub(super) fn hint(problems: &[HeaderProblem]) -> Option<String> {
    let advice: BTreeSet<&str> = problems.iter().filter_map(advice).collect();
    let mut text = advice.into_iter().collect::<Vec<_>>().join("; ");
    if let Some(lines) = toml_lines(problems) {
        if !text.is_empty() {
            text += "; ";
        }
        text += "check each of these lines, correct it and add it to the configuration; what resembles no field stands under \
                 ignore, which leaves it out:\n";
        text += &lines;
    }
    Some(text).filter(|text| !text.is_empty())
}

fn advice(problem: &HeaderProblem) -> Option<&'static str> {
    match problem {
        HeaderProblem::LooksLikeData => Some(
            "put a line with the names of the columns first; `rollcall fields` lists them. If it is there, in words \
                 that are no fields, `rollcall init` proposes what they mean",
        ),
        HeaderProblem::QuotedTwice => Some(
            "export again without the quotes around whole lines; a spreadsheet writes such a file where all columns stand \
             in its first one",
        ),
        HeaderProblem::NoName { .. } => Some("name every column, or leave the nameless out with ignore = [\"\"]"),
        HeaderProblem::Duplicate { .. } => Some("give columns of the same name different names, or ignore them all"),
        HeaderProblem::SeveralForField { .. } => Some("keep one source for each field and ignore the others"),
        HeaderProblem::MappedColumnMissing { .. } => Some("remove mappings of columns that the file does not have"),
        HeaderProblem::FieldUnknown { .. } => Some("`rollcall fields` lists the fields"),
        HeaderProblem::Contradiction { .. } => Some("name each column once in [columns]"),
        HeaderProblem::Missing { .. } | HeaderProblem::NoCompleteType { .. } => {
            Some("map a column to each missing field, or set it for all records in [columns.constants]")
        }
        HeaderProblem::Unknown { .. } | HeaderProblem::Ambiguous { .. } => None,
    }
}

/// The tables of configuration that would settle unknown and ambiguous columns. Each field is proposed once.
fn toml_lines(problems: &[HeaderProblem]) -> Option<String> {
    let (mut ignored, mut mapped, mut constants) = (Vec::new(), Vec::new(), None);
    let mut proposed = BTreeSet::new();
    for problem in problems {
        let (name, field) = match problem {
            HeaderProblem::Unknown { name, nearest, .. } => (name, *nearest),
            HeaderProblem::Ambiguous { name, fields, .. } => (name, fields.first().copied()),
            HeaderProblem::Missing { field, .. } if *field == FieldId::CUSTOMER_TYPE => {
                constants = Some(String::from(
                    "[columns.constants]\ncustomer_type = \"INDIVIDUAL\" # or \"CORPORATION\"\n",
                ));
                continue;
            }
            HeaderProblem::LooksLikeData
            | HeaderProblem::QuotedTwice
            | HeaderProblem::NoName { .. }
            | HeaderProblem::Duplicate { .. }
            | HeaderProblem::SeveralForField { .. }
            | HeaderProblem::MappedColumnMissing { .. }
            | HeaderProblem::FieldUnknown { .. }
            | HeaderProblem::Contradiction { .. }
            | HeaderProblem::Missing { .. }
            | HeaderProblem::NoCompleteType { .. } => continue,
        };
        if name.chars().nth(PROPOSED_CHARACTERS).is_some() {
            continue;
        }
        match field.filter(|field| proposed.insert(*field)) {
            Some(field) => mapped.push(format!("{} = {}\n", names::quoted(name), names::quoted(field.path()))),
            None => ignored.push(names::quoted(name)),
        }
    }
    if !ignored.is_empty() {
        mapped.push(format!("ignore = [{}]\n", ignored.join(", ")));
    }
    let columns = (!mapped.is_empty()).then(|| format!("[columns]\n{}", mapped.concat()));
    let tables: Vec<_> = [columns, constants].into_iter().flatten().collect();
    (!tables.is_empty()).then(|| tables.concat())
}

fn nearest_text(nearest: Option<FieldId>) -> String {
    nearest.map_or_else(String::new, |field| format!("; the nearest is {}", field.path()))
}

fn nearest_column(nearest: Option<&String>) -> String {
    nearest.map_or_else(String::new, |name| format!("; the nearest is {}", names::shown(name)))
}

fn either(fields: &[FieldId]) -> String {
    fields.iter().map(|field| field.path()).collect::<Vec<_>>().join(" or ")
}

fn numbers(columns: &[usize]) -> String {
    let columns: Vec<_> = columns.iter().map(ToString::to_string).collect();
    match columns.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} and {last}", others.join(", ")),
        None => String::new(),
    }
}
