//! A connected socket that never blocks.

use std::io::{self, IoSlice, Read, Write};
use std::mem::MaybeUninit;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags};
use socket2::Socket;

use super::context::Context;
use super::error::Error;
use super::wait::wait;
use crate::deferred::drop_later;
use crate::platform::{SEND_FLAGS, set_receive_low_water_mark, unsent_bytes};

/// A connected, non-blocking socket, and the context of the exchange that uses it now.
#[derive(Debug)]
pub(super) struct Stream {
    socket: Arc<Socket>,
    pub peer: SocketAddr,
    /// `None` while the connection is idle.
    pub context: Option<Arc<Context>>,
    /// From how many received bytes on `poll` finds the socket readable.
    low_water_mark: u32,
}

/// What a stream is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Interest {
    Readable,
    Writable,
    Both,
}

/// The outcome of a wait.
#[derive(Clone, Copy, Debug, Default)]
pub(super) struct Readiness {
    /// There are bytes, an end or an error to be received.
    pub readable: bool,
}

impl Stream {
    pub(super) fn new(socket: Socket, peer: SocketAddr, context: Arc<Context>) -> Stream {
        Stream { socket: Arc::new(socket), peer, context: Some(context), low_water_mark: 1 }
    }

    /// Waits for the socket, the stop signal or `limit`, of which the last gives a readiness of nothing.
    pub(super) fn wait(&mut self, interest: Interest, limit: Option<Instant>) -> Result<Readiness, Error> {
        self.wait_from(1, interest, limit)
    }

    /// Waits for input like [`Stream::wait`], but until `enough` bytes of it are there, or the end.
    pub(super) fn gather(&mut self, enough: u32, limit: Instant) -> Result<Readiness, Error> {
        self.wait_from(enough, Interest::Readable, Some(limit))
    }

    /// From how many received bytes on the last wait was to find the socket readable.
    pub(super) fn low_water_mark(&self) -> u32 {
        self.low_water_mark
    }

    fn wait_from(&mut self, mark: u32, interest: Interest, limit: Option<Instant>) -> Result<Readiness, Error> {
        // A system that refuses wakes more often; nothing else depends on it.
        if mark != self.low_water_mark && set_receive_low_water_mark(&*self.socket, mark).is_ok() {
            self.low_water_mark = mark;
        }
        let Some(context) = &self.context else { return Err(Error::internal("an idle connection was used")) };
        let events = match interest {
            Interest::Readable => PollFlags::IN,
            Interest::Writable => PollFlags::OUT,
            Interest::Both => PollFlags::IN | PollFlags::OUT,
        };
        let happened = wait(context, &[PollFd::new(&*self.socket, events)], limit)?;
        Ok(Readiness { readable: happened[0].intersects(PollFlags::IN | PollFlags::HUP | PollFlags::ERR) })
    }

    /// The bytes that the kernel still holds; 0 where it does not say.
    pub(super) fn unsent(&self) -> u64 {
        unsent_bytes(&*self.socket).map_or(0, |bytes| bytes as u64)
    }

    /// Whether an idle connection has nothing to be received, neither bytes nor an end.
    pub(super) fn is_quiet(&self) -> bool {
        let mut byte = [MaybeUninit::uninit()];
        matches!(self.socket.peek(&mut byte), Err(error) if error.kind() == io::ErrorKind::WouldBlock)
    }
}

impl Drop for Stream {
    /// Of an exchange that was stopped nobody wants what the kernel still holds of the request, which may be megabytes: it
    /// goes with the connection, which ends with a reset. To free it takes longer than all else of an abort.
    fn drop(&mut self) {
        if self.context.as_ref().is_some_and(|context| context.cancel().check().is_err()) {
            // It only saves bytes.
            let _ = self.socket.set_linger(Some(Duration::ZERO));
            drop_later(self.socket.clone());
        }
    }
}

/// Never blocks: [`io::ErrorKind::WouldBlock`] means that there is nothing yet.
impl Read for Stream {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let received = retry(|| (&*self.socket).read(buffer))?;
        if let Some(context) = &self.context {
            context.count_received(received);
        }
        Ok(received)
    }
}

/// Never blocks: [`io::ErrorKind::WouldBlock`] means that the kernel's buffer is full.
impl Write for Stream {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.write_vectored(&[IoSlice::new(bytes)])
    }

    fn write_vectored(&mut self, slices: &[IoSlice<'_>]) -> io::Result<usize> {
        let sent = retry(|| match slices {
            [only] => self.socket.send_with_flags(only, SEND_FLAGS),
            several => self.socket.send_vectored_with_flags(several, SEND_FLAGS),
        })?;
        if let Some(context) = &self.context {
            context.count_sent(sent);
        }
        Ok(sent)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

fn retry<T>(mut call: impl FnMut() -> io::Result<T>) -> io::Result<T> {
    loop {
        match call() {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            result => return result,
        }
    }
}
