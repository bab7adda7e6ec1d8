//! A connection as the steps see it: plain or TLS, with ways to end it that the standard library does not have.

use std::io::{self, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;
use std::time::Duration;

use rustls::{ServerConfig, ServerConnection, StreamOwned};

use super::tls_records::{RecordSealer, TlsRecord, TrafficSecret};

/// A socket and its protocol.
pub(super) enum Wire {
    /// TCP alone.
    Plain(Socket),
    /// A TLS server that has not yet read the client's first message.
    BeforeHandshake(Socket, Arc<ServerConfig>),
    /// TLS, with the traffic secret of the server. Boxed because its state is large.
    Tls(Box<StreamOwned<ServerConnection, Socket>>, Arc<TrafficSecret>),
    /// TLS whose records are made by hand. Received bytes are no longer decrypted.
    Records(Socket, Box<RecordSealer>),
}

/// A shared socket; the acceptor holds a weak reference to shut it down.
#[derive(Clone)]
pub(super) struct Socket(Arc<TcpStream>);

impl Read for Socket {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        (&*self.0).read(buffer)
    }
}

impl Write for Socket {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        (&*self.0).write(bytes)
    }

    fn write_vectored(&mut self, bytes: &[io::IoSlice<'_>]) -> io::Result<usize> {
        (&*self.0).write_vectored(bytes)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

impl Socket {
    /// Whether the peer ends the connection within `limit`. Leaves the receive buffer unchanged.
    fn ends_within(&self, limit: Duration) -> io::Result<bool> {
        #[cfg(any(target_os = "linux", target_os = "android"))]
        {
            use rustix::event::{PollFd, PollFlags, Timespec, poll};
            let mut watched = [PollFd::new(&*self.0, PollFlags::RDHUP)];
            let limit = Timespec { tv_sec: 0, tv_nsec: i64::from(limit.subsec_nanos()) as _ };
            match poll(&mut watched, Some(&limit)) {
                Ok(_) => Ok(!watched[0].revents().is_empty()),
                Err(rustix::io::Errno::INTR) => Ok(false),
                Err(error) => Err(error.into()),
            }
        }
        #[cfg(not(any(target_os = "linux", target_os = "android")))]
        {
            // Without POLLRDHUP, an end after unread data is not visible until the server is dropped.
            std::thread::sleep(limit);
            self.0.set_nonblocking(true)?;
            let peeked = self.0.peek(&mut [0]);
            self.0.set_nonblocking(false)?;
            Ok(!matches!(&peeked, Ok(1..))
                && !matches!(&peeked, Err(error) if error.kind() == io::ErrorKind::WouldBlock))
        }
    }
}

impl Wire {
    pub(super) fn new(socket: Arc<TcpStream>, tls: Option<Arc<ServerConfig>>) -> Wire {
        let socket = Socket(socket);
        match tls {
            Some(config) => Wire::BeforeHandshake(socket, config),
            None => Wire::Plain(socket),
        }
    }

    /// Completes a TLS handshake that is still to be done; true if this call did it.
    pub(super) fn shake_hands(&mut self) -> io::Result<bool> {
        let Wire::BeforeHandshake(socket, config) = self else {
            return Ok(false);
        };
        let mut socket = socket.clone();
        let secret = Arc::new(TrafficSecret::default());
        let mut config = ServerConfig::clone(config);
        config.enable_secret_extraction = true;
        config.key_log = Arc::<TrafficSecret>::clone(&secret);
        let mut tls = ServerConnection::new(Arc::new(config)).map_err(io::Error::other)?;
        while tls.is_handshaking() {
            tls.complete_io(&mut socket)?;
        }
        *self = Wire::Tls(Box::new(StreamOwned::new(tls, socket)), secret);
        Ok(true)
    }

    /// Gives up TLS before its handshake.
    pub(super) fn become_plain(&mut self) {
        if let Wire::BeforeHandshake(socket, _) = self {
            *self = Wire::Plain(socket.clone());
        }
    }

    pub(super) fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        match self {
            Wire::Plain(socket) | Wire::BeforeHandshake(socket, _) | Wire::Records(socket, _) => socket.read(buffer),
            Wire::Tls(stream, _) => stream.read(buffer),
        }
    }

    pub(super) fn write_all(&mut self, bytes: &[u8]) -> io::Result<()> {
        match self {
            Wire::Plain(socket) | Wire::BeforeHandshake(socket, _) | Wire::Records(socket, _) => {
                socket.write_all(bytes)
            }
            Wire::Tls(stream, _) => {
                stream.write_all(bytes)?;
                stream.flush()
            }
        }
    }

    /// Writes some of the bytes, encrypted on TLS. Fails with `WouldBlock` after the write timeout.
    pub(super) fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match self {
            Wire::Plain(socket) | Wire::BeforeHandshake(socket, _) | Wire::Records(socket, _) => socket.write(bytes),
            Wire::Tls(stream, _) => stream.write(bytes),
        }
    }

    /// Encrypts records, which the caller then writes. The first call ends rustls' use of the connection.
    pub(super) fn seal(&mut self, records: &[TlsRecord], output: &mut Vec<u8>) -> io::Result<()> {
        if let Wire::Tls(..) = self {
            let raw = Wire::Plain(self.socket().clone());
            if let Wire::Tls(stream, secret) = std::mem::replace(self, raw) {
                let (connection, socket) = stream.into_parts();
                *self = Wire::Records(socket, Box::new(RecordSealer::take_over(connection, &secret)?));
            }
        }
        let Wire::Records(_, sealer) = self else {
            return Err(io::Error::other("only TLS has records"));
        };
        records.iter().try_for_each(|record| sealer.seal(record, output))
    }

    pub(super) fn set_write_timeout(&self, timeout: Option<Duration>) -> io::Result<()> {
        self.socket().0.set_write_timeout(timeout)
    }

    pub(super) fn send_close_notify(&mut self) -> io::Result<()> {
        let Wire::Tls(stream, _) = self else {
            return Ok(());
        };
        stream.conn.send_close_notify();
        stream.flush()
    }

    /// Ends the server's half of the connection.
    pub(super) fn shut_down_writing(&self) -> io::Result<()> {
        self.socket().0.shutdown(Shutdown::Write)
    }

    /// Closes with a reset, by setting the linger time to zero.
    pub(super) fn reset(self) -> io::Result<()> {
        socket2::SockRef::from(&*self.socket().0).set_linger(Some(Duration::ZERO))
    }

    pub(super) fn ends_within(&self, limit: Duration) -> io::Result<bool> {
        self.socket().ends_within(limit)
    }

    /// Reads whatever is left on the socket, encrypted or not, until the peer closes.
    pub(super) fn discard_rest(&self) {
        let mut socket = self.socket().clone();
        // A reset by the peer is also an end.
        let _ = io::copy(&mut socket, &mut io::sink());
    }

    fn socket(&self) -> &Socket {
        match self {
            Wire::Plain(socket) | Wire::BeforeHandshake(socket, _) | Wire::Records(socket, _) => socket,
            Wire::Tls(stream, _) => &stream.sock,
        }
    }
}
