//! What names of columns mean, in several languages: the reader of `names.toml`.
//!
//! It knows names only. Whether the values agree is for [`super::evidence`].

use std::collections::{BTreeMap, BTreeSet};

use super::fold::{key, words};
use crate::model::field::{CustomerType, FieldId, Need};

/// The dictionary, as it is compiled in.
const NAMES: &str = include_str!("names.toml");

/// Similarity from which a name resembles another, of 1: one slip of the fingers in seven characters.
const NEAR: f64 = 0.85;

/// Shortest key that is compared by similarity: shorter ones are all alike.
const SHORTEST_NEAR: usize = 5;

/// What a name stands for.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Sense {
    /// A field.
    Field(FieldId),
    /// A field of both addresses; the ids are those of a person's and of a firm's.
    Address(FieldId, FieldId),
    /// A whole name, of a person or of a firm.
    FullName,
    /// The firm that is the customer, or the employer of a person.
    Company,
    /// A form of address, or what a person does.
    Title,
    /// What a person does, customer or contact.
    JobTitle,
    /// Nothing that the API has a field for, with the number of the reason.
    Ignored(usize),
}

/// How a name was recognized.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Match {
    /// It stands in the dictionary, or is the field's own.
    Exact,
    /// It does, without a word that says whose it is.
    Qualified,
    /// It resembles one.
    Fuzzy,
}

/// The names and what they mean.
#[derive(Debug, Default)]
pub(super) struct Dictionary {
    senses: BTreeMap<String, BTreeSet<Sense>>,
    abbreviations: BTreeMap<String, String>,
    qualifiers: BTreeSet<String>,
    reasons: Vec<String>,
    forms_of_address: BTreeSet<String>,
}

impl Dictionary {
    /// Reads the dictionary. A test holds that it can be read whole.
    pub(super) fn new() -> Self {
        let table: toml::Table = NAMES.parse().unwrap_or_default();
        let mut dictionary = Self::default();
        let section = |name: &str| {
            table
                .get(name)
                .and_then(toml::Value::as_table)
                .cloned()
                .unwrap_or_default()
        };
        for (word, whole) in &section("words") {
            let whole = whole.as_str().unwrap_or_default().to_owned();
            dictionary.abbreviations.insert(word.clone(), whole);
        }
        let qualifiers = section("qualifiers");
        dictionary.qualifiers = qualifiers
            .get("names")
            .map(texts)
            .unwrap_or_default()
            .into_iter()
            .collect();
        for (path, names) in &section("fields") {
            if let Some(sense) = sense(path) {
                for name in texts(names) {
                    dictionary.add(&name, sense);
                }
            }
        }
        dictionary.add_unclear(&section("unclear"));
        let forms = section("forms_of_address");
        let forms = forms.get("names").map(texts).unwrap_or_default();
        dictionary.forms_of_address.extend(forms);
        for (reason, names) in &section("ignore") {
            let sense = Sense::Ignored(dictionary.reasons.len());
            dictionary.reasons.push(reason.clone());
            for name in texts(names) {
                dictionary.add(&name, sense);
            }
        }
        for id in FieldId::all() {
            dictionary.add(id.path(), Sense::Field(id));
            let (object, leaf) = id.field().parts();
            if object.ends_with("address") {
                dictionary
                    .senses
                    .entry(dictionary.key(leaf))
                    .or_default()
                    .extend(sense(&format!("address.{leaf}")));
            } else if !object.is_empty() {
                dictionary.add(leaf, Sense::Field(id));
            }
        }
        dictionary
    }

    /// Adds the names that do not say alone which field they are.
    fn add_unclear(&mut self, names: &toml::Table) {
        let senses = [
            ("full_name", Sense::FullName),
            ("company", Sense::Company),
            ("title", Sense::Title),
            ("job_title", Sense::JobTitle),
        ];
        for (key, sense) in senses {
            for name in names.get(key).map(texts).unwrap_or_default() {
                self.add(&name, sense);
            }
        }
    }

    fn add(&mut self, name: &str, sense: Sense) {
        self.senses.entry(self.key(name)).or_default().insert(sense);
    }

    fn key(&self, name: &str) -> String {
        key(&words(name), &self.abbreviations)
    }

    /// What a name may mean, and how it was recognized; nothing for a name that is not known.
    pub(super) fn look_up(&self, name: &str) -> Option<(Vec<Sense>, Match)> {
        let words = words(name);
        let found = |words: &[String]| {
            self.senses
                .get(&key(words, &self.abbreviations))
                .map(|senses| senses.iter().copied().collect())
        };
        if let Some(senses) = found(&words) {
            return Some((senses, Match::Exact));
        }
        let whole = |word: &String| self.abbreviations.get(word).unwrap_or(word).clone();
        let mut rest = words.as_slice();
        while let Some((_, behind)) = rest
            .split_first()
            .filter(|(first, _)| self.qualifiers.contains(&whole(first)))
        {
            rest = behind;
            if let Some(senses) = found(rest) {
                return Some((senses, Match::Qualified));
            }
        }
        let name = key(&words, &self.abbreviations);
        let best = self
            .senses
            .iter()
            .filter(|(known, _)| known.len() >= SHORTEST_NEAR && name.len() >= SHORTEST_NEAR)
            .map(|(known, senses)| (strsim::normalized_damerau_levenshtein(&name, known), senses))
            .max_by(|one, other| one.0.total_cmp(&other.0));
        let (_, senses) = best.filter(|(score, _)| *score >= NEAR)?;
        Some((senses.iter().copied().collect(), Match::Fuzzy))
    }

