//! An address that never answers a connection attempt, without a packet leaving the machine.

use std::net::{Ipv4Addr, SocketAddr, TcpStream};
use std::time::Duration;

use socket2::{Domain, SockAddr, Socket, Type};

/// The most connections that are tried to fill the queue; kernels round a backlog up in their own ways.
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
    /// Where the queue cannot be filled.
    pub fn start() -> BlackHole {
        BlackHole::start_at((Ipv4Addr::LOCALHOST, 0).into())
    }

    /// The same at an address of the loopback: the dead one of a name that has several must have a live one's port.
    ///
    /// # Panics
    /// Where the address cannot be bound, or the queue cannot be filled.
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
            // On the loopback a connection that can be made is made at once.
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

    /// The address to which no connection comes about.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// `http://127.0.0.1:PORT` followed by `path`.
    pub fn url(&self, path: &str) -> String {
        format!("http://{}{path}", self.address)
    }
}
