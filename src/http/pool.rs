//! Idle connections, to be used again, and those that are opened ahead of the exchanges that will need them.
//!
//! The pool's lock is held for moves within its list and to set the timer, neither of which waits for a peer. Outside of the
//! lock a connection is asked whether it is still good, and is closed: a peer can make both of them long.

mod opening;

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use once_cell::unsync::Lazy;

use super::connection::Connection;
use super::connector::TrustNumber;
use super::error::Error;
use super::exchange::{Exchange, Reports};
use crate::worker::{Alarm, StopSignal, Timer, Worker, lock};
use opening::Opening;

/// As many as one mini program has transfers of one kind.
const MAX_IDLE_PER_ORIGIN: usize = 10;
const MAX_IDLE: usize = 20;
/// Short enough for most servers not to have closed the connection yet, and for a phone to be let alone.
const MAX_IDLE_TIME: Duration = Duration::from_secs(15);

/// Where a connection leads: RFC 6454's origin.
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
    /// The longest idle first.
    connections: VecDeque<IdleConnection>,
    /// Closes the first of them when its time is over.
    alarm: Option<Alarm>,
    /// None is kept now.
    is_paused: bool,
    /// Connections of a trust before this one are neither kept nor handed over.
    trust: TrustNumber,
    /// Connections that are being opened ahead.
    openings: Vec<Opening>,
    /// The number of the newest of them.
    last_opening: u64,
}

#[derive(Debug)]
struct IdleConnection {
    origin: Origin,
    connection: Box<Connection>,
    since: Instant,
}

impl IdlePool {
    /// A connection to `origin` that is open, the one that was used last if there are several. If there is none, the one that
    /// is being opened ahead and that no other exchange waits for: that is waited for. `None` if the exchange has to open its
    /// own, also after the one that it waited for could not be opened. What cannot be used is closed.
    ///
    /// # Errors
    /// The stop signal, and a refusal of the system to wait.
    pub(super) fn take(
        self: &Arc<IdlePool>,
        origin: &Origin,
        exchange: &Exchange,
    ) -> Result<Option<Box<Connection>>, Error> {
        loop {
            let mut state = lock(&self.state);
            let index = state.connections.iter().rposition(|idle| idle.origin == *origin);
            let Some(mut idle) = index.and_then(|index| state.connections.remove(index)) else {
                // Under the lock of this look: what is opened is either idle or still on its way.
                return match state.claim(origin, exchange.worker())? {
                    Some(number) => {
                        drop(state);
                        self.await_opening(number, exchange.worker())
                    }
                    None => Ok(None),
                };
            };
            drop(state);
            let is_fresh = idle.since.elapsed() < MAX_IDLE_TIME;
            if is_fresh && idle.connection.is_quiet(exchange) {
                return Ok(Some(idle.connection));
            }
        }
    }

    /// Keeps a connection whose exchange is over.
    pub(super) fn put(self: &Arc<IdlePool>, origin: Origin, mut connection: Box<Connection>, worker: &Worker) {
        connection.shrink(worker);
        let mut state = lock(&self.state);
        if state.is_paused || connection.trust() < state.trust {
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
        state.connections.push_back(IdleConnection { origin, connection, since: Instant::now() });
        // Without a thread for the timer the connection cannot be closed in time, so it is not kept.
        let unkept = if self.set_alarm(&mut state) { None } else { state.connections.pop_back() };
        drop(state);
        drop((evicted, unkept));
    }

    /// How many there are.
    pub(super) fn idle(&self) -> usize {
        lock(&self.state).connections.len()
    }

    /// Closes all of them, and keeps none until it is resumed.
    pub(super) fn pause(&self) {
        lock(&self.state).is_paused = true;
        self.close_all();
    }

    /// Keeps connections again.
    pub(super) fn resume(&self) {
        lock(&self.state).is_paused = false;
    }

    /// Closes all of them, and keeps none that was opened with a trust before this one.
    pub(super) fn renew(&self, trust: TrustNumber) {
        let mut state = lock(&self.state);
        state.trust = state.trust.max(trust);
        drop(state);
        self.close_all();
    }

    /// Closes all of them.
    pub(super) fn close_all(&self) {
        let mut state = lock(&self.state);
        let (connections, alarm) = (std::mem::take(&mut state.connections), state.alarm.take());
        drop(state);
        close(connections);
        if let Some(alarm) = alarm {
            alarm.cancel();
        }
    }

    /// Closes those whose time is over.
    fn close_old(self: &Arc<IdlePool>) {
        let mut state = lock(&self.state);
        state.alarm = None;
        let young = state.connections.partition_point(|idle| idle.since.elapsed() >= MAX_IDLE_TIME);
        let mut old: Vec<_> = state.connections.drain(..young).collect();
        if !self.set_alarm(&mut state) {
            old.extend(state.connections.drain(..));
        }
        drop(state);
        close(old);
    }

    /// Has the first connection closed in time; `false` if that cannot be.
    fn set_alarm(self: &Arc<IdlePool>, state: &mut IdleConnections) -> bool {
        let Some(first) = state.connections.front().filter(|_| state.alarm.is_none()) else { return true };
        let pool: Weak<IdlePool> = Arc::downgrade(self);
        let alarm = Timer::get().set(first.since + MAX_IDLE_TIME, move || {
            if let Some(pool) = pool.upgrade() {
                pool.close_old();
            }
        });
        state.alarm = alarm.ok();
        state.alarm.is_some()
    }
}

/// Closes connections. On one that no exchange has used the tickets of TLS 1.3 still wait: they are received, so that the next
/// connection to the server can resume the session.
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
