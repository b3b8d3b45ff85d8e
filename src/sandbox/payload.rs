//! Checks the body of a create by the table of `rules`.
//!
//! Strict on purpose. A field nobody knows, a null, an empty string or list, a wrong choice: everything that a careful
//! client never sends is refused, with every problem named, by its path. Descriptions quote offending values, as real
//! servers do, so that a client's redaction has something to redact.

use serde_json::{Map, Value};

use super::answers::Problem;
use super::rules::{ADDRESS, CustomerType, Rule, Shape};

/// A payload that broke no rule.
#[derive(Clone, Debug, PartialEq)]
pub(super) struct Checked {
    pub(super) id: String,
    pub(super) customer_type: CustomerType,
    pub(super) customer: Value,
}

/// Checks the body of a create, and names everything that is wrong with it.
pub(super) fn check(body: &[u8]) -> Result<Checked, Vec<Problem>> {
    let customer: Value = serde_json::from_slice(body)
        .map_err(|error| vec![Problem::new("invalid_json", format!("the body is not JSON: {error}"))])?;
    let Value::Object(fields) = &customer else {
        return Err(vec![Problem::new("invalid_json", "the body is not a JSON object")]);
    };
    let customer_type = match fields.get("customer_type") {
        None => return Err(vec![missing("customer_type")]),
        Some(value) => value.as_str().and_then(CustomerType::named).ok_or_else(|| {
            vec![invalid(
                "customer_type",
                &format!("{value} is not one of INDIVIDUAL, CORPORATION"),
            )]
        })?,
    };
    let mut problems = Vec::new();
    check_object("", fields, customer_type.rules(), &mut problems);
    match fields.get("id").and_then(Value::as_str) {
        Some(id) if problems.is_empty() => Ok(Checked {
            id: id.to_owned(),
            customer_type,
            customer,
        }),
        _ => Err(problems),
    }
}

fn missing(path: &str) -> Problem {
    Problem::new("missing_field", format!("{path} is required"))
}

fn invalid(path: &str, what: &str) -> Problem {
    Problem::new("invalid_field", format!("{path}: {what}"))
}

fn check_object(path: &str, fields: &Map<String, Value>, rules: &[Rule], problems: &mut Vec<Problem>) {
    let inner = |name: &str| {
        if path.is_empty() {
            name.to_owned()
        } else {
            format!("{path}.{name}")
        }
    };
    for rule in rules {
        match fields.get(rule.name) {
            Some(value) => check_value(&inner(rule.name), value, &rule.shape, problems),
            None if rule.required => problems.push(missing(&inner(rule.name))),
            None => {}
        }
    }
    for name in fields
        .keys()
        .filter(|name| rules.iter().all(|rule| rule.name != name.as_str()))
    {
        problems.push(Problem::new(
            "unknown_field",
            format!("{} is not a field of the API", inner(name)),
        ));
    }
}

fn check_value(path: &str, value: &Value, shape: &Shape, problems: &mut Vec<Problem>) {
    match (shape, value) {
        (Shape::Object(rules), Value::Object(fields)) => check_object(path, fields, rules, problems),
        (Shape::Address, Value::Object(fields)) => {
            check_object(path, fields, ADDRESS, problems);
            check_state(path, fields, problems);
        }
        (Shape::Object(_) | Shape::Address, other) => {
            problems.push(invalid(path, &format!("{other} is not an object")));
        }
        (Shape::List(item), Value::Array(values)) => check_list(path, values, item, problems),
        (Shape::List(_), other) => problems.push(invalid(path, &format!("{other} is not a list"))),
        (_, Value::String(text)) if text.trim().is_empty() => problems.push(invalid(path, "is empty")),
        (shape, Value::String(text)) => {
            if let Some(what) = broken(shape, text) {
                problems.push(invalid(path, &what));
            }
        }
        (_, other) => problems.push(invalid(path, &format!("{other} is not a string"))),
    }
}

fn check_list(path: &str, values: &[Value], item: &Shape, problems: &mut Vec<Problem>) {
    if values.is_empty() {
        problems.push(invalid(path, "is empty"));
    }
    for (index, value) in values.iter().enumerate() {
        let path = format!("{path}[{index}]");
        check_value(&path, value, item, problems);
        if values.iter().take(index).any(|earlier| earlier == value) {
            problems.push(invalid(&path, &format!("{value} is there twice")));
        }
    }
}

/// The United States and Canada write a state as two characters, the last part of its ISO 3166-2 code.
fn check_state(path: &str, fields: &Map<String, Value>, problems: &mut Vec<Problem>) {
    let text = |name| fields.get(name).and_then(Value::as_str);
    if let (Some(country @ ("US" | "CA")), Some(state)) = (text("country_code"), text("state"))
        && state.chars().count() != 2
    {
        let what = format!("\"{state}\" is not two characters, as {country} has them");
        problems.push(invalid(&format!("{path}.state"), &what));
    }
}

