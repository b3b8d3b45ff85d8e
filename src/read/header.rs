//! From the names of columns to the fields of the API, before the first record.
//!
//! A column feeds the field that the configuration maps it to, else the field that its name means. Every column has to
//! be accounted for: one that is no field is an error unless it is ignored by name, since a column left out without a
//! word is data lost without a word. All problems are found at once. It does not look at values, save that the constant
//! `customer_type` decides which fields a customer of the file can have.

use std::collections::BTreeMap;

use super::error::ReadError;
use super::names::{self, Meaning};
use super::problem::HeaderProblem;
use super::required;
use crate::config::settings::ColumnSettings;
use crate::model::field::{CustomerType, FieldId};
use crate::model::mapping::{Mapping, REJECT_COLUMNS, Target};

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
    if mapper.targets.iter().all(Option::is_none) && header.iter().any(|name| names::looks_like_data(name)) {
        mapper.problems = vec![HeaderProblem::LooksLikeData];
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
        let ignored = self.settings.ignore.iter().map(|name| (name, false));
        for (name, mapped) in self.settings.map.keys().map(|name| (name, true)).chain(ignored) {
            let folded = names::fold(name);
            if mapped && !self.folded.contains(&folded) {
                let nearest = names::nearest_of(name, self.header).cloned();
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
        let ignored: Vec<_> = self.settings.ignore.iter().map(|name| names::fold(name)).collect();
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
        let (targets, constants, customer_type) = (&self.targets, &self.constants, self.customer_type);
        let free = |field| {
            !targets.contains(&Some(Target::Field(field))) && constants.iter().all(|(constant, _)| *constant != field)
        };
        for problem in &mut self.problems {
            if let HeaderProblem::Unknown { name, nearest, .. } = problem {
                *nearest = names::nearest(name, customer_type, free);
            }
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

#[cfg(test)]
mod tests {
    use super::*;

    /// `from=to` maps, `-name` ignores, `field:value` is a constant.
    fn settings(text: &str) -> ColumnSettings {
        let mut settings = ColumnSettings::default();
        for part in text.split(", ").filter(|part| !part.is_empty()) {
            if let Some((column, path)) = part.split_once('=') {
                settings.map.insert(column.into(), path.into());
            } else if let Some((path, value)) = part.split_once(':') {
                settings.constants.insert(path.into(), value.into());
            } else {
                settings.ignore.push(part.trim_start_matches('-').into());
            }
        }
        settings
    }

    fn mapped(header: &str, columns: &str) -> Result<Mapping, ReadError> {
        let header: Vec<String> = header.split(',').map(str::to_owned).collect();
        map("a.csv", &header, &settings(columns))
    }

    /// The targets of a header that fits.
    fn check(header: &str, columns: &str, expected: &str) {
        let mapping = mapped(header, columns).unwrap_or_else(|error| panic!("{header}: {error}"));
        let targets = mapping.columns.iter().map(|target| match target {
            Target::Field(id) => id.path(),
            Target::Ignored => "-",
        });
        assert_eq!(targets.collect::<Vec<_>>().join(" "), expected, "{header}");
    }

    /// Every problem of a header that does not fit.
    fn refuse(header: &str, columns: &str, expected: &[&str]) {
        let error = mapped(header, columns).unwrap_err();
        let ReadError::Header { problems, .. } = error else {
            panic!("{header}: {error:?}")
        };
        let problems: Vec<_> = problems.iter().map(ToString::to_string).collect();
        assert_eq!(problems, expected, "{header}");
    }

    const PERSON: &str = "customer_type:INDIVIDUAL";

    #[test]
    fn names_are_mapped_by_path_leaf_and_configuration() {
        check(
            "id,customer_type,First Name,LAST-NAME",
            "",
            "id customer_type first_name last_name",
        );
        check(
            "id,first_name,last_name,City",
            PERSON,
            "id first_name last_name mailing_address.city",
        );
        check(
            "Customer Id,Firm,fax",
            "customer id=ID, Firm=registered_name, -FAX, customer_type:CORPORATION",
            "id registered_name -",
        );
        check(
            "id,first_name,last_name,x,x",
            "customer_type:Individual, -x",
            "id first_name last_name - -",
        );
        check(
            "id,first_name,last_name,",
            "customer_type:INDIVIDUAL, -",
            "id first_name last_name -",
        );
    }

    #[test]
    fn a_rejects_file_is_read_as_it_was_written() {
        check(
            "id,first_name,last_name,city,_state,_codes",
            PERSON,
            "id first_name last_name mailing_address.city - -",
        );
    }

    #[test]
    fn constants_come_along() {
        let mapping = mapped("id,first_name,last_name", PERSON).unwrap();
        assert_eq!(mapping.constants, [(FieldId::CUSTOMER_TYPE, "INDIVIDUAL".to_owned())]);
        assert_eq!(mapping.names, ["id", "first_name", "last_name"]);
    }

    #[test]
    fn unknown_ambiguous_and_nameless_columns_are_refused() {
        refuse(
            "id,customer_type,fist_name,last_name,registered_name,city,,qqq",
            "",
            &[
                "column 3 `fist_name` is no field; the nearest is first_name",
                "column 6 `city` could be mailing_address.city or registered_address.city",
                "column 7 has no name",
                "column 8 `qqq` is no field",
            ],
        );
    }

    #[test]
    fn duplicates_and_second_sources_are_refused() {
        refuse(
            "id,ID,customer_type,first_name,last_name,city,mailing_address.city,town",
            "customer_type:INDIVIDUAL, town=city",
            &[
                "columns 1 and 2 have the same name `id`",
                "customer_type has more than one source: column `customer_type` and its constant in [columns]",
                "mailing_address.city has more than one source: column `city` and column `mailing_address.city` and \
                 column `town`",
            ],
        );
    }

    #[test]
    fn a_configuration_that_does_not_fit_is_refused() {
        refuse(
            "id,first_name,last_name,x,y",
            "customer_type:INDIVIDUAL, first nam=first_name, x=fist_name, -y, y=naics, shoe:44",
            &[
                "`shoe` in [columns] is no field",
                "`first nam` is mapped in [columns], and no column has that name; the nearest is `first_name`",
                "`y` stands in [columns] more than once",
                "`fist_name` in [columns] is no field; the nearest is first_name",
            ],
        );
    }

    #[test]
    fn a_file_without_a_header_does_not_show_its_first_customer() {
        let first = "4711,Erika,Mustermann,erika@example.com,+49 30 1234567";
        refuse(
            first,
            PERSON,
            &["the first record names no column and looks like data; its content is not shown here"],
        );
        let error = mapped(first, PERSON).unwrap_err();
        assert!(!error.hint().unwrap().contains("Erika"));
    }

    #[test]
    fn the_hint_is_configuration_to_paste() {
        let error = mapped("customerID,companyName,phone,fax,city\u{1b}", "").unwrap_err();
        let hint = error.hint().unwrap();
        let table: toml::Table = toml::from_str(hint.split_once(":\n").unwrap().1).unwrap();
        let columns = &table["columns"];
        assert_eq!(columns["customerID"].as_str(), Some("id"));
        assert_eq!(columns["city\u{1b}"].as_str(), Some("mailing_address.city"));
        assert_eq!(columns["constants"]["customer_type"].as_str(), Some("INDIVIDUAL"));
        assert!(
            columns["ignore"]
                .as_array()
                .unwrap()
                .iter()
                .any(|name| name.as_str() == Some("fax"))
        );
        assert!(!error.to_string().contains('\u{1b}') && !hint.contains('\u{1b}'));
    }
}
