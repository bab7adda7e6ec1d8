use super::*;

/// RFC 9530 appendix B.1: of `{"hello": "world"}` and a line feed.
const SHA256: &str = "RK/0qy18MlBSVnWgjwz6lZEWjP/lF5HF9bvEF8FabDg=";
/// RFC 9530 appendix C: of the same.
const SHA512: &str = "YMAam51Jz/jOATT6/zvHrLVgOYTGFy1d6GJiOHTohq4yP+pgk4vf2aCsyRZOtw8MjkM7iw7yZ/WkppmM44T3qg==";
/// RFC 1864 section 2.
const MD5: &str = "Q2hlY2sgSW50ZWdyaXR5IQ==";

fn read(fields: &[(&str, &str)]) -> DeclaredDigests {
    declared(&fields.iter().copied().collect())
}

fn strongest(fields: &[(&str, &str)]) -> Option<(DigestAlgorithm, &'static str)> {
    let read = read(fields);
    assert_eq!(read.malformed, Vec::<&str>::new(), "{fields:?}");
    read.strongest.map(|digest| (digest.algorithm, digest.field))
}

#[test]
fn a_header_without_digests_declares_none() {
    assert_eq!(read(&[]), DeclaredDigests::default());
    assert_eq!(read(&[("ETag", "\"1\""), ("Content-Digest", "sha-256=:AA==:")]), DeclaredDigests::default());
}

#[test]
fn strongest_declared_digest_is_used() {
    let both = format!("sha-256=:{SHA256}:, sha-512=:{SHA512}:");
    let (sha512, sha256) = (DigestAlgorithm::Sha512, DigestAlgorithm::Sha256);
    let (md5, crc64) = (DigestAlgorithm::Md5, DigestAlgorithm::Crc64);
    let weaker = [("x-oss-hash-crc64ecma", "5"), ("content-md5", MD5)];
    let with = |value: &str| strongest(&[weaker[0], weaker[1], ("repr-DIGEST", value)]);
    assert_eq!(with(&both), Some((sha512, "Repr-Digest")));
    assert_eq!(with(&format!("sha-512=:{SHA512}:,sha-256=:{SHA256}:")), Some((sha512, "Repr-Digest")));
    assert_eq!(with(&format!("sha-256=:{SHA256}:")), Some((sha256, "Repr-Digest")));
    assert_eq!(with("unixsum=:AA==:, md5=:AA==:"), Some((md5, "Content-MD5")), "deprecated algorithms are ignored");
    assert_eq!(strongest(&weaker), Some((md5, "Content-MD5")));
    assert_eq!(strongest(&weaker[..1]), Some((crc64, "x-oss-hash-crc64ecma")));
    assert_eq!(strongest(&[("X-COS-Hash-CRC64ECMA", "5")]), Some((crc64, "x-cos-hash-crc64ecma")));
    assert_eq!(strongest(&[("Repr-Digest", "unixsum=:AA==:")]), None);
}

#[test]
fn each_digest_syntax_is_parsed() {
    let value = |fields: &[(&str, &str)]| read(fields).strongest.map(|digest| digest.value);
    let plain = value(&[("Repr-Digest", &format!("sha-256=:{SHA256}:"))]);
    assert_eq!(plain.as_ref().map(Vec::len), Some(32));
    for same in [
        format!("\t sha-256=:{SHA256}:  "),
        format!("sha-256=:{SHA256}:;parameter=1, other=:AA==:"),
        format!("sha-256=:{}:", SHA256.trim_end_matches('=')),
    ] {
        assert_eq!(value(&[("Repr-Digest", &same)]), plain, "{same}");
    }
    let first = format!("sha-256=:{}:", "A".repeat(43));
    let last = format!("sha-256=:{SHA256}:");
    assert_eq!(
        value(&[("Repr-Digest", &first), ("Repr-Digest", &last)]),
        plain,
        "the last digest of an algorithm is used"
    );
    assert_eq!(value(&[("Content-MD5", MD5)]).as_deref(), Some(&b"Check Integrity!"[..]));
    assert_eq!(value(&[("x-oss-hash-crc64ecma", " 258 ")]), Some(vec![0, 0, 0, 0, 0, 0, 1, 2]));
    assert_eq!(value(&[("x-oss-hash-crc64ecma", "18446744073709551615")]), Some(vec![255; 8]));
}

#[test]
fn a_malformed_field_is_ignored_as_a_whole_and_the_next_one_counts() {
    let sha256 = format!("sha-256=:{SHA256}:");
    for bad in [
        "",
        "sha-256",
        "sha-256=",
        SHA256,
        "sha-256=44aff4ab2d7c32505256",
        &format!("sha-256={SHA256}"),
        &format!("sha-256=:{SHA256}"),
        "sha-256=:AAAA:",
        "sha-256=:not base64!:",
        &format!("{sha256}, sha-512=:AAAA:"),
        &format!("{sha256},, other=:AA==:"),
        &format!("{sha256}, other=1"),
    ] {
        let read = read(&[("Repr-Digest", bad), ("Content-MD5", MD5)]);
        assert_eq!(read.malformed, ["Repr-Digest"], "{bad}");
        assert_eq!(read.strongest.map(|digest| digest.field), Some("Content-MD5"), "{bad}");
    }
    for bad in ["", "AAAA", "900150983cd24fb0d6963f7d28e17f72", "Q2hlY2sgSW50ZWdyaXR5IQ==, x"] {
        assert_eq!(read(&[("Content-MD5", bad)]).malformed, ["Content-MD5"], "{bad}");
    }
    for bad in ["", "-1", "+1", "0x5", "1.0", "18446744073709551616", "5 5"] {
        let read = read(&[("x-cos-hash-crc64ecma", bad)]);
        assert_eq!((read.strongest, read.malformed), (None, vec!["x-cos-hash-crc64ecma"]), "{bad}");
    }
}
