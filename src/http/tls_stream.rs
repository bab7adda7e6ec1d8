//! TLS over a stream that never blocks.
//!
//! With rustls' unbuffered interface, because its session decrypts records where they were received, and all that is to be
//! sent is in one buffer.

use std::fmt;
use std::io::{self, Read, Write};
use std::sync::Arc;

use rustls::client::UnbufferedClientConnection;
use rustls::pki_types::ServerName;
use rustls::unbuffered::{
    ConnectionState, EncodeError, EncodeTlsData, EncryptError, InsufficientSizeError, UnbufferedStatus, WriteTraffic,
};
use rustls::{ClientConfig, InvalidMessage};

use super::channel::{Received, Sent, Source};
use super::error::Error;
use super::stream::{Interest, Stream};
use super::tls::failure_of;
use crate::buffer::{self, Buffer, give_back, grow};

/// Has room for the largest record (RFC 8446 section 5.2, RFC 5246 section 6.2.3).
const SMALL: usize = 20 * 1024;
/// What a record carries at most (RFC 8446 section 5.1).
const MAX_PLAINTEXT: usize = 16 * 1024;
/// What is received at once of a large body, unless the socket gathers more of it. Each `recv` is answered with an
/// acknowledgement, so that less at once costs more; twice as much is worth its page faults for a very large body only. What
/// a peer says in one piece, a chain of certificates at most, takes a quarter of it.
const LARGE_INPUT: usize = 256 * 1024;

/// What is sent at once, in whole records.
pub(super) fn large_output() -> usize {
    buffer::size(31 * MAX_PLAINTEXT, 21 * MAX_PLAINTEXT)
}

/// A TLS session.
pub(super) struct TlsStream {
    stream: Stream,
    session: UnbufferedClientConnection,
    input: Input,
    output: Output,
    /// Decrypted and not yet handed out: of a record, what did not fit into the space that it was received for.
    plaintext: Vec<u8>,
    handshake_done: bool,
    /// The peer sends no more, as it said.
    peer_closed: bool,
    /// A send failed. What it was to send is not sent again, but what was received before can still be read.
    write_failed: bool,
    /// What is wrong with a record. The bytes of those in front of it are handed out first, and nothing behind it.
    failure: Option<rustls::Error>,
}

impl fmt::Debug for TlsStream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("TlsStream").field("stream", &self.stream).finish_non_exhaustive()
    }
}

impl Drop for TlsStream {
    fn drop(&mut self) {
        // An idle one may end on a thread of the host's, which has no use for a buffer and never releases any.
        if self.stream.context.is_some() {
            give_back(std::mem::take(&mut self.input.bytes));
            give_back(std::mem::take(&mut self.output.bytes));
        }
    }
}

/// Records that were received. Of those that the session has not used, the last may be in part.
#[derive(Debug)]
struct Input {
    bytes: Buffer,
    start: usize,
    end: usize,
    /// The size that `bytes` gets.
    size: usize,
}

/// Records that are to be sent.
#[derive(Debug, Default)]
struct Output {
    bytes: Buffer,
    start: usize,
    end: usize,
}

/// What one step of the session came to.
#[derive(Debug)]
enum Step {
    /// So many bytes of plaintext were handed out. Those that did not fit are kept.
    Plaintext(usize),
    /// The plaintext to be sent is in the output.
    Encrypted,
    /// The session itself had to say or to note something.
    Handled,
    /// There is nothing to be done without more input, or more plaintext to be sent.
    Idle,
}

impl TlsStream {
    /// Does the handshake.
    pub(super) fn connect(
        stream: Stream,
        config: Arc<ClientConfig>,
        name: ServerName<'static>,
    ) -> Result<TlsStream, Error> {
        let session = UnbufferedClientConnection::new(config, name).map_err(|error| failure_of(&error))?;
        let mut tls = TlsStream {
            stream,
            session,
            input: Input { bytes: Buffer::default(), start: 0, end: 0, size: SMALL },
            output: Output::default(),
            plaintext: Vec::new(),
            handshake_done: false,
            peer_closed: false,
            write_failed: false,
            failure: None,
        };
        loop {
            match tls.step(&mut [], &[]) {
                Ok(Step::Idle) => {
                    while tls.flush()? {
                        tls.stream.wait(Interest::Writable, None)?;
                    }
                    if tls.handshake_done {
                        return Ok(tls);
                    }
                    tls.receive_handshake()?;
                }
                Ok(Step::Handled | Step::Plaintext(_) | Step::Encrypted) => {}
                Err(error) => {
                    tls.fail(error.clone());
                    return Err(failure_of(&error));
                }
            }
        }
    }

