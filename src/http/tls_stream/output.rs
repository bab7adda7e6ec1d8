//! The output buffer of a TLS session.

use rustls::unbuffered::{EncodeError, EncodeTlsData, EncryptError, InsufficientSizeError, WriteTraffic};

use super::failure::StepError;
use crate::http::tls::CertificateAnswer;
use crate::worker::sizes::TLS_PLAINTEXT;
use crate::worker::{Buffer, OutOfMemory, Worker};

/// The record with which a TLS 1.2 client without a certificate answers a CertificateRequest: a Certificate message
/// with an empty list (RFC 5246 section 7.4.6). It is not encrypted. A client sends it only if asked.
///
/// Detected here because rustls does not report a request where no certificate can be sent.
const EMPTY_CERTIFICATE: [u8; 12] = [22, 3, 3, 0, 7, 11, 0, 0, 3, 0, 0, 0];

/// Records to send.
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

    /// Appends a message of the session itself.
    pub(super) fn encode<Data>(
        &mut self,
        worker: &Worker,
        data: &mut EncodeTlsData<'_, Data>,
    ) -> Result<(), StepError> {
        let mut result = data.encode(&mut self.bytes[self.end..]);
        if let Err(EncodeError::InsufficientSize(InsufficientSizeError { required_size })) = result {
            self.make_room(worker, required_size)?;
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

    /// Appends `bytes` as encrypted records.
    pub(super) fn encrypt<Data>(
        &mut self,
        worker: &Worker,
        traffic: &mut WriteTraffic<'_, Data>,
        bytes: &[u8],
    ) -> Result<(), StepError> {
        let mut result = traffic.encrypt(bytes, &mut self.bytes[self.end..]);
        if let Err(EncryptError::InsufficientSize(InsufficientSizeError { required_size })) = result {
            self.make_room(worker, required_size)?;
            result = traffic.encrypt(bytes, &mut self.bytes[self.end..]);
        }
        self.end += result.map_err(|error| rustls::Error::General(error.to_string()))?;
        Ok(())
    }

    fn make_room(&mut self, worker: &Worker, size: usize) -> Result<(), OutOfMemory> {
        self.grow(worker, self.end + size)
    }

    /// Grows the buffer to at least `size` bytes. Rounds up, so that buffers of other connections can be reused.
    pub(super) fn grow(&mut self, worker: &Worker, size: usize) -> Result<(), OutOfMemory> {
        worker.grow(&mut self.bytes, size.next_multiple_of(TLS_PLAINTEXT))
    }
}
