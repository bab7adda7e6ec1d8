//! The open sockets of a client, which the network can take the ground from.

use std::net::Shutdown;
use std::ops::Deref;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, Weak};

use socket2::Socket;

use super::error::Error;
use crate::platform::{InterfaceAddress, is_usable_local_address};
use crate::worker::lock;

/// A socket that can be ended from outside of the exchange that uses it.
#[derive(Debug)]
pub(super) struct OpenSocket {
    socket: Socket,
    /// The device does not have its local address any more, so that it was shut down.
    is_stranded: AtomicBool,
}

/// The sockets of one client, those included that are being connected.
#[derive(Debug, Default)]
pub(super) struct OpenSockets(Mutex<Vec<Weak<OpenSocket>>>);

impl OpenSocket {
    pub(super) fn new(socket: Socket) -> OpenSocket {
        OpenSocket { socket, is_stranded: AtomicBool::new(false) }
    }

    /// The failure of a socket that was shut down because the network changed, in place of what the system says of it.
    pub(super) fn stranded(&self) -> Option<Error> {
        // Set before the socket is shut down, and looked at after that was seen.
        let is_stranded = self.is_stranded.load(Ordering::SeqCst);
        is_stranded.then(|| Error::closed("the network changed, and the device lost the connection's address"))
    }

    /// Ends the socket if its local address is gone: whoever waits for it wakes up. Nothing else would tell for minutes, since
    /// the peer is only not heard from.
    fn end_if_stranded(&self, interfaces: &[InterfaceAddress]) -> bool {
        let Some(local) = self.socket.local_addr().ok().and_then(|address| address.as_socket()) else { return false };
        if is_usable_local_address(local, interfaces) {
            return false;
        }
        self.is_stranded.store(true, Ordering::SeqCst);
        // Its exchange may have closed it meanwhile. Systems other than Linux refuse it before the socket is connected.
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
    /// Adds a socket, for as long as it is used.
    pub(super) fn add(&self, socket: Socket) -> Arc<OpenSocket> {
        let socket = Arc::new(OpenSocket::new(socket));
        let mut sockets = lock(&self.0);
        sockets.retain(|socket| socket.strong_count() > 0);
        sockets.push(Arc::downgrade(&socket));
        socket
    }

    /// Ends those whose local address is gone, and says how many.
    pub(super) fn end_stranded(&self, interfaces: &[InterfaceAddress]) -> usize {
        // A socket that is dropped here for the last time is closed outside of the lock.
        let sockets: Vec<_> = lock(&self.0).iter().filter_map(Weak::upgrade).collect();
        sockets.iter().filter(|socket| socket.end_if_stranded(interfaces)).count()
    }
}
