//! The time in the background, after which running transfers are interrupted.

use std::convert::Infallible;
use std::io;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::thread::{self, JoinHandle};
use std::time::{Duration, Instant};

use crossbeam_channel::{Receiver, Sender, select};

use crate::platform;

const STACK_SIZE: usize = 64 * 1024;

/// Whether the mini program is in the background, and the timer that runs while it is.
pub struct Background {
    grace: Duration,
    clock: Arc<dyn Clock>,
    timer: Mutex<Option<Timer>>,
}

/// Where the time comes from: the system, or a test.
pub trait Clock: Send + Sync {
    /// The time since some fixed moment, that of sleep included.
    fn now(&self) -> Duration;
    /// Gets a message when so much time has passed, that of sleep perhaps not included.
    fn after(&self, time: Duration) -> Receiver<Instant>;
}

struct SystemClock;

impl Clock for SystemClock {
    fn now(&self) -> Duration {
        platform::time_since_boot()
    }

    fn after(&self, time: Duration) -> Receiver<Instant> {
        crossbeam_channel::after(time)
    }
}

struct Timer {
    began: Duration,
    /// Dropped to end the thread before its time.
    stop: Sender<Infallible>,
    /// Gives back what it has not run.
    thread: JoinHandle<Option<Interrupt>>,
}

type Interrupt = Box<dyn FnOnce() + Send>;

impl Background {
    pub fn new(grace: Duration) -> Background {
        Background::with_clock(grace, Arc::new(SystemClock))
    }

    fn with_clock(grace: Duration, clock: Arc<dyn Clock>) -> Background {
        Background { grace, clock, timer: Mutex::new(None) }
    }

    /// Begins the time in the background: `pause` runs, and `interrupt` when the grace time is over. Does nothing when
    /// it has begun already. Fails when the timer's thread cannot be started.
    pub fn enter(&self, pause: impl FnOnce(), interrupt: impl FnOnce() + Send + 'static) -> io::Result<()> {
        let mut timer = self.lock();
        if timer.is_some() {
            return Ok(());
        }
        let (stop, stopped) = crossbeam_channel::bounded::<Infallible>(0);
        let interrupt: Interrupt = Box::new(interrupt);
        let began = self.clock.now();
        let over = self.clock.after(self.grace);
        let thread = thread::Builder::new().name("wxt-background".into()).stack_size(STACK_SIZE).spawn(move || {
            select! {
                recv(over) -> _ => {
                    interrupt();
                    None
                }
                recv(stopped) -> _ => Some(interrupt),
            }
        })?;
        *timer = Some(Timer { began, stop, thread });
        // Under the lock, as `resume` is: of two threads that enter and leave at once the last one decides both.
        pause();
        Ok(())
    }

    /// Ends it: `resume` runs, after `interrupt` where the grace time is over and the timer has not come to it: the
    /// system stops an app in the background, and its first act when it goes on may be to come back. Does nothing when
    /// it has not begun.
    pub fn leave(&self, resume: impl FnOnce()) {
        let mut timer = self.lock();
        if let Some(Timer { began, stop, thread }) = timer.take() {
            drop(stop);
            // It runs nothing of the host's and does not take this lock.
            let left_over = thread.join().ok().flatten();
            if let Some(interrupt) = left_over
                && self.clock.now().saturating_sub(began) >= self.grace
            {
                interrupt();
            }
            resume();
        }
    }

    /// Whether the mini program is in the background.
    pub fn is_entered(&self) -> bool {
        self.lock().is_some()
    }

    fn lock(&self) -> MutexGuard<'_, Option<Timer>> {
        self.timer.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

#[cfg(test)]
mod tests {
    use std::sync::atomic::{AtomicUsize, Ordering};
    use std::sync::mpsc;

    use super::*;

    /// Far more than a test takes: a timer that fires within it fires too early.
    const NEVER: Duration = Duration::from_secs(3600);
    const LIMIT: Duration = Duration::from_secs(60);

    const GRACE: Duration = Duration::from_secs(5);

    #[derive(Default)]
    struct FakeClock(Mutex<FakeTime>);

    #[derive(Default)]
    struct FakeTime {
        now: Duration,
        alarms: Vec<(Duration, Sender<Instant>)>,
    }

    impl FakeClock {
        /// Time in which the process runs.
        fn run(&self, time: Duration) {
            let mut fake = self.0.lock().unwrap();
            fake.now += time;
            let now = fake.now;
            for (_, alarm) in fake.alarms.extract_if(.., |(when, _)| *when <= now) {
                // Nobody waits for it any more.
                let _ = alarm.send(Instant::now());
            }
        }

        /// Time in which it does not, so that no alarm of it comes.
        fn stop(&self, time: Duration) {
            self.0.lock().unwrap().now += time;
        }
    }

    impl Clock for FakeClock {
        fn now(&self) -> Duration {
            self.0.lock().unwrap().now
        }

        fn after(&self, time: Duration) -> Receiver<Instant> {
            let mut fake = self.0.lock().unwrap();
            let (sender, alarm) = crossbeam_channel::bounded(1);
            let when = fake.now + time;
            fake.alarms.push((when, sender));
            alarm
        }
    }

