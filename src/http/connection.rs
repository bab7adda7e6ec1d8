//! A connection as an exchange uses it: it sends the request and receives the answer's head and body.

use std::os::fd::BorrowedFd;
use std::time::{Duration, Instant};

use super::channel::{Channel, Received, Source};
use super::connector::TrustNumber;
use super::error::Error;
use super::exchange::Exchange;
use super::framing::{Deframer, Framed, Rest};
use super::head::{Answering, Head, HeadReader};
use super::received::ReceivedBytes;
use super::report_times::ReportTimes;
use super::stream::{Interest, Readiness};
use crate::platform::LOW_WATER_MARK;
use crate::worker::Worker;
use crate::worker::sizes::CONNECTION_INPUT;

/// The number of sends between two checks for an early answer. A send that blocks also checks.
pub(super) const SENDS_BETWEEN_LOOKS: u32 = 16;
/// Bytes of a body start to gather in the socket if at least this many are known to be still to come. They then gather
/// until the end of the body. This saves a phone a wake for each packet. Fewer bytes are only a dozen packets.
const GATHERING_REST: u64 = 16 * 1024;
/// The bytes of a body whose end is not known in advance gather for this part of the time since the response began. So
/// its end is noticed at most 3 % late, on average 1.5 %.
const UNKNOWN_END_SHARE: u32 = 32;
/// The bytes of such a body do not gather for less than this time. A wait so short saves hardly any wakes.
const LEAST_GATHERING_TIME: Duration = Duration::from_millis(10);
/// How many bytes of such a body to expect: fewer than of a body that is known to be very large.
const UNKNOWN_REST: u64 = 2 * LOW_WATER_MARK as u64;
/// The maximum number of bytes of interim heads before the answer. RFC 9110 section 15.2 sets no limit. A server that
/// reports its progress once per second for an hour needs less.
pub(super) const MAX_INTERIM_BYTES: usize = 256 * 1024;

/// A connection, idle or in use by one exchange. The exchange is a parameter of everything that may wait.
#[derive(Debug)]
pub(super) struct Connection {
    channel: Channel,
    trust: TrustNumber,
    input: ReceivedBytes,
    /// An earlier exchange used the connection.
    used: bool,
    /// The answer to the request, once its head is complete.
    head: Option<Head>,
    reader: HeadReader,
    interim_bytes: usize,
    /// The number of sends of the current request.
    sends: u32,
    /// The whole request was passed to the socket.
    is_sent: bool,
    /// The server has answered and does not want the rest of the request, which is not sent.
    refused: bool,
    /// A send or receive failed, or the peer has closed.
    broken: bool,
    /// Input is no longer read while the request is sent: the input buffer is full, the peer sends no more, or a
    /// receive failed.
    deaf: bool,
    /// The peer has closed its sending direction.
    peer_ended: bool,
    /// When to report the progress.
    report_times: ReportTimes,
}

impl Connection {
    pub(super) fn new(channel: Channel, trust: TrustNumber) -> Connection {
        Connection {
            channel,
            trust,
            input: ReceivedBytes::default(),
            used: false,
            head: None,
            reader: HeadReader::default(),
            interim_bytes: 0,
            sends: 0,
            is_sent: false,
            refused: false,
            broken: false,
            deaf: false,
            peer_ended: false,
            report_times: ReportTimes::default(),
        }
    }

    /// Prepares for the next request. `was_open` is true if the exchange did not open the connection itself.
    pub(super) fn begin(&mut self, exchange: &Exchange, was_open: bool) {
        let mut times = exchange.times();
        times.peer = Some(self.channel.stream().peer);
        times.reused = was_open;
        times.is_tls = matches!(self.channel, Channel::Tls(_));
        drop(times);
        exchange.trace_with(|details| details.tls = self.channel.tls());
        self.used = true;
        (self.head, self.reader, self.interim_bytes) = (None, HeadReader::default(), 0);
        (self.sends, self.report_times, self.is_sent) = (0, ReportTimes::default(), false);
    }

    /// The trust that it was opened with.
    pub(super) fn trust(&self) -> TrustNumber {
        self.trust
    }

    /// Whether an exchange used the connection. False if it was only opened ahead.
    pub(super) fn was_used(&self) -> bool {
        self.used
    }

    /// The size of the parts in which a large body should be sent.
    pub(super) fn largest_part(&self) -> usize {
        self.channel.largest_part()
    }

