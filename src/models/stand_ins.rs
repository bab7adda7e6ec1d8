//! Loom's locks and atomics, and replacements that are built from them for what loom lacks.
//!
//! Loom's own `park` is not used: its `unpark` of a thread that waits for a mutex is lost, and lets that thread run.

use std::io;
use std::sync::PoisonError;

pub use loom::sync::atomic::{AtomicBool, AtomicU8, AtomicUsize};
pub use loom::sync::{Condvar, Mutex, MutexGuard};

/// A mutex of a model, or one of the standard library in code that no model looks into.
pub trait Lockable {
    type Guard<'a>
    where
        Self: 'a;

    fn guard(&self) -> Self::Guard<'_>;
}

impl<T: ?Sized> Lockable for Mutex<T> {
    type Guard<'a>
        = MutexGuard<'a, T>
    where
        T: 'a;

    fn guard(&self) -> MutexGuard<'_, T> {
        self.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<T: ?Sized> Lockable for std::sync::Mutex<T> {
    type Guard<'a>
        = std::sync::MutexGuard<'a, T>
    where
        T: 'a;

    fn guard(&self) -> std::sync::MutexGuard<'_, T> {
        self.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl<M: Lockable> Lockable for std::sync::Arc<M> {
    type Guard<'a>
        = M::Guard<'a>
    where
        M: 'a;

    fn guard(&self) -> M::Guard<'_> {
        (**self).guard()
    }
}

pub fn lock<M: Lockable + ?Sized>(mutex: &M) -> M::Guard<'_> {
    mutex.guard()
}

/// A flag that a thread can wait for.
#[derive(Debug, Default)]
struct Flag {
    is_set: Mutex<bool>,
    set: Condvar,
}

impl Flag {
    fn set(&self, value: bool) {
        *lock(&self.is_set) = value;
        self.set.notify_all();
    }

    /// Waits until the flag is set, and leaves `after` in it.
    fn wait(&self, after: bool) {
        let mut is_set = lock(&self.is_set);
        while !*is_set {
            is_set = self.set.wait(is_set).unwrap_or_else(PoisonError::into_inner);
        }
        *is_set = after;
    }
}

/// A waker whose descriptor is a flag.
#[derive(Debug, Default)]
pub struct Waker(Flag);

impl Waker {
    pub fn new() -> io::Result<Waker> {
        Ok(Waker::default())
    }

    pub fn wake(&self) {
        self.0.set(true);
    }

    pub fn reset(&self) {
        self.0.set(false);
    }

    pub fn wait_until_readable(&self) {
        self.0.wait(true);
    }

    #[cfg(test)]
    pub fn is_readable(&self) -> bool {
        *lock(&self.0.is_set)
    }
}

pub mod thread {
    use std::cell::{Cell, OnceCell};
    use std::io;
    use std::sync::Arc;
    use std::sync::atomic::{AtomicBool, Ordering};
    use std::time::Duration;

    pub use loom::thread::yield_now;

    use super::Flag;

    loom::thread_local! {
        static CURRENT: OnceCell<Thread> = OnceCell::new();
    }

    thread_local! {
        /// Shared by all threads of a model, because loom runs them on one thread of the system.
        static NEXT_FAILS: Cell<bool> = const { Cell::new(false) };
    }

    /// Makes the next spawn fail, as if the process had too many threads.
    #[cfg(test)]
    pub fn fail_next_spawn() {
        NEXT_FAILS.set(true);
    }

    /// A thread. The flag is its `unpark` token.
    #[derive(Clone, Debug, Default)]
    pub struct Thread(Arc<Flag>);

    impl Thread {
        pub fn id(&self) -> usize {
            Arc::as_ptr(&self.0).addr()
        }

        pub fn unpark(&self) {
            self.0.set(true);
        }
    }

    pub fn current() -> Thread {
        CURRENT.with(|current| current.get_or_init(Thread::default).clone())
    }

    pub fn park() {
        current().0.wait(false);
    }

