//! Actions at a later time, on one thread for the whole process that exists only while an alarm is set.

use std::fmt;
use std::io;
use std::sync::{Condvar, Mutex, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::Instant;

use super::{caught, lock, return_free_memory};

/// Sufficient for the actions, which close sockets and set stop signals.
const STACK_SIZE: usize = 128 * 1024;

/// The process' timer.
pub struct Timer {
    state: Mutex<TimerState>,
    changed: Condvar,
}

struct TimerState {
    alarms: Vec<(u64, Instant, AlarmAction)>,
    next_number: u64,
    /// The thread, while an alarm is set.
    thread: Option<JoinHandle<()>>,
    /// The number of the current thread. An earlier thread ends when it sees another number.
    generation: u64,
    /// The number of the running action.
    running: Option<u64>,
}

type AlarmAction = Box<dyn FnOnce() + Send>;

/// A set alarm. Dropping it does not cancel the action; [`cancel`](Alarm::cancel) does.
#[derive(Debug)]
#[must_use = "an alarm that is not kept cannot be cancelled"]
pub struct Alarm {
    timer: &'static Timer,
    number: u64,
}

static TIMER: Timer = Timer {
    state: Mutex::new(TimerState { alarms: Vec::new(), next_number: 0, thread: None, generation: 0, running: None }),
    changed: Condvar::new(),
};

impl Timer {
    /// The timer of the process.
    pub fn get() -> &'static Timer {
        &TIMER
    }

    /// Runs `action` once at `when` on the timer's thread. It must be short, and must not wait for another action. A
    /// panic ends only that action.
    ///
    /// # Errors
    /// No thread can be started. `action` is dropped.
    pub fn set(&'static self, when: Instant, action: impl FnOnce() + Send + 'static) -> io::Result<Alarm> {
        self.set_boxed(when, Box::new(action))
    }

    fn set_boxed(&'static self, when: Instant, action: AlarmAction) -> io::Result<Alarm> {
        let mut state = lock(&self.state);
        if state.thread.is_none() {
            let generation = state.generation;
            let builder = thread::Builder::new().name("wxt-timer".into()).stack_size(STACK_SIZE);
            state.thread = Some(builder.spawn(move || self.run(generation))?);
        }
        let number = state.next_number;
        state.next_number += 1;
        state.alarms.push((number, when, action));
        self.changed.notify_all();
        Ok(Alarm { timer: self, number })
    }

    /// Lets the thread end if no alarm is left, and returns it for joining.
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
                // No alarm is left, so no session keeps an idle connection.
                return return_free_memory();
            };
            let left = when.saturating_duration_since(Instant::now());
            if left.is_zero() {
                let (number, _, action) = state.alarms.swap_remove(index);
                state.running = Some(number);
                drop(state);
                // A panic would end the timer's thread, and a thread that cancels this action would wait forever.
                let _ = caught(action);
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
    /// Cancels the action. `false` if it has run. If it is running, waits for it, so the caller must not hold a lock
    /// that the action takes. If no alarm is left, waits for the thread to end.
    pub fn cancel(self) -> bool {
        let mut state = lock(&self.timer.state);
        if let Some(index) = state.alarms.iter().position(|(number, ..)| *number == self.number) {
            let (_, _, action) = state.alarms.swap_remove(index);
            let thread = self.timer.end_if_empty(&mut state);
            self.timer.changed.notify_all();
            drop(state);
            // Not on the timer's thread itself, where an action may drop the owner of an alarm.
            if let Some(thread) = thread.filter(|thread| thread.thread().id() != thread::current().id()) {
                let _ = thread.join();
            }
            // Outside of the lock: dropping what the action holds may run arbitrary code.
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
    fn cancelling_a_running_action_waits_for_its_end() {
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
    fn panic_ends_only_its_own_action() {
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
