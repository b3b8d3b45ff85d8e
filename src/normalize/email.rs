//! E-mail addresses: RFC 5321 and RFC 5322 through the `email_address` crate, without the forms that no customer has.

use email_address::{EmailAddress, Options};

use super::notes::Notes;
use super::website::is_international_host_name;
use crate::model::rule::Rule;

/// Appends the address with its domain in lower case; the local part is the mail host's own business (RFC 5321,
/// section 2.4). Display text, quoted local parts and address literals are refused, and the domain is a host name of two
/// labels or more, in any script. What is no address stands as it is.
pub(super) fn email(value: &str, to: &mut String, notes: &mut Notes) {
    let start = to.len();
    match value.rsplit_once('@') {
        Some((local, domain)) => {
            to.push_str(local);
            to.push('@');
            to.extend(domain.chars().flat_map(char::to_lowercase));
        }
        None => to.push_str(value),
    }
    // The normal form is judged: in lower case `İ` is two characters, the second of which no domain has.
    if !to.get(start..).is_some_and(is_address) {
        notes.push(Rule::EmailNotValid);
        to.truncate(start);
        to.push_str(value);
    }
}

fn is_address(value: &str) -> bool {
    let options = Options::default()
        .with_required_tld()
        .without_domain_literal()
        .without_display_text();
    let domain = value.rsplit_once('@').map(|(_, domain)| domain);
    EmailAddress::parse_with_options(value, options).is_ok()
        && !value.starts_with('"')
        && domain.is_some_and(is_international_host_name)
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
    fn a_sign_without_a_domain_behind_it_is_not_passed_over() {
        check("ana@example.com@", None);
        check("ana@", None);
    }

    #[test]
    fn domains_are_lower_cased_and_local_parts_kept() {
        check("Ana.Trujillo+bank@Example.ORG", Some("Ana.Trujillo+bank@example.org"));
        check("josé@exämple.com", Some("josé@exämple.com"));
        for domain in ["xn--exmple-cua.com", "例え.テスト", "пример.рф", "a-b.c1.example"] {
            let address = format!("ann@{domain}");
            check(&address, Some(&address));
        }
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
            "a@b.de?subject=x",
            "ann@a.de/b",
            "ann@a.de|b.de",
            "ann@a.de&b.de",
            "ann@a.de=b",
            "ann@a.de%20x",
            "ann@a%2Ede.de",
            "ann@ä%2Ede.de",
            "ann@a'b.de",
            "a@b_c.de",
            "ann@ａ.de",
            "ann@ä。de",
            "ann@-a.de",
            "ann@a-.de",
            "ann@A.İ",
        ] {
            check(value, None);
            let mut to = String::new();
            email(value, &mut to, &mut Notes::new());
            assert_eq!(to, value, "what is no address stands as it is");
        }
    }
}
