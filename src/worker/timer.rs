//! Actions at a later time, on one thread for the whole process, which exists only while there is something to wait for.

use std::fmt;
use std::io;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use super::lock;
use crate::platform::give_back_free_memory;

/// Enough for the actions, which close sockets and give stop signals.
const STACK_SIZE: usize = 128 * 1024;

/// The process' timer.
pub struct Timer {
    state: Mutex<TimerState>,
    changed: Condvar,
}

struct TimerState {
    alarms: Vec<(u64, Instant, AlarmAction)>,
    next_number: u64,
    /// The thread, while there is something to wait for.
    thread: Option<JoinHandle<()>>,
    /// The number of the thread that is to run: a former one ends when it looks.
    generation: u64,
    /// The number of the action that runs now.
    running: Option<u64>,
}

type AlarmAction = Box<dyn FnOnce() + Send>;

/// A set action. Dropping it lets the action happen; [`cancel`](Alarm::cancel) takes it back.
#[derive(Debug)]
#[must_use = "an alarm that nobody keeps cannot be taken back"]
pub struct Alarm {
    timer: &'static Timer,
    number: u64,
}

static TIMER: Timer = Timer {
    state: Mutex::new(TimerState { alarms: Vec::new(), next_number: 0, thread: None, generation: 0, running: None }),
    changed: Condvar::new(),
};

impl Timer {
    /// The process' one.
    pub fn get() -> &'static Timer {
        &TIMER
    }

    /// Has `action` run once at `when`. It runs on the timer's thread, so it must be short, and must not wait for anything that
    /// another action does. A panic ends only the action that it happens in.
    ///
    /// # Errors
    /// No thread can be started; `action` is dropped.
    pub fn set(&'static self, when: Instant, action: impl FnOnce() + Send + 'static) -> io::Result<Alarm> {
        let mut state = lock(&self.state);
        if state.thread.is_none() {
            let generation = state.generation;
            let builder = thread::Builder::new().name("wxt-timer".into()).stack_size(STACK_SIZE);
            state.thread = Some(builder.spawn(move || self.run(generation))?);
        }
        let number = state.next_number;
        state.next_number += 1;
        state.alarms.push((number, when, Box::new(action)));
        self.changed.notify_all();
        Ok(Alarm { timer: self, number })
    }

    /// Lets the thread end when there is nothing left to wait for, and gives it to be joined.
    fn end_if_empty(&self, state: &mut TimerState) -> Option<JoinHandle<()>> {
        if !state.alarms.is_empty() || state.running.is_some() {
            return None;
        }
        state.generation += 1;
        state.thread.take()
    }

    fn run(&self, generation: u64) {
        let mut state = lock(&self.state);
        while state.generation == generation {
            let next = state.alarms.iter().enumerate().min_by_key(|(_, (_, when, _))| *when);
            let Some((index, &(_, when, _))) = next else {
                state.thread = None;
                state.generation += 1;
                drop(state);
                // Nothing is kept and nothing is to come: all sessions are idle.
                return give_back_free_memory();
            };
            let left = when.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let (number, _, action) = state.alarms.swap_remove(index);
                state.running = Some(number);
                drop(state);
                // Or the process would have no timer any more, and who cancels this action would wait for ever.
                let _ = catch_unwind(AssertUnwindSafe(action));
                state = lock(&self.state);
                state.running = None;
                self.changed.notify_all();
            } else {
                state = self.changed.wait_timeout(state, left).unwrap_or_else(PoisonError::into_inner).0;
            }
        }
    }
}