/// Says how a text breaks the form its field has.
fn broken(shape: &Shape, text: &str) -> Option<String> {
    let (kept, form) = match shape {
        Shape::Text | Shape::List(_) | Shape::Object(_) | Shape::Address => return None,
        Shape::Pair => (text.chars().count() == 2, "two characters".to_owned()),
        Shape::Phone => (is_phone(text), "an E.164 telephone number".to_owned()),
        Shape::Date => (is_date(text), "a date as YYYY-MM-DD".to_owned()),
        Shape::Country => (is_country(text), "an ISO 3166-1 alpha-2 country code".to_owned()),
        Shape::Choice(choices) => (
            choices.split(' ').any(|choice| choice == text),
            format!("one of {}", choices.replace(' ', ", ")),
        ),
    };
    (!kept).then(|| format!("\"{text}\" is not {form}"))
}

fn is_phone(text: &str) -> bool {
    text.strip_prefix('+').is_some_and(|digits| {
        (7..=15).contains(&digits.len()) && !digits.starts_with('0') && digits.bytes().all(|byte| byte.is_ascii_digit())
    })
}

fn is_date(text: &str) -> bool {
    // The form is checked here, since the parser also takes times and other separators.
    let digits_and_dashes = text.bytes().enumerate().all(|(index, byte)| match index {
        4 | 7 => byte == b'-',
        _ => byte.is_ascii_digit(),
    });
    text.len() == 10 && digits_and_dashes && text.parse::<jiff::civil::Date>().is_ok()
}

fn is_country(text: &str) -> bool {
    text.len() == 2 && text.bytes().all(|byte| byte.is_ascii_uppercase())
}

#[cfg(test)]
mod tests {
    use super::*;
    use serde_json::json;

    fn individual(extra: &Value) -> Value {
        let mut customer =
            json!({"id": "c1", "customer_type": "INDIVIDUAL", "first_name": "Ada", "last_name": "Lovelace"});
        let fields = customer.as_object_mut().unwrap();
        fields.extend(extra.as_object().unwrap().clone());
        customer
    }

    fn problems(body: &str) -> Vec<String> {
        let problems = super::check(body.as_bytes()).err().unwrap_or_default();
        problems
            .into_iter()
            .map(|problem| format!("{}: {}", problem.code, problem.description))
            .collect()
    }

    /// Checks an individual with these fields added; the expected problems are given without their code.
    fn check(extra: &Value, expected: &[&str]) {
        let actual = problems(&individual(extra).to_string());
        let expected: Vec<String> = expected.iter().map(|what| format!("invalid_field: {what}")).collect();
        assert_eq!(actual, expected, "{extra}");
    }

    #[test]
    fn every_field_of_an_individual_is_known() {
        let address = json!({
            "unit_number": "1", "address_line1": "1 Main St", "address_line2": "b", "address_line3": "c",
            "city": "Austin", "state": "TX", "postal_code": "78701", "country_code": "US",
        });
        let full = individual(&json!({
            "middle_name": "King", "email_address": "ada@example.com", "telephone_number": "+15125550100",
            "tax_reference_number": "078-05-1120", "passport_number": "X1", "nationality": "GB",
            "date_of_birth": "1990-02-28", "us_residency_status": "US_CITIZEN", "employment_status": "RETIRED",
            "employment_description": "d", "employer_name": "e", "occupation": "o", "mailing_address": address,
            "investment_profile": {
                "primary_source_of_funds": "GRANT", "primary_source_of_funds_description": "d",
                "total_assets": "ONE_TO_10M", "usd_value_of_fiat": "UPTO_10K", "usd_value_of_crypto": "TEN_TO_50M",
                "monthly_deposits": "UPTO_5", "monthly_withdrawals": "FIVE_TO_10",
                "monthly_crypto_deposits": "TEN_TO_25", "monthly_crypto_withdrawals": "MORE_THAN_25",
                "monthly_investment_deposit": "UPTO_1K", "monthly_investment_withdrawal": "ONE_TO_100K",
                "monthly_crypto_investment_deposit": "MILLION_TO_5M",
                "monthly_crypto_investment_withdrawal": "MORE_THAN_5M",
            },
            "kyc_profile": {
                "funds_send_receive_jurisdictions": ["US", "GB"], "engage_in_activities": ["NONE", "DRUGS"],
            },
        }));
        let checked = super::check(full.to_string().as_bytes()).unwrap();
        assert_eq!(
            (checked.id.as_str(), checked.customer_type),
            ("c1", CustomerType::Individual)
        );
        assert_eq!(checked.customer, full);
    }

    #[test]
    fn every_field_of_a_corporation_is_known() {
        let full = json!({
            "id": "c2", "customer_type": "CORPORATION", "registered_name": "Acme", "trading_name": "A",
            "registered_number": "1", "registered_address": {"city": "Paris", "state": "IDF", "country_code": "FR"},
            "telephone_number": "+33100000000", "website_address": "https://example.com",
            "state_of_incorporation": "DE", "country_of_incorporation": "US", "corporate_entity_type": "LLC",
            "corporate_entity_type_description": "d", "email_address": "a@example.com",
            "established_on": "2000-02-29", "naics": "522320", "naics_description": "n",
        });
        let checked = super::check(full.to_string().as_bytes()).unwrap();
        assert_eq!(checked.customer_type, CustomerType::Corporation);
    }

