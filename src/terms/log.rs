//! The log, for decisions that no callback reports: a dropped header, a retry, a fallback.

use std::fmt;
use std::sync::Arc;

/// The severity of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
#[repr(i32)]
#[non_exhaustive]
pub enum Level {
    /// A mistake of the host, the page or a server, or a failure that may need attention, such as a file that cannot be
    /// removed.
    Warning = 1,
    /// A decision that helps to diagnose a problem.
    Info = 2,
}

/// The function behind a [`Log`]. It receives one message without a line end. Called from any thread, possibly from
/// several at the same time.
pub type LogSink = Arc<dyn Fn(Level, &str) + Send + Sync>;

/// A session's log. Disabled unless the host gave a sink. Messages never contain a query, a header value or a body.
#[derive(Clone, Default)]
pub struct Log(Option<LogSink>);

impl Log {
    /// A log that passes every message to `sink`.
    pub fn new(sink: LogSink) -> Log {
        Log(Some(sink))
    }

    /// The same log with another sink, if it is enabled.
    pub(crate) fn wrapped(self, wrap: impl FnOnce(LogSink) -> LogSink) -> Log {
        Log(self.0.map(wrap))
    }

    /// Writes a message. `message` is called only if the log is enabled.
    pub(crate) fn write(&self, level: Level, message: impl FnOnce() -> String) {
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
