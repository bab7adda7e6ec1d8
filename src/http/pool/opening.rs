//! Connections that are opened ahead of their first exchange.
//!
//! At most one connection per origin is being opened. The first exchange that needs it waits for it; further ones open
//! their own. If no exchange waits for it, it becomes idle once it is open. If meanwhile another connection to the
//! origin becomes idle, the exchange that waits takes that one, and the next exchange may wait for the opening.
//!
//! Opening ahead is a hint, and must not make an exchange fail that would succeed without it. So an exchange waits at
//! most until the opening is `OPENING_PATIENCE` old and, with a minimum speed, at most as long as a connection may
//! stall. Then the exchange opens its own connection, and no other exchange waits for this opening. The wait does not
//! count towards the minimum speed of the exchange's own connection.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{IdleConnection, IdleConnections, IdlePool, MAX_IDLE, MAX_IDLE_TIME, Origin};
use crate::http::connection::Connection;
use crate::http::error::{Error, ErrorKind};
use crate::http::exchange::Exchange;
use crate::platform::Waker;
use crate::worker::{Worker, lock};

/// The maximum number of connections that are being opened ahead, or were opened ahead and have served no exchange yet.
/// It is half of `MAX_IDLE`, so that unused connections do not displace all used ones.
const MAX_UNUSED: usize = MAX_IDLE / 2;

/// How long exchanges wait for a connection that is being opened ahead, counted from the start of its opening. A
/// look-up, a connect and a handshake take four round trips, so this is enough for links with round trips of half a
/// second.
const OPENING_PATIENCE: Duration = Duration::from_secs(2);

/// A connection that is being opened, in the pool's list.
#[derive(Debug)]
pub(super) struct Opening {
    number: u64,
    origin: Origin,
    since: Instant,
    state: OpeningState,
}

/// An exchange's right to a connection that is being opened.
#[derive(Clone, Copy)]
pub(super) struct OpeningClaim {
    number: u64,
    since: Instant,
}

#[derive(Debug)]
enum OpeningState {
    /// No exchange waits for it.
    Unclaimed,
    /// An exchange waits for it. The waker wakes its thread.
    Claimed(Arc<Waker>),
    /// The connection is open, and the exchange that claimed it has not taken it yet.
    Open(Box<Connection>),
    /// Opening failed, and the exchange that claimed it has not seen that yet.
    Failed,
    /// An exchange has waited too long for it. No other one waits for it.
    TooSlow,
}

/// The reason why no connection is opened ahead.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) enum NotOpened {
    /// The pool is paused.
    Paused,
    /// A connection to the origin is being opened, or has been idle for a short time only.
    AlreadyThere,
    /// [`MAX_UNUSED`] connections have served no exchange yet.
    TooManyUnused,
}

impl fmt::Display for NotOpened {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            NotOpened::Paused => formatter.write_str("the app is in the background"),
            NotOpened::AlreadyThere => formatter.write_str("a connection is idle or being opened"),
            NotOpened::TooManyUnused => write!(formatter, "{MAX_UNUSED} connections opened ahead are still unused"),
        }
    }
}

/// The right to open one connection ahead. Dropping it without a connection marks the opening as failed.
pub(in crate::http) struct OpeningRight {
    pool: Arc<IdlePool>,
    number: u64,
}

impl IdlePool {
    /// Registers that a connection to `origin` is being opened.
    pub(in crate::http) fn begin_opening(self: &Arc<IdlePool>, origin: &Origin) -> Result<OpeningRight, NotOpened> {
        let mut state = lock(&self.state);
        if state.is_paused {
            return Err(NotOpened::Paused);
        }
        // A connection that will be closed soon does not count: the next exchange cannot rely on it.
        let mut lasting = state.connections.iter().filter(|idle| idle.idle_time() < MAX_IDLE_TIME / 2);
        if lasting.any(|idle| idle.origin == *origin) || state.openings.iter().any(|opening| opening.origin == *origin)
        {
            return Err(NotOpened::AlreadyThere);
        }
        let unused = state.connections.iter().filter(|idle| !idle.connection.was_used()).count();
        if unused + state.openings.len() >= MAX_UNUSED {
            return Err(NotOpened::TooManyUnused);
        }
        state.last_opening += 1;
        let number = state.last_opening;
        let since = Instant::now();
        state.openings.push(Opening { number, origin: origin.clone(), since, state: OpeningState::Unclaimed });
        Ok(OpeningRight { pool: self.clone(), number })
    }

    /// Waits for a claimed connection, or for another one to `origin` that becomes idle. `None` if the claimed one
    /// could not be opened, or neither came in time.
    pub(super) fn await_opening(
        self: &Arc<IdlePool>,
        claim: OpeningClaim,
        origin: &Origin,
        exchange: &Exchange,
    ) -> Result<Option<Box<Connection>>, Error> {
        let OpeningClaim { number, since } = claim;
        let limit = since + OPENING_PATIENCE;
        let limit = exchange.speed().map_or(limit, |speed| limit.min(Instant::now() + speed.time()));
        loop {
            let first = exchange.worker().wait_for(Some(limit), || lock(&self.state).first_of(number, origin));
            let (result, then) = match first {
                Ok(Some(First::Claimed(taken))) => return Ok(taken.filter(|connection| self.is_current(connection))),
                Ok(Some(First::Idle(idle))) => match idle.into_usable(exchange) {
                    Some(usable) => (Ok(Some(usable)), OpeningState::Unclaimed),
                    None => continue,
                },
                Ok(None) => (Ok(None), OpeningState::TooSlow),
                Err(error) => (Err(error.into()), OpeningState::Unclaimed),
            };
            // The claimed connection may be open by now.
            let left = lock(&self.state).withdraw_claim(number, then);
            return match (result, left) {
                (Ok(None), Some((_, connection))) if self.is_current(&connection) => Ok(Some(connection)),
                (result, left) => {
                    if let Some((origin, connection)) = left {
                        self.put(origin, connection, exchange.worker());
                    }
                    result
                }
            };
        }
    }

