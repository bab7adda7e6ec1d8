//! Parses a certificate (RFC 5280) as far as it is needed to reject it or to explain a rejection.
//!
//! Nothing here accepts a certificate. webpki or the operating system decides that.

use std::fmt::Write;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use rustls::{SignatureAlgorithm, SignatureScheme};

use super::der::{
    BIT_STRING, BOOLEAN, GENERALIZED_TIME, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, Reader, SEQUENCE, SET, UTC_TIME,
    constructed,
};

/// The fields of a certificate: the contents of their elements unless noted otherwise.
#[derive(Debug)]
pub(super) struct Certificate<'a> {
    pub(super) serial: &'a [u8],
    pub(super) issuer: &'a [u8],
    pub(super) subject: &'a [u8],
    pub(super) signature_algorithm: &'a [u8],
    pub(super) not_before: Moment,
    pub(super) not_after: Moment,
    /// Version 1, which has no extensions.
    pub(super) is_version_1: bool,
    /// The whole SubjectPublicKeyInfo element.
    pub(super) public_key_info: &'a [u8],
    /// Empty if there are none.
    extensions: Reader<'a>,
}

/// A second in UTC, as a number with the digits `YYYYMMDDhhmmss`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Moment(u64);

const SUBJECT_ALTERNATIVE_NAME: &[u8] = &[0x55, 0x1d, 17];
const SUBJECT_KEY_IDENTIFIER: &[u8] = &[0x55, 0x1d, 14];
const AUTHORITY_KEY_IDENTIFIER: &[u8] = &[0x55, 0x1d, 35];
const KEY_USAGE: &[u8] = &[0x55, 0x1d, 15];
const BASIC_CONSTRAINTS: &[u8] = &[0x55, 0x1d, 19];
const COMMON_NAME: &[u8] = &[0x55, 4, 3];

const RSA_ENCRYPTION: &[u8] = &[0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 1];
const EC_PUBLIC_KEY: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 2, 1];
const ED25519: &[u8] = &[0x2b, 0x65, 0x70];
const P256: &[u8] = &[0x2a, 0x86, 0x48, 0xce, 0x3d, 3, 1, 7];
const P384: &[u8] = &[0x2b, 0x81, 4, 0, 34];

const RSA_SCHEMES: [SignatureScheme; 6] = [
    SignatureScheme::RSA_PSS_SHA256,
    SignatureScheme::RSA_PSS_SHA384,
    SignatureScheme::RSA_PSS_SHA512,
    SignatureScheme::RSA_PKCS1_SHA256,
    SignatureScheme::RSA_PKCS1_SHA384,
    SignatureScheme::RSA_PKCS1_SHA512,
];

impl<'a> Certificate<'a> {
    /// `None` if the bytes are not a certificate.
    pub(super) fn read(der: &'a [u8]) -> Option<Certificate<'a>> {
        let mut fields = Reader::new(der).enter(SEQUENCE)?.enter(SEQUENCE)?;
        // The version. Absent means 1.
        let is_version_1 = fields.read_optional(constructed(0)).is_none();
        let serial = fields.read(INTEGER)?;
        let signature_algorithm = fields.read(SEQUENCE)?;
        let issuer = fields.read(SEQUENCE)?;
        let mut validity = fields.enter(SEQUENCE)?;
        let (not_before, not_after) = (Moment::read(&mut validity)?, Moment::read(&mut validity)?);
        let subject = fields.read(SEQUENCE)?;
        let public_key_info = fields.read_whole()?;
        // Unique identifiers of the issuer and the subject may precede the extensions.
        let extensions = match fields.find(|&(tag, _)| tag == constructed(3)) {
            Some((_, content)) => Reader::new(content).enter(SEQUENCE)?,
            None => Reader::new(&[]),
        };
        Some(Certificate {
            serial,
            issuer,
            subject,
            signature_algorithm,
            not_before,
            not_after,
            is_version_1,
            public_key_info,
            extensions,
        })
    }

    fn extension(&self, identifier: &[u8]) -> Option<&'a [u8]> {
        let mut extensions = self.extensions;
        while let Some(mut extension) = extensions.enter(SEQUENCE) {
            if extension.read(OBJECT_IDENTIFIER) == Some(identifier) {
                extension.read_optional(BOOLEAN);
                return extension.read(OCTET_STRING);
            }
        }
        None
    }

    /// Whether the key usage contains keyCertSign. `None` without that extension.
    fn names_key_cert_sign(&self) -> Option<bool> {
        let usage = self.extension(KEY_USAGE)?;
        // The number of unused bits, then the bits. keyCertSign is the sixth bit.
        Some(matches!(Reader::new(usage).read(BIT_STRING), Some([_, bits, ..]) if bits & 0x04 != 0))
    }

    /// Whether the key usage allows issuing certificates. Without that extension it is allowed (RFC 5280 section 6.1.4
    /// (n)).
    pub(super) fn may_issue(&self) -> bool {
        self.names_key_cert_sign().unwrap_or(true)
    }