    /// Whether an interim head preceded the answer's head.
    pub(super) fn had_interim_head(&self) -> bool {
        self.interim_bytes > 0
    }

    /// Whether the answer's head is complete.
    pub(super) fn has_head(&self) -> bool {
        self.head.is_some()
    }

    /// The answer's head, once it is complete.
    pub(super) fn take_head(&mut self) -> Option<Head> {
        self.head.take()
    }

    /// Sends a part of the request. Returns `false` if the server has answered and does not want the rest. If
    /// `may_hold_back` is true, the part may wait for the next one, which the caller must pass at once.
    ///
    /// # Errors
    /// The stop signal, or a failure of the connection unless an answer preceded it.
    pub(super) fn send(&mut self, exchange: &Exchange, bytes: &[u8], may_hold_back: bool) -> Result<bool, Error> {
        if self.refused {
            return Ok(false);
        }
        if self.broken {
            return Err(self.channel.stream().failed_before());
        }
        exchange.times().request_start.get_or_insert_with(Instant::now);
        // A part that is held back is sent together with the following ones.
        if self.channel.pending() == 0 {
            self.sends += 1;
            if self.sends.is_multiple_of(SENDS_BETWEEN_LOOKS) {
                self.look_for_answer(exchange, Source::Socket)?;
            }
        }
        let is_last = exchange.body_bytes_read() == exchange.body_length();
        let more = may_hold_back && !is_last;
        let mut taken = 0;
        while !self.refused && (taken < bytes.len() || self.channel.pending() > 0) {
            if taken == bytes.len() && more && self.channel.has_room() {
                break;
            }
            exchange.worker().turn(bytes.len() - taken)?;
            match self.channel.send(exchange, &bytes[taken..], more) {
                Ok(sent) => {
                    taken += sent.taken;
                    if sent.blocked {
                        self.count_accepted(exchange, bytes.len() - taken + self.channel.pending());
                        self.wait_to_send(exchange)?;
                    }
                }
                Err(error) => self.send_failed(exchange, error)?,
            }
        }
        if self.refused {
            return Ok(false);
        }
        self.count_accepted(exchange, self.channel.pending());
        self.report_progress(exchange);
        self.is_sent = is_last;
        if self.is_sent {
            exchange.times().request_end = Some(Instant::now());
        }
        Ok(true)
    }

    fn wait_to_send(&mut self, exchange: &Exchange) -> Result<(), Error> {
        // Input that arrived with the end of the TLS handshake is in the channel, where `poll` on the socket does not
        // see it.
        self.look_for_answer(exchange, Source::Channel)?;
        if self.refused {
            return Ok(());
        }
        loop {
            self.report_progress(exchange);
            let interest = if self.deaf { Interest::Writable } else { Interest::Both };
            let ready = self.channel.stream_mut().wait(exchange, interest, self.report_times.wake())?;
            if ready.input && !self.deaf {
                self.look_for_answer(exchange, Source::Socket)?;
            }
            // If `deaf` is set, `ready.input` is a hang-up or an error, and the next send fails.
            if ready.output || self.refused || (ready.input && self.deaf) {
                return Ok(());
            }
        }
    }

    /// Waits until `pipe`, from which the next bytes of the body come, is readable. Meanwhile receives what the server
    /// sends. Returns `false` if the server has answered and does not want the rest of the request, or has answered and
    /// closed (RFC 9112 section 9.6).
    ///
    /// # Errors
    /// The stop signal, or the connection ended before an answer, or by this device.
    pub(super) fn wait_for_pipe(&mut self, exchange: &Exchange, pipe: BorrowedFd<'_>) -> Result<bool, Error> {
        self.look_for_answer(exchange, Source::Channel)?;
        loop {
            if let Some(ended) = self.channel.stream().socket().ended() {
                self.broken = true;
                return Err(ended);
            }
            if self.broken || self.peer_ended {
                self.broken = true;
                if self.head.is_none() {
                    return Err(Error::closed("the connection ended before the server answered"));
                }
                self.refused = true;
            }
            if self.refused {
                return Ok(false);
            }
            self.report_progress(exchange);
            let next_report = self.report_times.wake().filter(|_| !Connection::has_sent_all(exchange));
            let stream = self.channel.stream_mut();
            match stream.wait_for_pipe(exchange, pipe, !self.deaf, next_report)? {
                // The connection has failed. The buffer may hold the whole answer.
                (_, true) if self.deaf => self.broken = true,
                (_, true) => {
                    // Without its turn the task receives nothing, and the next wait would end at once.
                    exchange.worker().wait_for_turn(None)?;
                    self.look_for_answer(exchange, Source::Socket)?;
                }
                (true, false) => return Ok(true),
                (false, false) => {}
            }
        }
    }

