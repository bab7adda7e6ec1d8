//! Follows one connection's script.

use std::io;
use std::net::TcpStream;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustls::ServerConfig;

use super::flood::{BLOCK, Content, Flood};
use super::journal::{Event, Journal};
use super::script::{Script, Step};
use super::wire::Wire;

/// How often a stalled or blocked connection checks whether the server is being dropped.
const STALL_SLICE: Duration = Duration::from_millis(50);
const LONGEST_HEAD: usize = 256 * 1024;

/// Runs a script to its end and closes the connection.
pub(super) fn run(
    number: usize,
    socket: Arc<TcpStream>,
    tls: Option<Arc<ServerConfig>>,
    script: Script,
    journal: &Journal,
) {
    // Every `Send` must be on the wire when its step is over.
    let _ = socket.set_nodelay(true);
    let connection = Connection { number, wire: Wire::new(socket, tls), unread: Vec::new(), body_left: 0, journal };
    if let Err(error) = connection.follow(script) {
        if is_end_of_peer(&error) && !journal.stopping() {
            journal.note(Event::PeerClosed(number));
        }
        journal.note_failure(number, error.to_string());
    }
    journal.note(Event::Finished(number));
}

/// The values of a request that the scripts use.
pub(super) struct RequestHead {
    pub(super) method: String,
    pub(super) target: String,
    /// The announced length of the body. 0 if none is announced.
    pub(super) body_length: u64,
    /// The first byte of a range without an end. `None` for any other range.
    pub(super) range_start: Option<u64>,
    pub(super) if_range: Option<String>,
}

struct Connection<'a> {
    number: usize,
    wire: Wire,
    /// Bytes read beyond what a step needed.
    unread: Vec<u8>,
    /// The announced length of the last body, minus what steps have read.
    body_left: u64,
    journal: &'a Journal,
}

impl Connection<'_> {
    fn follow(mut self, script: Script) -> io::Result<()> {
        let mut steps = script.steps.into_iter();
        let mut index = 0;
        while let Some(step) = steps.next() {
            self.journal.note(Event::StepReached(self.number, index));
            index += 1;
            if needs_handshake(&step) && self.wire.shake_hands()? {
                self.journal.note(Event::HandshakeDone(self.number));
            }
            match step {
                Step::ReadHead => {
                    self.read_head()?;
                }
                Step::ReadBody(bytes) => self.read_body(bytes)?,
                Step::ReadWholeBody => self.read_body(self.body_left)?,
                Step::ReadAll => self.read_all()?,
                Step::Send(bytes) => self.wire.write_all(&bytes)?,
                Step::SendSlowly { bytes, each_byte } => {
                    for byte in bytes {
                        self.wire.write_all(&[byte])?;
                        self.pause(each_byte)?;
                    }
                }
                // A byte that starts neither an HTTP version nor a TLS record.
                Step::Garbage(length) => self.wire.write_all(&vec![0xfe; length])?,
                Step::SendRecords(records) => {
                    let mut bytes = Vec::new();
                    self.wire.seal(&records, &mut bytes)?;
                    self.wire.write_all(&bytes)?;
                }
                Step::Flood(flood) => self.flood(&flood)?,
                Step::Delay(duration) => self.pause(duration)?,
                Step::AwaitSignal => {
                    if !self.journal.await_signal(self.number) {
                        return Err(dropped());
                    }
                }
                Step::Stall | Step::StallBeforeHandshake => self.stall()?,
                Step::Close => return self.close(true),
                Step::CloseWithoutNotify => return self.close(false),
                Step::Reset => return self.wire.reset(),
                Step::ResetDuringHandshake => {
                    self.read_once()?;
                    return self.wire.reset();
                }
                Step::CloseDuringHandshake => {
                    self.read_once()?;
                    return self.close(false);
                }
                Step::ChooseTls11 => {
                    self.read_once()?;
                    self.wire.write_all(&tls_1_1_server_hello())?;
                    self.read_all()?;
                }
                Step::PlainOnTlsPort => self.wire.become_plain(),
                Step::Choose(script_for) => {
                    let chosen = script_for(&self.read_head()?.target).steps;
                    steps = chosen.into_iter().chain(steps).collect::<Vec<_>>().into_iter();
                }
                Step::ByTarget(targets) => {
                    let chosen = targets.script(&self.read_head()?).steps;
                    steps = chosen.into_iter().chain(steps).collect::<Vec<_>>().into_iter();
                }
            }
        }
        self.close(true)
    }

    fn read_head(&mut self) -> io::Result<RequestHead> {
        let end = loop {
            if let Some(end) = self.unread.windows(4).position(|window| window == b"\r\n\r\n") {
                break end + 4;
            }
            if self.unread.len() > LONGEST_HEAD {
                return Err(io::Error::other("the request's head is too long"));
            }
            self.read_once()?;
        };
        let head: Vec<u8> = self.unread.drain(..end).collect();
        let head = parse_head(&head).ok_or_else(|| io::Error::other("the request's head is malformed"))?;
        self.body_left = head.body_length;
        self.journal.note(Event::HeadRead(self.number));
        Ok(head)
    }

    fn read_body(&mut self, bytes: u64) -> io::Result<()> {
        let mut left = bytes;
        while left > 0 {
            if self.unread.is_empty() {
                self.read_once()?;
            }
            let taken = left.min(self.unread.len() as u64);
            self.unread.drain(..taken as usize);
            left -= taken;
            self.body_left = self.body_left.saturating_sub(taken);
            self.journal.note_body(self.number, taken);
        }
        Ok(())
    }

    fn read_all(&mut self) -> io::Result<()> {
        loop {
            self.journal.note_body(self.number, self.unread.len() as u64);
            self.unread.clear();
            match self.read_once() {
                Ok(()) => {}
                Err(error) if is_end_of_peer(&error) && !self.journal.stopping() => {
                    self.journal.note(Event::PeerClosed(self.number));
                    return Ok(());
                }
                Err(error) => return Err(error),
            }
        }
    }

    /// Reads once into `unread`; the peer's end is an error.
    fn read_once(&mut self) -> io::Result<()> {
        let mut buffer = [0; 64 * 1024];
        let count = self.wire.read(&mut buffer)?;
        if count == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        self.journal.note_received(self.number, &buffer[..count]);
        self.unread.extend_from_slice(&buffer[..count]);
        Ok(())
    }

    fn flood(&mut self, flood: &Flood) -> io::Result<()> {
        let end = Instant::now() + flood.duration;
        let mut written = 0;
        let mut sealed = Vec::new();
        // A client that stops reading must not prolong a flood.
        self.wire.set_write_timeout(Some(STALL_SLICE))?;
        loop {
            let mut block = match &flood.content {
                Content::Bytes(bytes) => bytes,
                Content::Records(records) => {
                    sealed.clear();
                    while sealed.len() < BLOCK {
                        self.wire.seal(records, &mut sealed)?;
                    }
                    &sealed[..]
                }
            };
            while !block.is_empty() {
                if self.journal.stopping() {
                    return Err(dropped());
                }
                if Instant::now() >= end || written >= flood.bytes {
                    return self.wire.set_write_timeout(None);
                }
                match self.wire.write(block) {
                    Ok(count) => {
                        block = &block[count..];
                        written += count as u64;
                        self.journal.note_flood(self.number, count as u64);
                    }
                    Err(error) if error.kind() == io::ErrorKind::WouldBlock => {}
                    Err(error) => return Err(error),
                }
            }
        }
    }

    fn stall(&self) -> io::Result<()> {
        while !self.wire.ends_within(STALL_SLICE)? {
            if self.journal.stopping() {
                return Err(dropped());
            }
        }
        Err(io::ErrorKind::UnexpectedEof.into())
    }

    fn pause(&self, duration: Duration) -> io::Result<()> {
        if self.journal.pause(duration) { Ok(()) } else { Err(dropped()) }
    }

    fn close(mut self, notify: bool) -> io::Result<()> {
        if notify {
            self.wire.send_close_notify()?;
        }
        self.wire.shut_down_writing()?;
        self.wire.discard_rest();
        if !self.journal.stopping() {
            self.journal.note(Event::PeerClosed(self.number));
        }
        Ok(())
    }
}

