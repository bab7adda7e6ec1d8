//! Idle connections, to be used again.
//!
//! The pool's lock is held for moves within its list and to set the timer, neither of which waits for a peer. Outside of the
//! lock a connection is asked whether it is still good, and is closed: a peer can make both of them long.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, Weak};
use std::time::{Duration, Instant};

use super::connection::Connection;
use super::exchange::Exchange;
use crate::worker::{Alarm, Timer, Worker, lock};

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
}

#[derive(Debug)]
struct IdleConnection {
    origin: Origin,
    connection: Box<Connection>,
    since: Instant,
}

impl IdlePool {
    /// A connection to `origin` that can be used at once, the one that was used last if there are several.
    ///
    /// # Errors
    /// None: what cannot be used is closed.
    pub(super) fn take(&self, origin: &Origin, exchange: &Exchange) -> Option<Box<Connection>> {
        loop {
            let mut connection = {
                let mut state = lock(&self.state);
                let index = state.connections.iter().rposition(|idle| idle.origin == *origin)?;
                state.connections.remove(index)?
            };
            let is_fresh = connection.since.elapsed() < MAX_IDLE_TIME;
            if is_fresh && connection.connection.is_quiet(exchange) {
                return Some(connection.connection);
            }
        }
    }

    /// Keeps a connection whose exchange is over.
    pub(super) fn put(self: &Arc<IdlePool>, origin: Origin, mut connection: Box<Connection>, worker: &Worker) {
        connection.shrink(worker);
        let mut state = lock(&self.state);
        if state.is_paused {
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

    /// Closes all of them, and keeps none until it is resumed.
    pub(super) fn pause(&self) {
        lock(&self.state).is_paused = true;
        self.close_all();
    }

    /// Keeps connections again.
    pub(super) fn resume(&self) {
        lock(&self.state).is_paused = false;
    }

    /// Closes all of them.
    pub(super) fn close_all(&self) {
        let mut state = lock(&self.state);
        let (connections, alarm) = (std::mem::take(&mut state.connections), state.alarm.take());
        drop(state);
        drop(connections);
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
        drop(old);
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

impl Drop for IdlePool {
    fn drop(&mut self) {
        self.close_all();
    }
}
