//! Certificates in PEM (RFC 7468).

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use rustls::pki_types::CertificateDer;

const BEGIN: &str = "-----BEGIN ";
const END: &str = "-----END ";
const DASHES: &str = "-----";

/// OpenSSL's label for a certificate with attached trust settings. They cannot be honoured, so such a certificate is an
/// error instead of being ignored.
const TRUSTED: &str = "TRUSTED CERTIFICATE";

/// The labels of certificates.
const LABELS: [&str; 3] = ["CERTIFICATE", "X509 CERTIFICATE", TRUSTED];

/// The certificates of a PEM text. Text around them and sections of other kinds are ignored, such as a byte order mark,
/// comments of bundles, and keys.
///
/// Boundaries are recognised anywhere, not only at the start of a line: the first line may follow a byte order mark,
/// lines may be indented, and concatenated files without a final line feed put two boundaries into one line. Otherwise
/// a root would be silently lost.
///
/// # Errors
/// What is wrong with a certificate, in English.
pub(super) fn certificates(pem: &[u8]) -> Result<Vec<CertificateDer<'static>>, String> {
    // Bytes that are not UTF-8 occur only in comments.
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
