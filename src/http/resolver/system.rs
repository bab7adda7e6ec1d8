//! The system's resolver. It blocks for an unbounded time and cannot be stopped, so it runs on threads that nothing
//! waits for. All clients of the process share them.

use std::collections::VecDeque;
use std::fmt;
use std::io;
use std::net::ToSocketAddrs;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, Weak};

use once_cell::sync::Lazy;

use super::{LookupAnswer, MiniProgram, PendingLookup};
use crate::platform::Waker;
use crate::worker::{ThreadPool, WorkQueue, lock};

/// One for each transfer of a mini program.
const MAX_THREADS: usize = 20;
/// How many threads the look-ups of one mini program hold at most, outdated ones included: half of them, so that a mini
/// program whose look-ups hang does not block the others, however often it is closed and opened again.
const MAX_THREADS_PER_PROGRAM: usize = MAX_THREADS / 2;
/// How many of these threads look-ups that are not outdated hold at most. After a first change of the network or in the
/// next session, but not after both, some are free even if all earlier look-ups hang.
const MAX_CURRENT_PER_PROGRAM: usize = MAX_THREADS_PER_PROGRAM - 2;

/// Identifies the session that asks, and the mini program whose share of the threads it uses.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(in crate::http) struct LookupSession {
    number: u64,
    program: MiniProgram,
}

impl LookupSession {
    pub(super) fn new(program: MiniProgram) -> LookupSession {
        static NEXT: AtomicU64 = AtomicU64::new(0);
        LookupSession { number: NEXT.fetch_add(1, Ordering::Relaxed), program }
    }
}

/// The look-ups and their threads. Those of the process are never dropped: a look-up that hangs counts until the system
/// returns from it, even if its client is gone.
pub(in crate::http) struct Lookups {
    pool: ThreadPool<LookupQueue>,
}

/// A name that is being looked up or waits for a thread. All askers are of one session, whose changes of the network
/// repeat the look-up. Askers own their answer and are referenced weakly, so a question without a living asker is
/// abandoned.
struct Question {
    session: LookupSession,
    host: String,
    /// `None` once the question is answered.
    askers: Mutex<Option<Vec<Weak<PendingLookup>>>>,
    /// After the system was asked, the network changed and the askers wait for another question, or the session closed.
    is_outdated: AtomicBool,
}

#[derive(Default)]
struct LookupQueue {
    waiting: VecDeque<Arc<Question>>,
    running: Vec<Arc<Question>>,
}

impl Question {
    fn new(session: &LookupSession, host: &str, askers: Vec<Weak<PendingLookup>>) -> Arc<Question> {
        let (session, host, askers) = (session.clone(), host.to_owned(), Mutex::new(Some(askers)));
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
        (!askers.is_empty()).then(|| Question::new(&self.session, &self.host, askers))
    }

    fn answer(&self, answer: &LookupAnswer) {
        let askers = lock(&self.askers).take().unwrap_or_default();
        for asker in askers.iter().filter_map(Weak::upgrade) {
            asker.finish(answer.clone());
        }
    }
}

impl LookupQueue {
    /// The index of the first question whose mini program may use another thread.
    fn first_ready(&self) -> Option<usize> {
        self.waiting.iter().position(|question| self.threads_left(&question.session.program) > 0)
    }

    /// How many further threads the mini program may use.
    fn threads_left(&self, program: &MiniProgram) -> usize {
        let of_program = || self.running.iter().filter(|question| question.session.program == *program);
        let current = of_program().filter(|question| !question.is_outdated()).count();
        let left = MAX_THREADS_PER_PROGRAM.saturating_sub(of_program().count());
        left.min(MAX_CURRENT_PER_PROGRAM.saturating_sub(current))
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
        let mut programs: Vec<(&MiniProgram, usize)> = Vec::new();
        for question in self.waiting.iter().filter(|question| !question.is_abandoned()) {
            match programs.iter_mut().find(|(program, _)| **program == question.session.program) {
                Some((_, count)) => *count += 1,
                None => programs.push((&question.session.program, 1)),
            }
        }
        programs.into_iter().map(|(program, count)| count.min(self.threads_left(program))).sum()
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

    /// Resolves `host` and wakes `asker` with the addresses. Joins a look-up of the same name and session, running or
    /// waiting. Dropping `asker` withdraws the question unless its look-up has started.
    ///
    /// # Errors
    /// No thread can be started. There will be no answer.
    pub(super) fn ask(&self, session: &LookupSession, host: &str, asker: &Arc<PendingLookup>) -> io::Result<()> {
        let (_, started) = self.pool.update(|queue| {
            queue.waiting.retain(|question| !question.is_abandoned());
            let current = queue.running.iter().filter(|question| !question.is_outdated()).chain(&queue.waiting);
            let mut candidates = current.filter(|question| question.session == *session && question.host == host);
            if !candidates.any(|question| question.join(asker)) {
                queue.waiting.push_back(Question::new(session, host, vec![Arc::downgrade(asker)]));
            }
        });
        started
    }

    /// Repeats the session's look-ups that the system has not answered. They start at once if its mini program may use
    /// further threads, and otherwise as soon as one of its look-ups returns.
    pub(super) fn ask_again(&self, session: &LookupSession) {
        // If no further thread can be started, the threads of the running look-ups will take the questions.
        let _ = self.pool.update(|queue| {
            let of_session = queue.running.iter().filter(|question| question.session == *session);
            let again: Vec<_> = of_session.filter_map(|question| question.ask_again()).collect();
            queue.waiting.extend(again);
        });
    }

    /// Ends a session, which has no asker left. Those of its look-ups that hang still hold threads of its mini program.
    pub(super) fn leave(&self, session: &LookupSession) {
        // Another session of the mini program may have questions that can start then.
        let _ = self.pool.update(|queue| {
            for question in queue.running.iter().filter(|question| question.session == *session) {
                question.is_outdated.store(true, Ordering::SeqCst);
            }
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
        // The system's resolver reports a lack of descriptors in many ways. Check whether one is available now.
        Err(_) if Waker::new().is_err() => None,
        Err(_) => Some(Vec::new()),
    }
}

#[cfg(test)]
#[path = "system_tests.rs"]
mod tests;
