//! TLS records that rustls would never send, made by hand with the keys of a rustls handshake.

use std::io;
use std::sync::{Mutex, PoisonError};

use ring::aead::{self, Aad, LessSafeKey, Nonce, UnboundKey};
use ring::error::Unspecified;
use ring::hkdf;
use rustls::{ConnectionTrafficSecrets, KeyLog, ProtocolVersion, ServerConnection};

/// One record of a [`Step::SendRecords`](crate::Step::SendRecords) or a [`Flood`](crate::Flood).
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum TlsRecord {
    /// At most 16 KiB of application data. Empty records are allowed and have no effect (RFC 8446 section 5.1).
    Data(Vec<u8>),
    /// A NewSessionTicket (RFC 8446 section 4.6.1) that no server would recognise. TLS 1.3 only.
    SessionTicket,
    /// A KeyUpdate (RFC 8446 section 4.6.3); the records after it use the next keys. TLS 1.3 only.
    KeyUpdate {
        /// Whether the peer is to update its keys too.
        requested: bool,
    },
    /// The alert user_canceled as a warning (RFC 8446 section 6.1), which must be ignored.
    Warning,
    /// A HelloRequest (RFC 5246 section 7.4.1.1). TLS 1.2 only.
    HelloRequest,
}

impl TlsRecord {
    /// The content type (RFC 8446 section 5.1) and the content.
    fn content(&self) -> (u8, Vec<u8>) {
        match self {
            TlsRecord::Data(bytes) => (APPLICATION_DATA, bytes.clone()),
            TlsRecord::SessionTicket => (HANDSHAKE, session_ticket()),
            TlsRecord::KeyUpdate { requested } => (HANDSHAKE, vec![24, 0, 0, 1, u8::from(*requested)]),
            TlsRecord::Warning => (ALERT, vec![1, 90]),
            TlsRecord::HelloRequest => (HANDSHAKE, vec![0, 0, 0, 0]),
        }
    }
}

const ALERT: u8 = 21;
const HANDSHAKE: u8 = 22;
const APPLICATION_DATA: u8 = 23;

fn session_ticket() -> Vec<u8> {
    let lifetime_then_age_add = [0, 0, 0x0e, 0x10, 1, 2, 3, 4];
    let nonce = [1, 0];
    let ticket = [&[0, 32][..], &[0x77; 32]].concat();
    let no_extensions = [0, 0];
    let body = [&lifetime_then_age_add[..], &nonce, &ticket, &no_extensions].concat();
    [&[4, 0, 0, body.len() as u8][..], &body].concat()
}

/// Records the server's traffic secret, from which key updates derive the next one.
#[derive(Debug, Default)]
pub(super) struct TrafficSecret(Mutex<Vec<u8>>);

/// The label of that secret in rustls' key log.
const SERVER_SECRET: &str = "SERVER_TRAFFIC_SECRET_0";

impl KeyLog for TrafficSecret {
    fn log(&self, label: &str, _: &[u8], secret: &[u8]) {
        if label == SERVER_SECRET {
            *self.0.lock().unwrap_or_else(PoisonError::into_inner) = secret.to_vec();
        }
    }

    fn will_log(&self, label: &str) -> bool {
        label == SERVER_SECRET
    }
}

/// Encrypts the records that a server sends after its handshake.
pub(super) struct RecordSealer {
    version: ProtocolVersion,
    algorithm: &'static aead::Algorithm,
    key: LessSafeKey,
    iv: [u8; aead::NONCE_LEN],
    sequence: u64,
    /// Empty with TLS 1.2.
    secret: Vec<u8>,
}

impl RecordSealer {
    /// Continues with the state in which rustls stopped.
    pub(super) fn take_over(connection: ServerConnection, secret: &TrafficSecret) -> io::Result<RecordSealer> {
        let version = connection.protocol_version().ok_or_else(|| io::Error::other("no handshake was made"))?;
        let (sequence, secrets) = connection.dangerous_extract_secrets().map_err(io::Error::other)?.tx;
        let (algorithm, key, iv) = match &secrets {
            ConnectionTrafficSecrets::Aes128Gcm { key, iv } => (&aead::AES_128_GCM, key, iv),
            ConnectionTrafficSecrets::Aes256Gcm { key, iv } => (&aead::AES_256_GCM, key, iv),
            ConnectionTrafficSecrets::Chacha20Poly1305 { key, iv } => (&aead::CHACHA20_POLY1305, key, iv),
            _ => return Err(io::Error::other("an unknown cipher")),
        };
        let secret = secret.0.lock().unwrap_or_else(PoisonError::into_inner).clone();
        let iv = iv.as_ref().try_into().map_err(io::Error::other)?;
        Ok(RecordSealer { version, algorithm, key: key_of(algorithm, key.as_ref())?, iv, sequence, secret })
    }

