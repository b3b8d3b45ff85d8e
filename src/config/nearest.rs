//! Which known key or code somebody may have meant.

/// Below this similarity, of 1, nothing is proposed.
const NEAR: f64 = 0.8;

/// The known word that is most like this one, if any is.
pub fn nearest<'known>(word: &str, known: impl Iterator<Item = &'known str>) -> Option<&'known str> {
    known
        .map(|known| (strsim::jaro_winkler(word, known), known))
        .max_by(|left, right| left.0.total_cmp(&right.0))
        .filter(|(score, _)| *score > NEAR)
        .map(|(_, known)| known)
}
