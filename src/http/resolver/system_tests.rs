use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::AtomicUsize;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::*;
use crate::worker::{StopSignal, Worker};

const LIMIT: Duration = Duration::from_secs(60);
/// The number of threads (`docs/architecture.md`).
const THREADS: usize = 20;
/// How many of them one mini program may hold.
const SHARE: usize = 10;
/// How many of these it may hold before a change of the network.
const CURRENT: usize = 8;
const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));

fn session_of(app_id: &str) -> LookupSession {
    LookupSession::new(MiniProgram { app_id: app_id.into(), user_id: "user".into() })
}

/// A resolver that records its questions and hangs on names that begin with "hangs", until it is released.
struct HangingResolver {
    lookups: Lookups,
    asked: mpsc::Receiver<String>,
    let_go: Option<mpsc::Sender<()>>,
}

impl HangingResolver {
    fn new() -> HangingResolver {
        let (asks, asked) = mpsc::channel();
        let (let_go, may_end) = mpsc::channel::<()>();
        let may_end = Mutex::new(may_end);
        let lookups = Lookups::new(move |host| {
            asks.send(host.to_owned()).unwrap();
            if host.starts_with("hangs") {
                // Dropping the sender releases all of them.
                let _ = may_end.lock().unwrap().recv();
            }
            Some(vec![ADDRESS])
        });
        HangingResolver { lookups, asked, let_go: Some(let_go) }
    }

    fn ask(&self, session: &LookupSession, host: &str) -> Asker {
        let worker = Worker::for_call(Arc::new(StopSignal::new()));
        let pending = PendingLookup::new(worker.waker().unwrap());
        self.lookups.ask(session, host, &pending).unwrap();
        Asker { worker, pending }
    }

    fn next_asked(&self) -> String {
        self.asked.recv_timeout(LIMIT).unwrap()
    }
}

impl Drop for HangingResolver {
    fn drop(&mut self) {
        self.let_go.take();
    }
}

struct Asker {
    worker: Worker,
    pending: Arc<PendingLookup>,
}

impl Asker {
    fn answer(&self) -> Option<Vec<IpAddr>> {
        self.worker.wait_for(Some(Instant::now() + LIMIT), || self.pending.take()).unwrap().flatten()
    }
}

#[test]
fn hanging_look_ups_of_a_mini_program_leave_half_of_the_threads_free() {
    let resolver = HangingResolver::new();
    let (hanging, other) = (session_of("one"), session_of("other"));
    let hung: Vec<_> = (0..120).map(|number| resolver.ask(&hanging, &format!("hangs{number}"))).collect();
    for _ in 0..CURRENT {
        assert!(resolver.next_asked().starts_with("hangs"));
    }
    for number in 0..30 {
        let name = format!("good{number}");
        assert_eq!(resolver.ask(&other, &name).answer(), Some(vec![ADDRESS]));
        assert_eq!(resolver.next_asked(), name, "none of the hanging ones began");
    }
    drop(hung);
}

#[test]
fn abandoned_question_that_has_not_started_is_dropped() {
    let mut resolver = HangingResolver::new();
    let session = session_of("one");
    let begun: Vec<_> = (0..CURRENT).map(|number| resolver.ask(&session, &format!("hangs{number}"))).collect();
    begun.iter().for_each(|_| drop(resolver.next_asked()));
    drop((0..100).map(|number| resolver.ask(&session, &format!("abandoned{number}"))).collect::<Vec<_>>());
    let last = resolver.ask(&session, "last");
    resolver.let_go.take();
    assert_eq!(last.answer(), Some(vec![ADDRESS]));
    assert_eq!(resolver.next_asked(), "last");
    drop(begun);
}

#[test]
fn a_second_question_joins_the_first() {
    let mut resolver = HangingResolver::new();
    let session = session_of("one");
    let first = resolver.ask(&session, "hangs");
    assert_eq!(resolver.next_asked(), "hangs");
    let second = resolver.ask(&session, "hangs");
    resolver.let_go.take();
    for asker in [&first, &second] {
        assert_eq!(asker.answer(), Some(vec![ADDRESS]));
    }
    assert!(resolver.asked.try_recv().is_err(), "it was asked once");
    assert_eq!(resolver.ask(&session, "hangs").answer(), Some(vec![ADDRESS]), "a later question is a new one");
    assert_eq!(resolver.next_asked(), "hangs");
}

#[test]
fn dead_askers_do_not_accumulate_on_a_hanging_look_up() {
    let resolver = HangingResolver::new();
    let session = session_of("one");
    let first = resolver.ask(&session, "hangs");
    assert_eq!(resolver.next_asked(), "hangs");
    for _ in 0..100 {
        drop(resolver.ask(&session, "hangs"));
    }
    let (askers, _) = resolver.lookups.pool.update(|queue| lock(&queue.running[0].askers).as_ref().map(Vec::len));
    // The last asker may still be registered.
    assert_eq!(askers, Some(2));
    drop(first);
}

