use std::sync::mpsc;
use std::thread;

use super::*;
use crate::worker::{StopReason, StopSignal};

const LIMIT: Duration = Duration::from_secs(60);
const SECOND: Duration = Duration::from_secs(1);
/// More than any turn has.
const PIECE: usize = 1 << 30;

/// A task that transfers bytes whenever it may, in simulated time.
struct Mover {
    pace: Pace,
    begin: Instant,
    /// The bytes per second that its peer sends.
    peer: u64,
    /// The most bytes that it transfers at once.
    piece: usize,
    next: Instant,
    moved: u64,
}

impl Mover {
    fn new(own: u64, shared: &Arc<Rate>, begin: Instant) -> Mover {
        let pace = Pace::new(Arc::new(Rate::new(own)), shared.clone());
        Mover { pace, begin, peer: 1 << 40, piece: PIECE, next: begin, moved: 0 }
    }

    fn step(&mut self) {
        let now = self.next;
        let sent = (now - self.begin).as_nanos() * u128::from(self.peer) / NANOBYTES;
        let Some(grant) = self.pace.grant(self.piece, now) else {
            self.next = self.pace.look(now).expect_err("a turn to come");
            return;
        };
        let there = u64::try_from(sent).unwrap() - self.moved;
        let bytes = usize::try_from(there).map_or(grant.bytes(), |there| grant.bytes().min(there));
        grant.spend(bytes);
        self.moved += bytes as u64;
        self.next += if bytes == 0 { Duration::from_millis(5) } else { Duration::from_micros(1) };
    }
}

/// Lets all tasks transfer until `end`.
fn run(movers: &mut [Mover], end: Instant) {
    loop {
        let mover = movers.iter_mut().min_by_key(|mover| mover.next).unwrap();
        if mover.next >= end {
            return;
        }
        mover.step();
    }
}

fn moved(movers: &[Mover]) -> Vec<u64> {
    movers.iter().map(|mover| mover.moved).collect()
}

/// Within 5 %.
fn assert_about(found: u64, expected: u64, what: &str) {
    assert!(found.abs_diff(expected) * 20 <= expected, "{what}: {found}, not about {expected}");
}

#[test]
fn rate_holds_for_any_number_of_tasks() {
    for limit in [100, 10_000, 1_000_000, 1_000_000_000] {
        for count in [1, 3, 10] {
            let begin = Instant::now();
            let shared = Arc::new(Rate::new(limit));
            let mut movers: Vec<_> = (0..count).map(|_| Mover::new(0, &shared, begin)).collect();
            run(&mut movers, begin + 10 * SECOND);
            let each = moved(&movers);
            assert_about(each.iter().sum(), 10 * limit, "together");
            for bytes in each {
                // The first task gets one additional round.
                let expected = 10 * limit / count;
                assert!(bytes.abs_diff(expected) <= expected / 20 + limit / 8, "one of {count} at {limit}: {bytes}");
            }
        }
    }
}

#[test]
fn unused_share_goes_to_the_other_tasks() {
    let begin = Instant::now();
    let shared = Arc::new(Rate::new(1_000_000));
    let mut movers: Vec<_> = (0..3).map(|_| Mover::new(0, &shared, begin)).collect();
    movers.push(Mover::new(100_000, &shared, begin));
    let mut slow = Mover::new(0, &shared, begin);
    slow.peer = 60_000;
    movers.push(slow);
    run(&mut movers, begin + 10 * SECOND);
    for (bytes, expected) in moved(&movers).into_iter().zip([2_800_000, 2_800_000, 2_800_000, 1_000_000, 600_000]) {
        assert_about(bytes, expected, "a share");
    }
}

#[test]
fn tasks_that_end_leave_the_limit_to_those_that_wait() {
    for count in 2..=10 {
        let begin = Instant::now();
        let shared = Arc::new(Rate::new(100_000));
        let mut movers: Vec<_> = (0..count).map(|_| Mover::new(0, &shared, begin)).collect();
        run(&mut movers, begin + Duration::from_millis(150));
        // Each of the others has a turn, or waits for one.
        let mut last = movers.split_off(count - 1);
        drop(movers);
        let before = last[0].moved;
        run(&mut last, begin + 10 * SECOND);
        assert_about(last[0].moved - before, 985_000, &format!("the last of {count}"));
    }
}

#[test]
fn tasks_share_a_rate_that_became_lower() {
    for (former, later) in [(20_000_000, 100_000), (100_000_000, 10_000), (1_000_000, 1000)] {
        for count in [2, 3, 10] {
            let begin = Instant::now();
            let shared = Arc::new(Rate::new(former));
            let mut movers: Vec<_> = (0..count).map(|_| Mover::new(0, &shared, begin)).collect();
            run(&mut movers, begin + SECOND);
            let before = moved(&movers);
            shared.set_at(later, begin + SECOND);
            for mover in &mut movers {
                mover.next = begin + SECOND;
            }
            run(&mut movers, begin + 11 * SECOND);
            let since: Vec<u64> = moved(&movers).iter().zip(before).map(|(after, before)| after - before).collect();
            let expected = 10 * later / count;
            for bytes in since {
                let near = bytes.abs_diff(expected) <= expected / 20 + later / 8;
                assert!(near, "{count} at {later} after {former}: {bytes}, not about {expected}");
            }
        }
    }
}

#[test]
fn turns_without_available_bytes_do_not_delay_other_tasks() {
    let begin = Instant::now();
    let shared = Arc::new(Rate::new(500_000));
    let mut movers: Vec<_> = (0..10).map(|_| Mover::new(0, &shared, begin)).collect();
    for mover in &mut movers {
        mover.peer = 2000;
    }
    run(&mut movers, begin + 10 * SECOND);
    for bytes in moved(&movers) {
        assert_about(bytes, 20_000, "of a slow peer");
    }
}

