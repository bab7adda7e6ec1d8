//! Collects log messages until no lock is held. The log is the host's code, which may call the library again.

use crate::terms::log::{Level, Log};

/// Messages for the log, in order.
#[derive(Debug, Default)]
pub struct Notes(Vec<(Level, String)>);

impl Notes {
    /// Stores a message.
    pub fn add(&mut self, level: Level, message: impl FnOnce() -> String) {
        self.0.push((level, message()));
    }

    /// Writes all messages to the log.
    pub fn write(self, log: &Log) {
        for (level, message) in self.0 {
            log.write(level, || message);
        }
    }
}
