//! TLS over a non-blocking stream.
//!
//! Uses rustls' unbuffered interface: it decrypts records in the buffer that they were received into, and all output is
//! collected in one buffer.

mod batch;
mod failure;
mod output;

use std::fmt;
use std::sync::Arc;

use rustls::client::UnbufferedClientConnection;
use rustls::pki_types::ServerName;
use rustls::unbuffered::{ConnectionState, UnbufferedStatus};
use rustls::{ClientConfig, InvalidMessage};

use super::channel::{Received, Sent, Source};
use super::error::Error;
use super::exchange::{Exchange, TlsTerms};
use super::stream::{Interest, Stream};
use super::tls::{CertificateAnswer, HandshakeTurn, failure_of, terms_of};
use crate::worker::sizes::{IDLE_PROBE, LARGE_TLS_INPUT, LARGE_TLS_OUTPUT, TLS_ENCRYPTED, TLS_INPUT, TLS_PLAINTEXT};
use crate::worker::{Buffer, OutOfMemory, Worker};
use batch::{Batch, Idle, missing_of_record};
use failure::{SessionFailure, StepError};
use output::Output;

/// A TLS session over a stream.
pub(super) struct TlsStream {
    stream: Stream,
    session: UnbufferedClientConnection,
    input: RecordInput,
    output: Output,
    /// Decrypted bytes that did not fit into the caller's space.
    plaintext: Vec<u8>,
    handshake_done: bool,
    /// The peer has sent close_notify.
    peer_closed: bool,
    /// A send failed. Nothing more is sent, but bytes received before can still be read.
    write_failed: bool,
    /// That failure, if it happened during a receive, until a send returns it.
    unreported_failure: Option<Error>,
    /// Records and bytes since the last plaintext.
    idle: Idle,
    /// The failure of a record. Plaintext before it is handed out first, nothing after it.
    failure: Option<SessionFailure>,
}

impl fmt::Debug for TlsStream {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("TlsStream").field("stream", &self.stream).finish_non_exhaustive()
    }
}

/// Received records. The last of those that the session has not used may be incomplete.
#[derive(Debug)]
struct RecordInput {
    bytes: Buffer,
    start: usize,
    end: usize,
    /// The size to which `bytes` grows.
    size: usize,
    /// The number of bytes of whole records that the session has seen and not used. The session remembers the position
    /// of an incomplete message in these bytes, so the next call must pass at least these bytes.
    seen: usize,
}

/// The result of one step of the session.
#[derive(Debug)]
enum SessionStep {
    /// This many bytes of plaintext were handed out. Bytes that did not fit are kept.
    Plaintext(usize),
    /// The plaintext to send was encrypted into the output.
    Encrypted,
    /// The session processed something of its own, such as a handshake message.
    Handled,
    /// The session needs more input, or more plaintext to send.
    Idle,
}

impl Default for RecordInput {
    fn default() -> RecordInput {
        RecordInput { bytes: Buffer::default(), start: 0, end: 0, size: TLS_INPUT, seen: 0 }
    }
}

impl RecordInput {
    /// Moves the unused bytes to the start of the buffer, so that all space is after them.
    fn move_to_front(&mut self) {
        self.bytes.copy_within(self.start..self.end, 0);
        (self.start, self.end) = (0, self.end - self.start);
    }

    /// The session has seen the first `given` bytes and used `discard` of them.
    fn use_up(&mut self, given: usize, discard: usize) {
        self.start += discard;
        self.seen = given.saturating_sub(discard);
    }
}

impl TlsStream {
    /// Performs the handshake.
    pub(super) fn connect(
        exchange: &Exchange,
        stream: Stream,
        config: Arc<ClientConfig>,
        name: ServerName<'static>,
    ) -> Result<TlsStream, Error> {
        let has_certificate = config.client_auth_cert_resolver.has_certs();
        let turn = has_certificate.then(|| HandshakeTurn::begin(exchange.worker(), stream.socket()));
        let session = UnbufferedClientConnection::new(config, name)
            .map_err(|error| failure_of(&error, CertificateAnswer::NotAsked))?;
        let mut tls = TlsStream {
            stream,
            session,
            input: RecordInput::default(),
            output: Output::default(),
            plaintext: Vec::new(),
            handshake_done: false,
            peer_closed: false,
            write_failed: false,
            unreported_failure: None,
            idle: Idle::default(),
            failure: None,
        };
        loop {
            let step = tls.step(exchange, &mut [], &[]);
            if let Some(turn) = &turn {
                tls.output.note(turn.answer());
            }
            match step {
                Ok(SessionStep::Idle) => {
                    while tls.flush(exchange)? {
                        tls.stream.wait(exchange, Interest::Writable, None)?;
                    }
                    if tls.handshake_done {
                        tls.idle = Idle::default();
                        return Ok(tls);
                    }
                    tls.receive_handshake(exchange)?;
                }
                Ok(SessionStep::Handled | SessionStep::Plaintext(_) | SessionStep::Encrypted) => {}
                Err(error) => return Err(tls.fail(exchange, error)),
            }
        }
    }

