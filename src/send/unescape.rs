//! Undoing the escapes in which a service may repeat what it was sent.
//!
//! Each function undoes one layer of one kind, wherever it stands in a text, and leaves everything else as it is. They
//! deliberately do not check that the text is a URL, a page or JSON: error texts are pieces of such things.

use percent_encoding::percent_decode_str;

/// Undoes percent encoding.
pub(super) fn percent(text: &str) -> String {
    percent_decode_str(text).decode_utf8_lossy().into_owned()
}

/// Undoes HTML's entities.
pub(super) fn entities(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('&') {
        plain.push_str(before);
        let known = after
            .split_once(';')
            .and_then(|(name, after)| entity(name).map(|character| (character, after)));
        let (character, after) = known.unwrap_or(('&', after));
        plain.push(character);
        rest = after;
    }
    plain.push_str(rest);
    plain
}

/// The character of an HTML entity: the named ones that every escaper writes, and all numeric ones.
fn entity(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some(' '),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(digits) => u32::from_str_radix(digits, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}

/// Undoes JSON's escapes wherever they stand.
pub(super) fn json(text: &str) -> String {
    let mut plain = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, after)) = rest.split_once('\\') {
        plain.push_str(before);
        let (character, after) = json_escape(after);
        plain.push(character);
        rest = after;
    }
    plain.push_str(rest);
    plain
}

/// The character that follows a backslash, and the text after it.
fn json_escape(after: &str) -> (char, &str) {
    let mut characters = after.chars();
    match characters.next() {
        Some(character @ ('"' | '\\' | '/')) => (character, characters.as_str()),
        Some('n' | 'r' | 't' | 'b' | 'f') => (' ', characters.as_str()),
        Some('u') => unicode_escape(characters.as_str()).unwrap_or(('\\', after)),
        Some(_) | None => ('\\', after),
    }
}

/// The character of `XXXX` or of a pair `XXXX\uXXXX`.
fn unicode_escape(text: &str) -> Option<(char, &str)> {
    let unit = |text: &str| u16::from_str_radix(text.get(..4)?, 16).ok();
    let first = unit(text)?;
    let after = text.get(4..)?;
    if let Some(character) = char::from_u32(u32::from(first)) {
        return Some((character, after));
    }
    let low = after.strip_prefix("\\u")?;
    let character = char::decode_utf16([first, unit(low)?]).next()?.ok()?;
    Some((character, low.get(4..)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn check(undo: fn(&str) -> String, text: &str, expected: &str) {
        assert_eq!(undo(text), expected, "{text}");
    }

    #[test]
    fn entities_are_undone_once() {
        check(
            entities,
            "a &amp;amp; b&#39;&#x27;&lt;&#128512;",
            "a &amp; b''<\u{1f600}",
        );
        check(
            entities,
            "AT&T; &nothing; & &#xffffffff; &",
            "AT&T; &nothing; & &#xffffffff; &",
        );
    }

    #[test]
    fn json_escapes_are_undone_once() {
        check(json, r#"\"a\\nb\/\u00eb\ud83d\ude00\n"#, "\"a\\nb/ë\u{1f600} ");
        check(json, r"\ud83d \u00 \x \", r"\ud83d \u00 \x \");
        check(json, r"\u00ebë\ué", r"ëë\ué");
    }

    #[test]
    fn percent_encoding_is_undone_once() {
        check(percent, "a%20b%2520c%C3%AB", "a b%20cë");
        check(percent, "100% %zz", "100% %zz");
    }
}
