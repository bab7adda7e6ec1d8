use std::net::{IpAddr, Ipv4Addr};
use std::sync::atomic::AtomicUsize;
use std::sync::mpsc;
use std::time::{Duration, Instant};

use super::*;
use crate::worker::{StopReason, StopSignal, Worker};

const LIMIT: Duration = Duration::from_secs(60);
/// The number of threads (`docs/architecture.md`).
const THREADS: usize = 20;
/// The number of threads that one session may hold if no other session holds any.
const SHARE: usize = 10;
/// The part of `SHARE` for look-ups that tasks wait for.
const CURRENT: usize = 8;
const ADDRESS: IpAddr = IpAddr::V4(Ipv4Addr::new(192, 0, 2, 7));

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

    fn ask(&self, session: LookupSession, host: &str) -> Asker {
        let worker = Worker::for_call(Arc::new(StopSignal::new()));
        let pending = PendingLookup::new(worker.waker().unwrap());
        self.lookups.ask(session, host, &pending).unwrap();
        Asker { worker, pending }
    }

    /// Asks for `count` names that hang.
    fn ask_hanging(&self, session: LookupSession, count: usize) -> Vec<Asker> {
        (0..count).map(|number| self.ask(session, &format!("hangs{number}"))).collect()
    }

    /// Waits until `count` more look-ups that hang have begun. Then exactly `held` look-ups hang.
    fn expect_hanging(&self, count: usize, held: usize) {
        for _ in 0..count {
            assert!(self.next_asked().starts_with("hangs"));
        }
        let hangs = |queue: &mut LookupQueue| queue.running.iter().filter(|question| !question.is_answered()).count();
        assert_eq!(self.lookups.pool.update(hangs).0, held);
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
fn hanging_look_ups_of_a_session_leave_half_of_the_threads_free() {
    let resolver = HangingResolver::new();
    let (hanging, other) = (LookupSession::new(), LookupSession::new());
    let hung: Vec<_> = (0..120).map(|number| resolver.ask(hanging, &format!("hangs{number}"))).collect();
    for _ in 0..CURRENT {
        assert!(resolver.next_asked().starts_with("hangs"));
    }
    for number in 0..30 {
        let name = format!("good{number}");
        assert_eq!(resolver.ask(other, &name).answer(), Some(vec![ADDRESS]));
        assert_eq!(resolver.next_asked(), name, "no further hanging look-up began");
    }
    drop(hung);
}

#[test]
fn abandoned_question_that_has_not_started_is_dropped() {
    let mut resolver = HangingResolver::new();
    let session = LookupSession::new();
    let begun: Vec<_> = (0..CURRENT).map(|number| resolver.ask(session, &format!("hangs{number}"))).collect();
    begun.iter().for_each(|_| drop(resolver.next_asked()));
    drop((0..100).map(|number| resolver.ask(session, &format!("abandoned{number}"))).collect::<Vec<_>>());
    let last = resolver.ask(session, "last");
    resolver.let_go.take();
    assert_eq!(last.answer(), Some(vec![ADDRESS]));
    assert_eq!(resolver.next_asked(), "last");
    drop(begun);
}

#[test]
fn second_question_for_a_name_joins_the_running_look_up() {
    let mut resolver = HangingResolver::new();
    let session = LookupSession::new();
    let first = resolver.ask(session, "hangs");
    assert_eq!(resolver.next_asked(), "hangs");
    let second = resolver.ask(session, "hangs");
    resolver.let_go.take();
    for asker in [&first, &second] {
        assert_eq!(asker.answer(), Some(vec![ADDRESS]));
    }
    assert!(resolver.asked.try_recv().is_err(), "the resolver was asked only once");
    assert_eq!(resolver.ask(session, "hangs").answer(), Some(vec![ADDRESS]), "a later question causes a new look-up");
    assert_eq!(resolver.next_asked(), "hangs");
}

#[test]
fn dead_askers_do_not_accumulate_on_a_hanging_look_up() {
    let resolver = HangingResolver::new();
    let session = LookupSession::new();
    let first = resolver.ask(session, "hangs");
    assert_eq!(resolver.next_asked(), "hangs");
    for _ in 0..100 {
        drop(resolver.ask(session, "hangs"));
    }
    let (askers, _) = resolver.lookups.pool.update(|queue| lock(&queue.running[0].askers).as_ref().map(Vec::len));
    // The last asker may still be registered.
    assert_eq!(askers, Some(2));
    drop(first);
}

#[test]
fn hanging_look_ups_are_repeated_on_the_new_network() {
    let mut resolver = HangingResolver::new();
    let (session, other) = (LookupSession::new(), LookupSession::new());
    let hanging: Vec<_> = (0..CURRENT).map(|number| resolver.ask(session, &format!("hangs{number}"))).collect();
    hanging.iter().for_each(|_| drop(resolver.next_asked()));
    let of_another = resolver.ask(other, "hangs0");
    assert_eq!(resolver.next_asked(), "hangs0", "a look-up of another session is not joined");
    resolver.lookups.ask_again(session);
    // The repeated look-ups run on further threads, while the first ones hang.
    let free = SHARE - CURRENT;
    let mut again: Vec<_> = (0..free).map(|_| resolver.next_asked()).collect();
    // No question of the old network is joined.
    let late = resolver.ask(session, "hangs0");
    resolver.let_go.take();
    for asker in hanging.iter().chain([&of_another, &late]) {
        assert_eq!(asker.answer(), Some(vec![ADDRESS]));
    }
    again.extend(resolver.asked.try_iter());
    again.sort_unstable();
    assert_eq!(again, (0..hanging.len()).map(|number| format!("hangs{number}")).collect::<Vec<_>>(), "once each");
}

/// This holds for any number of network changes, although look-ups of each earlier network may still hang.
#[test]
fn changes_of_the_network_leave_half_of_the_threads_to_other_sessions() {
    let resolver = HangingResolver::new();
    let (hanging, other) = (LookupSession::new(), LookupSession::new());
    let hung = resolver.ask_hanging(hanging, THREADS);
    resolver.expect_hanging(CURRENT, CURRENT);
    resolver.lookups.ask_again(hanging);
    resolver.expect_hanging(SHARE - CURRENT, SHARE);
    for _ in 0..5 {
        resolver.lookups.ask_again(hanging);
    }
    resolver.expect_hanging(0, SHARE);
    let good: Vec<_> = (0..CURRENT).map(|n| resolver.ask(other, &format!("good{n}"))).collect();
    assert!(good.iter().all(|asker| asker.answer() == Some(vec![ADDRESS])));
    drop(hung);
}

/// A closed session cannot end its look-ups. A new session gets a part of the remaining threads. Here, the fifth
/// session still finds a thread, although each of the four before it holds its maximum.
#[test]
fn new_session_finds_a_thread_although_look_ups_of_four_others_hang() {
    let resolver = HangingResolver::new();
    let mut held = 0;
    // (look-ups that begin, further ones after a change of the network)
    for (begin, again) in [(CURRENT, SHARE - CURRENT), (4, 1), (2, 1), (1, 0)] {
        let session = LookupSession::new();
        let asked = resolver.ask_hanging(session, THREADS);
        held += begin;
        resolver.expect_hanging(begin, held);
        resolver.lookups.ask_again(session);
        held += again;
        resolver.expect_hanging(again, held);
        drop(asked);
    }
    assert_eq!(held, THREADS - 1);
    let asker = resolver.ask(LookupSession::new(), "good");
    assert_eq!(asker.answer(), Some(vec![ADDRESS]));
}

/// If tasks abandon hanging look-ups, their session can still start some look-ups, and another session can start more.
#[test]
fn abandoned_look_ups_leave_threads_to_their_session_and_to_others() {
    let resolver = HangingResolver::new();
    let (first, second) = (LookupSession::new(), LookupSession::new());
    let aborted = resolver.ask_hanging(first, CURRENT);
    resolver.expect_hanging(CURRENT, CURRENT);
    drop(aborted);
    for session in [first, second] {
        assert_eq!(resolver.ask(session, "good").answer(), Some(vec![ADDRESS]));
        assert_eq!(resolver.next_asked(), "good");
    }
    let _asked = resolver.ask_hanging(second, THREADS);
    resolver.expect_hanging(5, CURRENT + 5);
}

#[test]
fn stopped_question_makes_room_for_one_that_waits() {
    let resolver = HangingResolver::new();
    let session = LookupSession::new();
    let stops: Vec<_> = (0..CURRENT).map(|_| Arc::new(StopSignal::new())).collect();
    std::thread::scope(|scope| {
        for (number, stop) in stops.iter().enumerate() {
            stop.set_deadline(Instant::now() + LIMIT);
            let (worker, lookups) = (Worker::for_call(stop.clone()), &resolver.lookups);
            scope.spawn(move || lookups.resolve(session, &format!("hangs{number}"), &worker).unwrap_err());
        }
        resolver.expect_hanging(CURRENT, CURRENT);
        let waiting = resolver.ask(session, "good");
        assert!(waiting.pending.take().is_none() && resolver.asked.try_recv().is_err());
        stops[0].request(StopReason::Aborted);
        let answer = waiting.answer();
        stops.iter().for_each(|stop| assert!(stop.request(StopReason::Aborted)));
        assert_eq!(answer, Some(vec![ADDRESS]));
    });
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
    lookups.ask(LookupSession::new(), "hangs", &pending).unwrap();
    begun.recv_timeout(LIMIT).unwrap();
    // Returns although the look-up still hangs.
    lookups.pool.dismiss_idle();
    assert_eq!(alive.load(Ordering::SeqCst), 1);
    drop(let_go);
}