    /// Whether the kernel has sent all bytes of the body that it accepted.
    fn has_sent_all(exchange: &Exchange) -> bool {
        exchange.body_bytes_sent() == exchange.body_bytes_accepted()
    }

    /// Handles a failed send. A server that does not want the rest of a request answers and closes. The result is then
    /// its answer, unless this device ended the connection. The answer was sent before the reset that made the send fail,
    /// so it has been received already.
    fn send_failed(&mut self, exchange: &Exchange, error: Error) -> Result<(), Error> {
        exchange.worker().check()?;
        self.broken = true;
        self.look_for_answer(exchange, Source::Socket)?;
        if self.head.is_none() || self.was_ended_here() {
            return Err(error);
        }
        self.refused = true;
        Ok(())
    }

    /// Receives available input. A final response with a status of 300 or more means that the server does not want the
    /// rest of the body (RFC 9112 section 9.5). After a success the server may still need it, and the response waits.
    fn look_for_answer(&mut self, exchange: &Exchange, source: Source) -> Result<(), Error> {
        while !self.refused && !self.deaf {
            let Some(space) = self.input.space(exchange.worker())? else {
                self.deaf = true;
                return Ok(());
            };
            match self.channel.receive(exchange, space, source) {
                Ok(Received::Bytes(amount)) => {
                    exchange.worker().turn(amount)?;
                    self.received(exchange, amount)?;
                    self.refused = self.head.as_ref().is_some_and(|head| head.status >= 300);
                }
                Ok(Received::Nothing) => return Ok(()),
                Ok(Received::End { .. }) => (self.deaf, self.peer_ended) = (true, true),
                Err(error) => {
                    exchange.worker().check()?;
                    // After a flood, a broken record or a lack of memory, no valid answer can follow.
                    if error.is_final() {
                        return Err(error);
                    }
                    (self.deaf, self.broken) = (true, true);
                }
            }
        }
        Ok(())
    }

    /// Processes new input until the answer's head is complete. Drops interim heads.
    fn received(&mut self, exchange: &Exchange, amount: usize) -> Result<(), Error> {
        self.input.received(amount);
        exchange.response_received();
        while self.head.is_none()
            && let Some((head, size)) = self.reader.read(self.input.bytes(), Answering::Request)?
        {
            self.input.take(size);
            self.reader = HeadReader::default();
            if !head.is_interim() {
                self.head = Some(head);
                break;
            }
            self.interim_bytes += size;
            if self.interim_bytes > MAX_INTERIM_BYTES {
                return Err(Error::protocol("the server sends interim responses, and does not stop"));
            }
            exchange.worker().turn(size)?;
        }
        Ok(())
    }

    /// Waits for the answer's head.
    ///
    /// # Errors
    /// The stop signal, a failure of the connection, or an answer that is not HTTP/1.1.
    pub(super) fn receive_head(&mut self, exchange: &Exchange) -> Result<(), Error> {
        // Right after the request the socket is still empty.
        let mut source = if self.input.is_empty() { Source::Channel } else { Source::Socket };
        while self.head.is_none() {
            exchange.worker().turn(0)?;
            let space = self.input.space(exchange.worker())?;
            let space = space.ok_or_else(|| Error::protocol("the response's head is too large"))?;
            match self.channel.receive(exchange, space, source) {
                Ok(Received::Bytes(amount)) => self.received(exchange, amount)?,
                Ok(Received::Nothing) => {
                    // The kernel may take long to send the last megabytes of the request.
                    self.report_progress(exchange);
                    let next_report = self.report_times.wake().filter(|_| !Connection::has_sent_all(exchange));
                    self.channel.stream_mut().wait(exchange, Interest::Readable, next_report)?;
                    source = Source::Socket;
                }
                Ok(Received::End { .. }) => {
                    self.broken = true;
                    return Err(Error::closed("the server closed the connection before it answered"));
                }
                Err(error) => {
                    self.broken = true;
                    return Err(error);
                }
            }
        }
        if !self.refused {
            // A server that answers the whole request has received it. The last report may be older, so ask the kernel
            // again.
            self.report_times = ReportTimes::default();
            self.report_progress(exchange);
        }
        Ok(())
    }