impl Alarm {
    /// Takes the action back. `false` if it has run; one that runs now is waited for, so the caller must hold no lock that it
    /// takes. The thread has ended when the last action is taken back.
    pub fn cancel(self) -> bool {
        let mut state = lock(&self.timer.state);
        if let Some(index) = state.alarms.iter().position(|(number, ..)| *number == self.number) {
            let (_, _, action) = state.alarms.swap_remove(index);
            let thread = self.timer.end_if_empty(&mut state);
            self.timer.changed.notify_all();
            drop(state);
            // Not on the thread itself, where an action may drop what holds an alarm.
            if let Some(thread) = thread.filter(|thread| thread.thread().id() != thread::current().id()) {
                let _ = thread.join();
            }
            // Outside the lock: what it holds may do anything when it is dropped.
            drop(action);
            return true;
        }
        while state.running == Some(self.number) {
            state = self.timer.changed.wait(state).unwrap_or_else(PoisonError::into_inner);
        }
        false
    }
}

impl fmt::Debug for Timer {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.debug_struct("Timer").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use std::sync::mpsc;
    use std::time::Duration;

    use super::*;

    const LIMIT: Duration = Duration::from_secs(60);

    #[test]
    fn actions_run_in_the_order_of_their_times_and_not_before() {
        let (sender, ran) = mpsc::channel();
        let now = Instant::now();
        for milliseconds in [40, 20, 30] {
            let sender = sender.clone();
            let when = now + Duration::from_millis(milliseconds);
            let _alarm =
                Timer::get().set(when, move || sender.send((milliseconds, Instant::now() >= when)).unwrap()).unwrap();
        }
        let order: Vec<_> = (0..3).map(|_| ran.recv_timeout(LIMIT).unwrap()).collect();
        assert_eq!(order, [(20, true), (30, true), (40, true)]);
    }

    #[test]
    fn an_earlier_action_does_not_wait_for_a_later_one() {
        let (sender, ran) = mpsc::channel();
        let late = Timer::get().set(Instant::now() + 2 * LIMIT, || {}).unwrap();
        let _alarm = Timer::get().set(Instant::now(), move || sender.send(()).unwrap()).unwrap();
        ran.recv_timeout(LIMIT).unwrap();
        assert!(late.cancel());
    }

    #[test]
    fn a_cancelled_action_is_dropped_and_does_not_run() {
        let (sender, ran) = mpsc::channel::<()>();
        let alarm = Timer::get().set(Instant::now() + LIMIT, move || sender.send(()).unwrap()).unwrap();
        assert!(alarm.cancel());
        assert_eq!(ran.recv_timeout(LIMIT), Err(mpsc::RecvTimeoutError::Disconnected));
    }

    #[test]
    fn to_cancel_an_action_that_runs_waits_for_its_end() {
        let (begins, begun) = mpsc::channel();
        let (let_go, may_end) = mpsc::channel::<()>();
        let (ends, ended) = mpsc::channel();
        let alarm = Timer::get()
            .set(Instant::now(), move || {
                begins.send(()).unwrap();
                let _ = may_end.recv();
                ends.send(()).unwrap();
            })
            .unwrap();
        begun.recv_timeout(LIMIT).unwrap();
        thread::scope(|scope| {
            let cancelling = scope.spawn(|| alarm.cancel());
            let_go.send(()).unwrap();
            assert!(!cancelling.join().unwrap());
        });
        assert_eq!(ended.try_recv(), Ok(()));
    }

    #[test]
    fn an_action_that_panics_ends_alone() {
        let (begins, begun) = mpsc::channel();
        let (sender, ran) = mpsc::channel();
        let now = Instant::now();
        let panics = Timer::get()
            .set(now, move || {
                begins.send(()).unwrap();
                panic!("a test");
            })
            .unwrap();
        let next = Timer::get().set(now + Duration::from_millis(1), move || sender.send(()).unwrap()).unwrap();
        begun.recv_timeout(LIMIT).unwrap();
        ran.recv_timeout(LIMIT).unwrap();
        let (cancels, cancelled) = mpsc::channel();
        thread::spawn(move || cancels.send((panics.cancel(), next.cancel())).unwrap());
        assert_eq!(cancelled.recv_timeout(LIMIT), Ok((false, false)));
    }
}
