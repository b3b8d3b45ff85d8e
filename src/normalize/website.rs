//! A web site's address in one form.
//!
//! One site, with or without `http://` or `https://`: a host name of at least two labels whose last begins with a letter, an
//! optional port, path, query and fragment. What the WHATWG parser writes is the one form: scheme and host in lower case,
//! names in other scripts in Punycode, no default port, a path of `/` for an empty one.
//!
//! A scheme that is not there is not invented, since which of the two a server answers cannot be seen in the text:
//! `Example.COM/` is `example.com`. The parser repairs much (backslashes, missing slashes, line breaks); what it would have
//! to repair is no address here. Nothing is looked up, so a top-level domain that does not exist passes.

use unicode_normalization::is_nfkc;
use url::{Host, Url};

use super::id::is_invisible;
use super::notes::Notes;
use crate::model::rule::Rule;

/// Appends the address in its one form, or the text itself with a note.
pub(super) fn website(value: &str, to: &mut String, notes: &mut Notes) {
    if let Some(address) = address(value) {
        to.push_str(&address);
    } else {
        notes.push(Rule::WebsiteNotValid);
        to.push_str(value);
    }
}

/// The scheme that stands in for an absent one while the address is parsed.
const STAND_IN: &str = "http://";

fn address(value: &str) -> Option<String> {
    let is_odd = |character: char| character.is_whitespace() || character == '\\' || is_unseen(character);
    if value.contains(is_odd) || names_another(value) {
        return None;
    }
    let has_scheme = ["http://", "https://"].iter().any(|scheme| {
        value
            .get(..scheme.len())
            .is_some_and(|start| start.eq_ignore_ascii_case(scheme))
    });
    let mut url = if has_scheme {
        Url::parse(value)
    } else {
        Url::parse(&format!("{STAND_IN}{value}"))
    }
    .ok()?;
    let rest = if has_scheme { value.split_once("://")?.1 } else { value };
    let authority = rest.split(['/', '?', '#']).next()?;
    // The parser passes over slashes too many and a colon without a port.
    if authority.is_empty() || authority.ends_with(':') || authority.contains('@') {
        return None;
    }
    let Some(Host::Domain(host)) = url.host() else {
        return None;
    };
    // The dot of the root says nothing that the name does not say.
    let name = host.strip_suffix('.').unwrap_or(host).to_owned();
    if !is_host_name(&name) {
        return None;
    }
    if name.len() < host.len() {
        url.set_host(Some(&name)).ok()?;
    }
    let text = String::from(url);
    if has_scheme {
        return Some(text);
    }
    let text = text.strip_prefix(STAND_IN)?;
    let bare = text.strip_suffix('/').filter(|bare| !bare.contains(['/', '?', '#']));
    Some(bare.unwrap_or(text).to_owned())
}

/// Whether a second address begins inside the text, behind what people write between two.
fn names_another(value: &str) -> bool {
    let lower = value.to_ascii_lowercase();
    let behind_separator = lower.split([',', ';', '|']).skip(1);
    let begins = |text: &str| ["http:", "https:", "www."].iter().any(|start| text.starts_with(start));
    // Behind a slash a name may be a path; but nobody's own site has another one's `www.` in its first step.
    let mut steps = lower.split('/');
    let begins_with_www = |step: Option<&str>| step.is_some_and(|step| step.starts_with("www."));
    behind_separator.into_iter().any(begins) || (begins_with_www(steps.next()) && begins_with_www(steps.next()))
}

/// Whether this is a host name in any script: in ASCII as [`is_host_name`] says, else such that it can be written so. No
/// sign may be passed over or changed on the way, since the text is what is sent.
pub(super) fn is_international_host_name(name: &str) -> bool {
    let is_foreign = |character: char| {
        !character.is_ascii() && !is_unseen(character) && !matches!(character, '\u{3002}' | '\u{ff0e}' | '\u{ff61}')
    };
    let is_written = |character: char| matches!(character, '-' | '.') || character.is_ascii_alphanumeric();
    if name.is_ascii() {
        return is_host_name(name);
    }
    is_nfkc(name)
        && name
            .chars()
            .all(|character| is_foreign(character) || is_written(character))
        && matches!(Host::parse(name), Ok(Host::Domain(ascii)) if is_host_name(&ascii))
}

