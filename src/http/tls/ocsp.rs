//! Reads a stapled OCSP response (RFC 6960).

use super::der::{
    ENUMERATED, GENERALIZED_TIME, INTEGER, OBJECT_IDENTIFIER, OCTET_STRING, Reader, SEQUENCE, constructed,
};

/// id-pkix-ocsp-basic.
const BASIC_RESPONSE: &[u8] = &[0x2b, 6, 1, 5, 5, 7, 0x30, 1, 1];

/// Whether the response says that the certificate with this serial number was revoked.
///
/// The signature, dates and issuer hashes of the response are not checked. They would matter if a response could make a
/// certificate valid, but here it can only make one invalid. The response is part of the handshake, and an attacker who
/// can forge it can also end the connection. Everything else in it, and an unreadable response, is ignored, as in
/// browsers.
pub(super) fn is_revoked(response: &[u8], serial: &[u8]) -> bool {
    single_responses(response).into_iter().flatten().any(|(_, content)| {
        let mut response = Reader::new(content);
        serial_of(&mut response) == Some(serial)
            // CertStatus: good is [0], revoked is [1], unknown is [2].
            && response.read(constructed(1)).is_some()
    })
}

fn single_responses(response: &[u8]) -> Option<Reader<'_>> {
    let mut response = Reader::new(response).enter(SEQUENCE)?;
    response.read(ENUMERATED)?;
    let mut bytes = response.enter(constructed(0))?.enter(SEQUENCE)?;
    if bytes.read(OBJECT_IDENTIFIER)? != BASIC_RESPONSE {
        return None;
    }
    let mut data = Reader::new(bytes.read(OCTET_STRING)?).enter(SEQUENCE)?.enter(SEQUENCE)?;
    // The version. Absent means 1.
    data.read_optional(constructed(0));
    // The responder, by name or by key.
    data.next()?;
    data.read(GENERALIZED_TIME)?;
    data.enter(SEQUENCE)
}

fn serial_of<'a>(response: &mut Reader<'a>) -> Option<&'a [u8]> {
    let mut certificate = response.enter(SEQUENCE)?;
    certificate.read(SEQUENCE)?;
    certificate.read(OCTET_STRING)?;
    certificate.read(OCTET_STRING)?;
    certificate.read(INTEGER)
}
