//! Shortens foreign text for a message.

/// Removes the middle of a text that is too long. The beginning of a host name identifies the host, and its end the
/// owner.
pub fn shortened(text: &str, length: usize) -> String {
    let count = text.chars().count();
    if count <= length {
        return text.to_owned();
    }
    let kept = length / 2;
    let (beginning, end) = (text.chars().take(kept), text.chars().skip(count - kept));
    beginning.chain(['\u{2026}']).chain(end).collect()
}
