//! The pool of idle connections, and of connections that are opened ahead of their first exchange.
//!
//! The pool's lock is held only to change its list and to set the timer; neither waits for a peer. A peer can make the
//! check and the close of a connection take long, so both happen outside of the lock.

mod opening;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use once_cell::unsync::Lazy;

use super::connection::Connection;
use super::connector::TrustNumber;
use super::error::Error;
use super::exchange::{Exchange, Reports};
use crate::platform::time_since_boot;
use crate::worker::{Alarm, StopSignal, Timer, Worker, lock};
use opening::Opening;

/// The maximum number of idle connections per origin. A mini program may run this many transfers of one kind at the
/// same time.
const MAX_IDLE_PER_ORIGIN: usize = 10;
const MAX_IDLE: usize = 20;
/// How long a connection may be idle. Shorter than the idle timeout of most servers, and short enough to let a phone
/// sleep.
const MAX_IDLE_TIME: Duration = Duration::from_secs(15);

/// The origin that a connection leads to (RFC 6454).
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Origin {
    pub is_tls: bool,
    /// Without the brackets of an IPv6 address.
    pub host: String,
    pub port: u16,
}

/// The idle connections of one client.
#[derive(Debug, Default)]
pub(super) struct IdlePool {
    state: Mutex<IdleConnections>,
}

#[derive(Debug, Default)]
struct IdleConnections {
    /// Ordered by idle time, the longest first.
    connections: VecDeque<IdleConnection>,
    /// Closes the first connection when its time is over. With its number.
    alarm: Option<(u64, Alarm)>,
    /// The number of the newest alarm.
    last_alarm: u64,
    /// While set, connections are not kept.
    is_paused: bool,
    /// Connections of a trust before this one are neither kept nor handed over.
    trust: TrustNumber,
    /// Connections that are being opened ahead.
    openings: Vec<Opening>,
    /// The number of the newest opening.
    last_opening: u64,
}

#[derive(Debug)]
struct IdleConnection {
    origin: Origin,
    connection: Box<Connection>,
    /// By [`time_since_boot`]: a server counts the time in which the device sleeps, too.
    since: Duration,
}

impl IdlePool {
    /// Takes the most recently used idle connection to `origin`. Unusable connections are closed.
    ///
    /// If there is no idle connection, but one to `origin` is being opened ahead that no other exchange has claimed,
    /// claims it. Then waits until it is open or until another connection to `origin` becomes idle, and takes the first
    /// of the two.
    ///
    /// `None` if the exchange must open its own connection, also if the claimed opening failed or took too long.
    ///
    /// # Errors
    /// The stop signal, or the system cannot wait.
    pub(super) fn take(
        self: &Arc<IdlePool>,
        origin: &Origin,
        exchange: &Exchange,
    ) -> Result<Option<Box<Connection>>, Error> {
        loop {
            let mut state = lock(&self.state);
            let Some(idle) = state.take_idle(origin) else {
                // The lock is still held, so no connection becomes idle between the two searches.
                return match state.claim(origin, exchange.worker())? {
                    Some(number) => {
                        drop(state);
                        self.await_opening(number, origin, exchange)
                    }
                    None => Ok(None),
                };
            };
            drop(state);
            if let Some(usable) = idle.into_usable(exchange) {
                return Ok(Some(usable));
            }
        }
    }

    /// Keeps a connection whose exchange is over.
    pub(super) fn put(self: &Arc<IdlePool>, origin: Origin, mut connection: Box<Connection>, worker: &Worker) {
        connection.shrink(worker);
        let mut state = lock(&self.state);
        // The lock is held, so a connection that is kept just before the network changes is closed by `close_all`.
        if state.is_paused || connection.trust() < state.trust || connection.is_of_former_network() {
            drop(state);
            return drop(connection);
        }
        let of_origin = state.connections.iter().filter(|idle| idle.origin == origin).count();
        let evicted = if of_origin >= MAX_IDLE_PER_ORIGIN {
            state.connections.iter().position(|idle| idle.origin == origin)
        } else {
            (state.connections.len() >= MAX_IDLE).then_some(0)
        };
        let evicted = evicted.and_then(|index| state.connections.remove(index));
        state.connections.push_back(IdleConnection { origin, connection, since: time_since_boot() });
        // If the timer's thread cannot be started, the connection could not be closed in time. So it is not kept.
        let unkept = if self.set_alarm(&mut state) { None } else { state.connections.pop_back() };
        if let (None, Some(kept)) = (&unkept, state.connections.back()) {
            state.wake_claimant(&kept.origin);
        }
        drop(state);
        drop((evicted, unkept));
    }

