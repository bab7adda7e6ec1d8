//! Endless data, sent as fast as the connection accepts it.

use std::time::Duration;

use super::tls_records::TlsRecord;

/// The data that a [`Step::Flood`](crate::Step::Flood) sends repeatedly. The flood ends when the client closes the
/// connection or the server is dropped, and at the latest after 60 seconds, 4 GiB or [`at_most`](Flood::at_most).
#[derive(Clone, Debug)]
pub struct Flood {
    pub(super) content: Content,
    pub(super) duration: Duration,
    pub(super) bytes: u64,
}

#[derive(Clone, Debug)]
pub(super) enum Content {
    /// A large block of complete repetitions.
    Bytes(Vec<u8>),
    Records(Vec<TlsRecord>),
}

/// The minimum size of a write.
pub(super) const BLOCK: usize = 64 * 1024;

impl Flood {
    /// Repeats these bytes; on TLS as application data.
    ///
    /// # Panics
    /// If `bytes` is empty.
    pub fn bytes(bytes: impl AsRef<[u8]>) -> Flood {
        let bytes = bytes.as_ref();
        Flood::of(Content::Bytes(bytes.repeat(BLOCK.div_ceil(bytes.len()))))
    }

    /// Repeats these records. Only on TLS.
    pub fn records(records: impl IntoIterator<Item = TlsRecord>) -> Flood {
        Flood::of(Content::Records(records.into_iter().collect()))
    }

    fn of(content: Content) -> Flood {
        Flood { content, duration: Duration::from_secs(60), bytes: 4 << 30 }
    }

    /// Limits the flood, even if the client still reads.
    pub fn at_most(self, duration: Duration, bytes: u64) -> Flood {
        Flood { duration, bytes, ..self }
    }
}
