//! Small texts for tests that try all of them.

/// Every text of these characters from none up to a length.
pub(super) fn of(characters: &[u8], length: usize) -> Vec<Vec<u8>> {
    let mut texts = vec![Vec::new()];
    let mut from = 0;
    for _ in 0..length {
        let shorter = texts[from..].to_vec();
        from = texts.len();
        for text in shorter {
            texts.extend(characters.iter().map(|byte| [text.as_slice(), &[*byte]].concat()));
        }
    }
    texts
}
