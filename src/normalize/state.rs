//! States and provinces: the last part of an ISO 3166-2 code, where the country has a table here.
//!
//! The United States and Canada have one, because the API wants two characters there. In other countries the text stands
//! as it is: their tables come with the rules that need them.

use unicode_normalization::UnicodeNormalization;
use unicode_normalization::char::is_combining_mark;

use super::notes::Notes;
use crate::model::rule::Rule;

/// Subdivisions of the United States, ISO 3166-2:US: code and English name.
#[rustfmt::skip]
const UNITED_STATES: &[(&str, &str)] = &[
    ("AL", "Alabama"),
    ("AK", "Alaska"),
    ("AZ", "Arizona"),
    ("AR", "Arkansas"),
    ("CA", "California"),
    ("CO", "Colorado"),
    ("CT", "Connecticut"),
    ("DE", "Delaware"),
    ("DC", "District of Columbia"),
    ("FL", "Florida"),
    ("GA", "Georgia"),
    ("HI", "Hawaii"),
    ("ID", "Idaho"),
    ("IL", "Illinois"),
    ("IN", "Indiana"),
    ("IA", "Iowa"),
    ("KS", "Kansas"),
    ("KY", "Kentucky"),
    ("LA", "Louisiana"),
    ("ME", "Maine"),
    ("MD", "Maryland"),
    ("MA", "Massachusetts"),
    ("MI", "Michigan"),
    ("MN", "Minnesota"),
    ("MS", "Mississippi"),
    ("MO", "Missouri"),
    ("MT", "Montana"),
    ("NE", "Nebraska"),
    ("NV", "Nevada"),
    ("NH", "New Hampshire"),
    ("NJ", "New Jersey"),
    ("NM", "New Mexico"),
    ("NY", "New York"),
    ("NC", "North Carolina"),
    ("ND", "North Dakota"),
    ("OH", "Ohio"),
    ("OK", "Oklahoma"),
    ("OR", "Oregon"),
    ("PA", "Pennsylvania"),
    ("RI", "Rhode Island"),
    ("SC", "South Carolina"),
    ("SD", "South Dakota"),
    ("TN", "Tennessee"),
    ("TX", "Texas"),
    ("UT", "Utah"),
    ("VT", "Vermont"),
    ("VA", "Virginia"),
    ("WA", "Washington"),
    ("WV", "West Virginia"),
    ("WI", "Wisconsin"),
    ("WY", "Wyoming"),
    ("AS", "American Samoa"),
    ("GU", "Guam"),
    ("MP", "Northern Mariana Islands"),
    ("PR", "Puerto Rico"),
    ("UM", "United States Minor Outlying Islands"),
    ("VI", "U.S. Virgin Islands"),
];

/// Subdivisions of Canada, ISO 3166-2:CA: code and English name; French names differ by accents only, which are folded.
#[rustfmt::skip]
const CANADA: &[(&str, &str)] = &[
    ("AB", "Alberta"),
    ("BC", "British Columbia"),
    ("MB", "Manitoba"),
    ("NB", "New Brunswick"),
    ("NL", "Newfoundland and Labrador"),
    ("NT", "Northwest Territories"),
    ("NS", "Nova Scotia"),
    ("NU", "Nunavut"),
    ("ON", "Ontario"),
    ("PE", "Prince Edward Island"),
    ("QC", "Quebec"),
    ("SK", "Saskatchewan"),
    ("YT", "Yukon"),
];

/// Appends the state's code, or the text itself where the country is absent or has no table.
pub(super) fn state(value: &str, country: Option<&str>, to: &mut String, notes: &mut Notes) {
    let table = match country {
        Some("US") => UNITED_STATES,
        Some("CA") => CANADA,
        Some(_) | None => {
            to.push_str(value);
            return;
        }
    };
    let code = value
        .split_once('-')
        .filter(|(prefix, _)| Some(*prefix) == country)
        .map_or(value, |(_, code)| code);
    let found = table
        .iter()
        .find(|(known, _)| known.eq_ignore_ascii_case(code))
        .or_else(|| {
            let folded = fold(value);
            table.iter().find(|(_, name)| fold(name) == folded)
        });
    if found.is_none() {
        notes.push(Rule::StateUnknown);
    }
    to.push_str(found.map_or(value, |(code, _)| code));
}

/// A name without case, accents and full stops.
fn fold(name: &str) -> String {
    name.nfkd()
        .filter(|character| !is_combining_mark(*character) && *character != '.')
        .flat_map(char::to_lowercase)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: &str, country: Option<&str>, expected: Result<&str, Rule>) {
        let (mut to, mut notes) = (String::new(), Notes::new());
        state(value, country, &mut to, &mut notes);
        assert_eq!(
            notes.first().map_or(Ok(to.as_str()), |rule| Err(*rule)),
            expected,
            "{value:?}"
        );
    }

    #[test]
    fn names_and_codes_become_codes_where_there_is_a_table() {
        check("or", Some("US"), Ok("OR"));
        check("US-OR", Some("US"), Ok("OR"));
        check("new york", Some("US"), Ok("NY"));
        check("Québec", Some("CA"), Ok("QC"));
        check("Bavaria", Some("US"), Err(Rule::StateUnknown));
        check("BC", Some("US"), Err(Rule::StateUnknown));
    }

    #[test]
    fn elsewhere_the_text_stands() {
        check("Co. Cork", Some("IE"), Ok("Co. Cork"));
        check("OR", None, Ok("OR"));
    }
}
