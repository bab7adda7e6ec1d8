//! Records on their way out.

use rustls::unbuffered::{EncodeError, EncodeTlsData, EncryptError, InsufficientSizeError, WriteTraffic};

use crate::http::tls::CertificateAnswer;
use crate::worker::sizes::TLS_PLAINTEXT;
use crate::worker::{Buffer, Worker};

/// The record with which a client under TLS 1.2 answers a CertificateRequest when it has no certificate: a Certificate
/// message with an empty list (RFC 5246 section 7.4.6). It is not encrypted, and a client that is not asked sends none.
///
/// rustls tells nobody that it was asked where no certificate can be sent.
const EMPTY_CERTIFICATE: [u8; 12] = [22, 3, 3, 0, 7, 11, 0, 0, 3, 0, 0, 0];

/// Records that are to be sent.
#[derive(Debug, Default)]
pub(super) struct Output {
    pub bytes: Buffer,
    pub start: usize,
    pub end: usize,
    /// What the server was told when it asked for a client certificate.
    pub certificate: CertificateAnswer,
}

impl Output {
    /// Notes what the server was told, if it asked.
    pub(super) fn note(&mut self, answer: CertificateAnswer) {
        if answer != CertificateAnswer::NotAsked {
            self.certificate = answer;
        }
    }

    /// Appends what the session has to say.
    pub(super) fn encode<Data>(
        &mut self,
        worker: &Worker,
        data: &mut EncodeTlsData<'_, Data>,
    ) -> Result<(), rustls::Error> {
        let mut result = data.encode(&mut self.bytes[self.end..]);
        if let Err(EncodeError::InsufficientSize(InsufficientSizeError { required_size })) = result {
            self.make_room(worker, required_size);
            result = data.encode(&mut self.bytes[self.end..]);
        }
        let begin = self.end;
        self.end += result.map_err(|error| rustls::Error::General(error.to_string()))?;
        let says_none = self.bytes[begin..self.end].starts_with(&EMPTY_CERTIFICATE);
        if says_none && self.certificate == CertificateAnswer::NotAsked {
            self.certificate = CertificateAnswer::NoCertificate;
        }
        Ok(())
    }

    /// Appends `bytes` in records.
    pub(super) fn encrypt<Data>(
        &mut self,
        worker: &Worker,
        traffic: &mut WriteTraffic<'_, Data>,
        bytes: &[u8],
    ) -> Result<(), rustls::Error> {
        let mut result = traffic.encrypt(bytes, &mut self.bytes[self.end..]);
        if let Err(EncryptError::InsufficientSize(InsufficientSizeError { required_size })) = result {
            self.make_room(worker, required_size);
            result = traffic.encrypt(bytes, &mut self.bytes[self.end..]);
        }
        self.end += result.map_err(|error| rustls::Error::General(error.to_string()))?;
        Ok(())
    }

    /// In whole steps, so that a buffer of another connection is used again.
    fn make_room(&mut self, worker: &Worker, size: usize) {
        worker.grow(&mut self.bytes, (self.end + size).next_multiple_of(TLS_PLAINTEXT));
    }
}
