//! The result of decoding does not depend on how a body is split, and independent decoders find the same:
//! libdeflate and Google's brotli.
//!
//! Input: the codings in one byte, then the body.

use brotlic::DecompressorReader;
use std::io::Read;
use wxtransfer::fuzzing::{DecodedBody, decoded_body};

const ENCODINGS: [&str; 8] = ["gzip", "deflate", "br", "gzip, gzip", "deflate, gzip", "gzip, deflate", "br, gzip", ""];
/// The limit of a decoded body. A small body may decode to a thousand times its size.
const LIMIT: usize = 256 * 1024;
/// The maximum number of bytes that the other decoder may decode.
const SPACE: usize = 8 * LIMIT;

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
    let mut expected = Reference::Whole(body.to_vec());
    for coding in encoding.split(", ").collect::<Vec<_>>().into_iter().rev() {
        if let Reference::Whole(bytes) = &expected {
            expected = reference(coding, bytes);
        }
    }
    match (decoded, expected) {
        (DecodedBody::Whole(body), Reference::Whole(expected)) => assert!(body == expected, "{encoding}"),
        (DecodedBody::Whole(_), Reference::Malformed) => panic!("{encoding}: malformed for the other decoder"),
        // With two codings, much of the inner one may decode to nothing, which the library refuses.
        (DecodedBody::Malformed, Reference::Whole(body)) => {
            assert!(encoding.contains(',') || body.len() > LIMIT, "{encoding}: valid for the other decoder");
        }
        (_, _) => {}
    }
}

/// The result of another decoder.
enum Reference {
    Whole(Vec<u8>),
    Malformed,
    /// The body exceeds the given space, or the decoder does not check its validity.
    Unknown,
}

/// The result of libdeflate or Google's brotli. An empty body is valid with any coding.
fn reference(coding: &str, input: &[u8]) -> Reference {
    if input.is_empty() || coding.is_empty() {
        return Reference::Whole(input.to_vec());
    }
    match (coding, input) {
        ("br", _) => brotli(input),
        ("gzip", _) => gzip(input),
        ("deflate", [method, flags, ..])
            if method & 0x0f == 8 && u16::from_be_bytes([*method, *flags]).is_multiple_of(31) =>
        {
            match whole(Format::Zlib, input) {
                // With this option of cargo-fuzz, miniz_oxide, which the library uses, ignores the checksum of zlib data.
                Reference::Malformed if cfg!(fuzzing) => Reference::Unknown,
                other => other,
            }
        }
        ("deflate", _) => match whole(Format::Raw, input) {
            // miniz_oxide, which the library uses, decodes a reference to bytes before the first one to zeros. Raw data has
            // no checksum that would reveal it.
            Reference::Malformed if is_whole_after_zeros(input) => Reference::Unknown,
            other => other,
        },
        _ => unreachable!("{coding}"),
    }
}

fn brotli(input: &[u8]) -> Reference {
    let mut decoder = DecompressorReader::new(input);
    let mut body = Vec::new();
    match decoder.by_ref().take(SPACE as u64 + 1).read_to_end(&mut body) {
        Ok(_) if body.len() > SPACE => Reference::Unknown,
        Ok(_) if decoder.into_parts().0.is_empty() => Reference::Whole(body),
        _ => Reference::Malformed,
    }
}

/// Several members may follow each other (RFC 1952 section 2.2). libdeflate reads one.
fn gzip(mut input: &[u8]) -> Reference {
    let mut body = Vec::new();
    while !input.is_empty() {
        // libdeflate does not compare the checksum of a header.
        if input.get(3).is_some_and(|flags| flags & 1 << 1 != 0) {
            return Reference::Unknown;
        }
        match inflated(Format::Gzip, input) {
            Ok((member, size)) => {
                body.extend(member);
                input = &input[size..];
            }
            Err(other) => return other,
        }
    }
    Reference::Whole(body)
}

/// The data if nothing follows it.
fn whole(format: Format, input: &[u8]) -> Reference {
    match inflated(format, input) {
        Ok((body, size)) if size == input.len() => Reference::Whole(body),
        Ok(_) => Reference::Malformed,
        Err(other) => other,
    }
}

/// Whether raw deflate data is valid if its output is preceded by as many zeros as it can refer to.
fn is_whole_after_zeros(input: &[u8]) -> bool {
    const WINDOW: u16 = 1 << 15;
    // A block that is stored (RFC 1951 section 3.2.4) and not the last one.
    let mut data = vec![0];
    data.extend(WINDOW.to_le_bytes());
    data.extend((!WINDOW).to_le_bytes());
    data.resize(data.len() + usize::from(WINDOW), 0);
    data.extend_from_slice(input);
    !matches!(whole(Format::Raw, &data), Reference::Malformed)
}

/// The format of deflate data.
#[derive(Clone, Copy)]
enum Format {
    Raw,
    Zlib,
    Gzip,
}

/// The bytes that libdeflate decodes, and the size of their input. The input may continue after that.
fn inflated(format: Format, input: &[u8]) -> Result<(Vec<u8>, usize), Reference> {
    let decode = match format {
        Format::Raw => libdeflate_sys::libdeflate_deflate_decompress_ex,
        Format::Zlib => libdeflate_sys::libdeflate_zlib_decompress_ex,
        Format::Gzip => libdeflate_sys::libdeflate_gzip_decompress_ex,
    };
    for space in [SPACE / 64, SPACE] {
        let mut body = vec![0_u8; space];
        let (mut taken, mut made) = (0, 0);
        // SAFETY: the decoder is released after its only use, and the lengths are those of the slices.
        let result = unsafe {
            let decoder = libdeflate_sys::libdeflate_alloc_decompressor();
            assert!(!decoder.is_null(), "no memory");
            let (source, target) = (input.as_ptr().cast(), body.as_mut_ptr().cast());
            let result = decode(decoder, source, input.len(), target, space, &raw mut taken, &raw mut made);
            libdeflate_sys::libdeflate_free_decompressor(decoder);
            result
        };
        match result {
            libdeflate_sys::libdeflate_result_LIBDEFLATE_SUCCESS => {
                body.truncate(made);
                return Ok((body, taken));
            }
            libdeflate_sys::libdeflate_result_LIBDEFLATE_INSUFFICIENT_SPACE => {}
            _ => return Err(Reference::Malformed),
        }
    }
    Err(Reference::Unknown)
}