    /// Whether a text is made of nothing but forms of address: `Prof. Dr.`.
    pub(super) fn is_form_of_address(&self, text: &str) -> bool {
        let words = text.split(|character: char| !character.is_alphabetic());
        let mut words = words.filter(|word| !word.is_empty()).peekable();
        words.peek().is_some() && words.all(|word| self.forms_of_address.contains(&word.to_lowercase()))
    }

    /// Why a column is left out.
    pub(super) fn reason(&self, number: usize) -> &str {
        self.reasons.get(number).map_or("", String::as_str)
    }
}

fn texts(value: &toml::Value) -> Vec<String> {
    let texts = value.as_array().into_iter().flatten();
    texts.filter_map(|text| text.as_str().map(str::to_owned)).collect()
}

/// The sense of a key of the dictionary.
fn sense(path: &str) -> Option<Sense> {
    match path.strip_prefix("address.") {
        Some(leaf) => Some(Sense::Address(
            FieldId::from_path(&format!("mailing_address.{leaf}"))?,
            FieldId::from_path(&format!("registered_address.{leaf}"))?,
        )),
        None => FieldId::from_path(path).map(Sense::Field),
    }
}

/// The only type of customer that has a field; `None` if both have it.
pub(super) fn only_type(id: FieldId) -> Option<CustomerType> {
    match (id.field().individual, id.field().corporation) {
        (_, Need::Never) => Some(CustomerType::Individual),
        (Need::Never, _) => Some(CustomerType::Corporation),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(name: &str, expected: &str, how: Match) {
        let dictionary = Dictionary::new();
        let (senses, matched) = dictionary
            .look_up(name)
            .unwrap_or_else(|| panic!("{name} is not known"));
        let shown: Vec<_> = senses
            .iter()
            .map(|sense| match sense {
                Sense::Field(id) => id.path().to_owned(),
                Sense::Address(person, _) => person.field().parts().1.to_owned(),
                Sense::FullName => "?full name".to_owned(),
                Sense::Company => "?company".to_owned(),
                Sense::Title => "?title".to_owned(),
                Sense::JobTitle => "?job title".to_owned(),
                Sense::Ignored(reason) => format!("-{}", dictionary.reason(*reason)),
            })
            .collect();
        assert_eq!((shown.join(" "), matched), (expected.to_owned(), how), "{name}");
    }

    #[test]
    fn the_data_file_is_read_whole() {
        let table: toml::Table = NAMES.parse().unwrap();
        for path in table["fields"].as_table().unwrap().keys() {
            assert!(sense(path).is_some(), "{path} is no field");
        }
        let dictionary = Dictionary::new();
        assert!(dictionary.senses.len() > 800, "{}", dictionary.senses.len());
        // A name that is ignored may be no field's: it would be left out in silence, or asked about for nothing.
        for (name, senses) in &dictionary.senses {
            let ignored = senses.iter().filter(|sense| matches!(sense, Sense::Ignored(_))).count();
            assert!(ignored == 0 || senses.len() == 1, "{name}: {senses:?}");
        }
    }

    #[test]
    fn names_of_many_spellings_and_languages_are_known() {
        for (name, expected) in [
            ("Customer No.", "id"),
            ("custNbr", "id"),
            ("customerID", "id"),
            ("CUST_ID", "id"),
            ("Kundennummer", "id"),
            ("N° client", "id"),
            ("Código de cliente", "id"),
            ("Numer klienta", "id"),
            ("Klantnummer", "id"),
            ("DOB", "date_of_birth"),
            ("Birth Dt", "date_of_birth"),
            ("Birthdate", "date_of_birth"),
            ("Fecha de nacimiento", "date_of_birth"),
            ("Data urodzenia", "date_of_birth"),
            ("Geboortedatum", "date_of_birth"),
            ("surname", "last_name"),
            ("Nom", "last_name"),
            ("Cognome", "last_name"),
            ("Nazwisko", "last_name"),
            ("Vorname", "first_name"),
            ("Prénom", "first_name"),
            ("Imię", "first_name"),
            ("Legal Name", "registered_name"),
            ("Raison sociale", "registered_name"),
            ("Razón social", "registered_name"),
            ("EIN", "registered_number"),
            ("SIREN", "registered_number"),
            ("KvK-nummer", "registered_number"),
            ("Zip", "postal_code"),
            ("PLZ", "postal_code"),
            ("Mailing Zip/Postal Code", "postal_code"),
            ("Addr 1", "address_line1"),
            ("address", "address_line1"),
            ("Straße", "address_line1"),
            ("Mobile", "telephone_number"),
            ("Téléphone", "telephone_number"),
            ("E-Mail", "email_address"),
            ("Correo electrónico", "email_address"),
            ("total_assets", "investment_profile.total_assets"),
            ("Name", "?full name"),
            ("Imię i nazwisko", "?full name"),
            ("companyName", "?company"),
            ("Titel", "?title"),
            ("Job Title", "?job title"),
            ("State Code", "state"),
            ("Fax", "-a fax number"),
            ("contactName", "-a contact person"),
            ("Created Date", "-when the record was made or changed"),
        ] {
            let how = if name.starts_with("Mailing") {
                Match::Qualified
            } else {
                Match::Exact
            };
            check(name, expected, how);
        }
    }

    #[test]
    fn a_slip_of_the_fingers_is_no_exact_name() {
        check("Frist Name", "first_name", Match::Fuzzy);
        check("Telefonn", "telephone_number", Match::Fuzzy);
        // What a person owns and what an account is fed with are two things.
        assert_eq!(Dictionary::new().look_up("Source of Wealth"), None);
        assert_eq!(Dictionary::new().look_up("Zorblax"), None);
        assert_eq!(Dictionary::new().look_up(""), None);
    }
}
