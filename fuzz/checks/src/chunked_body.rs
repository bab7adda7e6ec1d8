//! The result of decoding a chunked body does not depend on how it is split, and contains only bytes of the input.

use wxtransfer::fuzzing::{self, ChunkedBody};

/// Checks one input.
pub fn check(input: &[u8]) {
    let whole = fuzzing::chunked_body(input, usize::MAX);
    for piece in [1, 2, 3, 7, 64] {
        assert_eq!(fuzzing::chunked_body(input, piece), whole, "in pieces of {piece} bytes");
    }
    let ChunkedBody::Complete(body, size) = &whole else { return };
    let (framed, behind) = input.split_at(*size);
    // Each chunk, and the last, has a size line and a line end.
    assert!(size - body.len() >= if body.is_empty() { 3 } else { 6 }, "{} of {size}", body.len());
    assert!(framed.ends_with(b"\n"));
    assert_eq!(fuzzing::chunked_body(framed, 1), whole, "what follows does not matter");
    assert!(matches!(fuzzing::chunked_body(&framed[..size - 1], 1), ChunkedBody::Partial(_)));
    // Another response may follow.
    if let ChunkedBody::Complete(_, next) = fuzzing::chunked_body(behind, usize::MAX) {
        assert!(*size + next <= input.len());
    }
}
