//! E-mail addresses: RFC 5321 and RFC 5322 through the `email_address` crate, without the forms that no customer has.

use email_address::{EmailAddress, Options};

use super::notes::Notes;
use crate::model::rule::Rule;

/// Appends the address with its domain in lower case; the local part is the mail host's own business (RFC 5321,
/// section 2.4). Display text, quoted local parts, address literals and domains without a dot are refused, and a top
/// level domain starts with a letter.
pub(super) fn email(value: &str, to: &mut String, notes: &mut Notes) {
    let start = to.len();
    let (local, domain) = value.rsplit_once('@').unwrap_or((value, ""));
    to.push_str(local);
    if !domain.is_empty() {
        to.push('@');
        to.extend(domain.chars().flat_map(char::to_lowercase));
    }
    // The normal form is judged: in lower case `İ` is two characters, the second of which no domain has.
    if !to.get(start..).is_some_and(is_address) {
        notes.push(Rule::EmailNotValid);
    }
}

fn is_address(value: &str) -> bool {
    let options = Options::default()
        .with_required_tld()
        .without_domain_literal()
        .without_display_text();
    let top = value.rsplit(['.', '@']).next().unwrap_or_default();
    EmailAddress::parse_with_options(value, options).is_ok()
        && !value.starts_with('"')
        && top.starts_with(char::is_alphabetic)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: &str, expected: Option<&str>) {
        let (mut to, mut notes) = (String::new(), Notes::new());
        email(value, &mut to, &mut notes);
        assert_eq!(Some(to.as_str()).filter(|_| notes.is_empty()), expected, "{value:?}");
    }

    #[test]
    fn domains_are_lower_cased_and_local_parts_kept() {
        check("Ana.Trujillo+bank@Example.ORG", Some("Ana.Trujillo+bank@example.org"));
        check("josé@exämple.com", Some("josé@exämple.com"));
    }

    #[test]
    fn forms_that_no_customer_has_are_refused() {
        for value in [
            "ana",
            "ana@",
            "@example.org",
            "ana@localhost",
            "ana@[127.0.0.1]",
            "Ana <ana@example.org>",
            "\"ana maria\"@example.org",
            "ana@example.123",
            "ana@@example.org",
            "ana@example..org",
            "a b@example.org",
        ] {
            check(value, None);
        }
    }
}