/// Whether a step needs TLS. Other steps can precede a handshake without causing it.
fn needs_handshake(step: &Step) -> bool {
    match step {
        Step::ReadHead
        | Step::ReadBody(_)
        | Step::ReadWholeBody
        | Step::ReadAll
        | Step::Send(_)
        | Step::SendSlowly { .. }
        | Step::Garbage(_)
        | Step::SendRecords(_)
        | Step::Flood(_)
        | Step::Stall
        | Step::Close
        | Step::CloseWithoutNotify
        | Step::Choose(_)
        | Step::ByTarget(_) => true,
        Step::Delay(_)
        | Step::AwaitSignal
        | Step::Reset
        | Step::StallBeforeHandshake
        | Step::ResetDuringHandshake
        | Step::CloseDuringHandshake
        | Step::ChooseTls11
        | Step::PlainOnTlsPort => false,
    }
}

fn parse_head(head: &[u8]) -> Option<RequestHead> {
    let mut headers = [httparse::EMPTY_HEADER; 256];
    let mut request = httparse::Request::new(&mut headers);
    request.parse(head).ok()?;
    let text = |name: &str| {
        let header = request.headers.iter().find(|header| header.name.eq_ignore_ascii_case(name))?;
        Some(std::str::from_utf8(header.value).ok()?.trim())
    };
    Some(RequestHead {
        method: request.method?.to_owned(),
        target: request.path?.to_owned(),
        body_length: text("content-length").and_then(|length| length.parse().ok()).unwrap_or(0),
        range_start: text("range").and_then(|range| range.strip_prefix("bytes=")?.strip_suffix('-')?.parse().ok()),
        if_range: text("if-range").map(str::to_owned),
    })
}

/// A ServerHello that chooses TLS 1.1 (RFC 4346 section 7.4.1.3) and TLS_RSA_WITH_AES_128_CBC_SHA.
fn tls_1_1_server_hello() -> Vec<u8> {
    let record_header = [0x16, 3, 2, 0, 42];
    let message_header = [2, 0, 0, 38];
    let version = [3, 2];
    let random = [0x11; 32];
    let no_session_then_cipher_then_no_compression = [0, 0, 0x2f, 0];
    [&record_header[..], &message_header, &version, &random, &no_session_then_cipher_then_no_compression].concat()
}

fn is_end_of_peer(error: &io::Error) -> bool {
    matches!(
        error.kind(),
        io::ErrorKind::UnexpectedEof
            | io::ErrorKind::ConnectionReset
            | io::ErrorKind::ConnectionAborted
            | io::ErrorKind::BrokenPipe
            // Closing a socket that was reset.
            | io::ErrorKind::NotConnected
    )
}

fn dropped() -> io::Error {
    io::Error::other("the server was dropped")
}
