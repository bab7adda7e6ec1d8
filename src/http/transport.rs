//! One connection as ureq drives it: sending, waiting and receiving, and what ureq does not watch for itself.

use std::sync::Arc;
use std::time::{Duration, Instant};

use ureq::unversioned::transport::{Buffers, NextTimeout, Transport as UreqTransport};

use super::buffers::ConnectionBuffers;
use super::channel::{Channel, Received, Source};
use super::context::{Context, current};
use super::error::Error;
use super::head::{BodyFraming, Head};
use super::stream::Interest;
use crate::platform::LOW_WATER_MARK;

/// How many sends that never block go by between two looks for an early answer.
const SENDS_BETWEEN_LOOKS: u32 = 16;
/// How often the count of bytes that left is brought up to date while nothing else happens.
const PROGRESS_INTERVAL: Duration = Duration::from_millis(50);
/// How long a large body's bytes may gather in the socket, which spares a phone a wake-up for each packet.
const GATHERING_TIME: Duration = Duration::from_millis(10);
/// While this much of a body is to come, its bytes may gather: more than the mark and what TLS and the head may hold of it.
const GATHERING_REST: u64 = LOW_WATER_MARK as u64 + 256 * 1024;

/// A connection, idle or in use by one exchange.
#[derive(Debug)]
pub(super) struct Transport {
    channel: Channel,
    buffers: ConnectionBuffers,
    /// The exchange that is running has been given this connection.
    active: bool,
    /// An earlier exchange ran on this connection.
    used: bool,
    sends: u32,
    /// The server refused the request while it was being sent; what is left of the request is not sent.
    refused: bool,
    /// A send or receive failed.
    broken: bool,
    /// Nothing more can be received, or there is no room for it, while the request is being sent.
    deaf: bool,
    /// The response's body ends where the connection does.
    close_delimited: bool,
    /// How much of the response's body is to come, as far as its head tells; 0 where it does not.
    body_left: u64,
    /// The last wait for the body was longer than its bytes may gather: on so slow a network each would be two.
    sparse: bool,
}

impl Transport {
    pub(super) fn new(channel: Channel) -> Transport {
        Transport {
            channel,
            buffers: ConnectionBuffers::new(),
            active: false,
            used: false,
            sends: 0,
            refused: false,
            broken: false,
            deaf: false,
            close_delimited: false,
            body_left: 0,
            sparse: false,
        }
    }

    /// Hands the connection to the exchange that is the thread's current one.
    fn begin(&mut self) {
        let Some(context) = current() else { return };
        let mut state = context.state();
        state.trace.peer = Some(self.channel.stream().peer);
        state.trace.reused = self.used;
        state.trace.request_start = Some(Instant::now());
        self.buffers.begin(state.request_head_size, state.body_length, self.channel.largest_send());
        drop(state);
        self.channel.stream_mut().context = Some(context);
        (self.body_left, self.sparse) = (0, false);
        (self.active, self.used) = (true, true);
        self.sends = 0;
        self.deaf = false;
    }

    fn context(&self) -> Result<&Arc<Context>, Error> {
        let context = self.channel.stream().context.as_ref();
        context.filter(|_| self.active).ok_or_else(|| Error::internal("a connection was used outside an exchange"))
    }

    fn send(&mut self, amount: usize) -> Result<(), Error> {
        let context = self.context()?.clone();
        if self.refused {
            return Ok(());
        }
        if self.broken {
            return Err(Error::closed("the connection had failed before"));
        }
        self.sends += 1;
        if self.sends.is_multiple_of(SENDS_BETWEEN_LOOKS) {
            self.look_for_answer(&context, Source::Socket)?;
        }
        let mut taken = 0;
        while !self.refused && (taken < amount || self.channel.pending() > 0) {
            context.cancel().check()?;
            match self.channel.send(&self.buffers.output_bytes(amount)[taken..]) {
                Ok(sent) => {
                    taken += sent.taken;
                    if sent.blocked {
                        self.report_progress(&context, amount - taken + self.channel.pending());
                        self.wait_to_send(&context)?;
                    }
                }
                Err(error) => self.send_failed(&context, error)?,
            }
        }
        if self.refused {
            return Ok(());
        }
        self.report_progress(&context, 0);
        let mut state = context.state();
        if context.body_bytes_read() == state.body_length {
            state.trace.request_end = Some(Instant::now());
        }
        Ok(())
    }

    fn wait_to_send(&mut self, context: &Context) -> Result<(), Error> {
        // With the end of the handshake an answer may have come that the socket does not know of any more.
        self.look_for_answer(context, Source::Channel)?;
        if self.refused {
            return Ok(());
        }
        let interest = if self.deaf { Interest::Writable } else { Interest::Both };
        let readiness = self.channel.stream_mut().wait(interest, Some(Instant::now() + PROGRESS_INTERVAL))?;
        if readiness.readable && !self.deaf {
            self.look_for_answer(context, Source::Socket)?;
        }
        Ok(())
    }

    /// A server that does not want the rest of a request answers and closes. The answer is what counts then, and it is
    /// already here: it was sent before the reset that made the send fail.
    fn send_failed(&mut self, context: &Context, error: Error) -> Result<(), Error> {
        self.broken = true;
        self.look_for_answer(context, Source::Socket)?;
        if !self.buffers.head_ready() {
            return Err(error);
        }
        self.refuse(context);
        Ok(())
    }

