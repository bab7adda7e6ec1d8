//! What the log is told later, when nothing is locked any more: it is the host's code, which may well come back for a file.

use crate::terms::log::{Level, Log};

/// Messages for the log, in their order.
#[derive(Debug, Default)]
pub struct Notes(Vec<(Level, String)>);

impl Notes {
    /// Keeps a message.
    pub fn add(&mut self, level: Level, message: impl FnOnce() -> String) {
        self.0.push((level, message()));
    }

    /// Hands all messages to the log.
    pub fn write(self, log: &Log) {
        for (level, message) in self.0 {
            log.write(level, || message);
        }
    }
}
