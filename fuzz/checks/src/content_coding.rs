//! The result of decoding does not depend on how a body is split, and another decoder finds the same.
//!
//! Input: the codings in one byte, then the body.

use brotlic::DecompressorReader;
use flate2::bufread::{DeflateDecoder, MultiGzDecoder, ZlibDecoder};
use std::io::Read;
use wxtransfer::fuzzing::{DecodedBody, decoded_body};

const ENCODINGS: [&str; 8] = ["gzip", "deflate", "br", "gzip, gzip", "deflate, gzip", "gzip, deflate", "br, gzip", ""];
/// The limit of a decoded body. A small body may decode to a thousand times its size.
const LIMIT: usize = 256 * 1024;

/// Checks one input.
pub fn check(data: &[u8]) {
    let Some((&first, body)) = data.split_first() else { return };
    let encoding = ENCODINGS[usize::from(first) % ENCODINGS.len()];
    let decoded = decoded_body(encoding, body, usize::MAX, LIMIT);
    for piece in [1, 2, 13] {
        match (&decoded, decoded_body(encoding, body, piece, LIMIT)) {
            (DecodedBody::TooLong(one), DecodedBody::TooLong(other)) => assert_eq!(one[..LIMIT], other[..LIMIT]),
            // Bytes before the fault may already exceed the limit.
            (DecodedBody::TooLong(_), DecodedBody::Malformed) | (DecodedBody::Malformed, DecodedBody::TooLong(_)) => {}
            (one, other) => assert_eq!(one, &other, "in pieces of {piece} bytes"),
        }
    }
    let mut expected = Some(body.to_vec());
    for coding in encoding.split(", ").collect::<Vec<_>>().into_iter().rev() {
        expected = expected.and_then(|bytes| reference(coding, &bytes));
    }
    match (decoded, expected) {
        (DecodedBody::Whole(body), expected) => assert_eq!(Some(body), expected),
        // With two codings, much of the inner one may decode to nothing, which the library refuses.
        (DecodedBody::Malformed, Some(body)) => assert!(encoding.contains(',') || body.len() > LIMIT, "{encoding}"),
        (DecodedBody::TooLong(_) | DecodedBody::Malformed, _) => {}
    }
}

/// What flate2's own readers and Google's brotli decode. An empty body is valid with any coding.
fn reference(coding: &str, input: &[u8]) -> Option<Vec<u8>> {
    if input.is_empty() || coding.is_empty() {
        return Some(input.to_vec());
    }
    match (coding, input) {
        ("br", _) => whole(DecompressorReader::new(input), |decoder| decoder.into_parts().0),
        ("gzip", _) => whole(MultiGzDecoder::new(input), |decoder| decoder.into_inner()),
        ("deflate", [method, flags, ..])
            if method & 0x0f == 8 && u16::from_be_bytes([*method, *flags]).is_multiple_of(31) =>
        {
            whole(ZlibDecoder::new(input), |decoder| decoder.into_inner())
        }
        ("deflate", _) => whole(DeflateDecoder::new(input), |decoder| decoder.into_inner()),
        _ => unreachable!("{coding}"),
    }
}

/// The decoded body. `None` if it is malformed, or if bytes follow it.
fn whole<'a, D: Read>(mut decoder: D, rest: impl Fn(D) -> &'a [u8]) -> Option<Vec<u8>> {
    let mut body = Vec::new();
    decoder.by_ref().take(8 * LIMIT as u64).read_to_end(&mut body).ok()?;
    (body.len() >= 8 * LIMIT || rest(decoder).is_empty()).then_some(body)
}
