//! A non-blocking connected socket.

use std::io::{self, Read};
use std::mem::MaybeUninit;
use std::net::SocketAddr;
use std::os::fd::BorrowedFd;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::error::Error;
use super::exchange::Exchange;
use super::low_speed::SpeedWatch;
use super::sockets::OpenSocket;
use crate::platform::{SEND_FLAGS, set_receive_low_water_mark, smoothed_round_trip_time, unsent_bytes};
use rustix::event::{PollFd, PollFlags};

/// A non-blocking connected socket. The exchange is a parameter, because an idle connection has none.
#[derive(Debug)]
pub(super) struct Stream {
    socket: Arc<OpenSocket>,
    pub peer: SocketAddr,
    /// The current `SO_RCVLOWAT`: the number of received bytes from which `poll` reports the socket as readable.
    low_water_mark: u32,
    /// The largest low-water mark that is known to leave enough of the receive buffer free.
    largest_mark: u32,
    /// A send found the kernel's buffer full, and no wait has reported since then that it accepts bytes.
    is_full: bool,
    /// A receive returned the peer's reset.
    was_reset: bool,
    /// The last round-trip time that the system reported, and when it was asked.
    round_trip: Option<(Instant, Option<Duration>)>,
}

/// The maximum age of a cached round-trip time. The kernel smooths it over many packets, and asking costs a twentieth
/// of a small download.
const MAX_ROUND_TRIP_AGE: Duration = Duration::from_secs(1);

/// The result of a wait.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Readiness {
    /// Bytes, an end or an error can be received.
    pub input: bool,
    /// Bytes can be sent.
    pub output: bool,
}