    fn receive_handshake(&mut self) -> Result<(), Error> {
        let closed = || Err(Error::closed("the server closed the connection during the TLS handshake"));
        if self.peer_closed {
            return closed();
        }
        match self.fill()? {
            Some(0) => closed(),
            Some(_) => Ok(()),
            None => self.stream.wait(Interest::Readable, None).map(drop),
        }
    }

    pub(super) fn receive(&mut self, space: &mut [u8], source: Source) -> Result<Received, Error> {
        let mut filled = self.plaintext.len().min(space.len());
        space[..filled].copy_from_slice(&self.plaintext[..filled]);
        self.plaintext.drain(..filled);
        loop {
            // A record is taken where all of it fits.
            if filled > 0 && space.len() - filled < MAX_PLAINTEXT {
                return Ok(Received::Bytes(filled));
            }
            if self.failure.is_none() && !self.peer_closed {
                match self.step(&mut space[filled..], &[]) {
                    Ok(Step::Plaintext(amount)) => {
                        filled += amount;
                        continue;
                    }
                    Ok(Step::Handled | Step::Encrypted) => continue,
                    Ok(Step::Idle) => {}
                    Err(error) => self.fail(error),
                }
            }
            // An end is told after the bytes in front of it.
            if filled > 0 {
                return Ok(Received::Bytes(filled));
            }
            if let Some(error) = &self.failure {
                return Err(failure_of(error));
            }
            if self.peer_closed {
                return Ok(Received::End { clean: true });
            }
            // What the session itself had to say, that it does not renegotiate for one. What does not leave now goes with the
            // next send, which is also told of a failure; what was received is good whatever becomes of it.
            let _ = self.flush();
            if source == Source::Channel {
                return Ok(Received::Nothing);
            }
            match self.fill()? {
                Some(0) => return Ok(Received::End { clean: false }),
                Some(_) => {}
                None => return Ok(Received::Nothing),
            }
        }
    }

    /// Encrypts all of `bytes`, or, while records of an earlier call wait, takes nothing and sends as much of those as the
    /// kernel takes. Each is fast, so that the caller can look at the stop signal in between.
    pub(super) fn send(&mut self, bytes: &[u8]) -> Result<Sent, Error> {
        // Otherwise records that wait for a peer which reads no more would hide what is wrong until the deadline.
        if let Some(error) = &self.failure {
            return Err(failure_of(error));
        }
        if self.pending() == 0 && !bytes.is_empty() {
            self.encrypt(bytes)?;
            return Ok(Sent { taken: bytes.len(), blocked: false });
        }
        Ok(Sent { taken: 0, blocked: self.flush()? })
    }

    fn encrypt(&mut self, bytes: &[u8]) -> Result<(), Error> {
        loop {
            match self.step(&mut [], bytes) {
                Ok(Step::Encrypted) => return Ok(()),
                Ok(Step::Handled | Step::Plaintext(_)) => {}
                Ok(Step::Idle) => return Err(Error::internal("a TLS session took nothing to send")),
                Err(error) => {
                    self.fail(error.clone());
                    return Err(failure_of(&error));
                }
            }
        }
    }

    /// How many bytes of records wait for the kernel.
    pub(super) fn pending(&self) -> usize {
        self.output.end - self.output.start
    }

    /// A session ticket or a key update may come at any time and is no reason to give a connection up; half of one would
    /// have to be kept.
    pub(super) fn is_quiet(&mut self) -> bool {
        let mut byte = [0];
        let quiet = matches!(self.receive(&mut byte, Source::Socket), Ok(Received::Nothing))
            && self.pending() == 0
            && self.input.start == self.input.end;
        self.shrink();
        quiet
    }

    /// Gives back the memory that an idle connection does not need.
    pub(super) fn shrink(&mut self) {
        let Input { bytes, start, end, size } = &mut self.input;
        let rest = bytes[*start..*end].to_vec();
        (*start, *end, *size) = (0, rest.len(), SMALL);
        give_back(std::mem::replace(bytes, Buffer::Small(rest)));
        if self.pending() == 0 {
            give_back(std::mem::take(&mut self.output.bytes));
        }
        if self.plaintext.is_empty() {
            self.plaintext = Vec::new();
        }
    }

    pub(super) fn stream(&self) -> &Stream {
        &self.stream
    }

    pub(super) fn stream_mut(&mut self) -> &mut Stream {
        &mut self.stream
    }

