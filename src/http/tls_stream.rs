//! TLS over a stream that never blocks.

use std::io::{self, Read, Write};
use std::sync::Arc;

use rustls::pki_types::ServerName;
use rustls::{ClientConfig, ClientConnection};

use super::channel::{Received, Sent, Source};
use super::error::Error;
use super::stream::{Interest, Stream};
use super::tls::failure_of;
use crate::buffer::{self, give_back, grow};

const SMALL: usize = 16 * 1024;
/// What a record carries at most (RFC 8446 section 5.1).
const MAX_PLAINTEXT: usize = 16 * 1024;

/// What is received at once of a large body: as much as gathers in the socket. Each `recv` is answered with an
/// acknowledgement, so that less at once costs more; twice as much costs the same, and ten have to fit into a phone.
const LARGE_INPUT: usize = 256 * 1024;

/// What is sent at once, in whole records. rustls allocates each, and twice as many are so much free memory afterwards that
/// glibc gives it back to the system, to fetch it again for the next send.
pub(super) fn large_output() -> usize {
    buffer::size(15 * MAX_PLAINTEXT, 7 * MAX_PLAINTEXT)
}

/// A TLS session.
#[derive(Debug)]
pub(super) struct TlsStream {
    stream: Stream,
    session: ClientConnection,
    /// Received and not yet given to the session. rustls itself asks for 4 KiB at a time, which is four times the calls.
    incoming: Vec<u8>,
    start: usize,
    end: usize,
    incoming_size: usize,
    /// A send failed. What it was to send is not sent again, but what was received before can still be read.
    write_failed: bool,
    /// What is wrong with a record. The bytes of those in front of it are handed out first, and nothing behind it.
    failure: Option<rustls::Error>,
}

impl TlsStream {
    /// Does the handshake.
    pub(super) fn connect(
        stream: Stream,
        config: Arc<ClientConfig>,
        name: ServerName<'static>,
    ) -> Result<TlsStream, Error> {
        let mut session = ClientConnection::new(config, name).map_err(|error| failure_of(&error))?;
        // What may be buffered is bounded by what one send is given.
        session.set_buffer_limit(None);
        let mut tls = TlsStream {
            stream,
            session,
            incoming: Vec::new(),
            start: 0,
            end: 0,
            incoming_size: SMALL,
            write_failed: false,
            failure: None,
        };
        while tls.session.is_handshaking() || tls.session.wants_write() {
            if tls.flush()? {
                tls.stream.wait(Interest::Writable, None)?;
            } else if tls.session.is_handshaking() {
                tls.advance_handshake()?;
            }
        }
        Ok(tls)
    }

