//! From the names of columns to the fields of the API, before the first record.
//!
//! A column feeds the field that the configuration maps it to, else the field that its name means. Every column has to
//! be accounted for: one that is no field is an error unless it is ignored by name, since a column left out without a
//! word is data lost without a word. All problems are found at once. It does not look at values, save that the constant
//! `customer_type` decides which fields a customer of the file can have.

use std::collections::{BTreeMap, BTreeSet};

use super::error::ReadError;
use super::headless;
use super::names::{self, Meaning};
use super::problem::HeaderProblem;
use super::required;
use crate::config::settings::ColumnSettings;
use crate::model::field::{CustomerType, FieldId};
use crate::model::mapping::{Mapping, REJECT_COLUMNS, Target};

#[cfg(test)]
mod tests;

/// Names for which the most similar field or column is looked for, since each is compared with all of them: more than an
/// export has, and few enough for less than a second.
const COMPARED_NAMES: usize = 512;

/// Maps the columns of a source, or says everything that is in the way.
pub fn map(source_name: &str, header: &[String], settings: &ColumnSettings) -> Result<Mapping, ReadError> {
    let (mapping, problems) = map_what_fits(header, settings);
    if problems.is_empty() {
        return Ok(mapping);
    }
    let name = source_name.to_owned();
    Err(ReadError::Header { name, problems })
}

/// Maps the columns that can be mapped and leaves the others out; the problems say which, and what else is in the way.
pub fn map_what_fits(header: &[String], settings: &ColumnSettings) -> (Mapping, Vec<HeaderProblem>) {
    let mut mapper = Mapper::new(header, settings);
    mapper.take_constants();
    mapper.check_settings();
    mapper.map_columns();
    mapper.name_nearest();
    mapper.check_duplicates();
    mapper.check_sources();
    let mut missing = required::missing(mapper.customer_type, |field| mapper.has_source(field));
    mapper.problems.append(&mut missing);
    if let [only] = header
        && only.contains([',', ';', '\t', '|'])
    {
        mapper.problems = vec![HeaderProblem::QuotedTwice];
    } else if !mapper.problems.is_empty() && headless::has_no_names(header, settings) {
        // What is wrong with the configuration shows nothing of the file.
        mapper.problems.retain(HeaderProblem::is_configuration);
        mapper.problems.insert(0, HeaderProblem::LooksLikeData);
    }
    let targets = mapper.targets.into_iter();
    let mapping = Mapping {
        names: header.to_vec(),
        columns: targets.map(|target| target.unwrap_or(Target::Ignored)).collect(),
        constants: mapper.constants,
    };
    (mapping, mapper.problems)
}

struct Mapper<'input> {
    header: &'input [String],
    settings: &'input ColumnSettings,
    /// The header's names in the form in which they are compared.
    folded: Vec<String>,
    /// Known only if it is a constant.
    customer_type: Option<CustomerType>,
    /// `None` for a column with a problem.
    targets: Vec<Option<Target>>,
    constants: Vec<(FieldId, String)>,
    problems: Vec<HeaderProblem>,
}

impl<'input> Mapper<'input> {
    fn new(header: &'input [String], settings: &'input ColumnSettings) -> Self {
        let constant = settings.constants.iter();
        let mut types =
            constant.filter(|(path, _)| names::meaning(path, None) == Meaning::Field(FieldId::CUSTOMER_TYPE));
        let customer_type = types
            .next()
            .and_then(|(_, word)| CustomerType::from_word(&word.trim().to_ascii_uppercase()));
        Self {
            header,
            settings,
            folded: header.iter().map(|name| names::fold_column(name)).collect(),
            customer_type,
            targets: Vec::new(),
            constants: Vec::new(),
            problems: Vec::new(),
        }
    }

    /// The field that a path of the configuration means; a problem if it means none or several.
    fn field(&mut self, path: &str) -> Option<FieldId> {
        let nearest = match names::meaning(path, self.customer_type) {
            Meaning::Field(field) => return Some(field),
            Meaning::Ambiguous(fields) => fields.first().copied(),
            Meaning::Unknown => names::nearest(path, self.customer_type, |_| true),
        };
        self.problems.push(HeaderProblem::FieldUnknown {
            path: path.to_owned(),
            nearest,
        });
        None
    }

    fn take_constants(&mut self) {
        for (path, value) in &self.settings.constants {
            if let Some(field) = self.field(path) {
                self.constants.push((field, value.clone()));
            }
        }
    }

