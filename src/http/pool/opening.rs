//! Connections that are opened ahead of their first exchange.
//!
//! At most one connection per origin is being opened. The first exchange that needs it waits for it; further ones open
//! their own. If no exchange waits for it, it becomes idle once it is open.
//!
//! Opening ahead is a hint, and must not make an exchange fail that would succeed without it. So an exchange waits for
//! a limited time, with a minimum speed no longer than a connection may stall. Then it opens its own, and no exchange
//! waits for the slow one again. The wait does not count as one for the exchange's own connection.

use std::fmt;
use std::sync::Arc;
use std::time::{Duration, Instant};

use super::{IdleConnections, IdlePool, MAX_IDLE, MAX_IDLE_TIME, Origin};
use crate::http::connection::Connection;
use crate::http::error::{Error, ErrorKind};
use crate::http::exchange::Exchange;
use crate::platform::Waker;
use crate::worker::{Worker, lock};

/// The maximum number of connections that are being opened ahead, or were and have served no exchange yet. It is half
/// of `MAX_IDLE`, so that connections to servers that are never used do not displace those that are.
const MAX_UNUSED: usize = MAX_IDLE / 2;

/// The longest wait for a connection that is being opened ahead. A look-up, a connect and a handshake take four round
/// trips, so this is enough for links with round trips of half a second.
const OPENING_PATIENCE: Duration = Duration::from_secs(2);

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

    /// Waits for a claimed connection. `None` if it could not be opened, or not in time.
    pub(super) fn await_opening(
        self: &Arc<IdlePool>,
        number: u64,
        exchange: &Exchange,
    ) -> Result<Option<Box<Connection>>, Error> {
        let time = exchange.speed().map_or(OPENING_PATIENCE, |speed| speed.time().min(OPENING_PATIENCE));
        match exchange.worker().wait_for(Some(Instant::now() + time), || lock(&self.state).take_claimed(number)) {
            Ok(Some(taken)) => Ok(taken),
            Ok(None) => {
                let mut state = lock(&self.state);
                let taken = state.take_claimed(number);
                if taken.is_none() {
                    state.withdraw_claim(number, OpeningState::TooSlow);
                }
                Ok(taken.flatten())
            }
            Err(error) => {
                let left = lock(&self.state).withdraw_claim(number, OpeningState::Unclaimed);
                if let Some((origin, connection)) = left {
                    self.put(origin, connection, exchange.worker());
                }
                Err(error.into())
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

    /// Withdraws the claim of an exchange that no longer waits. The opening is `then` in this state. Returns the
    /// connection if it is open already.
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
mod tests {
    use std::net::{Ipv4Addr, TcpListener, TcpStream};
    use std::thread;
    use std::time::Duration;

    use super::*;
    use crate::http::LowSpeed;
    use crate::http::channel::Channel;
    use crate::http::connector::TrustNumber;
    use crate::http::exchange::Reports;
    use crate::http::sockets::OpenSocket;
    use crate::http::stream::Stream;
    use crate::worker::{StopReason, StopSignal};

    fn origin() -> Origin {
        Origin { is_tls: true, host: "test.example".to_owned(), port: 443 }
    }

    fn exchange() -> Exchange {
        let worker = Arc::new(Worker::for_call(Arc::new(StopSignal::new())));
        Exchange::new(worker, Reports { progress: false, round_trip: false, trace: false })
    }

    fn connection() -> Box<Connection> {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let socket = OpenSocket::new(TcpStream::connect(address).unwrap().into());
        let stream = Stream::new(Arc::new(socket), address);
        Box::new(Connection::new(Channel::Plain(stream), TrustNumber::default()))
    }

    fn is_claimed(pool: &IdlePool) -> bool {
        matches!(lock(&pool.state).openings[0].state, OpeningState::Claimed(_))
    }

    #[test]
    fn stopped_exchange_returns_its_claim() {
        let pool = Arc::new(IdlePool::default());
        let (origin, exchange) = (origin(), exchange());
        let right = pool.begin_opening(&origin).unwrap();
        thread::scope(|scope| {
            let taking = scope.spawn(|| pool.take(&origin, &exchange).map(|taken| taken.is_some()));
            let limit = Instant::now() + Duration::from_secs(60);
            while !is_claimed(&pool) && Instant::now() < limit {
                thread::yield_now();
            }
            let was_claimed = is_claimed(&pool);
            exchange.worker().stop().request(StopReason::Aborted);
            let taken = taking.join().unwrap().map_err(|error| error.kind);
            assert!(was_claimed && matches!(taken, Err(ErrorKind::Cancelled(StopReason::Aborted))), "{taken:?}");
        });
        let next = lock(&pool.state).claim(&origin, exchange.worker()).unwrap();
        assert!(next.is_some(), "the next exchange can have it");
        drop(right);
    }

    #[test]
    fn stopped_exchange_leaves_an_open_connection_in_the_pool() {
        let pool = Arc::new(IdlePool::default());
        let (origin, exchange) = (origin(), exchange());
        let right = pool.begin_opening(&origin).unwrap();
        let number = lock(&pool.state).claim(&origin, exchange.worker()).unwrap().unwrap();
        // Both before the exchange looks.
        right.finish(connection(), exchange.worker());
        exchange.worker().stop().request(StopReason::Aborted);
        let taken = pool.await_opening(number, &exchange).map(|taken| taken.is_some()).map_err(|error| error.kind);
        assert!(matches!(taken, Err(ErrorKind::Cancelled(StopReason::Aborted))), "{taken:?}");
        assert_eq!((pool.idle(), lock(&pool.state).openings.len()), (1, 0));
    }

    #[test]
    fn opening_that_was_too_slow_is_not_waited_for_again() {
        let pool = Arc::new(IdlePool::default());
        let (origin, quick, patient) = (origin(), exchange(), exchange());
        quick.expect_speed(LowSpeed { limit: 1, time: Duration::from_millis(1) });
        for exchange in [quick, patient] {
            let right = pool.begin_opening(&origin).unwrap();
            for _ in 0..2 {
                assert!(pool.take(&origin, &exchange).unwrap().is_none(), "it opens its own");
                assert!(lock(&pool.state).claim(&origin, exchange.worker()).unwrap().is_none());
            }
            assert_eq!(pool.begin_opening(&origin).err(), Some(NotOpened::AlreadyThere));
            // It is not lost.
            right.finish(connection(), exchange.worker());
            assert_eq!((pool.idle(), lock(&pool.state).openings.len()), (1, 0));
            pool.close_all();
        }
    }
}
