//! A connected socket that never blocks.

use std::io::{self, Read};
use std::mem::MaybeUninit;
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::error::Error;
use super::exchange::Exchange;
use super::low_speed::SpeedWatch;
use super::sockets::OpenSocket;
use crate::platform::{SEND_FLAGS, set_receive_low_water_mark, smoothed_round_trip_time, unsent_bytes};
use rustix::event::{PollFd, PollFlags};

/// A connected, non-blocking socket. The exchange that uses it is a parameter: an idle connection has none.
#[derive(Debug)]
pub(super) struct Stream {
    socket: Arc<OpenSocket>,
    pub peer: SocketAddr,
    /// From how many received bytes on `poll` finds the socket readable (`SO_RCVLOWAT`).
    low_water_mark: u32,
    /// The largest mark that the socket has room for, as far as it was asked.
    largest_mark: u32,
    /// The last send did not find room for all it had, and nothing was waited for since.
    is_full: bool,
    /// A receive met the reset of the peer.
    was_reset: bool,
    /// The round-trip time that the system told last, and when.
    round_trip: Option<(Instant, Option<Duration>)>,
}

/// How old a connection's round-trip time may be. The kernel smooths it over many packets, and to ask costs a twentieth of a
/// small download.
const MAX_ROUND_TRIP_AGE: Duration = Duration::from_secs(1);

/// What a wait found.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Readiness {
    /// There are bytes, an end or an error to be received.
    pub input: bool,
    /// There is room for bytes to be sent.
    pub output: bool,
}

/// What a stream is waited for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Interest {
    Readable,
    Writable,
    Both,
}

impl Stream {
    pub(super) fn new(socket: Arc<OpenSocket>, peer: SocketAddr) -> Stream {
        Stream { socket, peer, low_water_mark: 1, largest_mark: 1, is_full: false, was_reset: false, round_trip: None }
    }

    pub(super) fn socket(&self) -> &Arc<OpenSocket> {
        &self.socket
    }

    /// Receives once, as much as the task's rates allow. Never blocks: `None` means that there is nothing yet, or that the task
    /// has to wait for its turn.
    pub(super) fn read(&mut self, exchange: &Exchange, buffer: &mut [u8]) -> Result<Option<usize>, Error> {
        let Some(grant) = exchange.worker().grant(buffer.len()) else { return Ok(None) };
        let received = self.read_at_once(exchange, &mut buffer[..grant.bytes()])?;
        grant.spend(received.unwrap_or(0));
        Ok(received)
    }

