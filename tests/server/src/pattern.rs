//! The bytes of `GET /bytes/{n}`: simple enough to be computed again in C, Swift or Kotlin.

use std::sync::LazyLock;

use hyper::body::Bytes;
use ring::digest;

/// A prime, so that a lost, doubled or moved piece of any power of two changes the data.
const PERIOD: u64 = 65_521;

/// The largest piece that [`pattern_piece`] returns. Large writes make the server fast enough for benchmarks.
const LARGEST_PIECE: usize = 256 * 1024;

/// Enough of the pattern to return the largest piece from any offset without a copy.
static TABLE: LazyLock<Bytes> =
    LazyLock::new(|| (0..PERIOD + LARGEST_PIECE as u64).map(pattern_byte).collect::<Vec<u8>>().into());

/// The byte at `offset`: bits 24 to 31 of `(offset mod 65521) * 2654435761`.
pub fn pattern_byte(offset: u64) -> u8 {
    ((offset % PERIOD * 2_654_435_761) >> 24) as u8
}

/// Returns `length` bytes of the pattern, from `offset` on.
pub fn pattern_bytes(offset: u64, length: usize) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(length);
    while bytes.len() < length {
        bytes.extend_from_slice(&pattern_piece(offset + bytes.len() as u64, (length - bytes.len()) as u64));
    }
    bytes
}

/// The SHA-256 of the first `length` bytes of the pattern.
pub fn pattern_sha256(length: u64) -> [u8; 32] {
    let mut context = digest::Context::new(&digest::SHA256);
    let mut offset = 0;
    while offset < length {
        let piece = pattern_piece(offset, length - offset);
        context.update(&piece);
        offset += piece.len() as u64;
    }
    sha256_of(context)
}

/// Returns a piece of the pattern from `offset` on: at most `length` bytes, and at most the largest piece.
pub(crate) fn pattern_piece(offset: u64, length: u64) -> Bytes {
    let start = (offset % PERIOD) as usize;
    let length = length.min(LARGEST_PIECE as u64) as usize;
    TABLE.slice(start..start + length)
}

/// Finishes a SHA-256.
pub(crate) fn sha256_of(context: digest::Context) -> [u8; 32] {
    let mut hash = [0; 32];
    hash.copy_from_slice(context.finish().as_ref());
    hash
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Values computed by hand from the documented formula.
    #[test]
    fn the_pattern_follows_its_formula() {
        assert_eq!(pattern_byte(0), 0);
        assert_eq!(pattern_byte(1), 0x9e, "2654435761 is 0x9e3779b1");
        assert_eq!(pattern_byte(2), 0x3c, "0x13c6ef362");
        assert_eq!(pattern_byte(65_522), 0x9e);
    }

    #[test]
    fn pattern_functions_agree_byte_by_byte() {
        let length = 3 * LARGEST_PIECE + 17;
        let expected: Vec<u8> = (5..5 + length as u64).map(pattern_byte).collect();
        assert!(pattern_bytes(5, length) == expected);
        let first: Vec<u8> = (0..1000).map(pattern_byte).collect();
        assert_eq!(pattern_sha256(1000), digest::digest(&digest::SHA256, &first).as_ref());
    }
}