    /// Receives what is there. A final response other than a success says that the server does not want the rest of the
    /// body (RFC 9112 section 9.3); after a success it may still need it, and the response just waits.
    fn look_for_answer(&mut self, context: &Context, source: Source) -> Result<(), Error> {
        while !self.refused && !self.deaf {
            let Ok(space) = self.buffers.space() else {
                self.deaf = true;
                return Ok(());
            };
            match self.channel.receive(space, source) {
                Ok(Received::Bytes(amount)) => {
                    if let Some(status) = self.received(context, amount)?
                        && status >= 300
                    {
                        self.refuse(context);
                    }
                }
                Ok(Received::Nothing) => return Ok(()),
                Ok(Received::End { .. }) => self.deaf = true,
                Err(_) => (self.deaf, self.broken) = (true, true),
            }
        }
        Ok(())
    }

    fn refuse(&mut self, context: &Context) {
        self.refused = true;
        context.refuse_body();
    }

    /// Takes note of new input, and of the status when it completes the response's head.
    fn received(&mut self, context: &Context, amount: usize) -> Result<Option<u16>, Error> {
        self.buffers.received(amount, self.channel.largest_receive());
        if self.buffers.in_body() {
            self.body_left = self.body_left.saturating_sub(amount as u64);
            return Ok(None);
        }
        context.state().trace.response_start.get_or_insert_with(Instant::now);
        let Some(head) = self.buffers.take_head()? else { return Ok(None) };
        let Head { status, framing, .. } = head;
        self.close_delimited = framing == BodyFraming::UntilClose;
        self.body_left = if let BodyFraming::Length(length) = framing { length } else { 0 };
        context.state().head = Some(head);
        Ok(Some(status))
    }

    /// Waits for input and receives it; `false` is the end of a body that ends with the connection.
    fn receive(&mut self) -> Result<bool, Error> {
        let context = self.context()?.clone();
        context.cancel().check()?;
        // Right after the request there is nothing in the socket yet.
        let mut source = if self.buffers.awaits_answer() { Source::Channel } else { Source::Socket };
        let mut waiting_since = None;
        loop {
            let space = self.buffers.space()?;
            match self.channel.receive(space, source) {
                Ok(Received::Bytes(amount)) => {
                    self.received(&context, amount)?;
                    if self.buffers.head_ready() && !self.refused {
                        // Who answers the whole request has received it; the count must not stay at the last tick's.
                        self.report_progress(&context, 0);
                    }
                    // ureq gets to see a head only when it is whole.
                    if self.buffers.in_body() || self.buffers.head_ready() {
                        return Ok(true);
                    }
                }
                Ok(Received::Nothing) => {
                    // The kernel may be busy with the request's last megabytes for a long time.
                    let reports = self.report_progress(&context, 0);
                    let gathers = waiting_since.is_none() && !self.sparse && self.body_left >= GATHERING_REST;
                    let since = *waiting_since.get_or_insert_with(Instant::now);
                    if gathers {
                        let enough = self.channel.enough(self.body_left);
                        self.channel.stream_mut().gather(enough, since + GATHERING_TIME)?;
                    } else {
                        // Where nothing came while it might gather, the first byte ends the wait.
                        let tick = reports.then(|| Instant::now() + PROGRESS_INTERVAL);
                        self.channel.stream_mut().wait(Interest::Readable, tick)?;
                        self.sparse = self.buffers.in_body() && since.elapsed() >= GATHERING_TIME;
                    }
                    source = Source::Socket;
                }
                Ok(Received::End { clean }) => return self.ended(clean),
                Err(error) => {
                    self.broken = true;
                    return Err(error);
                }
            }
        }
    }

    fn ended(&mut self, clean: bool) -> Result<bool, Error> {
        // The reset of a server that did not want the request comes right after its answer, and ends that like a close.
        let clean = clean && (self.refused || !self.broken);
        self.broken = true;
        if !self.buffers.in_body() {
            Err(Error::closed("the server closed the connection before it answered"))
        } else if self.close_delimited && clean {
            Ok(false)
        } else {
            Err(Error::closed("the server closed the connection before the response was whole"))
        }
    }

    /// Counts the body's bytes that left, of which the last `waiting` of those read are still here; `true` while some are
    /// on their way.
    fn report_progress(&self, context: &Context, waiting: usize) -> bool {
        let accepted = context.body_bytes_read().saturating_sub(waiting as u64);
        if accepted == 0 || self.buffers.in_body() {
            return false;
        }
        context.body_accepted(accepted, self.channel.stream().unsent());
        context.body_bytes_sent() < accepted
    }

    /// Takes an error to ureq.
    fn fail(&mut self, error: Error) -> ureq::Error {
        match &self.channel.stream().context {
            Some(context) => context.fail(error),
            None => ureq::Error::Other(error.into()),
        }
    }
}

impl UreqTransport for Transport {
    fn buffers(&mut self) -> &mut dyn Buffers {
        // ureq asks for them before anything else of an exchange.
        if !self.active {
            self.begin();
        }
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, _: NextTimeout) -> Result<(), ureq::Error> {
        self.send(amount).map_err(|error| self.fail(error))
    }

    fn await_input(&mut self, _: NextTimeout) -> Result<bool, ureq::Error> {
        self.receive().map_err(|error| self.fail(error))
    }

    /// Asked when an exchange is over, and again before the next one: only then does it matter what the socket says. An
    /// idle connection keeps no buffer and no context.
    fn is_open(&mut self) -> bool {
        let only_fresh = current().is_some_and(|context| context.state().fresh_connection);
        let spent = only_fresh || self.refused || self.broken || self.deaf;
        let over = std::mem::take(&mut self.active);
        let open = !spent && self.buffers.input().is_empty() && (over || self.channel.is_quiet());
        self.channel.stream_mut().context = None;
        self.channel.shrink();
        self.buffers.shrink();
        open
    }

    fn is_tls(&self) -> bool {
        self.channel.is_tls()
    }
}