#[test]
fn hanging_look_ups_are_repeated_on_the_new_network() {
    let mut resolver = HangingResolver::new();
    let (session, other) = (session_of("one"), session_of("other"));
    let hanging: Vec<_> = (0..CURRENT).map(|number| resolver.ask(&session, &format!("hangs{number}"))).collect();
    hanging.iter().for_each(|_| drop(resolver.next_asked()));
    let of_another = resolver.ask(&other, "hangs0");
    assert_eq!(resolver.next_asked(), "hangs0", "another session's network may be another");
    resolver.lookups.ask_again(&session);
    // On further threads, next to those that hang.
    let free = SHARE - CURRENT;
    let mut again: Vec<_> = (0..free).map(|_| resolver.next_asked()).collect();
    // No question of the old network is joined.
    let late = resolver.ask(&session, "hangs0");
    resolver.let_go.take();
    for asker in hanging.iter().chain([&of_another, &late]) {
        assert_eq!(asker.answer(), Some(vec![ADDRESS]));
    }
    again.extend(resolver.asked.try_iter());
    again.sort_unstable();
    assert_eq!(again, (0..hanging.len()).map(|number| format!("hangs{number}")).collect::<Vec<_>>(), "once each");
}

/// However often the network changes, and although each change leaves look-ups behind that hang.
#[test]
fn changes_of_the_network_leave_half_of_the_threads_to_other_sessions() {
    let resolver = HangingResolver::new();
    let (hanging, other) = (session_of("one"), session_of("other"));
    let hung: Vec<_> = (0..THREADS).map(|number| resolver.ask(&hanging, &format!("hangs{number}"))).collect();
    let begun = |count: usize| (0..count).for_each(|_| assert!(resolver.next_asked().starts_with("hangs")));
    begun(CURRENT);
    resolver.lookups.ask_again(&hanging);
    begun(SHARE - CURRENT);
    for _ in 0..5 {
        resolver.lookups.ask_again(&hanging);
    }
    let (running, _) = resolver.lookups.pool.update(|queue| queue.running.len());
    assert_eq!(running, SHARE);
    let good: Vec<_> = (0..CURRENT).map(|n| resolver.ask(&other, &format!("good{n}"))).collect();
    assert!(good.iter().all(|asker| asker.answer() == Some(vec![ADDRESS])));
    drop(hung);
}

/// A closed session cannot end its look-ups, so the next one of its mini program gets what they leave.
#[test]
fn closed_sessions_count_for_their_mini_program() {
    let mut resolver = HangingResolver::new();
    let begun = |count: usize| (0..count).for_each(|_| assert!(resolver.next_asked().starts_with("hangs")));
    let first = session_of("one");
    let asked: Vec<_> = (0..THREADS).map(|number| resolver.ask(&first, &format!("hangs{number}"))).collect();
    begun(CURRENT);
    drop(asked);
    resolver.lookups.leave(&first);
    let second = session_of("one");
    let again: Vec<_> = (0..THREADS).map(|number| resolver.ask(&second, &format!("hangs{number}"))).collect();
    begun(SHARE - CURRENT);
    resolver.lookups.ask_again(&second);
    let (running, _) = resolver.lookups.pool.update(|queue| queue.running.len());
    assert_eq!(running, SHARE);
    // Other mini programs, and other users of this one, have the rest.
    let other_user = LookupSession::new(MiniProgram { app_id: "one".into(), user_id: "other".into() });
    for other in [session_of("other"), other_user] {
        assert_eq!(resolver.ask(&other, "good").answer(), Some(vec![ADDRESS]));
        assert_eq!(resolver.next_asked(), "good");
    }
    // The second session gets its answers once look-ups return.
    resolver.let_go.take();
    assert!(again.iter().all(|asker| asker.answer() == Some(vec![ADDRESS])));
}

/// Two sessions of a mini program may be open at the same time.
#[test]
fn the_end_of_a_session_starts_look_ups_of_another() {
    let resolver = HangingResolver::new();
    let (first, second) = (session_of("one"), session_of("one"));
    let asked: Vec<_> = (0..CURRENT).map(|number| resolver.ask(&first, &format!("hangs{number}"))).collect();
    asked.iter().for_each(|_| drop(resolver.next_asked()));
    let waiting = resolver.ask(&second, "good");
    assert!(waiting.pending.take().is_none() && resolver.asked.try_recv().is_err());
    drop(asked);
    resolver.lookups.leave(&first);
    assert_eq!(waiting.answer(), Some(vec![ADDRESS]));
}

#[test]
fn dismissing_threads_does_not_wait_for_an_abandoned_look_up() {
    let alive = Arc::new(AtomicUsize::new(0));
    let (begins, begun) = mpsc::channel();
    let (let_go, may_end) = mpsc::channel::<()>();
    let (may_end, held) = (Mutex::new(may_end), alive.clone());
    let lookups = Lookups::new(move |_| {
        held.fetch_add(1, Ordering::SeqCst);
        begins.send(()).unwrap();
        let _ = may_end.lock().unwrap().recv();
        Some(Vec::new())
    });
    let worker = Worker::for_call(Arc::new(StopSignal::new()));
    let pending = PendingLookup::new(worker.waker().unwrap());
    lookups.ask(&session_of("one"), "hangs", &pending).unwrap();
    begun.recv_timeout(LIMIT).unwrap();
    // Returns although the look-up does not.
    lookups.pool.dismiss_idle();
    assert_eq!(alive.load(Ordering::SeqCst), 1);
    drop(let_go);
}