    /// The number of idle connections.
    pub(super) fn idle(&self) -> usize {
        lock(&self.state).connections.len()
    }

    /// Keeps no further connection until [`resume`](IdlePool::resume).
    pub(super) fn pause(&self) {
        lock(&self.state).is_paused = true;
    }

    /// Keeps connections again.
    pub(super) fn resume(&self) {
        lock(&self.state).is_paused = false;
    }

    /// Closes all idle connections. From here on, keeps no connection that was opened with an earlier trust.
    pub(super) fn renew(&self, trust: TrustNumber) {
        let mut state = lock(&self.state);
        state.trust = state.trust.max(trust);
        drop(state);
        self.close_all();
    }

    /// Closes all idle connections.
    pub(super) fn close_all(&self) {
        let mut state = lock(&self.state);
        let (connections, alarm) = (std::mem::take(&mut state.connections), state.alarm.take());
        drop(state);
        close(connections);
        if let Some((_, alarm)) = alarm {
            alarm.cancel();
        }
    }

    /// Closes the connections whose time is over. `alarm` is the number of the alarm that calls this.
    fn close_old(self: &Arc<IdlePool>, alarm: u64) {
        let mut state = lock(&self.state);
        // `close_all` may have taken this alarm after it went off, and a newer one may have been set.
        state.alarm.take_if(|(number, _)| *number == alarm);
        let young = state.connections.partition_point(|idle| idle.idle_time() >= MAX_IDLE_TIME);
        let mut old: Vec<_> = state.connections.drain(..young).collect();
        if !self.set_alarm(&mut state) {
            old.extend(state.connections.drain(..));
        }
        drop(state);
        close(old);
    }

    /// Sets the alarm that closes the first connection. `false` if that fails.
    fn set_alarm(self: &Arc<IdlePool>, state: &mut IdleConnections) -> bool {
        let Some(first) = state.connections.front().filter(|_| state.alarm.is_none()) else { return true };
        let end = Instant::now() + MAX_IDLE_TIME.saturating_sub(first.idle_time());
        let pool: Weak<IdlePool> = Arc::downgrade(self);
        state.last_alarm += 1;
        let number = state.last_alarm;
        let alarm = Timer::get().set(end, move || {
            if let Some(pool) = pool.upgrade() {
                pool.close_old(number);
            }
        });
        state.alarm = alarm.ok().map(|alarm| (number, alarm));
        state.alarm.is_some()
    }
}

impl IdleConnections {
    /// The most recently used connection to `origin`, which may be unusable.
    fn take_idle(&mut self, origin: &Origin) -> Option<IdleConnection> {
        let index = self.connections.iter().rposition(|idle| idle.origin == *origin)?;
        self.connections.remove(index)
    }
}

impl IdleConnection {
    fn idle_time(&self) -> Duration {
        time_since_boot().saturating_sub(self.since)
    }

    /// The connection, or `None` if it is too old or the server has closed it. Reads from the socket, so no lock may be
    /// held.
    fn into_usable(mut self, exchange: &Exchange) -> Option<Box<Connection>> {
        let is_fresh = self.idle_time() < MAX_IDLE_TIME;
        (is_fresh && self.connection.is_quiet(exchange)).then_some(self.connection)
    }
}

/// Closes connections. One that no exchange has used still holds unread session tickets of TLS 1.3. They are received
/// first, so that the next connection to the server can resume the session.
fn close(connections: impl IntoIterator<Item = IdleConnection>) {
    let exchange = Lazy::new(|| {
        let worker = Arc::new(Worker::for_call(Arc::new(StopSignal::new())));
        Exchange::new(worker, Reports { progress: false, round_trip: false, trace: false })
    });
    for mut idle in connections {
        if !idle.connection.was_used() {
            idle.connection.is_quiet(&exchange);
        }
    }
}

impl Drop for IdlePool {
    fn drop(&mut self) {
        self.close_all();
    }
}