    fn receive_handshake(&mut self, exchange: &Exchange) -> Result<(), Error> {
        if self.peer_closed {
            return Err(self.closed_in_handshake());
        }
        match self.fill(exchange)? {
            Some(0) => Err(self.closed_in_handshake()),
            Some(_) => Ok(()),
            None => self.stream.wait(exchange, Interest::Readable, None).map(drop),
        }
    }

    fn closed_in_handshake(&self) -> Error {
        let detail = "the server closed the connection during the TLS handshake";
        Error::closed(match self.output.certificate {
            CertificateAnswer::NotAsked => detail.to_owned(),
            CertificateAnswer::NoCertificate => {
                format!("{detail}, in which it asked for a client certificate; there is none for this host")
            }
            CertificateAnswer::NoScheme => {
                format!("{detail}, in which it asked for a client certificate, but accepts none of its schemes")
            }
            CertificateAnswer::Sent => format!("{detail}, after it was sent the client certificate"),
        })
    }

    pub(super) fn receive(&mut self, exchange: &Exchange, space: &mut [u8], source: Source) -> Result<Received, Error> {
        let mut filled = self.plaintext.len().min(space.len());
        space[..filled].copy_from_slice(&self.plaintext[..filled]);
        self.plaintext.drain(..filled);
        loop {
            // Decrypt another record only if the space fits all of it.
            if filled > 0 && space.len() - filled < TLS_PLAINTEXT {
                return Ok(Received::Bytes(filled));
            }
            if self.failure.is_none() && !self.peer_closed {
                match self.step(exchange, &mut space[filled..], &[]) {
                    Ok(SessionStep::Plaintext(amount)) => {
                        filled += amount;
                        continue;
                    }
                    Ok(SessionStep::Handled | SessionStep::Encrypted) => continue,
                    Ok(SessionStep::Idle) => {}
                    Err(StepError::Stopped(reason)) => return Err(reason.into()),
                    Err(error) => drop(self.fail(exchange, error)),
                }
            }
            // Plaintext is handed out before the end or a failure is reported.
            if filled > 0 {
                return Ok(Received::Bytes(filled));
            }
            self.check()?;
            if self.peer_closed {
                return Ok(Received::End { clean: true });
            }
            // Receive before sending: if the task's rate is limited, the records of a request would use up the turn,
            // and an early answer would not be seen before all of them have left.
            let received = match source {
                Source::Channel => None,
                Source::Socket => self.fill(exchange)?,
            };
            // Send what the session itself produced, such as the refusal of a renegotiation. If it cannot be sent now,
            // the next send sends it or reports the failure. Received plaintext is valid in any case.
            if let Err(error) = self.flush(exchange) {
                self.unreported_failure.get_or_insert(error);
            }
            match received {
                Some(0) => return Ok(Received::End { clean: false }),
                Some(_) => {}
                None => return Ok(Received::Nothing),
            }
        }
    }

    /// Encrypts all of `bytes`. If there is no room, or nothing to encrypt, sends as many of the waiting records as the
    /// kernel accepts. If `more` is true, further bytes of a large body follow at once.
    pub(super) fn send(&mut self, exchange: &Exchange, bytes: &[u8], more: bool) -> Result<Sent, Error> {
        // Check first: if the peer does not read, waiting records would hide the failure until the deadline.
        self.check()?;
        if self.has_room() && !bytes.is_empty() {
            if more {
                self.output.grow(exchange.worker(), LARGE_TLS_OUTPUT + TLS_PLAINTEXT)?;
            }
            self.encrypt(exchange, bytes)?;
            return Ok(Sent { taken: bytes.len(), blocked: false });
        }
        Ok(Sent { taken: 0, blocked: self.flush(exchange)? })
    }

    fn encrypt(&mut self, exchange: &Exchange, bytes: &[u8]) -> Result<(), Error> {
        for part in bytes.chunks(TLS_ENCRYPTED) {
            exchange.worker().turn(part.len())?;
            loop {
                match self.step(exchange, &mut [], part) {
                    Ok(SessionStep::Encrypted) => break,
                    Ok(SessionStep::Handled | SessionStep::Plaintext(_)) => {}
                    Ok(SessionStep::Idle) => return Err(Error::internal("the TLS session accepted no data to send")),
                    Err(error) => return Err(self.fail(exchange, error)),
                }
            }
        }
        Ok(())
    }

    /// The number of received bytes that are not decrypted.
    pub(super) fn received(&self) -> usize {
        self.input.end - self.input.start
    }

