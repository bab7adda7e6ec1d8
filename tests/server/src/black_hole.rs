//! An address that never answers a connection attempt, without a packet leaving the machine.

use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use socket2::{Domain, SockAddr, Socket, Type};

/// The most connections that are tried to fill the queue; kernels round a backlog up in different ways.
const FILLERS: usize = 64;

/// A listener that never accepts and whose queue is full: further attempts to connect hang until it is dropped.
pub struct BlackHole {
    address: SocketAddr,
    _listener: Socket,
    _queue: Vec<TcpStream>,
}

impl BlackHole {
    /// Opens the listener and fills its queue.
    ///
    /// # Panics
    /// If the queue cannot be filled.
    pub fn start() -> BlackHole {
        BlackHole::start_at((Ipv4Addr::LOCALHOST, 0).into())
    }

    /// As [`start`](BlackHole::start), at a given loopback address: the addresses of a name all need the same port.
    ///
    /// # Panics
    /// If the address cannot be bound, or the queue cannot be filled.
    pub fn start_at(address: SocketAddr) -> BlackHole {
        BlackHole::fill(address).expect("a listener's queue on the loopback can be filled")
    }

    fn fill(address: SocketAddr) -> std::io::Result<BlackHole> {
        let listener = Socket::new(Domain::for_address(address), Type::STREAM, None)?;
        listener.bind(&SockAddr::from(address))?;
        listener.listen(0)?;
        let address = listener.local_addr()?.as_socket().ok_or(std::io::ErrorKind::AddrNotAvailable)?;
        let mut queue = Vec::new();
        while queue.len() < FILLERS {
            // On the loopback a connection attempt succeeds at once or not at all.
            match TcpStream::connect_timeout(&address, Duration::from_millis(200)) {
                Ok(stream) => queue.push(stream),
                Err(error) if error.kind() == std::io::ErrorKind::TimedOut => {
                    return Ok(BlackHole { address, _listener: listener, _queue: queue });
                }
                Err(error) => return Err(error),
            }
        }
        Err(std::io::Error::other("the queue does not fill"))
    }

    /// The address that accepts no connection.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:PORT` followed by `path`.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}