    /// Finds columns of the configuration that the source lacks or that are named twice.
    fn check_settings(&mut self) {
        let mut seen = Vec::new();
        let mut compared = 0;
        let ignored = self.settings.ignore.iter().map(|name| (name, false));
        for (name, mapped) in self.settings.map.keys().map(|name| (name, true)).chain(ignored) {
            let folded = names::fold(name);
            if mapped && !self.folded.contains(&folded) {
                compared += 1;
                let is_near = (compared <= COMPARED_NAMES).then(|| names::nearest_of(name, self.header));
                let nearest = is_near.flatten().cloned();
                self.problems.push(HeaderProblem::MappedColumnMissing {
                    name: name.clone(),
                    nearest,
                });
            } else if seen
                .iter()
                .any(|(other, other_mapped)| *other == folded && (mapped || *other_mapped))
            {
                self.problems.push(HeaderProblem::Contradiction { name: name.clone() });
            }
            seen.push((folded, mapped));
        }
    }

    fn map_columns(&mut self) {
        let mapped: BTreeMap<_, _> = self
            .settings
            .map
            .iter()
            .map(|(name, path)| (names::fold(name), path.as_str()))
            .collect();
        let ignored: BTreeSet<_> = self.settings.ignore.iter().map(|name| names::fold(name)).collect();
        for (index, name) in self.header.iter().enumerate() {
            let folded = names::fold_column(name);
            let target = if let Some(path) = mapped.get(&folded) {
                self.field(path).map(Target::Field)
            } else if ignored.contains(&folded) || REJECT_COLUMNS.contains(&name.as_str()) {
                Some(Target::Ignored)
            } else {
                self.target_of(index + 1, name)
            };
            self.targets.push(target);
        }
    }

    /// The target of a column that the configuration does not name.
    fn target_of(&mut self, column: usize, name: &str) -> Option<Target> {
        let problem = match names::meaning(name, self.customer_type) {
            Meaning::Field(field) => return Some(Target::Field(field)),
            Meaning::Ambiguous(fields) => HeaderProblem::Ambiguous {
                column,
                name: name.to_owned(),
                fields,
            },
            Meaning::Unknown if names::fold(name).is_empty() => HeaderProblem::NoName { column },
            Meaning::Unknown => HeaderProblem::Unknown {
                column,
                name: name.to_owned(),
                nearest: None,
            },
        };
        self.problems.push(problem);
        None
    }

    /// Proposes for every unknown column a field that nothing else feeds.
    fn name_nearest(&mut self) {
        let fields: Vec<_> = FieldId::all().filter(|field| !self.has_source(*field)).collect();
        let (free, customer_type) = (|field| fields.contains(&field), self.customer_type);
        let unknown = self.problems.iter_mut().filter_map(|problem| {
            let HeaderProblem::Unknown { name, nearest, .. } = problem else {
                return None;
            };
            Some((name, nearest))
        });
        for (name, nearest) in unknown.take(COMPARED_NAMES) {
            *nearest = names::nearest(name, customer_type, free);
        }
    }

    /// Finds columns of the same name; those that are all ignored hurt nobody.
    fn check_duplicates(&mut self) {
        let mut groups: BTreeMap<&str, Vec<usize>> = BTreeMap::new();
        for (index, folded) in self.folded.iter().enumerate().filter(|(_, folded)| !folded.is_empty()) {
            groups.entry(folded).or_default().push(index);
        }
        let mut duplicates: Vec<_> = groups.into_values().filter(|indexes| indexes.len() > 1).collect();
        duplicates.sort_unstable();
        for indexes in duplicates {
            let ignored = |index: &usize| self.targets.get(*index) == Some(&Some(Target::Ignored));
            let Some(name) = indexes.first().and_then(|first| self.header.get(*first)) else {
                continue;
            };
            if !indexes.iter().all(ignored) {
                let columns = indexes.iter().map(|index| index + 1).collect();
                self.problems.push(HeaderProblem::Duplicate {
                    columns,
                    name: name.clone(),
                });
            }
        }
    }

    /// Finds fields with more than one source; columns of the same name count once, since they are a problem already.
    fn check_sources(&mut self) {
        for field in FieldId::all() {
            let mut folded = Vec::new();
            let mut sources = Vec::new();
            let columns = self.targets.iter().zip(self.header).zip(&self.folded);
            for ((_, name), fold) in columns.filter(|((target, _), _)| **target == Some(Target::Field(field))) {
                if !folded.contains(&fold) {
                    folded.push(fold);
                    sources.push(format!("column {}", names::shown(name)));
                }
            }
            let constants = self.constants.iter().filter(|(constant, _)| *constant == field);
            sources.extend(constants.map(|_| String::from("its constant in [columns]")));
            if sources.len() > 1 {
                self.problems.push(HeaderProblem::SeveralForField { field, sources });
            }
        }
    }

    fn has_source(&self, field: FieldId) -> bool {
        self.targets.contains(&Some(Target::Field(field))) || self.constants.iter().any(|(id, _)| *id == field)
    }
}
