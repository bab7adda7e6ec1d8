//! The system's resolver. It blocks for an unbounded time and cannot be stopped, so it runs on threads that nothing
//! waits for. All clients of the process share them.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::net::ToSocketAddrs;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};

use once_cell::sync::Lazy;

use super::{LookupAnswer, PendingLookup, shortage};
use crate::http::error::{Error, is_shortage};
use crate::platform::Waker;
use crate::worker::{ThreadPool, WorkQueue, Worker, lock};

/// The maximum number of look-up threads of the process: one for each transfer that a mini program may run at the same
/// time.
const MAX_THREADS: usize = 20;

/// Identifies the session that asks. Each has a share of the threads.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) struct LookupSession(u64);

impl LookupSession {
    pub(super) fn new() -> LookupSession {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        LookupSession(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// The look-ups and their threads. The value that all clients share is never dropped: a look-up that hangs holds its
/// thread until the system returns from it, even if nobody waits for it and its client is gone.
pub(in crate::http) struct Lookups {
    pool: ThreadPool<LookupQueue>,
}

/// A name that is being looked up or waits for a thread. All askers belong to one session: if its network changes, the
/// look-up is repeated. An asker owns its answer and is referenced weakly, so a question without a living asker is
/// abandoned.
struct Question {
    session: LookupSession,
    host: String,
    /// `None` once the question is answered.
    askers: Mutex<Option<Vec<Weak<PendingLookup>>>>,
    /// The network changed after the system was asked, and the askers were moved to another question.
    is_outdated: AtomicBool,
}

#[derive(Default)]
struct LookupQueue {
    waiting: VecDeque<Arc<Question>>,
    running: Vec<Arc<Question>>,
}

impl Question {
    fn new(session: LookupSession, host: &str, askers: Vec<Weak<PendingLookup>>) -> Arc<Question> {
        let (session, host, askers) = (session, host.to_owned(), Mutex::new(Some(askers)));
        Arc::new(Question { session, host, askers, is_outdated: AtomicBool::new(false) })
    }

    /// Adds an asker. `false` if the question is answered already.
    fn join(&self, asker: &Arc<PendingLookup>) -> bool {
        match lock(&self.askers).as_mut() {
            Some(askers) => {
                // A look-up that hangs may outlive many askers.
                askers.retain(|asker| asker.strong_count() > 0);
                askers.push(Arc::downgrade(asker));
                true
            }
            None => false,
        }
    }

    /// Whether nobody waits for the answer.
    fn is_abandoned(&self) -> bool {
        lock(&self.askers).as_ref().is_none_or(|askers| askers.iter().all(|asker| asker.strong_count() == 0))
    }

    fn is_answered(&self) -> bool {
        lock(&self.askers).is_none()
    }

    fn is_outdated(&self) -> bool {
        self.is_outdated.load(Ordering::SeqCst)
    }

    /// Moves the askers to a new question for the same name. The answer of the old one is then ignored. `None` if
    /// nobody asks.
    fn ask_again(&self) -> Option<Arc<Question>> {
        let askers = std::mem::take(lock(&self.askers).as_mut()?);
        self.is_outdated.store(true, Ordering::SeqCst);
        (!askers.is_empty()).then(|| Question::new(self.session, &self.host, askers))
    }

    fn answer(&self, answer: &LookupAnswer) {
        let askers = lock(&self.askers).take().unwrap_or_default();
        for asker in askers.iter().filter_map(Weak::upgrade) {
            asker.finish(answer.clone());
        }
    }
}

/// The threads that a session's look-ups hold.
struct Share {
    session: LookupSession,
    /// The number of these threads.
    held: usize,
    /// The number of threads whose answer a task waits for.
    wanted: usize,
}

impl Share {
    /// Whether the session may start another look-up if `free` threads have no look-up.
    ///
    /// The threads that no other session holds are the session's own and the free ones. The session may hold half of
    /// them, and leaves the other half to later sessions. So a new session finds a thread even if all look-ups of four
    /// others hang. Tasks may wait for at most four fifths of the session's half. The last fifth is for look-ups that
    /// replace hanging ones after a change of the network or after aborts.
    fn may_grow(&self, free: usize) -> bool {
        let available = self.held + free;
        2 * self.held < available && 5 * self.wanted < 2 * available
    }
}

impl LookupQueue {
    /// The indices of the waiting questions that can start now, if they start in this order.
    fn startable(&self) -> impl Iterator<Item = usize> {
        let mut free = MAX_THREADS.saturating_sub(self.running.len());
        let mut shares: Vec<Share> = Vec::new();
        for question in &self.running {
            let share = share_of(question.session, &mut shares);
            share.held += 1;
            share.wanted += usize::from(!question.is_abandoned());
        }
        let waiting = self.waiting.iter().enumerate().filter(|(_, question)| !question.is_abandoned());
        waiting.filter_map(move |(index, question)| {
            let share = share_of(question.session, &mut shares);
            if !share.may_grow(free) {
                return None;
            }
            share.held += 1;
            share.wanted += 1;
            free -= 1;
            Some(index)
        })
    }
}

fn share_of(session: LookupSession, shares: &mut Vec<Share>) -> &mut Share {
    let index = shares.iter().position(|share| share.session == session).unwrap_or_else(|| {
        shares.push(Share { session, held: 0, wanted: 0 });
        shares.len() - 1
    });
    &mut shares[index]
}

impl WorkQueue for LookupQueue {
    type Work = Arc<Question>;

    fn next(&mut self) -> Option<Arc<Question>> {
        self.waiting.retain(|question| !question.is_abandoned());
        let index = self.startable().next()?;
        let question = self.waiting.remove(index)?;
        self.running.push(question.clone());
        Some(question)
    }

    fn ready(&self) -> usize {
        self.startable().count()
    }

    fn done(&mut self) {
        self.running.retain(|question| !question.is_answered());
    }
}

impl Lookups {
    fn new(look_up: impl Fn(&str) -> LookupAnswer + Send + Sync + 'static) -> Lookups {
        let run = move |question: Arc<Question>, _: &_| question.answer(&look_up(&question.host));
        Lookups { pool: ThreadPool::new("wxt-dns", MAX_THREADS, LookupQueue::default(), run) }
    }

    /// Waits for the addresses of `host`.
    ///
    /// # Errors
    /// [`ErrorKind::OutOfResources`](crate::http::ErrorKind::OutOfResources), the stop signal.
    pub(super) fn resolve(
        &self,
        session: LookupSession,
        host: &str,
        worker: &Worker,
    ) -> Result<Option<LookupAnswer>, Error> {
        let asker = PendingLookup::new(worker.waker().map_err(shortage)?);
        self.ask(session, host, &asker).map_err(shortage)?;
        let answer = worker.wait_for(None, || asker.take());
        if answer.is_err() {
            // Dropped inside of `update`, which starts look-ups that now have room. If no thread can be started for
            // them, a thread takes them when its look-up returns.
            let _ = self.pool.update(|_| drop(asker));
        }
        Ok(answer?)
    }

    /// Queues a question and wakes `asker` with the answer. Joins a look-up of the same name and session, running or
    /// waiting. Dropping `asker` abandons the question. If its look-up has not started, it is dropped.
    ///
    /// # Errors
    /// No thread can be started. There will be no answer.
    fn ask(&self, session: LookupSession, host: &str, asker: &Arc<PendingLookup>) -> io::Result<()> {
        let (_, started) = self.pool.update(|queue| {
            queue.waiting.retain(|question| !question.is_abandoned());
            let current = queue.running.iter().filter(|question| !question.is_outdated()).chain(&queue.waiting);
            let mut candidates = current.filter(|question| question.session == session && question.host == host);
            if !candidates.any(|question| question.join(asker)) {
                queue.waiting.push_back(Question::new(session, host, vec![Arc::downgrade(asker)]));
            }
        });
        started
    }

    /// Repeats the session's look-ups that the system has not answered. They start at once if the session may hold
    /// further threads, and otherwise as soon as look-ups return.
    pub(super) fn ask_again(&self, session: LookupSession) {
        // If no further thread can be started, the threads of the running look-ups will take the questions.
        let _ = self.pool.update(|queue| {
            let of_session = queue.running.iter().filter(|question| question.session == session);
            let again: Vec<_> = of_session.filter_map(|question| question.ask_again()).collect();
            queue.waiting.extend(again);
        });
    }
}

impl fmt::Debug for Lookups {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Lookups").finish_non_exhaustive()
    }
}

/// Keeps the process' look-up threads while a client exists.
pub(in crate::http) struct LookupsInUse(());

impl LookupsInUse {
    /// Shared by all clients.
    pub(super) fn begin() -> Arc<LookupsInUse> {
        static IN_USE: Mutex<Weak<LookupsInUse>> = Mutex::new(Weak::new());
        let mut in_use = lock(&IN_USE);
        in_use.upgrade().unwrap_or_else(|| {
            let begun = Arc::new(LookupsInUse(()));
            *in_use = Arc::downgrade(&begun);
            begun
        })
    }

    pub(super) fn get(&self) -> &'static Lookups {
        static LOOKUPS: Lazy<Lookups> = Lazy::new(|| Lookups::new(look_up));
        &LOOKUPS
    }
}

impl Drop for LookupsInUse {
    /// Ends the idle threads. A look-up that the system has not returned from continues.
    fn drop(&mut self) {
        self.get().pool.dismiss_idle();
    }
}

fn look_up(host: &str) -> LookupAnswer {
    match (host, 0).to_socket_addrs() {
        Ok(addresses) => Some(addresses.map(|address| address.ip()).collect()),
        Err(error) if is_shortage(&error) => None,
        // The system's resolver reports a lack of descriptors in many ways. Check whether one is available now.
        Err(_) if Waker::new().is_err() => None,
        Err(_) => Some(Vec::new()),
    }
}

#[cfg(test)]
#[path = "system_tests.rs"]
mod tests;