    /// In the background by a clock of its own; notes what happens.
    struct Entered {
        clock: Arc<FakeClock>,
        background: Background,
        sender: mpsc::Sender<&'static str>,
        events: mpsc::Receiver<&'static str>,
    }

    impl Entered {
        fn new() -> Entered {
            let clock = Arc::new(FakeClock::default());
            let (sender, events) = mpsc::channel();
            let background = Background::with_clock(GRACE, clock.clone());
            let entered = Entered { clock, background, sender, events };
            entered.enter();
            entered
        }

        fn enter(&self) {
            let interrupt = self.sender.clone();
            self.background.enter(|| {}, move || interrupt.send("interrupt").unwrap()).unwrap();
        }

        /// Comes back, and tells all that happened.
        fn leave(self) -> Vec<&'static str> {
            self.background.leave(|| self.sender.send("resume").unwrap());
            self.events.try_iter().collect()
        }
    }

    #[test]
    fn not_a_moment_before_the_grace_time_is_over() {
        let entered = Entered::new();
        entered.clock.run(GRACE - Duration::from_nanos(1));
        assert_eq!(entered.leave(), ["resume"]);
    }

    #[test]
    fn at_the_end_of_the_grace_time() {
        let entered = Entered::new();
        entered.clock.run(GRACE);
        assert_eq!(entered.events.recv_timeout(LIMIT), Ok("interrupt"));
        assert_eq!(entered.leave(), ["resume"]);
    }

    #[test]
    fn to_enter_again_does_not_begin_the_grace_time_anew() {
        let entered = Entered::new();
        entered.clock.run(GRACE - Duration::from_secs(1));
        entered.enter();
        entered.clock.run(Duration::from_secs(1));
        assert_eq!(entered.events.recv_timeout(LIMIT), Ok("interrupt"));
        assert_eq!(entered.leave(), ["resume"]);
    }

    #[test]
    fn a_process_that_was_stopped_for_longer_is_interrupted_when_it_comes_back() {
        let entered = Entered::new();
        entered.clock.run(Duration::from_secs(1));
        entered.clock.stop(Duration::from_secs(3600));
        assert_eq!(entered.leave(), ["interrupt", "resume"]);

        let entered = Entered::new();
        entered.clock.stop(GRACE - Duration::from_nanos(1));
        assert_eq!(entered.leave(), ["resume"]);
    }

    #[test]
    fn the_systems_clock_goes_on() {
        let clock = SystemClock;
        let before = clock.now();
        clock.after(Duration::from_millis(20)).recv().unwrap();
        assert!(clock.now() - before >= Duration::from_millis(20));
    }

    #[test]
    fn the_interrupt_comes_after_the_grace_time_and_once() {
        let grace = Duration::from_millis(50);
        let background = Background::new(grace);
        let (sender, interrupted) = mpsc::channel();
        let entered = Instant::now();
        background.enter(|| {}, move || sender.send(Instant::now()).unwrap()).unwrap();
        assert!(interrupted.recv_timeout(LIMIT).unwrap() - entered >= grace);
        assert!(interrupted.recv_timeout(LIMIT).is_err(), "the thread has ended and dropped its closure");
        assert!(background.is_entered(), "until it is left");
    }

    #[test]
    fn leaving_in_time_stops_the_timer_and_joins_it() {
        let background = Background::new(NEVER);
        let alive = Arc::new(());
        let held = alive.clone();
        background.enter(|| {}, move || drop(held)).unwrap();
        background.leave(|| {});
        assert!(!background.is_entered());
        assert_eq!(Arc::strong_count(&alive), 1, "the thread is gone with what it held");
    }

    #[test]
    fn only_a_change_pauses_and_resumes() {
        let background = Background::new(NEVER);
        let (pauses, resumes) = (AtomicUsize::new(0), AtomicUsize::new(0));
        let count = |counter: &AtomicUsize| {
            counter.fetch_add(1, Ordering::SeqCst);
        };
        background.leave(|| count(&resumes));
        for _ in 0..2 {
            background.enter(|| count(&pauses), || {}).unwrap();
        }
        assert_eq!((pauses.load(Ordering::SeqCst), resumes.load(Ordering::SeqCst)), (1, 0));
        for _ in 0..2 {
            background.leave(|| count(&resumes));
        }
        assert_eq!((pauses.load(Ordering::SeqCst), resumes.load(Ordering::SeqCst)), (1, 1));
    }

    #[test]
    fn the_last_of_many_changes_decides_whether_it_is_paused() {
        let background = Background::new(NEVER);
        let paused = Mutex::new(false);
        let set = |value| *paused.lock().unwrap() = value;
        thread::scope(|scope| {
            for _ in 0..2 {
                scope.spawn(|| {
                    for _ in 0..200 {
                        background.enter(|| set(true), || {}).unwrap();
                    }
                });
                scope.spawn(|| {
                    for _ in 0..200 {
                        background.leave(|| set(false));
                    }
                });
            }
        });
        assert_eq!(background.is_entered(), *paused.lock().unwrap());
        background.leave(|| {});
    }
}
