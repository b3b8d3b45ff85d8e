//! What the API has of a customer, as the payload that would have made it.
//!
//! Of what was read only our fields count: a status and fields that rollcall does not know are left out, and so is what
//! is empty. What is left is written as canonical JSON, RFC 8785, so that its idempotency id can be held against the
//! ledger's, which has no values. A field that the API has and the row left out is therefore a difference, unlike in
//! [`compare`](super::compare), which asks only whether a create would repeat what is there.
//!
//! It deliberately gives ids and paths of fields, never a value.

use std::borrow::Cow;

use serde_json::{Map, Value};
use uuid::Uuid;

use super::classify::Body;
use crate::model::field::FieldId;
use crate::model::ids::IdempotencyId;
use crate::model::operation::CREATE_CUSTOMER;

/// What a read of a customer showed.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Observed {
    /// The API has no such customer.
    Absent,
    /// The API has the customer, whatever its status.
    There {
        /// The idempotency id that the data over there would have.
        payload_id: IdempotencyId,
        /// Paths of the fields that differ, in the order of the payload; `None` where no payload was given.
        differs: Option<Vec<&'static str>>,
    },
    /// No clear answer came: why, as a code.
    Unclear(&'static str),
    /// Stopped before there was an answer.
    Stopped,
}

/// Understands the body of a read, `{"data":{…}}`: the id of the data, and which fields differ from a payload.
pub(super) fn understand(
    customer_id: &str,
    namespace: Uuid,
    payload: Option<&[u8]>,
    body: &[u8],
) -> Result<(IdempotencyId, Option<Vec<&'static str>>), Body> {
    let body: Value = serde_json::from_slice(body).map_err(|_| Body::Foreign)?;
    let theirs = body.get("data").and_then(Value::as_object).ok_or(Body::Foreign)?;
    match theirs.get("id") {
        Some(Value::String(id)) if id == customer_id => {}
        Some(Value::String(_)) => return Err(Body::OtherId),
        Some(_) | None => return Err(Body::Foreign),
    }
    let id = IdempotencyId::derive(namespace, &CREATE_CUSTOMER, &canonical(theirs));
    let ours = payload.and_then(|payload| serde_json::from_slice::<Map<String, Value>>(payload).ok());
    let differs = ours.map(|ours| {
        let differs = |id: &FieldId| value(&ours, *id) != value(theirs, *id);
        FieldId::all().filter(differs).map(FieldId::path).collect()
    });
    Ok((id, differs))
}

/// The value of a field, if it has one. Lists are sets: sorted, without repetition, as rollcall sends them.
fn value(customer: &Map<String, Value>, id: FieldId) -> Option<Cow<'_, Value>> {
    let value = match id.field().parts() {
        ("", key) => customer.get(key),
        (object, key) => customer.get(object).and_then(|object| object.get(key)),
    }?;
    match value {
        Value::Null => None,
        Value::String(text) if text.is_empty() => None,
        Value::Array(items) => {
            let mut items: Vec<Value> = items.iter().filter(|item| !is_empty(item)).cloned().collect();
            items.sort_unstable_by(|one, other| one.as_str().cmp(&other.as_str()));
            items.dedup();
            (!items.is_empty()).then_some(Cow::Owned(Value::Array(items)))
        }
        Value::Object(object) if object.is_empty() => None,
        Value::String(_) | Value::Bool(_) | Value::Number(_) | Value::Object(_) => Some(Cow::Borrowed(value)),
    }
}

fn is_empty(item: &Value) -> bool {
    item.is_null() || item.as_str() == Some("")
}

/// The payload of our fields. The table of fields stands in canonical order, so that one pass writes it; what is no text
/// where a text belongs is written as it came, and makes another id.
fn canonical(customer: &Map<String, Value>) -> Vec<u8> {
    let mut json = String::from("{");
    let mut open = "";
    for id in FieldId::all() {
        let Some(value) = value(customer, id) else { continue };
        let (object, key) = id.field().parts();
        if object != open {
            if !open.is_empty() {
                json.push('}');
            }
            if !object.is_empty() {
                write_key(&mut json, object);
                json.push('{');
            }
            open = object;
        }
        write_key(&mut json, key);
        json.push_str(&value.to_string());
    }
    if !open.is_empty() {
        json.push('}');
    }
    json.push('}');
    json.into_bytes()
}