    fn advance_handshake(&mut self) -> Result<(), Error> {
        match self.fill() {
            Ok(0) => Err(Error::closed("the server closed the connection during the TLS handshake")),
            Ok(_) => self.process().map_err(|error| failure_of(&error)),
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.stream.wait(Interest::Readable, None).map(drop)
            }
            Err(error) => Err(Error::connection(&error)),
        }
    }

    pub(super) fn receive(&mut self, space: &mut [u8], source: Source) -> Result<Received, Error> {
        let mut filled = 0;
        loop {
            match self.session.reader().read(&mut space[filled..]) {
                Ok(received @ 1..) => {
                    filled += received;
                    if space.len() - filled < MAX_PLAINTEXT {
                        return Ok(Received::Bytes(filled));
                    }
                }
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                // An end is told after the bytes in front of it.
                _ if filled > 0 => return Ok(Received::Bytes(filled)),
                Ok(_) => return Ok(Received::End { clean: true }),
                Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => {
                    return Ok(Received::End { clean: false });
                }
                Err(error) => return Err(Error::connection(&error)),
            }
            if self.start == self.end {
                if filled > 0 {
                    return Ok(Received::Bytes(filled));
                }
                if let Some(error) = &self.failure {
                    return Err(failure_of(error));
                }
                if source == Source::Channel {
                    return Ok(Received::Nothing);
                }
                match self.fill() {
                    // The session learns of the end the way it learns of bytes.
                    Ok(0) => self.session.read_tls(&mut io::empty()).map(drop),
                    Ok(_) => Ok(()),
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(Received::Nothing),
                    Err(error) => Err(error),
                }
                .map_err(|error| Error::connection(&error))?;
            }
            if let Err(error) = self.process() {
                self.failure = Some(error);
                self.start = self.end;
            }
        }
    }

    /// Encrypts `bytes` and sends as much as the kernel takes, many records a call. Nothing new is taken while records of
    /// an earlier call wait.
    pub(super) fn send(&mut self, bytes: &[u8]) -> Result<Sent, Error> {
        let mut taken = 0;
        if !self.session.wants_write() && !bytes.is_empty() {
            taken = self.session.writer().write(bytes).map_err(|error| Error::connection(&error))?;
        }
        let blocked = self.flush()?;
        Ok(Sent { taken, blocked })
    }

    pub(super) fn has_pending(&self) -> bool {
        self.session.wants_write()
    }

    /// A session ticket or a key update may come at any time and is no reason to give a connection up.
    pub(super) fn is_quiet(&mut self) -> bool {
        let mut byte = [0];
        let quiet =
            matches!(self.receive(&mut byte, Source::Socket), Ok(Received::Nothing)) && !self.session.wants_write();
        self.shrink();
        quiet
    }

    /// Gives back the memory that an idle connection does not need.
    pub(super) fn shrink(&mut self) {
        if self.start == self.end {
            give_back(std::mem::take(&mut self.incoming));
            (self.start, self.end, self.incoming_size) = (0, 0, SMALL);
        }
    }

    pub(super) fn stream(&self) -> &Stream {
        &self.stream
    }

    pub(super) fn stream_mut(&mut self) -> &mut Stream {
        &mut self.stream
    }

    /// Receives once; the buffer is empty before.
    fn fill(&mut self) -> io::Result<usize> {
        grow(&mut self.incoming, self.incoming_size);
        let received = self.stream.read(&mut self.incoming)?;
        if received == self.incoming.len() && !self.session.is_handshaking() {
            self.incoming_size = (self.incoming_size * 2).min(LARGE_INPUT);
        }
        (self.start, self.end) = (0, received);
        Ok(received)
    }

    /// Gives the session what was received, until it has something for the reader.
    fn process(&mut self) -> Result<(), rustls::Error> {
        while self.start < self.end {
            let mut rest = &self.incoming[self.start..self.end];
            // A slice cannot fail; the session does where a message is larger than it takes.
            let used = self.session.read_tls(&mut rest).map_err(|error| rustls::Error::General(error.to_string()))?;
            self.start += used;
            let state = match self.session.process_new_packets() {
                Ok(state) => state,
                Err(error) => {
                    // The alert that tells the peer why; it is lost when it cannot leave at once.
                    let _ = self.flush();
                    return Err(error);
                }
            };
            if used == 0 || state.peer_has_closed() {
                self.start = self.end;
            }
            if state.plaintext_bytes_to_read() > 0 {
                break;
            }
        }
        // An answer of the session itself, to a key update for one. What does not leave now goes with the next send, which
        // is also told of a failure; what was received is good whatever becomes of it.
        let _ = self.flush();
        Ok(())
    }

    /// Sends the pending records; `true` when some have to wait.
    fn flush(&mut self) -> Result<bool, Error> {
        while self.session.wants_write() {
            if self.write_failed {
                return Err(Error::closed("the connection had failed before"));
            }
            match self.session.write_tls(&mut self.stream) {
                Ok(_) => {}
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => return Ok(true),
                Err(error) => {
                    self.write_failed = true;
                    return Err(Error::connection(&error));
                }
            }
        }
        Ok(false)
    }
}
