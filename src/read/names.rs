//! Names of columns and fields: which name means which field, and how a name of a file may be shown.
//!
//! Upper and lower case are alike, and so are spaces, underscores, dashes and dots. A name that differs otherwise is
//! another name: it is proposed by [`nearest`] and never taken.

use std::sync::LazyLock;

use unicode_normalization::UnicodeNormalization;

use crate::model::field::{CustomerType, FieldId, Need};
use crate::model::mapping::REJECT_COLUMNS;
pub(super) use crate::model::naming::{escaped, quoted, shown};

/// Names longer than this, in characters, resemble nothing: comparing costs the product of the lengths.
const COMPARED_CHARACTERS: usize = 64;

/// Similarity from which a name is proposed, of 1: two slips of the fingers in seven characters.
const NEAR: f64 = 0.7;

/// Length from which a name that is some part of a field's resembles it (`phone`): `name` is part of too many.
const CONTAINED_BYTES: usize = 5;

/// What a name means.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Meaning {
    /// This field.
    Field(FieldId),
    /// Any of these fields.
    Ambiguous(Vec<FieldId>),
    /// No field.
    Unknown,
}

/// Every field with its path and the last part of it, as they are compared.
static FOLDED: LazyLock<Vec<(FieldId, String, String)>> = LazyLock::new(|| {
    let folded = |id: FieldId| (id, fold(id.path()), fold(id.field().parts().1));
    FieldId::all().map(folded).collect()
});

/// A name in the form in which names are compared: composed (NFC, Unicode Standard Annex 15), since some systems write
/// `ü` as two characters.
pub(super) fn fold(name: &str) -> String {
    let name: String = name.nfc().collect();
    let words = name.split(|character: char| {
        character.is_whitespace() || character.is_control() || matches!(character, '_' | '-' | '.' | '\u{feff}')
    });
    let words: Vec<_> = words.filter(|word| !word.is_empty()).map(str::to_lowercase).collect();
    words.join("_")
}

/// The form in which a column's name is compared. The columns that rollcall adds to a rejects file are no other column's.
pub(super) fn fold_column(name: &str) -> String {
    if REJECT_COLUMNS.contains(&name) {
        name.to_owned()
    } else {
        fold(name)
    }
}

/// The field that a name means: its path, or its last part where only one field that this type of customer may have
/// has it.
pub(super) fn meaning(name: &str, customer_type: Option<CustomerType>) -> Meaning {
    let folded = fold(name);
    if let Some((id, ..)) = FOLDED.iter().find(|(_, path, _)| *path == folded) {
        return Meaning::Field(*id);
    }
    let leaves = FOLDED
        .iter()
        .filter(|(id, _, leaf)| *leaf == folded && allows(customer_type, *id));
    let leaves: Vec<_> = leaves.map(|(id, ..)| *id).collect();
    match *leaves {
        [] => Meaning::Unknown,
        [id] => Meaning::Field(id),
        _ => Meaning::Ambiguous(leaves),
    }
}

/// The field whose name is most like this one, among those that a customer of this type may have and for which
/// `free` holds.
pub(super) fn nearest(
    name: &str,
    customer_type: Option<CustomerType>,
    free: impl Fn(FieldId) -> bool,
) -> Option<FieldId> {
    let name = comparable(name)?;
    let mut best = None;
    let mut best_score = NEAR;
    for id in FieldId::all().filter(|id| allows(customer_type, *id) && free(*id)) {
        let score = [id.path(), id.field().parts().1]
            .into_iter()
            .filter_map(comparable)
            .map(|field| similarity(&name, &field))
            .fold(0.0, f64::max);
        if score > best_score {
            (best, best_score) = (Some(id), score);
        }
    }
    best
}

/// The name of a list that is most like this one.
pub(super) fn nearest_of<'names>(name: &str, names: &'names [String]) -> Option<&'names String> {
    let name = comparable(name)?;
    let score = |other: &String| comparable(other).map_or(0.0, |other| similarity(&name, &other));
    let best = names.iter().map(|other| (score(other), other));
    let best = best.max_by(|one, other| one.0.total_cmp(&other.0));
    best.filter(|(score, _)| *score > NEAR).map(|(_, other)| other)
}

