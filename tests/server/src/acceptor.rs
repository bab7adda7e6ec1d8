//! A listener with one blocking thread per connection. All of them end when it is dropped.

use std::net::{Ipv4Addr, Shutdown, SocketAddr, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};
use std::thread::{self, JoinHandle};
use std::time::Duration;

/// The data that the connection threads share with the owner.
#[derive(Default)]
struct Connections {
    stopping: bool,
    /// Weak, so that a connection closes as soon as its thread drops it. Resets depend on this.
    sockets: Vec<Weak<TcpStream>>,
}

/// Accepts on 127.0.0.1 and passes every connection, numbered from 0, to a new thread.
pub(crate) struct Acceptor {
    address: SocketAddr,
    connections: Arc<Mutex<Connections>>,
    thread: Option<JoinHandle<()>>,
}

impl Acceptor {
    /// `serve` must return soon after its socket is shut down.
    pub(crate) fn start(serve: impl Fn(usize, Arc<TcpStream>) + Send + Sync + 'static) -> Acceptor {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).expect("a loopback port can be bound");
        let address = listener.local_addr().expect("a bound socket has an address");
        let connections = Arc::new(Mutex::new(Connections::default()));
        let shared = Arc::clone(&connections);
        let thread = thread::spawn(move || accept_all(&listener, &shared, &Arc::new(serve)));
        Acceptor { address, connections, thread: Some(thread) }
    }

    pub(crate) fn address(&self) -> SocketAddr {
        self.address
    }
}

impl Drop for Acceptor {
    fn drop(&mut self) {
        {
            let mut connections = lock(&self.connections);
            connections.stopping = true;
            for socket in connections.sockets.iter().filter_map(Weak::upgrade) {
                // An error means that the peer has already closed the connection.
                let _ = socket.shutdown(Shutdown::Both);
            }
        }
        // A connection is the only portable way to wake `accept`.
        let _ = TcpStream::connect_timeout(&self.address, Duration::from_secs(5));
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

fn accept_all<F: Fn(usize, Arc<TcpStream>) + Send + Sync + 'static>(
    listener: &TcpListener,
    connections: &Mutex<Connections>,
    serve: &Arc<F>,
) {
    let mut threads: Vec<JoinHandle<()>> = Vec::new();
    let mut number = 0;
    loop {
        let accepted = listener.accept();
        let mut connections = lock(connections);
        if connections.stopping {
            break;
        }
        let Ok((socket, _)) = accepted else {
            drop(connections);
            // Probably out of descriptors: wait for other connections to end.
            thread::sleep(Duration::from_millis(10));
            continue;
        };
        let socket = Arc::new(socket);
        connections.sockets.retain(|socket| socket.strong_count() > 0);
        connections.sockets.push(Arc::downgrade(&socket));
        drop(connections);
        threads.retain(|thread| !thread.is_finished());
        let serve = Arc::clone(serve);
        threads.push(thread::spawn(move || serve(number, socket)));
        number += 1;
    }
    for thread in threads {
        let _ = thread.join();
    }
}

fn lock(connections: &Mutex<Connections>) -> MutexGuard<'_, Connections> {
    connections.lock().unwrap_or_else(PoisonError::into_inner)
}