    /// No time passes in a model: a zero time returns at once, any other time never ends.
    pub fn park_timeout(time: Duration) {
        if !time.is_zero() {
            park();
        }
    }

    #[derive(Debug)]
    pub struct Builder(loom::thread::Builder);

    impl Builder {
        pub fn new() -> Builder {
            Builder(loom::thread::Builder::new())
        }

        pub fn name(self, name: String) -> Builder {
            Builder(self.0.name(name))
        }

        /// Ignores the size. All threads of a model have the same one, which loom counts in words.
        pub fn stack_size(self, _: usize) -> Builder {
            Builder(self.0.stack_size(0x8000))
        }

        pub fn spawn<T: Send + 'static>(self, run: impl FnOnce() -> T + Send + 'static) -> io::Result<JoinHandle<T>> {
            if NEXT_FAILS.take() {
                return Err(io::ErrorKind::WouldBlock.into());
            }
            let (thread, is_finished) = (Thread::default(), Arc::new(AtomicBool::new(false)));
            let (own, ends) = (thread.clone(), is_finished.clone());
            let handle = self.0.spawn(move || {
                CURRENT.with(|current| _ = current.set(own));
                let value = run();
                ends.store(true, Ordering::SeqCst);
                value
            })?;
            Ok(JoinHandle { handle, thread, is_finished })
        }
    }

    #[derive(Debug)]
    pub struct JoinHandle<T> {
        handle: loom::thread::JoinHandle<T>,
        thread: Thread,
        is_finished: Arc<AtomicBool>,
    }

    impl<T> JoinHandle<T> {
        pub fn thread(&self) -> &Thread {
            &self.thread
        }

        pub fn is_finished(&self) -> bool {
            self.is_finished.load(Ordering::SeqCst)
        }

        pub fn join(self) -> std::thread::Result<T> {
            self.handle.join()
        }
    }

    #[cfg(test)]
    pub fn spawn<T: Send + 'static>(run: impl FnOnce() -> T + Send + 'static) -> JoinHandle<T> {
        Builder::new().spawn(run).unwrap()
    }
}

/// The part of crossbeam-channel that the library uses, with the orders that it promises: what happened before a send
/// happened before the receive of that value, and of those after it. A receive may miss a send that it is not ordered
/// with.
pub mod channel {
    use std::collections::VecDeque;
    use std::sync::Arc;

    use crossbeam_channel::{SendError, TryRecvError};
    use loom::sync::atomic::{AtomicUsize, Ordering};

    /// Loom switches threads only at its own steps. So a step of `length` and the step of `values` after it are one.
    struct Queue<T> {
        length: AtomicUsize,
        values: std::sync::Mutex<VecDeque<T>>,
    }

    pub struct Sender<T>(Arc<Queue<T>>);

    pub struct Receiver<T>(Arc<Queue<T>>);

    pub fn unbounded<T>() -> (Sender<T>, Receiver<T>) {
        let queue = Arc::new(Queue { length: AtomicUsize::new(0), values: std::sync::Mutex::new(VecDeque::new()) });
        (Sender(queue.clone()), Receiver(queue))
    }

    impl<T> Sender<T> {
        pub fn send(&self, value: T) -> Result<(), SendError<T>> {
            self.0.length.fetch_add(1, Ordering::Release);
            super::lock(&self.0.values).push_back(value);
            Ok(())
        }
    }

    impl<T> Receiver<T> {
        /// Never `Disconnected`: no model drops the sender first.
        pub fn try_recv(&self) -> Result<T, TryRecvError> {
            let one_less = |length: usize| length.checked_sub(1);
            let taken = self.0.length.fetch_update(Ordering::Acquire, Ordering::Acquire, one_less);
            taken.map_err(|_| TryRecvError::Empty)?;
            super::lock(&self.0.values).pop_front().ok_or(TryRecvError::Empty)
        }

        pub fn is_empty(&self) -> bool {
            self.0.length.load(Ordering::Acquire) == 0
        }
    }

    impl<T> Clone for Receiver<T> {
        fn clone(&self) -> Receiver<T> {
            Receiver(self.0.clone())
        }
    }
}
