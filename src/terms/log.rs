//! Where a layer reports what the host may want to know and no callback says: a dropped header, a retry, a fallback.

use std::fmt;
use std::sync::Arc;

/// How much a log message matters.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(i32)]
pub enum Level {
    /// Something the host or the page did wrong and the library put right.
    Warning = 1,
    /// A decision that is worth knowing when something is looked into.
    Info = 2,
}

/// The function behind a [`Log`]. It may be called from any thread.
pub type LogSink = Arc<dyn Fn(Level, &str) + Send + Sync>;

/// A session's log. Off unless the host gave a sink; messages never hold a query, a header's value or a body.
#[derive(Clone, Default)]
pub struct Log(Option<LogSink>);

impl Log {
    /// A log that hands every message to `sink`.
    pub fn new(sink: LogSink) -> Log {
        Log(Some(sink))
    }

    /// Reports a message; `message` is only built when somebody listens.
    pub fn write(&self, level: Level, message: impl FnOnce() -> String) {
        if let Some(sink) = &self.0 {
            sink(level, &message());
        }
    }
}

impl fmt::Debug for Log {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str(if self.0.is_some() { "Log(on)" } else { "Log(off)" })
    }
}
