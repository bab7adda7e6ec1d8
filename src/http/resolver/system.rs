//! The system's resolver, which blocks for as long as it likes and cannot be stopped. It is called on threads that nobody
//! waits for, and that all clients of the process share.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::net::ToSocketAddrs;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};

use once_cell::sync::Lazy;

use super::{LookupAnswer, PendingLookup};
use crate::platform::Waker;
use crate::worker::{ThreadPool, WorkQueue, lock};

/// One for each transfer of a mini program.
const MAX_THREADS: usize = 20;
/// A session whose names hang leaves the others half of the threads.
const MAX_RUNNING_PER_SESSION: usize = MAX_THREADS / 2;
/// The system's resolver needs far less, and far less is not safe with every libc.
const STACK_SIZE: usize = 512 * 1024;

/// Who asks, as far as fairness needs it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(in crate::http) struct LookupSession(u64);

impl LookupSession {
    pub(super) fn new() -> LookupSession {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        LookupSession(NEXT.fetch_add(1, Ordering::Relaxed))
    }
}

/// Look-ups with their threads. Those of the process are never dropped: a look-up that hangs counts until the system returns
/// from it, whatever became of the client.
pub(in crate::http) struct Lookups {
    pool: ThreadPool<LookupQueue>,
}

/// A name that is looked up, or waits for it. The askers hold their side of an answer, so that a question which nobody waits
/// for any more is one without a living asker.
struct Question {
    session: LookupSession,
    host: String,
    /// `None` once the answer is there.
    askers: Mutex<Option<Vec<Weak<PendingLookup>>>>,
    /// The network has changed since the system was asked. The askers wait for another question.
    is_outdated: AtomicBool,
}

#[derive(Default)]
struct LookupQueue {
    waiting: VecDeque<Arc<Question>>,
    running: Vec<Arc<Question>>,
}

impl Question {
    fn new(session: LookupSession, host: &str, askers: Vec<Weak<PendingLookup>>) -> Arc<Question> {
        let (host, askers) = (host.to_owned(), Mutex::new(Some(askers)));
        Arc::new(Question { session, host, askers, is_outdated: AtomicBool::new(false) })
    }

    /// Adds an asker; `false` if the answer is there already.
    fn join(&self, asker: &Arc<PendingLookup>) -> bool {
        match lock(&self.askers).as_mut() {
            Some(askers) => {
                // A look-up that hangs may outlive any number of them.
                askers.retain(|asker| asker.strong_count() > 0);
                askers.push(Arc::downgrade(asker));
                true
            }
            None => false,
        }
    }

    fn is_abandoned(&self) -> bool {
        lock(&self.askers).as_ref().is_none_or(|askers| askers.iter().all(|asker| asker.strong_count() == 0))
    }

    fn is_answered(&self) -> bool {
        lock(&self.askers).is_none()
    }

    fn is_outdated(&self) -> bool {
        self.is_outdated.load(Ordering::SeqCst)
    }

    /// A question of the same for those who wait for this one's answer, which nobody is told then. `None` where nobody waits.
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

impl LookupQueue {
    /// Where the first question is that may begin: its session has a thread left.
    fn first_ready(&self) -> Option<usize> {
        self.waiting.iter().position(|question| self.running_of(question.session) < MAX_RUNNING_PER_SESSION)
    }

    fn running_of(&self, session: LookupSession) -> usize {
        // One that hangs in a network that is gone holds a thread, of which there are as many again.
        self.running.iter().filter(|question| question.session == session && !question.is_outdated()).count()
    }
}

impl WorkQueue for LookupQueue {
    type Work = Arc<Question>;

    fn next(&mut self) -> Option<Arc<Question>> {
        self.waiting.retain(|question| !question.is_abandoned());
        let question = self.waiting.remove(self.first_ready()?)?;
        self.running.push(question.clone());
        Some(question)
    }

    fn ready(&self) -> usize {
        let mut sessions: Vec<(LookupSession, usize)> = Vec::new();
        for question in self.waiting.iter().filter(|question| !question.is_abandoned()) {
            match sessions.iter_mut().find(|(session, _)| *session == question.session) {
                Some((_, count)) => *count += 1,
                None => sessions.push((question.session, 1)),
            }
        }
        let left = |session| MAX_RUNNING_PER_SESSION.saturating_sub(self.running_of(session));
        sessions.into_iter().map(|(session, count)| count.min(left(session))).sum()
    }

    fn done(&mut self) {
        self.running.retain(|question| !question.is_answered());
    }
}

impl Lookups {
    fn new(look_up: impl Fn(&str) -> LookupAnswer + Send + Sync + 'static) -> Lookups {
        let run = move |question: Arc<Question>, _: &_| question.answer(&look_up(&question.host));
        Lookups { pool: ThreadPool::new("wxt-dns", MAX_THREADS, STACK_SIZE, LookupQueue::default(), run) }
    }

    /// Has `asker` told the addresses of `host`. A question for a name that is being looked up, or that the session has asked
    /// for, joins that one. Dropping `asker` takes the question back, unless its look-up has begun.
    ///
    /// # Errors
    /// No thread can be started for it; nobody will answer.
    pub(super) fn ask(&self, session: &LookupSession, host: &str, asker: &Arc<PendingLookup>) -> io::Result<()> {
        let (_, started) = self.pool.update(|queue| {
            queue.waiting.retain(|question| !question.is_abandoned());
            let of_session = queue.waiting.iter().filter(|question| question.session == *session);
            let running = queue.running.iter().filter(|question| !question.is_outdated());
            let mut candidates = running.chain(of_session).filter(|question| question.host == host);
            if !candidates.any(|question| question.join(asker)) {
                queue.waiting.push_back(Question::new(*session, host, vec![Arc::downgrade(asker)]));
            }
        });
        started
    }

    /// Asks the system anew for what it is looking up for the session.
    pub(super) fn ask_again(&self, session: &LookupSession) {
        // A thread that cannot be started is no loss: there is one for each look-up that runs.
        let _ = self.pool.update(|queue| {
            let of_session = queue.running.iter().filter(|question| question.session == *session);
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

/// The look-ups of the process, while a client uses them.
pub(in crate::http) struct LookupsInUse(());

impl LookupsInUse {
    /// One for all clients.
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
    /// A look-up that the system does not return from goes on; nothing else does.
    fn drop(&mut self) {
        self.get().pool.dismiss_idle();
    }
}

fn look_up(host: &str) -> LookupAnswer {
    match (host, 0).to_socket_addrs() {
        Ok(addresses) => Some(addresses.map(|address| address.ip()).collect()),
        // The system's resolver has many words for a lack of descriptors. None to be had now says the same.
        Err(_) if Waker::new().is_err() => None,
        Err(_) => Some(Vec::new()),
    }
}

#[cfg(test)]
#[path = "system_tests.rs"]
mod tests;
