//! The open sockets of a client, which end when the network changes or the app is suspended.

use std::net::Shutdown;
use std::ops::Deref;
use std::os::fd::{AsFd, BorrowedFd};
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex, OnceLock, Weak};

use socket2::Socket;

use super::error::Error;
use crate::platform::{InterfaceAddress, is_usable_local_address};
use crate::worker::lock;

/// Why sockets end when the app is suspended.
const SUSPENDED: &str = "the app was suspended";

/// A socket that threads other than that of its exchange can shut down.
#[derive(Debug)]
pub(super) struct OpenSocket {
    socket: Socket,
    /// Why it was shut down from outside.
    end: OnceLock<&'static str>,
    /// A TLS handshake is under way.
    in_handshake: AtomicBool,
    /// The device's network has changed since the socket was added.
    is_of_former_network: AtomicBool,
}

/// The sockets of one client, including those that are connecting.
#[derive(Debug, Default)]
pub(super) struct OpenSockets(Mutex<Sockets>);

#[derive(Debug, Default)]
struct Sockets {
    open: Vec<Weak<OpenSocket>>,
    /// The app is suspended: a socket ends as soon as it is added.
    is_suspended: bool,
}

impl OpenSocket {
    pub(super) fn new(socket: Socket) -> OpenSocket {
        OpenSocket {
            socket,
            end: OnceLock::new(),
            in_handshake: AtomicBool::new(false),
            is_of_former_network: AtomicBool::new(false),
        }
    }

    /// Whether [`OpenSockets::leave_network`] was called since the socket was added.
    pub(super) fn is_of_former_network(&self) -> bool {
        self.is_of_former_network.load(Ordering::SeqCst)
    }

    /// The failure to report if the socket was shut down from outside. It replaces the system's error.
    pub(super) fn ended(&self) -> Option<Error> {
        // `end` is set before the shutdown, so a thread that sees the shutdown also sees `end`.
        self.end.get().map(|why| Error::closed(*why))
    }

    /// Sets whether [`OpenSockets::end_handshakes`] ends the socket.
    pub(super) fn set_in_handshake(&self, in_handshake: bool) {
        self.in_handshake.store(in_handshake, Ordering::SeqCst);
    }

    /// Shuts the socket down if its local address is gone. The shutdown wakes the thread that waits for the socket.
    /// Otherwise the exchange would hang for minutes, because nothing more arrives from the peer.
    fn end_if_stranded(&self, interfaces: &[InterfaceAddress]) -> bool {
        let Some(local) = self.socket.local_addr().ok().and_then(|address| address.as_socket()) else { return false };
        if is_usable_local_address(local, interfaces) {
            return false;
        }
        self.end("the network changed, and the device lost the connection's address");
        true
    }

    /// Shuts the socket down, which wakes the thread that waits for it.
    fn end(&self, why: &'static str) {
        let _ = self.end.set(why);
        // A failure does not matter: the connection may have ended already. Systems other than Linux also fail for a
        // socket that is not connected yet.
        let _ = self.socket.shutdown(Shutdown::Both);
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
        if sockets.is_suspended {
            socket.end(SUSPENDED);
        }
        sockets.open.retain(|socket| socket.strong_count() > 0);
        sockets.open.push(Arc::downgrade(&socket));
        socket
    }

    /// Marks all sockets that are open now as those of a former network.
    pub(super) fn leave_network(&self) {
        let sockets: Vec<_> = lock(&self.0).open.iter().filter_map(Weak::upgrade).collect();
        for socket in sockets {
            socket.is_of_former_network.store(true, Ordering::SeqCst);
        }
    }

    /// Shuts down the sockets whose local address is gone, and returns their number.
    pub(super) fn end_stranded(&self, interfaces: &[InterfaceAddress]) -> usize {
        // Upgraded first, so that a socket whose last reference is dropped here is closed outside of the lock.
        let sockets: Vec<_> = lock(&self.0).open.iter().filter_map(Weak::upgrade).collect();
        sockets.iter().filter(|socket| socket.end_if_stranded(interfaces)).count()
    }

    /// Ends the sockets of unfinished TLS handshakes, also of those that wait for a signature.
    pub(super) fn end_handshakes(&self, why: &'static str) {
        let sockets: Vec<_> = lock(&self.0).open.iter().filter_map(Weak::upgrade).collect();
        for socket in sockets.iter().filter(|socket| socket.in_handshake.load(Ordering::SeqCst)) {
            socket.end(why);
        }
    }

    /// Ends all sockets, including those that are added until [`go_on`](OpenSockets::go_on).
    pub(super) fn suspend(&self) {
        let mut sockets = lock(&self.0);
        sockets.is_suspended = true;
        let open: Vec<_> = sockets.open.iter().filter_map(Weak::upgrade).collect();
        drop(sockets);
        for socket in open {
            socket.end(SUSPENDED);
        }
    }

    /// Sockets that are added from now on stay open.
    pub(super) fn go_on(&self) {
        lock(&self.0).is_suspended = false;
    }
}