    /// Whether the certificate is an authority's (RFC 5280 section 6.1.4 (k)). Without basicConstraints, its key usage
    /// decides. A certificate of version 1 has no extensions and counts as an authority's, as a trusted one does in
    /// OpenSSL.
    pub(super) fn is_authority(&self) -> bool {
        match self.extension(BASIC_CONSTRAINTS) {
            Some(constraints) => {
                let flag =
                    Reader::new(constraints).enter(SEQUENCE).and_then(|mut fields| fields.read_optional(BOOLEAN));
                flag.is_some_and(|flag| flag != [0])
            }
            None => self.is_version_1 || self.names_key_cert_sign() == Some(true),
        }
    }

    /// The identifier of its key (RFC 5280 section 4.2.1.2).
    pub(super) fn key_identifier(&self) -> Option<&'a [u8]> {
        Reader::new(self.extension(SUBJECT_KEY_IDENTIFIER)?).read(OCTET_STRING)
    }

    /// The identifier of its issuer's key (RFC 5280 section 4.2.1.1).
    pub(super) fn authority_key_identifier(&self) -> Option<&'a [u8]> {
        /// `[0] IMPLICIT`, primitive.
        const KEY_IDENTIFIER: u8 = 0x80;
        Reader::new(self.extension(AUTHORITY_KEY_IDENTIFIER)?).enter(SEQUENCE)?.read_optional(KEY_IDENTIFIER)
    }

    pub(super) fn has_alternative_names(&self) -> bool {
        self.extension(SUBJECT_ALTERNATIVE_NAME).is_some()
    }

    /// The hosts and addresses that the certificate is valid for, in order.
    pub(super) fn names(&self) -> Vec<String> {
        let names = self.extension(SUBJECT_ALTERNATIVE_NAME).and_then(|value| Reader::new(value).enter(SEQUENCE));
        names.into_iter().flatten().filter_map(|(tag, content)| general_name(tag, content)).collect()
    }

    fn public_key(&self) -> Reader<'a> {
        Reader::new(self.public_key_info).enter(SEQUENCE).unwrap_or(Reader::new(&[]))
    }

    /// The algorithm of the key and the schemes by which it can sign in a handshake, the preferred one first. `None` if
    /// the library does not support this kind of key. TLS 1.3 ties each ECDSA scheme to one curve, and allows RSA only
    /// with PSS (RFC 8446 section 4.2.3).
    pub(super) fn signing(&self) -> Option<(SignatureAlgorithm, &'static [SignatureScheme])> {
        let mut algorithm = self.public_key().enter(SEQUENCE)?;
        let identifier = algorithm.read(OBJECT_IDENTIFIER)?;
        match identifier {
            RSA_ENCRYPTION => Some((SignatureAlgorithm::RSA, &RSA_SCHEMES)),
            ED25519 => Some((SignatureAlgorithm::ED25519, &[SignatureScheme::ED25519])),
            EC_PUBLIC_KEY => match algorithm.read(OBJECT_IDENTIFIER)? {
                P256 => Some((SignatureAlgorithm::ECDSA, &[SignatureScheme::ECDSA_NISTP256_SHA256])),
                P384 => Some((SignatureAlgorithm::ECDSA, &[SignatureScheme::ECDSA_NISTP384_SHA384])),
                _ => None,
            },
            _ => None,
        }
    }

    /// Why the key is unusable, if signatures with it cannot be verified.
    pub(super) fn unusable_key(&self) -> Option<String> {
        let mut public_key = self.public_key();
        let mut algorithm = public_key.enter(SEQUENCE)?;
        let (identifier, key) = (algorithm.read(OBJECT_IDENTIFIER)?, public_key.read(BIT_STRING)?);
        if identifier == RSA_ENCRYPTION {
            let modulus = Reader::new(key.get(1..)?).enter(SEQUENCE)?.read(INTEGER)?;
            let first = modulus.iter().position(|byte| *byte != 0)?;
            let bits = (modulus.len() - first) * 8 - modulus[first].leading_zeros() as usize;
            return (!(2048..=8192).contains(&bits))
                .then(|| format!("an RSA key of {bits} bits, where 2048 to 8192 are allowed"));
        }
        let (kind, parameter) = if identifier == EC_PUBLIC_KEY {
            ("the elliptic curve", algorithm.read(OBJECT_IDENTIFIER)?)
        } else {
            ("the kind", identifier)
        };
        let supported = [ED25519, P256, P384].contains(&parameter);
        (!supported).then(|| format!("a key of {kind} {}, which is not supported", algorithm_name(parameter)))
    }
}

fn general_name(tag: u8, content: &[u8]) -> Option<String> {
    // RFC 5280 section 4.2.1.6: dNSName is [2] and iPAddress is [7].
    match (tag, content.len()) {
        (0x82, _) => printable(content),
        (0x87, 4) => Some(IpAddr::V4(Ipv4Addr::from(<[u8; 4]>::try_from(content).ok()?)).to_string()),
        (0x87, 16) => Some(IpAddr::V6(Ipv6Addr::from(<[u8; 16]>::try_from(content).ok()?)).to_string()),
        _ => None,
    }
}