    /// The number of bytes that must arrive before there can be plaintext: a record is useless until it is complete.
    pub(super) fn missing(&self) -> usize {
        missing_of_record(&self.input.bytes[self.input.start + self.input.seen..self.input.end]).max(1)
    }

    /// Whether further records should be added to those that wait. Once the kernel has accepted some of these, the others
    /// are sent first.
    pub(super) fn has_room(&self) -> bool {
        self.output.start == 0 && self.output.end < LARGE_TLS_OUTPUT
    }

    /// The number of bytes of records that wait for the kernel.
    pub(super) fn pending(&self) -> usize {
        self.output.end - self.output.start
    }

    /// Whether an idle connection can take another request. A session ticket or a key update may arrive at any time and
    /// does no harm. Only one read is examined: the connection is rejected if this read fills the buffer or leaves an
    /// incomplete record. An incomplete record from the handshake is accepted if nothing more has arrived.
    pub(super) fn is_quiet(&mut self, exchange: &Exchange) -> bool {
        if self.is_used_up() {
            // A buffer of the thread, because zeroing a new one costs as much as a small request.
            let Ok(probe) = exchange.worker().take_buffer(IDLE_PROBE) else { return false };
            self.input = RecordInput { bytes: probe, ..RecordInput::default() };
        }
        self.input.move_to_front();
        let RecordInput { bytes, end, .. } = &mut self.input;
        let space = &mut bytes[*end..];
        let quiet = match self.stream.read_at_once(exchange, space) {
            Ok(None) => self.failure.is_none() && !self.peer_closed,
            Ok(Some(received)) if received > 0 && received < space.len() => {
                *end += received;
                let received = self.receive(exchange, &mut [0], Source::Channel);
                matches!(received, Ok(Received::Nothing)) && self.is_used_up()
            }
            _ => false,
        };
        self.shrink(exchange.worker());
        quiet && self.pending() == 0
    }

    /// Whether the session has used all received bytes.
    fn is_used_up(&self) -> bool {
        self.input.start == self.input.end
    }

    /// Releases the memory that an idle connection does not need.
    pub(super) fn shrink(&mut self, worker: &Worker) {
        // After the handshake, the beginning of a session ticket may be there.
        if self.is_used_up() {
            worker.give_back(std::mem::take(&mut self.input).bytes);
        }
        if self.pending() == 0 {
            worker.give_back(std::mem::take(&mut self.output.bytes));
        }
        if self.plaintext.is_empty() {
            self.plaintext = Vec::new();
        }
    }

    /// Whether all received bytes were decrypted and handed out.
    pub(super) fn is_drained(&self) -> bool {
        self.plaintext.is_empty() && self.is_used_up()
    }

    /// The result of the handshake.
    pub(super) fn terms(&self) -> TlsTerms {
        terms_of(self.session.negotiated_cipher_suite(), self.session.handshake_kind())
    }

    pub(super) fn stream(&self) -> &Stream {
        &self.stream
    }

    pub(super) fn stream_mut(&mut self) -> &mut Stream {
        &mut self.stream
    }

    /// Receives once, after the incomplete record in the buffer. `None` if there is no input yet.
    fn fill(&mut self, exchange: &Exchange) -> Result<Option<usize>, Error> {
        let largest = LARGE_TLS_INPUT.max(self.stream.low_water_mark() as usize);
        self.input.move_to_front();
        let RecordInput { bytes, end, size, .. } = &mut self.input;
        if *end == bytes.len() {
            *size = (*size).max((2 * *end).min(LARGE_TLS_INPUT));
        }
        exchange.worker().grow(bytes, *size)?;
        if *end == bytes.len() {
            let error = rustls::Error::InvalidMessage(InvalidMessage::HandshakePayloadTooLarge).into();
            return Err(self.fail(exchange, error));
        }
        match self.stream.read(exchange, &mut bytes[*end..])? {
            Some(received) => {
                *end += received;
                if *end == bytes.len() && self.handshake_done {
                    *size = (*size).max((4 * *size).min(largest));
                }
                Ok(Some(received))
            }
            None => Ok(None),
        }
    }

    /// Performs one step of the session: processes input, produces its own output, or encrypts `bytes`.
    fn step(&mut self, exchange: &Exchange, space: &mut [u8], bytes: &[u8]) -> Result<SessionStep, StepError> {
        let before = self.input.start;
        loop {
            let batch = self.batch();
            let is_all = batch.bytes == self.input.end - self.input.start;
            match self.step_with(&batch, exchange, space, bytes)? {
                SessionStep::Idle if self.input.start > before => return Ok(SessionStep::Handled),
                // A message that spans more records than a batch has. The next batch contains these records again.
                SessionStep::Idle if !is_all => {}
                step => return Ok(step),
            }
        }
    }

