//! The connection as ureq sees it, for one request.

use std::sync::Arc;

use ureq::unversioned::transport::{Buffers, NextTimeout, Transport as UreqTransport};

use super::{Hand, WHOLE_ANSWER};
use crate::http::connection::Connection;
use crate::http::exchange::Exchange;
use crate::http::request::Request;
use crate::worker::sizes::{CONNECTION_OUTPUT, LARGE_BODY, WHOLE_REQUEST};
use crate::worker::{Buffer, lock};

/// What the space for a request depends on.
#[derive(Clone, Copy, Debug)]
pub(super) struct OutputSize {
    /// About the size of the head, and not less than it.
    head: usize,
    /// About the longest line of the head, and not less than it: ureq writes a line in one piece or not at all.
    line: usize,
    body: u64,
}

impl OutputSize {
    pub(super) fn of(request: &Request<'_>, body: u64) -> OutputSize {
        /// More than the lines that are added, and more than a line has around its name and value.
        const ADDED: usize = 512;
        let lines = request.headers.iter().map(|(name, value)| name.len() + value.len());
        let url = request.url.as_str().len();
        // The URL is in the first line and, in part, in `Host`.
        let head = lines.clone().map(|line| line + 4).sum::<usize>() + 2 * url + ADDED;
        OutputSize { head, line: lines.max().unwrap_or(0).max(url) + ADDED, body }
    }

    /// Whether head and body fit into one send.
    fn is_whole(self) -> bool {
        self.head as u64 + self.body <= WHOLE_REQUEST as u64
    }

    fn bytes(self, large: usize) -> usize {
        let body = match self.body {
            body if self.is_whole() => self.head + body as usize,
            LARGE_BODY.. => large,
            _ => CONNECTION_OUTPUT,
        };
        // In whole steps, so that a buffer of another request is used again.
        body.max(self.line).next_multiple_of(CONNECTION_OUTPUT)
    }
}

/// The connection while ureq has it.
#[derive(Debug)]
pub(super) struct Transport {
    /// Taken out when this is dropped.
    connection: Option<Box<Connection>>,
    exchange: Arc<Exchange>,
    hand: Arc<Hand>,
    is_tls: bool,
    buffers: RequestBuffers,
    /// Head and body leave in one send.
    is_whole: bool,
}

/// The request on its way out, and what stands in for the answer.
#[derive(Debug)]
struct RequestBuffers {
    output: Buffer,
    /// How much of the output was given by ureq and not sent yet.
    kept: usize,
    /// How much of [`WHOLE_ANSWER`] ureq has not taken; `None` until the answer is there.
    answer: Option<usize>,
}

impl Transport {
    pub(super) fn new(
        connection: Box<Connection>,
        exchange: Arc<Exchange>,
        hand: Arc<Hand>,
        size: OutputSize,
        is_tls: bool,
    ) -> Transport {
        let output = exchange.worker().take_buffer(size.bytes(connection.largest_send()));
        let buffers = RequestBuffers { output, kept: 0, answer: None };
        Transport { connection: Some(connection), exchange, hand, is_tls, buffers, is_whole: size.is_whole() }
    }

    fn send_kept(&mut self) -> Result<(), ureq::Error> {
        let kept = std::mem::take(&mut self.buffers.kept);
        let Some(connection) = self.connection.as_mut().filter(|_| kept > 0) else { return Ok(()) };
        match connection.send(&self.exchange, &self.buffers.output[..kept]) {
            Ok(true) => Ok(()),
            Ok(false) => Err(ureq::Error::Other("the server does not want the rest of the request".into())),
            Err(error) => Err(ureq::Error::Io(self.hand.fail(error))),
        }
    }
}

impl Drop for Transport {
    fn drop(&mut self) {
        self.exchange.worker().give_back(std::mem::take(&mut self.buffers.output));
        *lock(&self.hand.connection) = self.connection.take();
    }
}

impl UreqTransport for Transport {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, _: NextTimeout) -> Result<(), ureq::Error> {
        self.buffers.kept += amount;
        if self.is_whole && self.buffers.kept < self.buffers.output.len() {
            return Ok(());
        }
        self.send_kept()
    }

    fn await_input(&mut self, _: NextTimeout) -> Result<bool, ureq::Error> {
        self.send_kept()?;
        let Some(connection) = &mut self.connection else { return Ok(false) };
        connection.receive_head(&self.exchange).map_err(|error| ureq::Error::Io(self.hand.fail(error)))?;
        self.buffers.answer = Some(WHOLE_ANSWER.len());
        Ok(true)
    }

    /// Asked when the request is over: nothing is kept.
    fn is_open(&mut self) -> bool {
        false
    }

    fn is_tls(&self) -> bool {
        self.is_tls
    }
}

impl Buffers for RequestBuffers {
    fn output(&mut self) -> &mut [u8] {
        &mut self.output[self.kept..]
    }

    fn input(&self) -> &[u8] {
        &WHOLE_ANSWER[WHOLE_ANSWER.len() - self.answer.unwrap_or(0)..]
    }

    /// Nothing appends: the answer comes as a whole.
    fn input_append_buf(&mut self) -> &mut [u8] {
        &mut []
    }

    fn input_appended(&mut self, _: usize) {}

    fn input_consume(&mut self, amount: usize) {
        self.answer = self.answer.map(|left| left.saturating_sub(amount));
    }

    fn tmp_and_output(&mut self) -> (&mut [u8], &mut [u8]) {
        // The first is for a chunked request, which there is none of.
        (&mut [], self.output())
    }

    fn can_use_input(&self) -> bool {
        self.answer.is_some_and(|left| left > 0)
    }
}
