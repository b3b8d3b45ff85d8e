//! Writes a customer as canonical JSON, RFC 8785: members sorted, no white space, only strings, objects and lists.
//!
//! The table of fields stands in canonical order, so one pass writes the same bytes as a general serializer at a tenth of
//! its time; a test holds it equal to one.

use std::sync::LazyLock;

use crate::model::field::FieldId;

use super::choice::SEPARATOR;

/// What stands before a field's value.
struct Member {
    /// Number of the object that holds the field; 0 is the customer itself.
    object: usize,
    /// The object's key and its opening brace.
    opening: Vec<u8>,
    key: Vec<u8>,
    is_list: bool,
}

/// One for each field, written once and not for every row.
static MEMBERS: LazyLock<Vec<Member>> = LazyLock::new(|| {
    let mut objects = vec![""];
    let member = |id: FieldId| {
        let (object, key) = id.field().parts();
        let known = objects.iter().position(|known| *known == object);
        let number = known.unwrap_or_else(|| {
            objects.push(object);
            objects.len() - 1
        });
        Member {
            object: number,
            opening: format!("\"{object}\":{{").into_bytes(),
            key: format!("\"{key}\":").into_bytes(),
            is_list: id.field().kind.is_list(),
        }
    };
    FieldId::all().map(member).collect()
});

/// Writes the values that are there over what `json` holds. `value` gives a field's normalized text, lists separated by
/// line ends.
pub(super) fn write<'a>(json: &mut Vec<u8>, value: impl Fn(FieldId) -> Option<&'a str>) {
    json.clear();
    let mut open = 0;
    json.push(b'{');
    for (id, member) in FieldId::all().zip(MEMBERS.iter()) {
        let Some(text) = value(id) else { continue };
        if member.object != open {
            if open != 0 {
                json.push(b'}');
            }
            if member.object != 0 {
                write_key(json, &member.opening);
            }
            open = member.object;
        }
        write_key(json, &member.key);
        if member.is_list {
            write_list(json, text);
        } else {
            write_text(json, text);
        }
    }
    if open != 0 {
        json.push(b'}');
    }
    json.push(b'}');
}

fn write_key(json: &mut Vec<u8>, key: &[u8]) {
    if json.last() != Some(&b'{') {
        json.push(b',');
    }
    json.extend_from_slice(key);
}

fn write_list(json: &mut Vec<u8>, items: &str) {
    json.push(b'[');
    for (index, item) in items.split(SEPARATOR).enumerate() {
        if index > 0 {
            json.push(b',');
        }
        write_text(json, item);
    }
    json.push(b']');
}

/// Writes a string as `serde_json` does, which is as RFC 8785, section 3.2.2.2 wants it.
fn write_text(json: &mut Vec<u8>, text: &str) {
    // Without a branch on each byte: nearly every text is looked at to its end and has nothing to escape.
    let odd = |odd: u8, byte: u8| odd | u8::from(byte < b' ') | u8::from(byte == b'"') | u8::from(byte == b'\\');
    if text.bytes().fold(0, odd) > 0 {
        // Writing a string to memory has nothing that could fail.
        let written = serde_json::to_writer(&mut *json, text);
        debug_assert!(written.is_ok(), "a string is always JSON");
        return;
    }
    json.push(b'"');
    json.extend_from_slice(text.as_bytes());
    json.push(b'"');
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use proptest::prelude::*;
    use serde_json::{Map, Value, json};

    use super::*;

    /// The same customer as a tree, serialized by a general RFC 8785 serializer.
    fn reference(values: &BTreeMap<FieldId, String>) -> String {
        let mut root = Map::new();
        for (id, text) in values {
            let leaf = if id.field().kind.is_list() {
                json!(text.split('\n').collect::<Vec<_>>())
            } else {
                json!(text)
            };
            match id.field().parts() {
                ("", key) => root.insert(key.to_owned(), leaf),
                (object, key) => root
                    .entry(object)
                    .or_insert_with(|| json!({}))
                    .as_object_mut()
                    .unwrap()
                    .insert(key.to_owned(), leaf),
            };
        }
        String::from_utf8(serde_json_canonicalizer::to_vec(&Value::Object(root)).unwrap()).unwrap()
    }

    proptest! {
        #[test]
        fn payloads_equal_a_general_rfc_8785_serializer(
            values in proptest::collection::btree_map(0..FieldId::COUNT, any::<String>(), 0..20),
        ) {
            let ids: Vec<FieldId> = FieldId::all().collect();
            let values: BTreeMap<FieldId, String> = values.into_iter().map(|(index, text)| (ids[index], text)).collect();
            let mut written = b"before".to_vec();
            write(&mut written, |id| values.get(&id).map(String::as_str));
            prop_assert_eq!(String::from_utf8(written).unwrap(), reference(&values));
        }
    }
}
