//! Parses the digests that a response's header declares.

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};

use crate::terms::{DigestAlgorithm, Headers};

/// Padding may be missing, and the bits after the last byte may have any value (RFC 8941 §4.2.7).
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new()
        .with_decode_allow_trailing_bits(true)
        .with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The algorithms of `Repr-Digest` that are not deprecated (RFC 9530 §7.2), strongest first.
const REPRESENTATION_DIGESTS: [(&str, DigestAlgorithm); 2] =
    [("sha-512", DigestAlgorithm::Sha512), ("sha-256", DigestAlgorithm::Sha256)];

/// The fields of Tencent's and Alibaba's object stores.
const CHECKSUM_FIELDS: [&str; 2] = ["x-cos-hash-crc64ecma", "x-oss-hash-crc64ecma"];

/// A declared digest.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DeclaredDigest {
    /// The algorithm.
    pub algorithm: DigestAlgorithm,
    /// The value.
    pub value: Vec<u8>,
    /// The header field that declares it.
    pub field: &'static str,
}

/// The digests that a header declares.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct DeclaredDigests {
    /// The strongest one: SHA-512 and SHA-256 of `Repr-Digest`, then MD5 of `Content-MD5`, then CRC-64 of an object
    /// store.
    pub strongest: Option<DeclaredDigest>,
    /// The malformed fields. They are ignored, as in RFC 8941 §4.2 and RFC 9530 §2: whoever can corrupt a digest can
    /// also remove it.
    pub malformed: Vec<&'static str>,
}

/// Parses the digests of a header.
pub fn declared(headers: &Headers) -> DeclaredDigests {
    let mut found = DeclaredDigests::default();
    let readers: [(&'static str, DigestReader); 4] = [
        ("Repr-Digest", representation_digest),
        ("Content-MD5", content_md5),
        (CHECKSUM_FIELDS[0], checksum),
        (CHECKSUM_FIELDS[1], checksum),
    ];
    for (field, read) in readers {
        if headers.value(field).is_none() {
            continue;
        }
        match read(headers, field) {
            Ok(Some((algorithm, value))) => {
                found.strongest.get_or_insert(DeclaredDigest { algorithm, value, field });
            }
            // Only other algorithms.
            Ok(None) => {}
            Err(Malformed) => found.malformed.push(field),
        }
    }
    found
}

type DigestReader = fn(&Headers, &'static str) -> Result<Option<(DigestAlgorithm, Vec<u8>)>, Malformed>;

struct Malformed;

/// Parses a dictionary of structured fields (RFC 8941 §3.2) with byte sequences as values, `sha-256=:…:`. Repeated
/// fields form one list, and the last value of an algorithm counts. Unknown algorithms are ignored. Anything else is
/// malformed.
fn representation_digest(
    headers: &Headers,
    field: &'static str,
) -> Result<Option<(DigestAlgorithm, Vec<u8>)>, Malformed> {
    let mut digests = [const { None }; REPRESENTATION_DIGESTS.len()];
    for member in headers.values(field).flat_map(|value| value.split(',')) {
        // Parameters of a member have no meaning here.
        let member = member.split(';').next().unwrap_or_default();
        let (key, value) = member.trim_matches([' ', '\t']).split_once('=').ok_or(Malformed)?;
        let encoded = value.strip_prefix(':').and_then(|value| value.strip_suffix(':')).ok_or(Malformed)?;
        let value = BASE64.decode(encoded).map_err(|_| Malformed)?;
        let known = REPRESENTATION_DIGESTS.iter().position(|(name, _)| *name == key);
        if let Some(index) = known {
            let (_, algorithm) = REPRESENTATION_DIGESTS[index];
            if value.len() != length(algorithm) {
                return Err(Malformed);
            }
            digests[index] = Some((algorithm, value));
        }
    }
    Ok(digests.into_iter().flatten().next())
}

/// RFC 1864.
fn content_md5(headers: &Headers, field: &'static str) -> Result<Option<(DigestAlgorithm, Vec<u8>)>, Malformed> {
    let value = headers.value(field).unwrap_or_default();
    let value = BASE64.decode(value.trim_matches([' ', '\t'])).map_err(|_| Malformed)?;
    let algorithm = DigestAlgorithm::Md5;
    if value.len() == length(algorithm) { Ok(Some((algorithm, value))) } else { Err(Malformed) }
}

/// A decimal number.
fn checksum(headers: &Headers, field: &'static str) -> Result<Option<(DigestAlgorithm, Vec<u8>)>, Malformed> {
    let value = headers.value(field).unwrap_or_default().trim_matches([' ', '\t']);
    if !value.bytes().all(|byte| byte.is_ascii_digit()) {
        return Err(Malformed);
    }
    let number: u64 = value.parse().map_err(|_| Malformed)?;
    Ok(Some((DigestAlgorithm::Crc64, number.to_be_bytes().to_vec())))
}

/// The number of bytes of a digest.
fn length(algorithm: DigestAlgorithm) -> usize {
    match algorithm {
        DigestAlgorithm::Crc64 => 8,
        DigestAlgorithm::Md5 => 16,
        DigestAlgorithm::Sha1 => 20,
        DigestAlgorithm::Sha256 => 32,
        DigestAlgorithm::Sha512 => 64,
    }
}

#[cfg(test)]
#[path = "digest_fields_tests.rs"]
mod tests;