/// Whether a sign has no shape. Two of them join and divide letters, which Persian and the languages of India need.
fn is_unseen(character: char) -> bool {
    is_invisible(character) && !matches!(character, '\u{200c}' | '\u{200d}')
}

/// Whether this is a host name of at least two labels (RFC 1034, section 3.5; RFC 1123, section 2.1; 253 characters are
/// what the 255 bytes of RFC 1035 leave).
pub(super) fn is_host_name(name: &str) -> bool {
    let is_label = |label: &str| {
        let ends_well = !label.starts_with('-') && !label.ends_with('-');
        let of_letters = label.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'-');
        (1..=63).contains(&label.len()) && ends_well && of_letters
    };
    let last = name.rsplit_once('.').map(|(_, last)| last);
    name.len() <= 253
        && name.split('.').all(is_label)
        && last.is_some_and(|last| last.len() > 1 && last.starts_with(|letter: char| letter.is_ascii_alphabetic()))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(value: &str, expected: &str, note: Option<Rule>) {
        let (mut to, mut notes) = (String::new(), Notes::new());
        website(value, &mut to, &mut notes);
        assert_eq!(
            (to.as_str(), notes.as_slice()),
            (expected, note.as_slice()),
            "{value:?}"
        );
        if note.is_none() {
            let mut again = String::new();
            website(&to, &mut again, &mut notes);
            assert_eq!(
                (again.as_str(), notes.len()),
                (to.as_str(), 0),
                "{value:?} is not stable"
            );
        }
    }

    #[test]
    fn one_site_has_one_form() {
        for (value, expected) in [
            ("https://company-7.example.com/", "https://company-7.example.com/"),
            ("HTTPS://Example.COM", "https://example.com/"),
            ("https://example.com:443", "https://example.com/"),
            ("http://example.com:8080", "http://example.com:8080/"),
            ("https://example.com./", "https://example.com/"),
            ("https://example.com/Über?a=B#C", "https://example.com/%C3%9Cber?a=B#C"),
            ("https://Müller.example", "https://xn--mller-kva.example/"),
            ("https://例え.テスト", "https://xn--r8jz45g.xn--zckzah/"),
            ("Example.COM", "example.com"),
            ("www.example.com/", "www.example.com"),
            ("www.example.com/Shop/", "www.example.com/Shop/"),
            (
                "mirror.example.com/www.example.com",
                "mirror.example.com/www.example.com",
            ),
            ("example.com?a=/", "example.com/?a=/"),
            ("example.com:80", "example.com"),
            ("example.com:443", "example.com:443"),
            (
                "https://web.archive.org/web/https://example.com/",
                "https://web.archive.org/web/https://example.com/",
            ),
        ] {
            check(value, expected, None);
        }
    }

    #[test]
    fn what_is_not_the_address_of_one_site_stands_with_a_note() {
        let long = format!("https://{}.example.com", "a".repeat(64));
        for value in [
            "see our site",
            "example",
            "https://",
            "http://localhost/",
            "https:///example.com",
            "https:/example.com",
            "http:example.com",
            "//example.com",
            "/example.com",
            "ftp://example.com",
            "mailto:info@example.com",
            "info@example.com",
            "https://ann@example.com",
            "https://ann:secret@example.com",
            "https://@example.com",
            "javascript:alert(1)",
            "https://exa mple.com",
            "https://example.com/a b",
            "https://example.com\\a",
            "a.example,b.example",
            "https://a.example/,https://b.example/",
            "www.a.example/;www.b.example",
            "www.a.example/www.b.example",
            "https://a\u{2060}b.example",
            "https://a.example/\u{fe0f}b",
            "https://a.example|HTTPS://b.example",
            "https://a.examplehttps://b.example",
            "https://192.0.2.1/",
            "https://[2001:db8::1]/",
            "192.0.2.1",
            "1.2.3",
            "https://example.1a",
            "https://a..example",
            "https://-a.example",
            "https://a_b.example",
            "https://example.com:99999",
            "https://example.com:",
            "n.a",
            long.as_str(),
        ] {
            check(value, value, Some(Rule::WebsiteNotValid));
        }
    }
}
