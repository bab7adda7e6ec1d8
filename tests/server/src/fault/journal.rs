//! Records what happened on a fault server's connections, and waits for events.

use std::collections::HashSet;
use std::sync::{Condvar, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use crate::WAIT_LIMIT;

/// Enough for any head and small body. Larger uploads are not stored.
const RECORD_LIMIT: usize = 1024 * 1024;

/// An event of a connection of a [`FaultServer`](crate::FaultServer). The first value is the connection's number.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
pub enum Event {
    /// It was accepted.
    ConnectionAccepted(usize),
    /// Its TLS handshake is complete.
    HandshakeDone(usize),
    /// A request's head was read.
    HeadRead(usize),
    /// At least this many bytes of bodies were read, over all its requests.
    BodyBytesRead(usize, u64),
    /// At least this many bytes of floods were taken by the connection, over all its floods.
    BytesFlooded(usize, u64),
    /// The script's step with this index, counted from 0, has begun. Steps from [`Step::Choose`](crate::Step::Choose)
    /// count on.
    StepReached(usize, usize),
    /// A step noticed that the peer has closed or reset it.
    PeerClosed(usize),
    /// Its script has ended and its socket is closed.
    Finished(usize),
}

/// The record of all connections.
pub(super) struct Journal {
    /// Whether the connections are recorded. If not, only the server's end is noted.
    keeps_record: bool,
    state: Mutex<State>,
    changed: Condvar,
}

#[derive(Default)]
struct State {
    stopping: bool,
    /// Everything but `BodyBytesRead` and `BytesFlooded`, which are counts.
    events: HashSet<Event>,
    connections: Vec<Connection>,
}

#[derive(Clone, Default)]
struct Connection {
    received: Vec<u8>,
    body_bytes: u64,
    flooded_bytes: u64,
    signals: usize,
    failure: Option<String>,
}

impl State {
    /// A test may name a connection that does not exist yet.
    fn connection(&mut self, number: usize) -> &mut Connection {
        if self.connections.len() <= number {
            self.connections.resize(number + 1, Connection::default());
        }
        &mut self.connections[number]
    }

    fn happened(&self, event: Event) -> bool {
        match event {
            Event::BodyBytesRead(number, bytes) => {
                self.connections.get(number).is_some_and(|connection| connection.body_bytes >= bytes)
            }
            Event::BytesFlooded(number, bytes) => {
                self.connections.get(number).is_some_and(|connection| connection.flooded_bytes >= bytes)
            }
            _ => self.events.contains(&event),
        }
    }
}

impl Journal {
    pub(super) fn new() -> Journal {
        Journal { keeps_record: true, state: Mutex::default(), changed: Condvar::new() }
    }

    pub(super) fn without_record() -> Journal {
        Journal { keeps_record: false, ..Journal::new() }
    }

    pub(super) fn connection_accepted(&self, number: usize) {
        self.change(|state| {
            state.connection(number);
            state.events.insert(Event::ConnectionAccepted(number));
        });
    }

    pub(super) fn note(&self, event: Event) {
        self.change(|state| {
            state.events.insert(event);
        });
    }

    pub(super) fn note_received(&self, number: usize, bytes: &[u8]) {
        self.change(|state| {
            let received = &mut state.connection(number).received;
            let room = RECORD_LIMIT - received.len();
            received.extend_from_slice(&bytes[..bytes.len().min(room)]);
        });
    }

    pub(super) fn note_body(&self, number: usize, bytes: u64) {
        self.change(|state| state.connection(number).body_bytes += bytes);
    }

    pub(super) fn note_flood(&self, number: usize, bytes: u64) {
        self.change(|state| state.connection(number).flooded_bytes += bytes);
    }

    pub(super) fn note_failure(&self, number: usize, failure: String) {
        self.change(|state| state.connection(number).failure = Some(failure));
    }

    pub(super) fn signal(&self, number: usize) {
        self.change(|state| state.connection(number).signals += 1);
    }

    pub(super) fn stop(&self) {
        self.lock().stopping = true;
        self.changed.notify_all();
    }

    pub(super) fn stopping(&self) -> bool {
        self.lock().stopping
    }

    pub(super) fn happened(&self, event: Event) -> bool {
        self.lock().happened(event)
    }

    pub(super) fn connections(&self) -> usize {
        self.lock().events.iter().filter(|event| matches!(event, Event::ConnectionAccepted(_))).count()
    }

    pub(super) fn received(&self, number: usize) -> Vec<u8> {
        self.lock().connections.get(number).map(|connection| connection.received.clone()).unwrap_or_default()
    }

    pub(super) fn failure(&self, number: usize) -> Option<String> {
        self.lock().connections.get(number).and_then(|connection| connection.failure.clone())
    }

    pub(super) fn wait_for(&self, event: Event) {
        let state = self.lock();
        let (state, waited) = self
            .changed
            .wait_timeout_while(state, WAIT_LIMIT, |state| !state.happened(event))
            .unwrap_or_else(PoisonError::into_inner);
        if waited.timed_out() {
            let happened = format!("{:?}, bodies {:?}", state.events, body_counts(&state));
            drop(state);
            panic!("{event:?} did not happen within {WAIT_LIMIT:?}. Events so far: {happened}");
        }
    }

    /// Waits for a signal to a connection and uses it up; false if the server is being dropped.
    pub(super) fn await_signal(&self, number: usize) -> bool {
        let mut state = self
            .changed
            .wait_while(self.lock(), |state| !state.stopping && state.connection(number).signals == 0)
            .unwrap_or_else(PoisonError::into_inner);
        if state.stopping {
            return false;
        }
        state.connection(number).signals -= 1;
        true
    }

    /// Waits for that long; false if the server is being dropped.
    pub(super) fn pause(&self, duration: Duration) -> bool {
        let end = Instant::now() + duration;
        let mut state = self.lock();
        while !state.stopping {
            let left = end.saturating_duration_since(Instant::now());
            if left.is_zero() {
                return true;
            }
            state = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
        }
        false
    }

    fn change(&self, change: impl FnOnce(&mut State)) {
        if self.keeps_record {
            change(&mut self.lock());
            self.changed.notify_all();
        }
    }

    fn lock(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn body_counts(state: &State) -> Vec<u64> {
    state.connections.iter().map(|connection| connection.body_bytes).collect()
}
