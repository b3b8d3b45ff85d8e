//! Whether a whole column looks wrong: said once, beside the findings of its records.
//!
//! It looks at the first records of a source while they are checked: which dates fit no declared format and which format
//! they fit, and which code hits most of a column. It changes no verdict; a wrong format that reads some cells (days up to
//! 12) is exactly what no single record can show.

use std::collections::BTreeMap;

use jiff::civil::Date;

use super::capacity::SUSPECTED_RECORDS;
use crate::config::settings::InputSettings;
use crate::model::chunk::Chunk;
use crate::model::figures::grouped;
use crate::model::fit::{DATE_FORMATS, bits};
use crate::model::mapping::{Mapping, Target};
use crate::model::naming::shown;
use crate::model::row::Checked;
use crate::model::rule::{Rule, Severity};
use crate::normalize::{DateProbe, Probe};

/// Filled cells below which nothing is said: a few broken cells are their records' own.
const FEWEST: u64 = 20;

/// Share of the cells, in hundredths, that a format must read to be named.
const NEARLY_ALL: u64 = 95;

/// What is known of the columns of one source.
pub(super) struct Suspects<'a> {
    probe: Option<DateProbe>,
    mapping: &'a Mapping,
    input: &'a InputSettings,
    columns: Vec<Suspect>,
    records: u64,
}

/// What is known of one column.
#[derive(Clone, Default)]
struct Suspect {
    filled: u64,
    codes: BTreeMap<Rule, u64>,
    /// Dates that are not ISO 8601.
    not_iso: u64,
    by_format: [u64; DATE_FORMATS.len()],
}

impl<'a> Suspects<'a> {
    /// Begins with a source. `today` is the latest day that a date may name.
    pub(super) fn new(mapping: &'a Mapping, input: &'a InputSettings, today: Date) -> Self {
        let has_dates = mapping.columns.iter().any(|target| is_date(*target));
        Self {
            probe: has_dates.then(|| DateProbe::new(today)).flatten(),
            columns: vec![Suspect::default(); mapping.columns.len()],
            mapping,
            input,
            records: 0,
        }
    }

    /// Takes a chunk with what was found; chunks behind the first records cost nothing.
    pub(super) fn see(&mut self, chunk: &Chunk, checked: &[Checked]) {
        if self.records >= SUSPECTED_RECORDS {
            return;
        }
        for ((_, record), checked) in chunk.iter().zip(checked) {
            if record.len() != self.columns.len() {
                continue;
            }
            self.records += 1;
            let targets = self.mapping.columns.iter().zip(record);
            for (suspect, (target, raw)) in self.columns.iter_mut().zip(targets) {
                if let Target::Field(_) = target {
                    suspect.see(raw, self.input, self.probe.as_ref().filter(|_| is_date(*target)));
                }
            }
            for finding in checked.findings() {
                let column = finding.column.and_then(|column| self.columns.get_mut(column));
                // A note is a repair: what it says was put right.
                if let Some(suspect) =
                    column.filter(|_| finding.severity > Severity::Note && finding.rule != Rule::FieldRequired)
                {
                    *suspect.codes.entry(finding.rule).or_default() += 1;
                }
            }
        }
    }

    /// A sentence for each column that looks wrong, in the order of the columns.
    pub(super) fn notices(&self) -> Vec<String> {
        let columns = self.columns.iter().zip(&self.mapping.columns).zip(&self.mapping.names);
        let told = columns.filter_map(|((suspect, target), name)| {
            let Target::Field(id) = target else { return None };
            let said = if is_date(*target) {
                suspect.dates(&self.input.date_formats)
            } else {
                None
            };
            let said = said.or_else(|| suspect.code())?;
            Some(format!("{} (column {}): {said}", id.path(), shown(name)))
        });
        told.collect()
    }
}

impl Suspect {
    fn see(&mut self, raw: &[u8], input: &InputSettings, probe: Option<&DateProbe>) {
        let raw = String::from_utf8_lossy(raw);
        let cell = Probe::clean(&raw);
        let is_null = |cell: &str| input.null_words.iter().any(|word| word == cell);
        // A cell that cannot be cleaned is filled all the same.
        if raw.trim().is_empty() || is_null(&raw) || is_null(&cell) {
            return;
        }
        self.filled += 1;
        let Some(probe) = probe else { return };
        let (is_iso, formats) = probe.fits(&cell);
        self.not_iso += u64::from(!is_iso);
        for bit in bits(formats) {
            if let Some(count) = self.by_format.get_mut(bit) {
                *count += 1;
            }
        }
    }

    fn count(&self, rules: &[Rule]) -> u64 {
        rules.iter().filter_map(|rule| self.codes.get(rule)).sum()
    }

