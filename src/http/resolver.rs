//! Names to addresses, without a thread of the caller's own stuck in the system's resolver.

use std::collections::VecDeque;
use std::net::{IpAddr, ToSocketAddrs};
use std::sync::{Arc, Condvar, Mutex, MutexGuard, PoisonError};
use std::thread;
use std::time::Duration;

use super::context::Context;
use super::error::{Error, ErrorKind};
use crate::platform::Waker;
use crate::worker::lock;

/// Looks names up in place of the system, for an app that has its own DNS.
pub trait Resolver: Send + Sync {
    /// Starts to look `host` up and returns at once. `answer` may be finished later and on any thread; dropping it means
    /// that the name has no address.
    fn resolve(&self, host: &str, answer: ResolverAnswer);
}

/// The way back for a [`Resolver`].
#[derive(Debug)]
pub struct ResolverAnswer(Arc<Pending>);

/// An answer that is waited for.
#[derive(Debug)]
struct Pending {
    addresses: Mutex<Option<Vec<IpAddr>>>,
    waker: Arc<Waker>,
}

impl ResolverAnswer {
    /// Gives the addresses, best first. Nobody may be waiting any more, which is fine.
    pub fn finish(self, addresses: Vec<IpAddr>) {
        *lock(&self.0.addresses) = Some(addresses);
    }
}

impl Drop for ResolverAnswer {
    /// An answer that was dropped is one without addresses.
    fn drop(&mut self) {
        lock(&self.0.addresses).get_or_insert_default();
        self.0.waker.wake();
    }
}

/// The addresses of `host`, which may be one itself. `resolver` is asked in place of the system where there is one.
pub(super) fn resolve(
    context: &Context,
    resolver: Option<&Arc<dyn Resolver>>,
    host: &str,
) -> Result<Vec<IpAddr>, Error> {
    let worker = context.worker();
    let waker = worker.waker().map_err(|error| Error::internal(format!("the system cannot wait: {error}")))?;
    let pending = Arc::new(Pending { addresses: Mutex::default(), waker });
    let answer = ResolverAnswer(pending.clone());
    match resolver {
        Some(resolver) => resolver.resolve(host, answer),
        None => SYSTEM.resolve(host, answer),
    }
    let addresses = worker.wait_for(None, || lock(&pending.addresses).take())?.unwrap_or_default();
    if addresses.is_empty() {
        return Err(Error::new(ErrorKind::NameResolution, format!("the name {host} has no address")));
    }
    Ok(addresses)
}

/// The system's resolver blocks for as long as it likes and cannot be stopped, so it is called on threads that nobody
/// waits for. They are shared by the whole process, and gone when there is nothing to do.
static SYSTEM: LookupPool = LookupPool::new();

/// One for each transfer of a mini program: names that hang must not keep the others waiting.
const MAX_THREADS: usize = 20;
const IDLE_TIME: Duration = Duration::from_secs(2);
/// The system's resolver needs far less, and far less is not safe with every libc.
const STACK_SIZE: usize = 512 * 1024;

struct LookupPool {
    state: Mutex<LookupState>,
    work: Condvar,
}

struct LookupState {
    queue: VecDeque<(String, ResolverAnswer)>,
    threads: usize,
    idle: usize,
}

impl LookupPool {
    const fn new() -> LookupPool {
        LookupPool {
            state: Mutex::new(LookupState { queue: VecDeque::new(), threads: 0, idle: 0 }),
            work: Condvar::new(),
        }
    }

    fn resolve(&'static self, host: &str, answer: ResolverAnswer) {
        let mut state = self.lock();
        state.queue.push_back((host.to_owned(), answer));
        if state.queue.len() > state.idle && state.threads < MAX_THREADS {
            let thread = thread::Builder::new().name("wxt-dns".to_owned()).stack_size(STACK_SIZE);
            match thread.spawn(|| self.work()) {
                Ok(_) => state.threads += 1,
                // With no thread at all nobody would ever answer; dropping the answer is a failure that is seen at once.
                Err(_) if state.threads == 0 => state.queue.clear(),
                Err(_) => {}
            }
        }
        drop(state);
        self.work.notify_one();
    }

    fn work(&self) {
        let mut state = self.lock();
        loop {
            while let Some((host, answer)) = state.queue.pop_front() {
                drop(state);
                if let Ok(addresses) = (host.as_str(), 0).to_socket_addrs() {
                    answer.finish(addresses.map(|address| address.ip()).collect());
                }
                state = self.lock();
            }
            state.idle += 1;
            let (woken, timeout) = self.work.wait_timeout(state, IDLE_TIME).unwrap_or_else(PoisonError::into_inner);
            state = woken;
            state.idle -= 1;
            if timeout.timed_out() && state.queue.is_empty() {
                state.threads -= 1;
                return;
            }
        }
    }

    fn lock(&self) -> MutexGuard<'_, LookupState> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
