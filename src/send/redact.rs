//! The API's own words, without the customer in them.
//!
//! An error text may repeat what was sent. Before it is kept, every value of the row in it is replaced by its field's
//! path: as it was sent, in other case, and where it was escaped for JSON, a URL or a page. Control and direction
//! characters go, and what is left is cut to one line.
//!
//! It deliberately keeps the words of closed lists (they name nobody), values of one character, and values that the
//! service made up or found elsewhere: those it cannot know.

use serde_json::Value;
use unicode_normalization::UnicodeNormalization;

use super::unescape::{entities, json, percent};
use crate::model::field::FieldId;

/// Longest text that is kept, in characters: a sentence or two.
const MOST_CHARACTERS: usize = 300;
/// Values shorter than this are replaced only where they stand alone, in the same case: `is` is not Iceland.
const SHORT: usize = 4;
/// How many layers of each kind of escape are undone.
const LAYERS: usize = 3;
/// Stands for the first value while the search goes on; the others follow. Plane 16 is for private use, and a service
/// has no business with it.
const FIRST_MARK: char = '\u{100000}';

/// Replaces the values of one row.
pub(super) struct Redactor {
    /// The longest first, so that a value within another does not break it up.
    values: Vec<Secret>,
}

struct Secret {
    path: String,
    plain: Vec<char>,
    folded: Vec<char>,
}

impl Redactor {
    /// Makes a redactor for a payload. Costs a parse: it is for answers that are not a yes.
    pub(super) fn new(payload: &[u8]) -> Self {
        let mut values = Vec::new();
        if let Ok(payload) = serde_json::from_slice(payload) {
            collect("", &payload, &mut values);
        }
        values.sort_by_key(|secret| std::cmp::Reverse(secret.plain.len()));
        Self { values }
    }

    /// Replaces the access token too: a service, or what stands before it, may repeat the headers that it was sent.
    pub(super) fn with_token(mut self, token: &str) -> Self {
        let plain = visible(token.chars());
        let (folded, _) = fold(&plain);
        if plain.len() > 1 {
            let path = String::from("token");
            self.values.push(Secret { path, plain, folded });
            self.values.sort_by_key(|secret| std::cmp::Reverse(secret.plain.len()));
        }
        self
    }

    /// The text without the row's values, with its escapes undone, on one line, at most 300 characters.
    ///
    /// It searches before the first escape is undone and after each, since undoing one may break up a value that
    /// holds such a thing itself.
    pub(super) fn clean(&self, text: &str) -> String {
        let unmarked = text.chars().filter(|character| mark_index(*character).is_none());
        let mut text = self.mark(&visible(unmarked));
        for undo in [entities, json, percent].repeat(LAYERS) {
            let before: String = text.iter().collect();
            let after = undo(&before);
            if after != before {
                text = self.mark(&visible(after.chars()));
            }
        }
        self.write_out(&text)
    }

    /// Replaces every value by its mark.
    fn mark(&self, text: &[char]) -> Vec<char> {
        let (folded, origins) = fold(text);
        let mut marks: Vec<Option<char>> = vec![None; text.len()];
        for (secret, mark) in self.values.iter().zip(FIRST_MARK..) {
            let length = secret.plain.len();
            for start in places(text, &secret.plain) {
                if length >= SHORT || stands_alone(text, start, length) {
                    claim(&mut marks, start, start + length, mark);
                }
            }
            // A short value is only itself: `is` and `IS` differ.
            let length = if length < SHORT { 0 } else { secret.folded.len() };
            for start in places(&folded, &secret.folded).take_while(|_| length > 1) {
                let ends = (origins.get(start), origins.get(start + length - 1));
                if let (Some(first), Some(last)) = ends
                    && (length >= SHORT || stands_alone(&folded, start, length))
                {
                    claim(&mut marks, *first, *last + 1, mark);
                }
            }
        }
        let mut marked: Vec<char> = Vec::with_capacity(text.len());
        for (character, mark) in text.iter().zip(marks) {
            // A run of the same mark is one value.
            if mark.is_none() || mark != marked.last().copied() {
                marked.push(mark.unwrap_or(*character));
            }
        }
        marked
    }

    fn write_out(&self, marked: &[char]) -> String {
        let mut out = String::new();
        let mut count = 0;
        for character in marked {
            let part = match mark_index(*character).and_then(|index| self.values.get(index)) {
                Some(secret) => format!("<{}>", secret.path),
                None => character.to_string(),
            };
            count += part.chars().count();
            if count > MOST_CHARACTERS {
                out.push('…');
                break;
            }
            out.push_str(&part);
        }
        out
    }
}

