//! The result of decoding a chunked body does not depend on how it is split. A second parser finds the same body and the
//! same end, and fails with the same inputs. Before a fault, only bytes of the input were decoded.

use wxtransfer::fuzzing::{self, ChunkedBody};

use crate::chunks::{dechunked, is_part};

/// Longer inputs may exceed a limit of the library, which the second parser does not have.
const MAX_INPUT: usize = 16 * 1024;

/// Checks one input.
pub fn check(input: &[u8]) {
    let whole = fuzzing::chunked_body(input, usize::MAX);
    for piece in [1, 2, 3, 7, 64] {
        assert_eq!(fuzzing::chunked_body(input, piece), whole, "in pieces of {piece} bytes");
    }
    let (body, size) = match &whole {
        ChunkedBody::Complete(body, size) => (body, *size),
        ChunkedBody::Malformed(body) | ChunkedBody::Partial(body) => {
            assert!(is_part(body, input), "bytes that are not in the input");
            assert!(input.len() > MAX_INPUT || dechunked(input).is_none(), "{whole:?} of a valid body");
            return;
        }
    };
    assert_eq!(dechunked(input).as_ref(), Some(&(body.clone(), size)), "the second parser");
    let framed = &input[..size];
    assert_eq!(fuzzing::chunked_body(framed, 1), whole, "bytes after the body do not matter");
    assert!(matches!(fuzzing::chunked_body(&framed[..size - 1], 1), ChunkedBody::Partial(_)));
}
