//! Certificates in PEM (RFC 7468).

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use rustls::pki_types::CertificateDer;

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";

/// OpenSSL's own, for a certificate that is followed by what it is trusted for. That would be lost, so whoever gives one gets
/// an error, and no silence.
const TRUSTED: &str = "TRUSTED CERTIFICATE";

/// The labels of certificates.
const LABELS: [&str; 3] = ["CERTIFICATE", "X509 CERTIFICATE", TRUSTED];

/// The certificates of a PEM text. What stands around them, and sections of another kind, is passed over: a byte order mark, the
/// names that bundles have over each certificate, keys.
///
/// Boundaries are found wherever they are and not only at the beginning of a line. The first line may have a byte order mark in
/// front, lines may be indented, and where a file without a last line feed is followed by another two boundaries share a line:
/// a root would be lost in silence.
///
/// # Errors
/// What is wrong with a certificate, for people.
pub(super) fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    // Bytes that are no text occur in comments only.
    let text = String::from_utf8_lossy(pem);
    let mut rest = &*text;
    let mut certificates = Vec::new();
    while let Some((_, section)) = rest.split_once(BEGIN) {
        rest = section;
        let Some((label, section)) = section.split_once(DASHES).filter(|(label, _)| LABELS.contains(label)) else {
            continue;
        };
        let number = certificates.len() + 1;
        let bad = |what: &str| format!("certificate {number} {what}");
        if label == TRUSTED {
            return Err(bad("is a TRUSTED CERTIFICATE of OpenSSL, where a CERTIFICATE is needed (`openssl x509`)"));
        }
        let (content, behind) = section.split_once(END).ok_or_else(|| bad("has no end"))?;
        rest = behind.strip_prefix(label).ok_or_else(|| bad("has no end"))?;
        let content: Vec<u8> = content.bytes().filter(|byte| !byte.is_ascii_whitespace()).collect();
        let der = BASE64.decode(content).map_err(|_| bad("is not in Base64"))?;
        certificates.push(CertificateDer::from(der));
    }
    Ok(certificates)
}

const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);
