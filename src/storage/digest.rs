//! Digests of file contents.

use std::fmt::Write;

use md5::Digest as _;
use ring::digest::{Context, SHA1_FOR_LEGACY_USE_ONLY, SHA256, SHA512};

use super::crc64::Crc64;
use crate::terms::DigestAlgorithm;

/// A running digest.
#[derive(Clone)]
pub enum Digest {
    /// MD5.
    Md5(md5::Md5),
    /// SHA-1, SHA-256 or SHA-512.
    Sha(Context),
    /// CRC-64.
    Crc64(Crc64),
}

impl Digest {
    /// The digest of no bytes.
    pub fn new(algorithm: DigestAlgorithm) -> Digest {
        match algorithm {
            DigestAlgorithm::Md5 => Digest::Md5(md5::Md5::new()),
            DigestAlgorithm::Sha1 => Digest::Sha(Context::new(&SHA1_FOR_LEGACY_USE_ONLY)),
            DigestAlgorithm::Sha256 => Digest::Sha(Context::new(&SHA256)),
            DigestAlgorithm::Sha512 => Digest::Sha(Context::new(&SHA512)),
            DigestAlgorithm::Crc64 => Digest::Crc64(Crc64::new()),
        }
    }

    /// Adds bytes.
    pub fn update(&mut self, bytes: &[u8]) {
        match self {
            Digest::Md5(md5) => md5.update(bytes),
            Digest::Sha(sha) => sha.update(bytes),
            Digest::Crc64(crc64) => crc64.update(bytes),
        }
    }

    /// The bytes of the digest.
    pub fn finish(self) -> Vec<u8> {
        match self {
            Digest::Md5(md5) => md5.finalize().to_vec(),
            Digest::Sha(sha) => sha.finish().as_ref().to_vec(),
            Digest::Crc64(crc64) => crc64.value().to_be_bytes().to_vec(),
        }
    }
}

/// Lower-case hexadecimal digits.
pub fn hexadecimal(bytes: &[u8]) -> String {
    bytes.iter().fold(String::with_capacity(2 * bytes.len()), |mut text, byte| {
        // Writing to a string cannot fail.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The examples of RFC 1321 A.5 and FIPS 180-4, divided in several ways.
    #[test]
    fn digests_are_those_of_the_standards() {
        let abc = [
            (DigestAlgorithm::Md5, "900150983cd24fb0d6963f7d28e17f72"),
            (DigestAlgorithm::Sha1, "a9993e364706816aba3e25717850c26c9cd0d89d"),
            (DigestAlgorithm::Sha256, "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"),
            (
                DigestAlgorithm::Sha512,
                "ddaf35a193617abacc417349ae20413112e6fa4e89a97ea20a9eeee64b55d39a\
                 2192992a274fc1a836ba3c23a3feebbd454d4423643ce80e2a9ac94fa54ca49f",
            ),
        ];
        let nothing = [
            (DigestAlgorithm::Md5, "d41d8cd98f00b204e9800998ecf8427e"),
            (DigestAlgorithm::Sha1, "da39a3ee5e6b4b0d3255bfef95601890afd80709"),
            (DigestAlgorithm::Sha256, "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"),
        ];
        for (algorithm, expected) in abc {
            for pieces in [&["abc"][..], &["a", "bc"], &["", "a", "b", "c", ""]] {
                let mut digest = Digest::new(algorithm);
                pieces.iter().for_each(|piece| digest.update(piece.as_bytes()));
                assert_eq!(hexadecimal(&digest.finish()), expected, "{algorithm:?} {pieces:?}");
            }
        }
        for (algorithm, expected) in nothing {
            assert_eq!(hexadecimal(&Digest::new(algorithm).finish()), expected, "{algorithm:?}");
        }
    }
}