#[test]
fn small_pieces_get_the_same_share() {
    let begin = Instant::now();
    let shared = Arc::new(Rate::new(1_000_000));
    let mut movers = [Mover::new(0, &shared, begin), Mover::new(0, &shared, begin)];
    movers[0].piece = 1000;
    run(&mut movers, begin + 10 * SECOND);
    assert_about(moved(&movers).iter().sum(), 10_000_000, "together");
    assert_about(movers[0].moved, movers[1].moved, "in small pieces");
}

#[test]
fn unused_rate_accumulates_for_at_most_one_round() {
    let begin = Instant::now();
    let shared = Arc::new(Rate::new(1_000_000));
    let mut movers = [Mover::new(0, &shared, begin)];
    movers[0].next = begin + 1000 * SECOND;
    run(&mut movers, begin + 1001 * SECOND);
    let most = 1_000_000 + 2 * 125_000 + 1;
    assert!(movers[0].moved <= most, "{}", movers[0].moved);
}

#[test]
fn changed_rate_applies_to_waiting_tasks() {
    let begin = Instant::now();
    let shared = Arc::new(Rate::new(1000));
    let pace = Pace::new(Arc::new(Rate::new(0)), shared.clone());
    pace.grant(PIECE, begin).unwrap().spend(125);
    assert!(pace.grant(PIECE, begin).is_none());
    let now = begin + SECOND / 20;
    let left = || pace.look(now).err().map(|due| due - now);
    let before = left().expect("a turn to come");
    assert!(before.abs_diff(Duration::from_millis(75)) < Duration::from_millis(5), "{before:?}");
    shared.set_at(2000, now);
    let faster = left().expect("a turn to come");
    assert!(faster.abs_diff(before / 2) < Duration::from_millis(1), "{faster:?} of {before:?}");
    // Bytes that were transferred at the higher rate do not delay the task at the lower rate.
    shared.set_at(1, now);
    assert!(left().is_none_or(|slower| slower <= faster));
    shared.set_at(0, now);
    assert_eq!(left(), None);
    assert_eq!(pace.grant(PIECE, now).unwrap().bytes(), PIECE);
}

#[test]
fn lower_rate_shortens_turns_that_were_taken() {
    let begin = Instant::now();
    let shared = Arc::new(Rate::new(1_000_000));
    let mut movers = [Mover::new(0, &shared, begin)];
    run(&mut movers, begin + SECOND);
    let now = movers[0].next;
    shared.set_at(1000, now);
    movers[0].moved = 0;
    run(&mut movers, now + 10 * SECOND);
    assert_about(movers[0].moved, 10_000, "after the change");
}

#[test]
fn unused_turn_costs_nothing() {
    let begin = Instant::now();
    let pace = Pace::new(Arc::new(Rate::new(1000)), Arc::new(Rate::new(1000)));
    for _ in 0..100 {
        assert_eq!(pace.grant(PIECE, begin).expect("a grant").bytes(), 125);
    }
    let shared = pace.rates[1].clone();
    let other = Pace::new(Arc::new(Rate::new(0)), shared.clone());
    pace.grant(PIECE, begin).unwrap().spend(125);
    assert!(other.grant(PIECE, begin).is_none());
    drop(other);
    drop(pace);
    assert_eq!(lock(&shared.account).turns, 0, "an ended task has no turn");
}

#[test]
fn worker_without_a_limit_may_transfer_everything() {
    let plain = Worker::for_call(Arc::new(StopSignal::new()));
    assert_eq!(plain.grant(PIECE).unwrap().bytes(), PIECE);
    let paced =
        Worker::for_call(Arc::new(StopSignal::new())).with_rates(Arc::new(Rate::new(0)), Arc::new(Rate::new(0)));
    assert_eq!(paced.grant(PIECE).unwrap().bytes(), PIECE);
    assert_eq!(paced.wait_for_turn(None).unwrap(), Some(u64::MAX));
}

/// A worker whose turn starts in 145 days, and its rate.
fn waiting_worker() -> (Arc<Worker>, Arc<Rate>) {
    let rate = Arc::new(Rate::new(100_000_000));
    let worker = Worker::for_call(Arc::new(StopSignal::new())).with_rates(rate.clone(), Arc::new(Rate::new(0)));
    while let Some(grant) = worker.grant(PIECE) {
        let bytes = grant.bytes();
        grant.spend(bytes);
    }
    lock(&rate.account).earned = 0;
    rate.limit.store(1, Ordering::Relaxed);
    (Arc::new(worker), rate)
}

#[test]
fn wait_for_a_turn_ends_at_its_limit() {
    let (worker, _rate) = waiting_worker();
    assert_eq!(worker.wait_for_turn(Some(Instant::now() + Duration::from_millis(20))).unwrap(), None);
}

#[test]
fn wait_for_a_turn_ends_at_a_stop_or_a_new_rate() {
    for stops in [true, false] {
        let (worker, rate) = waiting_worker();
        let (sender, ended) = mpsc::channel();
        let waiting = worker.clone();
        let thread = thread::spawn(move || sender.send(waiting.wait_for_turn(None)).unwrap());
        // Without this loop, the thread could see the change before it waits.
        while !worker.stop().is_watched() {
            thread::yield_now();
        }
        if stops {
            worker.stop().request(StopReason::Aborted);
        } else {
            rate.set(0);
            worker.stop().wake();
        }
        let result = ended.recv_timeout(LIMIT).expect("the wait ends");
        assert_eq!(result.is_err(), stops, "{result:?}");
        thread.join().unwrap();
    }
}