/// Which value a mark stands for.
fn mark_index(character: char) -> Option<usize> {
    usize::try_from(u32::from(character).checked_sub(u32::from(FIRST_MARK))?).ok()
}

fn collect(path: &str, value: &Value, secrets: &mut Vec<Secret>) {
    match value {
        Value::Object(members) => {
            for (key, member) in members {
                let path = if path.is_empty() {
                    key.clone()
                } else {
                    format!("{path}.{key}")
                };
                collect(&path, member, secrets);
            }
        }
        Value::Array(items) => items.iter().for_each(|item| collect(path, item, secrets)),
        Value::String(text) => {
            let plain = visible(text.chars());
            let named = FieldId::from_path(path).is_none_or(|field| field.field().personal);
            if named && plain.len() > 1 {
                // A sign or a space at the ends says nothing: a number without its `+` is still the number.
                let (folded, _) = fold(&plain);
                let folded = trim(&folded).to_vec();
                secrets.push(Secret {
                    path: path.to_owned(),
                    plain,
                    folded,
                });
            }
        }
        Value::Null | Value::Bool(_) | Value::Number(_) => {}
    }
}

/// The text composed, on one line, and without characters that cannot be seen.
fn visible(text: impl Iterator<Item = char>) -> Vec<char> {
    let on_one_line = |character| match character {
        '\n' | '\r' | '\t' => ' ',
        other => other,
    };
    text.map(on_one_line)
        .filter(|character| is_visible(*character))
        .nfc()
        .collect()
}

/// Not a control character, and none that hides, joins or turns the text around it.
fn is_visible(character: char) -> bool {
    !character.is_control()
        && !matches!(
            character,
            '\u{ad}' | '\u{61c}' | '\u{180e}' | '\u{200b}'..='\u{200f}' | '\u{2028}'..='\u{202e}'
                | '\u{2060}'..='\u{206f}' | '\u{fe00}'..='\u{fe0f}' | '\u{feff}'
        )
}

/// The text in lower case with runs of white space and `+` as one space, and where each character came from.
fn fold(text: &[char]) -> (Vec<char>, Vec<usize>) {
    let mut folded = Vec::with_capacity(text.len());
    let mut origins = Vec::with_capacity(text.len());
    for (origin, character) in text.iter().enumerate() {
        if character.is_whitespace() || *character == '+' {
            if folded.last() != Some(&' ') {
                folded.push(' ');
                origins.push(origin);
            }
            continue;
        }
        for lower in character.to_lowercase() {
            folded.push(lower);
            origins.push(origin);
        }
    }
    (folded, origins)
}

fn trim(mut text: &[char]) -> &[char] {
    while let [' ', rest @ ..] | [rest @ .., ' '] = text {
        text = rest;
    }
    text
}

/// Every place of a value in a text, overlapping ones too.
fn places<'a>(text: &'a [char], value: &'a [char]) -> impl Iterator<Item = usize> + 'a {
    text.windows(value.len().max(1))
        .enumerate()
        .filter(move |(_, window)| *window == value)
        .map(|(start, _)| start)
}

fn stands_alone(text: &[char], start: usize, length: usize) -> bool {
    let part_of_word = |at: Option<usize>| {
        at.and_then(|at| text.get(at))
            .is_some_and(|near| near.is_alphanumeric())
    };
    !part_of_word(start.checked_sub(1)) && !part_of_word(start.checked_add(length))
}