    /// The next bytes of the body. 0 is the end of a complete body. Gives up when `patience` has passed.
    ///
    /// # Errors
    /// The stop signal, a failure of the connection, or a body that is malformed or cut off.
    pub(super) fn receive_body(
        &mut self,
        exchange: &Exchange,
        deframer: &mut Deframer,
        out: &mut [u8],
        patience: Option<Instant>,
    ) -> Result<usize, Error> {
        loop {
            exchange.worker().turn(0)?;
            let rest = deframer.rest();
            // Receive a large part directly into the caller's buffer.
            let left = usize::try_from(deframer.body_left()).unwrap_or(usize::MAX).min(out.len());
            if self.input.is_empty() && left >= out.len().min(CONNECTION_INPUT) {
                let received = self.receive(exchange, Some(&mut out[..left]), rest, patience);
                let Some(received) = end_of(received, deframer)? else { return Ok(0) };
                deframer.consumed(received as u64);
                return Ok(received);
            }
            match deframer.next(self.input.bytes())? {
                Framed::Framing(size) => self.input.take(size),
                Framed::Body(left) if !self.input.is_empty() => {
                    let left = usize::try_from(left).unwrap_or(usize::MAX);
                    let amount = left.min(out.len()).min(self.input.bytes().len());
                    out[..amount].copy_from_slice(&self.input.bytes()[..amount]);
                    self.input.take(amount);
                    deframer.consumed(amount as u64);
                    return Ok(amount);
                }
                Framed::Body(_) | Framed::More => {
                    let received = self.receive(exchange, None, rest, patience);
                    let Some(received) = end_of(received, deframer)? else { return Ok(0) };
                    self.input.received(received);
                }
                Framed::End => return Ok(0),
            }
        }
    }

    /// Waits for input and receives it into `out`, or into the connection's own buffer. `None` is a clean end.
    fn receive(
        &mut self,
        exchange: &Exchange,
        mut out: Option<&mut [u8]>,
        rest: Rest,
        patience: Option<Instant>,
    ) -> Result<Option<usize>, Error> {
        // The number of waits that ended without input.
        let mut timeouts = 0;
        loop {
            if patience.is_some_and(|patience| Instant::now() >= patience) {
                return Err(Error::closed("the response was given up before its end"));
            }
            let space = match &mut out {
                Some(out) => &mut **out,
                None => {
                    let space = self.input.space(exchange.worker())?;
                    space.ok_or_else(|| Error::protocol("a line of the response is too large"))?
                }
            };
            match self.channel.receive(exchange, space, Source::Socket) {
                Ok(Received::Bytes(amount)) => {
                    exchange.worker().turn(amount)?;
                    return Ok(Some(amount));
                }
                Ok(Received::Nothing) => {
                    if !self.wait_for_more(exchange, rest, timeouts, patience)?.input {
                        timeouts += 1;
                    }
                }
                Ok(Received::End { clean }) => {
                    // A server that did not want the request resets right after its answer. Such a reset counts as a
                    // close.
                    let clean = clean && (self.refused || !self.broken);
                    self.broken = true;
                    if clean {
                        return Ok(None);
                    }
                    return Err(Error::unclean_end());
                }
                // The same reset, reported by the receive instead of a send.
                Err(_) if self.refused && self.channel.stream().was_reset() => {
                    self.broken = true;
                    return if self.channel.ends_cleanly() { Ok(None) } else { Err(Error::unclean_end()) };
                }
                Err(error) => {
                    self.broken = true;
                    return Err(error);
                }
            }
        }
    }

    /// Waits for more of a response after `timeouts` waits without input: first for many bytes if they may gather in the
    /// socket, then for the first byte until the next progress report is due, then for the first byte only.
    fn wait_for_more(
        &mut self,
        exchange: &Exchange,
        rest: Rest,
        timeouts: u32,
        patience: Option<Instant>,
    ) -> Result<Readiness, Error> {
        let (interval, least) = (exchange.report_interval(), self.channel.least());
        let (enough, time) = match (timeouts, self.gathering(exchange, rest)) {
            (0, Some((enough, time))) => (enough.max(least), Some(time)),
            (0, None) if least > 1 => (least, Some(exchange.gathering_time())),
            (0, None) => (1, interval),
            (1, Some((_, time))) if interval.is_some_and(|interval| time < interval) => (1, interval),
            _ => {
                exchange.body_stalled();
                (1, None)
            }
        };
        let limit = [time.map(|time| Instant::now() + time), patience].into_iter().flatten().min();
        self.channel.stream_mut().gather(enough, exchange, limit)
    }