    #[test]
    fn a_body_that_is_no_customer_is_refused() {
        fn check(body: &str, expected: &[&str]) {
            assert_eq!(problems(body), expected, "{body}");
        }
        check("[]", &["invalid_json: the body is not a JSON object"]);
        check("{}", &["missing_field: customer_type is required"]);
        check(
            r#"{"customer_type":"individual"}"#,
            &["invalid_field: customer_type: \"individual\" is not one of INDIVIDUAL, CORPORATION"],
        );
        check(
            r#"{"customer_type":"CORPORATION","first_name":"Ada","status":"ACTIVE"}"#,
            &[
                "missing_field: id is required",
                "missing_field: registered_name is required",
                "unknown_field: first_name is not a field of the API",
                "unknown_field: status is not a field of the API",
            ],
        );
        assert!(problems("{\"id\":")[0].starts_with("invalid_json: the body is not JSON: EOF"));
    }

    #[test]
    fn texts_are_neither_null_nor_empty_nor_of_another_type() {
        check(&json!({"first_name": ""}), &["first_name: is empty"]);
        check(&json!({"occupation": "  "}), &["occupation: is empty"]);
        check(&json!({"occupation": null}), &["occupation: null is not a string"]);
        check(&json!({"occupation": 7}), &["occupation: 7 is not a string"]);
        check(
            &json!({"mailing_address": "x"}),
            &["mailing_address: \"x\" is not an object"],
        );
        check(
            &json!({"mailing_address": null}),
            &["mailing_address: null is not an object"],
        );
        check(
            &json!({"kyc_profile": {"engage_in_activities": "NONE"}}),
            &["kyc_profile.engage_in_activities: \"NONE\" is not a list"],
        );
    }

    #[test]
    fn phones_are_e164() {
        let bad = |text: &str| format!("telephone_number: \"{text}\" is not an E.164 telephone number");
        check(&json!({"telephone_number": "+1234567"}), &[]);
        check(&json!({"telephone_number": "+123456789012345"}), &[]);
        for text in [
            "+123456",
            "+1234567890123456",
            "+0123456789",
            "15125550100",
            "+1 512 555 0100",
            "+1512555010٣",
        ] {
            check(&json!({"telephone_number": text}), &[&bad(text)]);
        }
    }

    #[test]
    fn dates_are_of_the_calendar() {
        let bad = |text: &str| format!("date_of_birth: \"{text}\" is not a date as YYYY-MM-DD");
        check(&json!({"date_of_birth": "2024-02-29"}), &[]);
        for text in [
            "2023-02-29",
            "2023-13-01",
            "2023-1-01",
            "20230101",
            "2023/01/01",
            "2023-01-01T00:00:00",
            "0x23-01-01",
        ] {
            check(&json!({"date_of_birth": text}), &[&bad(text)]);
        }
    }

    #[test]
    fn choices_of_look_alike_bands_are_kept_apart() {
        check(
            &json!({"investment_profile": {"total_assets": "MILLION_TO_5M"}}),
            &[
                "investment_profile.total_assets: \"MILLION_TO_5M\" is not one of UPTO_10K, TEN_TO_100K, \
             ONEHUNDREDK_TO_1M, ONE_TO_10M, TEN_TO_50M, FIFTY_TO_250M, MORE_THAN_250M",
            ],
        );
        check(
            &json!({"investment_profile": {"monthly_investment_deposit": "ONE_TO_10M"}}),
            &[
                "investment_profile.monthly_investment_deposit: \"ONE_TO_10M\" is not one of UPTO_1K, ONE_TO_100K, \
             ONEHUNDREDK_TO_1M, MILLION_TO_5M, MORE_THAN_5M",
            ],
        );
    }

    #[test]
    fn lists_hold_something_once() {
        let list = |values: Value| json!({"kyc_profile": {"funds_send_receive_jurisdictions": values}});
        check(&list(json!(["US", "GB"])), &[]);
        check(
            &list(json!([])),
            &["kyc_profile.funds_send_receive_jurisdictions: is empty"],
        );
        check(
            &list(json!(["US", "GB", "US"])),
            &["kyc_profile.funds_send_receive_jurisdictions[2]: \"US\" is there twice"],
        );
        check(
            &list(json!(["us", null])),
            &[
                "kyc_profile.funds_send_receive_jurisdictions[0]: \"us\" is not an ISO 3166-1 alpha-2 country code",
                "kyc_profile.funds_send_receive_jurisdictions[1]: null is not a string",
            ],
        );
    }

    #[test]
    fn a_state_has_two_characters_where_the_country_says_so() {
        let address =
            |state: &str, country: &str| json!({"mailing_address": {"state": state, "country_code": country}});
        check(&address("QC", "CA"), &[]);
        check(&address("IDF", "FR"), &[]);
        check(
            &address("Texas", "US"),
            &["mailing_address.state: \"Texas\" is not two characters, as US has them"],
        );
    }
}