/// Whether a customer of this type may have the field; of an unknown type, any.
fn allows(customer_type: Option<CustomerType>, id: FieldId) -> bool {
    customer_type.is_none_or(|kind| id.field().need(kind) != Need::Never)
}

/// A name with an underscore between its words, `firstName` included; `None` where comparing is of no use.
fn comparable(name: &str) -> Option<String> {
    if name.chars().nth(COMPARED_CHARACTERS).is_some() {
        return None;
    }
    let mut words = String::new();
    let mut after_small = false;
    for character in name.chars() {
        if after_small && character.is_uppercase() {
            words.push('_');
        }
        after_small = character.is_lowercase();
        words.push(character);
    }
    Some(fold(&words)).filter(|name| !name.is_empty())
}

/// How much a name resembles that of a field, from 0 to 1: by the slips of fingers between them, or because the field
/// continues it (`country`, `country_code`) or is its end (`customer_id`, `id`), the more words in common the better.
fn similarity(name: &str, field: &str) -> f64 {
    let words = |name: &str| f64::from(u8::try_from(name.split('_').count()).unwrap_or(u8::MAX));
    let distance = strsim::normalized_damerau_levenshtein(&name.replace('_', ""), &field.replace('_', ""));
    let continued = field.strip_prefix(name).is_some_and(|rest| rest.starts_with('_'));
    let ends = name.strip_suffix(field).is_some_and(|rest| rest.ends_with('_'));
    let common = if continued || ends {
        words(name).min(words(field)) / words(name).max(words(field))
    } else if name.len() >= CONTAINED_BYTES && field.contains(name) {
        0.1
    } else {
        return distance;
    };
    distance.max(NEAR + (1.0 - NEAR) * common)
}

#[cfg(test)]
mod tests {
    use super::*;

    const INDIVIDUAL: Option<CustomerType> = Some(CustomerType::Individual);

    #[test]
    fn paths_differ_when_folded() {
        let mut folded: Vec<_> = FieldId::all().map(|id| fold(id.path())).collect();
        folded.sort_unstable();
        folded.dedup();
        assert_eq!(folded.len(), FieldId::COUNT);
    }

    #[test]
    fn names_mean_fields() {
        let check = |name: &str, customer_type, expected: &str| {
            let text = match meaning(name, customer_type) {
                Meaning::Field(id) => id.path().to_owned(),
                Meaning::Ambiguous(ids) => ids.iter().map(|id| id.path()).collect::<Vec<_>>().join(" or "),
                Meaning::Unknown => String::from("unknown"),
            };
            assert_eq!(text, expected, "{name}");
        };
        check("id", None, "id");
        check("\u{feff} ID ", None, "id");
        assert_eq!(fold("Gru\u{308}ße"), fold("Grüße"));
        check("First Name", None, "first_name");
        check("FIRST-NAME", None, "first_name");
        check("mailing address\ncity", None, "mailing_address.city");
        check("MailingAddress.City", None, "unknown");
        check("city", None, "mailing_address.city or registered_address.city");
        check("city", INDIVIDUAL, "mailing_address.city");
        check("City", Some(CustomerType::Corporation), "registered_address.city");
        check("total_assets", None, "investment_profile.total_assets");
        check("registered_name", INDIVIDUAL, "registered_name");
        check("firstname", None, "unknown");
        check("", None, "unknown");
    }

    #[test]
    fn the_nearest_name_is_proposed() {
        let check = |name: &str, expected: Option<&str>| {
            let nearest = nearest(name, INDIVIDUAL, |_| true);
            assert_eq!(nearest.map(FieldId::path), expected, "{name}");
        };
        check("fist_name", Some("first_name"));
        check("lastName", Some("last_name"));
        check("Email", Some("email_address"));
        check("customerID", Some("id"));
        check("Phone", Some("telephone_number"));
        check("name", None);
        check("address", Some("mailing_address.address_line1"));
        check("country", Some("mailing_address.country_code"));
        check("emial_adress", Some("email_address"));
        check("PostalCode", Some("mailing_address.postal_code"));
        check("xyzzy", None);
        check("", None);
        check(&"x".repeat(1000), None);
        let taken = nearest("fist_name", INDIVIDUAL, |id| id.path() != "first_name");
        assert_ne!(taken.map(FieldId::path), Some("first_name"));
    }
}