    /// Receives once, as much as there is.
    pub(super) fn read_at_once(&mut self, exchange: &Exchange, buffer: &mut [u8]) -> Result<Option<usize>, Error> {
        match retry(|| (&**self.socket).read(buffer)) {
            // To the system a socket that was shut down has come to its end, where a body may end.
            Ok(0) => self.socket.stranded().map_or(Ok(Some(0)), Err),
            Ok(received) => {
                exchange.count_received(received);
                Ok(Some(received))
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => {
                self.was_reset = error.kind() == io::ErrorKind::ConnectionReset && self.socket.stranded().is_none();
                Err(self.failure(&error))
            }
        }
    }

    /// Whether a receive met the reset of the peer, which follows all that it had sent and that could arrive.
    pub(super) fn was_reset(&self) -> bool {
        self.was_reset
    }

    /// Sends once, as much as the task's rates allow. Never blocks: `None` means that the kernel's buffer is full, or was when the
    /// last send ended, or that the task has to wait for its turn.
    pub(super) fn write(&mut self, exchange: &Exchange, bytes: &[u8]) -> Result<Option<usize>, Error> {
        if self.is_full {
            return Ok(None);
        }
        let Some(grant) = exchange.worker().grant(bytes.len()) else { return Ok(None) };
        let bytes = &bytes[..grant.bytes()];
        match retry(|| self.socket.send_with_flags(bytes, SEND_FLAGS)) {
            Ok(sent) => {
                grant.spend(sent);
                exchange.count_sent(sent);
                self.is_full = sent < bytes.len();
                Ok(Some(sent))
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => Err(self.failure(&error)),
        }
    }

    /// The failure of a connection that failed before.
    pub(super) fn failed_before(&self) -> Error {
        self.socket.stranded().unwrap_or_else(|| Error::closed("the connection had failed before"))
    }

    fn failure(&self, error: &io::Error) -> Error {
        self.socket.stranded().unwrap_or_else(|| Error::connection(error))
    }

    /// Waits for the task's turn and then for the socket, at most until `limit`: then it is ready for nothing.
    ///
    /// # Errors
    /// The stop signal and its deadline; a connection that is too slow.
    pub(super) fn wait(
        &mut self,
        exchange: &Exchange,
        interest: Interest,
        limit: Option<Instant>,
    ) -> Result<Readiness, Error> {
        self.wait_from(1, exchange, interest, limit)
    }

    /// Waits for input like [`Stream::wait`], but until `enough` bytes of it are there, or the end.
    pub(super) fn gather(
        &mut self,
        enough: u32,
        exchange: &Exchange,
        limit: Option<Instant>,
    ) -> Result<Readiness, Error> {
        let enough = self.mark_with_room(enough);
        self.wait_from(enough, exchange, Interest::Readable, limit)
    }

    /// The `SO_RCVLOWAT` value that the last wait used.
    pub(super) fn low_water_mark(&self) -> u32 {
        self.low_water_mark
    }

    fn wait_from(
        &mut self,
        mark: u32,
        exchange: &Exchange,
        interest: Interest,
        limit: Option<Instant>,
    ) -> Result<Readiness, Error> {
        if !exchange.worker().wait_for_turn(limit)? {
            return Ok(Readiness { input: false, output: false });
        }
        // A system that refuses wakes more often; nothing else depends on it.
        if mark != self.low_water_mark && set_receive_low_water_mark(&*self.socket, mark).is_ok() {
            self.low_water_mark = mark;
        }
        let events = match interest {
            Interest::Readable => PollFlags::IN,
            Interest::Writable => PollFlags::OUT,
            Interest::Both => PollFlags::IN | PollFlags::OUT,
        };
        let happened = match exchange.speed() {
            Some(speed) => self.wait_at_speed(speed, exchange, events, limit)?,
            None => exchange.worker().wait(&[PollFd::new(&*self.socket, events)], limit)?[0],
        };
        self.is_full = false;
        let input = happened.intersects(PollFlags::IN | PollFlags::HUP | PollFlags::ERR);
        Ok(Readiness { input, output: happened.contains(PollFlags::OUT) })
    }

    /// Waits for `events` until the connection is too slow, if that is before `limit`.
    fn wait_at_speed(
        &self,
        speed: &SpeedWatch,
        exchange: &Exchange,
        events: PollFlags,
        limit: Option<Instant>,
    ) -> Result<PollFlags, Error> {
        let begin = Instant::now();
        let Some(left) = speed.time_left(exchange.bytes_moved(self.unsent())) else {
            // Another attempt may follow, beside which the kernel is not to send the rest of this one.
            self.reset_on_close();
            return Err(Error::stalled());
        };
        let end = begin + left;
        let until = limit.map_or(end, |limit| limit.min(end));
        let happened = exchange.worker().wait(&[PollFd::new(&*self.socket, events)], Some(until))?[0];
        speed.add(begin.elapsed());
        // What has come since, or has room, is moved before the next wait judges.
        Ok(if happened.is_empty() && until == end { events } else { happened })
    }

    /// `wanted`, or fewer bytes where the socket's buffer is small. Three quarters of the buffer stay free at the mark, so that
    /// the peer goes on sending while this end wakes up and receives. With room for the mark alone the peer would stop for a
    /// round trip each time; with half, lines of 150 ms and 150 Mbit/s still took 6 % longer (`benches/links.sh`).
    fn mark_with_room(&mut self, wanted: u32) -> u32 {
        let room_for = wanted.saturating_mul(4);
        // Linux enlarges a socket's buffer for its mark since 4.18 (`tcp_set_rcvlowat`), and leaves it so for a smaller one.
        if wanted > self.largest_mark && set_receive_low_water_mark(&*self.socket, room_for).is_ok() {
            self.low_water_mark = room_for;
            let room = self.socket.recv_buffer_size().unwrap_or(0);
            let fits = room > room_for as usize + room_for as usize / 4;
            self.largest_mark = if fits { wanted } else { u32::try_from(room / 4).unwrap_or(wanted).max(1) };
        }
        wanted.min(self.largest_mark)
    }

    /// The bytes that the kernel still holds; 0 where it does not say.
    pub(super) fn unsent(&self) -> u64 {
        unsent_bytes(&*self.socket).map_or(0, |bytes| bytes as u64)
    }

    /// The round-trip time to the peer, as far as the system tells, of this moment or the second before.
    pub(super) fn round_trip(&mut self) -> Option<Duration> {
        let now = Instant::now();
        let (_, time) = match self.round_trip {
            Some(known) if now - known.0 < MAX_ROUND_TRIP_AGE => known,
            _ => *self.round_trip.insert((now, smoothed_round_trip_time(&*self.socket))),
        };
        time
    }

    /// Whether an idle connection has nothing to be received, neither bytes nor an end.
    pub(super) fn is_quiet(&self) -> bool {
        let mut byte = [MaybeUninit::uninit()];
        matches!(self.socket.peek(&mut byte), Err(error) if error.kind() == io::ErrorKind::WouldBlock)
    }

    /// Lets the close throw away what the kernel still holds of the request, which may be megabytes.
    pub(super) fn reset_on_close(&self) {
        // It only saves bytes.
        let _ = self.socket.set_linger(Some(Duration::ZERO));
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