    /// Whether another format reads what the declared ones do not.
    fn dates(&self, declared: &[String]) -> Option<String> {
        let unread = self.count(&[Rule::DateFormat, Rule::DateImpossible, Rule::DateAmbiguous]);
        if self.filled < FEWEST || unread == 0 {
            return None;
        }
        let best = self.by_format.iter().copied().max().unwrap_or(0);
        if best * 100 < self.not_iso * NEARLY_ALL || best + unread <= self.not_iso {
            return None;
        }
        let mut orders = Vec::new();
        let mut formats = Vec::new();
        for ((format, order), count) in DATE_FORMATS.iter().zip(self.by_format) {
            if count == best && !orders.contains(order) {
                orders.push(*order);
                formats.push(*format);
            }
        }
        if formats
            .iter()
            .all(|format| declared.iter().any(|other| other == format))
        {
            return None;
        }
        let wrong = if declared.is_empty() {
            "ISO 8601".to_owned()
        } else {
            declared.join(" or ")
        };
        // Where some dates are ISO 8601, which always fit, the others are what is spoken of.
        let (of, how_many) = match (self.not_iso < self.filled, best == self.not_iso) {
            (false, true) => (grouped(self.filled), "all".to_owned()),
            (false, false) => (grouped(self.filled), grouped(best)),
            (true, _) => (
                format!("the {} that are not ISO 8601", grouped(self.not_iso)),
                if best == self.not_iso {
                    format!("all {}", grouped(best))
                } else {
                    grouped(best)
                },
            ),
        };
        let choice = if formats.len() > 1 {
            "which of them is right only the file's maker knows; "
        } else {
            ""
        };
        Some(format!(
            "{} of {of} do not fit {wrong}, {how_many} fit {}; {choice}set input.date-formats",
            grouped(unread),
            formats.join(" and ")
        ))
    }

    /// Whether one code hits most of the column.
    fn code(&self) -> Option<String> {
        let (rule, count) = self.codes.iter().max_by_key(|(_, count)| **count)?;
        if self.filled < FEWEST || count * 2 <= self.filled {
            return None;
        }
        let (count, filled) = (grouped(*count), grouped(self.filled));
        Some(if *rule == Rule::PhoneNoRegion {
            format!("{count} of {filled} name no country, and neither do their records; set input.default-region")
        } else if *rule == Rule::DateTwoDigitYear {
            format!("{count} of {filled} have a year of two digits; export the column with four")
        } else {
            format!("{count} of {filled} are {}; is it the right column?", rule.code())
        })
    }
}

fn is_date(target: Target) -> bool {
    matches!(target, Target::Field(id) if id.field().kind.is_date())
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A column of so many cells; formats and codes with how many of them.
    fn suspect(filled: u64, formats: &[(&str, u64)], codes: &[(Rule, u64)]) -> Suspect {
        let mut suspect = Suspect {
            filled,
            not_iso: filled,
            codes: codes.iter().copied().collect(),
            ..Suspect::default()
        };
        for (format, count) in formats {
            suspect.by_format[DATE_FORMATS.iter().position(|(other, _)| other == format).unwrap()] = *count;
        }
        suspect
    }

    #[test]
    fn another_format_that_reads_all_is_named() {
        let check = |formats: &[(&str, u64)], unread: u64, declared: &[&str], expected: Option<&str>| {
            let declared: Vec<String> = declared.iter().map(ToString::to_string).collect();
            let suspect = suspect(1000, formats, &[(Rule::DateFormat, unread)]);
            assert_eq!(suspect.dates(&declared).as_deref(), expected);
        };
        let both = [("%m/%d/%Y", 588), ("%d/%m/%Y", 1000)];
        check(
            &both,
            412,
            &["%m/%d/%Y"],
            Some("412 of 1,000 do not fit %m/%d/%Y, all fit %d/%m/%Y; set input.date-formats"),
        );
        check(&both, 0, &["%d/%m/%Y"], None);
        check(
            &[("%m/%d/%Y", 588), ("%d/%m/%Y", 985)],
            412,
            &["%m/%d/%Y"],
            Some("412 of 1,000 do not fit %m/%d/%Y, 985 fit %d/%m/%Y; set input.date-formats"),
        );
        // Some broken cells are no other format.
        check(&[("%m/%d/%Y", 980), ("%d/%m/%Y", 400)], 20, &["%m/%d/%Y"], None);
        check(
            &[("%m/%d/%Y", 1000), ("%d/%m/%Y", 1000)],
            1000,
            &[],
            Some(
                "1,000 of 1,000 do not fit ISO 8601, all fit %d/%m/%Y and %m/%d/%Y; which of them is right only the \
                 file's maker knows; set input.date-formats",
            ),
        );
    }

    #[test]
    fn dates_that_are_iso_are_not_said_to_fit_a_format() {
        let half = |by_format: u64| Suspect {
            not_iso: 500,
            ..suspect(
                1000,
                &[("%m/%d/%Y", 218), ("%d/%m/%Y", by_format)],
                &[(Rule::DateFormat, 282)],
            )
        };
        let declared = ["%m/%d/%Y".to_owned()];
        assert_eq!(
            half(500).dates(&declared).as_deref(),
            Some(
                "282 of the 500 that are not ISO 8601 do not fit %m/%d/%Y, all 500 fit %d/%m/%Y; set \
                 input.date-formats"
            )
        );
        assert_eq!(
            half(490).dates(&declared).as_deref(),
            Some("282 of the 500 that are not ISO 8601 do not fit %m/%d/%Y, 490 fit %d/%m/%Y; set input.date-formats")
        );
    }

    #[test]
    fn a_code_in_most_cells_is_said_of_the_column() {
        let check = |filled: u64, count: u64, rule: Rule, expected: Option<&str>| {
            assert_eq!(suspect(filled, &[], &[(rule, count)]).code().as_deref(), expected);
        };
        check(
            1000,
            950,
            Rule::EmailNotValid,
            Some("950 of 1,000 are email.not_valid; is it the right column?"),
        );
        check(
            1000,
            950,
            Rule::PhoneNoRegion,
            Some("950 of 1,000 name no country, and neither do their records; set input.default-region"),
        );
        check(
            1000,
            950,
            Rule::DateTwoDigitYear,
            Some("950 of 1,000 have a year of two digits; export the column with four"),
        );
        check(1000, 500, Rule::EmailNotValid, None);
        check(19, 19, Rule::EmailNotValid, None);
    }
}