/// The common name of a subject or an issuer. If there are several, the last one, which is the most specific.
pub(super) fn common_name(name: &[u8]) -> Option<String> {
    let mut parts = Reader::new(name);
    let mut last = None;
    while let Some(mut part) = parts.enter(SET) {
        let Some(mut attribute) = part.enter(SEQUENCE) else { continue };
        if attribute.read(OBJECT_IDENTIFIER) == Some(COMMON_NAME) {
            last = attribute.next().and_then(|(_, name)| printable(name));
        }
    }
    last
}

/// Text of a peer, if it is safe to print.
fn printable(text: &[u8]) -> Option<String> {
    let text = std::str::from_utf8(text).ok()?;
    (!text.is_empty() && !text.chars().any(char::is_control)).then(|| text.to_owned())
}

/// The common name of an algorithm or a curve, or its dotted object identifier.
pub(super) fn algorithm_name(identifier: &[u8]) -> String {
    let name = match identifier {
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 2] => "MD2",
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 4] => "MD5",
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 5]
        | [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 1]
        | [0x2a, 0x86, 0x48, 0xce, 0x38, 4, 3]
        | [0x2b, 0x0e, 3, 2, 29] => "SHA-1",
        [0x2a, 0x86, 0x48, 0x86, 0xf7, 0x0d, 1, 1, 10] => "RSASSA-PSS",
        [0x2a, 0x86, 0x48, 0xce, 0x3d, 4, 3, 4] => "ECDSA with SHA-512",
        [0x2a, 0x86, 0x48, 0xce, 0x38, 4, 1] => "DSA",
        [0x2b, 0x81, 4, 0, 35] => "P-521",
        [0x2b, 0x65, 0x71] => "Ed448",
        [0x2a, 0x81, 0x1c, 0xcf, 0x55, 1, 0x82, 0x2d] => "SM2",
        [0x2a, 0x81, 0x1c, 0xcf, 0x55, 1, 0x83, 0x75] => "SM2 with SM3",
        _ => return dotted(identifier),
    };
    name.to_owned()
}

/// The dotted form of an object identifier (ITU-T X.690 section 8.19), truncated to 32 bytes.
fn dotted(identifier: &[u8]) -> String {
    let mut text = String::new();
    let mut arc = 0_u64;
    for byte in identifier.iter().take(32) {
        arc = arc << 7 | u64::from(byte & 0x7f);
        if byte & 0x80 == 0 {
            let _ = match text.is_empty() {
                true => write!(text, "{}.{}", (arc / 40).min(2), arc - (arc / 40).min(2) * 40),
                false => write!(text, ".{arc}"),
            };
            arc = 0;
        }
    }
    text
}

impl Moment {
    /// Parses a time (RFC 5280 section 4.1.2.5): `YYMMDDhhmmssZ` for 1950 to 2049, `YYYYMMDDhhmmssZ` for other years.
    fn read(reader: &mut Reader<'_>) -> Option<Moment> {
        let (tag, text) = reader.next()?;
        let digits = match (tag, text) {
            (UTC_TIME, [digits @ .., b'Z']) if digits.len() == 12 => digits,
            (GENERALIZED_TIME, [digits @ .., b'Z']) if digits.len() == 14 => digits,
            _ => return None,
        };
        if !digits.iter().all(u8::is_ascii_digit) {
            return None;
        }
        let number = digits.iter().fold(0, |number, digit| number * 10 + u64::from(digit - b'0'));
        let century = match (tag, number / 10_000_000_000) {
            (GENERALIZED_TIME, _) => 0,
            (_, 0..50) => 20,
            _ => 19,
        };
        Some(Moment(century * 1_000_000_000_000 + number))
    }

    /// From seconds since 1970.
    pub(super) fn of_unix_time(seconds: u64) -> Moment {
        let (mut days, of_day) = (seconds / 86400, seconds % 86400);
        let mut year = 1970;
        let is_leap = |year: u64| year.is_multiple_of(4) && (!year.is_multiple_of(100) || year.is_multiple_of(400));
        // Bounded, because a certificate's last year is 9999.
        while year < 9999 && days >= 365 + u64::from(is_leap(year)) {
            days -= 365 + u64::from(is_leap(year));
            year += 1;
        }
        let mut month = 1;
        for length in [31, 28 + u64::from(is_leap(year)), 31, 30, 31, 30, 31, 31, 30, 31, 30] {
            if days < length {
                break;
            }
            days -= length;
            month += 1;
        }
        let date = (year * 100 + month) * 100 + days.min(30) + 1;
        let (hour, minute, second) = (of_day / 3600, of_day / 60 % 60, of_day % 60);
        Moment(((date * 100 + hour) * 100 + minute) * 100 + second)
    }

    /// The date, as `YYYY-MM-DD`.
    pub(super) fn day(self) -> String {
        let date = self.0 / 1_000_000;
        format!("{:04}-{:02}-{:02}", date / 10_000, date / 100 % 100, date % 100)
    }
}
