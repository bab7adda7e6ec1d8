//! Connects to one of several addresses (RFC 8305).

use std::io;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::time::{Duration, Instant};

use rustix::event::{PollFd, PollFlags};
use socket2::{Domain, Protocol, Socket, Type};

use super::error::{Error, ErrorKind, is_shortage};
use super::exchange::Exchange;
use super::sockets::{OpenSocket, OpenSockets};
use super::stream::Stream;
use crate::worker::{MAX_WATCHED, WaitError};

/// How long to wait for an address before the next one is tried in parallel (RFC 8305 section 5).
const ATTEMPT_DELAY: Duration = Duration::from_millis(250);

/// Returns when the exchange may use the device's network, and whether it had to wait for that. Called before each
/// look-up and each attempt to connect, and after a look-up that failed: the network may have changed since the exchange
/// began.
pub type MayConnect<'a> = &'a dyn Fn() -> Result<bool, WaitError>;

/// Connects to the first address that answers. An address that does not answer costs [`ATTEMPT_DELAY`]; one that
/// refuses costs no time. `None` if the exchange had to wait for a network, in which other addresses may be valid.
pub(super) fn connect(
    exchange: &Exchange,
    may_connect: MayConnect<'_>,
    sockets: &OpenSockets,
    addresses: &[IpAddr],
    port: u16,
) -> Result<Option<Stream>, Error> {
    let mut waiting = interleave(addresses).into_iter().map(|address| SocketAddr::new(address, port));
    let mut next = waiting.next();
    let mut attempts: Vec<(Arc<OpenSocket>, SocketAddr)> = Vec::new();
    let mut failed = FailedAttempts::default();
    loop {
        exchange.worker().check()?;
        if let Some(address) = next.take() {
            next = waiting.next();
            if attempts.len() == MAX_WATCHED {
                // Drop the oldest attempt. It had more time than `ATTEMPT_DELAY`, and the other addresses must be tried
                // before the deadline.
                attempts.remove(0);
            }
            if may_connect()? {
                return Ok(None);
            }
            exchange.trace_with(|details| details.addresses.push(address));
            match begin(sockets, address) {
                Ok(Attempt::Connected(socket)) => return Ok(Some(Stream::new(socket, address))),
                Ok(Attempt::Pending(socket)) => attempts.push((socket, address)),
                Err(error) => {
                    failed.add(error);
                    continue;
                }
            }
        }
        if attempts.is_empty() {
            if next.is_some() {
                continue;
            }
            return Err(failed.into_error());
        }
        let next_start = next.is_some().then(|| Instant::now() + ATTEMPT_DELAY);
        // If an attempt fails, the next address starts at once.
        if let Some((socket, peer)) = first_connected(exchange, &mut attempts, next_start, &mut failed)? {
            return Ok(Some(Stream::new(socket, peer)));
        }
    }
}

enum Attempt {
    Connected(Arc<OpenSocket>),
    Pending(Arc<OpenSocket>),
}

/// What the attempts failed with.
#[derive(Default)]
struct FailedAttempts {
    last: Option<io::Error>,
    /// The last lack of a resource. It decides: with the resource, that address might have accepted the connection.
    shortage: Option<io::Error>,
}

impl FailedAttempts {
    fn add(&mut self, error: io::Error) {
        match is_shortage(&error) {
            true => self.shortage = Some(error),
            false => self.last = Some(error),
        }
    }

    fn into_error(self) -> Error {
        match (self.shortage, self.last) {
            (Some(error), _) => Error::new(ErrorKind::OutOfResources, format!("no socket for a connection: {error}")),
            (None, Some(error)) => Error::new(ErrorKind::Connect, format!("cannot connect: {error}")),
            (None, None) => Error::new(ErrorKind::Connect, "cannot connect: there is no address"),
        }
    }
}

fn begin(sockets: &OpenSockets, address: SocketAddr) -> io::Result<Attempt> {
    let socket = Socket::new(Domain::for_address(address), Type::STREAM, Some(Protocol::TCP))?;
    socket.set_nonblocking(true)?;
    socket.set_tcp_nodelay(true)?;
    // Added before it gets its local address, so that a change of the network either finds the address or precedes it.
    let socket = sockets.add(socket);
    let attempt = match socket.connect(&address.into()) {
        Ok(()) => Attempt::Connected(socket.clone()),
        Err(error) if error.raw_os_error() == Some(libc::EINPROGRESS) => Attempt::Pending(socket.clone()),
        Err(error) => return Err(error),
    };
    // It may have been ended before there was a connection to shut down.
    socket.ended().map_or(Ok(attempt), |error| Err(io::Error::other(error)))
}

/// Waits until one attempt succeeds or fails. Removes the failed ones.
fn first_connected(
    exchange: &Exchange,
    attempts: &mut Vec<(Arc<OpenSocket>, SocketAddr)>,
    limit: Option<Instant>,
    failed: &mut FailedAttempts,
) -> Result<Option<(Arc<OpenSocket>, SocketAddr)>, Error> {
    let watched: Vec<PollFd<'_>> = attempts.iter().map(|(socket, _)| PollFd::new(&**socket, PollFlags::OUT)).collect();
    let events = exchange.worker().wait(&watched, limit)?;
    // In reverse order, so that a removal does not change the remaining indices.
    for index in (0..attempts.len()).rev().filter(|&index| !events[index].is_empty()) {
        let (socket, peer) = attempts.remove(index);
        if let Some(error) = socket.ended() {
            failed.add(io::Error::other(error));
            continue;
        }
        match socket.take_error() {
            Ok(None) => return Ok(Some((socket, peer))),
            Ok(Some(error)) | Err(error) => failed.add(error),
        }
    }
    Ok(None)
}

/// Alternates between the address families, starting with that of the first address (RFC 8305 section 4).
fn interleave(addresses: &[IpAddr]) -> Vec<IpAddr> {
    let first_is_v6 = addresses.first().is_some_and(IpAddr::is_ipv6);
    let (first, second): (Vec<IpAddr>, Vec<IpAddr>) =
        addresses.iter().partition(|address| address.is_ipv6() == first_is_v6);
    let (mut first, mut second) = (first.into_iter(), second.into_iter());
    let mut order = Vec::with_capacity(addresses.len());
    loop {
        let pair = [first.next(), second.next()];
        if pair == [None, None] {
            return order;
        }
        order.extend(pair.into_iter().flatten());
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lack_of_a_resource_decides_whatever_the_other_addresses_answer() {
        let refused = || io::Error::from_raw_os_error(libc::ECONNREFUSED);
        let lacking = || io::Error::from_raw_os_error(libc::EMFILE);
        let kind_of = |errors: Vec<io::Error>| {
            let mut failed = FailedAttempts::default();
            errors.into_iter().for_each(|error| failed.add(error));
            failed.into_error().kind
        };
        assert!(matches!(kind_of(vec![lacking(), refused()]), ErrorKind::OutOfResources));
        assert!(matches!(kind_of(vec![refused(), lacking()]), ErrorKind::OutOfResources));
        assert!(matches!(kind_of(vec![refused(), refused()]), ErrorKind::Connect));
        assert!(matches!(kind_of(vec![]), ErrorKind::Connect));
    }
}
