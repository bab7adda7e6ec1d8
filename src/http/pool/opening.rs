//! Connections that are opened ahead of their first exchange.
//!
//! At most one connection per origin is being opened. The first exchange that needs it waits for it; further ones open
//! their own. If no exchange waits for it, it becomes idle once it is open.

use std::fmt;
use std::sync::Arc;

use super::{IdleConnections, IdlePool, MAX_IDLE, MAX_IDLE_TIME, Origin};
use crate::http::connection::Connection;
use crate::http::error::{Error, ErrorKind};
use crate::http::exchange::Exchange;
use crate::platform::Waker;
use crate::worker::{Worker, lock};

/// The maximum number of connections that are being opened ahead, or were and have served no exchange yet. It is half
/// of `MAX_IDLE`, so that connections to servers that are never used do not displace those that are.
const MAX_UNUSED: usize = MAX_IDLE / 2;

/// A connection that is being opened, in the pool's list.
#[derive(Debug)]
pub(super) struct Opening {
    number: u64,
    origin: Origin,
    state: OpeningState,
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
            NotOpened::Paused => formatter.write_str("connections are closed in the background"),
            NotOpened::AlreadyThere => formatter.write_str("the pool has one"),
            NotOpened::TooManyUnused => write!(formatter, "{MAX_UNUSED} opened ahead are still unused"),
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
        let mut lasting = state.connections.iter().filter(|idle| idle.since.elapsed() < MAX_IDLE_TIME / 2);
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
        state.openings.push(Opening { number, origin: origin.clone(), state: OpeningState::Unclaimed });
        Ok(OpeningRight { pool: self.clone(), number })
    }

    /// Waits for a claimed connection. `None` if it could not be opened.
    pub(super) fn await_opening(
        self: &Arc<IdlePool>,
        number: u64,
        exchange: &Exchange,
    ) -> Result<Option<Box<Connection>>, Error> {
        match exchange.wait_at_speed(|| lock(&self.state).take_claimed(number)) {
            Ok(taken) => Ok(taken.flatten()),
            Err(error) => {
                let left = lock(&self.state).give_claim_back(number);
                if let Some((origin, connection)) = left {
                    self.put(origin, connection, exchange.worker());
                }
                Err(error)
            }
        }
    }
}

impl IdleConnections {
    /// Claims the connection to `origin` that is being opened and that no other exchange waits for. Returns its number.
    pub(super) fn claim(&mut self, origin: &Origin, worker: &Worker) -> Result<Option<u64>, Error> {
        let is_free =
            |opening: &&mut Opening| opening.origin == *origin && matches!(opening.state, OpeningState::Unclaimed);
        let Some(opening) = self.openings.iter_mut().find(is_free) else { return Ok(None) };
        let waker = worker.waker().map_err(|error| {
            Error::new(ErrorKind::OutOfResources, format!("a connection cannot be waited for: {error}"))
        })?;
        opening.state = OpeningState::Claimed(waker);
        Ok(Some(opening.number))
    }

    /// The result of a claimed opening. The outer `None` means that it is still in progress, the inner `None` that it
    /// failed.
    fn take_claimed(&mut self, number: u64) -> Option<Option<Box<Connection>>> {
        let index = self.index_of(number)?;
        match std::mem::replace(&mut self.openings[index].state, OpeningState::Failed) {
            OpeningState::Open(connection) => {
                self.openings.swap_remove(index);
                Some((connection.trust() >= self.trust).then_some(connection))
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

    /// Withdraws the claim of an exchange that stops. Returns the connection if it is open already.
    fn give_claim_back(&mut self, number: u64) -> Option<(Origin, Box<Connection>)> {
        let index = self.index_of(number)?;
        if let OpeningState::Claimed(_) = self.openings[index].state {
            self.openings[index].state = OpeningState::Unclaimed;
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
            OpeningState::Unclaimed => {
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
mod tests {
    use std::thread;
    use std::time::{Duration, Instant};

    use super::*;
    use crate::http::exchange::Reports;
    use crate::worker::{StopReason, StopSignal};

    fn is_claimed(pool: &IdlePool) -> bool {
        matches!(lock(&pool.state).openings[0].state, OpeningState::Claimed(_))
    }

    #[test]
    fn stopped_exchange_returns_its_claim() {
        let pool = Arc::new(IdlePool::default());
        let origin = Origin { is_tls: true, host: "test.example".to_owned(), port: 443 };
        let right = pool.begin_opening(&origin).unwrap();
        let stop = Arc::new(StopSignal::new());
        let worker = Arc::new(Worker::for_call(stop.clone()));
        let exchange = Exchange::new(worker.clone(), Reports { progress: false, round_trip: false, trace: false });
        thread::scope(|scope| {
            let taking = scope.spawn(|| pool.take(&origin, &exchange).map(|taken| taken.is_some()));
            let limit = Instant::now() + Duration::from_secs(60);
            while !is_claimed(&pool) && Instant::now() < limit {
                thread::yield_now();
            }
            let was_claimed = is_claimed(&pool);
            stop.request(StopReason::Aborted);
            let taken = taking.join().unwrap().map_err(|error| error.kind);
            assert!(was_claimed && matches!(taken, Err(ErrorKind::Cancelled(StopReason::Aborted))), "{taken:?}");
        });
        assert!(lock(&pool.state).claim(&origin, &worker).unwrap().is_some(), "the next exchange can have it");
        drop(right);
    }
}
