//! Whether the customer that the API has is the one that we send.
//!
//! Every member that we send must be equal over there, in nested objects too; the API may know more (a status, fields
//! that we left out). Lists are compared as sets: the API promises no order.
//!
//! It deliberately does not forgive differences in spelling, and names fields only, never values.

use serde_json::{Map, Value};

/// What a comparison found.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Comparison {
    /// The very customer.
    Same,
    /// Our customer with other data: the paths of the fields that differ, in the order of the payload.
    Differs(Vec<String>),
    /// Another customer.
    OtherId,
    /// Not a customer at all.
    Unclear,
}

/// Compares a payload with the body of a read-back, `{"data":{…}}`.
pub(super) fn compare(payload: &[u8], body: &[u8]) -> Comparison {
    let (Ok(Value::Object(ours)), Ok(body)) = (serde_json::from_slice(payload), serde_json::from_slice::<Value>(body))
    else {
        return Comparison::Unclear;
    };
    let Some(theirs) = body.get("data").and_then(Value::as_object) else {
        return Comparison::Unclear;
    };
    match (ours.get("id"), theirs.get("id")) {
        (Some(ours), Some(theirs)) if ours == theirs => {}
        (_, Some(Value::String(_))) => return Comparison::OtherId,
        (_, Some(_) | None) => return Comparison::Unclear,
    }
    let mut paths = Vec::new();
    differences("", &ours, theirs, &mut paths);
    if paths.is_empty() {
        Comparison::Same
    } else {
        Comparison::Differs(paths)
    }
}

/// Adds the paths that differ. The payload is our own and two levels deep, so the depth is bounded.
fn differences(above: &str, ours: &Map<String, Value>, theirs: &Map<String, Value>, paths: &mut Vec<String>) {
    for (key, our) in ours {
        match (our, theirs.get(key)) {
            (Value::Object(our), Some(Value::Object(their))) => {
                differences(&format!("{above}{key}."), our, their, paths);
            }
            (Value::Array(our), Some(Value::Array(their))) if same_set(our, their) => {}
            (our, Some(their)) if our == their => {}
            (_, Some(_) | None) => paths.push(format!("{above}{key}")),
        }
    }
}

fn same_set(ours: &[Value], theirs: &[Value]) -> bool {
    ours.iter().all(|our| theirs.contains(our)) && theirs.iter().all(|their| ours.contains(their))
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAYLOAD: &str = r#"{"customer_type":"INDIVIDUAL","first_name":"Zoë","id":"C-1","kyc_profile":{"funds_send_receive_jurisdictions":["DE","FR"]},"mailing_address":{"city":"Bonn","country_code":"DE"}}"#;

    fn check(data: &str, expected: &Comparison) {
        let body = format!(r#"{{"data":{data}}}"#);
        assert_eq!(&compare(PAYLOAD.as_bytes(), body.as_bytes()), expected, "{data}");
    }

    fn differs(paths: &[&str]) -> Comparison {
        Comparison::Differs(paths.iter().map(ToString::to_string).collect())
    }

    #[test]
    fn the_same_data_is_the_same_customer() {
        check(PAYLOAD, &Comparison::Same);
    }

    #[test]
    fn the_api_may_know_more_in_another_order() {
        check(
            r#"{"status":"ACTIVE","id":"C-1","first_name":"Zo\u00eb","customer_type":"INDIVIDUAL","middle_name":null,
                "mailing_address":{"country_code":"DE","city":"Bonn","state":"NW"},
                "kyc_profile":{"funds_send_receive_jurisdictions":["FR","DE"],"engage_in_activities":[]}}"#,
            &Comparison::Same,
        );
    }

    #[test]
    fn every_difference_is_named_without_its_value() {
        check(
            r#"{"id":"C-1","first_name":"Zoe","customer_type":"INDIVIDUAL",
                "mailing_address":{"city":"Bonn"},"kyc_profile":{"funds_send_receive_jurisdictions":["DE"]}}"#,
            &differs(&[
                "first_name",
                "kyc_profile.funds_send_receive_jurisdictions",
                "mailing_address.country_code",
            ]),
        );
        check(
            r#"{"id":"C-1"}"#,
            &differs(&["customer_type", "first_name", "kyc_profile", "mailing_address"]),
        );
        let other = PAYLOAD.replace(r#"{"city":"Bonn","country_code":"DE"}"#, "\"Bonn, DE\"");
        check(&other, &differs(&["mailing_address"]));
        let other = PAYLOAD.replace(r#"["DE","FR"]"#, r#"["DE","FR","IR"]"#);
        check(&other, &differs(&["kyc_profile.funds_send_receive_jurisdictions"]));
    }

    #[test]
    fn another_customer_and_no_customer_are_told_apart() {
        check(&PAYLOAD.replace("C-1", "C-2"), &Comparison::OtherId);
        check("{}", &Comparison::Unclear);
        check(r#"{"id":1}"#, &Comparison::Unclear);
        check("[]", &Comparison::Unclear);
        assert_eq!(compare(PAYLOAD.as_bytes(), b"<html>"), Comparison::Unclear);
        assert_eq!(compare(PAYLOAD.as_bytes(), b"{}"), Comparison::Unclear);
    }
}
