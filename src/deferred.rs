//! What takes the system a while to take back: large buffers, a file that nobody gets to see, and the connection of a task
//! that was stopped. A worker drops it when it has handed over how the task ended, so that no host waits for that.

use std::any::Any;
use std::cell::RefCell;
use std::thread;

thread_local! {
    static DEFERRED: RefCell<Vec<Box<dyn Any>>> = const { RefCell::new(Vec::new()) };
}

/// Keeps `value` until this thread's next [`drop_all`], or its end.
pub fn drop_later(value: impl Any) {
    // While its thread ends, there is nowhere to keep it, and it is dropped here.
    let _ = DEFERRED.try_with(|deferred| deferred.borrow_mut().push(Box::new(value)));
}

/// Drops what this thread has kept.
pub fn drop_all() {
    if DEFERRED.with_borrow(Vec::is_empty) {
        return;
    }
    // Where both have one processor, the thread that tells the host goes first.
    thread::yield_now();
    // One at a time outside of the borrow, since a value may defer another.
    while let Some(value) = DEFERRED.with_borrow_mut(Vec::pop) {
        drop(value);
    }
}

#[cfg(test)]
mod tests {
    use std::rc::Rc;

    use super::*;

    #[test]
    fn a_value_is_kept_until_all_are_dropped() {
        let value = Rc::new(());
        drop_later(value.clone());
        assert_eq!(Rc::strong_count(&value), 2);
        drop_all();
        assert_eq!(Rc::strong_count(&value), 1);
    }

    #[test]
    fn a_value_may_defer_another() {
        struct Outer(Rc<()>);
        impl Drop for Outer {
            fn drop(&mut self) {
                drop_later(self.0.clone());
            }
        }
        let value = Rc::new(());
        drop_later(Outer(value.clone()));
        drop_all();
        assert_eq!(Rc::strong_count(&value), 1);
    }
}