/// Marks the characters that no longer value has taken.
fn claim(marks: &mut [Option<char>], from: usize, to: usize, mark: char) {
    for slot in marks.iter_mut().take(to).skip(from) {
        slot.get_or_insert(mark);
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const PAYLOAD: &str = r#"{"customer_type":"INDIVIDUAL","date_of_birth":"1980-01-31","email_address":"zoe@example.org","employment_status":"RETIRED","first_name":"Zoë Ann","id":"C-1","kyc_profile":{"funds_send_receive_jurisdictions":["US","IS"]},"last_name":"O'Neil & Sons","mailing_address":{"address_line1":"12 Zoë Ann Road","unit_number":"7"},"telephone_number":"+493012345678"}"#;

    fn check(text: &str, expected: &str) {
        assert_eq!(Redactor::new(PAYLOAD.as_bytes()).clean(text), expected, "{text}");
    }

    #[test]
    fn values_become_the_paths_of_their_fields() {
        check(
            "customer C-1: 'Zoë Ann' (zoe@example.org) born 1980-01-31 exists",
            "customer <id>: '<first_name>' (<email_address>) born <date_of_birth> exists",
        );
        check(
            "12 Zoë Ann Road is too long",
            "<mailing_address.address_line1> is too long",
        );
    }

    #[test]
    fn values_are_found_in_other_case_and_spacing() {
        check("ZOË  ANN, zoË\nann", "<first_name>, <first_name>");
        check("Zoe\u{308} Ann", "<first_name>");
        check("call 493012345678", "call <telephone_number>");
    }

    #[test]
    fn values_are_found_escaped() {
        check(r"Zo\u00eb Ann and Zo\\u00eb Ann", "<first_name> and <first_name>");
        check(
            "O&#39;Neil &amp; Sons, O&#x27;Neil &amp;amp; Sons",
            "<last_name>, <last_name>",
        );
        check(
            "?q=Zo%C3%AB+Ann&to=zoe%40example.org",
            "?q=<first_name>&to=<email_address>",
        );
        check(
            "%2B493012345678 or O%2527Neil%20%26%20Sons",
            "+<telephone_number> or <last_name>",
        );
    }

    #[test]
    fn short_values_are_replaced_only_where_they_stand_alone() {
        check(
            "IS is US, not USA or status C-10",
            "<kyc_profile.funds_send_receive_jurisdictions> is <kyc_profile.funds_send_receive_jurisdictions>, not USA \
             or status C-10",
        );
    }

    #[test]
    fn words_of_closed_lists_and_single_characters_stay() {
        check("INDIVIDUAL RETIRED in flat 7", "INDIVIDUAL RETIRED in flat 7");
    }

    #[test]
    fn characters_that_nobody_sees_are_removed_before_the_search() {
        check("\u{1b}[31mZo\u{ad}ë\u{200b} A\u{0}nn\u{202e}", "[31m<first_name>");
        check("one\r\ntwo\tthree", "one  two three");
    }

    #[test]
    fn long_texts_are_cut() {
        let clean = Redactor::new(PAYLOAD.as_bytes()).clean(&"x".repeat(5_000));
        assert_eq!(clean.chars().count(), MOST_CHARACTERS + 1);
        let clean = Redactor::new(PAYLOAD.as_bytes()).clean(&format!("{}Zoë Ann", "x".repeat(295)));
        assert!(!clean.contains('Z') && clean.ends_with('…'), "{clean}");
    }

    #[test]
    fn a_payload_that_is_none_hides_nothing_and_breaks_nothing() {
        assert_eq!(Redactor::new(b"{").clean("C-1"), "C-1");
    }

    /// The ways in which a service may repeat a value.
    fn repeated(value: &str, how: u8) -> String {
        use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
        match how {
            0 => value.to_owned(),
            1 => value.to_uppercase(),
            2 => serde_json::to_string(value).unwrap(),
            3 => utf8_percent_encode(value, NON_ALPHANUMERIC).to_string(),
            4 => value.chars().fold(String::new(), |text, character| {
                format!("{text}&#{};", u32::from(character))
            }),
            _ => value
                .encode_utf16()
                .fold(String::new(), |text, unit| format!("{text}\\u{unit:04x}")),
        }
    }

    proptest! {
        /// Whatever surrounds it and however it is written, a value of four characters or more does not survive.
        #[test]
        fn no_planted_value_survives(
            first in "[\\PC&&[^<>]]{4,12}", last in "[a-zA-Z0-9äöüß' .&%+\\\\-]{4,20}",
            before in "[a-z :%&\\\\]{0,12}", after in "[ a-z;0-9]{0,12}", how in 0_u8..6, twice: bool,
        ) {
            let payload = serde_json::json!({"first_name": first, "last_name": last}).to_string();
            let redactor = Redactor::new(payload.as_bytes());
            let middle = if twice { repeated(&first, how) } else { String::from(" ") };
            let text = format!("{before}{}{middle}{}{after}", repeated(&first, how), repeated(&last, how));
            let clean = redactor.clean(&text).replace("<first_name>", "\0").replace("<last_name>", "\0");
            for value in [&first, &last] {
                let planted = value.to_lowercase();
                let (folded, _) = fold(&visible(value.chars()));
                // What was typed around a value may be equal to it by chance.
                if trim(&folded).len() >= SHORT && !format!("{before} {after}").contains(&planted) {
                    prop_assert!(!clean.to_lowercase().contains(&planted), "{planted:?} in {clean:?} from {text:?}");
                }
            }
        }
    }
}
