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

const LIMIT: Duration = Duration::from_secs(60);

fn origin() -> Origin {
    Origin { is_tls: true, host: "test.example".to_owned(), port: 443 }
}

fn exchange() -> Exchange {
    let worker = Arc::new(Worker::for_call(Arc::new(StopSignal::new())));
    Exchange::new(worker, Reports { progress: false, round_trip: false, trace: false })
}

/// A connection that its peer closes.
fn connection() -> Box<Connection> {
    connection_to(&listener())
}

fn listener() -> TcpListener {
    TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap()
}

/// A connection that is usable as long as the listener exists.
fn connection_to(listener: &TcpListener) -> Box<Connection> {
    let address = listener.local_addr().unwrap();
    let socket = TcpStream::connect(address).unwrap();
    socket.set_nonblocking(true).unwrap();
    let socket = OpenSocket::new(socket.into());
    let stream = Stream::new(Arc::new(socket), address);
    Box::new(Connection::new(Channel::Plain(stream), TrustNumber::default()))
}

fn is_claimed(pool: &IdlePool) -> bool {
    matches!(lock(&pool.state).openings[0].state, OpeningState::Claimed(_))
}

fn wait_until_claimed(pool: &IdlePool) {
    let limit = Instant::now() + LIMIT;
    while !is_claimed(pool) && Instant::now() < limit {
        thread::yield_now();
    }
}

#[test]
fn stopped_exchange_returns_its_claim() {
    let pool = Arc::new(IdlePool::default());
    let (origin, exchange) = (origin(), exchange());
    let right = pool.begin_opening(&origin).unwrap();
    thread::scope(|scope| {
        let taking = scope.spawn(|| pool.take(&origin, &exchange).map(|taken| taken.is_some()));
        wait_until_claimed(&pool);
        let was_claimed = is_claimed(&pool);
        exchange.worker().stop().request(StopReason::Aborted);
        let taken = taking.join().unwrap().map_err(|error| error.kind);
        assert!(was_claimed && matches!(taken, Err(ErrorKind::Cancelled(StopReason::Aborted))), "{taken:?}");
    });
    let next = lock(&pool.state).claim(&origin, exchange.worker()).unwrap();
    assert!(next.is_some(), "the next exchange can use the connection");
    drop(right);
}

#[test]
fn stopped_exchange_leaves_an_open_connection_in_the_pool() {
    let pool = Arc::new(IdlePool::default());
    let (origin, exchange) = (origin(), exchange());
    let right = pool.begin_opening(&origin).unwrap();
    let claim = lock(&pool.state).claim(&origin, exchange.worker()).unwrap().unwrap();
    // The connection and the stop both arrive before the exchange checks for either.
    right.finish(connection(), exchange.worker());
    exchange.worker().stop().request(StopReason::Aborted);
    let taken = pool.await_opening(claim, &origin, &exchange).map(|taken| taken.is_some()).map_err(|error| error.kind);
    assert!(matches!(taken, Err(ErrorKind::Cancelled(StopReason::Aborted))), "{taken:?}");
    assert_eq!((pool.idle(), lock(&pool.state).openings.len()), (1, 0));
}

/// The opening hangs. Other exchanges end, and their connections become idle.
#[test]
fn exchange_takes_an_idle_connection_while_it_waits_for_an_opening() {
    let pool = Arc::new(IdlePool::default());
    let (origin, exchange, peer) = (origin(), exchange(), listener());
    let right = pool.begin_opening(&origin).unwrap();
    let claim = lock(&pool.state).claim(&origin, exchange.worker()).unwrap().unwrap();
    let waker = exchange.worker().waker().unwrap();
    pool.put(Origin { port: 444, ..origin.clone() }, connection_to(&peer), exchange.worker());
    assert!(!waker.is_readable(), "the connection leads to another origin");
    pool.put(origin.clone(), connection_to(&peer), exchange.worker());
    assert!(waker.is_readable());
    // The newest connection is unusable.
    pool.put(origin.clone(), connection(), exchange.worker());
    assert!(pool.await_opening(claim, &origin, &exchange).unwrap().is_some());
    assert_eq!(pool.idle(), 1, "the connection to another origin");
    assert!(lock(&pool.state).claim(&origin, exchange.worker()).unwrap().is_some(), "the next exchange can wait");
    drop(right);
}

#[test]
fn exchange_does_not_wait_for_an_old_opening() {
    let pool = Arc::new(IdlePool::default());
    let (origin, exchange) = (origin(), exchange());
    let _right = pool.begin_opening(&origin).unwrap();
    // If the exchange waited for the opening, this deadline would make it fail.
    let deadline = Instant::now() + OPENING_PATIENCE;
    exchange.worker().stop().set_deadline(deadline);
    lock(&pool.state).openings[0].since -= OPENING_PATIENCE;
    assert!(pool.take(&origin, &exchange).unwrap().is_none(), "the exchange opens its own connection");
}

#[test]
fn exchange_does_not_wait_twice_for_a_slow_opening() {
    let pool = Arc::new(IdlePool::default());
    let (origin, quick, patient) = (origin(), exchange(), exchange());
    quick.expect_speed(LowSpeed { limit: 1, time: Duration::from_millis(1) });
    for exchange in [quick, patient] {
        let right = pool.begin_opening(&origin).unwrap();
        for _ in 0..2 {
            assert!(pool.take(&origin, &exchange).unwrap().is_none(), "the exchange opens its own connection");
            assert!(lock(&pool.state).claim(&origin, exchange.worker()).unwrap().is_none());
        }
        assert_eq!(pool.begin_opening(&origin).err(), Some(NotOpened::AlreadyThere));
        // The late connection becomes idle.
        right.finish(connection(), exchange.worker());
        assert_eq!((pool.idle(), lock(&pool.state).openings.len()), (1, 0));
        pool.close_all();
    }
}
