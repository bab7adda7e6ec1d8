//! Log messages of a thread are written when it holds nothing that other calls wait for. The log is the host's code,
//! which may call the library again: such a call would wait for its own thread.

use std::cell::RefCell;
use std::marker::PhantomData;
use std::sync::Arc;

use crate::terms::log::{Level, Log, LogSink};

/// What a thread holds, and its messages that are written later.
struct Deferred {
    holds: usize,
    messages: Vec<(LogSink, Level, String)>,
}

thread_local! {
    static DEFERRED: RefCell<Deferred> = const { RefCell::new(Deferred { holds: 0, messages: Vec::new() }) };
}

/// Marks that the thread holds something that other calls wait for, until this is dropped. It stays on its thread.
#[derive(Debug)]
pub struct Hold(PhantomData<*const ()>);

impl Hold {
    /// From here on, the thread's messages are written later.
    pub fn begin() -> Hold {
        let _ = DEFERRED.try_with(|deferred| deferred.borrow_mut().holds += 1);
        Hold(PhantomData)
    }
}

impl Drop for Hold {
    /// The end of a thread's last hold writes its messages, in order.
    fn drop(&mut self) {
        // A thread that is ending may have dropped its state. Its messages are then written at once.
        let messages = DEFERRED.try_with(|deferred| {
            let mut deferred = deferred.borrow_mut();
            deferred.holds -= 1;
            if deferred.holds == 0 { std::mem::take(&mut deferred.messages) } else { Vec::new() }
        });
        for (sink, level, message) in messages.unwrap_or_default() {
            sink(level, &message);
        }
    }
}

/// The same log, whose messages are written later while their thread holds something.
pub fn deferred(log: Log) -> Log {
    log.wrapped(|sink| {
        Arc::new(move |level, message: &str| {
            let is_deferred = DEFERRED.try_with(|deferred| {
                let mut deferred = deferred.borrow_mut();
                let holds = deferred.holds > 0;
                if holds {
                    deferred.messages.push((sink.clone(), level, message.to_owned()));
                }
                holds
            });
            if !is_deferred.unwrap_or(false) {
                sink(level, message);
            }
        })
    })
}

#[cfg(test)]
mod tests {
    use std::sync::Mutex;

    use super::*;
    use crate::worker::lock;

    #[test]
    fn messages_are_written_at_the_end_of_the_last_hold() {
        let written: Arc<Mutex<Vec<String>>> = Arc::default();
        let sink = written.clone();
        let log = deferred(Log::new(Arc::new(move |_, message: &str| lock(&sink).push(message.to_owned()))));
        let add = |message: &str| log.write(Level::Info, || message.to_owned());
        let is_written = |messages: &[&str]| assert_eq!(lock(&written)[..], *messages);
        add("a");
        is_written(&["a"]);
        let outer = Hold::begin();
        add("b");
        drop(Hold::begin());
        add("c");
        is_written(&["a"]);
        std::thread::scope(|scope| scope.spawn(|| add("of another thread")).join().unwrap());
        is_written(&["a", "of another thread"]);
        drop(outer);
        is_written(&["a", "of another thread", "b", "c"]);
        add("d");
        assert_eq!(lock(&written).len(), 5);
    }
}
