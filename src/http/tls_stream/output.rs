//! Records on their way out.

use rustls::unbuffered::{EncodeError, EncodeTlsData, EncryptError, InsufficientSizeError, WriteTraffic};

use crate::worker::sizes::TLS_PLAINTEXT;
use crate::worker::{Buffer, Worker};

/// Records that are to be sent.
#[derive(Debug, Default)]
pub(super) struct Output {
    pub bytes: Buffer,
    pub start: usize,
    pub end: usize,
}

impl Output {
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
        self.end += result.map_err(|error| rustls::Error::General(error.to_string()))?;
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