/// What to wait for.
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

    /// Receives once without blocking, at most as much as the task's rates allow. `None` if there is no input yet or
    /// the task must wait for its turn.
    pub(super) fn read(&mut self, exchange: &Exchange, buffer: &mut [u8]) -> Result<Option<usize>, Error> {
        let Some(grant) = exchange.worker().grant(buffer.len()) else { return Ok(None) };
        let received = self.read_at_once(exchange, &mut buffer[..grant.bytes()])?;
        grant.spend(received.unwrap_or(0));
        Ok(received)
    }

    /// Receives once without blocking, regardless of the task's rates.
    pub(super) fn read_at_once(&mut self, exchange: &Exchange, buffer: &mut [u8]) -> Result<Option<usize>, Error> {
        match retry(|| (&**self.socket).read(buffer)) {
            // A socket that was shut down locally also reads 0 bytes, which must not count as the end of a body.
            Ok(0) => self.socket.ended().map_or(Ok(Some(0)), Err),
            Ok(received) => {
                exchange.count_received(received);
                Ok(Some(received))
            }
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
            Err(error) => {
                self.was_reset = error.kind() == io::ErrorKind::ConnectionReset && self.socket.ended().is_none();
                Err(self.failure(&error))
            }
        }
    }

    /// Whether a receive returned the peer's reset. A reset follows everything that the peer sent and that arrived.
    pub(super) fn was_reset(&self) -> bool {
        self.was_reset
    }

    /// Sends once without blocking, at most as much as the task's rates allow. `None` if the kernel's buffer is full,
    /// or was after the last send, or the task must wait for its turn.
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
            Err(error) if error.kind() == io::ErrorKind::WouldBlock => {
                self.is_full = true;
                Ok(None)
            }
            Err(error) => Err(self.failure(&error)),
        }
    }

    /// The error for a connection that failed earlier.
    pub(super) fn failed_before(&self) -> Error {
        self.socket.ended().unwrap_or_else(|| Error::closed("the connection had failed before"))
    }

    fn failure(&self, error: &io::Error) -> Error {
        self.socket.ended().unwrap_or_else(|| Error::connection(error))
    }

    /// Waits for the task's turn and then for the socket, at most until `limit`. If `limit` passes first, neither input
    /// nor output is reported as ready.
    ///
    /// # Errors
    /// The stop signal, including the deadline, or the connection is too slow.
    pub(super) fn wait(
        &mut self,
        exchange: &Exchange,
        interest: Interest,
        limit: Option<Instant>,
    ) -> Result<Readiness, Error> {
        self.wait_from(1, exchange, interest, limit)
    }

    /// Waits like [`Stream::wait`] until at least `enough` bytes can be received, or the end.
    pub(super) fn gather(
        &mut self,
        enough: u32,
        exchange: &Exchange,
        limit: Option<Instant>,
    ) -> Result<Readiness, Error> {
        let enough = self.mark_with_room(enough);
        self.wait_from(enough, exchange, Interest::Readable, limit)
    }

    /// Waits until `pipe` is readable or the connection has failed, and with `also_input` until bytes or an end can be
    /// received. At most until `limit`. Returns whether `pipe` is readable, and whether the socket has an event. Does not
    /// count for the minimum speed, and needs no turn of the task's rates.
    pub(super) fn wait_for_pipe(
        &mut self,
        exchange: &Exchange,
        pipe: BorrowedFd<'_>,
        also_input: bool,
        limit: Option<Instant>,
    ) -> Result<(bool, bool), Error> {
        self.set_low_water_mark(1);
        // Without events, `poll` still reports a failed connection.
        let events = if also_input { PollFlags::IN } else { PollFlags::empty() };
        let watched = [PollFd::from_borrowed_fd(pipe, PollFlags::IN), PollFd::new(&*self.socket, events)];
        let happened = exchange.worker().wait(&watched, limit)?;
        Ok((!happened[0].is_empty(), !happened[1].is_empty()))
    }

    /// If the system rejects the mark, a wait only ends earlier.
    fn set_low_water_mark(&mut self, mark: u32) {
        if mark != self.low_water_mark && set_receive_low_water_mark(&*self.socket, mark).is_ok() {
            self.low_water_mark = mark;
        }
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
        let Some(turn) = exchange.worker().wait_for_turn(limit)? else {
            return Ok(Readiness { input: false, output: false });
        };
        // The next read takes at most `turn` bytes, so a wait for more is useless.
        let mark = u32::try_from(turn).map_or(mark, |turn| mark.min(turn.max(1)));
        self.set_low_water_mark(mark);
        let events = match interest {
            Interest::Readable => PollFlags::IN,
            Interest::Writable => PollFlags::OUT,
            Interest::Both => PollFlags::IN | PollFlags::OUT,
        };
        let happened = match exchange.speed() {
            Some(speed) => self.wait_at_speed(speed, exchange, events, limit)?,
            None => exchange.worker().wait(&[PollFd::new(&*self.socket, events)], limit)?[0],
        };
        // If the wait ended without saying so, the next send would block again.
        let accepts = PollFlags::OUT | PollFlags::HUP | PollFlags::ERR;
        self.is_full &= events.contains(PollFlags::OUT) && !happened.intersects(accepts);
        let input = happened.intersects(PollFlags::IN | PollFlags::HUP | PollFlags::ERR);
        Ok(Readiness { input, output: happened.contains(PollFlags::OUT) })
    }

    /// Waits for `events`, at most until `limit` or the time when the connection is too slow.
    fn wait_at_speed(
        &self,
        speed: &SpeedWatch,
        exchange: &Exchange,
        events: PollFlags,
        limit: Option<Instant>,
    ) -> Result<PollFlags, Error> {
        let begin = Instant::now();
        let Some(left) = speed.time_left(exchange.bytes_moved(self.unsent())) else {
            // The kernel must not send the rest of this attempt while another one may be running.
            self.reset_on_close();
            return Err(Error::stalled());
        };
        let end = begin + left;
        let until = limit.map_or(end, |limit| limit.min(end));
        let happened = exchange.worker().wait(&[PollFd::new(&*self.socket, events)], Some(until))?[0];
        speed.add(begin.elapsed());
        // If the time of the minimum speed is over, report the awaited events, so that available bytes are transferred
        // before the next wait checks the speed.
        Ok(if happened.is_empty() && until == end { events } else { happened })
    }

    /// Limits `wanted` for a small receive buffer: at the mark, three quarters of the buffer stay free, so that the
    /// peer keeps sending while this end wakes and receives. With space for the mark alone, the peer would stop for a
    /// round trip each time. With half of the buffer free, transfers over 150 ms and 150 Mbit/s still took 6 % longer
    /// (`benches/links.sh`).
    fn mark_with_room(&mut self, wanted: u32) -> u32 {
        let room_for = wanted.saturating_mul(4);
        // Since 4.18, Linux enlarges a socket's buffer for its mark (`tcp_set_rcvlowat`), and does not shrink it again.
        if wanted > self.largest_mark && set_receive_low_water_mark(&*self.socket, room_for).is_ok() {
            self.low_water_mark = room_for;
            let room = self.socket.recv_buffer_size().unwrap_or(0);
            let fits = room > room_for as usize + room_for as usize / 4;
            self.largest_mark = if fits { wanted } else { u32::try_from(room / 4).unwrap_or(wanted).max(1) };
        }
        wanted.min(self.largest_mark)
    }

    /// The number of bytes that the kernel still holds. 0 if the system does not report it.
    pub(super) fn unsent(&self) -> u64 {
        unsent_bytes(&*self.socket).map_or(0, |bytes| bytes as u64)
    }

    /// The round-trip time to the peer, up to one second old. `None` if the system does not report it.
    pub(super) fn round_trip(&mut self) -> Option<Duration> {
        let now = Instant::now();
        let (_, time) = match self.round_trip {
            Some(known) if now - known.0 < MAX_ROUND_TRIP_AGE => known,
            _ => *self.round_trip.insert((now, smoothed_round_trip_time(&*self.socket))),
        };
        time
    }

    /// Whether neither bytes nor an end can be received, as on a usable idle connection.
    pub(super) fn is_quiet(&self) -> bool {
        let mut byte = [MaybeUninit::uninit()];
        matches!(self.socket.peek(&mut byte), Err(error) if error.kind() == io::ErrorKind::WouldBlock)
    }

    /// Makes closing discard the unsent data in the kernel, which may be megabytes.
    pub(super) fn reset_on_close(&self) {
        // Only saves traffic, so a failure does not matter.
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