    /// Whether the connection was opened with the current trust and in the current network. Called without the pool's
    /// lock, so that the caller can close one that is not.
    fn is_current(&self, connection: &Connection) -> bool {
        connection.trust() >= lock(&self.state).trust && !connection.is_of_former_network()
    }
}

/// What an exchange that waits for an opening gets first.
enum First {
    /// The claimed connection. `None` if it could not be opened.
    Claimed(Option<Box<Connection>>),
    /// Another connection, which may be unusable.
    Idle(IdleConnection),
}

impl IdleConnections {
    /// Claims the connection to `origin` that is being opened and that no other exchange waits for.
    pub(super) fn claim(&mut self, origin: &Origin, worker: &Worker) -> Result<Option<OpeningClaim>, Error> {
        let is_free =
            |opening: &&mut Opening| opening.origin == *origin && matches!(opening.state, OpeningState::Unclaimed);
        let Some(opening) = self.openings.iter_mut().find(is_free) else { return Ok(None) };
        let waker = worker.waker().map_err(|error| {
            Error::new(ErrorKind::OutOfResources, format!("the system cannot wait for a connection: {error}"))
        })?;
        opening.state = OpeningState::Claimed(waker);
        Ok(Some(OpeningClaim { number: opening.number, since: opening.since }))
    }

    /// The claimed connection or an idle one. `None` if there is neither yet.
    fn first_of(&mut self, number: u64, origin: &Origin) -> Option<First> {
        self.take_claimed(number).map(First::Claimed).or_else(|| self.take_idle(origin).map(First::Idle))
    }

    /// Wakes the exchange that waits for a connection to `origin` to be opened: another one is idle.
    pub(super) fn wake_claimant(&self, origin: &Origin) {
        for opening in self.openings.iter().filter(|opening| opening.origin == *origin) {
            if let OpeningState::Claimed(waker) = &opening.state {
                waker.wake();
            }
        }
    }

    /// The result of a claimed opening. The outer `None` means that it is still in progress, the inner `None` that it
    /// failed.
    fn take_claimed(&mut self, number: u64) -> Option<Option<Box<Connection>>> {
        let index = self.index_of(number)?;
        match std::mem::replace(&mut self.openings[index].state, OpeningState::Failed) {
            OpeningState::Open(connection) => {
                self.openings.swap_remove(index);
                Some(Some(connection))
            }
            OpeningState::Failed => {
                self.openings.swap_remove(index);
                Some(None)
            }
            state => {
                self.openings[index].state = state;
                None
            }
        }
    }

    /// Withdraws the claim of an exchange that no longer waits. If the connection is still being opened, sets the state
    /// of the opening to `then`. Otherwise removes the opening, and returns its connection if it is open.
    fn withdraw_claim(&mut self, number: u64, then: OpeningState) -> Option<(Origin, Box<Connection>)> {
        let index = self.index_of(number)?;
        if let OpeningState::Claimed(_) = self.openings[index].state {
            self.openings[index].state = then;
            return None;
        }
        match self.openings.swap_remove(index) {
            Opening { origin, state: OpeningState::Open(connection), .. } => Some((origin, connection)),
            _ => None,
        }
    }

    /// Ends an opening, with or without a connection. Returns the connection if no exchange waits for it. Does nothing
    /// if the opening has ended already.
    fn end_opening(&mut self, number: u64, connection: Option<Box<Connection>>) -> Option<(Origin, Box<Connection>)> {
        let index = self.index_of(number)?;
        match &self.openings[index].state {
            OpeningState::Claimed(waker) => {
                let waker = waker.clone();
                self.openings[index].state = connection.map_or(OpeningState::Failed, OpeningState::Open);
                waker.wake();
                None
            }
            OpeningState::Unclaimed | OpeningState::TooSlow => {
                let origin = self.openings.swap_remove(index).origin;
                connection.map(|connection| (origin, connection))
            }
            OpeningState::Open(_) | OpeningState::Failed => None,
        }
    }

    fn index_of(&self, number: u64) -> Option<usize> {
        self.openings.iter().position(|opening| opening.number == number)
    }
}

impl OpeningRight {
    /// Passes the connection to the exchange that waits for it, or to the pool.
    pub(in crate::http) fn finish(self, connection: Box<Connection>, worker: &Worker) {
        let left = lock(&self.pool.state).end_opening(self.number, Some(connection));
        if let Some((origin, connection)) = left {
            self.pool.put(origin, connection, worker);
        }
    }
}

impl Drop for OpeningRight {
    fn drop(&mut self) {
        // After `finish` the opening has ended, so this has no effect.
        lock(&self.pool.state).end_opening(self.number, None);
    }
}

#[cfg(test)]
#[path = "opening_tests.rs"]
mod tests;