    /// Appends the record to `output`.
    pub(super) fn seal(&mut self, record: &TlsRecord, output: &mut Vec<u8>) -> io::Result<()> {
        let (content_type, content) = record.content();
        match self.version {
            ProtocolVersion::TLSv1_3 => self.seal_1_3(content_type, content, output)?,
            _ => self.seal_1_2(content_type, content, output)?,
        }
        if let TlsRecord::KeyUpdate { .. } = record {
            self.update_key()?;
        }
        Ok(())
    }

    /// RFC 8446 section 5.2.
    fn seal_1_3(&mut self, content_type: u8, mut content: Vec<u8>, output: &mut Vec<u8>) -> io::Result<()> {
        content.push(content_type);
        let [high, low] = length_of(content.len() + self.algorithm.tag_len())?;
        let header = [APPLICATION_DATA, 3, 3, high, low];
        let nonce = Nonce::assume_unique_for_key(self.next_nonce());
        self.key.seal_in_place_append_tag(nonce, Aad::from(header), &mut content).map_err(refused)?;
        output.extend_from_slice(&header);
        output.extend_from_slice(&content);
        Ok(())
    }

    /// RFC 5246 section 6.2.3.3, with the nonces of RFC 5288 and RFC 7905.
    fn seal_1_2(&mut self, content_type: u8, mut content: Vec<u8>, output: &mut Vec<u8>) -> io::Result<()> {
        let [high, low] = length_of(content.len())?;
        let mut additional = self.sequence.to_be_bytes().to_vec();
        additional.extend_from_slice(&[content_type, 3, 3, high, low]);
        let nonce = self.next_nonce();
        let explicit_nonce = if self.algorithm == &aead::CHACHA20_POLY1305 { &[] } else { &nonce[4..] };
        let sealing_nonce = Nonce::assume_unique_for_key(nonce);
        self.key.seal_in_place_append_tag(sealing_nonce, Aad::from(additional), &mut content).map_err(refused)?;
        let [high, low] = length_of(explicit_nonce.len() + content.len())?;
        output.extend_from_slice(&[content_type, 3, 3, high, low]);
        output.extend_from_slice(explicit_nonce);
        output.extend_from_slice(&content);
        Ok(())
    }

    /// RFC 8446 section 5.3.
    fn next_nonce(&mut self) -> [u8; aead::NONCE_LEN] {
        let mut nonce = self.iv;
        for (byte, number) in nonce[4..].iter_mut().zip(self.sequence.to_be_bytes()) {
            *byte ^= number;
        }
        self.sequence += 1;
        nonce
    }

    /// RFC 8446 section 7.2.
    fn update_key(&mut self) -> io::Result<()> {
        self.secret = self.expand("traffic upd", self.secret.len())?;
        self.key = key_of(self.algorithm, &self.expand("key", self.algorithm.key_len())?)?;
        self.iv = self.expand("iv", aead::NONCE_LEN)?.try_into().map_err(|_| io::Error::other("an IV's length"))?;
        self.sequence = 0;
        Ok(())
    }

    /// HKDF-Expand-Label of the secret with no context (RFC 8446 section 7.1). The secret is as long as the hash.
    fn expand(&self, label: &str, length: usize) -> io::Result<Vec<u8>> {
        let hash = match self.secret.len() {
            32 => hkdf::HKDF_SHA256,
            48 => hkdf::HKDF_SHA384,
            _ => return Err(io::Error::other("only TLS 1.3 has key updates")),
        };
        let label = format!("tls13 {label}");
        let info = [&length_of(length)?[..], &[label.len() as u8], label.as_bytes(), &[0]];
        let mut output = vec![0; length];
        hkdf::Prk::new_less_safe(hash, &self.secret)
            .expand(&info, OutputLength(length))
            .and_then(|expanded| expanded.fill(&mut output))
            .map_err(refused)?;
        Ok(output)
    }
}

fn key_of(algorithm: &'static aead::Algorithm, bytes: &[u8]) -> io::Result<LessSafeKey> {
    Ok(LessSafeKey::new(UnboundKey::new(algorithm, bytes).map_err(refused)?))
}

fn refused(_: Unspecified) -> io::Error {
    io::Error::other("ring takes no such key or length")
}

fn length_of(length: usize) -> io::Result<[u8; 2]> {
    Ok(u16::try_from(length).map_err(io::Error::other)?.to_be_bytes())
}

struct OutputLength(usize);

impl hkdf::KeyType for OutputLength {
    fn len(&self) -> usize {
        self.0
    }
}