    /// Receives once, behind what is there of a record; `None` where there is nothing yet.
    fn fill(&mut self) -> Result<Option<usize>, Error> {
        let largest = LARGE_INPUT.max(self.stream.low_water_mark() as usize);
        let Input { bytes, start, end, size } = &mut self.input;
        bytes.copy_within(*start..*end, 0);
        (*start, *end) = (0, *end - *start);
        if *end == bytes.len() {
            *size = (*size).max((2 * *end).min(LARGE_INPUT));
        }
        grow(bytes, *size);
        if *end == bytes.len() {
            let error = rustls::Error::InvalidMessage(InvalidMessage::HandshakePayloadTooLarge);
            self.fail(error.clone());
            return Err(failure_of(&error));
        }
        match self.stream.read(&mut bytes[*end..]) {
            Ok(received) => {
                *end += received;
                if *end == bytes.len() && self.handshake_done {
                    *size = (*size).max((4 * *size).min(largest));
                }
                Ok(Some(received))
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(Error::connection(&error)),
        }
    }

    /// Lets the session do one thing: with the input, with something of its own to be sent, or with `bytes`.
    fn step(&mut self, space: &mut [u8], bytes: &[u8]) -> Result<Step, rustls::Error> {
        let records = &mut self.input.bytes[self.input.start..self.input.end];
        let UnbufferedStatus { mut discard, state } = self.session.process_tls_records(records);
        let step = match state? {
            ConnectionState::ReadTraffic(mut traffic) => {
                let mut filled = 0;
                while let Some(record) = traffic.next_record() {
                    let record = record?;
                    discard += record.discard;
                    let (fitting, rest) = record.payload.split_at(record.payload.len().min(space.len() - filled));
                    space[filled..filled + fitting.len()].copy_from_slice(fitting);
                    filled += fitting.len();
                    self.plaintext.extend_from_slice(rest);
                }
                Step::Plaintext(filled)
            }
            ConnectionState::EncodeTlsData(mut data) => {
                self.output.encode(&mut data)?;
                Step::Handled
            }
            ConnectionState::TransmitTlsData(data) => {
                // It is in the output, from where it leaves in order.
                data.done();
                Step::Handled
            }
            ConnectionState::WriteTraffic(mut traffic) => {
                self.handshake_done = true;
                if bytes.is_empty() {
                    Step::Idle
                } else {
                    self.output.encrypt(&mut traffic, bytes)?;
                    Step::Encrypted
                }
            }
            ConnectionState::PeerClosed => {
                self.peer_closed = true;
                Step::Handled
            }
            ConnectionState::BlockedHandshake | ConnectionState::Closed => Step::Idle,
            state => return Err(rustls::Error::General(format!("unexpected: {state:?}"))),
        };
        self.input.start += discard;
        Ok(step)
    }

    /// Keeps what is wrong, and tells the peer why, which is lost when it cannot leave at once.
    fn fail(&mut self, error: rustls::Error) {
        self.failure = Some(error);
        while self.session.wants_write() {
            if self.step(&mut [], &[]).is_err() {
                break;
            }
        }
        self.input.start = self.input.end;
        let _ = self.flush();
    }

    /// Sends the pending records; `true` when some have to wait.
    fn flush(&mut self) -> Result<bool, Error> {
        while self.pending() > 0 {
            if self.write_failed {
                return Err(Error::closed("the connection had failed before"));
            }
            match self.stream.write(&self.output.bytes[self.output.start..self.output.end]) {
                Ok(sent) => self.output.start += sent,
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(true),
                Err(error) => {
                    self.write_failed = true;
                    return Err(Error::connection(&error));
                }
            }
        }
        (self.output.start, self.output.end) = (0, 0);
        Ok(false)
    }
}

impl Output {
    /// Appends what the session has to say.
    fn encode<Data>(&mut self, data: &mut EncodeTlsData<'_, Data>) -> Result<(), rustls::Error> {
        let mut result = data.encode(&mut self.bytes[self.end..]);
        if let Err(EncodeError::InsufficientSize(InsufficientSizeError { required_size })) = result {
            self.make_room(required_size);
            result = data.encode(&mut self.bytes[self.end..]);
        }
        self.end += result.map_err(|error| rustls::Error::General(error.to_string()))?;
        Ok(())
    }

    /// Appends `bytes` in records.
    fn encrypt<Data>(&mut self, traffic: &mut WriteTraffic<'_, Data>, bytes: &[u8]) -> Result<(), rustls::Error> {
        let mut result = traffic.encrypt(bytes, &mut self.bytes[self.end..]);
        if let Err(EncryptError::InsufficientSize(InsufficientSizeError { required_size })) = result {
            self.make_room(required_size);
            result = traffic.encrypt(bytes, &mut self.bytes[self.end..]);
        }
        self.end += result.map_err(|error| rustls::Error::General(error.to_string()))?;
        Ok(())
    }

    /// In whole steps, so that a buffer of another connection is used again.
    fn make_room(&mut self, size: usize) {
        grow(&mut self.bytes, (self.end + size).next_multiple_of(MAX_PLAINTEXT));
    }
}