fn write_key(json: &mut String, key: &str) {
    if !json.ends_with('{') {
        json.push(',');
    }
    json.push('"');
    json.push_str(key);
    json.push_str("\":");
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    const PAYLOAD: &str = r#"{"customer_type":"INDIVIDUAL","first_name":"Zoë \"Z\"","id":"C-1","kyc_profile":{"funds_send_receive_jurisdictions":["DE","FR"]},"last_name":"Kø","mailing_address":{"city":"Bonn","country_code":"DE"}}"#;

    /// Changes the customer as the API has him, and says which fields differ then.
    fn check(change: impl FnOnce(&mut Map<String, Value>), expected: &[&str]) {
        let mut theirs: Map<String, Value> = serde_json::from_str(PAYLOAD).unwrap();
        change(&mut theirs);
        let body = json!({ "data": theirs }).to_string();
        let ours = IdempotencyId::derive(Uuid::nil(), &CREATE_CUSTOMER, PAYLOAD.as_bytes());
        let told = understand("C-1", Uuid::nil(), Some(PAYLOAD.as_bytes()), body.as_bytes());
        let (id, differs) = told.unwrap();
        assert_eq!(differs.as_deref(), Some(expected), "{body}");
        assert_eq!(
            id == ours,
            expected.is_empty(),
            "the id says the same as the fields: {body}"
        );
        let without = understand("C-1", Uuid::nil(), None, body.as_bytes()).unwrap();
        assert_eq!(without, (id, None), "{body}");
    }

    #[test]
    fn what_makes_no_other_customer_makes_no_other_id() {
        check(|_| {}, &[]);
        check(
            |theirs| {
                theirs.insert("status".into(), json!("CLOSED"));
                theirs.insert("created_by_somebody".into(), json!({"at": 1}));
                theirs.insert("middle_name".into(), Value::Null);
                theirs.insert("email_address".into(), json!(""));
                theirs.insert("investment_profile".into(), json!({}));
                theirs["kyc_profile"] = json!({
                    "engage_in_activities": [],
                    "funds_send_receive_jurisdictions": ["FR", "", "DE", "FR"],
                });
                theirs["mailing_address"]["state"] = Value::Null;
                theirs["mailing_address"]["verified"] = json!(true);
            },
            &[],
        );
    }

    #[test]
    fn every_field_that_differs_is_named_and_makes_another_id() {
        check(
            |theirs| drop(theirs.insert("first_name".into(), json!("Zoe"))),
            &["first_name"],
        );
        check(|theirs| drop(theirs.remove("last_name")), &["last_name"]);
        check(
            |theirs| drop(theirs.insert("middle_name".into(), json!("M."))),
            &["middle_name"],
        );
        check(
            |theirs| drop(theirs.insert("last_name".into(), json!(7))),
            &["last_name"],
        );
        check(
            |theirs| {
                theirs.remove("mailing_address");
                theirs["kyc_profile"]["funds_send_receive_jurisdictions"] = json!(["DE", "IR"]);
            },
            &[
                "kyc_profile.funds_send_receive_jurisdictions",
                "mailing_address.city",
                "mailing_address.country_code",
            ],
        );
        check(
            |theirs| theirs["mailing_address"]["state"] = json!("NW"),
            &["mailing_address.state"],
        );
    }

    #[test]
    fn another_customer_and_no_customer_are_told_apart() {
        let check = |body: &str, expected: Body| {
            let told = understand("C-1", Uuid::nil(), None, body.as_bytes());
            assert_eq!(told, Err(expected), "{body}");
        };
        check(r#"{"data":{"id":"C-2"}}"#, Body::OtherId);
        check(r#"{"data":{"id":1}}"#, Body::Foreign);
        check(r#"{"data":{}}"#, Body::Foreign);
        check(r#"{"data":[]}"#, Body::Foreign);
        check("<html>", Body::Foreign);
    }

    /// Every field there is, each with a value of its kind, is rebuilt to the bytes that a general serializer gives.
    #[test]
    fn a_customer_with_every_field_is_rebuilt_byte_for_byte() {
        let mut customer = Map::new();
        for (number, id) in FieldId::all().enumerate() {
            let text = match id.path() {
                "id" => "C-1".to_owned(),
                _ => format!("v{number} \u{1}\u{2028}é\\"),
            };
            let leaf = if id.field().kind.is_list() {
                json!([text])
            } else {
                json!(text)
            };
            match id.field().parts() {
                ("", key) => drop(customer.insert(key.into(), leaf)),
                (object, key) => customer.entry(object).or_insert_with(|| json!({}))[key] = leaf,
            }
        }
        let reference = serde_json_canonicalizer::to_vec(&Value::Object(customer.clone())).unwrap();
        assert_eq!(String::from_utf8(canonical(&customer)), String::from_utf8(reference));
    }
}
