//! Texts of others that have a place in a sentence of ours.

/// A text without its middle where it is too long: a name's beginning says which it is, and its end whose.
pub fn shortened(text: &str, length: usize) -> String {
    let count = text.chars().count();
    if count <= length {
        return text.to_owned();
    }
    let kept = length / 2;
    let (beginning, end) = (text.chars().take(kept), text.chars().skip(count - kept));
    beginning.chain(['\u{2026}']).chain(end).collect()
}
