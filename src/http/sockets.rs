//! The open sockets of a client, so that a change of the network can end them.

use std::net::Shutdown;
use std::ops::Deref;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak};

use socket2::Socket;

use super::error::Error;
use crate::platform::{InterfaceAddress, is_usable_local_address};
use crate::worker::lock;

/// A socket that another thread than that of its exchange can shut down.
#[derive(Debug)]
pub(super) struct OpenSocket {
    socket: Socket,
    /// The device no longer has the socket's local address, so the socket was shut down.
    is_stranded: AtomicBool,
}

/// The sockets of one client, including those that are connecting.
#[derive(Debug, Default)]
pub(super) struct OpenSockets(Mutex<Vec<Weak<OpenSocket>>>);

impl OpenSocket {
    pub(super) fn new(socket: Socket) -> OpenSocket {
        OpenSocket { socket, is_stranded: AtomicBool::new(false) }
    }

    /// The failure to report if the socket was shut down because the network changed. It replaces the system's error.
    pub(super) fn stranded(&self) -> Option<Error> {
        // Set before the shutdown, so it is visible to whoever sees the shutdown.
        let is_stranded = self.is_stranded.load(Ordering::SeqCst);
        is_stranded.then(|| Error::closed("the network changed, and the device lost the connection's address"))
    }

    /// Shuts the socket down if its local address is gone. This wakes its waiter. Without it the exchange would hang
    /// for minutes, because the peer just falls silent.
    fn end_if_stranded(&self, interfaces: &[InterfaceAddress]) -> bool {
        let Some(local) = self.socket.local_addr().ok().and_then(|address| address.as_socket()) else { return false };
        if is_usable_local_address(local, interfaces) {
            return false;
        }
        self.is_stranded.store(true, Ordering::SeqCst);
        // Its exchange may have closed the socket. Systems other than Linux also fail for a socket that is not
        // connected yet.
        let _ = self.socket.shutdown(Shutdown::Both);
        true
    }
}

impl Deref for OpenSocket {
    type Target = Socket;

    fn deref(&self) -> &Socket {
        &self.socket
    }
}

impl AsFd for OpenSocket {
    fn as_fd(&self) -> BorrowedFd<'_> {
        self.socket.as_fd()
    }
}

impl OpenSockets {
    /// Adds a socket, which stays in the list while it is used.
    pub(super) fn add(&self, socket: Socket) -> Arc<OpenSocket> {
        let socket = Arc::new(OpenSocket::new(socket));
        let mut sockets = lock(&self.0);
        sockets.retain(|socket| socket.strong_count() > 0);
        sockets.push(Arc::downgrade(&socket));
        socket
    }

    /// Shuts down the sockets whose local address is gone, and returns their number.
    pub(super) fn end_stranded(&self, interfaces: &[InterfaceAddress]) -> usize {
        // Upgraded first, so that a socket whose last reference is dropped here is closed outside of the lock.
        let sockets: Vec<_> = lock(&self.0).iter().filter_map(Weak::upgrade).collect();
        sockets.iter().filter(|socket| socket.end_if_stranded(interfaces)).count()
    }
}
