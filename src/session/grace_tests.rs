use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::mpsc;

use super::*;

/// Far longer than a test: a timer that fires within it fires too early.
const NEVER: Duration = Duration::from_secs(3600);
const LIMIT: Duration = Duration::from_secs(60);

const GRACE: Duration = Duration::from_secs(5);

#[derive(Default)]
struct FakeClock(Arc<Mutex<FakeTime>>);

#[derive(Default)]
struct FakeTime {
    now: Duration,
    /// The alarms by number and time.
    alarms: Vec<(usize, Duration, GraceAction)>,
    next_number: usize,
}

impl FakeClock {
    /// Advances the time while the process runs.
    fn run(&self, time: Duration) {
        let mut fake = lock(&self.0);
        fake.now += time;
        let now = fake.now;
        let due: Vec<_> = fake.alarms.extract_if(.., |(_, when, _)| *when <= now).collect();
        drop(fake);
        for (_, _, action) in due {
            action();
        }
    }

    /// Advances the time while the process is suspended, so no alarm fires.
    fn stop(&self, time: Duration) {
        lock(&self.0).now += time;
    }
}

impl GraceClock for FakeClock {
    fn now(&self) -> Duration {
        lock(&self.0).now
    }

    fn call_after(&self, time: Duration, action: GraceAction) -> io::Result<TakeBack> {
        let mut fake = lock(&self.0);
        let (number, when) = (fake.next_number, fake.now + time);
        fake.next_number += 1;
        fake.alarms.push((number, when, action));
        let shared = self.0.clone();
        Ok(Box::new(move || lock(&shared).alarms.extract_if(.., |alarm| alarm.0 == number).next().is_some()))
    }
}

/// A period that was entered, with its own clock. Records what happens.
struct Entered {
    clock: Arc<FakeClock>,
    background: GracePeriod,
    sender: mpsc::Sender<&'static str>,
    events: mpsc::Receiver<&'static str>,
}

impl Entered {
    fn new() -> Entered {
        let clock = Arc::new(FakeClock::default());
        let (sender, events) = mpsc::channel();
        let background = GracePeriod::with_clock(GRACE, clock.clone());
        let entered = Entered { clock, background, sender, events };
        entered.enter();
        entered
    }

    fn enter(&self) {
        let interrupt = self.sender.clone();
        let begin = self.sender.clone();
        let begun =
            self.background.enter(|| begin.send("begin").unwrap(), move || interrupt.send("interrupt").unwrap());
        begun.unwrap();
    }

    /// Leaves the state and returns all events.
    fn leave(self) -> Vec<&'static str> {
        self.background.leave(|| self.sender.send("resume").unwrap());
        self.events.try_iter().collect()
    }
}

#[test]
fn interrupt_does_not_run_before_the_end_of_the_grace_time() {
    let entered = Entered::new();
    entered.clock.run(GRACE - Duration::from_nanos(1));
    assert_eq!(entered.leave(), ["begin", "resume"]);
}

#[test]
fn interrupt_runs_at_the_end_of_the_grace_time() {
    let entered = Entered::new();
    entered.clock.run(GRACE);
    assert_eq!(entered.events.try_iter().collect::<Vec<_>>(), ["begin", "interrupt"]);
    assert_eq!(entered.leave(), ["resume"]);
}

#[test]
fn entering_again_does_not_restart_the_grace_time() {
    let entered = Entered::new();
    entered.clock.run(GRACE - Duration::from_secs(1));
    entered.enter();
    entered.clock.run(Duration::from_secs(1));
    assert_eq!(entered.events.try_iter().collect::<Vec<_>>(), ["begin", "interrupt"]);
    assert_eq!(entered.leave(), ["resume"]);
}

#[test]
fn interrupt_runs_on_resume_after_a_long_suspension() {
    let entered = Entered::new();
    entered.clock.run(Duration::from_secs(1));
    entered.clock.stop(Duration::from_secs(3600));
    assert_eq!(entered.leave(), ["begin", "interrupt", "resume"]);

    let entered = Entered::new();
    entered.clock.stop(GRACE - Duration::from_nanos(1));
    assert_eq!(entered.leave(), ["begin", "resume"]);
}

#[test]
fn a_timer_that_cannot_be_started_changes_nothing() {
    struct Exhausted;
    impl GraceClock for Exhausted {
        fn now(&self) -> Duration {
            Duration::ZERO
        }

        fn call_after(&self, _: Duration, _: GraceAction) -> io::Result<TakeBack> {
            Err(io::ErrorKind::WouldBlock.into())
        }
    }
    let background = GracePeriod::with_clock(GRACE, Arc::new(Exhausted));
    let entered = background.enter(|| panic!("the absence has not begun"), || {});
    assert_eq!(entered.unwrap_err().kind(), io::ErrorKind::WouldBlock);
    background.leave(|| panic!("the absence has not begun"));
}

#[test]
fn the_interrupt_comes_after_the_grace_time_and_once() {
    let grace = Duration::from_millis(50);
    let background = GracePeriod::new(grace);
    let (sender, interrupted) = mpsc::channel();
    let entered = Instant::now();
    background.enter(|| {}, move || sender.send(Instant::now()).unwrap()).unwrap();
    assert!(interrupted.recv_timeout(LIMIT).unwrap() - entered >= grace);
    background.leave(|| {});
    assert!(interrupted.recv().is_err(), "the interrupt runs once, and is then dropped");
}

#[test]
fn leaving_in_time_cancels_the_interrupt() {
    let background = GracePeriod::new(NEVER);
    let alive = Arc::new(());
    let held = alive.clone();
    let interrupt = move || {
        let _ = &held;
    };
    background.enter(|| {}, interrupt).unwrap();
    background.leave(|| {});
    assert_eq!(Arc::strong_count(&alive), 1, "the values of the interrupt are dropped");
}

#[test]
fn repeated_enter_and_leave_have_no_effect() {
    let background = GracePeriod::new(NEVER);
    let resumes = AtomicUsize::new(0);
    let count = || _ = resumes.fetch_add(1, Ordering::SeqCst);
    background.leave(count);
    for _ in 0..2 {
        background.enter(|| {}, || {}).unwrap();
    }
    assert_eq!(resumes.load(Ordering::SeqCst), 0);
    for _ in 0..2 {
        background.leave(count);
    }
    assert_eq!(resumes.load(Ordering::SeqCst), 1);
}
