//! Digest algorithms.

/// A digest algorithm.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum DigestAlgorithm {
    /// RFC 1321.
    Md5,
    /// FIPS 180-4.
    Sha1,
    /// FIPS 180-4.
    Sha256,
    /// FIPS 180-4.
    Sha512,
    /// CRC-64/XZ: the polynomial of ECMA-182 with reversed bits. The value is 8 bytes, most significant first.
    Crc64,
}