    /// The bytes that the session has seen, followed by a batch of further records. The seen bytes must not be parsed
    /// as records again: the session joins the parts of a message in place, overwriting the headers between them.
    fn batch(&self) -> Batch {
        let mut batch = Batch::first_of(&self.input.bytes[self.input.start + self.input.seen..self.input.end]);
        batch.bytes += self.input.seen;
        batch
    }

    fn step_with(
        &mut self,
        batch: &Batch,
        exchange: &Exchange,
        space: &mut [u8],
        bytes: &[u8],
    ) -> Result<SessionStep, StepError> {
        exchange.worker().turns(batch.records.max(1), batch.bytes)?;
        // The session does not remember an incomplete record.
        let whole = if batch.records > 0 { batch.bytes } else { self.input.seen };
        let records = &mut self.input.bytes[self.input.start..self.input.start + batch.bytes];
        let UnbufferedStatus { mut discard, state } = self.session.process_tls_records(records);
        let mut has_plaintext = false;
        // Bytes that were used are not passed again, also after a failure.
        let step: Result<SessionStep, StepError> = (|| match state? {
            ConnectionState::ReadTraffic(mut traffic) => {
                let mut filled = 0;
                let kept = self.plaintext.len();
                while let Some(record) = traffic.next_record() {
                    let record = record?;
                    discard += record.discard;
                    let (fitting, rest) = record.payload.split_at(record.payload.len().min(space.len() - filled));
                    space[filled..filled + fitting.len()].copy_from_slice(fitting);
                    filled += fitting.len();
                    self.plaintext.try_reserve(rest.len()).map_err(|_| OutOfMemory)?;
                    self.plaintext.extend_from_slice(rest);
                }
                if filled > 0 || self.plaintext.len() > kept {
                    self.idle = Idle::default();
                    has_plaintext = true;
                }
                Ok(SessionStep::Plaintext(filled))
            }
            ConnectionState::EncodeTlsData(mut data) => {
                self.output.encode(exchange.worker(), &mut data)?;
                Ok(SessionStep::Handled)
            }
            ConnectionState::TransmitTlsData(data) => {
                // The data is in the output already, which is sent in order.
                data.done();
                Ok(SessionStep::Handled)
            }
            ConnectionState::WriteTraffic(mut traffic) => {
                self.handshake_done = true;
                if bytes.is_empty() {
                    Ok(SessionStep::Idle)
                } else {
                    self.output.encrypt(exchange.worker(), &mut traffic, bytes)?;
                    Ok(SessionStep::Encrypted)
                }
            }
            ConnectionState::PeerClosed => {
                self.peer_closed = true;
                Ok(SessionStep::Handled)
            }
            ConnectionState::BlockedHandshake | ConnectionState::Closed => Ok(SessionStep::Idle),
            state => Err(rustls::Error::General(format!("unexpected: {state:?}")).into()),
        })();
        self.input.use_up(whole, discard);
        let step = step?;
        // In the handshake, a long message may take hundreds of small records. They are counted when it is complete.
        if !has_plaintext && (discard > 0 || self.handshake_done) {
            self.idle.add(batch.records, discard)?;
        }
        Ok(step)
    }

    /// Returns the stored failure, if any.
    fn check(&self) -> Result<(), Error> {
        self.failure.as_ref().map_or(Ok(()), |failure| Err(failure.to_error(self.output.certificate)))
    }

    /// Stores the failure and sends an alert to the peer. An alert that cannot be sent at once is dropped. A stop is
    /// returned and not stored.
    fn fail(&mut self, exchange: &Exchange, error: StepError) -> Error {
        let failure = match error {
            StepError::Stopped(reason) => return reason.into(),
            StepError::Failed(failure) => failure,
        };
        while self.session.wants_write() {
            if self.step(exchange, &mut [], &[]).is_err() {
                break;
            }
        }
        self.input.start = self.input.end;
        let _ = self.flush(exchange);
        let error = failure.to_error(self.output.certificate);
        self.failure = Some(failure);
        error
    }

    /// Sends the pending records. `true` if some must wait for the kernel.
    fn flush(&mut self, exchange: &Exchange) -> Result<bool, Error> {
        while self.pending() > 0 {
            if self.write_failed {
                return Err(self.unreported_failure.take().unwrap_or_else(|| self.stream.failed_before()));
            }
            match self.stream.write(exchange, &self.output.bytes[self.output.start..self.output.end]) {
                Ok(Some(sent)) => {
                    self.output.start += sent;
                    // The rest would block.
                    if self.pending() > 0 {
                        return Ok(true);
                    }
                }
                Ok(None) => return Ok(true),
                Err(error) => {
                    self.write_failed = true;
                    return Err(error);
                }
            }
        }
        (self.output.start, self.output.end) = (0, 0);
        Ok(false)
    }
}