    /// How many bytes may gather in the socket, and for how long. `None` if the first byte should end a wait.
    fn gathering(&self, exchange: &Exchange, rest: Rest) -> Option<(u32, Duration)> {
        let time = exchange.gathering_time();
        let (left, time) = match rest {
            // Once bytes gather, they do so until the end of the body.
            Rest::Length(left) if left >= GATHERING_REST || self.channel.stream().low_water_mark() > 1 => (left, time),
            Rest::Length(_) => return None,
            Rest::Chunk(left) if left >= GATHERING_REST => (left, time),
            // The end of the connection ends a wait. With TLS it may come later than the end of the body.
            Rest::UntilClose if self.channel.ends_cleanly() => (UNKNOWN_REST, time),
            Rest::Chunk(_) | Rest::UntilClose => (UNKNOWN_REST, time.min(exchange.response_age() / UNKNOWN_END_SHARE)),
        };
        let enough = self.channel.enough(exchange, left);
        (enough > 1 && time >= LEAST_GATHERING_TIME).then_some((enough, time))
    }

    /// Counts the bytes of the body that the socket accepted: all that were read except the last `waiting`, which are
    /// still here.
    fn count_accepted(&self, exchange: &Exchange, waiting: usize) {
        exchange.body_accepted(exchange.body_bytes_read().saturating_sub(waiting as u64));
    }

    /// Asks the kernel how much of the body has left, if somebody listens and a report is due.
    fn report_progress(&mut self, exchange: &Exchange) {
        let Some(interval) = exchange.report_interval() else { return };
        if exchange.body_bytes_accepted() == 0 {
            return;
        }
        let now = Instant::now();
        if self.report_times.is_due(now) {
            let before = exchange.body_bytes_sent();
            exchange.body_unsent(self.channel.unsent());
            self.report_times.reported(now, interval, exchange.body_bytes_sent() > before);
        }
    }

    /// The round-trip time to the peer, if the system reports it.
    pub(super) fn round_trip(&mut self) -> Option<Duration> {
        self.channel.stream_mut().round_trip()
    }

    /// Whether the connection can take another request, judged by its own state.
    pub(super) fn can_be_kept(&self) -> bool {
        // If the request is incomplete, the server would read the next request as its rest.
        let spent = !self.is_sent || self.refused || self.broken || self.deaf;
        !spent && self.input.is_empty() && self.channel.is_drained()
    }

    /// Releases the memory that an idle connection does not need.
    pub(super) fn shrink(&mut self, worker: &Worker) {
        self.input.release(worker);
        self.channel.shrink(worker);
    }

    /// Whether an idle connection can take another request. Reads a bounded number of bytes, whatever the peer sends.
    pub(super) fn is_quiet(&mut self, exchange: &Exchange) -> bool {
        self.channel.is_quiet(exchange)
    }

    /// Whether this device ended the connection, because the network changed or the app was suspended.
    pub(super) fn was_ended_here(&self) -> bool {
        self.channel.stream().socket().ended().is_some()
    }

    /// Whether the device's network has changed since the connection's socket was created. The connection may then use a
    /// network that is metered, or that nothing arrives from any more.
    pub(super) fn is_of_former_network(&self) -> bool {
        self.channel.stream().socket().is_of_former_network()
    }

    /// Ends the connection. If its exchange was stopped, the connection is reset only after the host was told, because
    /// freeing the request data that the kernel holds takes longer than the rest of an abort.
    pub(super) fn end(mut self: Box<Connection>, worker: &Worker) {
        if worker.check().is_err() {
            self.channel.stream().reset_on_close();
            worker.drop_later(self);
        } else {
            self.shrink(worker);
        }
    }
}

/// What was received. At the end of the connection, fails unless the body may end there.
fn end_of(received: Result<Option<usize>, Error>, deframer: &Deframer) -> Result<Option<usize>, Error> {
    let ended = match &received {
        Ok(received) => received.is_none(),
        Err(error) => error.is_unclean_end(),
    };
    if ended {
        deframer.end_of_input()?;
    }
    received
}

#[cfg(test)]
#[path = "connection_tests.rs"]
mod tests;
