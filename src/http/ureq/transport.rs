//! The connection as ureq sees it during one request.

use std::fmt;
use std::sync::Arc;

use ureq::unversioned::transport::{Buffers, NextTimeout, Transport as UreqTransport};

use super::{Hand, REFUSED, WHOLE_ANSWER};
use crate::http::error::Error;
use crate::http::exchange::Exchange;
use crate::worker::Buffer;
use crate::worker::sizes::{CONNECTION_OUTPUT, DROPPED_HEAD, LARGE_BODY, MEDIUM_OUTPUT, WHOLE_REQUEST};

/// How a request is sent.
#[derive(Clone, Copy, Debug)]
pub(super) struct SendPlan {
    /// The head that is sent plus the one that is dropped.
    heads: usize,
    body: u64,
    /// Head and body are sent at once.
    is_whole: bool,
    /// The body may have to be waited for. Each part is then sent at once.
    may_wait: bool,
    /// The body is large and at hand, so parts of it may wait for the next one.
    may_hold_back: bool,
}

impl SendPlan {
    /// For a request with this head and body length. If the body may have to be waited for, nothing is held back.
    pub(super) fn of(head: &[u8], body: u64, may_wait: bool) -> SendPlan {
        let is_whole = !may_wait && body.saturating_add(head.len() as u64) <= WHOLE_REQUEST as u64;
        let may_hold_back = !may_wait && body >= LARGE_BODY;
        SendPlan { heads: head.len() + DROPPED_HEAD, body, is_whole, may_wait, may_hold_back }
    }

    /// The size of the output buffer. `large` is for a large body.
    pub(super) fn buffer_size(self, large: usize) -> usize {
        let bytes = match self.body {
            body if self.is_whole => self.heads + body as usize,
            LARGE_BODY.. => large,
            _ if self.may_wait => CONNECTION_OUTPUT,
            _ => MEDIUM_OUTPUT,
        };
        // Rounded up, so that buffers of other requests can be reused.
        bytes.max(self.heads).next_multiple_of(CONNECTION_OUTPUT)
    }
}

/// The connection of the [`Hand`] as ureq uses it.
pub(super) struct Transport {
    exchange: Arc<Exchange>,
    hand: Arc<Hand>,
    buffers: RequestBuffers,
    /// ureq's own head was not passed yet.
    drops_head: bool,
    plan: SendPlan,
}

/// Required by ureq, which never prints it.
impl fmt::Debug for Transport {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Transport").finish_non_exhaustive()
    }
}

/// The request's output, and the placeholder for the answer.
#[derive(Debug)]
struct RequestBuffers {
    output: Buffer,
    /// The number of bytes at the start of the output that are to be sent.
    kept: usize,
    /// The number of bytes of [`WHOLE_ANSWER`] that ureq has not read. `None` until the answer is received.
    answer: Option<usize>,
}

impl Transport {
    /// `head` is sent instead of ureq's. `output` has the [`buffer_size`](SendPlan::buffer_size) of the plan.
    pub(super) fn new(
        exchange: Arc<Exchange>,
        hand: Arc<Hand>,
        head: &[u8],
        mut output: Buffer,
        plan: SendPlan,
    ) -> Transport {
        output[..head.len()].copy_from_slice(head);
        let buffers = RequestBuffers { output, kept: head.len(), answer: None };
        Transport { exchange, hand, buffers, drops_head: true, plan }
    }

    /// Sends what is kept. Parts of the body may wait for the next one, the head may not: a server may reject a request
    /// by it, while a slow disk is read.
    fn send_kept(&mut self, may_hold_back: bool) -> Result<(), ureq::Error> {
        let kept = std::mem::take(&mut self.buffers.kept);
        if kept == 0 {
            return Ok(());
        }
        let bytes = &self.buffers.output[..kept];
        match self.hand.with_connection(|connection| connection.send(&self.exchange, bytes, may_hold_back)) {
            Ok(true) => Ok(()),
            Ok(false) => Err(ureq::Error::Other(REFUSED.into())),
            Err(error) => Err(ureq::Error::Io(self.hand.fail(error))),
        }
    }
}

impl Drop for Transport {
    fn drop(&mut self) {
        self.exchange.worker().give_back(std::mem::take(&mut self.buffers.output));
    }
}

impl UreqTransport for Transport {
    fn buffers(&mut self) -> &mut dyn Buffers {
        &mut self.buffers
    }

    fn transmit_output(&mut self, amount: usize, _: NextTimeout) -> Result<(), ureq::Error> {
        let is_head = std::mem::take(&mut self.drops_head);
        if is_head {
            // The buffer is large enough for ureq's head, so ureq passes the head in one piece. Any other data must not
            // be dropped as a head.
            if !self.buffers.output().get(..amount).is_some_and(|head| head.ends_with(b"\r\n\r\n")) {
                return Err(ureq::Error::Io(self.hand.fail(Error::internal("the head was not passed in one piece"))));
            }
        } else {
            self.buffers.kept += amount;
        }
        if self.plan.is_whole { Ok(()) } else { self.send_kept(!is_head && self.plan.may_hold_back) }
    }

    fn await_input(&mut self, _: NextTimeout) -> Result<bool, ureq::Error> {
        self.send_kept(false)?;
        let received = self.hand.with_connection(|connection| connection.receive_head(&self.exchange));
        received.map_err(|error| ureq::Error::Io(self.hand.fail(error)))?;
        self.buffers.answer = Some(WHOLE_ANSWER.len());
        Ok(true)
    }

    /// Called after the request. ureq must not keep the connection.
    fn is_open(&mut self) -> bool {
        false
    }
}

impl Buffers for RequestBuffers {
    fn output(&mut self) -> &mut [u8] {
        &mut self.output[self.kept..]
    }

    fn input(&self) -> &[u8] {
        &WHOLE_ANSWER[WHOLE_ANSWER.len() - self.answer.unwrap_or(0)..]
    }

    /// Never appended to: the answer is complete from the start.
    fn input_append_buf(&mut self) -> &mut [u8] {
        &mut []
    }

    fn input_appended(&mut self, _: usize) {}

    fn input_consume(&mut self, amount: usize) {
        self.answer = self.answer.map(|left| left.saturating_sub(amount));
    }

    fn tmp_and_output(&mut self) -> (&mut [u8], &mut [u8]) {
        // The first buffer is for chunked requests, which are not used.
        (&mut [], self.output())
    }

    fn can_use_input(&self) -> bool {
        self.answer.is_some_and(|left| left > 0)
    }
}
