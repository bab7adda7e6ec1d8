//! A question whose answer comes later, on any thread, while a worker waits for it.

use std::sync::{Arc, Mutex};

use crate::platform::Waker;
use crate::worker::lock;

/// An answer that a worker waits for.
#[derive(Debug)]
pub(super) struct Pending<Answer> {
    answer: Mutex<Option<Answer>>,
    waker: Arc<Waker>,
}

impl<Answer> Pending<Answer> {
    /// A question of the worker that `waker` wakes.
    pub(super) fn new(waker: Arc<Waker>) -> Arc<Pending<Answer>> {
        Arc::new(Pending { answer: Mutex::new(None), waker })
    }

    /// Sets the answer, unless one is set already, and wakes the worker.
    pub(super) fn finish(&self, answer: Answer) {
        lock(&self.answer).get_or_insert(answer);
        self.waker.wake();
    }

    /// The answer, once it is there.
    pub(super) fn take(&self) -> Option<Answer> {
        lock(&self.answer).take()
    }
}
